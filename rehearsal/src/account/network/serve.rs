//! A real HTTP server on loopback, for containers and listeners.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// The most that a request or an answer may carry.
pub(crate) const BODY_LIMIT: usize = 8 << 20;

/// When a server should end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Never,
    /// After the answers that it is working on.
    Gracefully,
    /// In the middle of a sentence.
    AtOnce,
}

/// Takes a port of 127.0.0.1; 0 for any free one.
pub(crate) fn bind(port: u16) -> io::Result<TcpListener> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until told to stop, or for ever if nobody is left to tell.
pub(crate) fn serve<H, F>(
    listener: TcpListener,
    stop: watch::Receiver<Stop>,
    handler: H,
) -> io::Result<()>
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let handler = Arc::new(handler);
    tokio::spawn(async move {
        let mut stopping = stop.clone();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stopped(&mut stopping) => return,
            };
            // Out of file descriptors, or a client that was gone at once: the next one may fare better.
            let Ok((stream, _)) = accepted else {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                continue;
            };
            tokio::spawn(converse(stream, stop.clone(), Arc::clone(&handler)));
        }
    });
    Ok(())
}

async fn converse<H, F>(stream: TcpStream, mut stop: watch::Receiver<Stop>, handler: Arc<H>)
where
    H: Fn(Request<Bytes>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<Bytes>> + Send + 'static,
{
    // Without this, small answers wait for the client's delayed acknowledgements.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request: Request<Incoming>| {
        let handler = Arc::clone(&handler);
        async move { Ok::<_, Infallible>(answer(request, &*handler).await.map(Full::new)) }
    });
    let mut connection =
        std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        // A connection that breaks is the client's affair.
        _ = connection.as_mut() => return,
        () = stopped(&mut stop) => {}
    }
    if *stop.borrow() == Stop::Gracefully {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn answer<H, F>(request: Request<Incoming>, handler: &H) -> Response<Bytes>
where
    H: Fn(Request<Bytes>) -> F,
    F: Future<Output = Response<Bytes>>,
{
    let (parts, body) = request.into_parts();
    if let Ok(body) = Limited::new(body, BODY_LIMIT).collect().await {
        return handler(Request::from_parts(parts, body.to_bytes())).await;
    }
    let mut response = Response::new(Bytes::from_static(b"the body is too large, or broke off"));
    *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
    response
}

/// Waits for the word to stop. Without anybody to give it, waits for ever.
async fn stopped(stop: &mut watch::Receiver<Stop>) {
    if stop.wait_for(|stop| *stop != Stop::Never).await.is_err() {
        std::future::pending::<()>().await;
    }
}
