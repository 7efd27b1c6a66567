//! Money that a customer moves between accounts, and the record of it.

use crate::context::{Context, Live};
use crate::error::{Gate, Result};
use crate::fields::{Decimal, Id, Int, Text};
use crate::once::Keyed;
use crate::operation::{Class, Customer, Operation};
use crate::{reply, request, terms};
use custos_customers::company::{self, Company, Group};
use custos_customers::customer::{self, Customer as Person, Name, Status};
use custos_customers::freezes::{self, Scope};
use custos_ledger::accounts::{self, Account};
use custos_ledger::capital::{self, End, Filter, Record, Side};
use custos_ledger::cover::Cover;
use custos_ledger::{Amount, Code};
use custos_store::{Tx, audit};
use serde_json::json;

reply! {
    /// A transfer that was made.
    pub struct Transferred {
        /// What is still free on the account that it came from.
        surplus_amount: String = "surplusAmount",
    }
}

request! {
    /// Moves money from one of the caller's accounts to another of the same currency, at most what is free; what
    /// secures loans is not. The company may allow transfers to its other customers, too.
    pub struct CapitalTransfer {
        /// The account that it comes from.
        account_id: Option<Id> = "accountId",
        /// Not looked at: an account has the decimals of its currency.
        account_digit: Option<Int<0, 99>> = "accountDigit",
        /// The trade type that it goes to.
        to_trade_type: Int<1, 99> = "toTradeType",
        /// The account that it goes to; without it the one of that trade type in the same currency.
        to_account_id: Option<Id> = "toAccountId",
        /// Whose account it goes to.
        to_customer_no: Text<64> = "toCustomerNo",
        /// Not looked at, either.
        to_account_digit: Option<Int<0, 99>> = "toAccountDigit",
        /// How much, with no more decimals than the currency has.
        amount: Decimal = "amount",
        /// The currency; if given, that of both accounts.
        currency: Option<Text<20>> = "currency",
    }
}

impl CapitalTransfer {
    /// One text for all spellings of a request.
    fn canonical(&self) -> String {
        json!([
            self.account_id.map(|id| id.0),
            self.to_trade_type.0,
            self.to_account_id.map(|id| id.0),
            *self.to_customer_no,
            self.amount.canonical(),
            self.currency.as_deref(),
        ])
        .to_string()
    }

    fn make(&self, tx: &mut Tx<'_>, live: &Live, cx: &Context) -> Result<String> {
        let (company_id, own_id) = (live.company_id(), live.customer_id());
        // A freeze or a change of credentials that is under way is either seen below, or comes after this transfer.
        let caller = customer::lock(tx, company_id, own_id)?;
        // Frozen while this request waited: its session has ended by then.
        if caller.status != Status::Normal || caller.is_locked_by_operator() {
            return Err(Gate::DeadToken.refuse());
        }
        if freezes::is_frozen(tx, company_id, own_id, &[Scope::Transfer])? {
            return Err(Code::Frozen.refuse().into());
        }
        let account_id = self.account_id.ok_or_else(|| Gate::MissingField.field("accountId"))?.0;
        let own = accounts::list(tx, company_id, own_id)?;
        let from =
            own.iter().find(|account| account.id == account_id).ok_or_else(|| Code::NotFound.refuse())?;
        if self.currency.as_deref().is_some_and(|currency| *currency != *from.asset.code) {
            return Err(Gate::BadField.field("currency"));
        }
        let amount = self.amount.amount(from.digits(), "amount")?;
        let groups = company::groups(tx, company_id)?;
        let to_id = receiver(tx, &caller, (&cx.company, &groups), &self.to_customer_no)?;
        let theirs = if to_id == own_id { own.clone() } else { accounts::list(tx, company_id, to_id)? };
        let to = self.target(&theirs, from)?;
        let sides = (Side { customer_id: own_id, account: from }, Side { customer_id: to_id, account: to });
        let terms = group_of(&groups, caller.group_id).map(terms::lending).transpose()?.flatten();
        let valuation = terms::valuation(&cx.company.settings);
        let cover = Cover { terms: terms.as_ref(), valuation: &valuation };
        let moved = capital::transfer(tx, company_id, sides, amount, cover)?;
        if to_id != own_id {
            tx.audit(sent(live, cx, moved.transfer_id, &self.to_customer_no, from, amount));
        }
        Ok(moved.free.to_text(from.digits()))
    }

