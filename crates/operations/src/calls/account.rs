//! An account as clients read it.

use super::wealth::Wealth;
use crate::error::Result;
use crate::reply;
use custos_ledger::Amount;
use custos_ledger::accounts::Account;
use custos_ledger::exact::{self, RATE_DIGITS};
use custos_ledger::margin::Book;
use custos_ledger::place::Frozen;

reply! {
    /// One account of a customer. Amounts are decimal text with the asset's digits.
    pub struct AccountView {
        /// The company.
        company_id: i64 = "companyId",
        /// 1 CFD_MM, 2 CFD_WBW, 3 CROSS, 5 MATCH, 8 WALLET.
        trade_type: i64 = "tradeType",
        /// The customer's id.
        customer_id: i64 = "customerId",
        /// The customer's number.
        customer_no: String = "customerNo",
        /// The account's id.
        account_id: i64 = "accountId",
        /// 1 a customer's.
        kind: i64 = "type",
        /// 1 not available, 2 available.
        status: i64 = "status",
        /// 1 not available, 2 available.
        activate_status: i64 = "activateStatus",
        /// When it was opened, ms.
        activate_time: i64 = "activateTime",
        /// A remark.
        remark: String = "remark",
        /// The asset's code.
        currency: String = "currency",
        /// The asset's decimals.
        digits: i64 = "digits",
        /// The asset's id.
        assets_id: i64 = "assetsId",
        /// When it was opened, ms.
        create_time: i64 = "createTime",
        /// The first money in, ms; 0 for none yet.
        first_deposit_time: i64 = "firstDepositTime",
        /// The first money out, ms; 0 for none yet.
        first_withdraw_time: i64 = "firstWithdrawTime",
        /// The posted balance.
        balance: String = "balance",
        /// Balance less what is held.
        available: String = "available",
        /// Balance and profit.
        equity: String = "equity",
        /// What may leave now.
        withdraw_amount: String = "withdrawAmount",
        /// Balance less what may leave.
        not_withdraw_amount: String = "notWithdrawAmount",
        /// What is held.
        lock_amount: String = "lockAmount",
        /// What is held.
        frozen: String = "frozen",
        /// What open loans tie down.
        collateral_frozen: String = "collateralFrozen",
        /// Open profit or loss.
        profit: String = "profit",
        /// Margin in use.
        margin: String = "margin",
        /// Equity less margin.
        free_margin: String = "freeMargin",
        /// Margin of open positions.
        lock_margin: String = "lockMargin",
        /// Principal and interest owed.
        liabilities: String = "liabilities",
        /// Principal owed.
        liabilities_principal: String = "liabilitiesPrincipal",
        /// Interest owed.
        interest: String = "interest",
        /// Balance less liabilities.
        net_assets: String = "netAssets",
        /// What may be borrowed.
        available_loan: String = "availableLoan",
        /// Daily interest rate.
        interest_proportion: String = "interestProportion",
        /// The group's leverage.
        margin_radio: String = "marginRadio",
        /// The balance in the company's valuation currency.
        whole_warehouse_balance: String = "wholeWarehouseBalance",
        /// The rate into it; 0 while there is none.
        whole_warehouse_rate: String = "wholeWarehouseRate",
        /// How the rate is applied.
        formula_symbol: &'static str = "formulaSymbol",
        /// The account is open.
        open_account_status: bool = "openAccountStatus",
    }
}

/// Every account of a customer.
///
/// # Errors
/// An amount beyond 128 bits.
pub(super) fn views(wealth: &Wealth) -> Result<Vec<AccountView>> {
    let mut all = Vec::with_capacity(wealth.accounts().len());
    // One book a trade type: the accounts come by trade type.
    for accounts in wealth.accounts().chunk_by(|one, next| one.trade_type == next.trade_type) {
        let Some(first) = accounts.first() else { continue };
        let book = wealth.book(first.trade_type)?;
        for account in accounts {
            all.push(view(wealth, &book, account)?);
        }
    }
    Ok(all)
}

/// An account with what stands on it; `book` is that of its trade type. What the trading system would add is nothing.
///
/// # Errors
/// An amount beyond 128 bits.
pub(super) fn view(wealth: &Wealth, book: &Book<'_>, account: &Account) -> Result<AccountView> {
    let (own, holding, now) = (wealth.own(account), wealth.holding(account)?, wealth.rates.now);
    let is_closed =
        |bits: i64| own.is_some_and(|own| own.frozen.until > now && own.frozen.bits & bits == bits);
    let withdrawable = if is_closed(Frozen::DEBIT) { Amount::ZERO } else { book.withdrawable(&holding)? };
    let (balance, owed) = (holding.balance, holding.owed()?);
    let text = |amount: Amount| amount.to_text(account.digits());
    let nothing = text(Amount::ZERO);
    let rate = wealth.rates.of(&account.asset.code);
    let in_valuation =
        rate.map_or_else(exact::zero, |rate| exact::coins(balance, account.digits()) * &rate.number);
    Ok(AccountView {
        company_id: wealth.company_id,
        trade_type: account.trade_type,
        customer_id: wealth.customer_id,
        customer_no: wealth.customer_no.clone(),
        account_id: account.id,
        kind: 1,
        status: if is_closed(Frozen::DEBIT | Frozen::CREDIT) { 1 } else { 2 },
        activate_status: 2,
        activate_time: account.created_at,
        remark: String::new(),
        currency: account.asset.code.clone(),
        digits: account.asset.digits,
        assets_id: account.asset.id,
        create_time: account.created_at,
        first_deposit_time: own.map_or(0, |own| own.first_in_at),
        first_withdraw_time: own.map_or(0, |own| own.first_out_at),
        balance: text(balance),
        available: text(holding.available()?),
        equity: text(balance),
        withdraw_amount: text(withdrawable),
        not_withdraw_amount: text(balance.minus(withdrawable)?),
        lock_amount: text(holding.held),
        frozen: text(holding.held),
        collateral_frozen: text(book.collateral_frozen(&holding)?),
        profit: nothing.clone(),
        margin: nothing.clone(),
        free_margin: text(balance),
        lock_margin: nothing,
        liabilities: text(owed),
        liabilities_principal: text(holding.principal),
        interest: text(holding.interest),
        net_assets: text(balance.minus(owed)?),
        available_loan: text(book.available_loan(&holding)?),
        interest_proportion: book
            .terms()
            .map_or_else(|| "0".to_owned(), |terms| exact::brief(&terms.daily_rate, RATE_DIGITS)),
        margin_radio: book.terms().map_or(1, |terms| terms.leverage).to_string(),
        whole_warehouse_balance: exact::decimal(&in_valuation, wealth.rates.digits),
        whole_warehouse_rate: rate
            .map_or_else(|| "0".to_owned(), |rate| exact::brief(&rate.number, RATE_DIGITS)),
        formula_symbol: "multiply",
        open_account_status: true,
    })
}
