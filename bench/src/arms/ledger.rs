//! Transfers by the ledger.

use super::{repeat, timed};
use crate::Outcome;
use custos_ledger::place::{self, Kind, Place};
use custos_ledger::transfer::{self, Posting, Transfer};
use custos_ledger::{Amount, Result, assets};
use custos_store::{
    DatabaseUrl, Entropy, Keyring, Options, OsEntropy, Parts, Store, SystemClock, Tx, migrate,
};
use std::sync::Arc;

const COMPANY: i64 = 1;
const ASSET: i64 = 1;
/// Transfers of one transaction while the books are filled.
const FILLED_AT_ONCE: u64 = 500;
/// Transfers that each customer of filled books has.
const LINES_OF_A_CUSTOMER: u64 = 50;
/// The customers of filled books have numbers above this; those below write while it is measured.
const FIRST_FILLED: i64 = 1_000_000;
/// A prime that is no divisor of a number of customers.
const SPREADING: u64 = 2_654_435_761;

/// Between whom money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum How {
    /// Between two customers of each writer.
    Apart,
    /// From one account of the company to a customer of each writer.
    Hot,
    /// Apart, and after each transfer a balance is read.
    Reading,
}

impl How {
    pub(super) fn parse(name: &str) -> Outcome<Self> {
        match name {
            "apart" => Ok(Self::Apart),
            "hot" => Ok(Self::Hot),
            "reading" => Ok(Self::Reading),
            other => Err(format!("no way called {other}").into()),
        }
    }
}

/// No randomness at all, for the key of books that hold nothing.
struct Same;

impl Entropy for Same {
    fn fill(&self, bytes: &mut [u8]) -> custos_store::Result<()> {
        bytes.fill(7);
        Ok(())
    }
}

pub(super) fn open(url: &str, writers: usize) -> Outcome<Store> {
    let entropy: Arc<dyn Entropy> = Arc::new(OsEntropy);
    // Several processes work on the same books, one after the other.
    let keys = Keyring::parse(&Keyring::generate(&Same)?)?;
    let options = Options { url: url.parse::<DatabaseUrl>()?, node: 1, pg_threads: writers.min(16) };
    let parts = Parts { clock: Arc::new(SystemClock), entropy, keys: Arc::new(keys) };
    let store = Store::open(options, parts)?;
    migrate::migrate(&store)?;
    store.write_blocking(|tx| {
        tx.execute(
            "INSERT INTO companies (id, name, state, settings, created_at, updated_at) \
             VALUES (1, 'Bench', 1, '{}', 0, 0) ON CONFLICT DO NOTHING",
            &[],
        )?;
        if assets::list(tx, COMPANY)?.is_empty() {
            assets::add(tx, COMPANY, "USD", 2)?;
        }
        Ok::<_, custos_ledger::Error>(())
    })?;
    Ok(store)
}

fn own(customer: i64) -> Place {
    Place::of_customer(customer, customer, Kind::Own)
}

fn moves(tx: &mut Tx<'_>, from: Place, to: Place, units: i128) -> Result<()> {
    let amount = Amount::of_units(units);
    let postings = [
        Posting { place: from, asset_id: ASSET, amount: amount.negated()?, business_type1: 0 },
        Posting { place: to, asset_id: ASSET, amount, business_type1: 0 },
    ];
    let transfer = Transfer {
        business_type: 4,
        reason: "bench",
        actor: "system",
        effective_at: None,
        reverses: None,
        postings: &postings,
    };
    transfer::post(tx, COMPANY, &transfer).map(|_| ())
}

/// Each writer moves one unit at a time, and waits until that is durable.
pub(super) fn transfers(url: &str, writers: usize, how: How, seconds: f64) -> Outcome<()> {
    let store = open(url, writers)?;
    let pairs: Vec<(i64, i64)> =
        (1..=i64::try_from(writers)?).map(|writer| (2 * writer, 2 * writer + 1)).collect();
    for (one, _) in &pairs {
        let float = Place::of_company(Kind::Float, ASSET, *one);
        let to = own(*one);
        store.write_blocking(move |tx| moves(tx, float, to, 1_000_000_000))?;
    }
    timed(|| {
        let threads: Vec<_> = pairs
            .into_iter()
            .map(|pair| {
                let store = store.clone();
                std::thread::spawn(move || write(&store, pair, how, seconds))
            })
            .collect();
        let mut sum = 0;
        for thread in threads {
            sum += thread.join().map_err(|_| "a writer panicked")??;
        }
        Ok(sum)
    })
}

fn write(store: &Store, (one, other): (i64, i64), how: How, seconds: f64) -> Outcome<u64> {
    repeat(seconds, |count| {
        let (from, to) = match how {
            How::Hot => (Place::of_company(Kind::Float, ASSET, one), own(one)),
            // There and back again.
            _ if count.is_multiple_of(2) => (own(one), own(other)),
            _ => (own(other), own(one)),
        };
        store.write_blocking(move |tx| moves(tx, from, to, 1))?;
        if how == How::Reading {
            store.read_blocking(move |tx| place::look(tx, COMPANY, from, ASSET))?;
        }
        Ok(())
    })
}

/// Fills books with so many transfers of two lines, among as many customers as [`LINES_OF_A_CUSTOMER`] says; what is
/// told is transfers a second. Nobody takes the news of them, as if it had all been taken.
pub(super) fn fill(url: &str, transfers: u64) -> Outcome<()> {
    let store = open(url, 1)?;
    let customers = (transfers / LINES_OF_A_CUSTOMER).max(1);
    timed(|| {
        for batch in 0..transfers.div_ceil(FILLED_AT_ONCE) {
            store.write_blocking(move |tx| {
                for number in batch * FILLED_AT_ONCE..(batch + 1) * FILLED_AT_ONCE {
                    // In no order, as customers come.
                    let customer = i64::try_from(number.wrapping_mul(SPREADING) % customers).unwrap_or(0) + 1;
                    let float = Place::of_company(Kind::Float, ASSET, customer);
                    moves(tx, float, own(FIRST_FILLED + customer), 1)?;
                }
                tx.execute("DELETE FROM event_queue", &[])?;
                Ok::<_, custos_ledger::Error>(())
            })?;
        }
        Ok(transfers)
    })
}

/// Proves books: what is told is lines proved a second.
pub(super) fn verify(url: &str) -> Outcome<()> {
    let store = open(url, 1)?;
    timed(|| {
        let seen =
            custos_ledger::verify::verify(&store, COMPANY, |_| {})?.map_err(|finding| finding.to_string())?;
        Ok(seen.lines)
    })
}
