//! Telegram's side: the Bot API as published, the login widget, Mini Apps, and the webhook's updates.

use std::collections::VecDeque;
use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::inbox::{Addressed, Inbox, six_digits};
use crate::provider::{self, Posted};
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

/// How the Bot API refuses to send.
#[derive(Clone, Copy, Debug)]
pub enum Trouble {
    /// 429: come again after so many seconds.
    Flood(u64),
    /// 502: something is broken there.
    Down,
    /// 403: the user has blocked the bot.
    Blocked,
}

/// What all bots have in common.
#[derive(Default)]
struct BotApi {
    inbox: Arc<Inbox<TelegramMessage>>,
    tokens: Mutex<Vec<String>>,
    troubles: Mutex<VecDeque<Trouble>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A bot, and the Bot API it is reached at.
pub struct TelegramBot {
    /// Its secret.
    pub token: String,
    address: SocketAddr,
    api: Arc<BotApi>,
}

impl TelegramBot {
    /// Starts the Bot API on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the Bot API");
        let address = listener.local_addr().expect("an address");
        let api = Arc::new(BotApi::default());
        let serves = Arc::clone(&api);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let serves = Arc::clone(&serves);
                std::thread::spawn(move || serve(stream, &serves).ok());
            }
        });
        Self::at(address, api)
    }

    fn at(address: SocketAddr, api: Arc<BotApi>) -> Self {
        let secret = HEXLOWER.encode(&fresh::random::<16>());
        let token = format!("{}:AA{secret}", 1000 + fresh::below(1_000_000));
        lock(&api.tokens).push(token.clone());
        Self { token, address, api }
    }

    /// Another bot at the same Bot API, with the same inbox.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::at(self.address, Arc::clone(&self.api))
    }

    /// What `CUSTOS_TELEGRAM_API_URL` is to be.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the bots sent.
    pub fn inbox(&self) -> &Arc<Inbox<TelegramMessage>> {
        &self.api.inbox
    }

    /// The next message runs into this.
    pub fn refuses_next(&self, trouble: Trouble) {
        lock(&self.api.troubles).push_back(trouble);
    }

    /// Makes this bot a company's.
    #[track_caller]
    pub fn works_for(&self, server: &Server, company: i64) {
        let command = ["company", "secret", &company.to_string(), "telegram_bot_token"];
        server.cli_with_input(&command, &self.token).succeeds();
    }

    /// What the login widget hands to a page with these fields: the same and `hash`.
    pub fn vouches_for(&self, fields: &Value) -> Value {
        let named = fields.as_object().expect("fields").iter();
        let mut lines: Vec<_> =
            named.map(|(name, value)| format!("{name}={}", crate::text_of(value))).collect();
        lines.sort_unstable();
        let key = Sha256::digest(self.token.as_bytes());
        let mut whole = fields.clone();
        whole["hash"] = HEXLOWER.encode(&hmac(&key, lines.join("\n").as_bytes())).into();
        whole
    }

    /// What the login widget hands to a page about this user.
    pub fn widget(&self, user: &str, age_seconds: u64) -> Value {
        let id: u64 = user.parse().expect("a number");
        self.vouches_for(&json!({"id": id, "first_name": "Ada", "username": format!("ada_{user}"),
            "auth_date": now() - age_seconds}))
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

    /// Telegram calls the company's webhook: the HTTP status.
    pub fn updates(&self, server: &Server, company: i64, update: &Value) -> u16 {
        call_webhook(server, company, Some(&self.webhook_secret()), update)
    }

    /// The `secret_token` that `setWebhook` was given.
    pub fn webhook_secret(&self) -> String {
        HEXLOWER.encode(&Sha256::digest(format!("custos webhook {}", self.token).as_bytes()))
    }
}

/// Calls the webhook with this secret: the HTTP status.
pub fn call_webhook(server: &Server, company: i64, secret: Option<&str>, update: &Value) -> u16 {
    post_to_webhook(server, &company.to_string(), secret, update.to_string().as_bytes())
}

