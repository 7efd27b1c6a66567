//! The demo's company, made once.

use crate::{kyc_plan, lending};
use custos_customers::company::{self, Group, Lending, Offer, Offers, Settings};
use custos_customers::kyc;
use custos_ledger::assets;
use custos_ledger::rates::{self, Quoted, Source};
use custos_operations::error::Error;
use custos_store::{Store, Tx};

/// Its id.
pub(crate) const ID: i64 = 1;

/// What the demo's assets are worth in its valuation currency.
const RATES: [(&str, &str); 4] = [("USDT", "1"), ("BTC", "60000"), ("ETH", "3000"), ("EUR", "1.1")];

/// Makes the demo's company where there is none.
///
/// # Errors
/// The store's.
pub(crate) fn ensure(store: &Store) -> Result<(), Error> {
    store.write_blocking(|tx| {
        if company::find(tx, ID)?.is_some() {
            return Ok(());
        }
        let settings = Settings {
            code_pause_seconds: 0,
            check_status_open: true,
            // Nobody renews them.
            rate_stale_hours: 0,
            ..Settings::default()
        };
        company::add(tx, Some(ID), "Custos Demo", &settings)?;
        furnish(tx, ID, Some(&Lending::default()))?;
        kyc::set_plan(tx, ID, &kyc_plan::demo().map_err(Error::Internal)?, "system")?;
        let quoted = |(base, rate): (&str, &str)| Quoted::new(base, &settings.valuation_currency, rate);
        let all: Result<Vec<Quoted>, String> = RATES.into_iter().map(quoted).collect();
        let all = all.map_err(Error::Internal)?;
        Ok(rates::load(tx, ID, &settings.valuation_currency, &all, (Source::Operator, "system"))?)
    })
}

/// The assets and groups that a new company starts with, and the terms on which it lends on CROSS accounts, if it does.
///
/// # Errors
/// The store's.
pub(crate) fn furnish(tx: &mut Tx<'_>, company_id: i64, lending: Option<&Lending>) -> Result<(), Error> {
    for (code, digits) in [("USD", 2), ("EUR", 2), ("USDT", 6), ("BTC", 8), ("ETH", 18)] {
        assets::add(tx, company_id, code, digits)?;
    }
    let accounts = vec![
        Offer::new(1, &["USD"]),
        Offer::new(2, &["USD"]),
        Offer { lending: lending.cloned(), ..Offer::new(3, &["USDT", "BTC", "ETH"]) },
        Offer::new(5, &["USDT", "BTC", "ETH"]),
        Offer::new(8, &["USD", "USDT"]),
    ];
    let group = |name: &str, kind, opens_accounts, is_default| Group {
        id: 0,
        name: name.to_owned(),
        kind,
        opens_accounts,
        is_default,
        offers: Offers { accounts: accounts.clone() },
    };
    let groups = [
        group("Standard", 0, true, true),
        group("Practice", 1, true, false),
        group("Visitors", 2, false, false),
    ];
    for group in groups {
        let id = company::add_group(tx, company_id, &group)?;
        lending::note(tx, company_id, &Group { id, ..group })?;
    }
    Ok(())
}
