//! Accounts at third parties that a customer has bound, and what Telegram vouches for.

use crate::changes::{self, By, Change};
use crate::company::Company;
use crate::customer::{self, Customer};
use crate::error::{Code, Error, Result};
use crate::step_up::{self, Given, Proved, Warrant};
use crate::verification::Recipient;
use custos_store::{DAY_MS, Error as StoreError, MINUTE_MS, SECOND_MS, Tx, params};
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The only third party that can be bound so far.
pub const TELEGRAM: &str = "telegram";
/// The name of the bot token among a company's secrets.
pub const BOT_TOKEN: &str = "telegram_bot_token";
/// The name of the key, PEM, that signs what is asked of the company's wallet system.
pub const WALLET_KEY: &str = "wallet_signing_key";
/// The name of the token that the service which names exchange rates wants.
pub const RATES_TOKEN: &str = "rates_token";
/// The name of the secrets that the company's KYC provider signs with: one, or the new and the old one with a space between.
pub const KYC_PROVIDER: &str = "kyc_provider_secret";
/// What a third party said is believed for a day.
const VOUCHED_LIFE_MS: i64 = DAY_MS;
/// Who started the bot is remembered so long without having bound the account.
const START_LIFE_MS: i64 = 30 * DAY_MS;
/// The third party's clock may be ahead by this much.
const AHEAD_MS: i64 = 5 * MINUTE_MS;

/// That a third party vouches for an account. Only the check of its signature makes one.
#[derive(Debug, Clone)]
pub struct Vouched {
    user_id: String,
}

fn hmac(key: &[u8], text: &[u8]) -> Option<[u8; 32]> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Checks what Telegram's login widget, or a Mini App (`initData`), says of a user.
///
/// The check strings are those of the Bot API's documents: all fields but `hash`, sorted, one `name=value` a line; the
/// widget's key is the SHA-256 of the bot's token, a Mini App's is its HMAC under `WebAppData`.
#[must_use]
pub fn telegram(message: &str, bot_token: &str, user_id: &str, now_ms: i64) -> Option<Vouched> {
    let object: Value = serde_json::from_str(message).ok()?;
    let (fields, key) = match object.get("initData").and_then(Value::as_str) {
        Some(init_data) => (query_fields(init_data)?, hmac(b"WebAppData", bot_token.as_bytes())?),
        None => {
            let fields = object.as_object()?.iter();
            let fields: Option<Vec<_>> =
                fields.map(|(name, value)| Some((name.clone(), text_of(value)?))).collect();
            (fields?, Sha256::digest(bot_token.as_bytes()).into())
        }
    };
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let given = HEXLOWER.decode(field("hash")?.to_ascii_lowercase().as_bytes()).ok()?;
    let mut lines: Vec<String> = fields
        .iter()
        .filter(|(name, _)| name != "hash")
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    lines.sort_unstable();
    let expected = hmac(&key, lines.join("\n").as_bytes())?;
    if !bool::from(expected.as_slice().ct_eq(&given)) {
        return None;
    }
    let at_ms = field("auth_date")?.parse::<i64>().ok()?.checked_mul(SECOND_MS)?;
    if now_ms.saturating_sub(at_ms) > VOUCHED_LIFE_MS || at_ms.saturating_sub(now_ms) > AHEAD_MS {
        return None;
    }
    let id = match field("user") {
        Some(user) => text_of(serde_json::from_str::<Value>(user).ok()?.get("id")?)?,
        None => field("id")?.to_owned(),
    };
    (id == user_id).then_some(Vouched { user_id: id })
}

/// The fields of a query string, decoded.
fn query_fields(query: &str) -> Option<Vec<(String, String)>> {
    let decoded = |text: &str| -> Option<String> {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next()?.to_ascii_lowercase(), rest.next()?.to_ascii_lowercase()];
                    *HEXLOWER.decode(&digits).ok()?.first()?
                }
                b'+' => b' ',
                other => other,
            });
        }
        String::from_utf8(bytes).ok()
    };
    query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=')?;
            Some((decoded(name)?, decoded(value)?))
        })
        .collect()
}

/// A bound account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// Which third party.
    pub source: String,
    /// The id there.
    pub user_id: String,
    /// What the third party told, as JSON text.
    pub message: String,
    /// The bot may write to the user.
    pub subscribed: bool,
}

