//! Companies (white labels), their settings, assets and groups.

mod groups;
mod lending;
mod office;

pub use groups::{Group, Offer, Offers, add_group, groups, set_group};
pub use lending::{CROSS, Lending};
pub use office::OfficeSettings;

use crate::error::{Code, Result};
use custos_delivery::{quotes, wallet};
use custos_store::{EVERYTHING, Error as StoreError, MINUTE_MS, Tx, params};
use serde::{Deserialize, Serialize};

/// What a company may set. Missing ones have these defaults; unknown ones are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// BCP 47 tags; the first is the default.
    pub languages: Vec<String>,
    /// `real` or `demo`.
    pub company_type: String,
    /// The asset that totals are told in.
    pub valuation_currency: String,
    /// A rate is stale after so many hours: it is marked, and nothing is lent on it; 0 for never.
    pub rate_stale_hours: i64,
    /// `checkStatus` answers guests too.
    pub check_status_open: bool,
    /// The first customer number.
    pub number_first: i64,
    /// The last customer number.
    pub number_last: i64,
    /// A session ends after so many minutes without a call.
    pub session_idle_minutes: i64,
    /// A session ends after so many minutes in any case.
    pub session_longest_minutes: i64,
    /// Operations that ask for no old factor want a sign-in this fresh.
    pub fresh_sign_in_minutes: i64,
    /// Operations that ask for no old factor are offered.
    pub plain_forms: bool,
    /// Hours without withdrawals after a credential or contact changed.
    pub cool_off_hours: i64,
    /// Seconds between two codes to one recipient.
    pub code_pause_seconds: i64,
    /// Codes to one recipient in 30 minutes, asked for by guests.
    pub codes_per_half_hour: i64,
    /// Codes to one recipient in 30 minutes, asked for by signed-in customers.
    pub codes_per_half_hour_signed_in: i64,
    /// Codes to one recipient in a day.
    pub codes_per_day: i64,
    /// Codes asked for from one client address in an hour.
    pub codes_per_address_hour: i64,
    /// ISO 3166 alpha-2 codes of countries where no one may register.
    pub restricted_countries: Vec<String>,
    /// Countries in which businesses may open accounts (alpha-2).
    pub business_countries: Vec<String>,
    /// Customers may move money to other customers of the company.
    pub transfers_to_others: bool,
    /// What the company's KYC provider says decides; otherwise it is shown to those who decide.
    pub kyc_provider_decides: bool,
    /// Days after which what is personal of a closed account is erased.
    pub closure_retention_days: i64,
    /// Days for which events for other systems are kept.
    pub events_kept_days: i64,
    /// The company's own wallet system.
    pub wallet: WalletSettings,
    /// A service that names exchange rates.
    pub rates: RatesSettings,
    /// Text messages.
    pub sms: SmsSettings,
    /// The back office.
    pub office: OfficeSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            languages: vec!["en-US".to_owned(), "zh-CN".to_owned(), "zh-HK".to_owned()],
            company_type: "real".to_owned(),
            valuation_currency: "USD".to_owned(),
            rate_stale_hours: 24,
            check_status_open: false,
            number_first: 10_000_000,
            number_last: 99_999_999,
            session_idle_minutes: 7 * 24 * 60,
            session_longest_minutes: 30 * 24 * 60,
            fresh_sign_in_minutes: 30,
            plain_forms: true,
            cool_off_hours: 24,
            code_pause_seconds: 60,
            codes_per_half_hour: 5,
            codes_per_half_hour_signed_in: 10,
            codes_per_day: 20,
            codes_per_address_hour: 30,
            restricted_countries: Vec::new(),
            business_countries: Vec::new(),
            transfers_to_others: false,
            kyc_provider_decides: false,
            closure_retention_days: 5 * 365 + 1,
            events_kept_days: 30,
            wallet: WalletSettings::default(),
            rates: RatesSettings::default(),
            sms: SmsSettings::default(),
            office: OfficeSettings::default(),
        }
    }
}

/// Where the company's own wallet system is asked what a customer has there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WalletSettings {
    /// Its address, below which its operations are; empty for none.
    pub url: String,
    /// The currency that is asked for; empty for the valuation currency.
    pub currency: String,
}

/// Where exchange rates are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RatesSettings {
    /// The service's address; empty for none.
    pub url: String,
    /// Minutes between two questions.
    pub minutes: i64,
}

impl Default for RatesSettings {
    fn default() -> Self {
        Self { url: String::new(), minutes: 15 }
    }
}

