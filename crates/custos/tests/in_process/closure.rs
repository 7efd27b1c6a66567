//! Leaving: what stands against it, what it ends, how operators decide, and what is left in the end.

use crate::common::{
    Backend, Customer, DAY, DEAD_TOKEN, HOUR, House, LEAVING, MINUTE, Mail, NOT_FOUND, PASSWORD, SUSPENDED,
    WRONG_SIGN_IN, eventually, md5, on_both, registration,
};
use custos_customers::closure::{self, State};
use custos_customers::freezes::Scope;
use custos_customers::session::Origin;
use custos_customers::{company, kyc, operator};
use custos_customers::{data_key, erasure};
use custos_ledger::{accounts, verify};
use custos_operations::closing;
use custos_operations::error::Error;
use custos_store::params;
use serde_json::json;

on_both!(
    who_has_nothing_left_may_ask,
    money_and_debt_stand_against_it,
    a_stale_sign_in_does_not_close,
    a_leaver_takes_no_money,
    approval_frees_what_was_taken,
    a_rejection_lets_the_customer_go_on,
    a_frozen_leaver_is_not_closed,
    another_companys_operator_decides_nothing,
    who_is_looked_into_does_not_leave,
    nothing_is_kept_anew_of_who_was_erased,
    what_is_personal_goes_in_the_end,
);

const OPERATOR: &str = "operator:test";
const BALANCE: &str = "CUSTOMER_API_0000118";
const UNDER_WAY: &str = "CUSTOMER_API_0000119";
const DEBT: &str = "CUSTOMER_API_0000127";
const FROZEN: &str = "FUND_0000005";
const WALLET: (i64, &str) = (8, "USD");
const CROSS: (i64, &str) = (3, "USDT");

impl House {
    /// What an operator decides; the refusal's code, or `0`.
    pub(crate) fn decides(
        &self,
        company_id: i64,
        customer: &Customer,
        approved: bool,
        reason: &'static str,
    ) -> String {
        let id = customer.id;
        let done = self.store().write_blocking(move |tx| {
            let company = company::find(tx, company_id)?.unwrap();
            let decide = if approved { closing::approve } else { closing::reject };
            decide(tx, &company, id, (OPERATOR, reason))
        });
        done.map_or_else(|error: Error| error.code().to_owned(), |()| "0".to_owned())
    }

    fn waiting(&self) -> usize {
        self.read(|tx| Ok(closure::list(tx, 1, State::Waiting, (0, 100))?)).len()
    }
}

impl Customer {
    fn asks_to_leave(&self) -> String {
        self.home.call("destroy", json!({ "remark": "moving on" })).code().to_owned()
    }
}

fn who_has_nothing_left_may_ask(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let phone = house.visitor().with_token(&ada.signs_in_from(&house.visitor()).text("token"));
    ada.home.call("destroy", json!({ "remark": "moving on" })).is("0");
    for client in [&ada.home, &phone] {
        client.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    }
    let again = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(again.call("findCustomerInfo", json!({})).data()["status"], 6);
    again.call("destroy", json!({ "remark": "again" })).is(LEAVING);
    again.call("changeLang", json!({ "newLang": "zh-CN" })).is(LEAVING);
    let all = house.read(|tx| Ok(closure::list(tx, 1, State::Waiting, (0, 100))?));
    assert_eq!(all.iter().map(|one| one.remark.as_str()).collect::<Vec<_>>(), ["moving on"]);
    assert_eq!(all[0].number, ada.number);
    // The words are sealed.
    let plain = house.number("SELECT count(*) FROM closures WHERE length(remark) = 9");
    assert_eq!(plain, 0);
    let told = eventually("a notice", || {
        house.mails().into_iter().find(|mail| mail.to == ada.email && mail.text.contains("/freeze/"))
    });
    assert!(told.text.contains("Closure of the account asked for"), "{}", told.text);
}

