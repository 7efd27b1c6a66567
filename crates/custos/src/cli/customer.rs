//! `custos customer`.

use super::group::Owner;
use super::office;
use super::out::{Done, Failure, actor, fields, say, settle, table, tell, when, yes};
use crate::open::{self, Source};
use custos_customers::company;
use custos_customers::customer::Customer;
use custos_customers::operator::{self, Listed};
use custos_customers::session::{self, Session};
use custos_ledger::accounts::{self, Account};
use custos_operations::{portability, regroup};
use custos_store::{Store, Tx};
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Show a customer
    Show {
        #[command(flatten)]
        who: Who,
        /// Show e-mail, phone and postal address whole; this is noted in the audit log
        #[arg(long)]
        unmask: bool,
    },
    /// List customers in the order of their registration
    List {
        #[command(flatten)]
        owner: Owner,
        /// Only those after this customer number
        #[arg(long, value_name = "NUMBER")]
        after: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// Lock a customer out until unlocked; ends their sessions
    Lock(Who),
    /// Lift every lock on a customer, and forget their wrong tries
    Unlock(Who),
    /// Take a customer out of use; ends their sessions
    Disable(Who),
    /// Bring a disabled customer back
    Enable(Who),
    /// Write all that is kept of a customer as JSON, for them to take along; this is noted in the audit log
    Export(Who),
    /// Show a customer's sessions, or end them
    Sessions {
        #[command(flatten)]
        who: Who,
        /// End them all
        #[arg(long)]
        end: bool,
    },
    /// Bring a customer to another group of the same kind; loans are charged at its rate from then on
    Regroup {
        #[command(flatten)]
        who: Who,
        /// The group's id
        #[arg(long, value_name = "ID")]
        to: i64,
        /// Why, for the audit log
        #[arg(long)]
        reason: String,
    },
    #[command(flatten)]
    Office(office::Command),
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Who {
    /// The customer's number
    pub(super) number: String,
    #[command(flatten)]
    pub(super) owner: Owner,
}

impl Who {
    /// The company and the number.
    pub(super) fn names(&self) -> (i64, &str) {
        (self.owner.company, &self.number)
    }
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Command::Show { who, unmask } => show(&store, &who, unmask, json),
        Command::List { owner, after, limit } => list(&store, owner.company, after, limit, json),
        Command::Lock(who) => lock(&store, &who, true, json),
        Command::Unlock(who) => lock(&store, &who, false, json),
        Command::Disable(who) => enable(&store, &who, false, json),
        Command::Enable(who) => enable(&store, &who, true, json),
        Command::Export(who) => export(&store, &who),
        Command::Sessions { who, end: true } => end_sessions(&store, &who, json),
        Command::Sessions { who, end: false } => sessions(&store, &who, json),
        Command::Regroup { who, to, reason } => move_to(&store, who, to, reason, json),
        Command::Office(command) => office::run(command, &store, json),
    }
}

fn export(store: &Store, who: &Who) -> Done {
    let (wish, by) = (who.clone(), actor());
    let id = store.write_blocking(move |tx| {
        let customer = operator::customer(tx, wish.owner.company, &wish.number)?;
        portability::noted(tx, &customer, &by);
        Ok::<_, Failure>(customer.id)
    })?;
    let company = who.owner.company;
    let whole = store.read_blocking(move |tx| Ok::<_, Failure>(portability::export(tx, company, id)?))?;
    say(&serde_json::to_string_pretty(&whole).map_err(|error| Failure::Said(error.to_string()))?)
}

fn move_to(store: &Store, who: Who, to: i64, reason: String, json: bool) -> Done {
    let (number, by) = (who.number.clone(), actor());
    let before = store
        .write_blocking(move |tx| Ok::<_, Failure>(regroup::regroup(tx, who.names(), to, (&reason, &by))?))?;
    settle();
    tell(json, &json!({ "customerNo": number, "before": before, "group": to }), || {
        format!("customer {number} is in group {to}, and was in {before}")
    })
}

pub(super) fn status_word(status: i64) -> &'static str {
    match status {
        1 => "normal",
        2 => "disabled",
        3 => "deleted",
        4 => "closed",
        5 => "locked",
        6 => "closing",
        _ => "unknown",
    }
}

/// A customer with what belongs to them.
struct Whole {
    customer: Customer,
    status: i64,
    group: String,
    accounts: Vec<Account>,
    session_count: usize,
    masked: bool,
}