/// Limits of text messages against pumping: fraudsters make a server text numbers whose owner is paid for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SmsSettings {
    /// The one switch: `false` stops text messages now.
    pub enabled: bool,
    /// Countries that may be texted (alpha-2); empty for all.
    pub countries: Vec<String>,
    /// Messages to one number prefix in an hour.
    pub per_prefix_hour: i64,
    /// Messages to one country in an hour.
    pub per_country_hour: i64,
    /// Messages of the company in an hour.
    pub per_hour: i64,
    /// Messages of the company in a day.
    pub per_day: i64,
    /// What one message costs, in thousandths of the valuation currency, for countries without a price of their own.
    pub price_milli: i64,
    /// Prices by country (alpha-2).
    pub country_price_milli: std::collections::BTreeMap<String, i64>,
    /// What all messages of a day may cost.
    pub budget_per_day_milli: i64,
    /// A prefix with this many messages in a day is judged by how many were proved.
    pub judged_from: i64,
    /// Below this share of proved codes (in percent) operators are warned.
    pub warn_below_percent: i64,
    /// Below this share the prefix is blocked for the day.
    pub block_below_percent: i64,
}

impl Default for SmsSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            countries: Vec::new(),
            per_prefix_hour: 100,
            per_country_hour: 1_000,
            per_hour: 2_000,
            per_day: 10_000,
            price_milli: 50,
            country_price_milli: std::collections::BTreeMap::new(),
            budget_per_day_milli: 500_000,
            judged_from: 20,
            warn_below_percent: 40,
            block_below_percent: 15,
        }
    }
}

impl Settings {
    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> std::result::Result<(), String> {
        let tag = |text: &String| {
            (2..=35).contains(&text.len())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        if self.languages.is_empty() || !self.languages.iter().all(tag) {
            return Err("languages: at least one BCP 47 tag such as en-US".to_owned());
        }
        if !(1..100_000_000).contains(&self.number_first)
            || self.number_last < self.number_first
            || self.number_last > 999_999_999_999
        {
            return Err(
                "number_first and number_last: a range of positive numbers, at most 12 digits".to_owned()
            );
        }
        if self.session_idle_minutes < 1 || self.session_longest_minutes < self.session_idle_minutes {
            return Err(
                "session_longest_minutes: at least session_idle_minutes, which is at least 1".to_owned()
            );
        }
        for code in
            self.restricted_countries.iter().chain(&self.business_countries).chain(&self.sms.countries)
        {
            if crate::countries::parse(code).is_none() {
                return Err(format!("{code:?} is no ISO 3166 country"));
            }
        }
        if !(7..=3_660).contains(&self.events_kept_days) {
            return Err("events_kept_days: 7 to 3660; webhooks are tried for three days".to_owned());
        }
        if !(0..=24 * 366).contains(&self.rate_stale_hours) {
            return Err("rate_stale_hours: 0 (never) to 8784 (a year)".to_owned());
        }
        if !self.rates.url.is_empty() {
            quotes::check_url(&self.rates.url).map_err(|problem| format!("rates.url: {problem}"))?;
        }
        if !(1..=1_440).contains(&self.rates.minutes) {
            return Err("rates.minutes: 1 to 1440 (a day)".to_owned());
        }
        if !self.wallet.url.is_empty() {
            wallet::check_url(&self.wallet.url).map_err(|problem| format!("wallet.url: {problem}"))?;
        }
        if self.wallet.currency.len() > 16
            || !self.wallet.currency.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err("wallet.currency: a code such as USD, at most 16 letters and digits".to_owned());
        }
        // The notice of the closure is kept for a month.
        if !(31..=36_525).contains(&self.closure_retention_days) {
            return Err("closure_retention_days: 31 to 36525 (a hundred years)".to_owned());
        }
        if !["real", "demo"].contains(&self.company_type.as_str()) {
            return Err("company_type: real or demo".to_owned());
        }
        self.office.check()
    }

    /// The company's own spelling of a language tag, if it has that language.
    #[must_use]
    pub fn language(&self, tag: &str) -> Option<&str> {
        self.languages.iter().find(|known| known.eq_ignore_ascii_case(tag)).map(String::as_str)
    }

    /// The company's default language.
    #[must_use]
    pub fn default_language(&self) -> &str {
        self.languages.first().map_or("en-US", String::as_str)
    }
}

/// A company as requests need it.
#[derive(Debug, Clone)]
pub struct Company {
    /// Its id, which clients send in every request.
    pub id: i64,
    /// Its name, as customers read it.
    pub name: String,
    /// Whether it serves requests.
    pub enabled: bool,
    /// Its settings.
    pub settings: Settings,
    /// Texts in its own words: language, key, pattern.
    pub texts: Vec<(String, String, String)>,
}

