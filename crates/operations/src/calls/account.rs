//! An account as clients read it.

use crate::error::Result;
use crate::reply;
use custos_customers::customer::Customer;
use custos_ledger::Amount;
use custos_ledger::accounts::Account;
use custos_ledger::place::Standing;

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

/// An account with what stands on it. Loans, and what the trading system adds, are nothing as yet.
///
/// # Errors
/// An amount beyond 128 bits.
pub fn view(
    customer: &Customer,
    account: &Account,
    standing: Option<&Standing>,
    valuation: &str,
) -> Result<AccountView> {
    let (balance, held) = standing.map_or((Amount::ZERO, Amount::ZERO), |own| (own.balance, own.held));
    let available = balance.minus(held)?;
    let text = |amount: Amount| amount.to_text(account.digits());
    let nothing = || text(Amount::ZERO);
    let is_valuation = account.asset.code == valuation;
    Ok(AccountView {
        company_id: customer.company_id,
        trade_type: account.trade_type,
        customer_id: customer.id,
        customer_no: customer.number.clone(),
        account_id: account.id,
        kind: 1,
        status: 2,
        activate_status: 2,
        activate_time: account.created_at,
        remark: String::new(),
        currency: account.asset.code.clone(),
        digits: account.asset.digits,
        assets_id: account.asset.id,
        create_time: account.created_at,
        first_deposit_time: standing.map_or(0, |own| own.first_in_at),
        first_withdraw_time: standing.map_or(0, |own| own.first_out_at),
        balance: text(balance),
        available: text(available),
        equity: text(balance),
        withdraw_amount: text(available),
        not_withdraw_amount: text(held),
        lock_amount: text(held),
        frozen: text(held),
        collateral_frozen: nothing(),
        profit: nothing(),
        margin: nothing(),
        free_margin: text(balance),
        lock_margin: nothing(),
        liabilities: nothing(),
        liabilities_principal: nothing(),
        interest: nothing(),
        net_assets: text(balance),
        available_loan: nothing(),
        interest_proportion: "0".to_owned(),
        margin_radio: "1".to_owned(),
        // Without a rate an account is left out of totals.
        whole_warehouse_balance: if is_valuation { text(balance) } else { nothing() },
        whole_warehouse_rate: if is_valuation { "1" } else { "0" }.to_owned(),
        formula_symbol: "multiply",
        open_account_status: true,
    })
}
