//! Messages by a company's Telegram bot, over the Bot API.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::SendError;
use crate::http::{HttpClient, wait};
use crate::url::SettingUrl;

/// Where bots are served unless a company or a test runs its own Bot API server.
pub const DEFAULT_BASE_URL: &str = "https://api.telegram.org";

/// The Bot API's limit, in UTF-16 units.
const TEXT_MAX_UNITS: usize = 4_096;

/// One bot. Cloning shares the connections.
#[derive(Clone)]
pub struct TelegramBot {
    base_url: String,
    token: SecretString,
    http: HttpClient,
}

impl std::fmt::Debug for TelegramBot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelegramBot").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Reply {
    ok: bool,
    error_code: Option<u16>,
    #[serde(default)]
    parameters: Parameters,
}

#[derive(Default, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

impl TelegramBot {
    /// A bot by its token, as BotFather gives it: `123456:ABC-def_…`. `base_url` is usually
    /// [`DEFAULT_BASE_URL`].
    pub fn new(base_url: &str, token: &str) -> Result<Self, String> {
        let url = SettingUrl::parse(base_url)?;
        if !matches!(url.scheme.as_str(), "http" | "https") || !url.query.is_empty() || url.user.is_some() {
            return Err("the Telegram address must be a plain http:// or https:// URL".to_owned());
        }
        let well_formed = token.split_once(':').is_some_and(|(id, secret)| {
            !id.is_empty()
                && id.bytes().all(|b| b.is_ascii_digit())
                && !secret.is_empty()
                && secret.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'))
        });
        if !well_formed {
            return Err("the Telegram token does not look like 123456:ABC-def".to_owned());
        }
        Ok(Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            token: SecretString::from(token),
            http: HttpClient::new(url.is_loopback()),
        })
    }

    /// Sends a text to a user, by the user's Telegram id. Text beyond Telegram's limit is cut off.
    pub fn send_message(&self, chat_id: &str, text: &str) -> Result<(), SendError> {
        let chat_id: i64 = chat_id
            .parse()
            .map_err(|_| SendError::Permanent("the Telegram id is not a number".to_owned()))?;
        // A preview would make Telegram's servers open the link, and use up one that works once.
        let body = serde_json::json!({
            "chat_id": chat_id,
            "text": cut(text),
            "link_preview_options": { "is_disabled": true },
        });
        let url = format!("{}/bot{}/sendMessage", self.base_url, self.token.expose_secret());
        let answer = self.http.post_json(&url, &[], &body)?;
        match answer.json::<Reply>() {
            Some(reply) if reply.ok && answer.is_success() => Ok(()),
            Some(Reply { error_code, parameters: Parameters { retry_after: Some(seconds) }, .. }) => {
                let code = error_code.unwrap_or(answer.status);
                Err(wait(format!("Telegram refused with {code}"), seconds))
            }
            // 400: no such chat; 403: the user blocked the bot. Others concern the token or the service.
            Some(Reply { ok: false, error_code: Some(code), .. }) => {
                let reason = format!("Telegram refused with {code}");
                Err(if matches!(code, 400 | 403) {
                    SendError::Permanent(reason)
                } else {
                    SendError::Temporary(reason)
                })
            }
            _ if answer.is_success() => {
                Err(SendError::Temporary("Telegram's answer cannot be read".to_owned()))
            }
            _ => Err(answer.refusal("")),
        }
    }
}

fn cut(text: &str) -> String {
    let mut units = 0;
    text.chars()
        .take_while(|c| {
            units += c.len_utf16();
            units <= TEXT_MAX_UNITS
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_by_utf16_units() {
        assert_eq!(cut(&"a".repeat(5_000)).len(), TEXT_MAX_UNITS);
        assert_eq!(cut(&"😀".repeat(3_000)).chars().count(), TEXT_MAX_UNITS / 2);
        assert_eq!(cut("short"), "short");
    }

    #[test]
    fn refuses_tokens_and_addresses_that_would_bend_the_url() {
        for token in ["", "abc", "1:", ":x", "1:a/../b", "1:a?b", "1:a b", "1:a\r\n"] {
            assert!(TelegramBot::new(DEFAULT_BASE_URL, token).is_err(), "{token:?}");
        }
        assert!(TelegramBot::new("ftp://x", "1:a").is_err());
        assert!(TelegramBot::new("https://x/?a=b", "1:a").is_err());
        let bot = TelegramBot::new("https://x/", "1:secret").unwrap();
        assert_eq!(bot.base_url, "https://x");
        assert!(!format!("{bot:?}").contains("secret"));
    }
}
