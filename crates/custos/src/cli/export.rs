//! `custos export`: lists as CSV, row by row, however many there are.

use super::group::Owner;
use super::out::{Done, Failure, actor, when};
use super::sheet::Sheet;
use crate::open::{self, Source};
use custos_customers::company;
use custos_customers::customer::{self, Customer};
use custos_customers::operator;
use custos_ledger::assets;
use custos_ledger::journal;
use custos_store::{Store, audit};
use serde_json::json;
use std::collections::HashMap;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Customers, in the order of their registration
    Customers {
        #[command(flatten)]
        form: Form,
        /// Show e-mail, phone and postal address whole; this is noted in the audit log
        #[arg(long)]
        unmask: bool,
    },
    /// Every line of every transfer
    Entries {
        #[command(flatten)]
        form: Form,
    },
    /// The audit log
    Audit {
        #[command(flatten)]
        form: Form,
    },
}

#[derive(Debug, Clone, Copy, clap::Args)]
pub(super) struct Form {
    #[command(flatten)]
    owner: Owner,
    /// As CSV, which is the only form so far
    #[arg(long)]
    csv: bool,
}

/// Rows of one look.
const PAGE: i64 = 1_000;
/// So many customers' numbers are kept in mind.
const KNOWN: usize = 10_000;

pub(super) fn run(command: Command, source: &Source) -> Done {
    let (_, store) = open::command_store(source)?;
    let (Command::Customers { form, .. } | Command::Entries { form } | Command::Audit { form }) = &command;
    let company_id = form.owner.company;
    store.read_blocking(move |tx| Ok::<_, Failure>(operator::company(tx, company_id).map(|_| ())?))?;
    match command {
        Command::Customers { unmask, .. } => customers(&store, company_id, unmask),
        Command::Entries { .. } => entries(&store, company_id),
        Command::Audit { .. } => audit_log(&store, company_id),
    }
}

fn customers(store: &Store, company_id: i64, unmask: bool) -> Done {
    if unmask {
        let by = actor();
        store.write_blocking(move |tx| {
            let entry = audit::Entry::by_hand(company_id, "customer.export_unmasked", &by, None, json!({}));
            tx.audit(entry);
            Ok::<_, Failure>(())
        })?;
    }
    let groups = store.read_blocking(move |tx| Ok::<_, Failure>(company::groups(tx, company_id)?))?;
    let mut sheet = Sheet::begin(&[
        "number",
        "status",
        "group",
        "email",
        "phone",
        "country",
        "lang",
        "name",
        "first_name",
        "last_name",
        "address",
        "postal_code",
        "created_at",
        "signed_in_at",
    ])?;
    let mut after = 0;
    loop {
        let now = store.now_ms();
        let page =
            store.read_blocking(move |tx| Ok::<_, Failure>(customer::page(tx, company_id, after, PAGE)?))?;
        let Some(last) = page.last() else { return sheet.end() };
        after = last.id;
        for one in &page {
            let group = groups.iter().find(|group| group.id == one.group_id);
            let status = one.status_at(now) as i64;
            let [email, phone, address, postal_code] = addresses(one, unmask);
            sheet.row(&[
                one.number.as_str(),
                status.to_string().as_str(),
                group.map_or("", |group| group.name.as_str()),
                &email,
                &phone,
                &one.country,
                &one.lang,
                &one.name,
                &one.first_name,
                &one.last_name,
                &address,
                &postal_code,
                &when(one.created_at),
                &when(one.signed_in_at),
            ])?;
        }
    }
}

/// E-mail, phone, postal address and code.
fn addresses(customer: &Customer, unmask: bool) -> [String; 4] {
    let hidden = |text: &str| if text.is_empty() || unmask { text.to_owned() } else { "***".to_owned() };
    let email = customer
        .email
        .as_ref()
        .map_or_else(String::new, |email| if unmask { email.as_str().to_owned() } else { email.masked() });
    let phone = customer.phone.as_ref().map_or_else(String::new, |phone| {
        if unmask { phone.e164() } else { format!("{} {}", phone.area, phone.masked()) }
    });
    [email, phone, hidden(&customer.address), hidden(&customer.postal_code)]
}

fn entries(store: &Store, company_id: i64) -> Done {
    let assets = store.read_blocking(move |tx| Ok::<_, Failure>(assets::list(tx, company_id)?))?;
    let mut sheet = Sheet::begin(&[
        "transfer",
        "recorded_at",
        "effective_at",
        "business_type",
        "business_type1",
        "actor",
        "reason",
        "reverses",
        "customer",
        "account",
        "kind",
        "currency",
        "amount",
    ])?;
    let (mut after, mut known) = (0, HashMap::new());
    loop {
        let (page, missing) = store.read_blocking({
            let known: HashMap<i64, String> = std::mem::take(&mut known);
            move |tx| {
                let page = journal::after(tx, company_id, after)?;
                let mut names = if known.len() > KNOWN { HashMap::new() } else { known.clone() };
                for posting in page.iter().flat_map(|one| &one.postings) {
                    let owner = posting.place.owner_id;
                    if owner != 0 && !names.contains_key(&owner) {
                        let number = customer::find(tx, company_id, owner)?.map(|customer| customer.number);
                        names.insert(owner, number.unwrap_or_default());
                    }
                }
                Ok::<_, Failure>((page, names))
            }
        })?;
        known = missing;
        let Some(last) = page.last() else { return sheet.end() };
        after = last.id;
        for one in &page {
            for posting in &one.postings {
                let asset = assets.iter().find(|asset| asset.id == posting.asset_id);
                let digits = asset.and_then(|asset| u32::try_from(asset.digits).ok()).unwrap_or(0);
                sheet.row(&[
                    one.id.to_string(),
                    when(one.recorded_at),
                    when(one.effective_at),
                    one.business_type.to_string(),
                    posting.business_type1.to_string(),
                    one.actor.clone(),
                    one.reason.clone(),
                    one.reverses.map_or_else(String::new, |id| id.to_string()),
                    known.get(&posting.place.owner_id).cloned().unwrap_or_default(),
                    posting.place.id.to_string(),
                    posting.place.kind.name().to_owned(),
                    asset.map_or_else(String::new, |asset| asset.code.clone()),
                    posting.amount.to_text(digits),
                ])?;
            }
        }
    }
}

fn audit_log(store: &Store, company_id: i64) -> Done {
    let mut sheet = Sheet::begin(&[
        "seq",
        "at",
        "action",
        "outcome",
        "actor",
        "customer_id",
        "address",
        "trace",
        "detail",
    ])?;
    let mut after = 0;
    loop {
        let page =
            store.read_blocking(move |tx| Ok::<_, Failure>(audit::page(tx, company_id, after, PAGE)?))?;
        let Some(last) = page.last() else { return sheet.end() };
        after = last.seq;
        for one in &page {
            sheet.row(&[
                one.seq.to_string(),
                when(one.at),
                one.action.clone(),
                one.outcome.clone(),
                one.actor.clone(),
                one.customer_id.to_string(),
                one.address.clone(),
                one.trace.clone(),
                one.detail.clone(),
            ])?;
        }
    }
}