    /// The account that it goes to.
    fn target<'a>(&self, theirs: &'a [Account], from: &Account) -> Result<&'a Account> {
        let trade_type = self.to_trade_type.0;
        let found = match self.to_account_id {
            Some(id) => theirs.iter().find(|account| account.id == id.0),
            None => theirs
                .iter()
                .find(|account| account.trade_type == trade_type && account.asset.id == from.asset.id),
        };
        let found = found.ok_or_else(|| Code::NotFound.refuse())?;
        if found.trade_type != trade_type {
            return Err(Gate::BadField.field("toTradeType"));
        }
        Ok(found)
    }
}

fn group_of(groups: &[Group], id: i64) -> Option<&Group> {
    groups.iter().find(|group| group.id == id)
}

/// The customer of a number, if the caller, whose row is locked, may send them money.
fn receiver(
    tx: &mut Tx<'_>,
    caller: &Person,
    (company, groups): (&Company, &[Group]),
    number: &str,
) -> Result<i64> {
    if caller.number == number {
        return Ok(caller.id);
    }
    // Before anyone is looked for, so that it tells nothing of who there is.
    if !company.settings.transfers_to_others {
        return Err(Code::NotToOthers.refuse().into());
    }
    if caller.cool_off_until > tx.now() {
        return Err(Code::CoolingOff.refuse().into());
    }
    if freezes::is_frozen(tx, company.id, caller.id, &[Scope::Withdraw])? {
        return Err(Code::Frozen.refuse().into());
    }
    let other = customer::by_name(tx, company.id, &Name::parse(3, number, None))?;
    let other = other
        .filter(|other| other.status == Status::Normal && !other.is_locked_by_operator())
        .ok_or_else(|| Code::NotFound.refuse())?;
    // What is given away in a test group must not come out of it.
    let kind_of = |id| group_of(groups, id).map(|group| group.kind);
    if kind_of(caller.group_id) != kind_of(other.group_id) {
        return Err(Code::NotToOthers.refuse().into());
    }
    // As if there were no such customer: that someone is frozen is nobody else's business.
    if freezes::is_frozen(tx, company.id, other.id, &[Scope::Transfer])? {
        return Err(Code::NotFound.refuse().into());
    }
    Ok(other.id)
}

/// What the audit log keeps of money that went to another customer.
fn sent(
    live: &Live,
    cx: &Context,
    transfer_id: i64,
    to: &str,
    from: &Account,
    amount: Amount,
) -> audit::Entry {
    audit::Entry {
        company_id: live.company_id(),
        action: "ledger.transfer",
        outcome: "ok".to_owned(),
        actor: "customer".to_owned(),
        customer_id: Some(live.customer_id()),
        address: Some(cx.origin.address.clone()),
        trace: Some(cx.origin.trace.clone()),
        detail: json!({
            "transfer": transfer_id, "to": to, "account": from.id, "currency": from.asset.code,
            "amount": amount.to_text(from.digits()),
        }),
    }
}

impl Operation for CapitalTransfer {
    const NAME: &'static str = "fund.app.DepositAppDubboService.capitalTransfer";
    const TOPIC: &'static str = "Transfers";
    const CLASS: Class = Class::Write;
    const IDEMPOTENT: bool = true;
    type Caller = Customer;
    type Reply = Transferred;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Transferred> {
        let own = cx.clone();
        let request = self.canonical();
        let surplus_amount = cx
            .write(move |tx| {
                let keyed =
                    Keyed { operation: Self::NAME, customer_id: live.customer_id(), request: &request };
                own.once(tx, keyed, |tx| self.make(tx, &live, &own))
            })
            .await?;
        Ok(Transferred { surplus_amount })
    }
}

