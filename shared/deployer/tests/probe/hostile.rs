//! That nothing a server answers is read, followed or waited for without bound, nor brings the probe down.

use greenlight_aws::chain;
use greenlight_core::gate::Phase;
use greenlight_deployer::probe::{Probe, ProbeError};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::document::check;
use crate::hostile_server::Hostile;
use crate::server::{Server, answer};

/// What has to be said of each: one of these.
fn told_of(hostile: Hostile) -> &'static [&'static str] {
    match hostile {
        Hostile::EndlessBody | Hostile::HugeLength => &["is larger than 262144 bytes"],
        // They are read one by one, and a slow machine does not come to the limit in time.
        Hostile::EndlessChunks => &["is larger than 262144 bytes", "within 1500 ms"],
        Hostile::EndlessExtension => &["chunk extensions over limit"],
        Hostile::EndlessTrailers => &["chunk trailers count overflow"],
        Hostile::EndlessHeaders | Hostile::EndlessHeader | Hostile::EndlessStatus => {
            &["message head is too large"]
        }
        Hostile::EndlessContinue
        | Hostile::SlowHeaders
        | Hostile::SlowBody
        | Hostile::AlmostAllChunks
        | Hostile::AlmostAll
        | Hostile::AlmostHeaders
        | Hostile::Silence => &["within 1500 ms"],
        Hostile::Redirects => &["redirects more often than 5 times"],
        Hostile::GzipBomb | Hostile::ManyValues | Hostile::MoreValues => &[],
    }
}

#[tokio::test]
async fn every_hostile_server_is_done_with_in_time_and_with_a_reason() {
    for hostile in Hostile::ALL {
        let url = hostile.serve(None).await;
        let check = check(&json!({"latency": "500ms", "follow_redirects": 5}));
        let began = Instant::now();
        let asked = Probe::new().ask(&check, &check.requests[0], &url).await;
        assert!(began.elapsed() < Duration::from_secs(3), "{hostile:?}");
        let Err(error) = asked else {
            let length = asked.unwrap().body.len();
            match hostile {
                // It is not decompressed.
                Hostile::GzipBomb => assert_eq!(length, 4),
                Hostile::ManyValues => assert_eq!(length, 19_605),
                Hostile::MoreValues => assert_eq!(length, 262_005),
                other => panic!("{other:?} is answered with {length} bytes"),
            }
            continue;
        };
        let told = chain(&error);
        let is_told = told_of(hostile).iter().any(|part| told.contains(part));
        assert!(is_told, "{hostile:?}: {told}");
        assert!(told.contains("127.0.0.1"), "{hostile:?}: {told}");
        assert!(told.len() < 1000, "{hostile:?}: {} bytes", told.len());
    }
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_read() {
    for (keys, limit) in [
        (json!({}), 256 * 1024),
        (json!({"load": {"requests": 1}}), 64 * 1024),
    ] {
        let check = check(&keys);
        let server = Server::answering(vec![answer("200 OK", "", &"x".repeat(limit))]).await;
        let found = Probe::new()
            .ask(&check, &check.requests[0], &server.url)
            .await
            .unwrap();
        assert_eq!(found.body.len(), limit);
        let server = Server::answering(vec![answer("200 OK", "", &"x".repeat(limit + 1))]).await;
        let error = Probe::new()
            .ask(&check, &check.requests[0], &server.url)
            .await
            .unwrap_err();
        assert!(
            matches!(error, ProbeError::TooLarge { limit: told, .. } if told == limit),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_to_head_may_announce_any_length() {
    let huge = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\nconnection: close\r\n\r\n";
    let server = Server::answering(vec![huge.to_owned()]).await;
    let check = check(&json!({"method": "HEAD"}));
    let found = Probe::new()
        .ask(&check, &check.requests[0], &server.url)
        .await
        .unwrap();
    assert_eq!((found.status, found.body.len()), (200, 0));
}

/// A small generator with a fixed seed, so that a failure comes back.
struct Bytes(u64);

impl Bytes {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.next() % limit).unwrap()
    }

    /// Noise, or something that is nearly HTTP.
    fn answer(&mut self) -> Vec<u8> {
        let nearly: [&[u8]; 5] = [
            b"HTTP/1.1 200 OK\r\ncontent-length: 15\r\nx-a: b\r\n\r\n{\"status\":\"ok\"}",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4;x=y\r\n\":1}\r\n0\r\nt: v\r\n\r\n",
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/a?b#c\r\ncontent-length: 0\r\n\r\n",
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
            b"HTTP/1.0 503 \r\n\r\nbusy",
        ];
        if self.below(4) == 0 {
            let length = self.below(2000);
            return (0..length).map(|_| self.next().to_le_bytes()[0]).collect();
        }
        let mut answer = nearly[self.below(5)].to_vec();
        for _ in 0..self.below(6) {
            let at = self.below(answer.len() as u64);
            match self.below(4) {
                0 => answer[at] = self.next().to_le_bytes()[0],
                1 => answer.truncate(at.max(1)),
                2 => answer.insert(at, b"\r\n\0:;/ 9\xff"[self.below(9)]),
                _ => {
                    let piece = answer[at..].to_vec();
                    answer.extend_from_slice(&piece);
                }
            }
        }
        answer
    }
}

#[tokio::test]
async fn no_bytes_bring_the_probe_down() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut bytes = Bytes(0x9e37_79b9_7f4a_7c15);
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&bytes.answer()).await;
        }
    });
    let check = check(&json!({
        "url": url,
        "follow_redirects": 3,
        "expect": {
            "status": ["100-599"],
            "headers": {"x-a": "."},
            "body_matches": "ok|1",
            "json": {"/status": "ok"},
        },
        "latency": "200ms",
    }));
    let (mut good, mut bad, mut error) = (0, 0, 0);
    let probe = Probe::new();
    for round in 0..1500 {
        let found = probe.measure(&check, None).await;
        match found.phase {
            Phase::Successful => good += 1,
            Phase::Failed => bad += 1,
            Phase::Error => error += 1,
            other => panic!("{other:?} in round {round}"),
        }
        // A connection is a task of its own, and so would be its panic.
        assert!(
            !found.summary.contains("panic"),
            "round {round}: {}",
            found.summary
        );
    }
    assert!(good > 0 && bad > 0 && error > 0, "{good} {bad} {error}");
}
