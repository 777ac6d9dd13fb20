//! `aws-chunked`: how clients send a body whose checksum or signature comes after it.
//!
//! `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`, until a chunk of size 0; what follows are trailers.

use bytes::{Bytes, BytesMut};
use http::{Request, header};

/// The body itself. `None` if the chunks are broken.
pub(super) fn decoded(request: &Request<Bytes>) -> Option<Bytes> {
    let text = |name| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let chunked = text(header::CONTENT_ENCODING.as_str()).contains("aws-chunked")
        || text("x-amz-content-sha256").starts_with("STREAMING-");
    if !chunked {
        return Some(request.body().clone());
    }
    let mut rest = request.body().as_ref();
    let mut body = BytesMut::with_capacity(rest.len());
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body.freeze());
        }
        let after = end.checked_add(2)?.checked_add(size)?;
        body.extend_from_slice(rest.get(end + 2..after)?);
        rest = rest.get(after..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &'static str, encoding: &str) -> Option<String> {
        let request = Request::put("/")
            .header("content-encoding", encoding)
            .body(Bytes::from_static(text.as_bytes()))
            .unwrap();
        decoded(&request).map(|body| String::from_utf8(body.to_vec()).unwrap())
    }

    #[test]
    fn chunks_are_put_together_and_trailers_left_out() {
        let chunks =
            "4;chunk-signature=ab\r\nhell\r\n1\r\no\r\n0\r\nx-amz-checksum-crc32:AA==\r\n\r\n";
        assert_eq!(body(chunks, "aws-chunked").as_deref(), Some("hello"));
        assert_eq!(body("plain", "gzip").as_deref(), Some("plain"));
    }

    #[test]
    fn broken_chunks_are_no_body() {
        for broken in [
            "",
            "5\r\nhell",
            "x\r\n",
            "ffffffffffffffff\r\nhell\r\n",
            "4\r\nhello\r\n0\r\n",
        ] {
            assert_eq!(body(broken, "aws-chunked"), None, "{broken:?}");
        }
    }
}
