//! A believable company for the demo: people who do by real operations what customers and operators do.
//!
//! In a fresh directory their story begins three days ago: the clock that the program is handed starts there and is moved
//! on, so that hours pass and interest falls due as it does for everybody. Nothing is written but by the rules; in a
//! directory that has been used the clock stands at now, and interest falls due as time goes by.

mod stage;

use crate::config::Config;
use crate::demo_company;
use custos_ledger::locks::{self, Transfers, USUAL_MS};
use custos_store::HOUR_MS;
use serde_json::json;
use stage::{Person, Stage};

/// How long ago the story begins.
const HOURS: i64 = 72;

/// Fills the demo's company, once.
///
/// # Errors
/// Words for the operator.
pub fn fill(config: &Config) -> Result<(), String> {
    let stage = Stage::set(config, HOURS * HOUR_MS)?;
    let done = if stage.is_done("money")? { Ok(()) } else { money(&stage) };
    stage.clear();
    done
}

/// Deposits, transfers, a loan with its interest, a mistake that was undone, a proposal that waits.
fn money(stage: &Stage) -> Result<(), String> {
    let ada = stage.person("ada@sample.example")?;
    let ben = stage.person("ben@sample.example")?;
    let cleo = stage.person("cleo@sample.example")?;
    stage.person("dan@sample.example")?;
    stage.gives(&ada, (8, "USDT"), "5000", ("first deposit", "sample-1"))?;
    stage.gives(&ada, (3, "BTC"), "0.1", ("collateral", "sample-2"))?;
    stage.gives(&ben, (8, "USD"), "1200.50", ("first deposit", "sample-3"))?;
    moves(stage, &ada, 3, "2000", "sample-4")?;
    moves(stage, &ada, 5, "1000", "sample-5")?;
    let loan = json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": "3000" });
    stage.call(Some(&ada), "manualLoan", &loan, Some("sample-6"))?;
    stage.pass(48 * HOUR_MS)?;
    let repayment = json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": "500" });
    stage.call(Some(&ada), "manualRepayment", &repayment, Some("sample-7"))?;
    stage.gives(&ben, (8, "USD"), "-20.50", ("a fee", "sample-8"))?;
    stage.gives(&cleo, (5, "ETH"), "1.25", ("deposit", "sample-9"))?;
    let mistake = stage.gives(&cleo, (5, "ETH"), "1.25", ("deposit, typed twice", "sample-10"))?;
    stage.undoes(mistake, "typed twice")?;
    stage.pass(23 * HOUR_MS)?;
    stage.proposes(&ben, (8, "USD"), "50", ("for a friend whom he brought", "sample-11"))?;
    let whose = (demo_company::ID, cleo.id);
    stage.write(move |tx| {
        let until = tx.now() + USUAL_MS;
        Ok(locks::lock(tx, whose, (5, Transfers::Out), until, stage::OPERATOR)?)
    })?;
    stage.pass(HOUR_MS)?;
    stage.done("money")
}

/// Moves money of a customer's wallet to another of their accounts.
fn moves(stage: &Stage, who: &Person, to: i64, amount: &str, key: &'static str) -> Result<(), String> {
    let wallet = json!({ "tradeType": 8, "currency": "USDT" });
    let wallet = stage.call(Some(who), "queryAccountById", &wallet, None)?;
    let transfer = json!({
        "accountId": wallet.get("accountId"), "toTradeType": to, "toCustomerNo": who.number, "amount": amount,
    });
    stage.call(Some(who), "capitalTransfer", &transfer, Some(key)).map(|_| ())
}
