//! Servers that mean ill: each answers without end, without haste, or with more than anybody asked for.

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    time::{Duration, sleep},
};
use tokio_rustls::TlsAcceptor;

/// A hundred JSON values, of which each takes the most memory for its bytes.
const VALUES: [u8; 400] = {
    let mut values = [0; 400];
    let mut at = 0;
    while at < 400 {
        values[at] = b",[0]"[at % 4];
        at += 1;
    }
    values
};

/// What a server does to whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hostile {
    /// A body that never ends.
    EndlessBody,
    /// The same in chunks of one byte.
    EndlessChunks,
    /// A chunk whose extension never ends.
    EndlessExtension,
    /// Chunks, after which the trailers never end.
    EndlessTrailers,
    /// One header after the other.
    EndlessHeaders,
    /// One header that never ends.
    EndlessHeader,
    /// A status line that never ends.
    EndlessStatus,
    /// One `100 Continue` after the other.
    EndlessContinue,
    /// A byte of the headers now and then.
    SlowHeaders,
    /// A byte of the body now and then.
    SlowBody,
    /// 100 MB are announced, and not sent.
    HugeLength,
    /// Little that would be much if it was decompressed.
    GzipBomb,
    /// As much as is read, in chunks of one byte, and then silence.
    AlmostAllChunks,
    /// Headers and body, as much as is read of each, and then silence.
    AlmostAll,
    /// Almost as many bytes of headers as are read, and then silence.
    AlmostHeaders,
    /// Nothing at all.
    Silence,
    /// One redirect after the other.
    Redirects,
    /// About as many JSON values as are looked into.
    ManyValues,
    /// As many as fit into what is read.
    MoreValues,
}

impl Hostile {
    pub(crate) const ALL: [Self; 19] = [
        Self::EndlessBody,
        Self::EndlessChunks,
        Self::EndlessExtension,
        Self::EndlessTrailers,
        Self::EndlessHeaders,
        Self::EndlessHeader,
        Self::EndlessStatus,
        Self::EndlessContinue,
        Self::SlowHeaders,
        Self::SlowBody,
        Self::HugeLength,
        Self::GzipBomb,
        Self::AlmostAllChunks,
        Self::AlmostAll,
        Self::AlmostHeaders,
        Self::Silence,
        Self::Redirects,
        Self::ManyValues,
        Self::MoreValues,
    ];

    /// Serves any number of clients, over TLS if there is a certificate; says where.
    pub(crate) async fn serve(self, tls: Option<TlsAcceptor>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let url = format!("{scheme}://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let tls = tls.clone();
                tokio::spawn(async move {
                    match tls {
                        None => self.answer(stream).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => self.answer(stream).await,
                            Err(_) => None,
                        },
                    }
                });
            }
        });
        url
    }

    /// Until the client has gone, which is told by `None`.
    async fn answer(self, mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
        let mut request = [0; 1024];
        if stream.read(&mut request).await.ok()? == 0 {
            return None;
        }
        let head: &[u8] = match self {
            Self::EndlessBody => b"HTTP/1.1 200 OK\r\n\r\n",
            Self::EndlessChunks | Self::AlmostAllChunks => {
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
            }
            Self::EndlessExtension => {
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;"
            }
            Self::EndlessTrailers => {
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
            }
            Self::EndlessHeaders | Self::SlowHeaders => b"HTTP/1.1 200 OK\r\n",
            Self::EndlessHeader | Self::AlmostHeaders => b"HTTP/1.1 200 OK\r\nx: ",
            Self::EndlessStatus => b"HTTP/1.1 200 ",
            Self::EndlessContinue | Self::Silence => b"",
            Self::SlowBody => b"HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n",
            Self::HugeLength => b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n",
            Self::GzipBomb => b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: 4\r\n\r\n\x1f\x8b\x08\x00",
            Self::ManyValues => b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 19605\r\n\r\n[[0]",
            Self::MoreValues => b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 262005\r\n\r\n[[0]",
            Self::AlmostAll => b"HTTP/1.1 200 OK\r\ncontent-length: 65536\r\nx: ",
            Self::Redirects => {
                b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nconnection: close\r\nlocation: /"
            }
        };
        stream.write_all(head).await.ok()?;
        match self {
            Self::EndlessBody | Self::EndlessExtension | Self::EndlessHeader => {
                self.again(&mut stream, &[b'x'; 1024], usize::MAX).await?;
            }
            Self::EndlessStatus => self.again(&mut stream, &[b'O'; 1024], usize::MAX).await?,
            Self::EndlessChunks => {
                self.again(&mut stream, &b"1\r\nx\r\n".repeat(100), usize::MAX)
                    .await?;
            }
            Self::EndlessTrailers | Self::EndlessHeaders => {
                self.again(&mut stream, b"x-header: value\r\n", usize::MAX)
                    .await?;
            }
            Self::EndlessContinue => {
                self.again(&mut stream, b"HTTP/1.1 100 Continue\r\n\r\n", usize::MAX)
                    .await?;
            }
            Self::SlowHeaders | Self::SlowBody => {
                while stream.write_all(b"x").await.is_ok() {
                    sleep(Duration::from_millis(50)).await;
                }
            }
            // The limit is 64 KiB under load.
            Self::AlmostAllChunks => {
                self.again(&mut stream, &b"1\r\nx\r\n".repeat(100), 650)
                    .await?;
            }
            Self::AlmostAll => {
                self.again(&mut stream, &[b'x'; 1000], 15).await?;
                stream.write_all(b"\r\n\r\n").await.ok()?;
                self.again(&mut stream, &[b'x'; 1000], 65).await?;
            }
            Self::AlmostHeaders => self.again(&mut stream, &[b'x'; 1000], 15).await?,
            Self::Redirects => {
                self.again(&mut stream, &[b'x'; 100], 7).await?;
                stream.write_all(b"\r\n\r\n").await.ok()?;
                return Some(());
            }
            Self::ManyValues => self.again(&mut stream, &VALUES, 49).await?,
            Self::MoreValues => self.again(&mut stream, &VALUES, 655).await?,
            Self::HugeLength | Self::GzipBomb | Self::Silence => {}
        }
        if matches!(self, Self::ManyValues | Self::MoreValues) {
            stream.write_all(b"]").await.ok()?;
        }
        // Until the client goes.
        while stream.read(&mut request).await.ok()? > 0 {}
        Some(())
    }

    async fn again(
        self,
        stream: &mut (impl AsyncWrite + Unpin),
        piece: &[u8],
        times: usize,
    ) -> Option<()> {
        for _ in 0..times {
            stream.write_all(piece).await.ok()?;
        }
        Some(())
    }
}
