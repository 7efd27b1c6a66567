//! Opening accounts, and reading what stands on them.

use super::account::{self, AccountView};
use super::registration::{WantedAccounts, offered, wanted};
use super::wealth::{Asked, Wealth};
use crate::context::{Context, Live};
use crate::error::{Gate, Result};
use crate::fields::{Currencies, Id, List, Text};
use crate::operation::{Class, Customer, Operation};
use crate::shape::Kept;
use crate::{reply, request};
use custos_customers::company::{self, CROSS};
use custos_customers::customer;
use custos_ledger::accounts::{self, Account};
use custos_ledger::exact::{self, Rounding};
use custos_ledger::{Amount, Code};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The trade type of spot accounts.
const MATCH: i64 = 5;
/// The trade type of wallets.
const WALLET: i64 = 8;

/// The caller's accounts and all that their figures hang on.
async fn wealth(cx: &Context, live: &Live) -> Result<Arc<Wealth>> {
    cx.app.wealth(live.company_id(), live.customer_id()).await
}

request! {
    /// Opens those of the accounts asked for that are missing and that the caller's group offers; the others are left
    /// out. Returns all accounts of the caller.
    pub struct OpenAccount {
        /// Trade types and their currencies.
        list: List<WantedAccounts> = "tradeTypeCurrencyList",
    }
}

impl Operation for OpenAccount {
    const NAME: &'static str = "customer.app.CustomerWebApiService.openAccount";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Vec<AccountView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<AccountView>> {
        let (company, wanted) = (Arc::clone(&cx.company), wanted(&self.list));
        cx.write(move |tx| {
            let customer = customer::find(tx, live.company_id(), live.customer_id())?;
            let customer = customer.ok_or_else(|| Gate::DeadToken.refuse())?;
            let groups = company::groups(tx, company.id)?;
            if let Some(group) = groups.iter().find(|group| group.id == customer.group_id) {
                accounts::open(tx, company.id, customer.id, &offered(group, &wanted))?;
            }
            account::views(&Wealth::read(tx, &company, &customer)?)
        })
        .await
    }
}

/// How a request names one of the caller's accounts.
enum Named<'a> {
    Id(i64),
    Currency(&'a str),
}

impl<'a> Named<'a> {
    /// An id goes before a currency.
    fn by(account_id: Option<Id>, currency: Option<&'a str>) -> Result<Self> {
        match (account_id, currency) {
            (Some(id), _) => Ok(Self::Id(id.0)),
            (None, Some(code)) => Ok(Self::Currency(code)),
            (None, None) => Err(Gate::MissingField.field("accountId")),
        }
    }

    /// The account of a trade type that is meant.
    async fn view(self, cx: &Context, live: &Live, trade_type: i64) -> Result<Kept<AccountView>> {
        let wealth = wealth(cx, live).await?;
        let is_meant = |account: &&Account| match self {
            Self::Id(id) => account.id == id,
            Self::Currency(code) => account.asset.code.eq_ignore_ascii_case(code),
        };
        let mut of_type = wealth.accounts().iter().filter(|account| account.trade_type == trade_type);
        let account = of_type.find(is_meant).ok_or_else(|| Code::NotFound.refuse())?;
        wealth
            .answer(Asked::Account(account.id), || account::view(&wealth, &wealth.book(trade_type)?, account))
    }
}

request! {
    /// Tells one account of the caller, by its id or by its currency.
    pub struct QueryAccountById {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// The account's id; at least one of this and `currency` is needed, and this one decides.
        account_id: Option<Id> = "accountId",
        /// The account's currency.
        currency: Option<Text<20>> = "currency",
    }
}

impl Operation for QueryAccountById {
    const NAME: &'static str = "customer.app.CustomerWebApiService.queryAccountById";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Kept<AccountView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Kept<AccountView>> {
        let named = Named::by(self.account_id, self.currency.as_deref())?;
        named.view(&cx, &live, self.trade_type.0).await
    }
}

request! {
    /// Tells one margin or spot account of the caller, by its id or by its currency, with what is owed on it and what may
    /// be borrowed.
    pub struct QueryAccountAssetsInfo {
        /// 3 CROSS, 5 MATCH.
        trade_type: Id = "tradeType",
        /// The account's id; at least one of this and `accountCurrency` is needed, and this one decides.
        account_id: Option<Id> = "accountId",
        /// The account's currency.
        currency: Option<Text<20>> = "accountCurrency",
    }
}

impl Operation for QueryAccountAssetsInfo {
    const NAME: &'static str = "customer.app.CustomerWebApiService.queryAccountAssetsInfo";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Kept<AccountView>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Kept<AccountView>> {
        let named = Named::by(self.account_id, self.currency.as_deref())?;
        if ![CROSS, MATCH].contains(&self.trade_type.0) {
            return Err(Gate::BadField.field("tradeType"));
        }
        named.view(&cx, &live, self.trade_type.0).await
    }
}

reply! {
    /// What a customer has of one asset.
    pub struct AssetBalance {
        /// The asset's id.
        assets_id: i64 = "assetsId",
        /// The asset's code.
        currency: String = "currency",
        /// The asset's decimals.
        digits: i64 = "digits",
        /// The posted balances together.
        balance: String = "balance",
    }
}

request! {
    /// Tells what the caller has of each asset, over all accounts or those of one trade type.
    pub struct QueryCustomerAssets {
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET; all by default.
        trade_type: Option<Id> = "tradeType",
    }
}

