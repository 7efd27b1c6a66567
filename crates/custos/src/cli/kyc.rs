//! `custos kyc`.

use super::out::{Done, Failure, actor, fields, settle, table, tell, when, yes};
use crate::kyc_plan;
use crate::open::{self, Source};
use custos_customers::kyc::{self, Case, Rejection};
use custos_customers::operator;
use custos_store::Store;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Set what a company asks: levels and their elements, from a TOML or JSON file
    Load {
        #[command(flatten)]
        owner: Owner,
        /// The file
        file: PathBuf,
    },
    /// Show what a company asks
    Plan {
        #[command(flatten)]
        owner: Owner,
    },
    /// List what waits for a decision, the longest first
    Queue {
        #[command(flatten)]
        owner: Owner,
        /// Only those after this line, as the last column of the page before tells it
        #[arg(long, value_name = "AT:ID", value_parser = place)]
        after: Option<(i64, i64)>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// Show an application with all that was told, which is noted in the audit log
    Show {
        #[command(flatten)]
        which: Which,
    },
    /// Take an application for yourself
    Claim {
        #[command(flatten)]
        which: Which,
        /// Take it from someone else
        #[arg(long)]
        take_over: bool,
    },
    /// Find an application true
    Approve {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        seen: Seen,
        /// Why, for staff
        #[arg(long)]
        reason: String,
    },
    /// Turn an application down
    Reject {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        seen: Seen,
        #[command(flatten)]
        words: Words,
        /// The customer may not try again
        #[arg(long = "final")]
        is_final: bool,
    },
    /// Ask again for what was passed, has expired, or was turned down for good
    AskAgain {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        seen: Seen,
        #[command(flatten)]
        words: Words,
    },
}

/// Whose.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Owner {
    /// The company
    #[arg(long, value_name = "ID", default_value_t = 1)]
    company: i64,
}

/// Which application.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Which {
    #[command(flatten)]
    owner: Owner,
    /// The application's id
    id: i64,
}

/// As what it was seen.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Seen {
    /// The revision that `show` or `claim` told
    #[arg(long)]
    revision: i64,
}

/// Why.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Words {
    /// What the customer is told
    #[arg(long)]
    remark: String,
    /// What only staff read
    #[arg(long, default_value = "")]
    staff_remark: String,
    /// What is wrong with one element
    #[arg(long = "element", value_name = "CODE=TEXT", value_parser = pair)]
    elements: Vec<(String, String)>,
}

impl Words {
    fn rejection(self, is_final: bool) -> Rejection {
        Rejection {
            remark: self.remark,
            staff_remark: self.staff_remark,
            elements: self.elements.into_iter().collect(),
            is_final,
        }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (code, words) = text.split_once('=').ok_or("CODE=TEXT")?;
    Ok((code.to_owned(), words.to_owned()))
}

fn place(text: &str) -> Result<(i64, i64), String> {
    let (at, id) = text.split_once(':').ok_or("AT:ID")?;
    let number = |text: &str| text.parse().map_err(|_| "AT:ID".to_owned());
    Ok((number(at)?, number(id)?))
}

/// A plan is far below.
const MOST_BYTES: u64 = 1 << 20;

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let by = actor();
    match command {
        Command::Load { owner, file } => load(&store, owner.company, &file, json),
        Command::Plan { owner } => plan(&store, owner.company),
        Command::Queue { owner, after, limit } => queue(&store, owner.company, after, limit, json),
        Command::Show { which } => {
            let Which { owner, id } = which;
            let case =
                store.write_blocking(move |tx| Ok::<_, Failure>(kyc::look(tx, owner.company, id, &by)?))?;
            show(&case, json)
        }
        Command::Claim { which: Which { owner, id }, take_over } => {
            let revision = store.write_blocking(move |tx| {
                Ok::<_, Failure>(kyc::claim(tx, owner.company, id, &by, take_over)?)
            })?;
            settle();
            tell(json, &json!({ "id": id, "revision": revision }), || {
                format!("application {id} is yours, at revision {revision}")
            })
        }
        Command::Approve { which: Which { owner, id }, seen, reason } => {
            store.write_blocking(move |tx| {
                Ok::<_, Failure>(kyc::approve(tx, owner.company, id, seen.revision, (&by, &reason))?)
            })?;
            decided(id, "passed", json)
        }
        Command::Reject { which: Which { owner, id }, seen, words, is_final } => {
            let why = words.rejection(is_final);
            store.write_blocking(move |tx| {
                Ok::<_, Failure>(kyc::reject(tx, owner.company, id, seen.revision, (&by, &why))?)
            })?;
            decided(id, "rejected", json)
        }
        Command::AskAgain { which: Which { owner, id }, seen, words } => {
            let why = words.rejection(false);
            store.write_blocking(move |tx| {
                Ok::<_, Failure>(kyc::ask_again(tx, owner.company, id, seen.revision, (&by, &why))?)
            })?;
            decided(id, "asked again", json)
        }
    }
}

