//! One for another, with nothing but a code to the new one.

use e2e::codes::{MFA_IS_ON, NO_EMAIL_BOUND, NO_PHONE_BOUND};
use e2e::{Backend, Person, Server, has_consequences, on_both, refuses_other_codes};

use crate::checks::{refuses_addresses, refuses_the_old_one, replaces, was_not_asked};
use crate::contact::{BOTH, change, change_by_authenticator};

on_both!(
    changing,
    changing_what_is_not_there,
    changing_refuses_other_codes,
    changing_has_consequences,
    changing_is_not_for_those_with_mfa,
);

fn changing(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server);
        refuses_addresses(&server, kind, &person, |name| change(kind, name));
        refuses_the_old_one(kind, &person, |name| change(kind, name));
        let name = kind.fresh();
        replaces(&server, kind, &person, &change(kind, &name), &name);
    }
}

fn changing_what_is_not_there(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.other().owner(&server);
        let before = person.client.record();
        let refused = change(kind, &kind.fresh()).goes_out(&person.client);
        refused.refused(kind.pick(NO_EMAIL_BOUND, NO_PHONE_BOUND));
        assert_eq!(person.client.record(), before);
    }
}

fn changing_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        refuses_other_codes(&server, &kind.owner(&server), &change(kind, &kind.fresh()));
    }
}

fn changing_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        // Both the old one and the one of the other kind are told.
        let person = Person::by_email(&server).with_phone(&server);
        let name = kind.fresh();
        has_consequences(&server, &person, &change(kind, &name));
        was_not_asked(&server, kind, &name);
        has_consequences(&server, &kind.owner(&server), &change(kind, &kind.fresh()));
    }
}

fn changing_is_not_for_those_with_mfa(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.owner(&server).with_mfa(&server);
        let before = person.client.record();
        let name = kind.fresh();
        let codes = change(kind, &name).codes(&person.client);
        let google = person.device().code();
        let form = change(kind, &name).with("googleCode", google.as_str());
        form.send(&person.client, &codes).refused(MFA_IS_ON);
        assert_eq!(person.client.record(), before);
        // Neither code was used up by that.
        let form = change_by_authenticator(kind, &name).with("googleCode", google);
        form.send(&person.client, &codes).data();
        assert_eq!(person.client.record()[kind.field()], name);
    }
}
