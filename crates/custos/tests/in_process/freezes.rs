//! What operators forbid a customer, in part or for a time, and what they write about them.

use crate::common::{Backend, Customer, DAY, DEAD_TOKEN, HOUR, House, NOT_FOUND, SUSPENDED, leaked, on_both};
use custos_customers::freezes::{self, Scope};
use custos_customers::operator;
use custos_operations::error::Error;
use serde_json::json;

on_both!(
    frozen_sign_in_ends_sessions_and_lapses,
    frozen_withdrawals_show_in_the_record_until_they_lapse,
    frozen_transfers_go_neither_out_nor_in,
    frozen_withdrawals_stop_what_goes_to_others,
    frozen_trade_stops_loans,
    a_freeze_is_of_one_customer_and_one_company,
    a_freeze_needs_a_reason_and_an_end_to_come,
    a_lost_authenticator_is_taken_off,
    notes_are_bounded_sealed_and_audited,
    tags_are_bounded_and_audited,
);

const FROZEN: &str = "FUND_0000005";
const WHO: &str = "operator:test";

/// What an operator's wish ends with.
fn wish<T: Send + 'static>(
    house: &House,
    mut work: impl FnMut(&mut custos_store::Tx<'_>) -> Result<T, operator::Error> + Send + 'static,
) -> Result<T, operator::Error> {
    house.store().write_blocking(move |tx| work(tx))
}

fn freeze(house: &House, customer: &Customer, scope: Scope, ms: Option<i64>) {
    let (company, number) = (customer.company, customer.number.clone());
    wish(house, move |tx| {
        let until = ms.map(|ms| tx.now() + ms);
        operator::freeze(tx, (company, &number), scope, until, "a court order", WHO)
    })
    .unwrap();
}

fn unfreeze(house: &House, customer: &Customer, scope: Scope) -> bool {
    let (company, number) = (customer.company, customer.number.clone());
    wish(house, move |tx| operator::unfreeze(tx, (company, &number), scope, "it is over", WHO)).unwrap()
}

fn count(house: &House, action: &str, customer: &Customer) -> i64 {
    house.number(&format!(
        "SELECT count(*) FROM audit_log WHERE action = '{action}' AND actor = '{WHO}' AND customer_id = {}",
        customer.id
    ))
}

fn withdraw(customer: &Customer) -> i64 {
    customer.home.call("findCustomerInfo", json!({})).data()["withdraw"].as_i64().unwrap()
}

fn frozen_sign_in_ends_sessions_and_lapses(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    freeze(&house, &ada, Scope::SignIn, Some(HOUR));
    ada.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    ada.signs_in_from(&house.visitor()).is(SUSPENDED);
    let visitor = house.visitor();
    let code = visitor.code("EMAIL_LOGIN", &ada.email);
    visitor.call("login", ada.by_code(&code)).is(SUSPENDED);
    house.advance(HOUR);
    ada.signs_in_from(&house.visitor()).is("0");
    freeze(&house, &ada, Scope::SignIn, None);
    house.advance(400 * DAY);
    ada.signs_in_from(&house.visitor()).is(SUSPENDED);
    assert!(unfreeze(&house, &ada, Scope::SignIn));
    assert!(!unfreeze(&house, &ada, Scope::SignIn));
    ada.signs_in_from(&house.visitor()).is("0");
    assert_eq!((count(&house, "customer.freeze", &ada), count(&house, "customer.unfreeze", &ada)), (2, 1));
}

fn frozen_withdrawals_show_in_the_record_until_they_lapse(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(withdraw(&ada), 1);
    freeze(&house, &ada, Scope::Withdraw, Some(HOUR));
    assert_eq!(withdraw(&ada), 0);
    house.advance(HOUR - 1);
    assert_eq!(withdraw(&ada), 0);
    house.advance(1);
    assert_eq!(withdraw(&ada), 1, "the copy of the record knows when the freeze ends");
    freeze(&house, &ada, Scope::Withdraw, None);
    assert_eq!(withdraw(&ada), 0);
    assert!(unfreeze(&house, &ada, Scope::Withdraw));
    assert_eq!(withdraw(&ada), 1);
}

fn moves(customer: &Customer, to: &Customer) -> String {
    let from = customer.account((8, "USDT"));
    let body = json!({
        "accountId": from["accountId"], "toTradeType": 3, "toCustomerNo": to.number, "amount": "1", "currency": "USDT",
    });
    customer.home.call("capitalTransfer", body).code().to_owned()
}

