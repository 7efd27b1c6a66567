//! SIGKILL at any instant while money moves: the books stay whole, and what has a key happens once.

use std::sync::{Mutex, PoisonError};

use e2e::patience::Patience;
use e2e::{Backend, Client, Reply, Server, account_in, fresh, text_of};
use serde_json::{Value, json};

/// As many as write at once; each for a customer of their own.
const WRITERS: usize = 64;
/// The trade types whose accounts in USDT money goes between; the first lends.
const TRADE_TYPES: [i64; 3] = [3, 5, 8];
/// What each customer is given, in units of 10^-6.
const GIVEN: i128 = 1_000_000_000;
const TRANSFER: &str = "fund.app.DepositAppDubboService.capitalTransfer";
const RECORD: &str = "fund.app.DepositAppDubboService.capitalTransferRecord";
const FLOWS: &str = "customer.app.CustomerWebApiService.queryLiabilitiesWaterByPage";
/// Politeness would be all that is met.
const NO_LIMITS: &str =
    "{ read = 1000000000, write = 1000000000, customer = 1000000000, flood = 1000000000 }";

/// A customer with money.
struct Mover {
    token: String,
    number: String,
    /// The accounts of the trade types, in their order.
    accounts: [i64; 3],
}

/// A transfer that was asked for.
struct Asked {
    who: usize,
    /// To whom, if to someone else.
    whom: Option<usize>,
    key: String,
    body: Value,
    /// What was answered before the server died.
    answer: Option<Value>,
}

/// What was asked for in a round.
#[derive(Default)]
struct Facts {
    asked: Vec<Asked>,
    /// Loans and repayments that were acknowledged, and those whose answer never came, by customer.
    debts: Vec<(usize, bool)>,
}

fn usdt(record: &Value, trade_type: i64) -> Value {
    account_in(record, trade_type, "USDT")
}

/// Decimal text in units of 10^-6.
fn units(amount: &Value) -> i128 {
    let text = text_of(amount);
    let (whole, fraction) = text.split_once('.').expect("decimals");
    assert_eq!(fraction.len(), 6, "{text}");
    format!("{whole}{fraction}").parse().expect("an amount")
}

impl Mover {
    fn new(server: &Server) -> Self {
        let customer = server.visitor().signs_up_as(&fresh::email());
        let given = format!("{}", GIVEN / 1_000_000);
        let adjust = ["ledger", "adjust", "--customer", &customer.number, "--trade-type", "3"];
        let how = ["--currency", "USDT", "--amount", &given, "--reason", "a test"];
        server.cli(&[&adjust[..], &how[..]].concat()).succeeds();
        let record = customer.client.record();
        let accounts =
            TRADE_TYPES.map(|trade_type| usdt(&record, trade_type)["accountId"].as_i64().expect("an id"));
        Self { token: customer.client.token().to_owned(), number: customer.number, accounts }
    }

    fn client(&self, server: &Server) -> Client {
        server.visitor().with_token(&self.token)
    }
}

fn transfers(client: &Client, asked: &Asked) -> Option<Reply> {
    client.request(TRANSFER).header("idempotency-key", &asked.key).json(&asked.body).try_send().ok()
}

/// Moves money about until the server dies.
fn writes(client: &Client, movers: &[Mover], who: usize) -> Facts {
    let mut facts = Facts::default();
    let below = |bound: usize| usize::try_from(fresh::below(bound as u64)).expect("small");
    loop {
        if below(4) == 0 {
            let operation = if below(2) == 0 { "manualLoan" } else { "manualRepayment" };
            let body = json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": format!("0.{:06}", below(999_999) + 1) });
            let answer = client.try_call(&format!("fund.app.DepositAppDubboService.{operation}"), body);
            match answer {
                Ok(reply) if reply.is_ok() => facts.debts.push((who, true)),
                Ok(reply) => assert!(reply.code().starts_with("FUND_"), "{}", reply.code()),
                Err(_) => {
                    facts.debts.push((who, false));
                    return facts;
                }
            }
            continue;
        }
        let (from, to) = (below(3), below(3));
        let whom = Some(below(movers.len())).filter(|whom| *whom != who && (from == to || below(3) == 0));
        if whom.is_none() && from == to {
            continue;
        }
        let body = json!({
            "accountId": movers[who].accounts[from], "toTradeType": TRADE_TYPES[to], "currency": "USDT",
            "toCustomerNo": movers[whom.unwrap_or(who)].number, "amount": format!("0.{:06}", below(999_999) + 1),
        });
        let key = fresh::trace();
        let mut asked = Asked { who, whom, key, body, answer: None };
        let reply = transfers(client, &asked);
        let has_died = reply.is_none();
        asked.answer = reply.map(|reply| told(&reply));
        facts.asked.push(asked);
        if has_died {
            return facts;
        }
    }
}

