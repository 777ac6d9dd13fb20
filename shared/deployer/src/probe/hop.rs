//! One request of a chain of redirects, and what is left of it at the next.

use std::fmt;

use bytes::Bytes;
use greenlight_core::target::check::{Destination, HttpCheck, HttpRequest};
use http::{HeaderValue, Request, header};
use url::Url;

use super::{
    ProbeError,
    address::Reach,
    error::{shown, shown_text},
    network::Outgoing,
};

/// One request, at its place.
#[derive(Debug, Clone)]
pub(super) struct Hop<'a> {
    asked: &'a HttpRequest,
    pub(super) url: Url,
    method: &'static str,
    server_name: Option<&'a str>,
    /// What the check says to send is for the place that it names, and for no other.
    sends_headers: bool,
    sends_body: bool,
    reach: Reach,
}

impl<'a> Hop<'a> {
    pub(super) fn first(
        check: &'a HttpCheck,
        asked: &'a HttpRequest,
        url: &str,
    ) -> Result<Self, ProbeError> {
        let reach = match &asked.to {
            _ if check.local_addresses => Reach::Anywhere,
            Destination::TestListener { .. } => Reach::AwayOrLoopback,
            Destination::Url(_) => Reach::Away,
        };
        Ok(Self {
            asked,
            url: parse(url)?,
            method: asked.method.as_str(),
            server_name: check.server_name.as_deref(),
            sends_headers: true,
            sends_body: true,
            reach,
        })
    }

    /// Where this redirect leads, with what may be sent there.
    pub(super) fn redirected(mut self, status: u16, location: &str) -> Result<Self, ProbeError> {
        let to = self.url.join(location).map_err(|error| ProbeError::Url {
            url: shown_text(location),
            reason: error.to_string(),
        })?;
        let to = self.at_the_listener(require_http(to)?);
        if self.url.scheme() == "https" && to.scheme() == "http" {
            return Err(ProbeError::Downgrade {
                url: shown(&self.url),
                to: shown(&to),
            });
        }
        if self.url.origin() != to.origin() {
            self.server_name = None;
            self.sends_headers = false;
            self.sends_body = false;
        }
        let becomes_get = match status {
            303 => self.method != "HEAD",
            301 | 302 => self.method == "POST",
            _ => false,
        };
        if becomes_get {
            self.method = "GET";
            self.sends_body = false;
        }
        self.reach = self.reach.of_redirect();
        self.url = to;
        Ok(self)
    }

    /// A server that was asked by the check's `server_name` knows itself by that name, and means itself: followed as
    /// it is written, the redirect would lead from the green tasks to those in production.
    fn at_the_listener(&self, mut to: Url) -> Url {
        let is_itself = self.server_name.is_some_and(|name| {
            to.host_str()
                .is_some_and(|host| host.eq_ignore_ascii_case(name))
        }) && to.scheme() == self.url.scheme()
            && (to.port().is_none() || to.port() == self.url.port());
        if is_itself {
            let (host, port) = (self.url.host_str(), self.url.port());
            // Both were accepted in the URL that they are taken from.
            let _ = to
                .set_host(host)
                .and_then(|()| to.set_port(port).map_err(|()| url::ParseError::InvalidPort));
        }
        to
    }

    /// The request as it is sent.
    pub(super) fn outgoing(&self, limit: usize) -> Result<Outgoing<'_>, ProbeError> {
        let mut request = plain(self.method, &self.url, self.server_name)?;
        if self.sends_headers {
            for (name, value) in &self.asked.headers {
                if !self.sends_body && name.starts_with("content-") {
                    continue;
                }
                let name =
                    header::HeaderName::try_from(name).map_err(|it| unusable(&self.url, &it))?;
                let value = HeaderValue::try_from(value).map_err(|it| unusable(&self.url, &it))?;
                request.headers_mut().insert(name, value);
            }
        }
        if self.sends_body
            && let Some(body) = &self.asked.body
        {
            *request.body_mut() = Bytes::from(body.clone());
        }
        Ok(Outgoing {
            url: &self.url,
            server_name: self.server_name,
            reach: self.reach,
            request,
            limit,
        })
    }
}

/// A request without anything that a check or a caller adds.
pub(super) fn plain(
    method: &str,
    url: &Url,
    server_name: Option<&str>,
) -> Result<Request<Bytes>, ProbeError> {
    let host = match (server_name, url.host_str(), url.port()) {
        (Some(name), ..) => name.to_owned(),
        (None, host, Some(port)) => format!("{}:{port}", host.unwrap_or_default()),
        (None, host, None) => host.unwrap_or_default().to_owned(),
    };
    Request::builder()
        .method(method)
        .uri(url.as_str())
        .header(header::HOST, host)
        .header(header::USER_AGENT, "greenlight")
        .body(Bytes::new())
        .map_err(|error| unusable(url, &error))
}

fn unusable(url: &Url, error: &dyn fmt::Display) -> ProbeError {
    ProbeError::Url {
        url: shown(url),
        reason: error.to_string(),
    }
}

pub(super) fn parse(url: &str) -> Result<Url, ProbeError> {
    let parsed = Url::parse(url).map_err(|error| ProbeError::Url {
        url: shown_text(url),
        reason: error.to_string(),
    })?;
    require_http(parsed)
}

fn require_http(url: Url) -> Result<Url, ProbeError> {
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(ProbeError::Url {
            reason: format!("`{other}` is not a scheme that is asked"),
            url: shown(&url),
        }),
    }
}
