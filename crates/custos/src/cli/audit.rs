//! `custos audit`.

use super::out::{Done, Failure, plain, say, tell};
use crate::open::{self, Source};
use custos_customers::{company, operator};
use custos_store::audit::{self, DEPLOYMENT, Finding, Stored, Verifier};
use custos_store::{Error as StoreError, Store, Tx};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Check that no entry was edited, removed or put in
    Verify {
        /// Only this company's chain; 0 for what concerns no company
        #[arg(long, value_name = "ID")]
        company: Option<i64>,
    },
    /// Show the latest entries
    Tail(Tail),
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Tail {
    /// Only this company's chain; 0 for what concerns no company
    #[arg(long, value_name = "ID")]
    company: Option<i64>,
    /// How many entries
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(0..=100_000))]
    lines: i64,
    /// Go on showing new ones until interrupted
    #[arg(long, short)]
    follow: bool,
}

/// Entries read at once.
const PAGE: i64 = 1_000;
/// How often new entries are looked for.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn run(command: &Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Command::Verify { company } => verify(&store, *company, json),
        Command::Tail(tail) => self::tail(&store, *tail, json),
    }
}

/// The chains to look at. A company whose chain was removed with its head must be looked at too.
fn chains(store: &Store, only: Option<i64>) -> Done<Vec<i64>> {
    if let Some(id) = only {
        if id != DEPLOYMENT {
            store.read_blocking(move |tx| operator::company(tx, id))?;
        }
        return Ok(vec![id]);
    }
    let ids: BTreeSet<i64> = store.read_blocking(|tx| {
        let chains = audit::chains(tx)?.into_iter().map(|(id, _)| id);
        let companies = company::list(tx)?.into_iter().map(|company| company.id);
        Ok::<_, Failure>(chains.chain(companies).chain([DEPLOYMENT]).collect())
    })?;
    Ok(ids.into_iter().collect())
}

/// What a chain is found to be.
struct Checked {
    company: i64,
    finding: Finding,
    /// The last entry's hash; empty for an empty chain.
    head: String,
}

fn verify(store: &Store, only: Option<i64>, json: bool) -> Done {
    let mut all = Vec::new();
    for company in chains(store, only)? {
        all.push(check(store, company)?);
    }
    let is_whole = all.iter().all(|chain| matches!(chain.finding, Finding::Whole(_)));
    let entries: i64 =
        all.iter().map(|chain| if let Finding::Whole(count) = chain.finding { count } else { 0 }).sum();
    let chain_json = |chain: &Checked| match chain.finding {
        Finding::Whole(count) => {
            json!({ "company": chain.company, "ok": true, "entries": count, "head": chain.head })
        }
        Finding::Broken { seq, what } => {
            json!({ "company": chain.company, "ok": false, "seq": seq, "what": what })
        }
    };
    let value = json!({ "ok": is_whole, "entries": entries, "chains": all.iter().map(chain_json).collect::<Value>() });
    tell(json, &value, || all.iter().map(chain_words).collect::<Vec<_>>().join("\n"))?;
    if is_whole { Ok(()) } else { Err(Failure::Told) }
}

fn chain_words(chain: &Checked) -> String {
    let whose = match chain.company {
        DEPLOYMENT => "deployment".to_owned(),
        id => format!("company {id}"),
    };
    match chain.finding {
        Finding::Whole(0) => format!("{whose}: no entries"),
        Finding::Whole(count) => format!("{whose}: whole, {count} entries, head {}", chain.head),
        Finding::Broken { seq, what } => format!("{whose}: entry {seq} is {what}"),
    }
}

fn check(store: &Store, company: i64) -> Done<Checked> {
    let broken = |finding| Ok(Checked { company, finding, head: String::new() });
    let mut verifier = Verifier::new(company);
    loop {
        let after = verifier.seq();
        let page = store.read_blocking(move |tx| audit::page(tx, company, after, PAGE))?;
        if let Err(finding) = verifier.check(store.keys(), &page) {
            return broken(finding);
        }
        if i64::try_from(page.len()).is_ok_and(|count| count < PAGE) {
            break;
        }
    }
    // A server beside this command goes on writing, so end and head must be of one instant.
    let mut verifier = Some(verifier);
    let (finding, head) = store.read_blocking(move |tx| {
        tx.one_instant()?;
        let verifier = verifier.take().ok_or_else(|| StoreError::Internal("a read ran twice".to_owned()))?;
        finish(tx, company, verifier)
    })?;
    Ok(Checked { company, finding, head })
}

