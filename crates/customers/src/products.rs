//! The products that a company trades, as its trading system's operators load them. Nothing is worked out of them here but
//! what clients are shown.

use crate::error::{Code, Result};
use custos_store::{Error as StoreError, Tx, audit, params};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::HashSet;

/// Products of a company.
pub const MOST: usize = 5_000;
const DAY_SECONDS: i64 = 86_400;

/// A span of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holiday {
    /// From, ms since 1970.
    pub start_time: i64,
    /// Until, ms since 1970.
    pub end_time: i64,
}

/// When a product is traded each week, in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Hours {
    /// 1 Monday to 7 Sunday.
    pub day_of_week: i64,
    /// From, seconds of the day.
    pub start_time: i64,
    /// Until, seconds of the day.
    pub end_time: i64,
}

/// A product, by the names that clients know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Product {
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH.
    pub trade_type: i64,
    /// Its id.
    pub symbol_id: i64,
    /// Its code, such as `BTC/USDT`.
    pub symbol_code: String,
    /// Its name.
    pub symbol_name: String,
    /// Decimals of its price.
    pub symbol_digits: i64,
    /// What is traded.
    #[serde(default)]
    pub base_currency: String,
    /// What it is paid in.
    #[serde(default)]
    pub profit_currency: String,
    /// The groups that may trade it, with commas between; empty for all.
    #[serde(default)]
    pub customer_group_ids: String,
    /// The product groups it is in, with commas between.
    #[serde(default)]
    pub symbol_group_ids: String,
    /// What is added to the price asked.
    #[serde(default = "nothing")]
    pub ask_spread: String,
    /// What is added to the price bid.
    #[serde(default = "nothing")]
    pub bid_spread: String,
    /// Smallest steps in a point.
    #[serde(default = "one")]
    pub point_ratio: i64,
    /// How deals are made.
    #[serde(default = "one")]
    pub deal_mode: i64,
    /// Whether it is an ETF.
    #[serde(default)]
    pub etf: bool,
    /// The fund it belongs to; 0 for none.
    #[serde(default)]
    pub fund_id: i64,
    /// Labels.
    #[serde(default)]
    pub labels: String,
    /// Its place in the list.
    #[serde(default)]
    pub sort_num: i64,
    /// 1 it may be borrowed to be sold, 2 not.
    #[serde(default = "two")]
    pub enable_short_loan: i64,
    /// 1 money may be borrowed to buy it, 2 not.
    #[serde(default = "two")]
    pub enable_long_loan: i64,
    /// 1 it may be traded, 2 not.
    #[serde(default = "one")]
    pub dividend: i64,
    /// When it is not traded.
    #[serde(default)]
    pub holiday_time_list: Vec<Holiday>,
    /// When it is; none for always.
    #[serde(default)]
    pub trade_time_list: Vec<Hours>,
}

fn nothing() -> String {
    "0".to_owned()
}

const fn one() -> i64 {
    1
}

const fn two() -> i64 {
    2
}

impl Product {
    /// Whether a group may trade it.
    #[must_use]
    pub fn is_for(&self, group_id: i64) -> bool {
        let groups = self.customer_group_ids.trim();
        groups.is_empty() || groups.split(',').any(|id| id.trim().parse() == Ok(group_id))
    }

    /// Whether a holiday is on.
    #[must_use]
    pub fn is_on_holiday(&self, now_ms: i64) -> bool {
        self.holiday_time_list.iter().any(|holiday| (holiday.start_time..holiday.end_time).contains(&now_ms))
    }

