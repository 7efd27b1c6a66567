//! A small HTTP server that plays the SMS provider.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::inbox::{Addressed, Inbox};
use crate::provider::{self, Posted};

/// A text message as the provider got it.
#[derive(Clone, Debug)]
pub struct Sms {
    /// `+8613800000000`.
    pub to: String,
    /// The six digits; none in a notice.
    pub code: Option<String>,
    /// What the phone shows.
    pub text: String,
    /// The language of `text`.
    pub lang: String,
    /// The company it is sent for.
    pub company: i64,
}

impl Addressed for Sms {
    fn to(&self) -> &str {
        &self.to
    }
    fn code(&self) -> Option<String> {
        self.code.clone()
    }
    fn text(&self) -> &str {
        &self.text
    }
}

/// The provider.
pub struct SmsReceiver {
    address: SocketAddr,
    inbox: Arc<Inbox<Sms>>,
    refusals: Arc<AtomicU32>,
}

impl SmsReceiver {
    /// Starts on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for text messages");
        let address = listener.local_addr().expect("an address");
        let inbox = Arc::new(Inbox::default());
        let refusals = Arc::new(AtomicU32::new(0));
        let (files, refuses) = (Arc::clone(&inbox), Arc::clone(&refusals));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, refuses) = (Arc::clone(&files), Arc::clone(&refuses));
                std::thread::spawn(move || serve(stream, &files, &refuses).ok());
            }
        });
        Self { address, inbox, refusals }
    }

    /// Where messages are to be posted.
    pub fn url(&self) -> String {
        format!("http://{}/messages", self.address)
    }

    /// What arrived.
    pub fn inbox(&self) -> &Arc<Inbox<Sms>> {
        &self.inbox
    }

    /// Answers the next `count` messages with 503.
    pub fn refuse_next(&self, count: u32) {
        self.refusals.store(count, Ordering::SeqCst);
    }
}

fn serve(stream: TcpStream, files: &Inbox<Sms>, refuses: &AtomicU32) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(Posted { body, .. }) = provider::read(&mut input)? {
        let refuse = refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        let status = if refuse.is_ok() {
            "503 Service Unavailable"
        } else {
            files.deliver(read_sms(&body));
            "202 Accepted"
        };
        provider::answer(&mut out, status, "{}")?;
    }
    Ok(())
}

fn read_sms(body: &[u8]) -> Sms {
    let json: Value = serde_json::from_slice(body).expect("the provider is sent JSON");
    let text = |field: &str| json[field].as_str().unwrap_or_else(|| panic!("`{field}` in {json}")).to_owned();
    Sms {
        to: text("to"),
        code: json["code"].as_str().map(str::to_owned),
        text: text("text"),
        lang: text("lang"),
        company: json["company"].as_i64().unwrap_or_else(|| panic!("`company` in {json}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"to":"+8613800000000","code":"123456","text":"hi","lang":"en-US","company":1}"#;

    #[test]
    fn both_framings_are_read() {
        let plain = format!("POST / HTTP/1.1\r\nContent-Length: {}\r\n\r\n{BODY}", BODY.len());
        let (a, b) = BODY.split_at(10);
        let chunked = format!(
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\na\r\n{a}\r\n{:x}\r\n{b}\r\n0\r\n\r\n",
            b.len()
        );
        for request in [plain, chunked] {
            let posted = provider::read(&mut request.as_bytes()).unwrap().unwrap();
            assert_eq!(read_sms(&posted.body).code.as_deref(), Some("123456"));
        }
        assert!(provider::read(&mut &b""[..]).unwrap().is_none());
    }

    #[test]
    fn a_provider_in_trouble_recovers() {
        let receiver = SmsReceiver::start();
        receiver.refuse_next(1);
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        for status in [503, 202] {
            assert_eq!(agent.post(receiver.url()).send(BODY).unwrap().status(), status);
        }
        assert_eq!(receiver.inbox().next_to("+8613800000000").company, 1);
    }
}
