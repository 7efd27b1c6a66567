//! What operators do with customers' money, as the command line and the back office share it.

use crate::error::{Gate, Result};
use crate::terms::{self, Covering};
use custos_customers::company::{self, Company};
use custos_customers::customer::{self, Customer, Name, Status};
use custos_ledger::accounts::{self, Account};
use custos_ledger::adjust::{self, Adjusted, Adjustment};
use custos_ledger::assets::{self, Asset};
use custos_ledger::exact::{self, RATE_DIGITS};
use custos_ledger::proposals::{self, Checker, Eyes, Proposal};
use custos_ledger::transfer::Posted;
use custos_ledger::{Amount, Code, rates, reversal};
use custos_store::{HOUR_MS, Tx};

/// Whose account is meant.
#[derive(Debug, Clone, Copy)]
pub struct Which<'a> {
    /// The customer's number.
    pub customer: &'a str,
    /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
    pub trade_type: i64,
    /// The account's id; without it the account of the currency.
    pub account_id: Option<i64>,
    /// The currency's code.
    pub currency: &'a str,
}

/// What is to be given or taken.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Decimal text, below zero to take.
    pub amount: &'a str,
    /// Why.
    pub reason: &'a str,
    /// Who.
    pub actor: &'a str,
    /// The same key takes effect once.
    pub key: Option<&'a str>,
}

/// The customer of a number.
///
/// # Errors
/// `CUSTOMER_API_0000003` for none; else the store's.
pub fn customer(tx: &mut Tx<'_>, company_id: i64, number: &str) -> Result<Customer> {
    let found = customer::by_name(tx, company_id, &Name::Number(number.to_owned()))?;
    found.ok_or_else(|| Code::NotFound.refuse().into())
}

/// The customer and account that are meant, kept from closing until the transaction ends. Whoever is leaving, or has left,
/// neither gets nor loses money.
fn account(tx: &mut Tx<'_>, company: &Company, which: Which<'_>) -> Result<(Customer, Account)> {
    let found = customer(tx, company.id, which.customer)?;
    let customer = customer::lock(tx, company.id, found.id)?;
    match customer.status {
        Status::Closing => return Err(custos_customers::Code::InProgress.refuse().into()),
        Status::Closed | Status::Deleted => {
            return Err(custos_customers::Code::SignInSuspended.refuse().into());
        }
        _ => {}
    }
    let is_meant = |account: &Account| {
        account.trade_type == which.trade_type
            && account.asset.code.eq_ignore_ascii_case(which.currency)
            && which.account_id.is_none_or(|id| id == account.id)
    };
    let account = accounts::list(tx, company.id, customer.id)?.into_iter().find(is_meant);
    Ok((customer, account.ok_or_else(|| Code::NotFound.refuse())?))
}

fn amount(text: &str, account: &Account) -> Result<Amount> {
    Amount::parse(text, account.digits()).ok_or_else(|| Gate::BadField.field("amount"))
}

/// Gives a customer money out of the company's float, or takes it back.
///
/// # Errors
/// `CUSTOMER_API_0000003` for no such customer or account, `0004` or `0103` for one who leaves or has left, those of
/// [`adjust::adjust`]; else the store's.
pub fn adjust(
    tx: &mut Tx<'_>,
    company: &Company,
    which: Which<'_>,
    change: Change<'_>,
) -> Result<(Account, Amount, Adjusted)> {
    let (customer, account) = account(tx, company, which)?;
    let amount = amount(change.amount, &account)?;
    let covering = Covering::of(tx, company, &customer)?;
    let wish = Adjustment {
        company_id: company.id,
        customer_id: customer.id,
        account: &account,
        amount,
        reason: change.reason,
        actor: change.actor,
        key: change.key,
    };
    let done = adjust::adjust(tx, &wish, covering.cover())?;
    Ok((account, amount, done))
}

/// Proposes to give a customer money, or to take it back; returns the proposal's number. Unless it `waits` for a second
/// person, it is made at once.
///
/// # Errors
/// As [`adjust`].
pub fn propose(
    tx: &mut Tx<'_>,
    company: &Company,
    which: Which<'_>,
    change: Change<'_>,
    waits: bool,
) -> Result<i64> {
    propose_as(
        tx,
        company,
        which,
        change,
        Maker { id: 0, takes: if waits { Takes::Two } else { Takes::One } },
    )
}

/// How many people an adjustment takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One.
    One,
    /// Two.
    Two,
    /// One within the company's limits for it (`office.adjust_alone`), two beyond.
    AsTheCompanySays,
}

/// Who proposes an adjustment.
#[derive(Debug, Clone, Copy)]
pub struct Maker {
    /// The person who answers for it, as the back office knows them; 0 for the command line.
    pub id: i64,
    /// How many people it takes.
    pub takes: Takes,
}

/// The same, for someone whom the back office knows.
///
/// # Errors
/// As [`adjust`].
pub fn propose_as(
    tx: &mut Tx<'_>,
    company: &Company,
    which: Which<'_>,
    change: Change<'_>,
    maker: Maker,
) -> Result<i64> {
    let (customer, account) = account(tx, company, which)?;
    let covering = Covering::of(tx, company, &customer)?;
    let office = &company.settings.office;
    let limit =
        office.adjust_alone.get(&account.asset.code).and_then(|text| Amount::parse(text, account.digits()));
    let eyes = match (maker.takes, limit) {
        (Takes::One, _) => Eyes::Two,
        (Takes::AsTheCompanySays, Some(limit)) => Eyes::FourBeyond(limit),
        (Takes::Two, _) | (Takes::AsTheCompanySays, None) => Eyes::Four,
    };
    let open_until = tx.now() + office.proposal_hours * HOUR_MS;
    let wish = proposals::Wish {
        company_id: company.id,
        customer_id: customer.id,
        account: &account,
        amount: amount(change.amount, &account)?,
        remark: change.reason,
        maker: change.actor,
        key: change.key,
        maker_id: maker.id,
        eyes,
        open_until,
    };
    Ok(proposals::propose(tx, &wish, covering.cover())?)
}

