//! `custos ledger export`: the books as a journal that hledger reads.

use super::group::Owner;
use super::out::{Done, Failure, plain};
use custos_customers::{customer, operator};
use custos_ledger::Amount;
use custos_ledger::accounts::{self, Account};
use custos_ledger::assets::{self, Asset};
use custos_ledger::journal::{self, Recorded};
use custos_ledger::place::{Kind, Place};
use custos_store::{Error as StoreError, Store, Tx};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufWriter, Write};

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Export {
    #[command(flatten)]
    owner: Owner,
    /// Begin with what was recorded on this day (such as 2026-11-24, in UTC), after a line of opening balances
    #[arg(long, value_name = "DAY", value_parser = day)]
    from: Option<i64>,
    /// End before this day
    #[arg(long, value_name = "DAY", value_parser = day)]
    to: Option<i64>,
}

fn day(text: &str) -> Result<i64, String> {
    operator::utc_midnight(text).ok_or_else(|| format!("{text} is no day such as 2026-11-24"))
}

pub(super) fn run(store: &Store, wish: Export) -> Done {
    let mut has_begun = false;
    store.read_blocking(move |tx| {
        // Half a journal has gone out by now.
        if std::mem::replace(&mut has_begun, true) {
            return Err(StoreError::Unavailable("the export was interrupted; begin again".to_owned()).into());
        }
        tx.one_instant()?;
        operator::company(tx, wish.owner.company)?;
        let mut out = BufWriter::new(std::io::stdout().lock());
        write_journal(tx, wish, &mut out)?;
        out.flush().map_err(told)
    })
}

fn told(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::PipeClosed,
        _ => Failure::Said(format!("the journal can't be written: {error}")),
    }
}

/// Sums by account name.
type Sums = BTreeMap<String, (i64, Amount)>;

fn write_journal(tx: &mut Tx<'_>, wish: Export, out: &mut impl Write) -> Done {
    let mut names = Names::new(tx, wish.owner.company)?;
    let mut closing = Sums::new();
    for stands in journal::balances(tx, names.company_id)? {
        names.add(tx, &mut closing, stands.place, stands.asset_id, stands.balance)?;
    }
    writeln!(
        out,
        "; Signs are the ledger's: what a customer has is above zero, what they owe and what the company"
    )
    .and_then(|()| writeln!(out, "; has given out is below."))
    .and_then(|()| writeln!(out, "decimal-mark ."))
    .map_err(told)?;
    for asset in names.assets.values() {
        let unit = Amount::of_units(10_i128.pow(digits(asset)).saturating_mul(1_000)).to_text(digits(asset));
        // Without decimals, the mark alone says that there are none.
        let mark = if asset.digits == 0 { "." } else { "" };
        writeln!(out, "commodity {unit}{mark} {}", commodity(asset)).map_err(told)?;
    }
    for name in closing.keys() {
        writeln!(out, "account {name}").map_err(told)?;
    }
    let (from, to) = (wish.from.unwrap_or(i64::MIN), wish.to.unwrap_or(i64::MAX));
    let (mut opening, mut last) = (Sums::new(), tx.now());
    if wish.from.is_some() {
        each(tx, names.company_id, |tx, one| {
            let earlier = if one.recorded_at < from { one.postings.as_slice() } else { &[] };
            earlier.iter().try_for_each(|posting| {
                names.add(tx, &mut opening, posting.place, posting.asset_id, posting.amount)
            })
        })?;
        let lines = opening.iter().filter(|(_, (_, amount))| !amount.is_zero());
        let text: String =
            lines.map(|(name, (asset, amount))| names.line(name, *asset, *amount, "")).collect();
        if !text.is_empty() {
            write!(out, "\n{} * Opening balances\n{text}", date(from)).map_err(told)?;
        }
    }
    each(tx, names.company_id, |tx, one| {
        last = last.max(one.recorded_at);
        if (from..to).contains(&one.recorded_at) {
            out.write_all(names.transfer(tx, one)?.as_bytes()).map_err(told)?;
        }
        Ok(())
    })?;
    if wish.to.is_none() && !closing.is_empty() {
        // The balances that the program goes by, for hledger to hold against its own sums.
        let text: String = closing
            .iter()
            .map(|(name, (asset, balance))| {
                let due = names.amount(*asset, *balance);
                names.line(name, *asset, Amount::ZERO, &format!(" = {due}"))
            })
            .collect();
        write!(out, "\n{} * Balances as they stand\n{text}", date(last)).map_err(told)?;
    }
    Ok(())
}

/// Hands every transfer of the company to `look`.
fn each(tx: &mut Tx<'_>, company_id: i64, mut look: impl FnMut(&mut Tx<'_>, &Recorded) -> Done) -> Done {
    let mut after = 0;
    loop {
        let page = journal::after(tx, company_id, after)?;
        let Some(end) = page.last() else { return Ok(()) };
        after = end.id;
        page.iter().try_for_each(|one| look(tx, one))?;
    }
}

/// `2026-11-24`.
fn date(at_ms: i64) -> String {
    operator::utc_text(at_ms).chars().take(10).collect()
}

fn digits(asset: &Asset) -> u32 {
    u32::try_from(asset.digits).unwrap_or(0)
}

/// A code as hledger reads it: quoted, as soon as anything but letters is in it.
fn commodity(asset: &Asset) -> String {
    if asset.code.chars().all(|letter| letter.is_ascii_alphabetic()) && !asset.code.is_empty() {
        return asset.code.clone();
    }
    format!("\"{}\"", word(&asset.code))
}

