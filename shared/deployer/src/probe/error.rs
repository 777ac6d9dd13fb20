//! Why there is no answer. A URL is told without its query, which may hold a signature or a token.

use std::{error::Error, net::IpAddr};

use tokio::time::Duration;
use url::Url;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The URL cannot be asked.
    #[error("`{url}` cannot be asked: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// Why not.
        reason: String,
    },
    /// The address is this machine's own or a link-local one.
    #[error(
        "`{host}` is not asked, since it leads to {address}, {what}; if the check means that, write \
         `local_addresses: true` into it"
    )]
    Refused {
        /// The host in the URL.
        host: String,
        /// Where it leads to.
        address: IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// The address is of no host.
    #[error(
        "`{host}` cannot be asked, since it leads to {address}, which is no single host's address"
    )]
    Nobody {
        /// The host in the URL.
        host: String,
        /// Where it leads to.
        address: IpAddr,
    },
    /// No answer came, or none that is HTTP.
    #[error("no answer from `{url}`")]
    NoAnswer {
        /// The URL.
        url: String,
        /// Why not.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The server's certificate is not accepted.
    #[error("the certificate at `{url}` is not accepted for `{name}`; {remedy}")]
    Certificate {
        /// The URL.
        url: String,
        /// The name that was asked for.
        name: String,
        /// What to do.
        remedy: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<rustls::Error>,
    },
    /// No answer came in time.
    #[error("no answer from `{url}` within {} ms", .limit.as_millis())]
    Late {
        /// The URL.
        url: String,
        /// The time that there was.
        limit: Duration,
    },
    /// The answer is larger than a probe reads.
    #[error("the answer from `{url}` is larger than {limit} bytes")]
    TooLarge {
        /// The URL.
        url: String,
        /// What is read.
        limit: usize,
    },
    /// There were more redirects than are followed.
    #[error("`{url}` redirects more often than {limit} times")]
    Redirects {
        /// The URL.
        url: String,
        /// How many are followed.
        limit: u32,
    },
    /// It redirects to what is not asked.
    #[error("`{url}` redirects to what is not asked")]
    Astray {
        /// The URL.
        url: String,
        /// What is wrong with it.
        #[source]
        source: Box<ProbeError>,
    },
    /// It redirects from HTTPS to HTTP.
    #[error("`{url}` redirects from HTTPS to `{to}`, which is not followed")]
    Downgrade {
        /// The URL.
        url: String,
        /// Where to.
        to: String,
    },
}

impl ProbeError {
    /// By which such errors are counted. It tells nothing of the URL.
    pub fn cause(&self) -> &'static str {
        match self {
            Self::Url { .. } => "a URL that cannot be asked",
            Self::Refused { .. } | Self::Nobody { .. } => "an address that is not asked",
            Self::NoAnswer { .. } => "no answer",
            Self::Certificate { .. } => "the certificate",
            Self::Late { .. } => "no answer in time",
            Self::TooLarge { .. } => "an answer that is too large",
            Self::Redirects { .. } => "too many redirects",
            Self::Astray { .. } => "a redirect to what is not asked",
            Self::Downgrade { .. } => "a redirect to HTTP",
        }
    }

    /// Whether asking again will give the same.
    pub(super) fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Url { .. } | Self::Refused { .. } | Self::Nobody { .. }
        )
    }

    /// The same where a redirect led to it: then it is what a server answered, and may be otherwise the next time.
    pub(super) fn after(self, redirect_of: Option<&str>) -> Self {
        match redirect_of {
            Some(url) if self.is_final() => Self::Astray {
                url: url.to_owned(),
                source: Box::new(self),
            },
            _ => self,
        }
    }

    /// Of something that went wrong on the way to the server `name`.
    pub(super) fn on_the_way(url: &Url, name: &str, source: Box<dyn Error + Send + Sync>) -> Self {
        match certificate_error(source.as_ref()) {
            Some(error) => Self::Certificate {
                url: shown(url),
                name: name.to_owned(),
                remedy: remedy(&error),
                source: Box::new(error),
            },
            None => Self::NoAnswer {
                url: shown(url),
                source,
            },
        }
    }
}

/// A URL for a message.
pub(super) fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let path: String = url.path().chars().take(300).collect();
    format!("{}://{host}{port}{path}", url.scheme())
}

/// The same of what may not be a URL.
pub(super) fn shown_text(url: &str) -> String {
    let place = url.split(['?', '#']).next().unwrap_or_default();
    place
        .chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

fn remedy(error: &rustls::Error) -> &'static str {
    use rustls::CertificateError;
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "write the name that it is for as `server_name` into the check",
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            "it has to come from an authority that the system trusts"
        }
        _ => "it has to be replaced",
    }
}

fn certificate_error(error: &(dyn Error + 'static)) -> Option<rustls::Error> {
    let mut at = Some(error);
    while let Some(error) = at {
        if let Some(found @ rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
            return Some(found.clone());
        }
        // An I/O error's own `source` is the source of what it wraps, which skips that.
        at = match error.downcast_ref::<std::io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        };
    }
    None
}