/// The same with any words for the company and any body.
pub fn post_to_webhook(server: &Server, company: &str, secret: Option<&str>, body: &[u8]) -> u16 {
    let agent: ureq::Agent =
        ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().into();
    let url = format!("http://{}/hooks/telegram/{company}", server.address());
    let mut request = agent.post(url).header("content-type", "application/json");
    if let Some(secret) = secret {
        request = request.header("x-telegram-bot-api-secret-token", secret);
    }
    request.send(body).expect("an answer").status().as_u16()
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

fn serve(stream: TcpStream, api: &BotApi) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(Posted { path, body }) = provider::read(&mut input)? {
        let (status, answer) = answer(&path, &body, api);
        provider::answer(&mut out, status, &answer)?;
    }
    Ok(())
}

/// `sendMessage` as the Bot API has it; `chat_id` may be a number or text.
fn answer(path: &str, body: &[u8], api: &BotApi) -> (&'static str, String) {
    let Some((token, method)) = path.strip_prefix("/bot").and_then(|rest| rest.rsplit_once('/')) else {
        return refusal("404 Not Found", "Not Found", &Value::Null);
    };
    if !lock(&api.tokens).iter().any(|known| known == token) {
        return refusal("401 Unauthorized", "Unauthorized", &Value::Null);
    }
    if method != "sendMessage" {
        return refusal("404 Not Found", "Not Found: method not found", &Value::Null);
    }
    let fields: Value = serde_json::from_slice(body).unwrap_or_default();
    let (to, text) = (crate::text_of(&fields["chat_id"]), fields["text"].as_str().unwrap_or_default());
    if to.parse::<i64>().is_err() {
        return refusal("400 Bad Request", "Bad Request: chat not found", &Value::Null);
    }
    if !(1..=4096).contains(&text.chars().count()) {
        return refusal("400 Bad Request", "Bad Request: message text is empty or too long", &Value::Null);
    }
    match lock(&api.troubles).pop_front() {
        Some(Trouble::Flood(seconds)) => {
            let words = format!("Too Many Requests: retry after {seconds}");
            return refusal("429 Too Many Requests", &words, &json!({"retry_after": seconds}));
        }
        Some(Trouble::Down) => return ("502 Bad Gateway", "<html>no JSON at all</html>".to_owned()),
        Some(Trouble::Blocked) => {
            return refusal("403 Forbidden", "Forbidden: bot was blocked by the user", &Value::Null);
        }
        None => {}
    }
    api.inbox.deliver(TelegramMessage { to: to.clone(), text: text.to_owned(), token: token.to_owned() });
    let chat = json!({"id": to.parse::<i64>().unwrap_or(0), "type": "private"});
    let message = json!({"message_id": 1, "date": now(), "chat": chat, "text": text});
    ("200 OK", json!({"ok": true, "result": message}).to_string())
}

fn refusal(status: &'static str, description: &str, parameters: &Value) -> (&'static str, String) {
    let code: u32 = status[..3].parse().expect("digits");
    let mut body = json!({"ok": false, "error_code": code, "description": description});
    if !parameters.is_null() {
        body["parameters"] = parameters.clone();
    }
    (status, body.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_no_bot() {
        let bot = TelegramBot::start();
        let body = json!({"chat_id": "7", "text": "hi"}).to_string();
        let status = |path: &str| answer(path, body.as_bytes(), &bot.api).0;
        assert_eq!(status(&format!("/bot{}/sendMessage", bot.token)), "200 OK");
        assert_eq!(bot.inbox().next_to("7").token, bot.token);
        assert_eq!(status("/bot1:AA/sendMessage"), "401 Unauthorized");
        assert_eq!(status(&format!("/bot{}/sendLetter", bot.another().token)), "404 Not Found");
    }

    #[test]
    fn a_trouble_comes_once() {
        let bot = TelegramBot::start();
        bot.refuses_next(Trouble::Flood(3));
        let body = json!({"chat_id": 7, "text": "hi"}).to_string();
        let path = format!("/bot{}/sendMessage", bot.token);
        let (status, told) = answer(&path, body.as_bytes(), &bot.api);
        let told: Value = serde_json::from_str(&told).unwrap();
        assert_eq!((status, &told["parameters"]["retry_after"]), ("429 Too Many Requests", &json!(3)));
        assert_eq!(answer(&path, body.as_bytes(), &bot.api).0, "200 OK");
    }
}