fn two_with_money(house: &House) -> (Customer, Customer) {
    house.set(1, |settings| settings.transfers_to_others = true);
    let (ada, bob) = (house.customer(), house.customer());
    for one in [&ada, &bob] {
        house.gives(one, (8, "USDT"), "100");
    }
    (ada, bob)
}

fn frozen_transfers_go_neither_out_nor_in(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = two_with_money(&house);
    assert_eq!([moves(&ada, &ada), moves(&ada, &bob), moves(&bob, &ada)], ["0"; 3]);
    freeze(&house, &ada, Scope::Transfer, Some(HOUR));
    assert_eq!([moves(&ada, &ada), moves(&ada, &bob)], [FROZEN; 2]);
    assert_eq!(moves(&bob, &ada), NOT_FOUND, "others do not learn of it");
    assert_eq!(moves(&bob, &bob), "0");
    house.advance(HOUR);
    assert_eq!([moves(&ada, &ada), moves(&ada, &bob), moves(&bob, &ada)], ["0"; 3]);
}

fn frozen_withdrawals_stop_what_goes_to_others(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = two_with_money(&house);
    freeze(&house, &ada, Scope::Withdraw, None);
    assert_eq!([moves(&ada, &ada), moves(&ada, &bob), moves(&bob, &ada)], ["0", FROZEN, "0"]);
}

fn frozen_trade_stops_loans(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.rate("USDT", "USD", "1");
    house.lends(|lending| *lending = Some(custos_customers::company::Lending::default()));
    house.gives(&ada, (3, "USDT"), "100");
    let body = json!({ "tradeType": 3, "accountCurrency": "USDT", "amount": "1" });
    ada.home.call("manualLoan", body.clone()).is("0");
    freeze(&house, &ada, Scope::Trade, Some(HOUR));
    ada.home.call("manualLoan", body.clone()).is(FROZEN);
    // Who is frozen may still pay back.
    ada.home.call("manualRepayment", body.clone()).is("0");
    house.rate("USDT", "USD", "1");
    house.advance(HOUR);
    ada.home.call("manualLoan", body).is("0");
}

fn a_freeze_is_of_one_customer_and_one_company(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (ada, bob, eve) = (house.customer(), house.customer(), house.customer_of(other));
    freeze(&house, &ada, Scope::Withdraw, None);
    freeze(&house, &eve, Scope::SignIn, None);
    assert_eq!((withdraw(&ada), withdraw(&bob)), (0, 1));
    bob.signs_in_from(&house.visitor()).is("0");
    // Another company's number names nobody here.
    let number = eve.number.clone();
    let told =
        wish(&house, move |tx| operator::freeze(tx, (1, &number), Scope::SignIn, None, "a mistake", WHO));
    if let Ok(()) = told {
        // Both companies hand out numbers of one range: then it was one of company 1.
        assert!(house.number("SELECT count(*) FROM customer_freezes WHERE company_id = 1") == 2);
    }
    let held = house.read(move |tx| Ok(freezes::list(tx, 1, eve.id)?));
    assert_eq!(held, []);
}

fn a_freeze_needs_a_reason_and_an_end_to_come(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for (reason, ms) in
        [("", HOUR), ("  ", HOUR), ("a\nb", HOUR), ("why", 0), ("why", -1), ("why", 3_661 * DAY)]
    {
        let number = ada.number.clone();
        let told = wish(&house, move |tx| {
            let until = Some(tx.now() + ms);
            operator::freeze(tx, (1, &number), Scope::Trade, until, reason, WHO)
        });
        assert!(matches!(told, Err(operator::Error::Said(_))), "{reason:?} {ms}");
    }
    assert_eq!(house.number("SELECT count(*) FROM customer_freezes"), 0);
    let number = ada.number.clone();
    wish(&house, move |tx| operator::lock_because(tx, (1, &number), true, "stolen", WHO)).unwrap();
    ada.signs_in_from(&house.visitor()).is("CUSTOMER_API_0000113");
    let kept = house.number(
        "SELECT count(*) FROM audit_log WHERE action = 'customer.lock' AND detail LIKE '%\"reason\":\"stolen\"%'",
    );
    assert_eq!(kept, 1);
}

