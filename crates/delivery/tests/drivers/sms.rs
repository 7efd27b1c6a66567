use std::io::{Read, Write};

use custos_delivery::SendError;
use custos_delivery::sms::{Sms, SmsDriver};
use data_encoding::BASE64;

use crate::http_server::{HttpServer, response};

const CODE: &str = "483920";
const TEXT: &str = "483920 is your Acme & Co code";

fn sms(text: &str) -> Sms<'_> {
    Sms { to: "+8613800000000", code: Some(CODE), text, lang: "en-US", company: 7 }
}

fn escaped(url: &str) -> String {
    url.replace(':', "%3A").replace('/', "%2F")
}

fn twilio(server: &HttpServer, from: &str) -> SmsDriver {
    SmsDriver::from_url(&format!("twilio://AC77:tok%3Aen@{from}?base_url={}", escaped(&server.base))).unwrap()
}

fn vonage(server: &HttpServer) -> SmsDriver {
    SmsDriver::from_url(&format!("vonage://key:sec%26ret@Acme?base_url={}/", server.base)).unwrap()
}

fn generic(server: &HttpServer) -> SmsDriver {
    SmsDriver::from_url(&format!("{}/send?gateway=1", server.base)).unwrap()
}

/// What the driver makes of one answer; no error may hold a secret or the code.
fn outcome(driver: impl Fn(&HttpServer) -> SmsDriver, server: HttpServer) -> Result<(), SendError> {
    let result = driver(&server).send(&sms(TEXT));
    server.only_request();
    if let Err(error) = &result {
        let shown = format!("{error} {error:?}");
        for secret in [CODE, "tok:en", "sec&ret", "8613800000000", "127.0.0.1", "leaked"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    result
}

fn is_temporary(result: &Result<(), SendError>) -> bool {
    matches!(result, Err(error) if !error.is_permanent())
}

fn is_permanent(result: &Result<(), SendError>) -> bool {
    matches!(result, Err(error) if error.is_permanent())
}

#[test]
fn generic_posts_json_and_takes_any_2xx() {
    let server = HttpServer::answering("202 Accepted", "whatever, this is not JSON");
    let driver = generic(&server).with_header("X-Key", "k1").unwrap();
    driver.send(&sms(TEXT)).unwrap();
    let request = server.only_request();
    assert_eq!(request.line, "POST /send?gateway=1 HTTP/1.1");
    assert_eq!(request.header("x-key"), Some("k1"));
    assert_eq!(
        request.json(),
        serde_json::json!({"to": "+8613800000000", "code": CODE, "text": TEXT, "lang": "en-US", "company": 7})
    );
}

#[test]
fn generic_sends_null_for_no_code_and_basic_auth_from_the_url() {
    let server = HttpServer::answering("204 No Content", "");
    let url = server.base.replace("http://", "http://us%40er:pw@");
    SmsDriver::from_url(&url).unwrap().send(&Sms { code: None, ..sms(TEXT) }).unwrap();
    let request = server.only_request();
    let expected = format!("Basic {}", BASE64.encode(b"us@er:pw"));
    assert_eq!(request.header("authorization"), Some(expected.as_str()));
    assert!(request.json()["code"].is_null());
}

#[test]
fn generic_tells_permanent_from_temporary() {
    for status in ["400 Bad Request", "403 Forbidden", "404 Not Found", "422 Unprocessable"] {
        assert!(is_permanent(&outcome(generic, HttpServer::answering(status, "leaked"))), "{status}");
    }
    for status in ["401 Unauthorized", "408 Timeout", "429 Too Many", "500 Oops", "503 Down"] {
        assert!(is_temporary(&outcome(generic, HttpServer::answering(status, "leaked"))), "{status}");
    }
    let busy = response("429 Too Many Requests", "retry-after: 17\r\n", "");
    let result = outcome(generic, HttpServer::start(vec![busy]));
    assert_eq!(result.unwrap_err().retry_after_s(), Some(17));
    let ages = response("503 Down", "retry-after: 99999999999\r\n", "");
    let result = outcome(generic, HttpServer::start(vec![ages]));
    assert_eq!(result.unwrap_err().retry_after_s(), Some(86_400));
}

#[test]
fn redirects_are_not_followed() {
    for status in ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent"] {
        let target = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        target.set_nonblocking(true).unwrap();
        let location = format!("location: http://{}/\r\n", target.local_addr().unwrap());
        for driver in [generic as fn(&HttpServer) -> SmsDriver, vonage] {
            let server = HttpServer::start(vec![response(status, &location, "")]);
            assert!(is_temporary(&outcome(driver, server)), "{status}");
        }
        assert!(target.accept().is_err(), "{status}");
    }
}

#[test]
fn twilio_posts_a_form_with_basic_auth() {
    let created = r#"{"sid":"SM1","status":"queued","error_code":null,"error_message":null}"#;
    let server = HttpServer::answering("201 Created", created);
    twilio(&server, "+15551230000").send(&sms(TEXT)).unwrap();
    let request = server.only_request();
    assert_eq!(request.line, "POST /2010-04-01/Accounts/AC77/Messages.json HTTP/1.1");
    let expected = format!("Basic {}", BASE64.encode(b"AC77:tok:en"));
    assert_eq!(request.header("authorization"), Some(expected.as_str()));
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(
        request.form(),
        [pair("To", "+8613800000000"), pair("From", "+15551230000"), pair("Body", TEXT)]
    );
}

#[test]
fn twilio_sends_by_messaging_service() {
    let server = HttpServer::answering("201 Created", r#"{"sid":"SM1"}"#);
    let service = "MG0123456789abcdef0123456789abcdef";
    twilio(&server, service).send(&sms("验证码 & +1")).unwrap();
    let form = server.only_request().form();
    assert_eq!(form[1], ("MessagingServiceSid".to_owned(), service.to_owned()));
    assert_eq!(form[2], ("Body".to_owned(), "验证码 & +1".to_owned()));
}

#[test]
fn twilio_errors_are_told_apart() {
    let driver = |server: &HttpServer| twilio(server, "+15551230000");
    let body = r#"{"code":21211,"message":"+8613800000000 leaked","more_info":"","status":400}"#;
    let result = outcome(driver, HttpServer::answering("400 Bad Request", body));
    assert_eq!(
        result,
        Err(SendError::Permanent("refused with HTTP status 400, Twilio error 21211".to_owned()))
    );
    for (status, body) in [
        ("429 Too Many Requests", r#"{"code":20429,"message":"x","status":429}"#),
        ("401 Unauthorized", r#"{"code":20003,"message":"x","status":401}"#),
        ("503 Unavailable", "<html>"),
        ("201 Created", "<html>captive portal</html>"),
        ("200 OK", "{}"),
        ("201 Created", ""),
    ] {
        assert!(is_temporary(&outcome(driver, HttpServer::answering(status, body))), "{status}");
    }
    let failed = r#"{"sid":"SM1","status":"failed","error_code":30006}"#;
    assert!(is_permanent(&outcome(driver, HttpServer::answering("201 Created", failed))));
}

#[test]
fn vonage_posts_a_form_and_marks_unicode() {
    let sent = r#"{"message-count":"1","messages":[{"to":"8613800000000","message-id":"1","status":"0"}]}"#;
    for (text, kind) in [(TEXT, None), ("您的验证码 483920", Some("unicode"))] {
        let server = HttpServer::answering("200 OK", sent);
        vonage(&server).send(&sms(text)).unwrap();
        let request = server.only_request();
        assert_eq!(request.line, "POST /sms/json HTTP/1.1");
        let form = request.form();
        let field = |name: &str| form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(field("api_key"), Some("key"));
        assert_eq!(field("api_secret"), Some("sec&ret"));
        assert_eq!(field("from"), Some("Acme"));
        assert_eq!(field("to"), Some("8613800000000"));
        assert_eq!(field("text"), Some(text));
        assert_eq!(field("type"), kind);
    }
}

#[test]
fn vonage_statuses_are_told_apart() {
    let with = |statuses: &[&str]| {
        let parts = statuses.iter().map(|s| format!(r#"{{"status":"{s}","error-text":"leaked"}}"#));
        let body = format!(r#"{{"message-count":"1","messages":[{}]}}"#, parts.collect::<Vec<_>>().join(","));
        outcome(vonage, HttpServer::answering("200 OK", &body))
    };
    assert_eq!(with(&["0"]), Ok(()));
    assert_eq!(with(&["0", "0"]), Ok(()));
    for temporary in ["1", "4", "5"] {
        assert!(is_temporary(&with(&[temporary])), "{temporary}");
    }
    for permanent in ["2", "3", "6", "7", "9", "15", "29", "leaked"] {
        assert!(is_permanent(&with(&[permanent])), "{permanent}");
    }
    assert!(is_permanent(&with(&["0", "7"])));
    assert!(is_temporary(&with(&[])));
    for garbage in ["", "OK", "{}", r#"{"messages":[{"status":0}]}"#, r#"{"messages":"x"}"#] {
        assert!(is_temporary(&outcome(vonage, HttpServer::answering("200 OK", garbage))), "{garbage}");
    }
}

#[test]
fn answers_are_bounded_and_broken_ones_are_temporary() {
    let huge = format!(r#"{{"sid":"SM1","pad":"{}"}}"#, "x".repeat(70_000));
    let driver = |server: &HttpServer| twilio(server, "+15551230000");
    assert!(is_temporary(&outcome(driver, HttpServer::answering("201 Created", &huge))));
    // The webhook's body says nothing, so its size changes nothing.
    assert_eq!(outcome(generic, HttpServer::answering("200 OK", &huge)), Ok(()));
    for broken in ["", "hello\r\n\r\n", "HTTP/1.1 999999 ?\r\n\r\n"] {
        assert!(is_temporary(&outcome(generic, HttpServer::start(vec![broken.to_owned()]))), "{broken}");
    }
    let cut = "HTTP/1.1 201 Created\r\ncontent-length: 50\r\n\r\n{\"sid\":\"SM1\"}".to_owned();
    assert!(is_temporary(&outcome(driver, HttpServer::start(vec![cut]))));
}

#[test]
fn a_server_that_is_away_is_temporary() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let error = SmsDriver::from_url(&url).unwrap().send(&sms(TEXT)).unwrap_err();
    assert_eq!(error, SendError::Temporary("the connection failed: connection refused".to_owned()));
}

#[test]
fn https_needs_a_real_handshake() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();
        let mut first = [0];
        stream.read_exact(&mut first).unwrap();
        first[0]
    });
    let error = SmsDriver::from_url(&url).unwrap().send(&sms(TEXT)).unwrap_err();
    assert!(!error.is_permanent(), "{error}");
    // 22: a TLS handshake record came, not the request in the clear.
    assert_eq!(server.join().unwrap(), 22);
}
