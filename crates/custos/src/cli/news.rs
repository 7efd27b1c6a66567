//! `custos notice` and `custos products`.

use super::group::Owner;
use super::out::{Done, Failure, actor, settle, table, tell, when};
use crate::open::{self, Source};
use custos_customers::announcements::{self, Announcement, Words};
use custos_customers::{operator, products};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Notices {
    /// Announce something to all customers of a company
    Add {
        #[command(flatten)]
        owner: Owner,
        /// Its name among operators
        #[arg(long)]
        name: String,
        /// What it says: {"en-US": {"title": "…", "content": "…"}, …}
        file: PathBuf,
        /// From when on customers see it, ms since 1970; now unless given
        #[arg(long, value_name = "MS")]
        at: Option<i64>,
    },
    /// List what is announced or will be, newest first
    List {
        #[command(flatten)]
        owner: Owner,
    },
    /// Show it no more
    Withdraw {
        #[command(flatten)]
        owner: Owner,
        /// Its id
        id: i64,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(super) enum Products {
    /// Load the products that a company trades, from a JSON array, in place of those before
    Load {
        #[command(flatten)]
        owner: Owner,
        /// The file
        file: PathBuf,
    },
    /// List them
    List {
        #[command(flatten)]
        owner: Owner,
    },
}

fn text_of(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| Failure::Said(format!("{}: {error}", file.display())))
}

pub(super) fn run_notices(command: Notices, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let by = actor();
    match command {
        Notices::Add { owner, name, file, at } => {
            let texts: BTreeMap<String, Words> = serde_json::from_str(&text_of(&file)?)
                .map_err(|error| Failure::Said(format!("{}: {error}", file.display())))?;
            let id = store.write_blocking(move |tx| {
                operator::company(tx, owner.company)?;
                Ok::<_, Failure>(announcements::add(tx, owner.company, &name, &texts, at, &by)?)
            })?;
            tell(json, &json!({ "id": id }), || format!("announced as {id}"))
        }
        Notices::List { owner } => {
            let all =
                store.read_blocking(move |tx| Ok::<_, Failure>(announcements::list(tx, owner.company)?))?;
            let line = |one: &Announcement| json!({ "id": one.id, "name": one.name, "publishedAt": one.published_at, "texts": one.texts });
            tell(json, &all.iter().map(line).collect::<Value>(), || {
                let cells: Vec<Vec<String>> = all
                    .iter()
                    .map(|one| {
                        let langs: Vec<&str> = one.texts.keys().map(String::as_str).collect();
                        vec![one.id.to_string(), when(one.published_at), langs.join(" "), one.name.clone()]
                    })
                    .collect();
                table(&["ID", "PUBLISHED", "LANGUAGES", "NAME"], &cells)
            })
        }
        Notices::Withdraw { owner, id } => {
            let done = store.write_blocking(move |tx| {
                Ok::<_, Failure>(announcements::withdraw(tx, owner.company, id, &by)?)
            })?;
            if !done {
                return Err(Failure::Said(format!("nothing is announced as {id}")));
            }
            tell(json, &json!({ "id": id, "result": "withdrawn" }), || format!("{id} is withdrawn"))
        }
    }
}

pub(super) fn run_products(command: Products, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match command {
        Products::Load { owner, file } => {
            let wrong = |problem: String| Failure::Said(format!("{}: {problem}", file.display()));
            let all = products::parse(&text_of(&file)?).map_err(wrong)?;
            let (by, count) = (actor(), all.len());
            store.write_blocking(move |tx| {
                operator::company(tx, owner.company)?;
                Ok::<_, Failure>(products::load(tx, owner.company, &all, &by)?)
            })?;
            settle();
            tell(json, &json!({ "products": count }), || format!("{count} products"))
        }
        Products::List { owner } => {
            let all = store.read_blocking(move |tx| Ok::<_, Failure>(products::list(tx, owner.company)?))?;
            let whole = serde_json::to_value(&all).map_err(|error| Failure::Said(error.to_string()))?;
            tell(json, &whole, || {
                let cells: Vec<Vec<String>> = all
                    .iter()
                    .map(|one| {
                        let (kind, id) = (one.trade_type.to_string(), one.symbol_id.to_string());
                        vec![kind, id, one.symbol_code.clone(), one.symbol_name.clone()]
                    })
                    .collect();
                table(&["TYPE", "ID", "CODE", "NAME"], &cells)
            })
        }
    }
}