fn money_and_debt_stand_against_it(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let refused = |code: &str| {
        house.refuses(code, || ada.home.call("destroy", json!({})));
    };
    house.gives(&ada, WALLET, "0.01");
    refused(BALANCE);
    house.holds(&ada, WALLET, "0.01");
    refused(UNDER_WAY);
    house.owes(&ada, CROSS, "5", "0");
    refused(DEBT);
    let bob = house.customer();
    // Nothing is there, since what was lent is gone; but it is owed.
    house.owes(&bob, CROSS, "5", "0");
    house.gives(&bob, CROSS, "-5");
    house.refuses(DEBT, || bob.home.call("destroy", json!({})));
    assert_eq!(house.waiting(), 0);
    assert_eq!(ada.status(), 1);
}

fn a_stale_sign_in_does_not_close(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.advance(31 * MINUTE);
    assert_eq!(ada.asks_to_leave(), DEAD_TOKEN);
    ada.home.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    let again = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(again.call("findCustomerInfo", json!({})).data()["status"], 1);
    // The body names nobody else.
    let bob = house.customer();
    again
        .call("destroy", json!({ "customerNo": bob.number, "id": bob.id, "remark": {} }))
        .is("GATEWAY_CODE_104");
    again.call("destroy", json!({ "customerNo": bob.number, "id": bob.id })).is("0");
    assert_eq!(bob.status(), 1);
}

fn a_leaver_takes_no_money(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.transfers_to_others = true);
    let (ada, bob) = (house.customer(), house.customer());
    house.gives(&bob, WALLET, "10");
    assert_eq!(ada.asks_to_leave(), "0");
    let gift = json!({
        "accountId": bob.account(WALLET)["accountId"], "toTradeType": 8, "toCustomerNo": ada.number, "amount": "1",
    });
    bob.home.call("capitalTransfer", gift).is(NOT_FOUND);
    let id = ada.id;
    let adjusted = house.store().write_blocking(move |tx| {
        let all = accounts::list(tx, 1, id)?;
        let mut refusals = Vec::new();
        let company = custos_customers::company::find(tx, 1)?.unwrap();
        let covering = custos_operations::terms::Covering::none(&company);
        for account in &all {
            let amount = custos_ledger::Amount::of_units(1);
            let wish = custos_ledger::adjust::Adjustment {
                company_id: 1,
                customer_id: id,
                account,
                amount,
                reason: "a test",
                actor: OPERATOR,
                key: None,
            };
            let refusal = custos_ledger::adjust::adjust(tx, &wish, covering.cover()).unwrap_err();
            refusals.push(Error::from(refusal).code());
        }
        Ok::<_, Error>(refusals)
    });
    let adjusted = adjusted.unwrap();
    assert!(adjusted.len() > 1 && adjusted.iter().all(|code| *code == FROZEN), "{adjusted:?}");
    // Nor into an account that is opened now.
    let missing = [(1, "BTC"), (2, "BTC"), (3, "BTC"), (5, "BTC"), (8, "BTC"), (8, "EUR")];
    let opened = house.store().write_blocking(move |tx| {
        let known = accounts::list(tx, 1, id)?;
        let is_new = |one: &&(i64, &str)| {
            !known.iter().any(|account| (account.trade_type, account.asset.code.as_str()) == **one)
        };
        let (trade_type, code) = *missing.iter().find(is_new).unwrap();
        Ok::<_, Error>(accounts::open(tx, 1, id, &[(trade_type, code.to_owned())])?)
    });
    assert_eq!(opened.unwrap_err().code(), FROZEN);
}