/// Code and data.
fn told(reply: &Reply) -> Value {
    let code = reply.code();
    assert!(code == "0" || code.starts_with("FUND_"), "{code}");
    json!([code, reply.body["data"]])
}

/// Sends what was asked for once more: what was acknowledged is answered as it was, what was not is done now, if it was
/// not done then; and never more than once. Returns whether it has happened.
fn settles(client: &Client, asked: &Asked) -> bool {
    let again = || told(&transfers(client, asked).expect("an answer"));
    let first = again();
    if let Some(answer) = asked.answer.as_ref().filter(|answer| answer[0] == "0") {
        assert_eq!(*answer, first);
    }
    if first[0] == "0" {
        assert_eq!(again(), first);
    }
    first[0] == "0"
}

fn lines(of_each: &[i64]) -> usize {
    usize::try_from(of_each.iter().sum::<i64>()).expect("a number of lines")
}

fn survive(backend: Backend, rounds: u32) {
    let server = Server::start_with(backend, &[("CUSTOS_LIMITS", NO_LIMITS)]);
    server.cli(&["company", "set", "1", "--setting", "transfers_to_others=true"]).succeeds();
    let movers: Vec<Mover> = (0..WRITERS).map(|_| Mover::new(&server)).collect();
    // Transfers in the record of each; acknowledged debts; debts whose answer never came.
    let (mut moved, mut owed, mut open) = ([0_i64; WRITERS], [0_i64; WRITERS], [0_i64; WRITERS]);
    let mut patience = Patience::of(150);
    while patience.asks_for_more(rounds, lines(&moved), rounds as usize) {
        let finished = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for who in 0..WRITERS {
                let (client, movers, finished) = (movers[who].client(&server), &movers, &finished);
                scope.spawn(move || {
                    let facts = writes(&client, movers, who);
                    finished.lock().unwrap_or_else(PoisonError::into_inner).push(facts);
                });
            }
            patience.wait();
            server.kill();
        });
        server.restart();
        server.cli(&["ledger", "verify"]).succeeds();
        for facts in finished.into_inner().unwrap_or_else(PoisonError::into_inner) {
            for asked in &facts.asked {
                if settles(&movers[asked.who].client(&server), asked) {
                    moved[asked.who] += 1;
                    if let Some(whom) = asked.whom {
                        moved[whom] += 1;
                    }
                }
            }
            for (who, is_acknowledged) in facts.debts {
                if is_acknowledged { owed[who] += 1 } else { open[who] += 1 }
            }
        }
    }

    let mut sum = 0;
    for (who, mover) in movers.iter().enumerate() {
        let client = mover.client(&server);
        assert_eq!(
            client.call(RECORD, json!({})).data()["total"],
            moved[who],
            "transfers of {}",
            mover.number
        );
        let flows = client.call(FLOWS, json!({ "tradeType": 3 })).data()["total"].as_i64().expect("a number");
        // A repayment of interest and principal is two flows, and interest is one by itself.
        assert!(flows >= owed[who], "{flows} flows where {} were acknowledged", owed[who]);
        let record = client.record();
        for trade_type in TRADE_TYPES {
            let account = usdt(&record, trade_type);
            sum += units(&account["balance"]) - units(&account["liabilities"]);
        }
    }
    server.cli(&["ledger", "verify"]).succeeds();
    // Nothing has come from nowhere or gone there but some interest, which all these loans make little of.
    let given = GIVEN * i128::try_from(WRITERS).expect("few");
    assert!(sum <= given && sum > given - 1_000_000, "{sum} of {given}");
    println!(
        "{} crashes: {} lines of transfers, {} debts, {} open",
        patience.crashes(),
        lines(&moved),
        lines(&owed),
        lines(&open)
    );
}

#[test]
fn sqlite_keeps_its_books_through_two_hundred_kills() {
    survive(Backend::Sqlite, 200);
}

#[test]
fn postgres_keeps_its_books_through_sixty_kills() {
    survive(Backend::Postgres, 60);
}
