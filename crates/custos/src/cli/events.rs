//! `custos events` and `custos webhook`.

use super::group::Owner;
use super::out::{Done, Failure, actor, say, table, tell, when, yes};
use crate::open::{self, Source};
use crate::workers::number_all;
use custos_customers::operator;
use custos_delivery::nats_positions::{self, Position};
use custos_delivery::webhook;
use custos_delivery::webhooks::{self, Webhook};
use custos_operations::feed;
use custos_store::{HOUR_MS, Store};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Events {
    /// List the events of a company, oldest first, one JSON a line
    List {
        #[command(flatten)]
        owner: Owner,
        /// Only those after the event of this number
        #[arg(long, value_name = "SEQ", default_value_t = 0)]
        after: i64,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// List how far each company's events have been pushed to NATS
    Nats,
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Webhooks {
    /// Send what happens from now on to a system of the company's; tells the secret once
    Add {
        /// Where: https://…
        url: String,
        #[command(flatten)]
        owner: Owner,
        /// Only these types, such as kyc.passed or kyc.*
        #[arg(long, value_delimiter = ',')]
        types: Vec<String>,
    },
    /// List the systems, and how far each has come
    List {
        #[command(flatten)]
        owner: Owner,
    },
    /// Make a new secret; tells it once. The one before stays good for a while
    Rotate {
        #[command(flatten)]
        which: Which,
        /// Sign with the one before, too, for so many hours
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(i64).range(0..=720))]
        grace_hours: i64,
    },
    /// Send nothing to a system any more
    Remove(Which),
    /// Send to a system again that was given up, from where it stopped
    Enable {
        #[command(flatten)]
        which: Which,
        /// Leave out what happened meanwhile
        #[arg(long)]
        skip: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Which {
    /// The id
    id: i64,
    #[command(flatten)]
    owner: Owner,
}

pub(super) fn run_events(command: &Events, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let Events::List { owner, after, limit } = *command else { return list_pushed(&store, json) };
    // Without a server nobody gives them their numbers.
    number_all(&store)?;
    let page = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(feed::list(tx, owner.company, after, limit)?)
    })?;
    if page.oldest > after + 1 {
        eprintln!("custos: what came before event {} is not kept any more", page.oldest);
    }
    page.events.iter().try_for_each(|event| say(&event.to_string()))
}

fn list_pushed(store: &Store, json: bool) -> Done {
    let all = store.read_blocking(nats_positions::list)?;
    let row = |one: &Position| {
        json!({
            "company": one.company_id, "position": one.position, "newest": one.newest,
            "failedTries": one.attempts, "pushedAt": one.published_at, "reason": one.reason,
        })
    };
    tell(json, &all.iter().map(row).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                vec![
                    one.company_id.to_string(),
                    one.position.to_string(),
                    one.newest.to_string(),
                    one.attempts.to_string(),
                    when(one.published_at),
                    one.reason.clone(),
                ]
            })
            .collect();
        table(&["COMPANY", "AT", "NEWEST", "FAILED", "PUSHED", "REASON"], &cells)
    })
}

pub(super) fn run_webhooks(command: Webhooks, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let actor = actor();
    match command {
        Webhooks::Add { url, owner, types } => add(&store, owner, url, types, json),
        Webhooks::List { owner } => list(&store, owner, json),
        Webhooks::Rotate { which, grace_hours } => {
            let (company, id) = (which.owner.company, which.id);
            let grace = grace_hours * HOUR_MS;
            let secret = store.write_blocking(move |tx| webhooks::rotate(tx, company, id, grace, &actor))?;
            let secret = secret.ok_or_else(|| none(which))?;
            let secret = webhook::secret_text(&secret);
            tell(json, &json!({ "id": id, "secret": secret }), || {
                format!(
                    "the new secret, told only now: {secret}\nthe one before is good for {grace_hours} hours"
                )
            })
        }
        Webhooks::Remove(which) => {
            let (company, id) = (which.owner.company, which.id);
            let done = store.write_blocking(move |tx| webhooks::remove(tx, company, id, &actor))?;
            done.then_some(()).ok_or_else(|| none(which))?;
            tell(json, &json!({ "id": id, "result": "removed" }), || format!("webhook {id} is removed"))
        }
        Webhooks::Enable { which, skip } => {
            let (company, id) = (which.owner.company, which.id);
            let done = store.write_blocking(move |tx| webhooks::enable(tx, company, id, skip, &actor))?;
            done.then_some(()).ok_or_else(|| none(which))?;
            tell(json, &json!({ "id": id, "result": "enabled" }), || format!("webhook {id} is enabled"))
        }
    }
}

fn none(which: Which) -> Failure {
    Failure::Said(format!("company {} has no webhook {}", which.owner.company, which.id))
}

fn add(store: &Store, owner: Owner, url: String, types: Vec<String>, json: bool) -> Done {
    webhook::check_url(&url)?;
    webhooks::check_types(&types)?;
    let actor = actor();
    let added = store.write_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(webhooks::add(tx, owner.company, &url, &types, &actor)?)
    })?;
    let (id, secret) =
        added.ok_or_else(|| Failure::Said("the company has as many webhooks as it may".to_owned()))?;
    let secret = webhook::secret_text(&secret);
    tell(json, &json!({ "id": id, "secret": secret }), || {
        format!("webhook {id} is added\nits secret, told only now: {secret}")
    })
}

fn list(store: &Store, owner: Owner, json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(webhooks::list(tx, owner.company)?)
    })?;
    let row = |one: &Webhook| {
        json!({
            "id": one.id, "url": one.url, "types": one.types, "enabled": one.enabled, "reason": one.reason,
            "position": one.position, "failedTries": one.attempts, "deliveredAt": one.delivered_at,
            "oldSecretUntil": one.old_until,
        })
    };
    tell(json, &all.iter().map(row).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                vec![
                    one.id.to_string(),
                    yes(one.enabled),
                    one.position.to_string(),
                    one.attempts.to_string(),
                    when(one.delivered_at),
                    one.url.clone(),
                    one.types.join(","),
                    one.reason.clone(),
                ]
            })
            .collect();
        table(&["ID", "ENABLED", "AT", "FAILED", "DELIVERED", "URL", "TYPES", "REASON"], &cells)
    })
}
