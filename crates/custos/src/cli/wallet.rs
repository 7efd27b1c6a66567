//! `custos wallet`.

use super::group::Owner;
use super::out::{Done, Failure, actor, settle, table, tell, when};
use crate::config::Config;
use crate::open::{self, Source};
use crate::server;
use custos_customers::credit_limit::{self, Purpose, State};
use custos_customers::operator;
use custos_operations::credit_limit::{Adjustment, adjust};
use custos_operations::outside::Outside;
use custos_store::Store;
use serde_json::json;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Adjust a customer's credit limit in the company's wallet system, which is asked once; what became of it is undone
    /// there when nobody knows
    Adjust(Adjust),
    /// Have the wallet system undo an adjustment that it made
    Cancel {
        /// The adjustment's id
        id: i64,
        #[command(flatten)]
        owner: Owner,
        /// Why
        #[arg(long)]
        reason: String,
    },
    /// List adjustments, newest first
    List {
        #[command(flatten)]
        owner: Owner,
        /// Which ones; all by default
        #[arg(long)]
        state: Option<Stands>,
        /// Only those before the one of this id
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Adjust {
    /// The customer's number
    #[arg(long, value_name = "NUMBER")]
    customer: String,
    #[command(flatten)]
    owner: Owner,
    /// The currency's code
    #[arg(long, value_name = "CODE")]
    currency: String,
    /// How much, such as 12.50; below zero for abnormal-overtrading
    #[arg(long, allow_hyphen_values = true)]
    amount: String,
    /// What for
    #[arg(long)]
    operation: For,
    /// 1 market open, 2 market close, 10 limit, 11 stop loss, 12 limit open
    #[arg(long, value_name = "N")]
    biz_type: i64,
    /// The order's id
    #[arg(long, value_name = "ID")]
    order: i64,
    /// The customer's address
    #[arg(long, default_value = "127.0.0.1")]
    ip: std::net::IpAddr,
    /// Remarks as JSON text, at most 200 characters
    #[arg(long, default_value = "")]
    metadata: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum For {
    OpenPosition,
    NormalClose,
    AbnormalOvertrading,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Stands {
    /// On its way
    Asked,
    /// Made
    Done,
    /// Not made
    Refused,
    /// Nobody knows, and it is being undone
    Unknown,
    /// Made, and being undone
    Undoing,
    /// Undone
    Undone,
}

impl Stands {
    fn state(self) -> State {
        match self {
            Self::Asked => State::Asked,
            Self::Done => State::Done,
            Self::Refused => State::Refused,
            Self::Unknown => State::Unknown,
            Self::Undoing => State::Undoing,
            Self::Undone => State::Undone,
        }
    }
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (config, store) = open::command_store(source)?;
    match command {
        Command::Adjust(wish) => adjust_limit(&config, &store, wish, json),
        Command::Cancel { id, owner, reason } => {
            let by = actor();
            store.write_blocking(move |tx| {
                Ok::<_, Failure>(credit_limit::undo(tx, owner.company, id, (&reason, &by))?)
            })?;
            settle();
            tell(json, &json!({ "id": id, "state": State::Undoing.as_str() }), || {
                format!("adjustment {id} is being undone")
            })
        }
        Command::List { owner, state, before, limit } => {
            let (state, span) = (state.map(Stands::state), (before.unwrap_or(i64::MAX), limit));
            list(&store, owner.company, state, span, json)
        }
    }
}

fn adjust_limit(config: &Config, store: &Store, wish: Adjust, json: bool) -> Done {
    let (company, by) = (wish.owner.company, actor());
    let number = wish.customer.clone();
    let customer =
        store.read_blocking(move |tx| Ok::<_, Failure>(operator::customer(tx, company, &number)?))?;
    let wish = Adjustment {
        company_id: company,
        customer_id: customer.id,
        currency: wish.currency,
        amount: wish.amount,
        biz_type: wish.biz_type,
        purpose: match wish.operation {
            For::OpenPosition => Purpose::OpenPosition,
            For::NormalClose => Purpose::NormalClose,
            For::AbnormalOvertrading => Purpose::AbnormalOvertrading,
        },
        order_id: wish.order,
        ip: wish.ip.to_string(),
        metadata: wish.metadata,
        actor: by,
    };
    let outside = Outside::new(server::wallet(config)?);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Said(error.to_string()))?;
    let done = runtime.block_on(adjust(store, &outside, wish))?;
    settle();
    let state = done.state.as_str();
    tell(json, &json!({ "id": done.id, "state": state }), || match done.state {
        State::Unknown => {
            format!("adjustment {}: nobody knows what became of it, it is being undone", done.id)
        }
        _ => format!("adjustment {}: {state}", done.id),
    })?;
    if done.state == State::Done { Ok(()) } else { Err(Failure::Told) }
}

fn list(store: &Store, company: i64, state: Option<State>, span: (i64, i64), json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, company)?;
        Ok::<_, Failure>(credit_limit::list(tx, company, state, span)?)
    })?;
    let value = serde_json::to_value(&all).map_err(|error| Failure::Said(error.to_string()))?;
    tell(json, &value, || {
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                vec![
                    one.id.to_string(),
                    when(one.asked_at),
                    one.state.clone(),
                    one.amount.clone(),
                    one.currency.clone(),
                    one.order_id.to_string(),
                    one.request_no.clone(),
                    one.reason.clone(),
                ]
            })
            .collect();
        table(&["ID", "ASKED", "STATE", "AMOUNT", "CURRENCY", "ORDER", "REQUEST", "REASON"], &rows)
    })
}
