//! The board in a browser, as a dashboard of CloudWatch shows it: a page on loopback that invokes the real function in the
//! simulated account, takes out of its HTML what CloudWatch takes out ([`sanitise`]), and does what `<cwdb-action>` says.
//!
//! What CloudWatch sends and does is in docs/board.md, with where that is known from.

pub mod sanitise;

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::watch;

use crate::account::Account;
use crate::account::containers::ImageSpec;
use crate::account::ecr;
use crate::account::network::{Stop, bind, serve};
use crate::scenario::sample::{REPOSITORY, TAG};

/// The function of template.yaml that is the board.
const FUNCTION: &str = "Board";

/// Nothing comes from elsewhere. Style sheets within the widget are what CloudWatch lets through as well.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// An open dashboard. Closes when dropped.
#[derive(Debug)]
pub struct Dashboard {
    address: SocketAddr,
    stop: watch::Sender<Stop>,
}

/// What the page asks for: the parameters of the widget or of a button, and what a browser knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Call {
    parameters: Map<String, Value>,
    forms: Map<String, Value>,
    theme: String,
    width: u32,
}

/// What is pushed to the tag that the sample target watches.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    version: String,
    works: bool,
}

#[derive(Debug, Clone)]
struct Host {
    account: Account,
    /// The board's name in Lambda.
    function: String,
    /// The names of this server, which a browser sends as `Host`.
    names: [String; 2],
}

impl Dashboard {
    /// Opens the board of an account on this port of 127.0.0.1, or on any free one for 0. `function` is its name in Lambda.
    pub fn open(account: &Account, function: &str, port: u16) -> io::Result<Self> {
        let listener = bind(port)?;
        let address = listener.local_addr()?;
        let host = Host {
            account: account.clone(),
            function: function.to_owned(),
            names: [address.to_string(), format!("localhost:{}", address.port())],
        };
        let (stop, stopped) = watch::channel(Stop::Never);
        serve(listener, stopped, move |request| {
            let host = host.clone();
            async move { host.answer(&request).await }
        })?;
        Ok(Self { address, stop })
    }

    /// Where the page is.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// The logical id of the board in template.yaml.
    pub const fn function() -> &'static str {
        FUNCTION
    }
}

impl Drop for Dashboard {
    fn drop(&mut self) {
        self.stop.send_replace(Stop::AtOnce);
    }
}

impl Host {
    async fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if !self.is_for_us(request) {
            return text(
                StatusCode::FORBIDDEN,
                "this page is for a browser on this machine",
            );
        }
        match (request.method(), request.uri().path()) {
            (&Method::GET, "/") => found("text/html; charset=utf-8", include_str!("page.html")),
            (&Method::GET, "/page.js") => found("text/javascript", include_str!("page.js")),
            (&Method::GET, "/page.css") => found("text/css", include_str!("page.css")),
            (&Method::POST, "/widget") => match serde_json::from_slice(request.body()) {
                Ok(call) => self.call(call).await,
                Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
            },
            (&Method::POST, "/push") => match serde_json::from_slice(request.body()) {
                Ok(push) => self.push(&push),
                Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
            },
            _ => text(StatusCode::NOT_FOUND, "there is no such page"),
        }
    }

    /// Whether it was meant for this server, by a page of its own: another site's page could otherwise press buttons here.
    fn is_for_us(&self, request: &Request<Bytes>) -> bool {
        let value = |name| {
            let value = request.headers().get(name)?;
            Some(value.to_str().unwrap_or_default())
        };
        let host = value(header::HOST).unwrap_or_default();
        let is_host = self.names.iter().any(|name| name == host);
        let is_own = value(header::ORIGIN).is_none_or(|origin| origin == format!("http://{host}"));
        let is_json = value(header::CONTENT_TYPE) == Some("application/json");
        is_host && is_own && (is_json || request.method() == Method::GET)
    }

    /// Invokes the board as CloudWatch does.
    async fn call(&self, call: Call) -> Response<Bytes> {
        let event = self.event(call);
        let functions = self.account.functions();
        let shown = match functions.invoke(&self.function, event).await {
            Ok(Value::String(html)) => json!({"html": sanitise::sanitised(&html)}),
            // CloudWatch shows other values as JSON.
            Ok(other) => json!({"text": format!("{other:#}")}),
            Err(error) => json!({"text": error.to_string()}),
        };
        found("application/json", &shown.to_string())
    }

    fn event(&self, call: Call) -> Value {
        let settings = self.account.settings();
        let end = self.account.clock().now().as_millisecond();
        let mut event = call.parameters;
        let context = json!({
            "dashboardName": "greenlight",
            "widgetId": "widget-1",
            "domain": format!("https://{}.console.aws.amazon.com", settings.region),
            "accountId": settings.account_id,
            "locale": "en",
            "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
            "period": 300,
            "isAutoPeriod": true,
            "timeRange": {"mode": "relative", "start": end - 10_800_000, "end": end, "relativeStart": 10_800_000},
            "theme": call.theme,
            "linkCharts": true,
            "title": "What runs where",
            "params": {},
            "forms": {"all": call.forms},
            "width": call.width,
            "height": 800,
        });
        event.insert("widgetContext".to_owned(), context);
        event.into()
    }

    fn push(&self, push: &Push) -> Response<Bytes> {
        let image = if push.works {
            ImageSpec::healthy(&push.version)
        } else {
            ImageSpec::answers_500(&push.version)
        };
        match ecr::push_image(&self.account, REPOSITORY, &[TAG], &image) {
            Ok(digest) => found("application/json", &json!({"digest": digest}).to_string()),
            Err(error) => text(StatusCode::BAD_REQUEST, &format!("{error:?}")),
        }
    }
}

fn found(kind: &str, body: &str) -> Response<Bytes> {
    let mut response = text(StatusCode::OK, body);
    if let Ok(kind) = kind.parse() {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn text(status: StatusCode, body: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, http::HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
