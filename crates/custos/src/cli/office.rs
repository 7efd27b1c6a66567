//! `custos customer`: finding, freezing, and what operators write about customers.

use super::customer::{Who, status_word};
use super::group::Owner;
use super::out::{Done, Failure, actor, say, settle, table, tell, when};
use custos_customers::freezes::{self, Freeze, Scope};
use custos_customers::operator::search::{self, Found, Wanted};
use custos_customers::operator::{self, Note};
use custos_operations::timeline;
use custos_store::{HOUR_MS, Store};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Find customers: by number, e-mail address or phone number, or by what many share
    Search(Search),
    /// Show what happened with a customer, newest first
    Timeline {
        #[command(flatten)]
        who: Who,
        /// Go on where the page before ended
        #[arg(long)]
        cursor: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=1_000))]
        limit: u16,
    },
    /// Freeze a customer, whole or in part; a whole freeze, and one of sign-in, ends their sessions
    Freeze {
        #[command(flatten)]
        who: Who,
        /// Only this; without it nothing can be done at all
        #[arg(long)]
        scope: Option<Part>,
        /// For so many hours; without it until unfrozen
        #[arg(long, requires = "scope", value_parser = clap::value_parser!(i64).range(1..=87_600))]
        hours: Option<i64>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Lift a freeze
    Unfreeze {
        #[command(flatten)]
        who: Who,
        /// Only this; without it every lock on the whole account
        #[arg(long)]
        scope: Option<Part>,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Show what is frozen of a customer
    Freezes(Who),
    /// Take the authenticator of a customer who has lost it off; ends their sessions and tells every contact
    ResetMfa {
        #[command(flatten)]
        who: Who,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    /// Show the notes on a customer, or add one
    Notes {
        #[command(flatten)]
        who: Who,
        /// Add this one
        #[arg(long, value_name = "TEXT")]
        add: Option<String>,
    },
    /// Show the tags of a customer, put one on, or take one off
    Tags {
        #[command(flatten)]
        who: Who,
        /// Put this one on
        #[arg(long, value_name = "TAG", conflicts_with = "remove")]
        add: Option<String>,
        /// Take this one off
        #[arg(long, value_name = "TAG")]
        remove: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Search {
    /// A number, e-mail address or phone number (+86 138…), whole
    #[arg(conflicts_with_all = ["name", "tag"])]
    exact: Option<String>,
    #[command(flatten)]
    owner: Owner,
    /// How the name begins, family name first
    #[arg(long, conflicts_with = "tag")]
    name: Option<String>,
    /// normal, disabled, deleted, closed, locked or closing
    #[arg(long)]
    status: Option<String>,
    /// The group's id
    #[arg(long, value_name = "ID")]
    group: Option<i64>,
    /// With this tag
    #[arg(long)]
    tag: Option<String>,
    /// Registered from then on, ms since 1970
    #[arg(long, value_name = "MS")]
    from: Option<i64>,
    /// Registered before then, ms since 1970
    #[arg(long, value_name = "MS")]
    until: Option<i64>,
    /// Go on where the page before ended
    #[arg(long)]
    cursor: Option<String>,
    /// At most so many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=200))]
    limit: i64,
    /// Show addresses and names whole, for this reason; noted in the audit log for each customer shown
    #[arg(long, value_name = "REASON")]
    unmask: Option<String>,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum Part {
    /// Signing in
    SignIn,
    /// Money out, transfers to others too
    Withdraw,
    /// Transfers, out and in
    Transfer,
    /// Loans and trading
    Trade,
}

impl Part {
    fn scope(self) -> Scope {
        match self {
            Self::SignIn => Scope::SignIn,
            Self::Withdraw => Scope::Withdraw,
            Self::Transfer => Scope::Transfer,
            Self::Trade => Scope::Trade,
        }
    }
}

pub(super) fn run(command: Command, store: &Store, json: bool) -> Done {
    match command {
        Command::Search(search) => find(store, search, json),
        Command::Timeline { who, cursor, limit } => past(store, who, cursor, limit, json),
        Command::Freeze { who, scope, hours, reason } => freeze(store, who, (scope, hours), reason, json),
        Command::Unfreeze { who, scope, reason } => unfreeze(store, who, scope, reason, json),
        Command::Freezes(who) => show_freezes(store, who, json),
        Command::ResetMfa { who, reason } => {
            let (actor, number) = (actor(), who.number.clone());
            store.write_blocking(move |tx| operator::reset_mfa(tx, who.names(), &reason, &actor))?;
            settle();
            tell(json, &json!({ "customerNo": number, "result": "reset" }), || {
                format!("customer {number} has no authenticator any more")
            })
        }
        Command::Notes { who, add } => notes(store, who, add, json),
        Command::Tags { who, add, remove } => {
            tags(store, who, add.or(remove.clone()), remove.is_none(), json)
        }
    }
}

fn find(store: &Store, search: Search, json: bool) -> Done {
    let status = match search.status.as_deref() {
        None => None,
        Some(name) => Some(
            search::status_number(name).ok_or_else(|| Failure::Said(format!("there is no status {name}")))?,
        ),
    };
    let wanted = Wanted {
        exact: search.exact,
        name: search.name,
        status,
        group_id: search.group,
        tag: search.tag,
        from: search.from,
        until: search.until,
    };
    let (company, cursor, limit) = (search.owner.company, search.cursor, search.limit);
    let page = match search.unmask {
        None => store.read_blocking(move |tx| {
            let mut page = search::search(tx, company, &wanted, cursor.as_deref(), limit)?;
            page.found = page.found.into_iter().map(Found::masked).collect();
            Ok::<_, Failure>(page)
        })?,
        Some(reason) => {
            let actor = actor();
            store.write_blocking(move |tx| {
                let page = search::search(tx, company, &wanted, cursor.as_deref(), limit)?;
                for found in &page.found {
                    operator::addresses_shown_because(tx, (company, found.id), &reason, &actor)?;
                }
                Ok::<_, Failure>(page)
            })?
        }
    };
    let row = |one: &Found| {
        json!({
            "customerNo": one.number,
            "status": one.status,
            "statusName": status_word(one.status),
            "group": one.group_id,
            "country": one.country,
            "email": one.email,
            "phone": one.phone,
            "name": one.name,
            "createdAt": one.created_at,
            "signedInAt": one.signed_in_at,
        })
    };
    let value = json!({
        "total": page.total(),
        "cursor": page.cursor,
        "customers": page.found.iter().map(row).collect::<Value>(),
    });
    tell(json, &value, || {
        let cells: Vec<Vec<String>> = page
            .found
            .iter()
            .map(|one| {
                vec![
                    one.number.clone(),
                    status_word(one.status).to_owned(),
                    when(one.created_at),
                    one.email.clone(),
                    one.phone.clone(),
                    one.name.clone(),
                ]
            })
            .collect();
        let rows = table(&["NUMBER", "STATUS", "REGISTERED", "E-MAIL", "PHONE", "NAME"], &cells);
        let more = page.cursor.as_ref().map_or_else(String::new, |cursor| format!("more: --cursor {cursor}"));
        format!("{rows}\n{} in all\n{more}", page.total())
    })
}

fn past(store: &Store, who: Who, cursor: Option<String>, limit: u16, json: bool) -> Done {
    let page = store.read_blocking(move |tx| {
        let (company, number) = who.names();
        let customer = operator::customer(tx, company, number)?;
        let page = timeline::page(tx, (company, customer.id), cursor.as_deref(), usize::from(limit))?;
        page.ok_or_else(|| Failure::Said("this is no cursor that a timeline gave".to_owned()))
    })?;
    let moments = page.moments.iter().map(|one| {
        json!({ "at": one.at, "what": one.what, "outcome": one.outcome, "actor": one.actor, "detail": one.detail })
    });
    let value = json!({ "cursor": page.cursor, "moments": moments.collect::<Value>() });
    tell(json, &value, || {
        let cells: Vec<Vec<String>> = page
            .moments
            .iter()
            .map(|one| {
                let (what, outcome, actor) = (one.what.clone(), one.outcome.clone(), one.actor.clone());
                vec![when(one.at), what, outcome, actor, one.detail.to_string()]
            })
            .collect();
        let more =
            page.cursor.as_ref().map_or_else(String::new, |cursor| format!("\nmore: --cursor {cursor}"));
        format!("{}{more}", table(&["WHEN", "WHAT", "OUTCOME", "BY", "DETAIL"], &cells))
    })
}

fn freeze(
    store: &Store,
    who: Who,
    (scope, hours): (Option<Part>, Option<i64>),
    reason: String,
    json: bool,
) -> Done {
    let (actor, number) = (actor(), who.number.clone());
    store.write_blocking(move |tx| match scope {
        None => operator::lock_because(tx, who.names(), true, &reason, &actor),
        Some(part) => {
            let until = hours.map(|hours| tx.now() + hours * HOUR_MS);
            operator::freeze(tx, who.names(), part.scope(), until, &reason, &actor)
        }
    })?;
    settle();
    tell(json, &json!({ "customerNo": number, "result": "frozen" }), || {
        format!("customer {number} is frozen")
    })
}

fn unfreeze(store: &Store, who: Who, scope: Option<Part>, reason: String, json: bool) -> Done {
    let (actor, number) = (actor(), who.number.clone());
    let changed = store.write_blocking(move |tx| match scope {
        None => operator::lock_because(tx, who.names(), false, &reason, &actor).map(|()| true),
        Some(part) => operator::unfreeze(tx, who.names(), part.scope(), &reason, &actor),
    })?;
    settle();
    tell(json, &json!({ "customerNo": number, "changed": changed }), || match changed {
        true => format!("customer {number} is not frozen any more"),
        false => format!("customer {number} was not frozen so"),
    })
}

fn show_freezes(store: &Store, who: Who, json: bool) -> Done {
    let all = store.read_blocking(move |tx| {
        let (company, number) = who.names();
        let customer = operator::customer(tx, company, number)?;
        Ok::<_, Failure>(freezes::list(tx, company, customer.id)?)
    })?;
    let end = |freeze: &Freeze| (freeze.until < freezes::WITHOUT_END).then_some(freeze.until);
    let row = |one: &Freeze| {
        json!({
            "scope": one.scope.as_str(), "reason": one.reason, "actor": one.actor, "since": one.created_at,
            "until": end(one),
        })
    };
    tell(json, &all.iter().map(row).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                let until = end(one).map_or_else(|| "unfrozen".to_owned(), when);
                let (scope, actor) = (one.scope.as_str().to_owned(), one.actor.clone());
                vec![scope, when(one.created_at), until, actor, one.reason.clone()]
            })
            .collect();
        table(&["SCOPE", "SINCE", "UNTIL", "BY", "REASON"], &cells)
    })
}

fn notes(store: &Store, who: Who, add: Option<String>, json: bool) -> Done {
    if let Some(text) = add {
        let actor = actor();
        let id = store.write_blocking(move |tx| operator::add_note(tx, who.names(), &text, &actor))?;
        return tell(json, &json!({ "id": id }), || format!("note {id} is added"));
    }
    let all = store.read_blocking(move |tx| operator::notes(tx, who.names()))?;
    let row =
        |one: &Note| json!({ "id": one.id, "at": one.created_at, "actor": one.actor, "text": one.text });
    tell(json, &all.iter().map(row).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                let text = one.text.clone().unwrap_or_else(|| "(destroyed)".to_owned());
                vec![when(one.created_at), one.actor.clone(), text]
            })
            .collect();
        table(&["WHEN", "BY", "NOTE"], &cells)
    })
}

fn tags(store: &Store, who: Who, tag: Option<String>, has: bool, json: bool) -> Done {
    if let Some(tag) = tag {
        let (wish, actor) = (who.clone(), actor());
        store.write_blocking(move |tx| operator::set_tag(tx, wish.names(), &tag, has, &actor))?;
    }
    let all = store.read_blocking(move |tx| {
        let (company, number) = who.names();
        let customer = operator::customer(tx, company, number)?;
        Ok::<_, Failure>(operator::tags(tx, company, customer.id)?)
    })?;
    if json { say(&json!(all).to_string()) } else { say(&all.join(" ")) }
}