    /// Whether it is within its hours.
    #[must_use]
    pub fn is_in_hours(&self, now_ms: i64) -> bool {
        let seconds = now_ms.div_euclid(1_000);
        let (day, second) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS));
        // The first of January 1970 was a Thursday.
        let day_of_week = (day + 3).rem_euclid(7) + 1;
        self.trade_time_list.is_empty()
            || self.trade_time_list.iter().any(|hours| {
                hours.day_of_week == day_of_week && (hours.start_time..hours.end_time).contains(&second)
            })
    }

    fn check(&self) -> std::result::Result<(), String> {
        let fits = |text: &str, longest: usize| {
            text.chars().count() <= longest && !text.chars().any(char::is_control)
        };
        if !(1..=99).contains(&self.trade_type) || !(1..=9_007_199_254_740_991).contains(&self.symbol_id) {
            return Err("tradeType: 1 to 99; symbolId: above 0".to_owned());
        }
        if self.symbol_code.is_empty() || self.symbol_name.is_empty() {
            return Err("symbolCode and symbolName are needed".to_owned());
        }
        let texts = [
            &self.symbol_code,
            &self.symbol_name,
            &self.base_currency,
            &self.profit_currency,
            &self.customer_group_ids,
            &self.symbol_group_ids,
            &self.ask_spread,
            &self.bid_spread,
            &self.labels,
        ];
        if !texts.iter().all(|text| fits(text, 200)) || !(0..=18).contains(&self.symbol_digits) {
            return Err("texts: at most 200 characters; symbolDigits: 0 to 18".to_owned());
        }
        if self.holiday_time_list.len() > 100 || self.trade_time_list.len() > 100 {
            return Err("at most 100 holidays and 100 hours".to_owned());
        }
        let hours_fit = |hours: &Hours| {
            (1..=7).contains(&hours.day_of_week)
                && (0..=DAY_SECONDS).contains(&hours.start_time)
                && (hours.start_time..=DAY_SECONDS).contains(&hours.end_time)
        };
        if !self.trade_time_list.iter().all(hours_fit) {
            return Err(
                "tradeTimeList: dayOfWeek 1 to 7, seconds of the day, the first before the last".to_owned()
            );
        }
        Ok(())
    }
}

/// Reads a catalogue: a JSON array of products.
///
/// # Errors
/// A sentence for the operator, with the place of what is wrong.
pub fn parse(text: &str) -> std::result::Result<Vec<Product>, String> {
    let all: Vec<Product> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if all.len() > MOST {
        return Err(format!("at most {MOST} products"));
    }
    let mut known = HashSet::new();
    for (number, product) in all.iter().enumerate() {
        let wrong = |problem: &str| format!("product {} ({}): {problem}", number + 1, product.symbol_code);
        product.check().map_err(|problem| wrong(&problem))?;
        if !known.insert((product.trade_type, product.symbol_id)) {
            return Err(wrong("is there twice"));
        }
    }
    Ok(all)
}

/// Puts a catalogue in place of the one before.
///
/// # Errors
/// The store's.
pub fn load(tx: &mut Tx<'_>, company_id: i64, all: &[Product], actor: &str) -> Result<()> {
    tx.execute("DELETE FROM products WHERE company_id = $1", params![company_id])?;
    for (position, product) in (0_i64..).zip(all) {
        let text = serde_json::to_string(product).map_err(|error| StoreError::Internal(error.to_string()))?;
        tx.send(
            "INSERT INTO products (company_id, trade_type, symbol_id, position, product) VALUES ($1, $2, $3, $4, $5)",
            params![company_id, product.trade_type, product.symbol_id, position, &text],
        )?;
    }
    tx.touch(company_id);
    let detail = json!({ "products": all.len() });
    tx.audit(audit::Entry::by_hand(company_id, "products.load", actor, None, detail));
    Ok(())
}

/// The catalogue, in the order of the file.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Product>> {
    let texts = tx.query(
        "SELECT product FROM products WHERE company_id = $1 ORDER BY position",
        params![company_id],
        |row| row.get::<String>(0),
    )?;
    let read = |text: &String| {
        serde_json::from_str(text).map_err(|error| StoreError::Internal(format!("a product: {error}")))
    };
    Ok(texts.iter().map(read).collect::<std::result::Result<_, _>>()?)
}