/// The customer's bound accounts.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, customer_id: i64) -> Result<Vec<Bound>> {
    Ok(tx.query(
        "SELECT source, user_id, message, subscribed FROM third_accounts \
         WHERE company_id = $1 AND customer_id = $2 ORDER BY source",
        params![company_id, customer_id],
        |row| {
            Ok(Bound {
                source: row.get(0)?,
                user_id: row.get(1)?,
                message: row.get(2)?,
                subscribed: row.get(3)?,
            })
        },
    )?)
}

/// The customer's bound Telegram account.
///
/// # Errors
/// `CUSTOMER_API_0001021` when there is none; else the store's.
pub fn telegram_recipient(tx: &mut Tx<'_>, customer: &Customer) -> Result<Recipient> {
    let bound = telegram_where(tx, customer, |_| true)?;
    bound.ok_or_else(|| Code::ThirdPartyNotBound.with(&[TELEGRAM]))
}

/// The customer's Telegram account, if the company's bot may write to it.
///
/// # Errors
/// The store's.
pub(crate) fn telegram_of(tx: &mut Tx<'_>, customer: &Customer) -> Result<Option<Recipient>> {
    telegram_where(tx, customer, |one| one.subscribed)
}

fn telegram_where(
    tx: &mut Tx<'_>,
    customer: &Customer,
    fits: impl Fn(&Bound) -> bool,
) -> Result<Option<Recipient>> {
    let bound = list(tx, customer.company_id, customer.id)?;
    let found = bound.iter().find(|one| one.source == TELEGRAM && fits(one));
    Ok(found.and_then(|one| one.user_id.parse().ok()).map(Recipient::Telegram))
}

/// Binds an account at a third party.
///
/// # Errors
/// The refusal of a need; `CUSTOMER_API_0000143` or `0144`; else the store's.
pub fn bind<W: Warrant>(
    tx: &mut Tx<'_>,
    company: &Company,
    customer_id: i64,
    (source, message): (&str, &str),
    (given, by): (&Given, &By),
) -> Result<()> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if list(tx, company.id, customer_id)?.iter().any(|bound| bound.source == source) {
        return Err(Code::ThirdAccountSet.with(&[source]));
    }
    let proved: Proved<W> = step_up::prove(tx, company, &customer, given)?;
    let vouched = given.third_party.as_ref().ok_or_else(|| Code::ThirdPartyProof.refuse())?;
    proved.spend(tx)?;
    let now = tx.now();
    let started = tx.execute(
        "DELETE FROM telegram_starts WHERE company_id = $1 AND user_id = $2 AND expires_at > $3",
        params![company.id, &vouched.user_id, now],
    )?;
    let added = tx.execute(
        "INSERT INTO third_accounts (company_id, customer_id, source, user_id, message, subscribed, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
        params![company.id, customer_id, source, &vouched.user_id, &unsigned(message), started > 0, now],
    )?;
    if added == 0 {
        return Err(Code::ThirdAccountBound.with(&[source, source]));
    }
    changes::follow(tx, company, &customer, Change::ThirdParty, by)
}

/// What a third party told, without its signature: whoever reads it later must not be able to show it as theirs.
fn unsigned(message: &str) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(message) else { return "{}".to_owned() };
    fields.remove("hash");
    if let Some(Value::String(init_data)) = fields.get_mut("initData") {
        let kept: Vec<&str> = init_data.split('&').filter(|pair| !pair.starts_with("hash=")).collect();
        *init_data = kept.join("&");
    }
    Value::Object(fields).to_string()
}

/// Notes that a Telegram user started or stopped the company's bot; of one who is not bound yet, that they started it.
///
/// # Errors
/// The store's.
pub fn set_subscribed(tx: &mut Tx<'_>, company_id: i64, user_id: &str, subscribed: bool) -> Result<()> {
    let customer_id: Option<i64> = tx.query_opt(
        "UPDATE third_accounts SET subscribed = $4 WHERE company_id = $1 AND source = $2 AND user_id = $3 \
         RETURNING customer_id",
        params![company_id, TELEGRAM, user_id, subscribed],
        |row| row.get(0),
    )?;
    if let Some(customer_id) = customer_id {
        tx.touch(customer_id);
    } else if subscribed {
        let expires = tx.now() + START_LIFE_MS;
        tx.execute(
            "INSERT INTO telegram_starts (company_id, user_id, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (company_id, user_id) DO UPDATE SET expires_at = excluded.expires_at",
            params![company_id, user_id, expires],
        )?;
    } else {
        tx.execute(
            "DELETE FROM telegram_starts WHERE company_id = $1 AND user_id = $2",
            params![company_id, user_id],
        )?;
    }
    Ok(())
}

