//! Applying.

use super::plan::{Level, Path, path_of};
use super::values::{self, Checked, Given};
use super::{Application, State, application_of, find_plan, note, seal_context, tell};
use crate::company::{self, Company};
use crate::customer::{self, Customer};
use crate::error::{Code, Result};
use crate::{countries, data_key};
use custos_store::{Tx, params};
use serde_json::json;

/// What a customer applies for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The level; the next one on the way to the scene where there is none.
    pub level: Option<String>,
    /// The scene that it is for.
    pub scene: Option<String>,
    /// 0 as a person, 1 as a business; what the customer registered as where there is none.
    pub open_account_type: Option<i64>,
    /// The country of a business.
    pub country: Option<String>,
    /// What is told.
    pub values: Given,
    /// The kind of the identity document, where the values don't say it.
    pub card_type: Option<String>,
    /// It is to be looked at now; a draft otherwise.
    pub commit: bool,
}

/// Keeps a draft or submits it; returns the application's id.
///
/// # Errors
/// `CUSTOMER_API_0000601` in review, `0602` where nothing of the kind is asked, `0604` passed, `0606` rejected for good,
/// `0616` a level is skipped, `0620` a value does not fit, `0624` a business of such a country; else the store's.
pub fn apply(tx: &mut Tx<'_>, company: &Company, customer_id: i64, wish: &Wish) -> Result<i64> {
    let customer = customer::lock(tx, company.id, customer_id)?;
    if customer.status.is_out_of_use() {
        return Err(Code::SignInSuspended.refuse());
    }
    let plan = find_plan(tx, company.id)?;
    let group_type = group_type(tx, &customer)?;
    let kind = wish.open_account_type.unwrap_or(customer.open_account_type);
    let path = path_of(&plan, &customer, group_type, (Some(kind), wish.country.as_deref()))
        .ok_or_else(|| Code::KycNotAsked.refuse())?;
    let country = match wish.country.as_deref().filter(|_| kind == 1) {
        Some(text) => countries::parse(text).ok_or_else(|| Code::BadField.with(&["selectCountry"]))?.code(),
        None => customer.country.clone(),
    };
    if kind == 1 {
        let open = &company.settings.business_countries;
        if !open.iter().any(|code| countries::parse(code).is_some_and(|one| one.code() == country)) {
            return Err(Code::KycBusinessCountry.refuse());
        }
    }
    let known = applications(tx, &customer, kind)?;
    let level = wanted(path, wish, &known)?;
    let state = |code: &str| known.iter().find(|one| one.level == code).map(|one| one.state);
    if level.after.as_deref().is_some_and(|before| state(before) != Some(State::Passed)) {
        return Err(Code::KycLevelSkipped.refuse());
    }
    match state(&level.code) {
        Some(State::Submitted | State::InReview) => return Err(Code::KycInReview.refuse()),
        Some(State::Passed) => return Err(Code::KycPassed.refuse()),
        Some(State::RejectedForGood) => return Err(Code::KycRejected.refuse()),
        None | Some(State::Draft | State::Rejected | State::Expired) => {}
    }
    let checked = values::check(
        tx,
        (company.id, customer.id),
        level,
        (&wish.values, wish.card_type.as_deref()),
        wish.commit,
    )?;
    let before = known.into_iter().find(|one| one.level == level.code);
    keep(tx, &customer, (kind, &country), level, (before, wish.commit), checked)
}

/// The type of the customer's group.
pub(super) fn group_type(tx: &mut Tx<'_>, customer: &Customer) -> Result<i64> {
    let groups = company::groups(tx, customer.company_id)?;
    Ok(groups.iter().find(|group| group.id == customer.group_id).map_or(0, |group| group.kind))
}

fn applications(tx: &mut Tx<'_>, customer: &Customer, kind: i64) -> Result<Vec<Application>> {
    let mut all = super::of_customer(tx, customer.company_id, customer.id)?;
    all.retain(|one| one.open_account_type == kind);
    Ok(all)
}

