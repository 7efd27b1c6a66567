//! The demo's company, made once.

use custos_customers::company::{self, Group, Offer, Offers, Settings};
use custos_ledger::assets;
use custos_operations::error::Error;
use custos_store::{Store, Tx};

const ID: i64 = 1;

/// Makes the demo's company where there is none.
///
/// # Errors
/// The store's.
pub(crate) fn ensure(store: &Store) -> Result<(), Error> {
    store.write_blocking(|tx| {
        if company::find(tx, ID)?.is_some() {
            return Ok(());
        }
        let settings = Settings { code_pause_seconds: 0, check_status_open: true, ..Settings::default() };
        company::add(tx, Some(ID), "Custos Demo", &settings)?;
        furnish(tx, ID)
    })
}

/// The assets and groups that a new company starts with.
///
/// # Errors
/// The store's.
pub(crate) fn furnish(tx: &mut Tx<'_>, company_id: i64) -> Result<(), Error> {
    for (code, digits) in [("USD", 2), ("EUR", 2), ("USDT", 6), ("BTC", 8), ("ETH", 18)] {
        assets::add(tx, company_id, code, digits)?;
    }
    let offer = |trade_type, currencies: &[&str]| Offer {
        trade_type,
        currencies: currencies.iter().map(|code| (*code).to_owned()).collect(),
    };
    let accounts = vec![
        offer(1, &["USD"]),
        offer(2, &["USD"]),
        offer(3, &["USDT", "BTC", "ETH"]),
        offer(5, &["USDT", "BTC", "ETH"]),
        offer(8, &["USD", "USDT"]),
    ];
    let group = |name: &str, kind, opens_accounts, is_default| Group {
        id: 0,
        name: name.to_owned(),
        kind,
        opens_accounts,
        is_default,
        offers: Offers { accounts: accounts.clone() },
    };
    company::add_group(tx, company_id, &group("Standard", 0, true, true))?;
    company::add_group(tx, company_id, &group("Practice", 1, true, false))?;
    company::add_group(tx, company_id, &group("Visitors", 2, false, false))?;
    Ok(())
}
