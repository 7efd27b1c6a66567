//! `custos company`.

use super::out::{Done, Failure, actor, fields, plain, settle, table, tell, yes};
use super::settings::{overlaid, own_text, pair, typed};
use crate::demo_company::furnish;
use crate::open::{self, Source};
use custos_customers::company::{self, Company, Settings};
use custos_customers::operator::{self, OwnText};
use custos_customers::third_party;
use custos_delivery::telegram::{DEFAULT_BASE_URL, TelegramBot};
use custos_delivery::wallet::CallKey;
use custos_delivery::webhook;
use custos_ledger::assets;
use custos_store::{Tx, audit};
use serde_json::{Value, json};
use std::io::Read as _;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add a company, with assets and groups to start with
    Add(Add),
    /// List the companies
    List,
    /// Show a company with all its settings
    Show {
        /// The company's id
        id: i64,
    },
    /// Change a company's name, settings and texts
    Set(Set),
    /// Seal a company's secret, read from standard input; an empty one is forgotten
    Secret {
        /// The company's id
        id: i64,
        /// Which secret
        #[arg(value_parser = [third_party::BOT_TOKEN, third_party::WALLET_KEY, third_party::RATES_TOKEN, third_party::KYC_PROVIDER])]
        name: String,
    },
    /// Stop serving a company's customers
    Disable {
        /// The company's id
        id: i64,
    },
    /// Serve a company's customers again
    Enable {
        /// The company's id
        id: i64,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    /// The name that customers read
    #[arg(long)]
    name: String,
    /// The id that clients send; the next free one unless given
    #[arg(long)]
    id: Option<i64>,
    /// A setting, such as sms.enabled=false; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Set {
    /// The company's id
    id: i64,
    /// The name that customers read
    #[arg(long)]
    name: Option<String>,
    /// A setting, such as sms.enabled=false; may be repeated
    #[arg(long = "setting", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// A text in the company's own words; an empty pattern brings the product's back; may be repeated
    #[arg(long = "text", value_name = "LANG:KEY=PATTERN", value_parser = own_text)]
    texts: Vec<OwnText>,
    /// Serve its customers again
    #[arg(long)]
    enable: bool,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    match command {
        Command::Add(add) => self::add(add, source, json),
        Command::List => list(source, json),
        Command::Show { id } => show(id, source, json),
        Command::Set(set) => self::set(set, source, json),
        Command::Secret { id, name } => secret(id, name, source, json),
        Command::Disable { id } => enable(id, false, source, json),
        Command::Enable { id } => enable(id, true, source, json),
    }
}

/// A secret on the command line would be seen in the list of processes.
fn secret(id: i64, name: String, source: &Source, json: bool) -> Done {
    let mut text = zeroize::Zeroizing::new(String::new());
    std::io::stdin()
        .take(4096)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Said(error.to_string()))?;
    let secret = zeroize::Zeroizing::new(text.trim().to_owned());
    let set = !secret.is_empty();
    if set && name == third_party::BOT_TOKEN {
        // Its form is all that can be looked at here.
        TelegramBot::new(DEFAULT_BASE_URL, &secret).map_err(Failure::Said)?;
    }
    if set && name == third_party::WALLET_KEY {
        CallKey::from_pem(&secret).map_err(Failure::Said)?;
    }
    if set && name == third_party::KYC_PROVIDER {
        webhook::secrets_of(&secret).map_err(Failure::Said)?;
    }
    let (_, store) = open::command_store(source)?;
    let (by, named) = (actor(), name.clone());
    store.write_blocking(move |tx| {
        if company::find(tx, id)?.is_none() {
            return Err(Failure::Said(format!("there is no company {id}")));
        }
        third_party::set_secret(tx, id, &named, set.then_some(secret.as_str()))?;
        tx.audit(audit::Entry {
            company_id: id,
            action: "company.secret",
            outcome: if set { "set" } else { "removed" }.to_owned(),
            actor: by.clone(),
            customer_id: None,
            address: None,
            trace: None,
            detail: json!({ "name": named }),
        });
        Ok::<_, Failure>(())
    })?;
    settle();
    tell(json, &json!({ "id": id, "name": name, "set": set }), || {
        if set {
            format!("{name} of company {id} is sealed")
        } else {
            format!("{name} of company {id} is forgotten")
        }
    })
}