fn decided(id: i64, what: &str, json: bool) -> Done {
    settle();
    tell(json, &json!({ "id": id, "decision": what }), || format!("application {id} is {what}"))
}

fn load(store: &Store, company: i64, file: &std::path::Path, json: bool) -> Done {
    use std::io::Read as _;
    let said = |error: std::io::Error| Failure::Said(format!("{}: {error}", file.display()));
    let mut text = String::new();
    std::fs::File::open(file).map_err(said)?.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(said)?;
    if u64::try_from(text.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(Failure::Said(format!("{}: more than 1 MiB", file.display())));
    }
    let plan = kyc_plan::read(&text).map_err(|problem| format!("{}: {problem}", file.display()))?;
    let (paths, by) = (plan.paths.len(), actor());
    store.write_blocking(move |tx| {
        operator::company(tx, company)?;
        Ok::<_, Failure>(kyc::set_plan(tx, company, &plan, &by)?)
    })?;
    settle();
    tell(json, &json!({ "company": company, "paths": paths }), || {
        format!("company {company} asks by {paths} path{}", if paths == 1 { "" } else { "s" })
    })
}

fn plan(store: &Store, company: i64) -> Done {
    let plan = store.read_blocking(move |tx| {
        operator::company(tx, company)?;
        Ok::<_, Failure>(kyc::find_plan(tx, company)?)
    })?;
    // JSON in any case: it is a document that `load` reads again.
    super::out::say(&serde_json::to_string_pretty(&plan).map_err(|error| Failure::Said(error.to_string()))?)
}

fn queue(store: &Store, company: i64, after: Option<(i64, i64)>, limit: i64, json: bool) -> Done {
    let after = after.unwrap_or((0, 0));
    let all = store.read_blocking(move |tx| {
        operator::company(tx, company)?;
        Ok::<_, Failure>(kyc::queue(tx, company, after, limit)?)
    })?;
    let value: Value = all
        .iter()
        .map(|one| {
            json!({
                "id": one.id, "customer": one.number, "level": one.level, "country": one.country,
                "state": one.state.as_str(), "handledBy": one.handled_by, "queueAt": one.queue_at,
                "documentShared": one.is_shared,
                "flagged": one.is_flagged,
            })
        })
        .collect();
    tell(json, &value, || {
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|one| {
                vec![
                    one.id.to_string(),
                    one.number.clone(),
                    one.level.clone(),
                    one.country.clone(),
                    one.state.as_str().to_owned(),
                    one.handled_by.clone(),
                    when(one.queue_at),
                    yes(one.is_shared),
                    format!("{}:{}", one.queue_at, one.id),
                ]
            })
            .collect();
        table(&["ID", "CUSTOMER", "LEVEL", "COUNTRY", "STATE", "BY", "SINCE", "SHARED", "PLACE"], &rows)
    })
}

fn show(case: &Case, json: bool) -> Done {
    let one = &case.application;
    let value = json!({
        "id": one.id, "customerId": one.customer_id, "level": one.level, "country": one.country,
        "state": one.state.as_str(), "revision": one.revision, "handledBy": one.handled_by, "remark": one.remark,
        "staffRemark": one.staff_remark, "elementRemarks": one.element_remarks, "values": case.values,
        "documentUntil": one.document_until, "sameDocument": case.others,
    });
    tell(json, &value, || {
        let mut pairs = vec![
            ("id", one.id.to_string()),
            ("customer id", one.customer_id.to_string()),
            ("level", one.level.clone()),
            ("country", one.country.clone()),
            ("state", one.state.as_str().to_owned()),
            ("revision", one.revision.to_string()),
            ("handled by", one.handled_by.clone()),
            ("remark", one.remark.clone()),
            ("staff remark", one.staff_remark.clone()),
        ];
        if !case.others.is_empty() {
            let others: Vec<String> = case.others.iter().map(ToString::to_string).collect();
            pairs.push(("ALARM", format!("the same document was shown by customers {}", others.join(", "))));
        }
        pairs.extend(case.values.iter().map(|(code, value)| (code.as_str(), value.clone())));
        fields(&pairs)
    })
}
