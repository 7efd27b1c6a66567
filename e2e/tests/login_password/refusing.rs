//! What every operation refuses.

use super::*;

on_both!(weak_passwords_are_refused_everywhere, guests_change_nothing,);

fn weak_passwords_are_refused_everywhere(backend: Backend) {
    let server = Server::start(backend);
    let person = Person::by_email(&server);
    let newcomer = Person::without_password(&server);
    let update_codes = update_by_email(&person).codes(&person.client);
    let reset_codes = reset_by_email(&person).codes(&server.visitor());
    let weak = [md5(""), md5("password"), md5("123456"), md5("qwerty").to_uppercase(), "z".repeat(32)];
    let malformed = ["password".to_owned(), "a".repeat(31), "a".repeat(33), format!(" {}", "a".repeat(31))];
    // Fields with limits of their own may be refused for these.
    let refusals = [WEAK_PASSWORD, FIELD_WRONG];
    for (sent, codes) in
        weak.iter().map(|w| (w, &refusals[..1])).chain(malformed.iter().map(|m| (m, &refusals[..])))
    {
        for (operation, field) in FIRST {
            newcomer.client.call(operation, json!({field: sent})).refused_as(codes);
        }
        update().with("newPwd", sent.as_str()).send(&person.client, &[]).refused_as(codes);
        update_by_email(&person)
            .with("newPwd", sent.as_str())
            .send(&person.client, &update_codes)
            .refused_as(codes);
        reset_by_email(&person)
            .with("newPwd", sent.as_str())
            .send(&server.visitor(), &reset_codes)
            .refused_as(codes);
    }
    assert_eq!(newcomer.client.record()["loginPassStatus"], "1");
    person.tries(&server, PASSWORD).data();
}

fn guests_change_nothing(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for (operation, field) in FIRST {
        visitor.call(operation, json!({field: md5(NEW)})).refused(NO_TOKEN);
    }
    update().send(&visitor, &[]).refused(NO_TOKEN);
    visitor.call("updateLoginPwdMFA", json!({})).refused(NO_TOKEN);
    // A dead token is ignored where guests may call.
    let person = Person::by_email(&server);
    reset_by_email(&person).goes_out(&visitor.with_token("long-dead")).data();
    is_new(&server, &person);
}
