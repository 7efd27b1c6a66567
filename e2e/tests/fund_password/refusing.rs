//! What every operation refuses.

use super::*;

on_both!(weak_passwords_are_refused_everywhere, guests_change_nothing,);

fn weak_passwords_are_refused_everywhere(backend: Backend) {
    let server = Server::start(backend);
    let newcomer = Person::by_email(&server);
    let person = Person::by_email(&server).with_fund_password(&server);
    let weak = ["", "password", "123456", "654321", "111111", "345678", "000000"].map(md5);
    let malformed = ["271836".to_owned(), "a".repeat(31), "a".repeat(33), "z".repeat(32)];
    let forms = [
        (&newcomer, bind(), "pwd"),
        (&newcomer, bind_by_email(&newcomer), "newPwd"),
        (&person, update(), "newPwd"),
        (&person, update_by_email(&person), "newPwd"),
        (&person, reset(&person), "newPwd"),
        (&person, own_reset_by_email(RESETS[0], &person), "newPwd"),
        (&person, own_reset_by_email(RESETS[1], &person), "newPwd"),
    ];
    let codes = newcomer.client.own_code("EMAIL_LOGINED", newcomer.email());
    let own = person.client.own_code("EMAIL_LOGINED", person.email());
    for (who, form, field) in forms {
        let code = if std::ptr::eq(who, &newcomer) { &codes } else { &own };
        for sent in weak.iter().flat_map(|weak| [weak.clone(), weak.to_uppercase()]) {
            let reply = form.clone().with(field, sent).send(&who.client, std::slice::from_ref(code));
            reply.refused(WEAK_PASSWORD);
        }
        for sent in &malformed {
            // Fields with limits of their own may be refused for these.
            let reply = form.clone().with(field, sent.as_str()).send(&who.client, std::slice::from_ref(code));
            reply.refused_as(&[WEAK_PASSWORD, FIELD_WRONG]);
        }
    }
    has_fund_password(&newcomer.client, false);
    update().send(&person.client, &[]).data();
}

fn guests_change_nothing(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let operations = ["bindAssertsPwd", BIND, "updateAssertsPwd", UPDATE, "forgetAssertsPwd"];
    for operation in operations.into_iter().chain(RESETS) {
        let body = json!({"pwd": md5(NEW), "newPwd": md5(NEW), "oldPwd": md5(FUND_PASSWORD), "type": 1});
        visitor.call(operation, body).refused(NO_TOKEN);
    }
}