fn whole(tx: &mut Tx<'_>, who: &Who, masked: bool) -> Result<Whole, Failure> {
    let company = who.owner.company;
    let customer = operator::customer(tx, company, &who.number)?;
    let groups = company::groups(tx, company)?;
    let group = groups.into_iter().find(|group| group.id == customer.group_id).map(|group| group.name);
    Ok(Whole {
        status: customer.status_at(tx.now()) as i64,
        group: group.unwrap_or_default(),
        accounts: accounts::list(tx, company, customer.id)?,
        session_count: session::list(tx, company, customer.id)?.len(),
        customer,
        masked,
    })
}

fn show(store: &Store, who: &Who, unmask: bool, json: bool) -> Done {
    let (wish, actor) = (who.clone(), actor());
    let shown = if unmask {
        store.write_blocking(move |tx| {
            let whole = whole(tx, &wish, false)?;
            operator::addresses_shown(tx, &whole.customer, &actor);
            Ok::<_, Failure>(whole)
        })?
    } else {
        store.read_blocking(move |tx| whole(tx, &wish, true))?
    };
    tell(json, &whole_json(&shown), || whole_words(&shown))
}

impl Whole {
    fn email(&self) -> Option<String> {
        let email = self.customer.email.as_ref()?;
        Some(if self.masked { email.masked() } else { email.as_str().to_owned() })
    }

    fn phone(&self) -> Option<String> {
        let phone = self.customer.phone.as_ref()?;
        Some(if self.masked { format!("{} {}", phone.area, phone.masked()) } else { phone.e164() })
    }

    fn address(&self) -> String {
        let parts = [&self.customer.address, &self.customer.postal_code];
        let parts: Vec<&str> =
            parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
        if self.masked && !parts.is_empty() { "***".to_owned() } else { parts.join(", ") }
    }
}

fn whole_json(whole: &Whole) -> Value {
    let customer = &whole.customer;
    let account = |account: &Account| json!({ "id": account.id, "tradeType": account.trade_type, "currency": account.asset.code });
    json!({
        "customerNo": customer.number,
        "company": customer.company_id,
        "status": whole.status,
        "statusName": status_word(whole.status),
        "group": { "id": customer.group_id, "name": whole.group },
        "email": whole.email(),
        "phone": whole.phone(),
        "name": customer.name,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "address": whole.address(),
        "country": customer.country,
        "lang": customer.lang,
        "hasLoginPassword": customer.login_password.is_some(),
        "hasFundPassword": customer.fund_password.is_some(),
        "hasMfa": customer.has_mfa(),
        "lockedByOperator": customer.is_locked_by_operator(),
        "lockedUntil": customer.locked_until,
        "coolOffUntil": customer.cool_off_until,
        "signedInAt": customer.signed_in_at,
        "createdAt": customer.created_at,
        "sessions": whole.session_count,
        "accounts": whole.accounts.iter().map(account).collect::<Value>(),
    })
}

fn whole_words(whole: &Whole) -> String {
    let customer = &whole.customer;
    let or_none =
        |text: Option<String>| text.filter(|text| !text.is_empty()).unwrap_or_else(|| "-".to_owned());
    let locked = if whole.status != 5 {
        "no".to_owned()
    } else if customer.is_locked_by_operator() {
        "by an operator".to_owned()
    } else {
        format!("until {}", when(customer.locked_until))
    };
    let accounts: Vec<String> = whole
        .accounts
        .iter()
        .map(|account| format!("{}:{}", account.trade_type, account.asset.code))
        .collect();
    fields(&[
        ("number", customer.number.clone()),
        ("company", customer.company_id.to_string()),
        ("status", format!("{} {}", whole.status, status_word(whole.status))),
        ("locked", locked),
        ("group", whole.group.clone()),
        ("e-mail", or_none(whole.email())),
        ("phone", or_none(whole.phone())),
        ("name", or_none(Some(customer.name.clone()))),
        ("given name", or_none(Some(customer.first_name.clone()))),
        ("family name", or_none(Some(customer.last_name.clone()))),
        ("address", or_none(Some(whole.address()))),
        ("country", or_none(Some(customer.country.clone()))),
        ("language", customer.lang.clone()),
        ("login password", yes(customer.login_password.is_some())),
        ("fund password", yes(customer.fund_password.is_some())),
        ("authenticator", yes(customer.has_mfa())),
        ("no withdrawals until", when(customer.cool_off_until)),
        ("last sign-in", when(customer.signed_in_at)),
        ("registered", when(customer.created_at)),
        ("sessions", whole.session_count.to_string()),
        ("accounts", or_none(Some(accounts.join(" ")))),
    ])
}

