//! An account's private ECR registry in one region.

use std::fmt;
use std::str::FromStr;

use super::InvalidImageName;

/// The private registry of one account in one region, under one of its host names.
///
/// A registry can have several host names (standard, FIPS, dual-stack); a task pulls from the one
/// that was written, so it is kept. Compare registries by [`Registry::canonical`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Registry {
    account: String,
    region: String,
    host: HostName,
}

crate::text::serialised_as_text!(Registry);

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum HostName {
    Standard,
    Fips,
    DualStack,
    DualStackFips,
}

impl HostName {
    /// The label between the account and the region.
    const fn infix(self) -> &'static str {
        match self {
            Self::Standard => "dkr.ecr",
            Self::Fips => "dkr.ecr-fips",
            Self::DualStack => "dkr-ecr",
            Self::DualStackFips => "dkr-ecr-fips",
        }
    }

    const fn suffix(self, partition: Partition) -> &'static str {
        match self {
            Self::Standard | Self::Fips => partition.dns_suffix(),
            Self::DualStack | Self::DualStackFips => partition.dual_stack_suffix(),
        }
    }
}

/// A separate part of AWS with its own regions, ARNs and domain names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Partition {
    Aws,
    China,
    UsGov,
    Iso,
    IsoB,
    IsoE,
    IsoF,
    EuSovereign,
}

impl Partition {
    /// The partition that a region belongs to; regions give it away by their first letters.
    pub fn of_region(region: &str) -> Self {
        const BY_PREFIX: [(&str, Partition); 7] = [
            ("cn-", Partition::China),
            ("us-gov-", Partition::UsGov),
            ("us-iso-", Partition::Iso),
            ("us-isob-", Partition::IsoB),
            ("eu-isoe-", Partition::IsoE),
            ("us-isof-", Partition::IsoF),
            ("eusc-", Partition::EuSovereign),
        ];
        BY_PREFIX
            .into_iter()
            .find_map(|(prefix, partition)| region.starts_with(prefix).then_some(partition))
            .unwrap_or(Self::Aws)
    }

    /// The partition's name in ARNs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::China => "aws-cn",
            Self::UsGov => "aws-us-gov",
            Self::Iso => "aws-iso",
            Self::IsoB => "aws-iso-b",
            Self::IsoE => "aws-iso-e",
            Self::IsoF => "aws-iso-f",
            Self::EuSovereign => "aws-eusc",
        }
    }

    /// What the host names of the partition's services end in.
    pub const fn dns_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::UsGov => "amazonaws.com",
            Self::China => "amazonaws.com.cn",
            Self::Iso => "c2s.ic.gov",
            Self::IsoB => "sc2s.sgov.gov",
            Self::IsoE => "cloud.adc-e.uk",
            Self::IsoF => "csp.hci.ic.gov",
            Self::EuSovereign => "amazonaws.eu",
        }
    }

    const fn dual_stack_suffix(self) -> &'static str {
        match self {
            Self::Aws | Self::UsGov => "on.aws",
            Self::China => "on.amazonwebservices.com.cn",
            Self::Iso => "on.aws.ic.gov",
            Self::IsoB => "on.aws.scloud",
            Self::IsoE => "on.cloud-aws.adc-e.uk",
            Self::IsoF => "on.aws.hci.ic.gov",
            Self::EuSovereign => "on.amazonwebservices.eu",
        }
    }
}

impl Registry {
    const EXPECTED: &'static str =
        "an ECR registry (such as `123456789012.dkr.ecr.eu-west-1.amazonaws.com`)";

    /// The registry of an account in a region, under its standard host name.
    pub fn of(account: &str, region: &str) -> Result<Self, InvalidImageName> {
        if !is_account(account) {
            return Err(InvalidImageName::new(
                account,
                "an AWS account number (12 digits)",
            ));
        }
        if !is_region(region) {
            return Err(InvalidImageName::new(
                region,
                "an AWS region (such as `eu-west-1`)",
            ));
        }
        Ok(Self {
            account: account.to_owned(),
            region: region.to_owned(),
            host: HostName::Standard,
        })
    }

    pub fn account(&self) -> &str {
        &self.account
    }

    pub fn region(&self) -> &str {
        &self.region
    }

    pub fn partition(&self) -> Partition {
        Partition::of_region(&self.region)
    }

    /// The same registry under its standard host name: equal for every way of writing it.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            host: HostName::Standard,
            ..self.clone()
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_region(text: &str) -> bool {
    let mut parts = text.split('-').rev();
    let numbered = parts
        .next()
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
    let words: Vec<&str> = parts.collect();
    numbered
        && text.len() <= 32
        && words.len() >= 2
        && words
            .iter()
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()))
}

impl FromStr for Registry {
    type Err = InvalidImageName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let invalid = || InvalidImageName::new(text, Self::EXPECTED);
        let (account, rest) = text.split_once('.').ok_or_else(invalid)?;
        for host in [
            HostName::Standard,
            HostName::Fips,
            HostName::DualStack,
            HostName::DualStackFips,
        ] {
            let Some(rest) = rest
                .strip_prefix(host.infix())
                .and_then(|rest| rest.strip_prefix('.'))
            else {
                continue;
            };
            let (region, suffix) = rest.split_once('.').ok_or_else(invalid)?;
            if is_account(account)
                && is_region(region)
                && suffix == host.suffix(Partition::of_region(region))
            {
                return Ok(Self {
                    account: account.to_owned(),
                    region: region.to_owned(),
                    host,
                });
            }
        }
        Err(invalid())
    }
}

impl fmt::Display for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            account,
            region,
            host,
        } = self;
        write!(
            f,
            "{account}.{}.{region}.{}",
            host.infix(),
            host.suffix(self.partition())
        )
    }
}
