//! E-mail over SMTP.

use std::time::{Duration, SystemTime};

use lettre::address::AddressError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart, SinglePart};
use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, Message, SmtpTransport, Transport};

use crate::SendError;
use crate::url::SettingUrl;

/// For each step of the conversation.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Connections kept open at most; delivery is done by a few workers.
const POOL_MAX: u32 = 4;

const KNOWN_PARAMS: [&str; 3] = ["tls", "from", "hello"];

/// One e-mail.
#[derive(Clone, Copy)]
pub struct Email<'a> {
    /// The recipient's address.
    pub to: &'a str,
    /// Shown as the sender's name; the address is the mailer's.
    pub from_name: Option<&'a str>,
    /// One line.
    pub subject: &'a str,
    /// The plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: Option<&'a str>,
    /// Names this message for ever, such as the outbox id: a message sent twice keeps its
    /// Message-ID. Letters, digits and dashes; others are left out.
    pub reference: &'a str,
    /// The message's date, in ms since 1970.
    pub at_ms: i64,
}

/// A connection-keeping SMTP client; cloning shares the connections.
#[derive(Clone)]
pub struct SmtpMailer {
    transport: SmtpTransport,
    from: Mailbox,
}

impl std::fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpMailer").field("from", &self.from).finish_non_exhaustive()
    }
}

impl SmtpMailer {
    /// Reads a mailer from its setting:
    /// - `smtps://user:password@host[:465]`: TLS from the first byte;
    /// - `smtp://user:password@host[:587]`: STARTTLS, and nothing is sent to a server that does not
    ///   offer it. `?tls=opportunistic` does without where it is not offered, `?tls=none` never
    ///   uses it; the latter is the default for a loopback host, where nobody listens in between.
    ///
    /// User and password are percent-decoded and optional. `from=` names the sender
    /// (`Acme <no-reply@acme.example>`, percent-encoded); without it the user is the sender if it is
    /// an address, else `no-reply@` the host. `hello=` is the name given in EHLO.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let url = SettingUrl::parse(url)?;
        url.only_params(&KNOWN_PARAMS)?;
        let host = url.host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let (tls, port) = security(&url, &host)?;
        let mut builder = SmtpTransport::builder_dangerous(host.clone())
            .port(url.port.unwrap_or(port))
            .tls(tls)
            .timeout(Some(TIMEOUT))
            .pool_config(PoolConfig::new().max_size(POOL_MAX));
        if let Some(user) = &url.user {
            let password = url.password.clone().unwrap_or_default();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        if let Some(name) = url.param("hello") {
            let sound = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'[' | b']' | b':');
            if name.is_empty() || !name.bytes().all(sound) {
                return Err("hello= must be a host name".to_owned());
            }
            builder = builder.hello_name(ClientId::Domain(name.to_owned()));
        }
        let from = match url.param("from") {
            Some(from) => mailbox(from)?,
            None => default_sender(url.user.as_deref(), &host)?,
        };
        Ok(Self { transport: builder.build(), from })
    }

    /// The same connections with another sender, as `no-reply@acme.example` or
    /// `Acme <no-reply@acme.example>`.
    pub fn with_from(self, from: &str) -> Result<Self, String> {
        Ok(Self { from: mailbox(from)?, ..self })
    }

    /// Hands a message over to the server.
    pub fn send(&self, email: &Email<'_>) -> Result<(), SendError> {
        let message = self.message(email)?;
        match self.transport.send(&message) {
            Ok(_) => Ok(()),
            // An address that the server's lack of SMTPUTF8 keeps out will not get better.
            Err(error) if error.is_client() && !email.to.is_ascii() => {
                Err(SendError::Permanent("the server does not take such addresses".to_owned()))
            }
            Err(error) => Err(classify(&error)),
        }
    }

    /// Connects, signs in and asks for a sign of life, for the doctor command; the server's own
    /// words are repeated, since no customer is involved.
    pub fn check(&self) -> Result<(), String> {
        match self.transport.test_connection() {
            Ok(true) => Ok(()),
            Ok(false) => Err("the server does not answer".to_owned()),
            Err(error) => Err(one_line(&error.to_string())),
        }
    }

    fn message(&self, email: &Email<'_>) -> Result<Message, SendError> {
        let refuse = |reason: &str| SendError::Permanent(reason.to_owned());
        let to: Address = email.to.parse().map_err(|_: AddressError| refuse("not an e-mail address"))?;
        let name = email.from_name.map(one_line).filter(|name| !name.is_empty());
        let from = Mailbox::new(name.or_else(|| self.from.name.clone()), self.from.email.clone());
        let at_ms = u64::try_from(email.at_ms).map_err(|_| refuse("the date lies before 1970"))?;
        let date = SystemTime::UNIX_EPOCH
            .checked_add(Duration::from_millis(at_ms))
            .ok_or_else(|| refuse("the date is out of range"))?;
        let reference: String =
            email.reference.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let message_id = format!("<custos-{reference}@{}>", self.from.email.domain());
        let headers = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(one_line(email.subject))
            .date(date)
            .message_id(Some(message_id))
            // Keeps holiday and vacation programs from answering.
            .raw_header(HeaderValue::new(
                HeaderName::new_from_ascii_str("Auto-Submitted"),
                "auto-generated".to_owned(),
            ));
        let text = email.text.to_owned();
        let built = match email.html {
            Some(html) => headers.multipart(MultiPart::alternative_plain_html(text, html.to_owned())),
            None => headers.singlepart(SinglePart::plain(text)),
        };
        built.map_err(|_| refuse("the message cannot be put together"))
    }
}

