//! Registering.

use crate::company::{self, Company, Group};
use crate::countries::Country;
use crate::customer::{self, Customer};
use crate::error::{Code, Result};
use crate::hashing::Md5Secret;
use crate::places;
use crate::session::{self, Origin};
use crate::verification::{self, Kind, Proof, Purpose, Recipient, Shown};
use crate::{common_passwords, verification::Purpose::Common};
use custos_store::{Tx, audit, events, params};
use serde_json::json;

/// Who registers, and how.
#[derive(Clone)]
pub struct Registration {
    /// The proved address.
    pub recipient: Recipient,
    /// `sendToken`.
    pub ticket: String,
    /// `verifyCode`.
    pub code: String,
    /// The login password's hash, when one was given.
    pub password: Option<String>,
    /// The country that the customer lives in.
    pub country: &'static Country,
    /// Language of messages, one of the company's.
    pub lang: String,
    /// The group asked for.
    pub group_id: Option<i64>,
    /// 0 a person, 1 a business.
    pub open_account_type: i64,
    /// The client kind.
    pub source: i64,
    /// The device's name.
    pub device: String,
    /// Where the customer came from, as JSON text.
    pub utm: String,
    /// Their id in an outside system.
    pub third_server_code: String,
    /// Which outside system.
    pub third_server_source: String,
    /// From where.
    pub origin: Origin,
}

/// A customer who has just registered.
#[derive(Debug)]
pub struct Registered {
    /// Who.
    pub customer: Customer,
    /// Their group.
    pub group: Group,
    /// Their first session's token.
    pub token: String,
}

/// Reads a password as clients send it and refuses weak ones.
///
/// # Errors
/// `CUSTOMER_API_0000139`.
pub fn strong_password(text: &str) -> Result<Md5Secret> {
    let secret = Md5Secret::parse(text).ok_or_else(|| Code::WeakPassword.refuse())?;
    if common_passwords::is_common(secret.as_bytes()) {
        return Err(Code::WeakPassword.refuse());
    }
    Ok(secret)
}

/// Checks the code of a registration without using it up.
///
/// # Errors
/// `CUSTOMER_API_0000511` or `0512`; else the store's.
pub fn check_code(tx: &mut Tx<'_>, company: &Company, registration: &Registration) -> Result<Proof> {
    let channel = registration.recipient.channel();
    let kinds = [Kind { channel, purpose: Purpose::Register }, Kind { channel, purpose: Common }];
    let shown = Shown { proof: None, ticket: Some(&registration.ticket), code: Some(&registration.code) };
    verification::check(tx, company.id, &kinds, &registration.recipient, shown, Code::WrongCode)
}

/// The group that a customer gets: the one asked for if it opens accounts, else the company's default.
///
/// # Errors
/// `CUSTOMER_API_0000306` when there is none; else the store's.
pub fn opening_group(tx: &mut Tx<'_>, company_id: i64, asked: Option<i64>) -> Result<Group> {
    let mut groups = company::groups(tx, company_id)?;
    // Guest groups are for visitors without an account.
    groups.retain(|group| group.opens_accounts && group.kind != 2);
    let place = groups
        .iter()
        .position(|group| Some(group.id) == asked)
        .or_else(|| groups.iter().position(|group| group.is_default));
    match place {
        Some(place) => Ok(groups.swap_remove(place)),
        None => Err(Code::NoOpeningGroup.refuse()),
    }
}

/// Registers a customer whose address is proved, and signs them in.
///
/// # Errors
/// The code's, `CUSTOMER_API_0000106` or `0107` when the address is taken, `0306`, `0110`; else the store's.
pub fn register(tx: &mut Tx<'_>, company: &Company, registration: &Registration) -> Result<Registered> {
    let proof = check_code(tx, company, registration)?;
    let group = opening_group(tx, company.id, registration.group_id)?;
    let (taken, email, phone) = match &registration.recipient {
        Recipient::Email(email) => (Code::EmailTaken, Some(email.as_str()), None),
        Recipient::Phone(phone) => (Code::PhoneTaken, None, Some(phone)),
        // Registering by Telegram alone is third-party registration, which proves other things.
        Recipient::Telegram(_) => return Err(Code::BadField.with(&["type"])),
    };
    proof.spend(tx)?;
    let (id, now) = (tx.new_id(), tx.now());
    let number = company::next_number(tx, company)?;
    let country = registration.country.code();
    let added = tx.execute(
        "INSERT INTO customers (company_id, id, number, group_id, status, email, phone_area, phone, country, lang, \
         name, first_name, last_name, address, postal_code, login_password, fund_password, mfa_id, \
         open_account_type, register_source, register_device, utm, third_server_code, third_server_source, \
         locked_until, cool_off_until, signed_in_at, created_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, '', \
         '', '', '', '', $10, NULL, 0, $11, $12, $13, $14, $15, $16, 0, 0, $17, $17) ON CONFLICT DO NOTHING",
        params![
            company.id,
            id,
            &number,
            group.id,
            email,
            phone.map(|phone| &phone.area),
            phone.map(|phone| &phone.national),
            &country,
            &registration.lang,
            &registration.password,
            registration.open_account_type,
            registration.source,
            &registration.device,
            &registration.utm,
            &registration.third_server_code,
            &registration.third_server_source,
            now
        ],
    )?;
    if added == 0 {
        return Err(taken.refuse());
    }
    let token = session::open(tx, &company.settings, company.id, id, &registration.origin)?;
    places::remember(tx, company.id, id, &registration.origin)?;
    tx.audit(audit::Entry {
        company_id: company.id,
        action: "register",
        outcome: "ok".to_owned(),
        actor: "guest".to_owned(),
        customer_id: Some(id),
        address: Some(registration.origin.address.clone()),
        trace: Some(registration.origin.trace.clone()),
        detail: json!({ "recipient": registration.recipient.masked(), "country": country, "group": group.id }),
    });
    events::emit(
        tx,
        company.id,
        "customer.registered",
        id,
        json!({ "group": group.id, "country": country, "registerSource": registration.source }),
    )?;
    let customer = customer::find(tx, company.id, id)?.ok_or(custos_store::Error::NoRow)?;
    Ok(Registered { customer, group, token })
}
