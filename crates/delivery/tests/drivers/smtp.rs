use custos_delivery::SendError;
use custos_delivery::smtp::{Email, SmtpMailer};
use data_encoding::BASE64;

use crate::smtp_server::{Session, SmtpServer};

const CODE: &str = "483920";

fn email() -> Email<'static> {
    Email {
        to: "ann@x.example",
        from_name: Some("Acme"),
        subject: "Your Acme verification code",
        text: "Use this code:\n\n483920\n",
        html: Some("<p>483920</p>\n"),
        reference: "outbox-42",
        at_ms: 1_700_000_000_000,
    }
}

fn mailer(server: &SmtpServer) -> SmtpMailer {
    let url = format!("smtp://us%40er:p%3Aw@{}?from=no-reply%40acme.example", server.host);
    SmtpMailer::from_url(&url).unwrap()
}

fn sent(answers: &[(&'static str, &'static str)], email: &Email<'_>) -> (Result<(), SendError>, Session) {
    let server = SmtpServer::start(answers);
    let mailer = mailer(&server);
    let result = mailer.send(email);
    drop(mailer);
    if let Err(error) = &result {
        let shown = format!("{error} {error:?}");
        for secret in [CODE, "p:w", "ann@x.example", "leaked"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    (result, server.session())
}

/// The header block, unfolded, one header a line.
fn headers(message: &str) -> Vec<String> {
    let block = message.split("\n\n").next().unwrap().replace("\n ", " ").replace("\n\t", " ");
    block.lines().map(str::to_owned).collect()
}

#[test]
fn a_message_is_handed_over() {
    let (result, session) = sent(&[], &email());
    assert_eq!(result, Ok(()));
    let credentials = format!("AUTH PLAIN {}", BASE64.encode(b"\0us@er\0p:w"));
    assert!(session.commands[0].starts_with("EHLO "), "{:?}", session.commands);
    assert_eq!(session.commands[1], credentials);
    assert_eq!(session.commands[2], "MAIL FROM:<no-reply@acme.example>");
    assert_eq!(session.commands[3], "RCPT TO:<ann@x.example>");
    assert_eq!(session.commands[4], "DATA");
    let message = &session.messages[0];
    let headers = headers(message);
    for expected in [
        "From: Acme <no-reply@acme.example>",
        "To: ann@x.example",
        "Subject: Your Acme verification code",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Message-ID: <custos-outbox-42@acme.example>",
        "Auto-Submitted: auto-generated",
        "MIME-Version: 1.0",
    ] {
        assert!(headers.iter().any(|header| header == expected), "{expected} in {headers:#?}");
    }
    assert!(message.contains("multipart/alternative"));
    let plain = message.find("text/plain; charset=utf-8").unwrap();
    let html = message.find("text/html; charset=utf-8").unwrap();
    assert!(plain < html);
    assert_eq!(message.matches(CODE).count(), 2);
}

#[test]
fn a_message_without_html_is_plain_text() {
    let (result, session) = sent(&[], &Email { html: None, from_name: None, ..email() });
    assert_eq!(result, Ok(()));
    assert!(!session.messages[0].contains("multipart"));
    assert!(headers(&session.messages[0]).contains(&"From: no-reply@acme.example".to_owned()));
}

#[test]
fn connections_are_used_again() {
    let server = SmtpServer::start(&[]);
    let mailer = mailer(&server);
    mailer.send(&email()).unwrap();
    mailer.send(&email()).unwrap();
    drop(mailer);
    let session = server.session();
    assert_eq!(session.messages.len(), 2);
    assert_eq!(session.commands.iter().filter(|command| command.starts_with("AUTH")).count(), 1);
}

#[test]
fn headers_cannot_be_injected() {
    let hostile = "Hello\r\nBcc: evil@x.example\r\n\r\n<script>\nX-Evil: 1\u{85}\u{2028}x";
    let (result, session) = sent(
        &[],
        &Email { subject: hostile, from_name: Some(hostile), reference: "a\r\nBcc: b>@<", ..email() },
    );
    assert_eq!(result, Ok(()));
    let headers = headers(&session.messages[0]);
    for header in &headers {
        let name = header.split(':').next().unwrap();
        let known =
            ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"];
        assert!(known.contains(&name), "{header}");
    }
    assert_eq!(session.commands.iter().filter(|command| command.starts_with("RCPT")).count(), 1);
    assert!(headers.contains(&"Message-ID: <custos-aBccb@acme.example>".to_owned()), "{headers:#?}");
}

#[test]
fn recipients_cannot_be_injected() {
    for to in ["a@x.example>\r\nRCPT TO:<b@x.example", "a@x.example, b@x.example", "not an address", "", "a@"]
    {
        // Nothing is connected to: the address is refused first.
        let mailer = SmtpMailer::from_url("smtp://127.0.0.1:1").unwrap();
        let error = mailer.send(&Email { to, ..email() }).unwrap_err();
        assert_eq!(error, SendError::Permanent("not an e-mail address".to_owned()), "{to}");
    }
}

#[test]
fn words_of_any_script_and_lines_with_dots_arrive_whole() {
    let text = ".\n..\n验证码 483920";
    let (result, session) =
        sent(&[], &Email { subject: "您的验证码", from_name: Some("环球"), text, html: None, ..email() });
    assert_eq!(result, Ok(()));
    let (head, body) = session.messages[0].split_once("\n\n").unwrap();
    assert!(head.is_ascii() && head.contains("Subject: =?utf-8?b?"), "{head}");
    assert!(head.contains("base64") || head.contains("quoted-printable"), "{head}");
    if head.contains("base64") {
        let packed: String = body.split_whitespace().collect();
        let text = String::from_utf8(BASE64.decode(packed.as_bytes()).unwrap()).unwrap();
        assert!(text.replace("\r\n", "\n").contains("..\n验证码 483920"), "{text}");
    }
}

#[test]
fn refusals_are_permanent_or_temporary_by_their_status() {
    for (verb, answer) in [
        ("RCPT", "550 5.1.1 no such user ann@x.example leaked"),
        ("MAIL", "553 5.1.8 sender"),
        (".", "554 5.7.1 483920 looks like spam"),
    ] {
        let (result, _) = sent(&[(verb, answer)], &email());
        let code = answer.split(' ').next().unwrap();
        assert_eq!(result, Err(SendError::Permanent(format!("refused with SMTP status {code}"))), "{verb}");
    }
    for (verb, answer) in [
        ("RCPT", "450 4.2.1 later leaked"),
        ("RCPT", "452 4.2.2 full"),
        ("DATA", "451 4.3.0 later"),
        (".", "421 4.3.2 closing"),
        ("greeting", "421 busy"),
        ("AUTH", "454 4.7.0 later"),
        ("AUTH", "535 5.7.8 leaked"),
        ("MAIL", "530 5.7.0 sign in first"),
    ] {
        let (result, _) = sent(&[(verb, answer)], &email());
        let code = answer.split(' ').next().unwrap();
        assert_eq!(result, Err(SendError::Temporary(format!("refused with SMTP status {code}"))), "{verb}");
    }
}

#[test]
fn trouble_with_the_server_is_temporary() {
    for answers in [[("greeting", "what is this?")], [("EHLO", "250 nothing offered")], [("MAIL", "hello?")]]
    {
        let (result, session) = sent(&answers, &email());
        assert!(matches!(result, Err(SendError::Temporary(_))), "{result:?}");
        assert!(session.messages.is_empty());
    }
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = SmtpMailer::from_url(&url).unwrap().send(&email()).unwrap_err();
    assert_eq!(error, SendError::Temporary("the connection to the server failed".to_owned()));
}

#[test]
fn nothing_is_told_to_a_server_without_starttls() {
    let server = SmtpServer::start(&[]);
    let mailer = SmtpMailer::from_url(&format!("smtp://user:pw@{}?tls=required", server.host)).unwrap();
    assert!(matches!(mailer.send(&email()), Err(SendError::Temporary(_))));
    drop(mailer);
    let session = server.session();
    let told = ["EHLO", "QUIT"];
    assert!(
        session.commands.iter().all(|line| told.iter().any(|verb| line.starts_with(verb))),
        "{session:?}"
    );
}

#[test]
fn a_server_that_does_not_speak_tls_gets_nothing() {
    for (url, answers) in [
        ("smtps://user:pw@HOST", &[][..]),
        (
            "smtp://user:pw@HOST?tls=required",
            &[
                ("EHLO", "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN"),
                ("STARTTLS", "220 go on\r\nno TLS here"),
            ][..],
        ),
    ] {
        let server = SmtpServer::start(answers);
        let mailer = SmtpMailer::from_url(&url.replace("HOST", &server.host)).unwrap();
        let error = mailer.send(&email()).unwrap_err();
        assert!(!error.is_permanent(), "{error}");
        drop(mailer);
        let session = server.session();
        assert!(session.messages.is_empty());
        let spoken = |verb: &str| session.commands.iter().any(|line| line.starts_with(verb));
        assert!(!spoken("AUTH") && !spoken("MAIL"), "{session:?}");
    }
}

#[test]
fn check_signs_in_and_repeats_what_the_server_says() {
    let server = SmtpServer::start(&[]);
    let mailer_in = mailer(&server);
    assert_eq!(mailer_in.check(), Ok(()));
    drop(mailer_in);
    let session = server.session();
    assert!(session.commands.iter().any(|line| line.starts_with("AUTH PLAIN")));
    assert!(session.messages.is_empty());

    let server = SmtpServer::start(&[("AUTH", "535 5.7.8 wrong password, friend")]);
    let mailer_out = mailer(&server);
    let error = mailer_out.check().unwrap_err();
    assert!(error.contains("wrong password, friend") && !error.contains("p:w"), "{error}");
}