fn approval_frees_what_was_taken(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = ada.id;
    house.write(move |tx| {
        tx.execute(
            "INSERT INTO third_accounts (company_id, customer_id, source, user_id, message, subscribed, created_at) \
             VALUES (1, $1, 'telegram', '77', '{}', 0, 1)",
            params![id],
        )?;
        Ok(())
    });
    assert_eq!(house.decides(1, &ada, true, "as asked"), NOT_FOUND);
    assert_eq!(ada.asks_to_leave(), "0");
    let again = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(house.decides(1, &ada, true, "  "), "GATEWAY_CODE_104");
    assert_eq!(house.decides(1, &ada, true, "as asked"), "0");
    again.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    assert_eq!(house.decides(1, &ada, true, "twice"), NOT_FOUND);
    assert_eq!(house.decides(1, &ada, false, "after all"), NOT_FOUND);
    assert_eq!(house.number("SELECT count(*) FROM third_accounts"), 0);
    let by_number = json!({ "type": 3, "loginName": ada.number, "loginPwd": md5(PASSWORD), "device": 2 });
    ada.home.call("login", by_number).is(SUSPENDED);
    ada.home.call("login", ada.by_password()).is(WRONG_SIGN_IN);
    let told = eventually("a notice", || {
        house
            .mails()
            .into_iter()
            .find(|mail| mail.to == ada.email && mail.text.contains("is closed, as you asked"))
    });
    assert!(!told.text.contains("/freeze/"));
    let code = house.visitor().code("EMAIL_REGISTER", &ada.email);
    house.visitor().call("register", registration(&ada.email, &code)).is("0");
}

fn a_rejection_lets_the_customer_go_on(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(ada.asks_to_leave(), "0");
    let leaving = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(house.decides(1, &ada, false, "an order is still being settled"), "0");
    leaving.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
    let again = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(again.call("findCustomerInfo", json!({})).data()["status"], 1);
    eventually("the reason", || {
        let is_it = |mail: &Mail| mail.to == ada.email && mail.text.contains("still being settled");
        house.mails().into_iter().find(is_it)
    });
    house.gives(&ada, WALLET, "5");
    again.call("destroy", json!({})).is(BALANCE);
    house.gives(&ada, WALLET, "-5");
    again.call("destroy", json!({})).is("0");
    assert_eq!(house.waiting(), 1);
}

fn a_frozen_leaver_is_not_closed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!(ada.asks_to_leave(), "0");
    let told = eventually("a notice", || {
        house.mails().into_iter().find(|mail| mail.to == ada.email && mail.text.contains("/freeze/"))
    });
    let token = told.text.split("/freeze/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    house.write(move |tx| {
        assert!(custos_customers::changes::freeze_by_link(tx, &token, &Origin::default())?);
        Ok(())
    });
    assert_eq!(house.decides(1, &ada, true, "as asked"), "CUSTOMER_API_0000113");
    assert_eq!(house.decides(1, &ada, false, "the owner never asked"), "0");
}

fn who_is_looked_into_does_not_leave(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    let freezes = |customer: &Customer| {
        let number = customer.number.clone();
        let froze = house.store().write_blocking(move |tx| {
            operator::freeze(tx, (1, &number), Scope::Withdraw, None, "a case", OPERATOR)
        });
        froze.unwrap();
    };
    freezes(&ada);
    assert_eq!(ada.asks_to_leave(), "CUSTOMER_API_0000113");
    assert_eq!(bob.asks_to_leave(), "0");
    freezes(&bob);
    assert_eq!(house.decides(1, &bob, true, "as asked"), "CUSTOMER_API_0000113");
    assert_eq!(house.waiting(), 1);
}

