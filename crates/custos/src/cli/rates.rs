//! `custos rates`.

use super::group::Owner;
use super::out::{Done, Failure, actor, settle, table, tell, when, yes};
use crate::config::Config;
use crate::open::{self, Source};
use crate::server;
use custos_customers::operator;
use custos_delivery::quotes::QuotesClient;
use custos_ledger::assets;
use custos_ledger::rates::{self, MOST_AT_ONCE, Quoted, Stored, Valuation};
use custos_operations::{quotes, terms};
use custos_store::{Store, Tx};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Say what one of an asset is worth in another
    Set {
        #[command(flatten)]
        owner: Owner,
        /// The asset's code
        #[arg(long, value_name = "CODE")]
        base: String,
        /// The code of the asset that it is worth so much of
        #[arg(long, value_name = "CODE")]
        quote: String,
        /// How much, such as 60000 or 0.000016
        #[arg(long)]
        rate: String,
    },
    /// Set all rates of a file, or none: lines of base,quote,rate
    Load {
        /// The file; - for standard input
        file: PathBuf,
        #[command(flatten)]
        owner: Owner,
    },
    /// Ask the company's service for rates now
    Fetch {
        #[command(flatten)]
        owner: Owner,
    },
    /// List the rates
    List {
        #[command(flatten)]
        owner: Owner,
    },
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    match command {
        Command::Set { owner, base, quote, rate } => {
            let quoted = vec![Given { line: None, quoted: Quoted::new(&base, &quote, &rate)? }];
            let (_, store) = open::command_store(source)?;
            set(&store, owner.company, quoted, rates::Source::Operator, json)
        }
        Command::Load { file, owner } => {
            let text = read(&file)?;
            let quoted = lines(&text)?;
            let (_, store) = open::command_store(source)?;
            set(&store, owner.company, quoted, rates::Source::File, json)
        }
        Command::Fetch { owner } => {
            let (config, store) = open::command_store(source)?;
            fetch(&config, &store, owner.company, json)
        }
        Command::List { owner } => {
            let (_, store) = open::command_store(source)?;
            list(&store, owner.company, json)
        }
    }
}

/// A file of a thousand rates is far below.
const MOST_BYTES: u64 = 1 << 20;

fn read(file: &std::path::Path) -> Done<String> {
    use std::io::Read as _;
    let said = |error: std::io::Error| Failure::Said(format!("{}: {error}", file.display()));
    let from: Box<dyn std::io::Read> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(file).map_err(said)?)
    };
    let mut text = String::new();
    from.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(said)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(Failure::Said(format!("{}: more than 1 MiB", file.display())));
    }
    Ok(text)
}

/// A rate, and on which line it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Given {
    line: Option<usize>,
    quoted: Quoted,
}

impl Given {
    /// A complaint about it.
    fn wrong(&self, words: &str) -> String {
        match self.line {
            Some(line) => format!("line {line}: {words}"),
            None => words.to_owned(),
        }
    }
}

/// Reads the rates of a file. A first line that names the columns, and empty lines, are left out.
fn lines(text: &str) -> Result<Vec<Given>, String> {
    let mut all: Vec<Given> = Vec::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, content) in (1..).zip(text.lines()) {
        if content.trim().is_empty() {
            continue;
        }
        let cells: Vec<&str> = content.split(',').map(cell).collect();
        let [base, quote, rate] = cells[..] else {
            return Err(format!("line {line}: a line is base,quote,rate"));
        };
        if all.is_empty() && [base, quote, rate].map(str::to_lowercase) == ["base", "quote", "rate"] {
            continue;
        }
        let quoted = Quoted::new(base, quote, rate).map_err(|words| format!("line {line}: {words}"))?;
        let new = Given { line: Some(line), quoted };
        if let Some(before) = all.iter().find(|known| known.quoted.in_order() == new.quoted.in_order()) {
            let words =
                format!("{base} and {quote} have a rate on line {} already", before.line.unwrap_or(0));
            return Err(new.wrong(&words));
        }
        all.push(new);
        if all.len() > MOST_AT_ONCE {
            return Err(format!("line {line}: at most {MOST_AT_ONCE} rates at once"));
        }
    }
    if all.is_empty() { Err("there is no rate in it".to_owned()) } else { Ok(all) }
}

/// A cell without blanks and quotation marks around it.
fn cell(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).map_or(text, str::trim)
}

fn set(store: &Store, company: i64, given: Vec<Given>, source: rates::Source, json: bool) -> Done {
    let by = actor();
    let count = given.len();
    store.write_blocking(move |tx| {
        let valuation = terms::valuation(&operator::company(tx, company)?.settings);
        check_assets(tx, company, &valuation, &given)?;
        let quoted: Vec<Quoted> = given.iter().map(|given| given.quoted.clone()).collect();
        Ok::<_, Failure>(rates::load(tx, company, &valuation.currency, &quoted, (source, &by))?)
    })?;
    settle();
    tell(json, &json!({ "company": company, "rates": count }), || {
        format!("set {count} rate{} of company {company}", if count == 1 { "" } else { "s" })
    })
}

