//! Who may change contacts at all, and how recently they must have signed in.

use e2e::codes::{A_SPENT_CODE, DEAD_TOKEN, EMAIL_TAKEN, NO_TOKEN, PHONE_TAKEN};
use e2e::{Backend, Code, Form, Person, Reply, Server, all_at_once, on_both};
use serde_json::json;

use crate::contact::{BOTH, bind, change, change_by_authenticator, change_by_choice, change_by_old};

on_both!(
    a_stale_sign_in_is_not_enough,
    a_company_without_plain_forms,
    guests_and_other_companies_change_nothing,
    an_address_is_bound_once,
);

#[track_caller]
fn set(server: &Server, setting: &str) {
    server.cli(&["company", "set", "1", "--setting", setting]).succeeds();
}

fn a_stale_sign_in_is_not_enough(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        for binds in [true, false] {
            set(&server, "fresh_sign_in_minutes=30");
            let person = if binds { kind.other() } else { kind }.owner(&server);
            let name = kind.fresh();
            let form = if binds { bind(kind, &name) } else { change(kind, &name) };
            let codes = form.codes(&person.client);
            let before = person.client.record();
            set(&server, "fresh_sign_in_minutes=0");
            form.send(&person.client, &codes).refused(DEAD_TOKEN);
            // Clients ask to sign in again; the code is still good.
            person.client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
            set(&server, "fresh_sign_in_minutes=30");
            let again = person.another_session(&server);
            assert_eq!(again.record()[kind.field()], before[kind.field()]);
            form.send(&again, &codes).data();
            assert_eq!(again.record()[kind.field()], name);
        }
        // Who proves something old need not have signed in just now.
        set(&server, "fresh_sign_in_minutes=0");
        let person = kind.owner(&server);
        change_by_old(kind, &person, &kind.fresh()).goes_out(&person.client).data();
        let person = kind.owner(&server);
        change_by_choice(kind, kind, &person, &kind.fresh()).goes_out(&person.client).data();
    }
}

fn a_company_without_plain_forms(backend: Backend) {
    let server = Server::start(backend);
    set(&server, "plain_forms=false");
    for kind in BOTH {
        let (newcomer, person) = (kind.other().owner(&server), kind.owner(&server));
        for (person, plain) in
            [(&newcomer, bind(kind, &kind.fresh())), (&person, change(kind, &kind.fresh()))]
        {
            let before = person.client.record();
            assert!(!plain.goes_out(&person.client).is_ok());
            assert_eq!(person.client.record(), before);
        }
        change_by_old(kind, &person, &kind.fresh()).goes_out(&person.client).data();
    }
}

fn guests_and_other_companies_change_nothing(backend: Backend) {
    let server = Server::start(backend);
    let company = server.add_company("Other");
    for kind in BOTH {
        let person = kind.owner(&server);
        let newcomer = kind.other().owner(&server);
        let name = kind.fresh();
        let code = change(kind, &name).codes(&person.client);
        let old = change_by_old(kind, &person, &name);
        let old_codes = [code[0].clone(), old.codes(&person.client)[1].clone()];
        let forms: [(&Person, Form, &[Code]); 5] = [
            (&newcomer, bind(kind, &name), &code),
            (&person, change(kind, &name), &code),
            (&person, change_by_authenticator(kind, &name), &code),
            (&person, old, &old_codes),
            (&person, change_by_choice(kind, kind, &person, &name), &old_codes),
        ];
        for (person, form, codes) in forms {
            form.send(&server.visitor(), codes).refused(NO_TOKEN);
            form.send(&person.client.of_company(company), codes).refused(DEAD_TOKEN);
            form.send(&person.client.with_token("long-dead"), codes).refused(DEAD_TOKEN);
        }
        assert!(!kind.exists(&server, &name));
        assert_eq!(person.client.record()[kind.field()], kind.of(&person));
    }
}

fn an_address_is_bound_once(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let taken = kind.pick(EMAIL_TAKEN, PHONE_TAKEN);
        let mut heard = A_SPENT_CODE.to_vec();
        heard.push(taken);
        // One code in the hands of five customers.
        let people: Vec<_> = (0..5).map(|_| kind.other().owner(&server)).collect();
        let form = bind(kind, &kind.fresh());
        let codes = form.codes(&people[0].client);
        is_got_once(all_at_once(people.len(), |n| form.send(&people[n].client, &codes)), &heard);

        // Two codes to one address: one to bind it, one to sign up with it.
        for _ in 0..4 {
            let (person, name) = (kind.other().owner(&server), kind.fresh());
            let form = bind(kind, &name);
            let codes = form.codes(&person.client);
            let visitor = server.visitor();
            let sign_up = visitor.code(kind.pick("EMAIL_REGISTER", "SMS_REGISTER"), &kind.address(&name));
            let sign_up = kind.pick(sign_up.email_sign_up(&name), sign_up.phone_sign_up("+86", &name));
            let replies = all_at_once(2, |n| match n {
                0 => form.send(&person.client, &codes),
                _ => visitor.call("register", sign_up.clone()),
            });
            is_got_once(replies, &heard);
        }
    }
}

#[track_caller]
fn is_got_once(replies: Vec<Reply>, heard: &[&str]) {
    assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1, "{replies:?}");
    for loser in replies.into_iter().filter(|reply| !reply.is_ok()) {
        loser.refused_as(heard);
    }
}
