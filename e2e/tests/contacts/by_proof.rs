//! One for another, with a second proof: the old one, the authenticator, or a contact of one's choice.

use e2e::codes::{
    FIELD_MISSING, FIELD_WRONG, NO_CODE, NO_EMAIL_BOUND, NO_GOOGLE_CODE, NO_PHONE_BOUND,
    WRONG_OLD_EMAIL_CODE, WRONG_OLD_PHONE_CODE,
};
use e2e::{Backend, Person, Server, asks_for_google_codes, has_consequences, on_both, refuses_other_codes};
use serde_json::json;

use crate::checks::{has, refuses_addresses, refuses_the_old_one, replaces, was_not_asked};
use crate::contact::{BOTH, Contact, Email, Phone, change_by_authenticator, change_by_choice, change_by_old};

on_both!(
    by_the_old_one,
    by_the_old_one_refuses_other_codes,
    by_the_old_one_has_consequences,
    by_the_authenticator,
    by_the_authenticator_and_the_old_one,
    by_choice,
    by_choice_of_what_is_not_there,
    an_email_by_choice_refuses_other_codes,
    a_phone_by_choice_refuses_other_codes,
    by_choice_has_consequences,
    by_choice_asks_for_google_codes,
);

fn by_the_old_one(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server);
        refuses_addresses(&server, kind, &person, |name| change_by_old(kind, &person, name));
        refuses_the_old_one(kind, &person, |name| change_by_old(kind, &person, name));

        // Without MFA there is no way around the old one.
        let person = kind.owner(&server);
        let before = person.client.record();
        let form = change_by_authenticator(kind, &kind.fresh()).with("googleCode", "123456");
        let wrong = kind.pick(WRONG_OLD_EMAIL_CODE, WRONG_OLD_PHONE_CODE);
        form.goes_out(&person.client).refused_as(&[FIELD_MISSING, NO_CODE, wrong]);
        assert_eq!(person.client.record(), before);

        let name = kind.fresh();
        let form = change_by_old(kind, &person, &name).with("googleCode", "");
        replaces(&server, kind, &person, &form, &name);
    }
}

fn by_the_old_one_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server);
        refuses_other_codes(&server, &person, &change_by_old(kind, &person, &kind.fresh()));
    }
}

fn by_the_old_one_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = Person::by_email(&server).with_phone(&server);
        let name = kind.fresh();
        has_consequences(&server, &person, &change_by_old(kind, &person, &name));
        was_not_asked(&server, kind, &name);
    }
}

fn by_the_authenticator(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        // The unused fields are empty, as clients send them.
        let person = kind.owner(&server).with_mfa(&server);
        asks_for_google_codes(&server, &person, &change_by_authenticator(kind, &kind.fresh()));
    }
}

fn by_the_authenticator_and_the_old_one(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server).with_mfa(&server);
        let (before, name) = (person.client.record(), kind.fresh());
        let form = change_by_old(kind, &person, &name);
        let codes = form.codes(&person.client);
        // The old one is no substitute for the authenticator.
        form.send(&person.client, &codes).refused(NO_GOOGLE_CODE);
        assert_eq!(person.client.record(), before);
        form.with("googleCode", person.device().code()).send(&person.client, &codes).data();
        assert_eq!(person.client.record()[kind.field()], name);
    }
}

fn by_choice(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = Person::by_email(&server).with_phone(&server);
        let client = &person.client;
        refuses_addresses(&server, kind, &person, |name| change_by_choice(kind, kind, &person, name));
        refuses_the_old_one(kind, &person, |name| change_by_choice(kind, kind.other(), &person, name));

        let person = Person::by_email(&server).with_phone(&server);
        let form = change_by_choice(kind, kind.other(), &person, &kind.fresh());
        let (before, codes) = (person.client.record(), form.codes(&person.client));
        for (value, refusal) in [
            (json!(""), FIELD_MISSING),
            (json!(0), FIELD_WRONG),
            (json!(3), FIELD_WRONG),
            (json!("x"), FIELD_WRONG),
        ] {
            form.clone().with("type", value).send(&person.client, &codes).refused(refusal).naming("type");
        }
        // A code to one contact is none to the other.
        let other = form.clone().with("type", kind.number());
        other.send(&person.client, &codes).refused(kind.pick(WRONG_OLD_EMAIL_CODE, WRONG_OLD_PHONE_CODE));
        assert_eq!(person.client.record(), before);
        assert!(client.record()[kind.field()].is_string());

        for by in BOTH {
            let person = Person::by_email(&server).with_phone(&server);
            let (name, stays) = (kind.fresh(), kind.other().of(&person));
            let form = change_by_choice(kind, by, &person, &name).with("type", by.number().to_string());
            replaces(&server, kind, &person, &form.with("googleCode", "nonsense"), &name);
            has(&server, kind.other(), &person.client, &stays);
        }
    }
}

fn by_choice_of_what_is_not_there(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server);
        let form = change_by_choice(kind, kind, &person, &kind.fresh()).with("type", kind.other().number());
        let before = person.client.record();
        form.goes_out(&person.client).refused_as(
            kind.pick(&[NO_PHONE_BOUND, WRONG_OLD_PHONE_CODE], &[NO_EMAIL_BOUND, WRONG_OLD_EMAIL_CODE]),
        );
        assert_eq!(person.client.record(), before);
    }
}

#[track_caller]
fn by_choice_refuses_other_codes(server: &Server, kind: Contact) {
    for by in BOTH {
        let person = Person::by_email(server).with_phone(server);
        refuses_other_codes(server, &person, &change_by_choice(kind, by, &person, &kind.fresh()));
    }
}

fn an_email_by_choice_refuses_other_codes(backend: Backend) {
    by_choice_refuses_other_codes(&Server::start(backend), Email);
}

fn a_phone_by_choice_refuses_other_codes(backend: Backend) {
    by_choice_refuses_other_codes(&Server::start(backend), Phone);
}

fn by_choice_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = Person::by_email(&server).with_phone(&server);
        let name = kind.fresh();
        has_consequences(&server, &person, &change_by_choice(kind, kind.other(), &person, &name));
        was_not_asked(&server, kind, &name);
    }
}

fn by_choice_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server).with_mfa(&server);
        asks_for_google_codes(&server, &person, &change_by_choice(kind, kind, &person, &kind.fresh()));
    }
}