fn nothing_is_kept_anew_of_who_was_erased(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let names = json!({ "levelCode": "level_1", "elementList": crate::kyc::names() });
    ada.home.call("kycLevelApply", names).is("0");
    let (id, number) = (ada.id, ada.number.clone());
    let tagged = number.clone();
    let tags =
        house.store().write_blocking(move |tx| operator::set_tag(tx, (1, &tagged), "vip", true, OPERATOR));
    assert!(tags.unwrap());
    assert_eq!(ada.asks_to_leave(), "0");
    assert_eq!(house.decides(1, &ada, true, "as Ada asked"), "0");
    // Nobody is to review what nobody will use.
    assert!(house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 10)?)).is_empty());
    house.advance((5 * 366 + 2) * DAY);
    house.write(|tx| Ok(erasure::erase_some(tx, 50).map(|_| ())?));
    for table in
        ["customer_tags", "customer_freezes", "customer_keys", "watchlists", "messages", "kyc_verdicts"]
    {
        let left = format!("SELECT count(*) FROM {table} WHERE customer_id = {id}");
        assert_eq!(house.number(&left), 0, "{table}");
    }
    let note =
        move |tx: &mut custos_store::Tx<'_>| operator::add_note(tx, (1, &number), "still here", OPERATOR);
    assert!(house.store().write_blocking(note).is_err());
    assert_eq!(house.number(&format!("SELECT count(*) FROM customer_keys WHERE customer_id = {id}")), 0);
    let states = format!("SELECT count(*) FROM kyc_applications WHERE customer_id = {id} AND state <> 5");
    assert_eq!(house.number(&states), 0);
}

fn another_companys_operator_decides_nothing(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let ada = house.customer();
    assert_eq!(ada.asks_to_leave(), "0");
    for approved in [true, false] {
        assert_eq!(house.decides(other, &ada, approved, "not ours"), NOT_FOUND);
    }
    let theirs = house.read(move |tx| Ok(closure::list(tx, other, State::Waiting, (0, 100))?));
    assert!(theirs.is_empty());
    assert_eq!(house.waiting(), 1);
}

fn what_is_personal_goes_in_the_end(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    house.bind_phone(&ada, "13912345678");
    let postal = json!({ "address": "1 Secret Lane", "postalCode": "SW1A 1AA" });
    ada.home.call("changeCustomerAddressAndPostalCode", postal.clone()).is("0");
    bob.home.call("changeCustomerAddressAndPostalCode", postal).is("0");
    house.turn_mfa_on(&bob);
    house.gives(&ada, WALLET, "5");
    house.gives(&ada, WALLET, "-5");
    assert_eq!(ada.asks_to_leave(), "0");
    assert_eq!(house.decides(1, &ada, true, "as Ada asked"), "0");
    let erases = || house.write(|tx| Ok(erasure::erase_some(tx, 50)?));
    house.advance(5 * 365 * DAY);
    assert_eq!(erases(), 0);
    house.advance(DAY + HOUR);
    // The worker may have come by first; it is done once.
    erases();
    assert_eq!(erases(), 0);
    let id = ada.id;
    assert_eq!(
        house.number(&format!("SELECT count(*) FROM closures WHERE customer_id = {id} AND erased_at > 0")),
        1
    );
    let closures = house.read(move |tx| Ok(closure::of_customer(tx, 1, id)?));
    assert_eq!((closures[0].remark.as_str(), closures[0].reason.as_str()), ("", ""));
    assert!(house.read(move |tx| Ok(data_key::find(tx, 1, id)?)).is_none());
    let left = house.texts(&format!(
        "SELECT number || '|' || coalesce(email, '') || coalesce(phone, '') || address || postal_code || name || \
         coalesce(login_password, '') FROM customers WHERE id = {id}"
    ));
    assert_eq!(left, [format!("{}|", ada.number)]);
    // Others keep theirs.
    assert_eq!(
        house.texts(&format!("SELECT address FROM customers WHERE id = {}", bob.id)),
        ["1 Secret Lane"]
    );
    assert_eq!(house.number(&format!("SELECT count(*) FROM totp_secrets WHERE customer_id = {}", bob.id)), 1);
    verify::verify(house.store(), 1, |_| ()).unwrap().unwrap();
    assert_eq!(house.number(&format!("SELECT count(*) FROM ledger_entries WHERE owner_id = {id}")), 2);
    // The number is nobody's for ever, and the address is free.
    let code = house.visitor().code("EMAIL_REGISTER", &ada.email);
    house.visitor().call("register", registration(&ada.email, &code)).is("0");
}