fn fetch(config: &Config, store: &Store, company: i64, json: bool) -> Done {
    let company = store.read_blocking(move |tx| Ok::<_, Failure>(operator::company(tx, company)?))?;
    if company.settings.rates.url.is_empty() {
        return Err(Failure::Said(format!(
            "company {} has no service for rates: `custos company set {} --setting rates.url=URL`",
            company.id, company.id
        )));
    }
    let client = QuotesClient::new(server::reach("wallet_networks", &config.wallet_networks)?);
    let done = quotes::fetch(store, &client, &company)?;
    settle();
    tell(json, &json!({ "company": company.id, "rates": done.taken, "left_out": done.left_out }), || {
        format!("took {} rates of company {}, left {} out", done.taken, company.id, done.left_out)
    })
}

/// No guess at what was meant: the nearest code is not the same money.
fn check_assets(tx: &mut Tx<'_>, company: i64, valuation: &Valuation, given: &[Given]) -> Done {
    let mut known: Vec<String> = assets::list(tx, company)?.into_iter().map(|asset| asset.code).collect();
    if !known.contains(&valuation.currency) {
        known.push(valuation.currency.clone());
    }
    for one in given {
        let codes = [&one.quoted.base, &one.quoted.quote];
        if let Some(code) = codes.into_iter().find(|code| !known.contains(code)) {
            let words = format!("company {company} has no asset {code}; it has {}", known.join(", "));
            return Err(Failure::Said(one.wrong(&words)));
        }
    }
    Ok(())
}

fn list(store: &Store, company: i64, json: bool) -> Done {
    let (all, valuation, now) = store.read_blocking(move |tx| {
        let valuation = terms::valuation(&operator::company(tx, company)?.settings);
        Ok::<_, Failure>((rates::list(tx, company)?, valuation, tx.now()))
    })?;
    let rows: Vec<_> = all.iter().map(|stored| row(stored, &valuation, now)).collect();
    let value: Value = rows
        .iter()
        .zip(&all)
        .map(|((cells, is_stale), stored)| {
            let [base, quote, rate, source] = cells;
            json!({
                "base": base, "quote": quote, "rate": rate, "source": source, "at": stored.quoted_at,
                "stale": is_stale,
            })
        })
        .collect();
    tell(json, &value, || {
        let rows: Vec<Vec<String>> = rows
            .iter()
            .zip(&all)
            .map(|((cells, is_stale), stored)| {
                let mut cells = cells.to_vec();
                cells.extend([when(stored.quoted_at), yes(*is_stale)]);
                cells
            })
            .collect();
        table(&["BASE", "QUOTE", "RATE", "SOURCE", "AT", "STALE"], &rows)
    })
}

fn row(stored: &Stored, valuation: &Valuation, now: i64) -> ([String; 4], bool) {
    let quoted = &stored.quoted;
    let cells = [quoted.base.clone(), quoted.quote.clone(), stored.text(), stored.source.clone()];
    (cells, stored.rate().is_stale(valuation, now))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_rates_is_read() {
        let read = |text: &str| {
            lines(text).map(|all| all.into_iter().map(|given| (given.line, given.quoted)).collect::<Vec<_>>())
        };
        let due = |line, base, quote, rate| (Some(line), Quoted::new(base, quote, rate).unwrap());
        let both = [due(1, "BTC", "USD", "60000"), due(3, "USD", "EUR", "0.9")];
        assert_eq!(read("BTC,USD,60000\n\nUSD,EUR,0.9\n").unwrap(), both);
        let headed = [due(2, "BTC", "USD", "60000.5")];
        assert_eq!(read("\u{feff}Base,Quote,Rate\r\n \"BTC\" , USD,60000.50\r\n").unwrap(), headed);
    }

    #[test]
    fn a_wrong_file_is_told_by_its_line() {
        for (text, word) in [
            ("BTC,USD,60000\nETH,USD", "line 2: a line is"),
            ("BTC,USD,60000\nETH,USD,\"3,000\"", "line 2: a line is"),
            ("BTC,USD,0", "line 1: \"0\" is no rate"),
            ("\nBTC,BTC,1", "line 2: "),
            ("BTC,USD,60000\nbase,quote,rate", "line 2: \"rate\" is no rate"),
            ("BTC,USD,60000\nUSD,BTC,0.00001", "line 2: USD and BTC have a rate on line 1"),
            ("", "no rate"),
            ("base,quote,rate\n", "no rate"),
        ] {
            let told = lines(text).unwrap_err();
            assert!(told.contains(word), "{text:?}: {told}");
        }
    }
}
