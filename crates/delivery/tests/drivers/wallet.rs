//! A company's wallet system, played by a server on the loopback address.

use crate::http_server::{HttpServer, Request, response};
use custos_delivery::reach::Reach;
use custos_delivery::wallet::{CallKey, LONGEST, NoAnswer, Question, WalletClient};
use data_encoding::BASE64;
use rustls::SignatureScheme;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::net::TcpListener;
use std::time::Duration;

const PRIVATE: &str = include_str!("wallet_key.pem");
/// The other half, as PKCS#1.
const PUBLIC: &[u8] = include_bytes!("wallet_key.der");
const GOOD: &str = r#"{"code":"0","data":{"amount":"1.50"},"ok":true}"#;

fn question(url: &str) -> Question {
    Question {
        url: url.to_owned(),
        path: "/get-user-amount",
        company_id: 7,
        customer_id: 70,
        trace: "trace-1".to_owned(),
        timestamp_ms: 1_800_000_000_000,
        key: CallKey::from_pem(PRIVATE).unwrap(),
        body: json!({ "userName": "10000001" }),
        wants_data: true,
    }
}

fn to_loopback() -> WalletClient {
    WalletClient::new(LONGEST, Reach::new(|address| address.is_loopback()))
}

/// What becomes of a question that is answered so, and what was asked.
fn asked(status: &str, headers: &str, body: &str) -> (Result<Map<String, Value>, NoAnswer>, Request) {
    let server = HttpServer::start(vec![response(status, headers, body)]);
    let answer = to_loopback().ask(&question(&format!("{}/hooks/", server.base)));
    if let Err(error) = &answer {
        assert!(!format!("{error} {error:?}").contains("leaked"), "{error:?}");
    }
    (answer, server.only_request())
}

/// Whether the company's key made this signature of a text.
fn is_signed(text: &str, signature: &[u8]) -> bool {
    let known = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    let (_, ways) =
        known.mapping.iter().find(|(scheme, _)| *scheme == SignatureScheme::RSA_PKCS1_SHA256).unwrap();
    ways.iter().any(|way| way.verify_signature(PUBLIC, text.as_bytes(), signature).is_ok())
}

#[test]
fn a_question_is_signed_for_what_it_asks() {
    let (answer, request) = asked("200 OK", "", GOOD);
    assert_eq!(answer.unwrap().get("amount"), Some(&json!("1.50")));
    assert_eq!(request.line, "POST /hooks/get-user-amount HTTP/1.1");
    assert_eq!(request.json(), json!({ "userName": "10000001" }));
    for (name, due) in
        [("companyid", "7"), ("trace", "trace-1"), ("timestamp", "1800000000000"), ("signversion", "2")]
    {
        assert_eq!(request.header(name), Some(due), "{name}");
    }
    let signature = BASE64.decode(request.header("signature").unwrap().as_bytes()).unwrap();
    let text = |path: &str, at: &str, body: &str| {
        let digest: String =
            Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{path}\n{at}\n{digest}")
    };
    let (path, at, body) = ("/get-user-amount", "1800000000000", request.body.as_str());
    assert!(is_signed(&text(path, at, body), &signature));
    // For another question, time or body it is none.
    for other in [
        text("/cancel", at, body),
        text(path, "1800000000001", body),
        text(path, at, &body.replace("10000001", "10000002")),
    ] {
        assert!(!is_signed(&other, &signature), "{other}");
    }
}

#[test]
fn an_answer_is_usable_or_not() {
    let usable =
        [GOOD, r#"{"code":0,"data":{"amount":1.5}}"#, r#"{"code":"0","data":{},"msg":null,"more":[1]}"#];
    for body in usable {
        assert!(asked("200 OK", "", body).0.is_ok(), "{body}");
    }
    let refused = [
        (r#"{"code":"US_0000001","msg":"leaked"}"#, "US_0000001"),
        (r#"{"code":1,"data":{"amount":"1"}}"#, ""),
        (r#"{"code":"it was leaked"}"#, ""),
    ];
    for (body, told) in refused {
        assert_eq!(asked("200 OK", "", body).0, Err(NoAnswer::Refused(told.to_owned())), "{body}");
    }
    for body in [
        "",
        "leaked",
        "[]",
        "{}",
        "null",
        "{\"code\":\"0\"}",
        "{\"code\":\"0\",\"data\":null}",
        "{\"code\":\"0\",\"data\":[1]}",
    ] {
        let (answer, _) = asked("200 OK", "", body);
        assert!(matches!(answer, Err(NoAnswer::Unusable(_))), "{body}: {answer:?}");
    }
    for status in ["400 Bad Request", "401 Unauthorized", "404 Not Found"] {
        let (answer, _) = asked(status, "", GOOD);
        assert!(matches!(answer, Err(NoAnswer::Unusable(_))), "{status}: {answer:?}");
    }
    for status in ["429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable"] {
        let (answer, _) = asked(status, "retry-after: 1\r\n", GOOD);
        assert!(matches!(answer, Err(NoAnswer::Silent(_))), "{status}: {answer:?}");
    }
    let (answer, _) =
        asked("200 OK", "", &format!("{{\"code\":\"0\",\"x\":\"{}\"}}", "leaked".repeat(20_000)));
    assert!(matches!(answer, Err(NoAnswer::Silent(_))), "{answer:?}");
}

#[test]
fn a_redirect_is_not_followed() {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "303 See Other",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        // Nobody answers there; whoever went would wait for it or be told of a failed connection.
        let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
        elsewhere.set_nonblocking(true).unwrap();
        let location = format!("location: http://{}/\r\n", elsewhere.local_addr().unwrap());
        let (answer, _) = asked(status, &location, GOOD);
        assert!(matches!(answer, Err(NoAnswer::Unusable(_))), "{status}: {answer:?}");
        assert!(elsewhere.accept().is_err(), "{status} was followed");
    }
}

#[test]
fn what_is_not_public_is_not_called() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let reaches = [Reach::public(), Reach::new(|address| address.to_string().starts_with("10."))];
    for reach in reaches {
        let client = WalletClient::new(LONGEST, reach);
        // By number, by name, and in other spellings of both.
        for host in
            ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433"]
        {
            for scheme in ["http", "https"] {
                let answer = client.ask(&question(&format!("{scheme}://{host}:{port}")));
                assert!(matches!(answer, Err(NoAnswer::Silent(_))), "{scheme}://{host}: {answer:?}");
            }
        }
    }
    assert!(listener.accept().is_err(), "something came");
}

#[test]
fn one_that_is_slow_or_down_is_silent() {
    // The system takes the connection, and nobody reads it.
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    let reach = Reach::new(|address| address.is_loopback());
    let client = WalletClient::new(Duration::from_millis(100), reach);
    let url = format!("http://{}", slow.local_addr().unwrap());
    assert_eq!(client.ask(&question(&url)), Err(NoAnswer::Silent("no answer in time".to_owned())));
    drop(slow);
    assert!(matches!(client.ask(&question(&url)), Err(NoAnswer::Silent(_))));
}
