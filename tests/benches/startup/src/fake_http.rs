//! Just enough of an HTTP/1.1 server to stand in for Lambda's Runtime API and for AWS, on loopback.

use std::fmt::Write as _;
use std::io::{self, BufRead, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

/// A request that arrived whole, or whose head did where the body is not of interest.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    /// What the service is asked for, in AWS's JSON protocols.
    pub(crate) operation: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: &'static str,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn json(status: &'static str, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: body.into(),
        }
    }
}

/// Serves on a free port of loopback until the process ends. `None` leaves the connection open and unanswered.
pub(crate) fn serve(
    answer: impl Fn(Request) -> Option<Response> + Send + Sync + 'static,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let answer = Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            // A client that goes away, as one that was stopped does, ends its connection with an error.
            std::thread::spawn(move || converse(stream, answer.as_ref()));
        }
    });
    Ok(address)
}

fn converse(stream: TcpStream, answer: &dyn Fn(Request) -> Option<Response>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader)? {
        let Some(response) = answer(request) else {
            return io::copy(&mut reader, &mut io::sink()).map(drop);
        };
        let mut head = format!(
            "HTTP/1.1 {}\r\nContent-Length: {}\r\n",
            response.status,
            response.body.len()
        );
        for (name, value) in response.headers {
            // Writing to a string cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
        writer.write_all(format!("{head}\r\n{}", response.body).as_bytes())?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> io::Result<Option<Request>> {
    let first = line(reader)?;
    let mut words = first.split(' ');
    let (Some(method), Some(path)) = (words.next(), words.next()) else {
        return Ok(None);
    };
    let mut request = Request {
        method: method.to_owned(),
        path: path.to_owned(),
        operation: None,
        body: Vec::new(),
    };
    let mut length = 0;
    let mut chunked = false;
    loop {
        let header = line(reader)?;
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        match name.to_lowercase().as_str() {
            "content-length" => length = value.trim().parse().map_err(io::Error::other)?,
            "transfer-encoding" => chunked = value.trim().eq_ignore_ascii_case("chunked"),
            "x-amz-target" => {
                request.operation = value.trim().rsplit('.').next().map(str::to_owned);
            }
            _ => {}
        }
    }
    while chunked {
        length = usize::from_str_radix(&line(reader)?, 16).map_err(io::Error::other)?;
        append(reader, length, &mut request.body)?;
        line(reader)?;
        chunked = length > 0;
        length = 0;
    }
    append(reader, length, &mut request.body)?;
    Ok(Some(request))
}

fn append(reader: &mut impl BufRead, length: usize, body: &mut Vec<u8>) -> io::Result<()> {
    let start = body.len();
    body.resize(start + length, 0);
    reader.read_exact(&mut body[start..])
}

fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    line.truncate(line.trim_end().len());
    Ok(line)
}
