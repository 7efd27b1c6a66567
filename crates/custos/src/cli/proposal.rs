//! `custos proposal`.

use super::group::Owner;
use super::ledger::{Which, account, parsed};
use super::out::{Done, Failure, actor, settle, table, tell, when};
use crate::open::{self, Source};
use custos_customers::operator;
use custos_ledger::proposals::{self, Checker, State};
use custos_operations::desk;
use custos_store::{Store, Tx};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Propose to give a customer money out of the company's float, or (a negative amount) to take it back
    Add(Add),
    /// Make what was proposed; not for who proposed it
    Approve {
        /// The proposal's number
        number: i64,
        #[command(flatten)]
        owner: Owner,
    },
    /// Refuse what was proposed
    Reject {
        /// The proposal's number
        number: i64,
        #[command(flatten)]
        owner: Owner,
    },
    /// Show a proposal
    Show {
        /// The proposal's number
        number: i64,
        #[command(flatten)]
        owner: Owner,
    },
    /// List the proposals that wait, oldest first
    List {
        #[command(flatten)]
        owner: Owner,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Add {
    #[command(flatten)]
    which: Which,
    /// How much, such as 12.50 or -12.50
    #[arg(long, allow_hyphen_values = true)]
    amount: String,
    /// Why
    #[arg(long)]
    reason: String,
    /// The same key makes one proposal
    #[arg(long)]
    key: Option<String>,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Command::Add(wish) => add(&store, wish, json),
        Command::Approve { number, owner } => {
            let by = actor();
            let transfer = store.write_blocking(move |tx| {
                let company = operator::company(tx, owner.company)?;
                Ok::<_, Failure>(desk::approve(tx, &company, number, Checker { name: &by, id: 0 })?)
            })?;
            settle();
            tell(json, &json!({ "proposal": number, "transfer": transfer }), || {
                format!("proposal {number} is made: transfer {transfer}")
            })
        }
        Command::Reject { number, owner } => {
            let by = actor();
            store.write_blocking(move |tx| {
                Ok::<_, Failure>(proposals::reject(tx, owner.company, number, &by)?)
            })?;
            settle();
            tell(json, &json!({ "proposal": number }), || format!("proposal {number} is refused"))
        }
        Command::Show { number, owner } => {
            let shown = store.read_blocking(move |tx| show(tx, owner.company, number))?;
            list(&[shown], json)
        }
        Command::List { owner, limit } => {
            let all = store.read_blocking(move |tx| {
                operator::company(tx, owner.company)?;
                let waiting = proposals::waiting(tx, owner.company, 0, limit)?;
                waiting.iter().map(|one| show(tx, owner.company, one.id)).collect::<Done<Vec<_>>>()
            })?;
            list(&all, json)
        }
    }
}

fn add(store: &Store, wish: Add, json: bool) -> Done {
    let by = actor();
    let number = store.write_blocking(move |tx| {
        let company = operator::company(tx, wish.which.who.owner.company)?;
        let (customer, account) = account(tx, &wish.which)?;
        parsed(&wish.amount, &account)?;
        let which = desk::Which {
            customer: &customer.number,
            trade_type: account.trade_type,
            account_id: Some(account.id),
            currency: &account.asset.code,
        };
        let key = wish.key.as_deref();
        let change = desk::Change { amount: &wish.amount, reason: &wish.reason, actor: &by, key };
        Ok::<_, Failure>(desk::propose(tx, &company, which, change, true)?)
    })?;
    settle();
    tell(json, &json!({ "proposal": number }), || {
        format!("proposal {number} waits: `custos proposal approve {number}`, by someone else")
    })
}

/// A proposal's cells.
type Shown = [String; 9];

fn show(tx: &mut Tx<'_>, company: i64, number: i64) -> Done<Shown> {
    let (found, customer, account) = desk::proposal(tx, company, number)?;
    let state = match found.state {
        State::Waiting => "waiting",
        State::Made => "made",
        State::Refused => "refused",
        State::Lapsed => "lapsed",
    };
    Ok([
        found.id.to_string(),
        when(found.created_at),
        state.to_owned(),
        customer.number,
        account.trade_type.to_string(),
        format!("{} {}", found.amount.to_text(account.digits()), account.asset.code),
        found.maker,
        found.checker,
        found.remark,
    ])
}

fn list(all: &[Shown], json: bool) -> Done {
    let names = ["proposal", "at", "state", "customer", "trade_type", "amount", "maker", "checker", "reason"];
    let object = |cells: &Shown| -> Value {
        let pairs = names.iter().zip(cells).map(|(name, cell)| ((*name).to_owned(), cell.clone().into()));
        Value::Object(pairs.collect())
    };
    tell(json, &all.iter().map(object).collect(), || {
        let heads = names.map(str::to_uppercase);
        let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
        table(&heads, &all.iter().map(|cells| cells.to_vec()).collect::<Vec<_>>())
    })
}
