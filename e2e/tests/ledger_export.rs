//! The books as a journal, read by the real hledger: a program that no one here wrote works the balances out again.

use std::process::{Command, Stdio};

use e2e::{Backend, Server, fresh, on_both, text_of};
use serde_json::json;

on_both!(
    hledger_finds_the_same_balances,
    a_period_opens_with_what_went_before,
    loans_are_in_the_journal,
    companies_have_journals_of_their_own
);

/// Runs hledger on a journal; its output, or its complaint.
fn hledger(journal: &str, arguments: &[&str]) -> Result<String, String> {
    use std::io::Write as _;
    let mut command = Command::new("hledger");
    command.args(["-f", "-"]).args(arguments).env("LC_ALL", "C.UTF-8");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("hledger; `cargo xtask test` installs it");
    child.stdin.take().expect("piped").write_all(journal.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("an end");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// What hledger says an account holds.
#[track_caller]
fn balance_by_hledger(journal: &str, account: &str) -> String {
    let query = format!("^{account}$");
    let told = hledger(journal, &["balance", "--flat", "--empty", "--no-total", &query]).expect("a balance");
    told.trim().split("  ").next().unwrap_or_default().to_owned()
}

fn give(server: &Server, number: &str, currency: &str, amount: &str, reason: &str) -> String {
    let trade_type = if currency == "USD" { "8" } else { "3" };
    let asked =
        ["ledger", "adjust", "--customer", number, "--trade-type", trade_type, "--currency", currency];
    let more = ["--amount", amount, "--reason", reason];
    server.cli_json(&[asked.as_slice(), more.as_slice()].concat())["transfer"].to_string()
}

fn exported(server: &Server, more: &[&str]) -> String {
    server.cli(&[&["ledger", "export"], more].concat()).succeeds().stdout
}

fn hledger_finds_the_same_balances(backend: Backend) {
    let server = Server::start(backend);
    let people: Vec<String> = (0..2).map(|_| server.visitor().signs_up_as(&fresh::email()).number).collect();
    let mistake =
        give(&server, &people[0], "USD", "1000000000000000.01", "a; reverses:1, \"odd\" one\n2000-01-01 x");
    give(&server, &people[0], "USD", "-0.02", "(a fee) | = * !");
    give(&server, &people[1], "ETH", "0.000000000000000001", "dust");
    server.cli(&["ledger", "reverse", &mistake, "--amount", "12.5", "--reason", "too much"]).succeeds();

    let journal = exported(&server, &[]);
    hledger(&journal, &["check", "--strict"]).expect("a journal without a fault");
    let mut compared = 0;
    for number in &people {
        let accounts = server.cli_json(&["ledger", "balance", "--customer", number]);
        for account in accounts.as_array().expect("accounts") {
            let (code, balance) = (text_of(&account["currency"]), text_of(&account["balance"]));
            if balance.trim_matches(['0', '.']).is_empty() {
                continue;
            }
            let kind = if code == "USD" { "wallet" } else { "cross" };
            let told = balance_by_hledger(&journal, &format!("customers:{number}:{kind}:{code}"));
            assert_eq!(told, format!("{balance} {code}"));
            compared += 1;
        }
    }
    assert_eq!(compared, 2);
    assert_eq!(balance_by_hledger(&journal, "company:float:USD"), "-999999999999987.49 USD");
    // The reversal names its original, and nothing else does.
    let reversed = hledger(&journal, &["print", &format!("tag:reverses={mistake}")]).expect("a reversal");
    assert!(reversed.contains("too much") && reversed.contains("12.50 USD"), "{reversed}");
    assert_eq!(hledger(&journal, &["print", "tag:reverses=^1$"]).expect("nothing").trim(), "");
    // A balance that is not what its lines make is found by hledger too.
    let wrong = journal.replace("= 0.000000000000000001 ETH", "= 0.000000000000000002 ETH");
    assert_ne!(wrong, journal);
    assert!(hledger(&wrong, &["check"]).is_err());
}

fn a_period_opens_with_what_went_before(backend: Backend) {
    let server = Server::start(backend);
    let number = server.visitor().signs_up_as(&fresh::email()).number;
    give(&server, &number, "USD", "7.25", "a gift");
    let account = format!("customers:{number}:wallet:USD");
    let later = exported(&server, &["--from", "2999-01-01"]);
    assert!(later.contains("Opening balances") && !later.contains("a gift"), "{later}");
    let sums = later.split("Balances as they stand").next().expect("a first part");
    assert!(sums.contains(&format!("{account}  7.25 USD")), "{sums}");
    let whole = exported(&server, &["--from", "2000-01-01", "--to", "2999-01-01"]);
    assert!(!whole.contains("Opening balances") && !whole.contains("Balances as they stand"), "{whole}");
    assert_eq!(balance_by_hledger(&whole, &account), "7.25 USD");
    let before = exported(&server, &["--to", "2000-01-01"]);
    assert!(!before.contains("a gift"), "{before}");
    hledger(&before, &["check", "--strict"]).expect("an empty journal");
    server.cli(&["ledger", "export", "--from", "2026-02-30"]).fails_with("2026-02-30");
}

fn loans_are_in_the_journal(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up_as(&fresh::email());
    give(&server, &ada.number, "USDT", "1000", "a gift");
    let call = |operation: &str, amount: &str| {
        let body = json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": amount });
        ada.client.call(&format!("fund.app.DepositAppDubboService.{operation}"), body).data();
    };
    call("manualLoan", "1200.5");
    call("manualRepayment", "200");
    let journal = exported(&server, &[]);
    hledger(&journal, &["check", "--strict"]).expect("a journal without a fault");
    let account = format!("customers:{}:cross:USDT", ada.number);
    assert_eq!(balance_by_hledger(&journal, &account), "2000.500000 USDT");
    assert_eq!(balance_by_hledger(&journal, &format!("{account}:principal")), "-1000.500000 USDT");
}

fn companies_have_journals_of_their_own(backend: Backend) {
    let server = Server::start(backend);
    let number = server.visitor().signs_up_as(&fresh::email()).number;
    give(&server, &number, "USD", "7.25", "a gift");
    let other = server.add_company("Other").to_string();
    assert!(!exported(&server, &["--company", &other]).contains(&number));
    server.cli(&["ledger", "export", "--company", "987654"]).fails();
}
