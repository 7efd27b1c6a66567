use custos_delivery::SendError;
use custos_delivery::telegram::TelegramBot;

use crate::http_server::HttpServer;

const TOKEN: &str = "123456:AAsecret_-token";

fn sent(status: &str, body: &str) -> (Result<(), SendError>, crate::http_server::Request) {
    let server = HttpServer::answering(status, body);
    let bot = TelegramBot::new(&format!("{}/", server.base), TOKEN).unwrap();
    let result = bot.send_message("987654321", "验证码 483920");
    if let Err(error) = &result {
        let shown = format!("{error} {error:?} {bot:?}");
        for secret in ["AAsecret", "483920", "987654321", "127.0.0.1", "leaked"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    (result, server.only_request())
}

#[test]
fn sends_json_to_the_bots_address_without_link_preview() {
    let (result, request) = sent("200 OK", r#"{"ok":true,"result":{"message_id":1}}"#);
    assert_eq!(result, Ok(()));
    assert_eq!(request.line, format!("POST /bot{TOKEN}/sendMessage HTTP/1.1"));
    assert_eq!(
        request.json(),
        serde_json::json!({
            "chat_id": 987_654_321,
            "text": "验证码 483920",
            "link_preview_options": {"is_disabled": true},
        })
    );
}

#[test]
fn a_user_who_cannot_be_reached_is_permanent() {
    let blocked = r#"{"ok":false,"error_code":403,"description":"Forbidden: bot was blocked by the user"}"#;
    assert_eq!(
        sent("403 Forbidden", blocked).0,
        Err(SendError::Permanent("Telegram refused with 403".to_owned()))
    );
    let unknown = r#"{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}"#;
    assert!(sent("400 Bad Request", unknown).0.unwrap_err().is_permanent());
    let bot = TelegramBot::new("http://127.0.0.1:1", TOKEN).unwrap();
    assert!(bot.send_message("@someone", "x").unwrap_err().is_permanent());
}

#[test]
fn floods_wait_as_long_as_telegram_says() {
    let flood = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}"#;
    let error = sent("429 Too Many Requests", flood).0.unwrap_err();
    assert_eq!(error.retry_after_s(), Some(35));
    assert!(!error.is_permanent());
    let vague = r#"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#;
    let error = sent("429 Too Many Requests", vague).0.unwrap_err();
    assert_eq!(error, SendError::Temporary("Telegram refused with 429".to_owned()));
}

#[test]
fn trouble_that_is_not_the_users_is_temporary() {
    for (status, body) in [
        ("500 Internal Server Error", r#"{"ok":false,"error_code":500,"description":"leaked"}"#),
        ("401 Unauthorized", r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#),
        ("404 Not Found", r#"{"ok":false,"error_code":404,"description":"Not Found"}"#),
        ("502 Bad Gateway", "<html>leaked</html>"),
        ("200 OK", "<html>leaked</html>"),
        ("200 OK", r#"{"ok":false}"#),
        ("302 Found", ""),
    ] {
        let error = sent(status, body).0.unwrap_err();
        assert!(!error.is_permanent(), "{status}: {error}");
    }
    let huge = format!(r#"{{"ok":true,"result":"{}"}}"#, "x".repeat(70_000));
    assert!(!sent("200 OK", &huge).0.unwrap_err().is_permanent());
}
