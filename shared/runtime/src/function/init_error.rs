//! Tells Lambda why a function does not start.
//!
//! `lambda_runtime` has no call for it, and an HTTP client is not worth building for one request at the end of a
//! process's life, so the request is written by hand. Source: the Lambda developer guide, "Using the Lambda runtime
//! API", initialisation error.

use crate::config::Variables;
use crate::environment;
use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(1);

/// Reports the error if the Runtime API is there. It is logged already, so nothing is lost where it is not.
pub(super) fn report(variables: &Variables, error_type: &str, message: &str) {
    let Some(runtime_api) = variables.get(environment::RUNTIME_API.name) else {
        return;
    };
    if let Err(error) = post(runtime_api, error_type, message) {
        tracing::warn!(
            "failed to report an error of the initialisation to `{runtime_api}`: {error}"
        );
    }
}

fn post(runtime_api: &str, error_type: &str, message: &str) -> io::Result<()> {
    let address = runtime_api
        .to_socket_addrs()?
        .next()
        .ok_or(io::ErrorKind::AddrNotAvailable)?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let body =
        serde_json::json!({"errorType": error_type, "errorMessage": message, "stackTrace": []})
            .to_string();
    let request = format!(
        "POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {runtime_api}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nLambda-Runtime-Function-Error-Type: {error_type}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    // Lambda has taken the report when it answers; the answer itself says nothing.
    stream.read(&mut [0; 64]).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[test]
    fn the_report_is_one_request_with_the_errors_type_and_message() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let runtime_api = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut received = String::new();
            while !received.ends_with('}') {
                let mut buffer = [0; 1024];
                let length = stream.read(&mut buffer).unwrap();
                assert_ne!(length, 0, "the request ended early: {received}");
                received.push_str(str::from_utf8(&buffer[..length]).unwrap());
            }
            stream
                .write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
                .unwrap();
            received
        });
        post(
            &runtime_api,
            "Config.Invalid",
            "`GREENLIGHT_TABLE` is not set",
        )
        .unwrap();
        let received = server.join().unwrap();
        let (head, body) = received.split_once("\r\n\r\n").unwrap();
        assert!(
            head.starts_with("POST /2018-06-01/runtime/init/error HTTP/1.1\r\n"),
            "{head}"
        );
        assert!(
            head.contains("\r\nLambda-Runtime-Function-Error-Type: Config.Invalid\r\n"),
            "{head}"
        );
        assert!(
            head.contains(&format!("\r\nContent-Length: {}", body.len())),
            "{head}"
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["errorType"], "Config.Invalid");
        assert_eq!(body["errorMessage"], "`GREENLIGHT_TABLE` is not set");
    }
}
