//! `custos transfer-lock`.

use super::group::Owner;
use super::out::{Done, Failure, actor, settle, tell};
use crate::open::{self, Source};
use custos_customers::operator;
use custos_ledger::locks::{self, Transfers, USUAL_MS};
use custos_store::HOUR_MS;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Close a customer's accounts of a trade type to transfers
    Set {
        #[command(flatten)]
        which: Which,
        /// Which transfers
        #[arg(long, default_value = "both")]
        transfers: Way,
        /// For how many hours; 30 days unless named
        #[arg(long, value_parser = clap::value_parser!(i64).range(1..=87_600))]
        hours: Option<i64>,
    },
    /// Open them again
    Lift {
        #[command(flatten)]
        which: Which,
        /// Which transfers
        #[arg(long, default_value = "both")]
        transfers: Way,
    },
    /// Show to what they are closed
    Show {
        #[command(flatten)]
        which: Which,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Which {
    /// The customer's number
    #[arg(long, value_name = "NUMBER")]
    customer: String,
    #[command(flatten)]
    owner: Owner,
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET
    #[arg(long, value_name = "N")]
    trade_type: i64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Way {
    /// Those that bring money
    In,
    /// Those that take it away
    Out,
    /// All
    Both,
}

impl Way {
    fn transfers(self) -> Transfers {
        match self {
            Self::In => Transfers::In,
            Self::Out => Transfers::Out,
            Self::Both => Transfers::Both,
        }
    }
}

pub(super) fn run(command: &Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let (Command::Set { which, .. } | Command::Lift { which, .. } | Command::Show { which }) = command;
    let (which, by) = (which.clone(), actor());
    let (trade_type, number) = (which.trade_type, which.customer.clone());
    let change = match command {
        Command::Set { transfers, hours, .. } => {
            let for_ms = hours.map_or(USUAL_MS, |hours| hours.saturating_mul(HOUR_MS));
            Some((transfers.transfers(), Some(for_ms)))
        }
        Command::Lift { transfers, .. } => Some((transfers.transfers(), None)),
        Command::Show { .. } => None,
    };
    let work = move |tx: &mut custos_store::Tx<'_>| {
        let customer = operator::customer(tx, which.owner.company, &which.customer)?;
        let whose = (customer.company_id, customer.id);
        match change {
            Some((transfers, Some(for_ms))) => {
                let until = tx.now() + for_ms;
                locks::lock(tx, whose, (trade_type, transfers), until, &by)?;
            }
            Some((transfers, None)) => locks::unlock(tx, whose, (trade_type, transfers), &by)?,
            None => {}
        }
        Ok::<_, Failure>(locks::of(tx, whose, trade_type)?)
    };
    let [(_, into), (_, out), _] =
        if change.is_some() { store.write_blocking(work)? } else { store.read_blocking(work)? };
    settle();
    let value = json!({ "customer": number, "trade_type": trade_type, "in": into, "out": out });
    tell(json, &value, || {
        let word = |closed: bool| if closed { "closed" } else { "open" };
        format!(
            "customer {number}, trade type {trade_type}: {} to transfers in, {} to transfers out",
            word(into),
            word(out)
        )
    })
}