fn security(url: &SettingUrl, host: &str) -> Result<(Tls, u16), String> {
    let parameters =
        || TlsParameters::new(host.to_owned()).map_err(|error| format!("TLS cannot be set up: {error}"));
    match (url.scheme.as_str(), url.param("tls")) {
        ("smtps", None) => Ok((Tls::Wrapper(parameters()?), 465)),
        ("smtps", Some(_)) => Err("smtps:// always uses TLS; leave out tls=".to_owned()),
        ("smtp", None) if url.is_loopback() => Ok((Tls::None, 587)),
        ("smtp", None | Some("required")) => Ok((Tls::Required(parameters()?), 587)),
        ("smtp", Some("opportunistic")) => Ok((Tls::Opportunistic(parameters()?), 587)),
        ("smtp", Some("none")) => Ok((Tls::None, 587)),
        ("smtp", Some(_)) => Err("tls= is one of required, opportunistic, none".to_owned()),
        _ => Err("an SMTP URL begins with smtp:// or smtps://".to_owned()),
    }
}

fn default_sender(user: Option<&str>, host: &str) -> Result<Mailbox, String> {
    if let Some(address) = user.and_then(|user| user.parse::<Address>().ok()) {
        return Ok(Mailbox::new(None, address));
    }
    let is_address = host.parse::<std::net::IpAddr>().is_ok();
    let domain = if is_address { "localhost" } else { host };
    mailbox(&format!("no-reply@{domain}"))
}

fn mailbox(text: &str) -> Result<Mailbox, String> {
    let parsed: Mailbox = text.parse().map_err(|_| "the sender is not an e-mail address".to_owned())?;
    Ok(Mailbox::new(parsed.name.map(|name| one_line(&name)), parsed.email))
}

/// Codes only: a server's words may repeat the recipient. 530, 534, 535 and 538 refuse the sign-in,
/// not the message.
fn classify(error: &lettre::transport::smtp::Error) -> SendError {
    let Some(code) = error.status() else {
        let reason = if error.is_timeout() {
            "the server did not answer in time"
        } else if error.is_tls() {
            "TLS with the server failed"
        } else if error.is_response() {
            "the server's answer cannot be read"
        } else if error.is_client() {
            "the server lacks what is needed: STARTTLS or a way to sign in"
        } else {
            "the connection to the server failed"
        };
        return SendError::Temporary(reason.to_owned());
    };
    let code = u16::from(code);
    let reason = format!("refused with SMTP status {code}");
    if error.is_permanent() && !matches!(code, 530 | 534 | 535 | 538) {
        SendError::Permanent(reason)
    } else {
        SendError::Temporary(reason)
    }
}

/// What goes into a header, or comes from a server, without line breaks.
fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(url: &str) -> String {
        SmtpMailer::from_url(url).unwrap().from.to_string()
    }

    #[test]
    fn finds_a_sender() {
        assert_eq!(from("smtp://127.0.0.1:25"), "no-reply@localhost");
        assert_eq!(from("smtp://a%40acme.example:pw@mail.acme.example?tls=none"), "a@acme.example");
        assert_eq!(from("smtp://user:pw@mail.acme.example?tls=none"), "no-reply@mail.acme.example");
        let url = "smtp://localhost?from=Acme%20Co%20%3Cno-reply%40acme.example%3E";
        assert_eq!(from(url), "Acme Co <no-reply@acme.example>");
        let other = SmtpMailer::from_url(url).unwrap().with_from("b@x.example").unwrap();
        assert_eq!(other.from.to_string(), "b@x.example");
    }

    #[test]
    fn encryption_is_required_unless_the_server_is_local() {
        let tls = |url: &str| {
            let url = SettingUrl::parse(url).unwrap();
            security(&url, "host").map(|(tls, port)| (format!("{tls:?}"), port))
        };
        assert_eq!(tls("smtp://mail.example"), Ok(("Required".to_owned(), 587)));
        assert_eq!(tls("smtp://mail.example?tls=required"), Ok(("Required".to_owned(), 587)));
        assert_eq!(tls("smtp://localhost?tls=required"), Ok(("Required".to_owned(), 587)));
        assert_eq!(tls("smtp://mail.example?tls=opportunistic"), Ok(("Opportunistic".to_owned(), 587)));
        assert_eq!(tls("smtp://mail.example?tls=none"), Ok(("None".to_owned(), 587)));
        assert_eq!(tls("smtp://127.0.0.1"), Ok(("None".to_owned(), 587)));
        assert_eq!(tls("smtps://mail.example"), Ok(("Wrapper".to_owned(), 465)));
        assert!(tls("smtps://mail.example?tls=none").is_err());
        assert!(tls("smtp://mail.example?tls=maybe").is_err());
        assert!(tls("http://mail.example").is_err());
    }

    #[test]
    fn refuses_settings_without_repeating_them() {
        for url in [
            "smtp://u:hunter2@h?tsl=none",
            "smtp://u:hunter2@h?from=x",
            "smtp://u:hunter2@h?hello=a%20b",
            "x://u:hunter2@h",
        ] {
            let error = SmtpMailer::from_url(url).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        let mailer = SmtpMailer::from_url("smtp://u:hunter2@localhost").unwrap();
        assert!(!format!("{mailer:?}").contains("hunter2"));
    }
}
