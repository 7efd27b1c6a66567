//! `custos group`.

use super::out::{Done, Failure, actor, settle, table, tell, yes};
use super::settings::{Terms, offers, offers_text, terms};
use crate::lending;
use crate::open::{self, Source};
use custos_customers::company::{self, CROSS, Group, Offers};
use custos_customers::operator;
use custos_ledger::assets;
use custos_store::Tx;
use serde_json::Value;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Add a group of customers
    Add(Add),
    /// List a company's groups
    List {
        #[command(flatten)]
        owner: Owner,
    },
    /// Change a group
    Set(Set),
}

/// Whose groups.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Owner {
    /// The company
    #[arg(long, value_name = "ID", default_value_t = 1)]
    pub(super) company: i64,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Real,
    Test,
    Guest,
}

impl Kind {
    fn number(self) -> i64 {
        match self {
            Self::Real => 0,
            Self::Test => 1,
            Self::Guest => 2,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Add {
    #[command(flatten)]
    owner: Owner,
    /// Its name
    #[arg(long)]
    name: String,
    /// What its accounts are for
    #[arg(long = "type", value_name = "TYPE", default_value = "real")]
    kind: Kind,
    /// Let customers register into it
    #[arg(long)]
    opens_accounts: bool,
    /// Let it be the group of customers who name none
    #[arg(long)]
    default: bool,
    /// Accounts opened at registration, such as '3:USDT,BTC;8:USD'
    #[arg(long, value_name = "ACCOUNTS", value_parser = offers)]
    accounts: Option<Offers>,
    /// On what terms its customers may borrow on CROSS accounts, such as 'leverage=3,daily_rate=0.0002,limits.BTC=1.5'
    #[arg(long, value_name = "TERMS", value_parser = terms)]
    lending: Option<Terms>,
}

#[derive(Debug, Clone, clap::Args)]
pub(super) struct Set {
    /// The group's id
    id: i64,
    #[command(flatten)]
    owner: Owner,
    /// Its name
    #[arg(long)]
    name: Option<String>,
    /// What its accounts are for
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Kind>,
    /// Whether customers may register into it
    #[arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    opens_accounts: Option<bool>,
    /// Let it be the group of customers who name none, in place of the one before
    #[arg(long)]
    default: bool,
    /// Accounts opened at registration, such as '3:USDT,BTC;8:USD'
    #[arg(long, value_name = "ACCOUNTS", value_parser = offers)]
    accounts: Option<Offers>,
    /// On what terms its customers may borrow on CROSS accounts, such as 'leverage=3,daily_rate=0.0002,limits.BTC=1.5';
    /// 'none' for not at all
    #[arg(long, value_name = "TERMS", value_parser = terms)]
    lending: Option<Terms>,
}

pub(super) fn run(command: Command, source: &Source, json: bool) -> Done {
    match command {
        Command::Add(add) => self::add(add, source, json),
        Command::List { owner } => list(owner, source, json),
        Command::Set(set) => self::set(set, source, json),
    }
}

fn add(add: Add, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let (company, actor) = (add.owner.company, actor());
    let mut group = Group {
        id: 0,
        name: add.name.trim().to_owned(),
        kind: add.kind.number(),
        opens_accounts: add.opens_accounts,
        is_default: add.default,
        offers: add.accounts.unwrap_or_default(),
    };
    if let Some(terms) = add.lending {
        lend(&mut group, terms)?;
    }
    let group = store.write_blocking(move |tx| {
        operator::company(tx, company)?;
        check_assets(tx, company, &group.offers)?;
        let id = operator::add_group(tx, company, &group, &actor)?;
        let group = Group { id, ..group.clone() };
        lending::note(tx, company, &group)?;
        Ok::<_, Failure>(group)
    })?;
    settle();
    tell(json, &operator::group_json(&group), || format!("added group {} to company {company}", group.id))
}

/// Loans are of accounts that the group has.
fn lend(group: &mut Group, terms: Terms) -> Result<(), String> {
    match (group.offers.accounts.iter_mut().find(|offer| offer.trade_type == CROSS), terms) {
        (Some(offer), Terms(lending)) => offer.lending = lending,
        (None, Terms(None)) => {}
        (None, Terms(Some(_))) => {
            return Err(format!(
                "group {} has no accounts of trade type {CROSS} (CROSS) to lend on",
                group.name
            ));
        }
    }
    Ok(())
}

/// An account of an asset that the company does not have could not be opened.
fn check_assets(tx: &mut Tx<'_>, company: i64, offers: &Offers) -> Done {
    let known = assets::list(tx, company)?;
    let codes = || known.iter().map(|asset| asset.code.as_str());
    let missing = offers
        .accounts
        .iter()
        .flat_map(|offer| {
            let limited = offer.lending.iter().flat_map(|lending| lending.limits.keys());
            offer.currencies.iter().chain(limited)
        })
        .find(|code| !codes().any(|known| known == *code));
    match missing {
        None => Ok(()),
        // No guess at what was meant: USTD is as near to USD as to USDT, and the two are not the same money.
        Some(code) => {
            let all = codes().collect::<Vec<_>>().join(", ");
            Err(Failure::Said(format!("company {company} has no asset {code}; it has {all}")))
        }
    }
}

fn list(owner: Owner, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let groups = store.read_blocking(move |tx| {
        operator::company(tx, owner.company)?;
        Ok::<_, Failure>(company::groups(tx, owner.company)?)
    })?;
    tell(json, &groups.iter().map(operator::group_json).collect::<Value>(), || {
        let rows: Vec<Vec<String>> = groups
            .iter()
            .map(|group| {
                let kind = match group.kind {
                    0 => "real",
                    1 => "test",
                    _ => "guest",
                };
                vec![
                    group.id.to_string(),
                    kind.to_owned(),
                    yes(group.opens_accounts),
                    yes(group.is_default),
                    group.name.clone(),
                    offers_text(&group.offers),
                ]
            })
            .collect();
        table(&["ID", "TYPE", "OPENS", "DEFAULT", "NAME", "ACCOUNTS"], &rows)
    })
}

fn set(set: Set, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    let (id, company, actor) = (set.id, set.owner.company, actor());
    let group = store.write_blocking(move |tx| {
        let wish = set.clone();
        let group = operator::change_group(tx, company, id, &actor, |group| apply(group, wish))?;
        if set.accounts.is_some() || set.lending.is_some() {
            check_assets(tx, company, &group.offers)?;
        }
        lending::note(tx, company, &group)?;
        Ok::<_, Failure>(group)
    })?;
    settle();
    tell(json, &operator::group_json(&group), || format!("group {id} of company {company} is set"))
}

fn apply(group: &mut Group, wish: Set) -> Result<(), String> {
    if let Some(name) = wish.name {
        name.trim().clone_into(&mut group.name);
    }
    if let Some(kind) = wish.kind {
        group.kind = kind.number();
    }
    if let Some(opens) = wish.opens_accounts {
        group.opens_accounts = opens;
    }
    group.is_default |= wish.default;
    if let Some(mut offers) = wish.accounts {
        for offer in &mut offers.accounts {
            offer.lending = group.offers.lending(offer.trade_type).cloned();
        }
        group.offers = offers;
    }
    wish.lending.map_or(Ok(()), |terms| lend(group, terms))
}