/// A proposal with the customer and account that it is about.
///
/// # Errors
/// `CUSTOMER_API_0000003` for none; else the store's.
pub fn proposal(tx: &mut Tx<'_>, company_id: i64, id: i64) -> Result<(Proposal, Customer, Account)> {
    let not_found = || Code::NotFound.refuse();
    let found = proposals::find(tx, company_id, id)?.ok_or_else(not_found)?;
    let customer = customer::find(tx, company_id, found.customer_id)?.ok_or_else(not_found)?;
    let account = accounts::find(tx, company_id, customer.id, found.account_id)?.ok_or_else(not_found)?;
    Ok((found, customer, account))
}

/// Makes what was proposed, by a second person's word; returns the transfer.
///
/// # Errors
/// As [`proposals::approve`]; `CUSTOMER_API_0000004` or `0103` for a customer who leaves or has left.
pub fn approve(tx: &mut Tx<'_>, company: &Company, id: i64, checker: Checker<'_>) -> Result<i64> {
    let (_, about, of) = proposal(tx, company.id, id)?;
    let which = Which {
        customer: &about.number,
        trade_type: of.trade_type,
        account_id: Some(of.id),
        currency: &of.asset.code,
    };
    let (customer, _) = account(tx, company, which)?;
    let covering = Covering::of(tx, company, &customer)?;
    Ok(proposals::approve(tx, company.id, id, checker, covering.cover())?)
}

/// Undoes a transfer, once: in whole, or (decimal text) a part of it.
///
/// # Errors
/// As [`reversal::reverse`].
pub fn reverse(
    tx: &mut Tx<'_>,
    company: &Company,
    transfer_id: i64,
    part: Option<Amount>,
    (reason, actor): (&str, &str),
) -> Result<Posted> {
    let loser = match reversal::loser(tx, company.id, transfer_id)? {
        Some(id) => customer::find(tx, company.id, id)?,
        None => None,
    };
    let covering = match &loser {
        Some(loser) => Covering::of(tx, company, loser)?,
        None => Covering::none(company),
    };
    Ok(reversal::reverse(tx, company.id, transfer_id, part, (reason, actor), covering.cover())?)
}

/// The rate between two currencies as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchange {
    /// Decimal text, to multiply by.
    pub rate: String,
    /// The currency that is exchanged.
    pub source: Asset,
    /// What it is exchanged for.
    pub target: Asset,
    /// It is older than the company allows.
    pub is_stale: bool,
}

/// What one of a currency is worth in another.
///
/// # Errors
/// `CUSTOMER_API_0000315` for a currency that the company does not have, `FUND_0000011` where no rate leads from one to the
/// other; else the store's.
pub fn exchange_rate(tx: &mut Tx<'_>, company: &Company, (from, to): (&str, &str)) -> Result<Exchange> {
    let known = assets::list(tx, company.id)?;
    let asset = |code: &str| {
        let found = known.iter().find(|asset| asset.code.eq_ignore_ascii_case(code)).cloned();
        found.ok_or_else(|| Code::NotOffered.with(&[code]))
    };
    let (source, target) = (asset(from)?, asset(to)?);
    let valuation = terms::valuation(&company.settings);
    let rate = rates::rate(tx, company.id, &valuation.currency, &source.code, &target.code)?;
    let is_stale = rate.is_stale(&valuation, tx.now());
    Ok(Exchange { rate: exact::brief(&rate.number, RATE_DIGITS), source, target, is_stale })
}

/// A group, and the assets that it may have of a kind of accounts, each with when it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The group's id.
    pub group_id: i64,
    /// Its name.
    pub group_name: String,
    /// The assets.
    pub assets: Vec<(Asset, i64)>,
}

/// A kind of accounts, and what each group may have of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TradeType {
    /// Its number.
    pub number: i64,
    /// Its name.
    pub name: &'static str,
    /// The groups that have it.
    pub groups: Vec<Offered>,
}

/// The kinds of accounts, by number.
const TRADE_TYPES: [(i64, &str); 5] =
    [(1, "CFD_MM"), (2, "CFD_WBW"), (3, "CROSS"), (5, "MATCH"), (8, "WALLET")];

/// The kinds of accounts that the company's groups have, each asset with when it was added.
///
/// # Errors
/// The store's.
pub fn trade_types(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<TradeType>> {
    let (known, groups) = (assets::with_times(tx, company_id)?, company::groups(tx, company_id)?);
    let mut all = Vec::new();
    for (number, name) in TRADE_TYPES {
        let mut of_type = Vec::new();
        for group in &groups {
            let offer = group.offers.accounts.iter().find(|offer| offer.trade_type == number);
            let Some(offer) = offer else { continue };
            let has = |(asset, _): &&(Asset, i64)| offer.currencies.contains(&asset.code);
            let assets = known.iter().filter(has).cloned().collect();
            of_type.push(Offered { group_id: group.id, group_name: group.name.clone(), assets });
        }
        if !of_type.is_empty() {
            all.push(TradeType { number, name, groups: of_type });
        }
    }
    Ok(all)
}
