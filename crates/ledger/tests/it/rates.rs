//! Rates: named, turned round, crossed, grown old.

use crate::books::{Books, COMPANY, code};
use crate::common::{Bench, on_both};
use custos_ledger::rates::{self, Quoted, Rate, Source, Valuation};
use custos_ledger::{Code, Result, assets, exact};
use num_rational::BigRational;

const BY: (Source, &str) = (Source::Operator, "operator:test");

fn valuation(stale_after_ms: i64) -> Valuation {
    Valuation { currency: "USD".to_owned(), stale_after_ms }
}

fn set(bench: &Bench, base: &str, quote: &str, rate: &str) -> Result<()> {
    let quoted = Quoted::new(base, quote, rate).unwrap();
    bench.tries(move |tx| rates::set(tx, COMPANY, "USD", &quoted, BY))
}

fn rate(bench: &Bench, base: &'static str, quote: &'static str) -> Result<Rate> {
    bench.store.read_blocking(move |tx| rates::rate(tx, COMPANY, "USD", base, quote))
}

fn number(text: &str) -> BigRational {
    exact::parse(text).unwrap()
}

fn furnish(bench: &Bench) {
    bench.furnish();
    bench.tries(|tx| assets::add(tx, COMPANY, "BTC", 8)).unwrap();
}

#[test]
fn a_rate_leads_both_ways_and_across() {
    on_both(|bench| {
        furnish(bench);
        assert_eq!(code(rate(bench, "ETH", "USD")), Code::NoRate);
        assert_eq!(rate(bench, "ETH", "ETH").unwrap(), Rate::one());
        set(bench, "ETH", "USD", "3000").unwrap();
        set(bench, "USD", "BTC", "0.000016").unwrap();
        assert_eq!(rate(bench, "ETH", "USD").unwrap().number, number("3000"));
        assert_eq!(rate(bench, "USD", "ETH").unwrap().number, number("1") / number("3000"));
        assert_eq!(rate(bench, "ETH", "BTC").unwrap().number, number("0.048"));
        assert_eq!(rate(bench, "BTC", "ETH").unwrap().number, number("1") / number("0.048"));
        // What was named for the pair itself goes before what two others say.
        set(bench, "ETH", "BTC", "0.05").unwrap();
        assert_eq!(rate(bench, "ETH", "BTC").unwrap().number, number("0.05"));
        assert_eq!(code(rate(bench, "EUR", "ETH")), Code::NoRate);
    });
}

#[test]
fn a_pair_has_one_rate_whichever_way_it_is_named() {
    on_both(|bench| {
        furnish(bench);
        set(bench, "ETH", "USD", "3000").unwrap();
        set(bench, "ETH", "USD", "3100").unwrap();
        set(bench, "USD", "ETH", "0.0005").unwrap();
        let all = bench.store.read_blocking(|tx| rates::list(tx, COMPANY)).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!((all[0].text().as_str(), all[0].source.as_str()), ("0.0005", "operator"));
        assert_eq!(rate(bench, "ETH", "USD").unwrap().number, number("2000"));
        assert_eq!(bench.number("SELECT count(*) FROM audit_log WHERE action = 'rates.set'"), 3);
    });
}

#[test]
fn several_rates_are_named_together_or_not_at_all() {
    on_both(|bench| {
        furnish(bench);
        let both = |second: &str| {
            let all = vec![
                Quoted::new("ETH", "USD", "3000").unwrap(),
                Quoted::new(second, "USD", "60000").unwrap(),
            ];
            bench.tries(move |tx| rates::load(tx, COMPANY, "USD", &all, (Source::File, "operator:test")))
        };
        assert_eq!(code(both("XXX")), Code::NotOffered);
        assert_eq!(bench.number("SELECT count(*) FROM rates"), 0);
        both("BTC").unwrap();
        assert_eq!(bench.number("SELECT count(*) FROM rates WHERE source = 'file'"), 2);
        // The valuation currency need not be an asset that accounts can hold.
        let quoted = Quoted::new("BTC", "CHF", "50000").unwrap();
        assert_eq!(code(set(bench, "BTC", "CHF", "50000")), Code::NotOffered);
        bench.tries(move |tx| rates::set(tx, COMPANY, "CHF", &quoted, BY)).unwrap();
    });
}

#[test]
fn another_companys_rates_are_not_there() {
    on_both(|bench| {
        furnish(bench);
        set(bench, "ETH", "USD", "3000").unwrap();
        let other = bench.store.read_blocking(|tx| rates::rate(tx, COMPANY + 1, "USD", "ETH", "USD"));
        assert_eq!(code(other), Code::NoRate);
        let read = bench.store.read_blocking(|tx| rates::read(tx, COMPANY + 1, &valuation(0))).unwrap();
        assert_eq!(read.of("ETH"), None);
    });
}

#[test]
fn a_rate_grows_stale_at_its_instant() {
    on_both(|bench| {
        furnish(bench);
        set(bench, "ETH", "USD", "3000").unwrap();
        bench.clock.advance_ms(100);
        set(bench, "BTC", "USD", "60000").unwrap();
        bench.clock.advance_ms(899);
        let read = |limit: i64| {
            bench.store.read_blocking(move |tx| rates::read(tx, COMPANY, &valuation(limit))).unwrap()
        };
        let now = bench.store.now_ms();
        let before = read(1_000);
        assert!(before.fresh("ETH").is_some());
        assert_eq!(before.good_until(), now + 1);
        bench.clock.advance_ms(1);
        let after = read(1_000);
        assert_eq!((after.fresh("ETH"), after.of("ETH").is_some()), (None, true));
        assert!(after.fresh("BTC").is_some());
        assert_eq!(after.good_until(), now + 101);
        // A cross rate is as old as the older of the two that it is made of.
        let cross = rate(bench, "BTC", "ETH").unwrap();
        assert!(cross.is_stale(&valuation(1_000), now + 1));
        assert!(!cross.is_stale(&valuation(1_000), now));
        // The valuation currency itself never does, nor anything where the company says so.
        assert!(after.fresh("USD").is_some());
        assert!(read(0).fresh("ETH").is_some());
        assert_eq!(read(0).good_until(), i64::MAX);
    });
}

#[test]
fn what_is_no_rate_is_said() {
    for (base, quote, rate) in [
        ("BTC", "USD", "0"),
        ("BTC", "USD", "-1"),
        ("BTC", "USD", "1e5"),
        ("BTC", "USD", "60,000"),
        ("BTC", "USD", "0.0000000000000000001"),
        ("BTC", "USD", "1000000000000000000000000"),
        ("BTC", "USD", ""),
        ("BTC", "BTC", "1"),
        ("", "USD", "1"),
    ] {
        assert!(Quoted::new(base, quote, rate).is_err(), "{base}/{quote} {rate}");
    }
}
