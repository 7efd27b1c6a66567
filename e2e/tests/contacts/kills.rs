//! SIGKILL between the answer and the next read.

use e2e::{Backend, Server, on_both, survives_a_kill};

use crate::contact::{BOTH, bind, change, change_by_choice, change_by_old};

on_both!(a_kill_loses_no_contact,);

fn a_kill_loses_no_contact(backend: Backend) {
    let server = Server::start(backend);
    for kind in BOTH {
        survives_a_kill(&server, &kind.other().owner(&server), &bind(kind, &kind.fresh()));
        survives_a_kill(&server, &kind.owner(&server), &change(kind, &kind.fresh()));
        let person = kind.owner(&server);
        survives_a_kill(&server, &person, &change_by_old(kind, &person, &kind.fresh()));
        let person = kind.owner(&server);
        survives_a_kill(&server, &person, &change_by_choice(kind, kind, &person, &kind.fresh()));
    }
}
