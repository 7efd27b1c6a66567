//! What the matrix and the model both need.

use custos_customers::company::Settings;
use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

/// Limits of sending that no one reaches: they are not what is tried here.
pub(crate) fn generous(settings: &mut Settings) {
    const MANY: i64 = 1_000_000;
    settings.codes_per_half_hour = MANY;
    settings.codes_per_half_hour_signed_in = MANY;
    settings.codes_per_day = MANY;
    settings.codes_per_address_hour = MANY;
    let sms = &mut settings.sms;
    for limit in [
        &mut sms.per_prefix_hour,
        &mut sms.per_country_hour,
        &mut sms.per_hour,
        &mut sms.per_day,
        &mut sms.judged_from,
    ] {
        *limit = MANY;
    }
    sms.price_milli = 0;
}

/// What Telegram's login widget says of a user.
pub(crate) fn widget(bot: &str, user: &str, at_ms: i64) -> String {
    let date = (at_ms / 1_000).to_string();
    let key = Sha256::digest(bot.as_bytes());
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(format!("auth_date={date}\nid={user}").as_bytes());
    let hash = HEXLOWER.encode(&mac.finalize().into_bytes());
    json!({ "id": user, "auth_date": date, "hash": hash }).to_string()
}
