//! A server that answers as a test says, over plain TCP or TLS, and keeps what it was asked.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// The whole of it, in lower case.
    pub(crate) text: String,
    /// The name in the TLS handshake.
    pub(crate) sni: Option<String>,
}

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(crate) fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        Self {
            certificate: made.cert.der().clone(),
            key: PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap(),
        }
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }
}

impl Server {
    /// Answers the requests with these, in turn; `PORT` in them stands for the server's own.
    pub(crate) async fn answering(answers: Vec<String>) -> Self {
        Self::start(None, answers).await
    }

    /// The same over TLS.
    pub(crate) async fn over_tls(identity: &Identity, answers: Vec<String>) -> Self {
        Self::start(Some(identity.acceptor()), answers).await
    }

    async fn start(tls: Option<TlsAcceptor>, answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let kept = asked.clone();
        let port = address.port().to_string();
        let answers: Vec<_> = answers.iter().map(|it| it.replace("PORT", &port)).collect();
        let scheme = if tls.is_some() { "https" } else { "http" };
        tokio::spawn(async move {
            for at in 0.. {
                let (stream, _) = listener.accept().await.unwrap();
                let answer = answers[at % answers.len()].clone();
                match &tls {
                    None => serve(stream, None, &answer, &kept).await,
                    // A client that does not accept the certificate goes.
                    Some(tls) => {
                        if let Ok(stream) = tls.accept(stream).await {
                            let sni = stream.get_ref().1.server_name().map(str::to_owned);
                            serve(stream, sni, &answer, &kept).await;
                        }
                    }
                }
            }
        });
        Self {
            address,
            url: format!("{scheme}://{address}"),
            asked,
        }
    }

    /// What came, so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    sni: Option<String>,
    answer: &str,
    asked: &Mutex<Vec<Asked>>,
) {
    let mut request = Vec::new();
    let mut piece = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return,
            Ok(length) => request.extend_from_slice(&piece[..length]),
        }
    }
    let text = String::from_utf8_lossy(&request).to_lowercase();
    asked.lock().unwrap().push(Asked { text, sni });
    // The probe may have read enough and gone.
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse::<usize>().unwrap());
    body.len() >= length
}

/// An answer, after which the connection is closed.
pub(crate) fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
    )
}

pub(crate) fn ok() -> String {
    answer("200 OK", "", "ok")
}

pub(crate) fn redirect(status: u16, location: &str) -> String {
    answer(
        &format!("{status} Moved"),
        &format!("location: {location}\r\n"),
        "",
    )
}
