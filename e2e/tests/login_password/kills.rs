//! SIGKILL between the answer and the next read.

use e2e::{Backend, Form, Person, Server, md5, on_both, survives_a_kill};
use serde_json::json;

use crate::{FIRST, NEW, reset_by_email, update, update_by_email, update_by_phone};

on_both!(a_kill_loses_no_password,);

fn a_kill_loses_no_password(backend: Backend) {
    let server = Server::start(backend);
    for (operation, field) in FIRST {
        let person = Person::without_password(&server);
        survives_a_kill(&server, &person, &Form::new(operation, json!({field: md5(NEW)})));
    }
    survives_a_kill(&server, &Person::by_email(&server), &update());
    let person = Person::by_email(&server);
    survives_a_kill(&server, &person, &update_by_email(&person));
    let person = Person::by_phone(&server);
    survives_a_kill(&server, &person, &update_by_phone(&person));
    let person = Person::by_email(&server);
    survives_a_kill(&server, &person, &reset_by_email(&person));
}
