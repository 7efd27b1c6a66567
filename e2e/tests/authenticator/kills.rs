//! SIGKILL between the answer and the next read.

use e2e::{Backend, Person, Server, on_both, survives_a_kill};

use crate::{pending, switch_off, switch_on};

on_both!(a_kill_loses_no_switch,);

fn a_kill_loses_no_switch(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let device = pending(&person);
    survives_a_kill(&server, &person, &switch_on(&person, &device));
    let person = Person::by_email(&server).with_mfa(&server);
    let google = person.device().recovery_code();
    survives_a_kill(&server, &person, &switch_off(&person, &google));
}