reply! {
    /// A transfer between accounts.
    pub struct TransferView {
        /// The account that it came from; 0 for another customer's.
        out_account_id: i64 = "outAccountId",
        /// Its currency.
        out_currency_code: String = "outCurrencyCode",
        /// Its trade type.
        out_trade_type: i64 = "outTradeType",
        /// How much went out.
        out_amount: String = "outAmount",
        /// The account that it went to; 0 for another customer's.
        in_account_id: i64 = "inAccountId",
        /// Its currency.
        in_currency_code: String = "inCurrencyCode",
        /// Its trade type.
        in_trade_type: i64 = "inTradeType",
        /// How much came in.
        in_amount: String = "inAmount",
        /// When, ms, as text.
        create_time: String = "createTime",
    }
}

reply! {
    /// A page of transfers.
    pub struct TransferPage {
        /// The transfers, newest first.
        records: Vec<TransferView> = "records",
        /// How many there are.
        total: i64 = "total",
        /// How many a page has.
        size: i64 = "size",
        /// Which page, counted from 1.
        current: i64 = "current",
    }
}

fn view(record: Record) -> TransferView {
    let amount = record.amount.to_text(u32::try_from(record.digits).unwrap_or(0));
    let id = |end: End| end.account_id.unwrap_or(0);
    TransferView {
        out_account_id: id(record.out_of),
        out_currency_code: record.currency.clone(),
        out_trade_type: record.out_of.trade_type,
        out_amount: amount.clone(),
        in_account_id: id(record.into),
        in_currency_code: record.currency,
        in_trade_type: record.into.trade_type,
        in_amount: amount,
        create_time: record.at.to_string(),
    }
}

request! {
    /// Tells the transfers between the caller's accounts, and to and from other customers, newest first.
    pub struct CapitalTransferRecord {
        /// Transfers a page; 20 by default.
        size: Option<Int<1, 100>> = "size",
        /// Which page, counted from 1.
        current: Option<Int<1, 1_000_000>> = "current",
        /// Not looked at: the page is the answer.
        download_type: Option<Int<1, 2>> = "downloadType",
        /// From when on, ms.
        from: Option<Int<0, 9_007_199_254_740_991>> = "startTime",
        /// Until when, ms.
        until: Option<Int<0, 9_007_199_254_740_991>> = "endTime",
        /// Only those out of or into this trade type.
        trade_type: Option<Int<1, 99>> = "tradeType",
        /// Only those of this asset.
        assets_id: Option<Id> = "assetsId",
    }
}

impl Operation for CapitalTransferRecord {
    const NAME: &'static str = "fund.app.DepositAppDubboService.capitalTransferRecord";
    const TOPIC: &'static str = "Transfers";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = TransferPage;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<TransferPage> {
        let (size, current) = (self.size.map_or(20, |size| size.0), self.current.map_or(1, |page| page.0));
        let filter = Filter {
            from: self.from.map_or(0, |from| from.0),
            until: self.until.map_or(i64::MAX, |until| until.0),
            trade_type: self.trade_type.map(|trade_type| trade_type.0),
            asset_id: self.assets_id.map(|id| id.0),
        };
        let (total, records) = cx
            .read(move |tx| {
                // The count and the page are of one instant.
                tx.one_instant()?;
                let span = (size, (current - 1) * size);
                Ok(capital::page(tx, live.company_id(), live.customer_id(), &filter, span)?)
            })
            .await?;
        Ok(TransferPage { records: records.into_iter().map(view).collect(), total, size, current })
    }
}
