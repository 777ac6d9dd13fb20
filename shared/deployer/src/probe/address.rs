//! Which addresses are asked.
//!
//! A check may name any URL, and a server may redirect anywhere. What answers on this machine or on its link gives
//! credentials to whoever asks: the instance's metadata, the tasks' credentials, Lambda's runtime. They are
//! refused by address, where it is dialled, since a name can lead anywhere and somewhere else the next time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ProbeError;

/// How far a request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Other machines only.
    Away,
    /// This machine too: AWS has told the address, and in a rehearsal AWS is here.
    AwayOrLoopback,
    /// The check says that it means local addresses.
    Anywhere,
}

impl Reach {
    /// The same for where a server redirects to, which AWS has not told.
    pub(super) fn of_redirect(self) -> Self {
        match self {
            Self::Away | Self::AwayOrLoopback => Self::Away,
            Self::Anywhere => Self::Anywhere,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Away,
    Loopback,
    LinkLocal,
    /// No single host has it.
    Nobody,
}

/// Refuses an address that is out of reach; `host` is what led to it.
pub(super) fn allow(host: &str, address: IpAddr, reach: Reach) -> Result<(), ProbeError> {
    let what = match (class(address), reach) {
        (Class::Away, _)
        | (Class::Loopback, Reach::AwayOrLoopback | Reach::Anywhere)
        | (Class::LinkLocal, Reach::Anywhere) => return Ok(()),
        (Class::Loopback, _) => "an address of this machine itself",
        (Class::LinkLocal, _) => {
            "a link-local address, where instance metadata and credentials are given out"
        }
        (Class::Nobody, _) => {
            return Err(ProbeError::Nobody {
                host: host.to_owned(),
                address,
            });
        }
    };
    Err(ProbeError::Refused {
        host: host.to_owned(),
        address,
        what,
    })
}

fn class(address: IpAddr) -> Class {
    match address {
        IpAddr::V4(address) => class_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(address) => class_v4(address),
            None => class_v6(address),
        },
    }
}

fn class_v4(address: Ipv4Addr) -> Class {
    if address.is_loopback() {
        Class::Loopback
    } else if address.is_link_local() {
        Class::LinkLocal
    // 0.0.0.0 is taken for this machine, and the rest of 0.0.0.0/8 means "this network".
    } else if address.octets()[0] == 0 || address.is_multicast() || address.is_broadcast() {
        Class::Nobody
    } else {
        Class::Away
    }
}

fn class_v6(address: Ipv6Addr) -> Class {
    let segments = address.segments();
    if address.is_loopback() {
        Class::Loopback
    // EC2 and EKS give out metadata and credentials in fd00:ec2::/32.
    } else if address.is_unicast_link_local() || segments[..2] == [0xfd00, 0x0ec2] {
        Class::LinkLocal
    } else if address.is_unspecified() || address.is_multicast() {
        Class::Nobody
    } else {
        Class::Away
    }
}

/// Before an IPv4 address: compatible, mapped, translated, NAT64.
const EMBEDDING: [[u16; 6]; 4] = [
    [0, 0, 0, 0, 0, 0],
    [0, 0, 0, 0, 0, 0xffff],
    [0, 0, 0, 0, 0xffff, 0],
    [0x64, 0xff9b, 0, 0, 0, 0],
];

/// The IPv4 address that is written into an IPv6 one, by which a machine or a gateway dials it.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let (high, low) = match segments {
        // `::` and `::1` are IPv6's own.
        _ if address.is_unspecified() || address.is_loopback() => return None,
        // 6to4.
        [0x2002, high, low, ..] => (high, low),
        [.., high, low] if EMBEDDING.iter().any(|it| segments.starts_with(it)) => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_refused_by_what_answers_there() {
        for (address, expected) in [
            ("10.0.0.7", Class::Away),
            ("172.31.0.1", Class::Away),
            ("192.0.2.1", Class::Away),
            ("169.253.255.255", Class::Away),
            ("169.255.0.0", Class::Away),
            ("2001:db8::1", Class::Away),
            ("fd00:ec3::1", Class::Away),
            ("fec0::1", Class::Away),
            ("::ffff:10.0.0.7", Class::Away),
            ("64:ff9b::10.0.0.7", Class::Away),
            ("127.0.0.1", Class::Loopback),
            ("127.255.255.254", Class::Loopback),
            ("::1", Class::Loopback),
            ("::ffff:127.0.0.1", Class::Loopback),
            ("::127.0.0.1", Class::Loopback),
            ("169.254.0.0", Class::LinkLocal),
            ("169.254.169.254", Class::LinkLocal),
            ("169.254.170.2", Class::LinkLocal),
            ("169.254.255.255", Class::LinkLocal),
            ("::ffff:169.254.169.254", Class::LinkLocal),
            ("::ffff:0:169.254.169.254", Class::LinkLocal),
            ("::169.254.169.254", Class::LinkLocal),
            ("64:ff9b::169.254.169.254", Class::LinkLocal),
            ("2002:a9fe:a9fe::1", Class::LinkLocal),
            ("fe80::1", Class::LinkLocal),
            ("febf::1", Class::LinkLocal),
            ("fd00:ec2::254", Class::LinkLocal),
            ("fd00:ec2::23", Class::LinkLocal),
            ("0.0.0.0", Class::Nobody),
            ("0.1.2.3", Class::Nobody),
            ("224.0.0.1", Class::Nobody),
            ("239.255.255.255", Class::Nobody),
            ("255.255.255.255", Class::Nobody),
            ("::", Class::Nobody),
            ("::ffff:0.0.0.0", Class::Nobody),
            ("ff02::1", Class::Nobody),
        ] {
            assert_eq!(class(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn the_reach_says_which_of_them_are_asked_all_the_same() {
        let refused = |address: &str, reach| allow("x", address.parse().unwrap(), reach).is_err();
        let seen = |reach| {
            ["10.0.0.7", "127.0.0.1", "169.254.169.254", "0.0.0.0"].map(|it| refused(it, reach))
        };
        assert_eq!(seen(Reach::Away), [false, true, true, true]);
        assert_eq!(seen(Reach::AwayOrLoopback), [false, false, true, true]);
        assert_eq!(seen(Reach::Anywhere), [false, false, false, true]);
        assert_eq!(Reach::AwayOrLoopback.of_redirect(), Reach::Away);
        assert_eq!(Reach::Anywhere.of_redirect(), Reach::Anywhere);
    }
}
