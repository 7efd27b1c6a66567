//! `custos closure`.

use super::group::Owner;
use super::out::{Done, Failure, actor, say, settle, table, tell, when};
use crate::open::{self, Source};
use custos_customers::closure::{self, Closure, State};
use custos_customers::operator;
use custos_operations::closing;
use custos_store::Store;
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List who asked for closure, oldest first
    List {
        #[command(flatten)]
        owner: Owner,
        /// Which ones
        #[arg(long, default_value = "waiting")]
        state: Which,
        /// Only those after the closure of this id
        #[arg(long, value_name = "ID", default_value_t = 0)]
        after: i64,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// Close an account for good, as its customer asked
    Approve(Decision),
    /// Let the customer go on as before; they are told the reason
    Reject(Decision),
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Which {
    Waiting,
    Approved,
    Rejected,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Decision {
    /// The customer's number
    number: String,
    #[command(flatten)]
    owner: Owner,
    /// Why, at most 120 characters
    #[arg(long)]
    reason: String,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Command::List { owner, state, after, limit } => {
            let state = match state {
                Which::Waiting => State::Waiting,
                Which::Approved => State::Approved,
                Which::Rejected => State::Rejected,
            };
            list(&store, owner.company, state, (after, limit), json)
        }
        Command::Approve(wish) => decide(&store, &wish, true, json),
        Command::Reject(wish) => decide(&store, &wish, false, json),
    }
}

/// A closure as JSON.
pub(super) fn closure_json(one: &Closure) -> Value {
    json!({
        "id": one.id,
        "customerNo": one.number,
        "remark": one.remark,
        "requestedAt": one.requested_at,
        "decidedAt": one.decided_at,
        "decidedBy": one.decided_by,
        "reason": one.reason,
        "eraseAt": one.erase_at,
        "erasedAt": one.erased_at,
    })
}

fn list(store: &Store, company: i64, state: State, (after, limit): (i64, i64), json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, company)?;
        Ok::<_, Failure>(closure::list(tx, company, state, (after, limit))?)
    })?;
    tell(json, &all.iter().map(closure_json).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                vec![
                    one.id.to_string(),
                    one.number.clone(),
                    when(one.requested_at),
                    when(one.decided_at),
                    one.decided_by.clone(),
                    when(one.erase_at),
                    if one.reason.is_empty() { one.remark.clone() } else { one.reason.clone() },
                ]
            })
            .collect();
        table(&["ID", "NUMBER", "ASKED", "DECIDED", "BY", "ERASED ON", "WHY"], &cells)
    })?;
    let is_full = i64::try_from(all.len()).is_ok_and(|count| count == limit);
    match all.last() {
        Some(last) if is_full && !json => say(&format!("\nmore: --after {}", last.id)),
        _ => Ok(()),
    }
}

fn decide(store: &Store, wish: &Decision, approved: bool, json: bool) -> Done {
    let (asked, by) = (wish.clone(), actor());
    store.write_blocking(move |tx| {
        let company = operator::company(tx, asked.owner.company)?;
        let customer = operator::customer(tx, company.id, &asked.number)?;
        let decide = if approved { closing::approve } else { closing::reject };
        Ok::<_, Failure>(decide(tx, &company, customer.id, (&by, &asked.reason))?)
    })?;
    settle();
    let word = if approved { "closed" } else { "open again" };
    tell(json, &json!({ "customerNo": wish.number, "result": word }), || {
        format!("customer {} is {word}", wish.number)
    })
}
