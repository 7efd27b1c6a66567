//! Money between a customer's own accounts: what may move where.

use crate::common::{
    BAD_FIELD, Backend, Customer, DAY, DEAD_TOKEN, House, MISSING_FIELD, Reply, Which, address_of, entry,
    on_both,
};
use custos_ledger::place::Frozen;
use custos_ledger::verify::verify;
use serde_json::{Value, json};

on_both!(
    what_is_free_moves,
    amounts_are_exact_or_refused,
    accounts_must_fit,
    a_frozen_account_stays_as_it_is,
    what_secures_a_debt_stays,
    loans_and_transfers_at_once_leave_the_cover,
);

pub(crate) const NOT_FOUND: &str = "CUSTOMER_API_0000003";
pub(crate) const NOT_ENOUGH: &str = "FUND_0000001";
const FROZEN: &str = "FUND_0000005";

pub(crate) const CFD: i64 = 1;
pub(crate) const CROSS: i64 = 3;
pub(crate) const SPOT: i64 = 5;
pub(crate) const WALLET: i64 = 8;

/// Someone with accounts, seen from both sides of the counter.
pub(crate) struct Saver<'a> {
    house: &'a House,
    pub(crate) customer: Customer,
}

impl<'a> Saver<'a> {
    pub(crate) fn of(house: &'a House, company: i64) -> Self {
        Self { house, customer: house.customer_of(company) }
    }

    pub(crate) fn new(house: &'a House) -> Self {
        Self::of(house, 1)
    }

    pub(crate) fn id(&self, trade_type: i64, currency: &'static str) -> i64 {
        self.customer.account((trade_type, currency))["accountId"].as_i64().unwrap()
    }

    pub(crate) fn with(self, trade_type: i64, currency: &'static str, amount: &'static str) -> Self {
        self.house.gives(&self.customer, (trade_type, currency), amount);
        self
    }

    /// What is free, as the customer reads it.
    pub(crate) fn free(&self, trade_type: i64, currency: &'static str) -> String {
        self.customer.account((trade_type, currency))["available"].as_str().unwrap().to_owned()
    }

    /// From one of their own accounts to another.
    pub(crate) fn body(&self, from: Which, to: i64, amount: impl Into<Value>) -> Value {
        json!({
            "accountId": self.id(from.0, from.1), "toTradeType": to,
            "toCustomerNo": self.customer.number, "amount": amount.into(),
        })
    }

    pub(crate) fn sends(&self, body: &Value) -> Reply {
        self.customer.home.call_entry(entry("capitalTransfer"), body)
    }

    /// A refusal that has written nothing.
    #[track_caller]
    pub(crate) fn is_refused(&self, body: &Value, code: &str) -> Reply {
        let before = self.house.snapshot();
        let reply = self.sends(body);
        reply.is(code);
        before.is_still(&self.house.snapshot(), code);
        reply
    }
}

/// The books of every company are in order.
pub(crate) fn books_are_clean(house: &House) {
    for company in [1, 2] {
        let found = verify(house.store(), company, |_| ()).unwrap();
        assert!(found.is_ok(), "{found:?}");
    }
}