impl Operation for QueryCustomerAssets {
    const NAME: &'static str = "customer.app.CustomerWebApiService.queryCustomerAssets";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Vec<AssetBalance>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Vec<AssetBalance>> {
        let wealth = wealth(&cx, &live).await?;
        let is_meant =
            |account: &&Account| self.trade_type.is_none_or(|trade_type| account.trade_type == trade_type.0);
        let mut sums: BTreeMap<i64, (&Account, Amount)> = BTreeMap::new();
        for account in wealth.accounts().iter().filter(is_meant) {
            let (_, sum) = sums.entry(account.asset.id).or_insert((account, Amount::ZERO));
            *sum = sum.plus(wealth.holding(account)?.balance)?;
        }
        let view = |(account, sum): (&Account, Amount)| AssetBalance {
            assets_id: account.asset.id,
            currency: account.asset.code.clone(),
            digits: account.asset.digits,
            balance: sum.to_text(account.digits()),
        };
        Ok(sums.into_values().map(view).collect())
    }
}

reply! {
    /// A customer's accounts of one trade type together, in the company's valuation currency.
    pub struct AssetsInfo {
        /// The valuation currency.
        currency: String = "currency",
        /// Its decimals.
        digits: i64 = "digits",
        /// `totalBalance` less what is held.
        total_available: String = "totalAvailable",
        /// Net assets in percent of liabilities, two decimals; 0.00 where nothing is owed.
        close_proportion: String = "closeProportion",
        /// 0 none, 1 a warning, 2 more own assets are asked for, 3 to be closed.
        risk_level: i64 = "riskLevel",
        /// The posted balances.
        total_balance: String = "totalBalance",
        /// Principal and interest owed.
        total_liabilities: String = "totalLiabilities",
        /// The company.
        company_id: i64 = "companyId",
        /// `totalBalance` less `totalLiabilities`.
        total_net_assets: String = "totalNetAssets",
        /// Interest owed.
        total_interest: String = "totalInterest",
        /// 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: i64 = "tradeType",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// Principal owed.
        total_liabilities_principal: String = "totalLiabilitiesPrincipal",
        /// The accounts, by asset code.
        account_info_map: BTreeMap<String, AccountView> = "accountInfoMap",
        /// Assets without a rate into the valuation currency: the totals leave them out.
        left_out: Vec<String> = "leftOut",
        /// Assets whose rate is older than the company allows: the totals count them, nothing is lent on them.
        stale_rates: Vec<String> = "staleRates",
    }
}

request! {
    /// Tells the caller's margin, spot or wallet accounts together, and each of them.
    pub struct QueryCustomerAssetsInfo {
        /// 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: Id = "tradeType",
        /// The currencies to be told in `accountInfoMap`, with commas between; all by default. The totals are always
        /// those of all accounts.
        currencies: Option<Currencies> = "accountCurrency",
    }
}

impl Operation for QueryCustomerAssetsInfo {
    const NAME: &'static str = "customer.app.CustomerWebApiService.queryCustomerAssetsInfo";
    const TOPIC: &'static str = "Money";
    const CLASS: Class = Class::Read;
    type Caller = Customer;
    type Reply = Kept<AssetsInfo>;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Kept<AssetsInfo>> {
        let trade_type = self.trade_type.0;
        if ![CROSS, MATCH, WALLET].contains(&trade_type) {
            return Err(Gate::BadField.field("tradeType"));
        }
        let wealth = wealth(&cx, &live).await?;
        match self.currencies {
            None => wealth.answer(Asked::Together(trade_type), || together(&wealth, trade_type, None)),
            Some(only) => Kept::of(&together(&wealth, trade_type, Some(only.0))?),
        }
    }
}

fn together(wealth: &Wealth, trade_type: i64, only: Option<Vec<String>>) -> Result<AssetsInfo> {
    let (book, rates) = (wealth.book(trade_type)?, &wealth.rates);
    let is_asked = |code: &str| {
        only.as_ref().is_none_or(|only| only.iter().any(|asked| asked.eq_ignore_ascii_case(code)))
    };
    let (mut map, mut left_out, mut stale) = (BTreeMap::new(), Vec::new(), Vec::new());
    for account in wealth.accounts().iter().filter(|account| account.trade_type == trade_type) {
        let code = &account.asset.code;
        if rates.of(code).is_none() {
            left_out.push(code.clone());
        } else if rates.fresh(code).is_none() {
            stale.push(code.clone());
        }
        if is_asked(code) {
            map.insert(code.clone(), account::view(wealth, &book, account)?);
        }
    }
    let (totals, risk) = (book.totals(), book.risk());
    // Each is rounded once, and the others are their sums: what clients read adds up.
    let round = |number: &_| exact::rounded(number, rates.digits, Rounding::HalfEven);
    let (balance, held) = (round(&totals.balance)?, round(&totals.held)?);
    let (principal, interest) = (round(&totals.principal)?, round(&totals.interest)?);
    let owed = principal.plus(interest)?;
    let text = |amount: Amount| amount.to_text(rates.digits);
    Ok(AssetsInfo {
        currency: rates.valuation.currency.clone(),
        digits: i64::from(rates.digits),
        total_available: text(balance.minus(held)?),
        close_proportion: exact::decimal(&risk.percent.unwrap_or_else(exact::zero), 2),
        risk_level: risk.level,
        total_balance: text(balance),
        total_liabilities: text(owed),
        company_id: wealth.company_id,
        total_net_assets: text(balance.minus(owed)?),
        total_interest: text(interest),
        trade_type,
        customer_no: wealth.customer_no.clone(),
        total_liabilities_principal: text(principal),
        account_info_map: map,
        left_out,
        stale_rates: stale,
    })
}
