//! Telegram's side: the Bot API as published, the login widget, Mini Apps, and the webhook's updates.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::inbox::{Addressed, Inbox, six_digits};
use crate::{Server, fresh};

/// A message that the bot sent.
#[derive(Clone, Debug)]
pub struct TelegramMessage {
    /// The chat, which is the user's id.
    pub to: String,
    /// Its words.
    pub text: String,
    /// The token of the bot that sent it.
    pub token: String,
}

impl Addressed for TelegramMessage {
    fn to(&self) -> &str {
        &self.to
    }
    fn code(&self) -> Option<String> {
        six_digits(&self.text)
    }
    fn text(&self) -> &str {
        &self.text
    }
}

/// A bot, and the Bot API it is reached at.
pub struct TelegramBot {
    /// Its secret.
    pub token: String,
    address: SocketAddr,
    inbox: Arc<Inbox<TelegramMessage>>,
}

impl TelegramBot {
    /// Starts the Bot API on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the Bot API");
        let address = listener.local_addr().expect("an address");
        let inbox = Arc::new(Inbox::default());
        let files = Arc::clone(&inbox);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                std::thread::spawn(move || serve(stream, &files).ok());
            }
        });
        let secret = HEXLOWER.encode(&fresh::random::<16>());
        Self { token: format!("{}:AA{secret}", 1000 + fresh::below(1_000_000)), address, inbox }
    }

    /// What `CUSTOS_TELEGRAM_API_URL` is to be.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the bot sent.
    pub fn inbox(&self) -> &Arc<Inbox<TelegramMessage>> {
        &self.inbox
    }

    /// What the login widget hands to a page about this user.
    pub fn widget(&self, user: &str, age_seconds: u64) -> Value {
        let date = now() - age_seconds;
        let check = format!("auth_date={date}\nfirst_name=Ada\nid={user}\nusername=ada_{user}");
        let key = Sha256::digest(self.token.as_bytes());
        let id: u64 = user.parse().expect("a number");
        json!({"id": id, "first_name": "Ada", "username": format!("ada_{user}"), "auth_date": date,
            "hash": HEXLOWER.encode(&hmac(&key, check.as_bytes()))})
    }

    /// What a Mini App hands to its page about this user: `initData`.
    pub fn mini_app(&self, user: &str, age_seconds: u64) -> String {
        let date = now() - age_seconds;
        let profile = format!("{{\"id\":{user},\"first_name\":\"Ada\"}}");
        let check = format!("auth_date={date}\nquery_id=AAF\nuser={profile}");
        let key = hmac(b"WebAppData", self.token.as_bytes());
        let hash = HEXLOWER.encode(&hmac(&key, check.as_bytes()));
        let encoded = profile.replace('{', "%7B").replace('}', "%7D").replace('"', "%22");
        let encoded = encoded.replace(':', "%3A").replace(',', "%2C");
        format!("query_id=AAF&user={encoded}&auth_date={date}&hash={hash}")
    }

    /// Telegram calls the webhook: the HTTP status.
    pub fn updates(&self, server: &Server, company: i64, update: &Value) -> u16 {
        let secret = Sha256::digest(format!("custos webhook {}", self.token).as_bytes());
        call_webhook(server, company, Some(&HEXLOWER.encode(&secret)), update)
    }
}

/// Calls the webhook with this secret: the HTTP status.
pub fn call_webhook(server: &Server, company: i64, secret: Option<&str>, update: &Value) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let url = format!("http://{}/hooks/telegram/{company}", server.address());
    let mut request = agent.post(url).header("content-type", "application/json");
    if let Some(secret) = secret {
        request = request.header("x-telegram-bot-api-secret-token", secret);
    }
    request.send(update.to_string()).expect("an answer").status().as_u16()
}

/// A message that a user writes to the bot.
pub fn written(user: &str, words: &str) -> Value {
    let id: u64 = user.parse().expect("a number");
    let from = json!({"id": id, "is_bot": false, "first_name": "Ada"});
    json!({"update_id": fresh::below(1 << 40), "message": {"message_id": 7, "from": from, "date": now(),
        "chat": {"id": id, "type": "private", "first_name": "Ada"}, "text": words}})
}

/// A user blocks the bot (`kicked`) or takes it back (`member`).
pub fn membership(user: &str, status: &str) -> Value {
    let id: u64 = user.parse().expect("a number");
    let bot = json!({"id": 1, "is_bot": true, "first_name": "Bot"});
    json!({"update_id": fresh::below(1 << 40), "my_chat_member": {"date": now(),
        "chat": {"id": id, "type": "private"}, "from": {"id": id, "is_bot": false, "first_name": "Ada"},
        "old_chat_member": {"user": bot, "status": "member"},
        "new_chat_member": {"user": bot, "status": status}}})
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any key length is fine");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn serve(stream: TcpStream, files: &Inbox<TelegramMessage>) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut chunked) = (String::new(), 0, false);
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        loop {
            line.clear();
            input.read_line(&mut line)?;
            let header = line.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
        }
        let mut body = vec![0; length];
        input.read_exact(&mut body)?;
        while chunked {
            line.clear();
            input.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
            let mut chunk = vec![0; size + 2];
            input.read_exact(&mut chunk)?;
            body.extend_from_slice(&chunk[..size]);
            chunked = size > 0;
        }
        let (status, answer) = answer(&path, &body, files);
        write!(
            out,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}

/// `sendMessage` as the Bot API has it; `chat_id` may be a number or text.
fn answer(path: &str, body: &[u8], files: &Inbox<TelegramMessage>) -> (&'static str, String) {
    let fields: Value = serde_json::from_slice(body).unwrap_or_default();
    let method = path.strip_prefix("/bot").and_then(|rest| rest.rsplit_once('/'));
    let (Some((token, "sendMessage")), Some(text)) = (method, fields["text"].as_str()) else {
        let refusal = json!({"ok": false, "error_code": 404, "description": "Not Found"});
        return ("404 Not Found", refusal.to_string());
    };
    let to = crate::text_of(&fields["chat_id"]);
    files.deliver(TelegramMessage { to: to.clone(), text: text.to_owned(), token: token.to_owned() });
    let chat = json!({"id": to.parse::<i64>().unwrap_or(0), "type": "private"});
    let message = json!({"message_id": 1, "date": now(), "chat": chat, "text": text});
    ("200 OK", json!({"ok": true, "result": message}).to_string())
}