fn add(add: Add, source: &Source, json: bool) -> Done {
    let settings = overlaid(&Settings::default(), &add.settings)?;
    let (_, store) = open::command_store(source)?;
    let (name, actor) = (add.name, actor());
    let told = name.clone();
    let id = store.write_blocking(move |tx| {
        let id = operator::add_company(tx, add.id, name.trim(), &settings, &actor)?;
        furnish(tx, id, None)?;
        Ok::<_, Failure>(id)
    })?;
    settle();
    tell(json, &json!({ "id": id, "name": told.trim() }), || format!("added company {id}"))
}

fn list(source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let all = store.read_blocking(company::list)?;
    let brief =
        |company: &Company| json!({ "id": company.id, "name": company.name, "enabled": company.enabled });
    tell(json, &all.iter().map(brief).collect::<Value>(), || {
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|company| {
                let state = if company.enabled { "enabled" } else { "disabled" };
                vec![company.id.to_string(), state.to_owned(), company.name.clone()]
            })
            .collect();
        table(&["ID", "STATE", "NAME"], &rows)
    })
}

/// A company with what belongs to it.
struct Whole {
    company: Company,
    assets: Vec<assets::Asset>,
    groups: Vec<company::Group>,
}

fn whole(tx: &mut Tx<'_>, company: Company) -> Result<Whole, Failure> {
    let assets = assets::list(tx, company.id)?;
    let groups = company::groups(tx, company.id)?;
    Ok(Whole { company, assets, groups })
}

fn show(id: i64, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let shown = store.read_blocking(move |tx| {
        let company = operator::company(tx, id)?;
        whole(tx, company)
    })?;
    tell(json, &whole_json(&shown), || whole_words(&shown))
}

fn whole_json(whole: &Whole) -> Value {
    let Whole { company, assets, groups } = whole;
    let text = |(lang, key, pattern): &(String, String, String)| json!({ "lang": lang, "key": key, "pattern": pattern });
    let asset = |asset: &assets::Asset| json!({ "id": asset.id, "code": asset.code, "digits": asset.digits });
    json!({
        "id": company.id,
        "name": company.name,
        "enabled": company.enabled,
        "settings": company.settings,
        "texts": company.texts.iter().map(text).collect::<Value>(),
        "assets": assets.iter().map(asset).collect::<Value>(),
        "groups": groups.iter().map(operator::group_json).collect::<Value>(),
    })
}

fn whole_words(whole: &Whole) -> String {
    let Whole { company, assets, groups } = whole;
    let listed = |names: Vec<&str>| names.join(", ");
    let mut text = fields(&[
        ("id", company.id.to_string()),
        ("name", company.name.clone()),
        ("enabled", yes(company.enabled)),
        ("assets", listed(assets.iter().map(|asset| asset.code.as_str()).collect())),
        ("groups", listed(groups.iter().map(|group| group.name.as_str()).collect())),
    ]);
    text.push('\n');
    let settings = operator::flat(&company.settings);
    let settings: Vec<(&str, String)> =
        settings.iter().map(|(key, value)| (key.as_str(), typed(value))).collect();
    text.push_str(&fields(&settings));
    if !company.texts.is_empty() {
        text.push('\n');
    }
    for (lang, key, pattern) in &company.texts {
        text.push_str(&plain(&format!("{lang}:{key}={}", pattern.replace('\n', "\\n"))));
        text.push('\n');
    }
    text
}

fn set(set: Set, source: &Source, json: bool) -> Done {
    if set.name.is_none() && set.settings.is_empty() && set.texts.is_empty() && !set.enable {
        return Err(Failure::Said("nothing to set: --name, --setting, --text or --enable".to_owned()));
    }
    change(set.id, &set.texts.clone(), source, json, move |company| {
        if let Some(name) = &set.name {
            name.trim().clone_into(&mut company.name);
        }
        company.settings = overlaid(&company.settings, &set.settings)?;
        company.enabled |= set.enable;
        Ok(())
    })
}

fn enable(id: i64, enabled: bool, source: &Source, json: bool) -> Done {
    change(id, &[], source, json, move |company| {
        company.enabled = enabled;
        Ok(())
    })
}

fn change(
    id: i64,
    texts: &[OwnText],
    source: &Source,
    json: bool,
    mut change: impl FnMut(&mut Company) -> Result<(), String> + Send + 'static,
) -> Done {
    let (_, store) = open::command_store(source)?;
    let (texts, actor) = (texts.to_vec(), actor());
    let changed = store.write_blocking(move |tx| {
        let company = operator::change_company(tx, id, &texts, &actor, &mut change)?;
        whole(tx, company)
    })?;
    settle();
    tell(json, &whole_json(&changed), || {
        let state = if changed.company.enabled { "enabled" } else { "disabled" };
        format!("company {id} is {state} and set")
    })
}