/// One product.
///
/// # Errors
/// The store's.
pub fn find(tx: &mut Tx<'_>, company_id: i64, trade_type: i64, symbol_id: i64) -> Result<Option<Product>> {
    let text = tx.query_opt(
        "SELECT product FROM products WHERE company_id = $1 AND trade_type = $2 AND symbol_id = $3",
        params![company_id, trade_type, symbol_id],
        |row| row.get::<String>(0),
    )?;
    let read = |text: String| {
        serde_json::from_str(&text).map_err(|error| StoreError::Internal(format!("a product: {error}")))
    };
    Ok(text.map(read).transpose()?)
}

/// Refuses products that the company does not trade; any are taken where it has no catalogue.
///
/// # Errors
/// `GATEWAY_CODE_104`, or the store's.
pub(crate) fn must_have(tx: &mut Tx<'_>, company_id: i64, trade_type: i64, symbols: &[i64]) -> Result<()> {
    let known: HashSet<(i64, i64)> = tx
        .query(
            "SELECT trade_type, symbol_id FROM products WHERE company_id = $1",
            params![company_id],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?
        .into_iter()
        .collect();
    let is_known = |symbol: &i64| known.is_empty() || known.contains(&(trade_type, *symbol));
    if symbols.iter().all(is_known) { Ok(()) } else { Err(Code::BadField.with(&["symbolList"])) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BTC: &str =
        r#"{"tradeType":5,"symbolId":7,"symbolCode":"BTC/USDT","symbolName":"Bitcoin","symbolDigits":2}"#;

    fn with(more: &str) -> std::result::Result<Vec<Product>, String> {
        parse(&format!("[{}{more}}}]", &BTC[..BTC.len() - 1]))
    }

    #[test]
    fn a_catalogue_is_taken_whole_or_not_at_all() {
        assert_eq!(parse("[]").unwrap(), []);
        assert_eq!(with("").unwrap()[0].point_ratio, 1);
        for (bad, says) in [
            (format!("[{BTC},{BTC}]"), "product 2 (BTC/USDT): is there twice"),
            ("{}".to_owned(), "expected a sequence"),
            (format!("[{}]", BTC.replace("\"symbolDigits\":2", "\"symbolDigits\":19")), "0 to 18"),
            (format!("[{}]", BTC.replace("Bitcoin", "")), "are needed"),
            (format!("[{}]", BTC.replace("symbolName", "symbolNane")), "symbolNane"),
        ] {
            assert!(parse(&bad).unwrap_err().contains(says), "{bad}");
        }
        assert!(with(r#","tradeTimeList":[{"dayOfWeek":8,"startTime":0,"endTime":1}]"#).is_err());
        assert!(with(r#","tradeTimeList":[{"dayOfWeek":1,"startTime":2,"endTime":1}]"#).is_err());
    }

    #[test]
    fn groups_hours_and_holidays() {
        let all = with(
            r#","customerGroupIds":"1, 3","tradeTimeList":[{"dayOfWeek":4,"startTime":3600,"endTime":7200}],
               "holidayTimeList":[{"startTime":4000000,"endTime":5000000}]"#,
        )
        .unwrap();
        let product = &all[0];
        assert!(product.is_for(1) && product.is_for(3) && !product.is_for(2));
        // Thursday, the first of January 1970.
        for (now, in_hours, holiday) in [
            (3_599_999, false, false),
            (3_600_000, true, false),
            (4_000_000, true, true),
            (5_000_000, true, false),
            (7_200_000, false, false),
            (-604_800_000 + 3_600_000, true, false),
            (86_400_000 + 3_600_000, false, false),
        ] {
            assert_eq!((product.is_in_hours(now), product.is_on_holiday(now)), (in_hours, holiday), "{now}");
        }
        assert!(with("").unwrap()[0].is_in_hours(0));
    }
}
