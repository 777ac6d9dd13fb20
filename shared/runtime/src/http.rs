//! The one HTTP client that all AWS clients of a function share.
//!
//! It connects without TLS where an endpoint is plain HTTP, and otherwise trusts a handful of Amazon's roots, because
//! parsing the system's store costs 5 ms of CPU in every cold start. Where those roots do not vouch for a server, the
//! request is sent again by a second client that trusts the system's store too, so nothing that worked with the
//! system's store fails. `AWS_CA_BUNDLE` replaces both. What is trusted is in `http/trust.rs`.

mod trust;

pub use trust::TrustError;

use crate::config::AwsConfig;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

/// The HTTP client for every AWS client of this process.
///
/// # Errors
/// The file that `AWS_CA_BUNDLE` names cannot be read or holds no usable certificate.
pub fn shared_client(config: &AwsConfig) -> Result<SharedHttpClient, TrustError> {
    let first = match &config.ca_bundle {
        Some(path) => First::Bundle(trust::bundle(path)?),
        None => First::Amazon,
    };
    Ok(SharedHttpClient::new(Shared(Arc::new(Clients {
        first,
        plain: OnceLock::new(),
        tls: OnceLock::new(),
        system: OnceLock::new(),
        needs_system: AtomicBool::new(false),
    }))))
}

/// What is trusted to begin with.
#[derive(Debug)]
enum First {
    /// Amazon's roots, and then the system's.
    Amazon,
    /// A person's certificates and no others.
    Bundle(TrustStore),
}

/// The clients behind the one, each built when it is first needed.
#[derive(Debug)]
struct Clients {
    first: First,
    plain: OnceLock<SharedHttpClient>,
    tls: OnceLock<SharedHttpClient>,
    system: OnceLock<Option<SharedHttpClient>>,
    /// A server was met whom only the system's store vouches for.
    needs_system: AtomicBool,
}

impl Clients {
    fn plain(&self) -> &SharedHttpClient {
        self.plain.get_or_init(|| Builder::new().build_http())
    }

    fn tls(&self) -> &SharedHttpClient {
        self.tls.get_or_init(|| match &self.first {
            First::Amazon => trusting(trust::amazon()),
            First::Bundle(store) => trusting(store.clone()),
        })
    }

    /// None where the system has no certificates, or where it is not to be asked.
    fn system(&self) -> Option<&SharedHttpClient> {
        let build = || match &self.first {
            First::Amazon => trust::amazon_and_system().map(trusting),
            First::Bundle(_) => None,
        };
        self.system.get_or_init(build).as_ref()
    }
}

fn trusting(store: TrustStore) -> SharedHttpClient {
    let context = TlsContext::builder()
        .with_trust_store(store)
        .build()
        .unwrap_or_default();
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context)
        .build_https()
}

/// The client that the SDK sees. It leaves out the SDK's step of building a connection pool while a client is made,
/// which would parse certificates once for each of them.
#[derive(Debug)]
struct Shared(Arc<Clients>);

impl HttpClient for Shared {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Connector {
            clients: Arc::clone(&self.0),
            settings: settings.clone(),
            components: components.clone(),
        })
    }
}

#[derive(Debug)]
struct Connector {
    clients: Arc<Clients>,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl Connector {
    fn of(&self, client: &SharedHttpClient) -> SharedHttpConnector {
        client.http_connector(&self.settings, &self.components)
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if request.uri().starts_with("http://") {
            return self.of(self.clients.plain()).call(request);
        }
        if self.clients.needs_system.load(Ordering::Relaxed)
            && let Some(system) = self.clients.system()
        {
            return self.of(system).call(request);
        }
        let again = request.try_clone();
        let first = self.of(self.clients.tls()).call(request);
        let fallback = Self {
            clients: Arc::clone(&self.clients),
            settings: self.settings.clone(),
            components: self.components.clone(),
        };
        HttpConnectorFuture::new(async move {
            let error = match first.await {
                Ok(response) => return Ok(response),
                Err(error) => error,
            };
            // The handshake failed, so the server has not seen the request: sending it again cannot do it twice.
            match (again, trust::is_unknown_issuer(&error)) {
                (Some(request), true) => match fallback.clients.system() {
                    Some(system) => {
                        tracing::info!(
                            uri = request.uri(),
                            "Amazon's roots do not vouch for an endpoint; the system's certificates are used from now on"
                        );
                        fallback.clients.needs_system.store(true, Ordering::Relaxed);
                        fallback.of(system).call(request).await
                    }
                    None => Err(error),
                },
                _ => Err(error),
            }
        })
    }
}
