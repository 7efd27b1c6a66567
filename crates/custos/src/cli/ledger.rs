//! `custos ledger`.

use super::group::Owner;
use super::journal;
use super::out::{Done, Failure, actor, say, settle, table, tell, when};
use crate::open::{self, Source};
use custos_customers::customer::Customer;
use custos_customers::{company, operator};
use custos_ledger::accounts::{self, Account};
use custos_ledger::entries::{self, Entry};
use custos_ledger::place::{self, Kind, Place};
use custos_ledger::{Amount, verify};
use custos_operations::desk;
use custos_store::{Store, Tx};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Give a customer money out of the company's float, or (a negative amount) take it back
    Adjust(Adjust),
    /// Undo a transfer, once
    Reverse {
        /// The transfer's id
        transfer: i64,
        #[command(flatten)]
        owner: Owner,
        /// Only so much of it, in the currency's units such as 12.50; only for transfers between two accounts
        #[arg(long)]
        amount: Option<String>,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// Show what a customer's accounts hold
    Balance {
        #[command(flatten)]
        who: Who,
    },
    /// Show what came and went on an account, newest first
    Statement {
        #[command(flatten)]
        which: Which,
        /// Go on after the page that ended with this cursor
        #[arg(long)]
        cursor: Option<String>,
        /// At most so many lines
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        size: i64,
    },
    /// Write the books as a journal for hledger
    Export(journal::Export),
    /// Prove the books: work every balance out again from what was recorded
    Verify {
        /// Only this company's
        #[arg(long, value_name = "ID")]
        company: Option<i64>,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Who {
    /// The customer's number
    #[arg(long, value_name = "NUMBER")]
    pub(super) customer: String,
    #[command(flatten)]
    pub(super) owner: Owner,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Which {
    #[command(flatten)]
    pub(super) who: Who,
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET
    #[arg(long, value_name = "N")]
    trade_type: i64,
    /// The currency's code
    #[arg(long, value_name = "CODE")]
    currency: String,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Adjust {
    #[command(flatten)]
    which: Which,
    /// How much, such as 12.50 or -12.50
    #[arg(long, allow_hyphen_values = true)]
    amount: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// The same key takes effect once
    #[arg(long)]
    key: Option<String>,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Command::Adjust(wish) => adjust(&store, &wish, json),
        Command::Reverse { transfer, owner, amount, reason } => {
            reverse(&store, (owner.company, transfer), amount, &reason, json)
        }
        Command::Balance { who } => balance(&store, &who, json),
        Command::Statement { which, cursor, size } => statement(&store, &which, cursor, size, json),
        Command::Export(wish) => journal::run(&store, wish),
        Command::Verify { company } => verify_all(&store, company, json),
    }
}

pub(super) fn account(tx: &mut Tx<'_>, which: &Which) -> Done<(Customer, Account)> {
    let company = which.who.owner.company;
    let customer = operator::customer(tx, company, &which.who.customer)?;
    let found = accounts::list(tx, company, customer.id)?.into_iter().find(|account| {
        account.trade_type == which.trade_type && account.asset.code.eq_ignore_ascii_case(&which.currency)
    });
    let missing = || {
        Failure::Said(format!(
            "customer {} has no account of trade type {} in {}",
            which.who.customer, which.trade_type, which.currency
        ))
    };
    Ok((customer, found.ok_or_else(missing)?))
}

pub(super) fn parsed(text: &str, account: &Account) -> Done<Amount> {
    Amount::parse(text, account.digits()).ok_or_else(|| {
        Failure::Said(format!(
            "{text} is no amount of {}, which has {} decimals",
            account.asset.code, account.asset.digits
        ))
    })
}

fn adjust(store: &Store, wish: &Adjust, json: bool) -> Done {
    let (wish, by) = (wish.clone(), actor());
    let told = store.write_blocking(move |tx| {
        let company = operator::company(tx, wish.which.who.owner.company)?;
        // Words that say more than a code.
        let (customer, account) = account(tx, &wish.which)?;
        parsed(&wish.amount, &account)?;
        let which = desk::Which {
            customer: &customer.number,
            trade_type: account.trade_type,
            account_id: Some(account.id),
            currency: &account.asset.code,
        };
        let change =
            desk::Change { amount: &wish.amount, reason: &wish.reason, actor: &by, key: wish.key.as_deref() };
        let (account, amount, done) = desk::adjust(tx, &company, which, change)?;
        let (digits, currency) = (account.digits(), account.asset.code);
        let (amount, balance) = (amount.to_text(digits), done.balance.to_text(digits));
        let words = format!(
            "transfer {}: {amount} {currency} for customer {}, who has {balance} now",
            done.transfer_id, customer.number
        );
        let value = json!({
            "transfer": done.transfer_id, "customer": customer.number, "currency": currency,
            "amount": amount, "balance": balance,
        });
        Ok::<_, Failure>((value, words))
    })?;
    settle();
    tell(json, &told.0, || told.1.clone())
}

fn reverse(
    store: &Store,
    (company, transfer): (i64, i64),
    amount: Option<String>,
    reason: &str,
    json: bool,
) -> Done {
    let (reason, by) = (reason.to_owned(), actor());
    let id = store.write_blocking(move |tx| {
        let part = match &amount {
            None => None,
            Some(text) => {
                let digits = entries::digits_of(tx, company, transfer)?;
                let part = Amount::parse(text, digits);
                Some(part.ok_or_else(|| Failure::Said(format!("{text} is no amount of that currency")))?)
            }
        };
        let company = operator::company(tx, company)?;
        Ok::<_, Failure>(desk::reverse(tx, &company, transfer, part, (&reason, &by))?.id)
    })?;
    settle();
    tell(json, &json!({ "transfer": id, "reverses": transfer }), || {
        format!("transfer {id} undoes transfer {transfer}")
    })
}

fn balance(store: &Store, who: &Who, json: bool) -> Done {
    let who = who.clone();
    let rows = store.read_blocking(move |tx| {
        let company = who.owner.company;
        let customer = operator::customer(tx, company, &who.customer)?;
        let mut rows = Vec::new();
        for account in accounts::list(tx, company, customer.id)? {
            let place = Place::of_customer(customer.id, account.id, Kind::Own);
            let standing = place::look(tx, company, place, account.asset.id)?;
            let digits = account.digits();
            rows.push([
                account.id.to_string(),
                account.trade_type.to_string(),
                account.asset.code.clone(),
                standing.balance.to_text(digits),
                standing.held.to_text(digits),
                standing.available()?.to_text(digits),
            ]);
        }
        Ok::<_, Failure>(rows)
    })?;
    let heads = ["account", "trade type", "currency", "balance", "held", "available"];
    let names = ["account", "trade_type", "currency", "balance", "held", "available"];
    let value: Value = rows
        .iter()
        .map(|row| {
            names
                .iter()
                .zip(row)
                .map(|(name, cell)| ((*name).to_owned(), Value::from(cell.clone())))
                .collect()
        })
        .collect::<Vec<serde_json::Map<String, Value>>>()
        .into();
    tell(json, &value, || table(&heads, &rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>()))
}

fn statement(store: &Store, which: &Which, cursor: Option<String>, size: i64, json: bool) -> Done {
    let which = which.clone();
    let (page, digits) = store.read_blocking(move |tx| {
        let (customer, account) = account(tx, &which)?;
        let place = Place::of_customer(customer.id, account.id, Kind::Own);
        let page = entries::statement(tx, customer.company_id, place, cursor.as_deref(), size)?;
        Ok::<_, Failure>((page, account.digits()))
    })?;
    let line = |entry: &Entry| {
        json!({
            "transfer": entry.transfer_id, "at": entry.recorded_at, "business_type": entry.business_type,
            "amount": entry.amount.to_text(digits), "balance": entry.balance.to_text(digits),
            "reason": entry.reason,
        })
    };
    let value = json!({ "entries": page.entries.iter().map(line).collect::<Value>(), "cursor": page.cursor });
    tell(json, &value, || {
        let rows: Vec<Vec<String>> = page
            .entries
            .iter()
            .map(|entry| {
                vec![
                    when(entry.recorded_at),
                    entry.transfer_id.to_string(),
                    entry.amount.to_text(digits),
                    entry.balance.to_text(digits),
                    entry.reason.clone(),
                ]
            })
            .collect();
        let mut told = table(&["when", "transfer", "amount", "balance", "reason"], &rows);
        if let Some(cursor) = &page.cursor {
            told.push_str(&format!("\nmore with --cursor {cursor}"));
        }
        told
    })
}

fn verify_all(store: &Store, only: Option<i64>, json: bool) -> Done {
    let companies = match only {
        Some(id) => vec![store.read_blocking(move |tx| operator::company(tx, id))?.id],
        None => {
            let all = store.read_blocking(|tx| Ok::<_, Failure>(company::list(tx)?))?;
            all.into_iter().map(|company| company.id).collect()
        }
    };
    let (mut is_whole, mut told, mut words) = (true, Vec::new(), Vec::new());
    for id in companies {
        match verify::verify(store, id, move |seen| {
            if !json && seen.transfers % 100_000 == 0 {
                // What goes to standard error spoils no result.
                eprintln!("company {id}: {} transfers so far", seen.transfers);
            }
        })? {
            Ok(seen) => {
                words
                    .push(format!("company {id}: whole, {} transfers, {} lines", seen.transfers, seen.lines));
                told.push(
                    json!({ "company": id, "ok": true, "transfers": seen.transfers, "lines": seen.lines }),
                );
            }
            Err(finding) => {
                is_whole = false;
                words.push(format!("company {id}: BROKEN: {finding}"));
                told.push(json!({ "company": id, "ok": false, "finding": finding.to_string() }));
            }
        }
    }
    if json {
        say(&json!({ "ok": is_whole, "companies": told }).to_string())?;
    } else {
        say(&words.join("\n"))?;
    }
    if is_whole { Ok(()) } else { Err(Failure::Told) }
}
