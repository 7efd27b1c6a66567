//! The first e-mail address, the first phone.

use e2e::codes::{EMAIL_BOUND, PHONE_BOUND};
use e2e::{Backend, Server, asks_for_google_codes, has_consequences, on_both, refuses_other_codes};
use serde_json::json;

use crate::checks::{has, refuses_addresses, was_not_asked};
use crate::contact::{BOTH, Phone, bind};

on_both!(
    binding,
    binding_refuses_other_codes,
    binding_has_consequences,
    binding_asks_for_google_codes,
    an_area_may_be_left_out,
);

fn binding(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.other().owner(&server);
        let old = kind.other().of(&person);
        refuses_addresses(&server, kind, &person, |name| bind(kind, name));
        let record = person.client.record();
        assert!(record[kind.field()].is_null() || record[kind.field()] == "", "{record}");

        let name = kind.fresh();
        let spelt = kind.pick(format!(" {} ", name.to_uppercase()), format!("{} {}", &name[..3], &name[3..]));
        let form = bind(kind, &name).with(kind.field(), spelt).with("googleCode", "nonsense");
        let form = form.with("mobileReg", json!({})).with("protocol", true);
        let form = if kind == Phone { form.with("phoneArea", "86") } else { form };
        form.goes_out(&person.client).data();
        has(&server, kind, &person.client, &name);
        has(&server, kind.other(), &person.client, &old);

        // There is one already.
        for again in [kind.fresh(), name.clone()] {
            bind(kind, &again).goes_out(&person.client).refused(kind.pick(EMAIL_BOUND, PHONE_BOUND));
        }
        has(&server, kind, &person.client, &name);
    }
}

fn binding_refuses_other_codes(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        refuses_other_codes(&server, &kind.other().owner(&server), &bind(kind, &kind.fresh()));
    }
}

fn binding_has_consequences(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let name = kind.fresh();
        has_consequences(&server, &kind.other().owner(&server), &bind(kind, &name));
        was_not_asked(&server, kind, &name);
    }
}

fn binding_asks_for_google_codes(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        let person = kind.other().owner(&server).with_mfa(&server);
        asks_for_google_codes(&server, &person, &bind(kind, &kind.fresh()));
    }
}

fn an_area_may_be_left_out(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        for area in [json!(null), json!("")] {
            let (person, name) = (kind.other().owner(&server), kind.fresh());
            let form = bind(kind, &name).with(kind.pick("emailArea", "phoneArea"), area);
            form.goes_out(&person.client).data();
            has(&server, kind, &person.client, &name);
        }
    }
}