fn a_lost_authenticator_is_taken_off(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    let number = ada.number.clone();
    let told = wish(&house, move |tx| operator::reset_mfa(tx, (1, &number), "lost", WHO));
    assert!(matches!(told, Err(operator::Error::Said(_))), "there is none yet");
    house.turn_mfa_on(&ada);
    house.turn_mfa_on(&bob);
    house.add_recovery_code(&ada, "ABCDEFGHIJKLMNOP");
    house.settle();
    let before = house.mails().len();
    let number = ada.number.clone();
    wish(&house, move |tx| operator::reset_mfa(tx, (1, &number), "phone lost, passport seen", WHO)).unwrap();
    ada.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    let again = ada.signs_in_from(&ada.home);
    assert_eq!((again.data()["googleId"].as_i64(), again.data()["withdraw"].as_i64()), (Some(0), Some(0)));
    for table in ["totp_secrets", "recovery_codes"] {
        assert_eq!(house.number(&format!("SELECT count(*) FROM {table} WHERE customer_id = {}", ada.id)), 0);
    }
    house.settle();
    let mails = house.mails();
    let told = mails.iter().take(mails.len() - before).filter(|mail| mail.to == ada.email).count();
    assert!(told >= 1, "the owner is told");
    assert_eq!(
        (count(&house, "credential.mfa_off", &ada), count(&house, "customer.reset_mfa", &ada)),
        (1, 1)
    );
    // The other's stays.
    bob.signs_in_from(&bob.home).is("CUSTOMER_API_0000520");
}

fn notes_are_bounded_sealed_and_audited(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    let number = ada.number.clone();
    let id = wish(&house, move |tx| operator::add_note(tx, (1, &number), " calls from +86 138\nangry ", WHO))
        .unwrap();
    for bad in ["", "  ", "a\u{7}b", leaked("x".repeat(2_001))] {
        let number = ada.number.clone();
        let told = wish(&house, move |tx| operator::add_note(tx, (1, &number), bad, WHO));
        assert!(matches!(told, Err(operator::Error::Said(_))), "{}", bad.len());
    }
    let number = ada.number.clone();
    let all = wish(&house, move |tx| operator::notes(tx, (1, &number))).unwrap();
    assert_eq!(
        all.iter().map(|note| note.text.as_deref()).collect::<Vec<_>>(),
        [Some("calls from +86 138\nangry")]
    );
    let number = bob.number.clone();
    assert_eq!(wish(&house, move |tx| operator::notes(tx, (1, &number))).unwrap(), []);
    let number = bob.number.clone();
    assert!(!wish(&house, move |tx| operator::remove_note(tx, (1, &number), id, "not his", WHO)).unwrap());
    assert_eq!(count(&house, "customer.note", &ada), 1);
    let angry = "SELECT count(*) FROM audit_log WHERE detail LIKE '%angry%'";
    assert_eq!(house.number(angry), 0, "the words die with the customer's key");
    let id_of = ada.id;
    house.write(move |tx| Ok::<_, Error>(custos_customers::data_key::shred(tx, 1, id_of)?));
    let number = ada.number.clone();
    let all = wish(&house, move |tx| operator::notes(tx, (1, &number))).unwrap();
    assert_eq!(all[0].text, None);
    let number = ada.number.clone();
    assert!(wish(&house, move |tx| operator::remove_note(tx, (1, &number), id, "erasure", WHO)).unwrap());
    assert_eq!(count(&house, "customer.note_removed", &ada), 1);
}

fn tags_are_bounded_and_audited(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let tag = |tag: &'static str, has: bool| {
        let number = ada.number.clone();
        wish(&house, move |tx| operator::set_tag(tx, (1, &number), tag, has, WHO))
    };
    assert!(tag("vip", true).unwrap());
    assert!(!tag("vip", true).unwrap());
    assert!(tag("vip", false).unwrap());
    assert!(!tag("vip", false).unwrap());
    assert_eq!(count(&house, "customer.tag", &ada), 2);
    for bad in ["", "VIP", "a b", "é", leaked("x".repeat(33))] {
        assert!(tag(bad, true).is_err(), "{bad}");
    }
    for number in 0..20 {
        assert!(tag(leaked(format!("tag-{number}")), true).unwrap());
    }
    assert!(tag("one-more", true).is_err());
    assert!(!tag("tag-3", true).unwrap(), "one that is there is no more");
    let id = ada.id;
    assert_eq!(house.read(move |tx| Ok(operator::tags(tx, 1, id).unwrap().len())), 20);
}
