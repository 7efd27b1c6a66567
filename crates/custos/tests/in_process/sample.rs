//! The demo's sample: made by real operations, once.

use crate::common::{Backend, Ground, config_on, on_both};
use custos::open::{World, store};
use custos_customers::customer::{self, Name};
use custos_ledger::accounts;
use custos_ledger::place::{self, Kind, Place};
use custos_ledger::proposals;
use custos_ledger::verify::verify;
use custos_operations::error::Error;
use custos_store::{Store, Tx};

on_both!(the_sample_is_made_once_and_proves);

/// What stands on an account of someone's: own, principal, interest.
fn stands(tx: &mut Tx<'_>, email: &str, which: (i64, &str)) -> [String; 3] {
    let who = customer::by_name(tx, 1, &Name::parse(1, email, None)).unwrap().unwrap();
    let all = accounts::list(tx, 1, who.id).unwrap();
    let account = all.into_iter().find(|one| (one.trade_type, one.asset.code.as_str()) == which).unwrap();
    [Kind::Own, Kind::Principal, Kind::Interest].map(|kind| {
        let place = Place::of_customer(who.id, account.id, kind);
        place::look(tx, 1, place, account.asset.id).unwrap().balance.to_text(account.digits())
    })
}

fn counts(store: &Store) -> Vec<i64> {
    store
        .read_blocking(|tx| {
            let mut all = Vec::new();
            for sql in [
                "SELECT count(*) FROM customers",
                "SELECT count(*) FROM ledger_transfers",
                "SELECT count(*) FROM ledger_proposals",
                "SELECT count(*) FROM sessions",
            ] {
                all.push(tx.value::<i64>(sql, &[])?);
            }
            Ok::<_, Error>(all)
        })
        .unwrap()
}

fn the_sample_is_made_once_and_proves(backend: Backend) {
    let ground = Ground::new(backend);
    let config = config_on(&ground);
    custos::sample::fill(&config).unwrap();
    let store = || store(&config, &World::default(), custos_store::Options::COMMAND).unwrap();
    let first = store();
    verify(&first, 1, |_| {}).unwrap().unwrap();
    let told = first.read_blocking(|tx| {
        assert!(proposals::waiting(tx, 1, 0, 10)?.len() == 1);
        Ok::<_, Error>([
            stands(tx, "ada@sample.example", (3, "USDT")),
            stands(tx, "ben@sample.example", (8, "USD")),
            stands(tx, "cleo@sample.example", (5, "ETH")),
        ])
    });
    let [ada, ben, cleo] = told.unwrap();
    // 48 hours on 3000 at 0.02 % a day are 1.20, paid before 498.80 of principal; then 24 hours on the rest.
    assert_eq!(ada, ["4500.000000", "-2501.200000", "-0.500240"]);
    assert_eq!(ben[0], "1180.00");
    assert_eq!(cleo[0], "1.250000000000000000");
    let before = counts(&first);
    first.close();
    custos::sample::fill(&config).unwrap();
    assert_eq!(counts(&store()), before);
}
