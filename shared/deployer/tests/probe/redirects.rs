//! Where a server may send the probe, and what the probe takes along.

use greenlight_aws::chain;
use greenlight_deployer::probe::{Answer, Probe, ProbeError, Surroundings};
use serde_json::{Value, json};

use crate::document::check;
use crate::server::{Identity, Server, answer, ok, redirect};

async fn ask(keys: &Value, url: &str) -> Result<Answer, ProbeError> {
    let check = check(keys);
    Probe::new().ask(&check, &check.requests[0], url).await
}

#[tokio::test]
async fn a_redirect_is_an_answer_unless_the_check_follows_it() {
    let server = Server::answering(vec![redirect(302, "/login"), answer("200 OK", "", "in")]).await;
    let found = ask(&json!({}), &server.url).await.unwrap();
    assert_eq!(found.status, 302);
    assert_eq!(server.asked().len(), 1);

    let server = Server::answering(vec![redirect(302, "/login"), answer("200 OK", "", "in")]).await;
    let found = ask(&json!({"follow_redirects": 1}), &server.url)
        .await
        .unwrap();
    assert_eq!((found.status, &found.body[..]), (200, &b"in"[..]));
    assert!(server.asked()[1].text.starts_with("get /login "));

    let server = Server::answering(vec![redirect(302, "/?a=s3cret")]).await;
    let error = ask(&json!({"follow_redirects": 3}), &server.url)
        .await
        .unwrap_err();
    assert!(
        matches!(error, ProbeError::Redirects { limit: 3, .. }),
        "{error}"
    );
    assert!(!error.to_string().contains("s3cret"), "{error}");
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_redirect_to_something_else_than_http_is_refused() {
    for location in [
        "file:///etc/passwd",
        "ftp://x/",
        "data:text/plain,x",
        "http://",
        "//:0",
    ] {
        let server = Server::answering(vec![redirect(302, location)]).await;
        let error = ask(&json!({"follow_redirects": 3}), &server.url)
            .await
            .unwrap_err();
        assert!(
            matches!(&error, ProbeError::Astray { source, .. } if matches!(**source, ProbeError::Url { .. })),
            "{location}: {error}"
        );
    }
}

#[tokio::test]
async fn the_method_and_the_body_follow_the_status() {
    for (status, method, next, keeps_body) in [
        (301, "POST", "get", false),
        (302, "POST", "get", false),
        (303, "POST", "get", false),
        (303, "PUT", "get", false),
        (303, "HEAD", "head", false),
        (301, "PUT", "put", true),
        (302, "DELETE", "delete", true),
        (307, "POST", "post", true),
        (308, "PATCH", "patch", true),
    ] {
        let server = Server::answering(vec![redirect(status, "/next"), ok()]).await;
        let mut keys = json!({
            "method": method,
            "headers": {"content-type": "text/plain", "x-probe": "1"},
            "follow_redirects": 1,
        });
        if method != "HEAD" {
            keys["body"] = json!("ping");
        }
        ask(&keys, &server.url).await.unwrap();
        let second = server.asked().remove(1).text;
        let case = format!("{status} {method}: {second}");
        assert!(second.starts_with(&format!("{next} /next ")), "{case}");
        assert_eq!(second.ends_with("ping"), keeps_body, "{case}");
        assert_eq!(
            second.contains("content-type"),
            keeps_body || method == "HEAD",
            "{case}"
        );
        assert!(
            second.contains("x-probe: 1"),
            "the place is the same: {case}"
        );
    }
}

#[tokio::test]
async fn another_place_gets_neither_headers_nor_body_and_they_do_not_come_back() {
    let back = Server::answering(vec![ok()]).await;
    let other = Server::answering(vec![redirect(307, &format!("{}/back", back.url))]).await;
    // The first place is another one than `back` by its port alone, too.
    let first = Server::answering(vec![redirect(307, &format!("{}/other", other.url))]).await;
    let keys = json!({
        "method": "POST",
        "headers": {"authorization": "Bearer s3cret", "x-probe": "1"},
        "body": "ping",
        "follow_redirects": 5,
    });
    ask(&keys, &first.url).await.unwrap();
    let sent = first.asked().remove(0).text;
    assert!(
        sent.contains("bearer s3cret") && sent.ends_with("ping"),
        "{sent}"
    );
    for server in [&other, &back] {
        let sent = server.asked().remove(0).text;
        assert!(sent.starts_with("post /"), "{sent}");
        assert!(sent.ends_with("\r\n\r\n"), "{sent}");
        for never in ["s3cret", "x-probe", "authorization"] {
            assert!(!sent.contains(never), "{sent}");
        }
    }

    // One server under two names, which sends the probe from one to the other and back.
    let away = redirect(307, "http://b.example.org:PORT/");
    let home = redirect(307, "http://a.example.org:PORT/");
    let server = Server::answering(vec![away, home, ok()]).await;
    let loopback = vec!["127.0.0.1".parse().unwrap()];
    let names = ["a.example.org", "b.example.org"].map(|it| (it.to_owned(), loopback.clone()));
    let probe = Probe::within(Surroundings {
        hosts: names.into(),
        ..Surroundings::default()
    });
    let check = check(&keys);
    let url = format!("http://a.example.org:{}/", server.address.port());
    probe.ask(&check, &check.requests[0], &url).await.unwrap();
    let sent: Vec<_> = server.asked().into_iter().map(|asked| asked.text).collect();
    assert!(
        sent[0].contains("s3cret") && sent[0].contains("host: a.example.org"),
        "{sent:?}"
    );
    assert!(
        sent[1].contains("host: b.example.org") && !sent[1].contains("s3cret"),
        "{sent:?}"
    );
    assert!(
        sent[2].contains("host: a.example.org") && !sent[2].contains("s3cret"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn https_is_not_left_for_http() {
    let identity = Identity::of(&["api.example.org"]);
    let plain = Server::answering(vec![ok()]).await;
    let to = format!("{}/?token=s3cret", plain.url);
    let server = Server::over_tls(&identity, vec![redirect(302, &to)]).await;
    let probe = Probe::within(Surroundings {
        roots: Some(vec![identity.certificate.clone()]),
        ..Surroundings::default()
    });
    let check = check(&json!({"server_name": "api.example.org", "follow_redirects": 3}));
    let error = probe
        .ask(&check, &check.requests[0], &server.url)
        .await
        .unwrap_err();
    assert!(matches!(error, ProbeError::Downgrade { .. }), "{error}");
    assert!(!chain(&error).contains("s3cret"), "{error}");
    assert!(plain.asked().is_empty());
}

#[tokio::test]
async fn a_redirect_to_the_services_own_name_stays_at_the_test_listener() {
    let identity = Identity::of(&["api.example.org"]);
    let to = "https://API.example.org/home?a=b";
    let server = Server::over_tls(&identity, vec![redirect(302, to), ok()]).await;
    let probe = Probe::within(Surroundings {
        roots: Some(vec![identity.certificate.clone()]),
        // Asking production would fail: its name leads nowhere.
        hosts: [("api.example.org".to_owned(), Vec::new())].into(),
    });
    let check = check(&json!({
        "path": "/",
        "server_name": "api.example.org",
        "headers": {"x-probe": "1"},
        "follow_redirects": 1,
    }));
    let answer = probe
        .ask(&check, &check.requests[0], &server.url)
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let second = server.asked().remove(1);
    assert!(second.text.starts_with("get /home?a=b "), "{second:?}");
    assert!(
        second.text.contains("host: api.example.org\r\n"),
        "{second:?}"
    );
    assert!(second.text.contains("x-probe: 1\r\n"), "{second:?}");
    assert_eq!(second.sni.as_deref(), Some("api.example.org"));
}
