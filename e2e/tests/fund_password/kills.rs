//! SIGKILL between the answer and the next read.

use e2e::{Backend, Person, Server, on_both, survives_a_kill};

use crate::{
    RESETS, bind, bind_by_email, bind_by_phone, own_reset_by_email, own_reset_by_phone, reset, update,
    update_by_email, update_by_phone,
};

on_both!(a_kill_loses_no_password,);

fn a_kill_loses_no_password(backend: Backend) {
    let server = Server::start(backend);
    survives_a_kill(&server, &Person::by_email(&server), &bind());
    let person = Person::by_email(&server);
    survives_a_kill(&server, &person, &bind_by_email(&person));
    let person = Person::by_phone(&server);
    survives_a_kill(&server, &person, &bind_by_phone(&person));
    let by_email = || Person::by_email(&server).with_fund_password(&server);
    let by_phone = || Person::by_phone(&server).with_fund_password(&server);
    survives_a_kill(&server, &by_email(), &update());
    let person = by_email();
    survives_a_kill(&server, &person, &update_by_email(&person));
    let person = by_phone();
    survives_a_kill(&server, &person, &update_by_phone(&person));
    let person = by_email();
    survives_a_kill(&server, &person, &reset(&person));
    let person = by_phone();
    survives_a_kill(&server, &person, &own_reset_by_phone(RESETS[0], &person));
    let person = by_email();
    survives_a_kill(&server, &person, &own_reset_by_email(RESETS[1], &person));
}