pub(crate) fn secret_context(company_id: i64, name: &str) -> String {
    format!("company secret:{company_id}:{name}")
}

/// Seals a secret of a company, or (`None`) forgets it.
///
/// # Errors
/// The store's.
pub fn set_secret(tx: &mut Tx<'_>, company_id: i64, name: &str, secret: Option<&str>) -> Result<()> {
    tx.execute("DELETE FROM company_secrets WHERE company_id = $1 AND name = $2", params![company_id, name])?;
    if let Some(secret) = secret {
        let sealed = tx.keys().seal(&secret_context(company_id, name), secret.as_bytes())?;
        tx.execute(
            "INSERT INTO company_secrets (company_id, name, sealed) VALUES ($1, $2, $3)",
            params![company_id, name, &sealed],
        )?;
    }
    Ok(())
}

/// Opens a secret of a company.
///
/// # Errors
/// The store's.
pub fn secret(tx: &mut Tx<'_>, company_id: i64, name: &str) -> Result<Option<String>> {
    let sealed: Option<Vec<u8>> = tx.query_opt(
        "SELECT sealed FROM company_secrets WHERE company_id = $1 AND name = $2",
        params![company_id, name],
        |row| row.get(0),
    )?;
    let Some(sealed) = sealed else { return Ok(None) };
    let plain = tx.keys().open(&secret_context(company_id, name), &sealed)?;
    let text = String::from_utf8(plain.to_vec())
        .map_err(|_| Error::Store(StoreError::Internal("a company's secret is no text".to_owned())))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456:ABC-def";
    const NOW: i64 = 1_700_000_000_000;

    fn widget(fields: &[(&str, &str)]) -> String {
        let mut lines: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        lines.sort();
        let key: [u8; 32] = Sha256::digest(TOKEN.as_bytes()).into();
        let hash = HEXLOWER.encode(&hmac(&key, lines.join("\n").as_bytes()).unwrap());
        let mut object: serde_json::Map<String, Value> =
            fields.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
        object.insert("hash".to_owned(), Value::from(hash));
        Value::Object(object).to_string()
    }

    #[test]
    fn the_widget_vouches_for_its_own_user_for_a_day() {
        let message = widget(&[("id", "42"), ("first_name", "Ann"), ("auth_date", "1699999990")]);
        assert!(telegram(&message, TOKEN, "42", NOW).is_some());
        assert!(telegram(&message, TOKEN, "43", NOW).is_none());
        assert!(telegram(&message, "123456:other", "42", NOW).is_none());
        assert!(telegram(&message, TOKEN, "42", NOW + DAY_MS).is_none());
        assert!(telegram(&message.replace("Ann", "Eve"), TOKEN, "42", NOW).is_none());
        for odd in ["", "[]", "{}", "{\"hash\":5}", "{\"initData\":\"%zz\"}"] {
            assert!(telegram(odd, TOKEN, "42", NOW).is_none());
        }
    }

    #[test]
    fn what_is_kept_vouches_for_nothing() {
        let message = widget(&[("id", "42"), ("auth_date", "1699999990")]);
        assert!(telegram(&message, TOKEN, "42", NOW).is_some());
        assert!(telegram(&unsigned(&message), TOKEN, "42", NOW).is_none());
        assert_eq!(
            unsigned(r#"{"initData":"auth_date=1&hash=ab&user=x"}"#),
            r#"{"initData":"auth_date=1&user=x"}"#
        );
    }

    #[test]
    fn a_mini_app_vouches_too() {
        let user = "{\"id\":42,\"first_name\":\"Ann\"}";
        let check = format!("auth_date=1699999990\nquery_id=q\nuser={user}");
        let key = hmac(b"WebAppData", TOKEN.as_bytes()).unwrap();
        let hash = HEXLOWER.encode(&hmac(&key, check.as_bytes()).unwrap());
        let init = format!(
            "query_id=q&user=%7B%22id%22%3A42%2C%22first_name%22%3A%22Ann%22%7D&auth_date=1699999990&hash={hash}"
        );
        let message = serde_json::json!({ "initData": init }).to_string();
        assert!(telegram(&message, TOKEN, "42", NOW).is_some());
        assert!(telegram(&message, TOKEN, "7", NOW).is_none());
    }
}