fn finish(tx: &mut Tx<'_>, company: i64, mut verifier: Verifier) -> Result<(Finding, String), StoreError> {
    loop {
        let page = audit::page(tx, company, verifier.seq(), PAGE)?;
        if page.is_empty() {
            break;
        }
        let keys = tx.keys();
        if let Err(finding) = verifier.check(keys, &page) {
            return Ok((finding, String::new()));
        }
    }
    let finding = verifier.finish(tx)?;
    let head = if finding == Finding::Whole(0) { String::new() } else { audit::head(tx, company)? };
    Ok((finding, head))
}

/// An entry with the chain it is of.
type Row = (i64, Stored);

fn tail(store: &Store, tail: Tail, json: bool) -> Done {
    let ids = chains(store, tail.company)?;
    let lines = tail.lines;
    let (mut rows, mut seen) = store.read_blocking(move |tx| latest(tx, &ids, lines))?;
    rows.sort_by_key(|(company, entry)| (entry.at, *company, entry.seq));
    let surplus = rows.len().saturating_sub(usize::try_from(lines).unwrap_or(0));
    let rows = rows.split_off(surplus);
    if !tail.follow {
        return tell(json, &rows.iter().map(row_json).collect::<Value>(), || {
            rows.iter().map(row_words).collect::<Vec<_>>().join("\n")
        });
    }
    show_each(&rows, json)?;
    loop {
        std::thread::sleep(LOOK_EVERY);
        // Companies come while one looks on.
        for company in chains(store, tail.company)? {
            let after = seen.get(&company).copied().unwrap_or(0);
            let page = store.read_blocking(move |tx| audit::page(tx, company, after, PAGE))?;
            if let Some(last) = page.last() {
                seen.insert(company, last.seq);
            }
            show_each(&page.into_iter().map(|entry| (company, entry)).collect::<Vec<_>>(), json)?;
        }
    }
}

/// The last entries of each chain, and where each ends.
fn latest(tx: &mut Tx<'_>, ids: &[i64], lines: i64) -> Result<(Vec<Row>, BTreeMap<i64, i64>), StoreError> {
    let heads: BTreeMap<i64, i64> = audit::chains(tx)?.into_iter().collect();
    let (mut rows, mut seen) = (Vec::new(), BTreeMap::new());
    for id in ids {
        let head = heads.get(id).copied().unwrap_or(0);
        let page = audit::page(tx, *id, (head - lines).max(0), lines)?;
        seen.insert(*id, page.last().map_or(head, |entry| entry.seq));
        rows.extend(page.into_iter().map(|entry| (*id, entry)));
    }
    Ok((rows, seen))
}

fn show_each(rows: &[Row], json: bool) -> Done {
    rows.iter().try_for_each(|row| if json { say(&row_json(row).to_string()) } else { say(&row_words(row)) })
}

fn row_json((company, entry): &Row) -> Value {
    json!({
        "company": company,
        "seq": entry.seq,
        "at": entry.at,
        "action": entry.action,
        "outcome": entry.outcome,
        "actor": entry.actor,
        "customerId": (entry.customer_id > 0).then_some(entry.customer_id),
        "address": entry.address,
        "trace": entry.trace,
        "detail": serde_json::from_str::<Value>(&entry.detail).unwrap_or(Value::Null),
    })
}

fn row_words((company, entry): &Row) -> String {
    let mut text = format!(
        "{}  {company}/{}  {} {}  {}",
        operator::utc_text(entry.at),
        entry.seq,
        entry.action,
        entry.outcome,
        entry.actor
    );
    for (name, value) in [
        ("customer", entry.customer_id.to_string()),
        ("address", entry.address.clone()),
        ("trace", entry.trace.clone()),
    ] {
        if !value.is_empty() && value != "0" {
            text.push_str(&format!("  {name}={value}"));
        }
    }
    if entry.detail != "{}" {
        text.push_str("  ");
        text.push_str(&entry.detail);
    }
    plain(&text)
}