fn what_is_free_moves(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(WALLET, "USD", "100");
    let reply = ada.sends(&ada.body((WALLET, "USD"), CFD, "30.25"));
    assert_eq!(*reply.data(), json!({ "surplusAmount": "69.75" }));
    assert_eq!((ada.free(WALLET, "USD").as_str(), ada.free(CFD, "USD").as_str()), ("69.75", "30.25"));
    ada.is_refused(&ada.body((WALLET, "USD"), CFD, "69.76"), NOT_ENOUGH);
    // What is held is there and not free.
    house.holds(&ada.customer, (WALLET, "USD"), "60");
    ada.is_refused(&ada.body((WALLET, "USD"), CFD, "9.76"), NOT_ENOUGH);
    assert_eq!(ada.sends(&ada.body((WALLET, "USD"), CFD, "9.75")).text("surplusAmount"), "0.00");
    // And back, by the account's id and with all that clients repeat.
    let mut body = ada.body((CFD, "USD"), WALLET, 40);
    let more = json!({
        "toAccountId": ada.id(WALLET, "USD").to_string(), "currency": "USD", "accountDigit": 2,
        "toAccountDigit": "2",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    assert_eq!(ada.sends(&body).text("surplusAmount"), "0.00");
    assert_eq!(ada.free(WALLET, "USD"), "40.00");
    books_are_clean(&house);
}

fn amounts_are_exact_or_refused(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(SPOT, "ETH", "10").with(WALLET, "USD", "10");
    let raw = |id: i64, to: i64, amount: &str| {
        let number = &ada.customer.number;
        let text = format!(
            "{{\"accountId\":{id},\"toTradeType\":{to},\"toCustomerNo\":\"{number}\",\"amount\":{amount}}}"
        );
        let transfer = entry("capitalTransfer");
        ada.customer.home.send(transfer, &address_of(transfer), text.as_bytes())
    };
    let (ether, dollars) = (ada.id(SPOT, "ETH"), ada.id(WALLET, "USD"));
    let before = house.snapshot();
    for amount in [
        "1.001",
        "\"1.001\"",
        "1e0",
        "1E0",
        "\"1e0\"",
        "0.1e1",
        "9007199254740993",
        "-1",
        "\"-1\"",
        "0",
        "\"0.00\"",
        "-0",
        "\"1,5\"",
        "\"٣\"",
        "\"NaN\"",
        "\"0x1\"",
        "true",
        "[1]",
        "{}",
    ] {
        raw(dollars, CFD, amount).is(BAD_FIELD).naming("amount");
    }
    // As doubles these would be 1 and 0.1.
    for amount in ["1.0000000000000000001", "0.10000000000000000001"] {
        raw(ether, CROSS, amount).is(BAD_FIELD).naming("amount");
    }
    before.is_still(&house.snapshot(), "an amount that is none");
    raw(ether, CROSS, "1.000000000000000001").is("0");
    raw(ether, CROSS, "\"0.000000000000000001\"").is("0");
    assert_eq!(ada.free(CROSS, "ETH"), "1.000000000000000002");
    raw(dollars, CFD, "1.10").is("0");
    raw(dollars, CFD, "\"9007199254740993\"").is(NOT_ENOUGH);
    raw(dollars, CFD, "\"99999999999999999999999999999999999999999\"").is(BAD_FIELD).naming("amount");
    assert_eq!(ada.free(CFD, "USD"), "1.10");
}

fn accounts_must_fit(backend: Backend) {
    let house = House::open(backend);
    let other_company = house.add_company(true);
    let ada = Saver::new(&house).with(WALLET, "USD", "10").with(WALLET, "USDT", "10");
    let ben = Saver::new(&house).with(WALLET, "USD", "10");
    let cam = Saver::of(&house, other_company).with(WALLET, "USD", "10");
    let good = ada.body((WALLET, "USD"), CFD, 1);
    let with = |field: &str, value: Value| {
        let mut body = good.clone();
        body[field] = value;
        body
    };
    ada.is_refused(&with("accountId", Value::Null), MISSING_FIELD).naming("accountId");
    // Others' accounts are as if they did not exist, on either side.
    for stranger in [&ben, &cam] {
        ada.is_refused(&with("accountId", stranger.id(WALLET, "USD").into()), NOT_FOUND);
        let mut body = with("toTradeType", WALLET.into());
        body["toAccountId"] = stranger.id(WALLET, "USD").into();
        ada.is_refused(&body, NOT_FOUND);
        stranger.is_refused(&good, NOT_FOUND);
    }
    ada.is_refused(&with("accountId", 1.into()), NOT_FOUND);
    ada.is_refused(&with("toTradeType", 99.into()), NOT_FOUND);
    // Dollars have no account there.
    ada.is_refused(&with("toTradeType", SPOT.into()), NOT_FOUND);
    ada.is_refused(&with("currency", "USDT".into()), BAD_FIELD).naming("currency");
    // Another currency's account, another trade type's, and the same account.
    let mut body = with("toTradeType", WALLET.into());
    body["toAccountId"] = ada.id(WALLET, "USDT").into();
    ada.is_refused(&body, BAD_FIELD).naming("toAccountId");
    ada.is_refused(&with("toAccountId", ada.id(WALLET, "USD").into()), BAD_FIELD).naming("toTradeType");
    ada.is_refused(&with("toTradeType", WALLET.into()), BAD_FIELD).naming("toAccountId");
    ada.customer.home.of_company(other_company).call("capitalTransfer", good.clone()).is(DEAD_TOKEN);
    ada.sends(&good).is("0");
    books_are_clean(&house);
}

fn a_frozen_account_stays_as_it_is(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(WALLET, "USD", "10").with(CFD, "USD", "10");
    let set = |trade_type, bits| house.freezes(&ada.customer, (trade_type, "USD"), bits, DAY);
    let there = ada.body((WALLET, "USD"), CFD, 1);
    set(WALLET, Frozen::DEBIT);
    ada.is_refused(&there, FROZEN);
    ada.sends(&ada.body((CFD, "USD"), WALLET, 1)).is("0");
    set(WALLET, 0);
    set(CFD, Frozen::CREDIT);
    ada.is_refused(&there, FROZEN);
    house.advance(DAY);
    ada.customer.signs_in_from(&ada.customer.home).is("0");
    ada.sends(&there).is("0");
}

fn what_secures_a_debt_stays(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(CROSS, "BTC", "0.01").with(SPOT, "BTC", "0.001");
    let loan = |amount: &str| {
        let body = json!({ "tradeType": CROSS, "accountCurrency": "USDT", "amount": amount });
        ada.customer.home.call("manualLoan", body)
    };
    loan("300").is("0");
    // Worth 900 and owing 300: at a leverage of 3 the cover needs 150, so that 450 may leave.
    assert_eq!(ada.customer.account((CROSS, "BTC"))["withdrawAmount"], "0.00750000");
    ada.is_refused(&ada.body((CROSS, "BTC"), SPOT, "0.00750001"), NOT_ENOUGH);
    assert_eq!(ada.sends(&ada.body((CROSS, "BTC"), SPOT, "0.0075")).text("surplusAmount"), "0.00250000");
    for currency in ["BTC", "USDT"] {
        ada.is_refused(&ada.body((CROSS, currency), SPOT, "0.00000100"), NOT_ENOUGH);
    }
    // What is not collateral may become it, and lets as much go.
    ada.sends(&ada.body((SPOT, "BTC"), CROSS, "0.001")).is("0");
    ada.sends(&ada.body((CROSS, "USDT"), SPOT, 60)).is("0");
    ada.is_refused(&ada.body((CROSS, "USDT"), SPOT, "0.01"), NOT_ENOUGH);
    books_are_clean(&house);
}

fn loans_and_transfers_at_once_leave_the_cover(backend: Backend) {
    let house = House::open(backend);
    let ada = Saver::new(&house).with(CROSS, "BTC", "0.01");
    let out = ada.body((CROSS, "BTC"), SPOT, "0.001");
    let loan = json!({ "tradeType": CROSS, "accountCurrency": "USDT", "amount": 100 });
    let went_well = |code: &String| code == "0";
    let (out, loans) = std::thread::scope(|scope| {
        let call = |operation: &'static str, body: &Value| {
            let (home, body) = (ada.customer.home.clone(), body.clone());
            scope.spawn(move || home.call(operation, body).code().to_owned())
        };
        let all: Vec<_> =
            (0..12).map(|_| (call("capitalTransfer", &out), call("manualLoan", &loan))).collect();
        let codes: Vec<_> = all.into_iter().map(|(a, b)| (a.join().unwrap(), b.join().unwrap())).collect();
        for (out, loan) in &codes {
            assert!(
                ["0", NOT_ENOUGH].contains(&out.as_str()) && ["0", "FUND_0000002"].contains(&loan.as_str())
            );
        }
        let count =
            |codes: Vec<&String>| i64::try_from(codes.into_iter().filter(|code| went_well(code)).count());
        let (out, loans) = (codes.iter().map(|both| &both.0), codes.iter().map(|both| &both.1));
        (count(out.collect()).unwrap(), count(loans.collect()).unwrap())
    });
    // Each transfer takes 60 of 600 away; what is left carries twice as much, and not one more of either.
    let left = 600 - 60 * out;
    assert!(left * 2 >= 100 * loans, "{out} transfers and {loans} loans");
    assert!(left * 2 < 100 * (loans + 1) || (left - 60) * 2 < 100 * loans, "{out} and {loans}");
    books_are_clean(&house);
}