/// Reads a company.
///
/// # Errors
/// The store's, or settings that can't be read.
pub fn find(tx: &mut Tx<'_>, id: i64) -> Result<Option<Company>> {
    let Some((name, state, settings)) =
        tx.query_opt("SELECT name, state, settings FROM companies WHERE id = $1", params![id], |row| {
            Ok((row.get::<String>(0)?, row.get::<i64>(1)?, row.get::<String>(2)?))
        })?
    else {
        return Ok(None);
    };
    let texts = tx.query(
        "SELECT lang, text_key, pattern FROM company_texts WHERE company_id = $1 ORDER BY lang, text_key",
        params![id],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let settings = serde_json::from_str(&settings)
        .map_err(|error| StoreError::Internal(format!("settings of company {id}: {error}")))?;
    Ok(Some(Company { id, name, enabled: state == 1, settings, texts }))
}

/// All companies, by id.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>) -> Result<Vec<Company>> {
    let ids: Vec<i64> = tx.query("SELECT id FROM companies ORDER BY id", &[], |row| row.get(0))?;
    let mut all = Vec::with_capacity(ids.len());
    for id in ids {
        all.extend(find(tx, id)?);
    }
    Ok(all)
}

/// Adds a company; without an `id` it gets the next one.
///
/// # Errors
/// The id is taken, or the store's.
pub fn add(tx: &mut Tx<'_>, id: Option<i64>, name: &str, settings: &Settings) -> Result<i64> {
    let id = match id {
        Some(id) => id,
        None => tx.value::<i64>("SELECT COALESCE(MAX(id), 0) + 1 FROM companies", &[])?,
    };
    let (now, text) = (tx.now(), settings_text(settings)?);
    let added = tx.execute(
        "INSERT INTO companies (id, name, state, settings, created_at, updated_at) VALUES ($1, $2, 1, $3, $4, $4) \
         ON CONFLICT (id) DO NOTHING",
        params![id, name, &text, now],
    )?;
    if added == 0 {
        return Err(Code::BadField.with(&["id"]));
    }
    tx.execute("INSERT INTO company_numbers (company_id, used) VALUES ($1, 0)", params![id])?;
    tx.touch(id);
    Ok(id)
}

/// Changes a company's name, settings and state.
///
/// # Errors
/// No such company, or the store's.
pub fn set(tx: &mut Tx<'_>, company: &Company) -> Result<()> {
    let (now, text) = (tx.now(), settings_text(&company.settings)?);
    let state = if company.enabled { 1 } else { 2 };
    let changed = tx.execute(
        "UPDATE companies SET name = $2, state = $3, settings = $4, updated_at = $5 WHERE id = $1",
        params![company.id, &company.name, state, &text, now],
    )?;
    if changed == 0 {
        return Err(Code::CompanyUnknown.refuse());
    }
    tx.touch(EVERYTHING);
    Ok(())
}

/// Says a text in the company's own words, or (`None`) in the product's again. The caller has checked the pattern.
///
/// # Errors
/// The store's.
pub fn set_text(
    tx: &mut Tx<'_>,
    company_id: i64,
    lang: &str,
    key: &str,
    pattern: Option<&str>,
) -> Result<()> {
    tx.execute(
        "DELETE FROM company_texts WHERE company_id = $1 AND lang = $2 AND text_key = $3",
        params![company_id, lang, key],
    )?;
    if let Some(pattern) = pattern {
        tx.execute(
            "INSERT INTO company_texts (company_id, lang, text_key, pattern) VALUES ($1, $2, $3, $4)",
            params![company_id, lang, key, pattern],
        )?;
    }
    tx.touch(EVERYTHING);
    Ok(())
}

fn settings_text(settings: &Settings) -> Result<String> {
    Ok(serde_json::to_string(settings).map_err(|error| StoreError::Internal(error.to_string()))?)
}

/// The next customer number: numbers are handed out in a permuted order, so that they can't be walked.
///
/// # Errors
/// `CUSTOMER_API_0000110` when the range is spent, or the store's.
pub fn next_number(tx: &mut Tx<'_>, company: &Company) -> Result<String> {
    let (first, last) = (company.settings.number_first, company.settings.number_last);
    let size = last - first + 1;
    let used: Option<i64> = tx.query_opt(
        "UPDATE company_numbers SET used = used + 1 WHERE company_id = $1 AND used < $2 RETURNING used",
        params![company.id, size],
        |row| row.get(0),
    )?;
    let Some(used) = used else { return Err(Code::NumbersSpent.refuse()) };
    let place =
        crate::number::permuted(tx.keys(), company.id, (used - 1).unsigned_abs(), size.unsigned_abs());
    Ok((first.unsigned_abs() + place).to_string())
}

/// Milliseconds of so many minutes.
#[must_use]
pub fn minutes_ms(minutes: i64) -> i64 {
    minutes.saturating_mul(MINUTE_MS)
}