/// Text that stands within a line: nothing in it begins a comment, a tag, or a line, or ends a name.
fn word(text: &str) -> String {
    plain(text).replace(['"', ';', ':'], "_").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A description: a semicolon would begin a comment.
fn description(text: &str) -> String {
    plain(text).replace(';', ",").split_whitespace().collect::<Vec<_>>().join(" ")
}

const TRADE_TYPES: [(i64, &str); 5] =
    [(1, "cfd-mm"), (2, "cfd-wbw"), (3, "cross"), (5, "match"), (8, "wallet")];

/// The names of places. They stay the same for ever: a customer's number, the trade type and the currency do.
struct Names {
    company_id: i64,
    assets: BTreeMap<i64, Asset>,
    customers: HashMap<i64, (String, Vec<Account>)>,
}

impl Names {
    fn new(tx: &mut Tx<'_>, company_id: i64) -> Done<Self> {
        let assets = assets::list(tx, company_id)?.into_iter().map(|asset| (asset.id, asset)).collect();
        Ok(Self { company_id, assets, customers: HashMap::new() })
    }

    fn code(&self, asset_id: i64) -> String {
        self.assets.get(&asset_id).map_or_else(|| format!("asset {asset_id}"), |asset| word(&asset.code))
    }

    fn amount(&self, asset_id: i64, amount: Amount) -> String {
        match self.assets.get(&asset_id) {
            Some(asset) => format!("{} {}", amount.to_text(digits(asset)), commodity(asset)),
            None => format!("{} \"asset {asset_id}\"", amount.to_text(0)),
        }
    }

    fn line(&self, name: &str, asset_id: i64, amount: Amount, more: &str) -> String {
        format!("    {name}  {}{more}\n", self.amount(asset_id, amount))
    }

    fn account(&mut self, tx: &mut Tx<'_>, place: Place, asset_id: i64) -> Done<String> {
        let code = self.code(asset_id);
        if place.owner_id == 0 {
            // Stripes are how the program shares one account among writers, and nobody else's business.
            return Ok(format!("company:{}:{code}", place.kind.name()));
        }
        if !self.customers.contains_key(&place.owner_id) {
            let number = customer::find(tx, self.company_id, place.owner_id)?
                .map_or_else(|| format!("id {}", place.owner_id), |customer| customer.number);
            let own = accounts::list(tx, self.company_id, place.owner_id)?;
            self.customers.insert(place.owner_id, (number, own));
        }
        let (number, own) =
            self.customers.get(&place.owner_id).map_or(("", [].as_slice()), |(number, own)| (number, own));
        let known = own.iter().find(|account| account.id == place.id);
        let trade_type = known.and_then(|account| {
            TRADE_TYPES.iter().find(|(number, _)| *number == account.trade_type).map(|(_, name)| *name)
        });
        let account = trade_type.map_or_else(|| format!("account {}", place.id), str::to_owned);
        let part = match place.kind {
            Kind::Own => String::new(),
            kind => format!(":{}", kind.name()),
        };
        Ok(format!("customers:{}:{account}:{code}{part}", word(number)))
    }

    fn add(&mut self, tx: &mut Tx<'_>, sums: &mut Sums, place: Place, asset_id: i64, amount: Amount) -> Done {
        let sum = sums.entry(self.account(tx, place, asset_id)?).or_insert((asset_id, Amount::ZERO));
        sum.1 = sum.1.plus(amount)?;
        Ok(())
    }

    fn transfer(&mut self, tx: &mut Tx<'_>, one: &Recorded) -> Done<String> {
        let (recorded, effective) = (date(one.recorded_at), date(one.effective_at));
        let second = if recorded == effective { String::new() } else { format!("={effective}") };
        let mut text = format!("\n{recorded}{second} * ({}) {}\n", one.id, description(&one.reason));
        text.push_str(&format!("    ; recorded:{}, effective:{}\n", one.recorded_at, one.effective_at));
        let actor = word(&one.actor.replace(',', " ").replace(':', "/"));
        text.push_str(&format!("    ; business_type:{}, actor:{actor}\n", one.business_type));
        if let Some(original) = one.reverses {
            text.push_str(&format!("    ; reverses:{original}\n"));
        }
        for posting in &one.postings {
            let name = self.account(tx, posting.place, posting.asset_id)?;
            text.push_str(&self.line(&name, posting.asset_id, posting.amount, ""));
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_reason_is_more_than_words() {
        assert_eq!(
            description("a; reverses:1\n2026-01-01 * x\n  a  1"),
            "a, reverses:1\u{fffd}2026-01-01 * x\u{fffd} a 1"
        );
        assert_eq!(word("a:b  \"c\";"), "a_b _c__");
    }

    #[test]
    fn codes_are_quoted_where_they_must_be() {
        let asset = |code: &str| Asset { id: 1, code: code.to_owned(), digits: 2 };
        assert_eq!(commodity(&asset("USD")), "USD");
        assert_eq!(commodity(&asset("1INCH")), "\"1INCH\"");
        assert_eq!(commodity(&asset("A\"B")), "\"A_B\"");
    }

    #[test]
    fn days_are_days() {
        assert_eq!(day("2026-11-24"), Ok(1_795_478_400_000));
        assert!(day("2026-02-30").is_err());
        assert_eq!(date(1_795_508_459_000), "2026-11-24");
    }
}