fn list(store: &Store, company: i64, after: Option<String>, limit: i64, json: bool) -> Done {
    let (rows, groups) = store.read_blocking(move |tx| {
        let rows = operator::list(tx, company, after.as_deref(), limit)?;
        Ok::<_, Failure>((rows, company::groups(tx, company)?))
    })?;
    let group = |id: i64| groups.iter().find(|group| group.id == id).map_or("", |group| group.name.as_str());
    let row_json = |row: &Listed| {
        json!({
            "customerNo": row.number,
            "status": row.status,
            "statusName": status_word(row.status),
            "group": { "id": row.group_id, "name": group(row.group_id) },
            "createdAt": row.created_at,
            "signedInAt": row.signed_in_at,
        })
    };
    tell(json, &rows.iter().map(row_json).collect::<Value>(), || {
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                vec![
                    row.number.clone(),
                    status_word(row.status).to_owned(),
                    when(row.created_at),
                    when(row.signed_in_at),
                    group(row.group_id).to_owned(),
                ]
            })
            .collect();
        table(&["NUMBER", "STATUS", "REGISTERED", "LAST SIGN-IN", "GROUP"], &cells)
    })?;
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == limit);
    match rows.last() {
        Some(last) if is_full && !json => say(&format!("\nmore: --after {}", last.number)),
        _ => Ok(()),
    }
}

fn lock(store: &Store, who: &Who, locked: bool, json: bool) -> Done {
    let (wish, actor) = (who.clone(), actor());
    store
        .write_blocking(move |tx| operator::set_lock(tx, wish.owner.company, &wish.number, locked, &actor))?;
    settle();
    let word = if locked { "locked" } else { "unlocked" };
    tell(json, &json!({ "customerNo": who.number, "result": word }), || {
        format!("customer {} is {word}", who.number)
    })
}

fn enable(store: &Store, who: &Who, enabled: bool, json: bool) -> Done {
    let (wish, actor) = (who.clone(), actor());
    let changed = store.write_blocking(move |tx| {
        operator::set_enabled(tx, wish.owner.company, &wish.number, enabled, &actor)
    })?;
    settle();
    let word = if enabled { "enabled" } else { "disabled" };
    tell(json, &json!({ "customerNo": who.number, "result": word, "changed": changed }), || {
        format!("customer {} is {word}{}", who.number, if changed { "" } else { " already" })
    })
}

fn sessions(store: &Store, who: &Who, json: bool) -> Done {
    let wish = who.clone();
    let sessions = store.read_blocking(move |tx| {
        let customer = operator::customer(tx, wish.owner.company, &wish.number)?;
        Ok::<_, Failure>(session::list(tx, wish.owner.company, customer.id)?)
    })?;
    let session_json = |session: &Session| {
        json!({
            "id": session.id,
            "device": session.device,
            "agent": session.agent,
            "address": session.address,
            "country": session.country,
            "signedInAt": session.signed_in_at,
            "seenAt": session.seen_at,
            "expiresAt": session.expires_at,
        })
    };
    tell(json, &sessions.iter().map(session_json).collect::<Value>(), || {
        let rows: Vec<Vec<String>> = sessions
            .iter()
            .map(|session| {
                vec![
                    when(session.signed_in_at),
                    when(session.seen_at),
                    when(session.expires_at),
                    session.address.clone(),
                    session.country.clone(),
                    session.agent.chars().take(60).collect(),
                ]
            })
            .collect();
        table(&["SIGNED IN", "LAST SEEN", "ENDS", "ADDRESS", "COUNTRY", "CLIENT"], &rows)
    })
}

fn end_sessions(store: &Store, who: &Who, json: bool) -> Done {
    let (wish, actor) = (who.clone(), actor());
    let ended = store
        .write_blocking(move |tx| operator::end_sessions(tx, wish.owner.company, &wish.number, &actor))?;
    settle();
    tell(json, &json!({ "customerNo": who.number, "ended": ended }), || {
        format!("ended {ended} sessions of customer {}", who.number)
    })
}
