//! What one process changes, the others see at once, though they keep in memory what they have read.
//!
//! The clock stands still, so nothing here is seen merely because a copy has become too old.

use crate::common::{Backend, Client, Customer, DEAD_TOKEN, House, LOCKED, Reply, UNKNOWN_COMPANY, on_both};
use custos_customers::customer::Status;
use custos_customers::{company, standing};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long another process may go on believing what it has read.
const AT_ONCE: Duration = Duration::from_millis(500);

/// Two replicas on one database, and a customer whom both know.
struct Replicas {
    here: House,
    there: House,
    ada: Customer,
}

impl Replicas {
    fn new() -> Self {
        let here = House::open(Backend::Postgres);
        // Each replica has a mailbox of its own, and either may take a mail from the outbox.
        let ada = here.customer();
        let there = here.replica();
        let replicas = Self { here, there, ada };
        // From here on both have her session and her record in memory.
        for _ in 0..3 {
            replicas.reads().is("0");
            replicas.ada.home.call("findCustomerInfo", json!({})).is("0");
        }
        replicas
    }

    /// Ada's browser, sent to the other replica.
    fn elsewhere(&self) -> Client {
        let token = self.ada.home.token().to_owned();
        self.there.visitor().beside(&self.ada.home).with_token(&token)
    }

    /// Reads the record at the other replica.
    fn reads(&self) -> Reply {
        self.elsewhere().call("findCustomerInfo", json!({}))
    }

    #[track_caller]
    fn soon(&self, what: &str, seen: impl Fn(&Reply) -> bool) {
        at_once(what, || seen(&self.reads()));
    }
}

#[track_caller]
fn at_once(what: &str, seen: impl Fn() -> bool) {
    let deadline = Instant::now() + AT_ONCE;
    while !seen() {
        assert!(Instant::now() < deadline, "{what} was not seen elsewhere at once");
    }
}

#[test]
fn a_sign_out_ends_the_session_everywhere() {
    let replicas = Replicas::new();
    replicas.ada.home.call("logout", json!({})).is("0");
    replicas.soon("a sign-out", |reply| reply.code() == DEAD_TOKEN);
    replicas.elsewhere().call("randomKey", json!({})).is(DEAD_TOKEN);
}

#[test]
fn a_swapped_token_is_dead_everywhere_and_the_fresh_one_alive() {
    let replicas = Replicas::new();
    let fresh = replicas.ada.home.call("randomKey", json!({})).data().as_str().unwrap().to_owned();
    replicas.elsewhere().with_token(&fresh).call("findCustomerInfo", json!({})).is("0");
    replicas.soon("a swap", |reply| reply.code() == DEAD_TOKEN);
}

#[test]
fn a_change_of_language_is_read_everywhere() {
    let replicas = Replicas::new();
    let lang = |reply: &Reply| reply.data().clone();
    for wanted in ["zh-CN", "zh-HK", "en-US"] {
        replicas.ada.home.call("changeLang", json!({ "newLang": wanted })).is("0");
        // This one is read from the database, whoever is asked.
        let read = replicas.elsewhere().call("findCustomerLang", json!({}));
        assert_eq!(lang(&read), wanted);
    }
}

#[test]
fn a_lock_by_wrong_passwords_shows_in_the_record_everywhere() {
    let replicas = Replicas::new();
    let stranger = replicas.here.visitor();
    for _ in 0..5 {
        replicas.ada.fails_from(&stranger);
    }
    replicas.soon("a lock", |reply| reply.data()["status"] == 5);
    // And the lock itself is in the database.
    replicas.ada.signs_in_from(&replicas.there.visitor().beside(&stranger)).is(LOCKED);
}

#[test]
fn what_an_operator_does_ends_sessions_everywhere() {
    for status in [Status::Locked, Status::Disabled, Status::Closing] {
        let replicas = Replicas::new();
        replicas.here.put_into_status(&replicas.ada, status);
        replicas.soon("an operator's hand", |reply| reply.code() == DEAD_TOKEN);
    }
}

#[test]
fn a_sign_in_shows_in_the_record_everywhere() {
    let replicas = Replicas::new();
    let before = replicas.reads().data()["loginTime"].clone();
    replicas.here.advance(1);
    replicas.ada.signs_in_from(&replicas.ada.home).is("0");
    replicas.soon("a sign-in", |reply| reply.data()["loginTime"] != before);
}

#[test]
fn a_company_that_is_switched_off_is_off_everywhere() {
    let replicas = Replicas::new();
    switch_off(replicas.here.store());
    replicas.soon("a company's end", |reply| reply.code() == UNKNOWN_COMPANY);
}

fn switch_off(store: &custos_store::Store) {
    store
        .write_blocking(|tx| {
            let mut company = company::find(tx, 1)?.unwrap();
            company.enabled = false;
            company::set(tx, &company)
        })
        .unwrap();
}

on_both!(a_command_beside_the_server_is_obeyed_at_once);

fn a_command_beside_the_server_is_obeyed_at_once(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (house.customer(), house.customer());
    let command = house.command_store();
    let status = |customer: &Customer| -> Value {
        let reply = customer.home.call("findCustomerInfo", json!({}));
        if reply.code() == "0" { reply.data()["status"].clone() } else { reply.code().into() }
    };
    assert_eq!((status(&ada), status(&ben)), (json!(1), json!(1)));
    let id = ada.id;
    command.write_blocking(move |tx| standing::set_lock(tx, 1, id, true, "operator:test")).unwrap();
    at_once("a command's lock", || status(&ada) == DEAD_TOKEN);
    assert_eq!(status(&ben), 1);
    switch_off(&command);
    at_once("a command's end of a company", || status(&ben) == UNKNOWN_COMPANY);
    command.close();
}
