//! Text messages cost money, and fraudsters are paid for those that reach their numbers: what is refused, and why.
//!
//! Whoever runs into one of these gets a ticket as always; operators see the reason with the suppressed message.

use crate::company::{Company, SmsSettings};
use crate::error::Result;
use crate::limits;
use crate::phone::Phone;
use custos_store::{DAY_MS, HOUR_MS, Tx, params};

const KEPT_MS: i64 = 8 * DAY_MS;

/// Out of what a text message is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purse {
    /// The company's budgets.
    Real,
    /// Budgets beside them, for messages to no one: the same work, and nothing is taken from those that are sent.
    Shadow,
}

/// Why a text message to `phone` is not to be sent now; `None` when it is, and then it is counted and paid for.
///
/// # Errors
/// The store's.
pub fn refusal(
    tx: &mut Tx<'_>,
    company: &Company,
    phone: &Phone,
    purse: Purse,
) -> Result<Option<&'static str>> {
    let payer = match purse {
        Purse::Real => company.id,
        // Ids are positive, so no company has this one.
        Purse::Shadow => !company.id,
    };
    let rules = &company.settings.sms;
    let region = phone.region().unwrap_or("");
    if let Some(reason) = unfit(rules, phone, region) {
        return Ok(Some(reason));
    }
    let prefix = phone.prefix();
    let day = tx.now().div_euclid(DAY_MS);
    // Those to no one are never proved: they are judged like the others of their prefix.
    if is_pumped(tx, company.id, rules, &prefix, day)? {
        return Ok(Some("prefix_blocked"));
    }
    if let Some(reason) = over_budget(tx, payer, rules, region, &prefix)? {
        return Ok(Some(reason));
    }
    let expires = tx.now() + KEPT_MS;
    tx.execute(
        "INSERT INTO sms_prefixes (company_id, prefix, day, sent, proved, expires_at) VALUES ($1, $2, $3, 1, 0, $4) \
         ON CONFLICT (company_id, prefix, day) DO UPDATE SET sent = sms_prefixes.sent + 1",
        params![payer, &prefix, day, expires],
    )?;
    Ok(None)
}

/// Notices of one kind to one number in a day.
const NOTICES_PER_DAY: i64 = 20;

/// Why a notice is not to be sent to `phone` now. It goes only to a number that its owner has proved, so the budgets
/// against pumping do not hold it up: whoever spends those must not be able to silence a warning to someone else.
///
/// # Errors
/// The store's.
pub fn refusal_of_notice(
    tx: &mut Tx<'_>,
    company: &Company,
    phone: &Phone,
    template: &str,
) -> Result<Option<&'static str>> {
    if let Some(reason) = unfit(&company.settings.sms, phone, phone.region().unwrap_or("")) {
        return Ok(Some(reason));
    }
    let parts: [&[u8]; 4] =
        [&company.id.to_be_bytes(), phone.area.as_bytes(), phone.national.as_bytes(), template.as_bytes()];
    let spent = limits::spend(tx, "sms notices", &parts, (1, NOTICES_PER_DAY), DAY_MS)?;
    Ok(if spent { None } else { Some("notice_limit") })
}

/// What forbids every message to a number.
fn unfit(rules: &SmsSettings, phone: &Phone, region: &str) -> Option<&'static str> {
    if !rules.enabled {
        Some("sms_switched_off")
    } else if !phone.is_mobile() {
        Some("not_a_mobile_number")
    } else if !rules.countries.is_empty()
        && !rules.countries.iter().any(|code| code.eq_ignore_ascii_case(region))
    {
        Some("country_not_allowed")
    } else {
        None
    }
}

/// Whether too few of the codes sent to a prefix today were ever proved.
fn is_pumped(tx: &mut Tx<'_>, company_id: i64, rules: &SmsSettings, prefix: &str, day: i64) -> Result<bool> {
    let counts = tx.query_opt(
        "SELECT sent, proved FROM sms_prefixes WHERE company_id = $1 AND prefix = $2 AND day = $3",
        params![company_id, prefix, day],
        |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?)),
    )?;
    let Some((sent, proved)) = counts.filter(|(sent, _)| *sent >= rules.judged_from) else {
        return Ok(false);
    };
    let percent = proved.saturating_mul(100) / sent.max(1);
    if percent < rules.warn_below_percent {
        tracing::warn!(company_id, prefix, sent, proved, "few of the codes sent to this prefix are proved");
    }
    Ok(percent < rules.block_below_percent)
}

/// Takes one message from every budget; the first that is spent is the reason. What earlier ones took stays taken: a
/// budget may end early, never late.
fn over_budget(
    tx: &mut Tx<'_>,
    company_id: i64,
    rules: &SmsSettings,
    region: &str,
    prefix: &str,
) -> Result<Option<&'static str>> {
    let company = company_id.to_be_bytes();
    let price = rules
        .country_price_milli
        .iter()
        .find(|(code, _)| code.eq_ignore_ascii_case(region))
        .map_or(rules.price_milli, |(_, price)| *price);
    let prefix_parts: [&[u8]; 2] = [&company, prefix.as_bytes()];
    let region_parts: [&[u8]; 2] = [&company, region.as_bytes()];
    let all_parts: [&[u8]; 1] = [&company];
    type Budget<'a> = (&'static str, &'a [&'a [u8]], i64, i64, i64, &'static str);
    let budgets: [Budget<'_>; 5] = [
        ("sms prefix hour", &prefix_parts, 1, rules.per_prefix_hour, HOUR_MS, "prefix_limit"),
        ("sms country hour", &region_parts, 1, rules.per_country_hour, HOUR_MS, "country_limit"),
        ("sms company hour", &all_parts, 1, rules.per_hour, HOUR_MS, "hour_limit"),
        ("sms company day", &all_parts, 1, rules.per_day, DAY_MS, "day_limit"),
        ("sms company money", &all_parts, price, rules.budget_per_day_milli, DAY_MS, "budget_spent"),
    ];
    for (label, parts, amount, limit, window_ms, reason) in budgets {
        if !limits::spend(tx, label, parts, (amount, limit), window_ms)? {
            return Ok(Some(reason));
        }
    }
    Ok(None)
}

/// Notes that a code sent to a prefix was proved.
///
/// # Errors
/// The store's.
pub fn proved(tx: &mut Tx<'_>, company_id: i64, prefix: &str) -> Result<()> {
    let day = tx.now().div_euclid(DAY_MS);
    tx.execute(
        "UPDATE sms_prefixes SET proved = proved + 1 WHERE company_id = $1 AND prefix = $2 AND day = $3",
        params![company_id, prefix, day],
    )?;
    Ok(())
}