fn wanted<'a>(path: &'a Path, wish: &Wish, known: &[Application]) -> Result<&'a Level> {
    let passed =
        |level: &Level| known.iter().any(|one| one.level == level.code && one.state == State::Passed);
    let level = match (wish.level.as_deref(), wish.scene.as_deref()) {
        (Some(code), None) => path.level(code),
        // A level off the way unlocks another scene.
        (Some(code), Some(scene)) => path.way_to(scene).into_iter().find(|level| level.code == code),
        (None, Some(scene)) => {
            let way = path.way_to(scene);
            way.iter().find(|level| !passed(level)).or(way.last()).copied()
        }
        (None, None) => return Err(Code::BadField.with(&["levelCode"])),
    };
    level.ok_or_else(|| Code::KycNotAsked.refuse())
}

fn keep(
    tx: &mut Tx<'_>,
    customer: &Customer,
    (kind, country): (i64, &str),
    level: &Level,
    (before, commit): (Option<Application>, bool),
    checked: Checked,
) -> Result<i64> {
    let company_id = customer.company_id;
    let id = before.as_ref().map_or_else(|| tx.new_id(), |one| one.id);
    let key = data_key::of(tx, company_id, customer.id)?;
    let plain = serde_json::to_vec(&checked.values)
        .map_err(|error| custos_store::Error::Internal(format!("values of KYC {id}: {error}")))?;
    let sealed = key.seal(&seal_context(company_id, id), &plain)?;
    // Whose document it is, is asked when it is shown to be looked at; a draft is nobody's business.
    let hash = checked.document.as_deref().filter(|_| commit).map(|number| {
        tx.keys().keyed_hash("kyc document", &[&company_id.to_be_bytes(), number.as_bytes()]).to_vec()
    });
    let now = tx.now();
    // What was rejected stays so, with its reason, while the customer mends it.
    let state = match (commit, before.as_ref().map(|one| one.state)) {
        (true, _) => State::Submitted,
        (false, Some(state)) => state,
        (false, None) => State::Draft,
    };
    let (queue_at, until) = (commit.then_some(now), checked.document_until.filter(|_| commit));
    let kept = tx.query_opt(
        concat!(
            "INSERT INTO kyc_applications (company_id, id, customer_id, open_account_type, level, country, state, \
             revision, sealed, document_hash, document_until, queue_at, notice_at, handled_by, remark, staff_remark, \
             element_remarks, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8, $9, $10, $11, NULL, '', '', '', '{}', $12, $12) \
             ON CONFLICT (company_id, id) DO UPDATE SET country = excluded.country, state = excluded.state, \
             revision = kyc_applications.revision + 1, sealed = excluded.sealed, \
             document_hash = COALESCE(excluded.document_hash, kyc_applications.document_hash), document_until = excluded.document_until, \
             queue_at = excluded.queue_at, notice_at = NULL, handled_by = '', updated_at = excluded.updated_at \
             RETURNING ",
            columns!()
        ),
        params![
            company_id,
            id,
            customer.id,
            kind,
            &level.code,
            country,
            state as i64,
            &sealed,
            hash.as_ref(),
            until,
            queue_at,
            now
        ],
        application_of,
    )?;
    let kept = kept.ok_or(custos_store::Error::NoRow)?;
    let detail = json!({ "application": id, "level": level.code, "revision": kept.revision });
    let action = if commit { "kyc.submit" } else { "kyc.draft" };
    note(tx, (company_id, customer.id), action, "customer", detail);
    if commit {
        let is_shared = alarm(tx, &kept)?;
        let more = json!({ "revision": kept.revision, "country": kept.country, "documentShared": is_shared });
        tell(tx, (company_id, customer.id), "kyc.submitted", (id, &level.code), more)?;
    }
    tx.touch(customer.id);
    Ok(id)
}

/// The same document under two customers is written down; reviewers are shown it whenever they look. Says whether it is.
fn alarm(tx: &mut Tx<'_>, kept: &Application) -> Result<bool> {
    let others = super::review::others_with_document(tx, kept)?;
    if !others.is_empty() {
        let detail = json!({ "application": kept.id, "level": kept.level, "others": others });
        note(tx, (kept.company_id, kept.customer_id), "kyc.document_shared", "system", detail);
    }
    Ok(!others.is_empty())
}
