//! What every operation that changes a credential or a contact has to stand.

use serde_json::{Value, json};

use crate::codes::{A_SPENT_CODE, DEAD_TOKEN, LOCKED, NO_GOOGLE_CODE, WRONG_CODE, WRONG_GOOGLE_CODE};
use crate::forms::{Slot, code_for};
use crate::person::warning_at;
use crate::{Client, Code, Form, Person, Server, text_of};

/// Codes that are wrong, of another kind, someone else's, another company's, missing, or used: each is refused
/// as it should be and changes nothing. In between, the right ones work, once.
#[track_caller]
pub fn refuses_other_codes(server: &Server, person: &Person, form: &Form) {
    let client = &person.client;
    let other_session = person.another_session(server);
    let before = client.record();
    let company = server.add_company("Other");
    for company in [1, company] {
        sends_many_codes(server, company);
    }
    let codes = form.codes(client);
    for (index, slot) in form.slots.iter().enumerate() {
        let attempt = |code: Code| {
            let mut all = codes.clone();
            all[index] = code;
            form.send(client, &all)
        };
        attempt(codes[index].wrong()).refused(slot.wrong);
        for kind in slot.other_kinds() {
            attempt(server.visitor().code(&kind, &slot.to)).refused(slot.wrong);
        }
        let strangers = strangers_code(server, slot, None);
        let mixed = Code { ticket: strangers.ticket.clone(), digits: codes[index].digits.clone() };
        attempt(strangers).refused(slot.wrong);
        attempt(mixed).refused(slot.wrong);
        attempt(strangers_code(server, slot, Some(company))).refused(slot.wrong);
        for field in [slot.digits, slot.ticket] {
            let mut body = form.body(&codes);
            body[field] = "".into();
            client.call(form.operation, body).refused_as(&[form.absent, slot.wrong]);
        }
        assert_eq!(client.record(), before);
    }
    other_session.record();

    form.send(client, &codes).data();
    assert!(!form.send(client, &codes).is_ok(), "a replay");
    for (slot, code) in form.slots.iter().zip(&codes) {
        let visitor = match slot.kind.ends_with("_LOGINED") {
            true if form.is_reset || slot.wrong.ends_with("516") || slot.wrong.ends_with("514") => continue,
            true => client.clone(),
            false => server.visitor(),
        };
        visitor.check_code(slot.kind, &slot.to, code).refused_as(A_SPENT_CODE);
    }
}

/// Lifts the limits of sending, which a trial of every kind of code would run into.
#[track_caller]
fn sends_many_codes(server: &Server, company: i64) {
    let settings = [
        "code_pause_seconds=0",
        "codes_per_half_hour=100",
        "codes_per_half_hour_signed_in=100",
        "codes_per_day=100",
    ];
    let company = company.to_string();
    let mut arguments = vec!["company", "set", company.as_str()];
    arguments.extend(settings.iter().flat_map(|setting| ["--setting", *setting]));
    server.cli(&arguments).succeeds();
}

/// A code of the right kind that is someone else's: another customer's, or one to the same address for
/// another company.
#[track_caller]
fn strangers_code(server: &Server, slot: &Slot, company: Option<i64>) -> Code {
    let visitor = company.map_or_else(|| server.visitor(), |company| server.visitor().of_company(company));
    if slot.kind.ends_with("_COMMON") {
        let to = match (company, slot.to.contains('@')) {
            (Some(_), _) => slot.to.clone(),
            (None, true) => crate::fresh::email(),
            (None, false) => format!("+86 {}", crate::fresh::chinese_phone()),
        };
        return visitor.code(slot.kind, &to);
    }
    if slot.to.contains('@') {
        let email = company.map_or_else(crate::fresh::email, |_| slot.to.clone());
        let stranger = visitor.signs_up_as(&email);
        return code_for(&stranger.client, slot.kind, &email);
    }
    let own = slot.to.trim_start_matches("+86 ").to_owned();
    let number = company.map_or_else(crate::fresh::chinese_phone, |_| own);
    let stranger = visitor.signs_up_by_phone("+86", &number);
    code_for(&stranger.client, slot.kind, &format!("+86 {number}"))
}

/// After the change: the other sessions are dead (a reset: all), so are open tickets and proofs, withdrawals
/// wait, every contact has a notice with a link that freezes the account, and it is written down.
#[track_caller]
pub fn has_consequences(server: &Server, person: &Person, form: &Form) {
    let client = person.client.through("/cats-gateway");
    let other_session = person.another_session(server);
    let contact = person.email.clone().unwrap_or_else(|| person.phone_address());
    let channel = if person.email.is_some() { "EMAIL" } else { "SMS" };
    let codes = form.codes(&client);
    let open = server.visitor().code(&format!("{channel}_LOGIN"), &contact);
    let (kind, proof) = proof_of(server, channel, &contact, form);
    let record = client.record();
    if person.changes == 0 {
        assert_eq!(record["withdraw"], 1);
    }
    let (history, audit) = (events(&client), audited(server, &record["id"]));

    form.send(&client, &codes).data();
    other_session.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    if form.is_reset {
        client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    } else {
        assert_eq!(client.record()["withdraw"], 0);
        assert!(events(&client) > history, "nothing in the history");
    }
    assert!(audited(server, &record["id"]) > audit, "nothing in the audit log");
    assert!(!server.visitor().call("login", sign_in(&contact, &open)).is_ok(), "an open code");
    check_proof(server, &kind, &contact, &proof).refused(WRONG_CODE);

    let links: Vec<_> = person.contacts().iter().map(|contact| warning_at(server, contact)).collect();
    for (index, link) in links.iter().enumerate() {
        assert!(!links[..index].contains(link), "each contact has a link of its own");
        for _ in 0..2 {
            let page = link.opens(server);
            assert_eq!(page.status, 200, "{page:?}");
            assert!(page.html.contains("<button"), "{page:?}");
        }
    }
    let frozen = links.last().expect("a contact").presses(server);
    assert_eq!(frozen.status, 200, "{frozen:?}");
    client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    let again = links.last().expect("a contact").presses(server);
    assert_ne!(again.status, 200, "{again:?}");
    let Some(login_pwd) = login_password_after(person, form) else {
        server.customer("unlock", &person.number).succeeds();
        return;
    };
    let sign_in = sign_in_by(person, login_pwd);
    server.visitor().call("login", sign_in.clone()).refused(LOCKED);
    server.customer("unlock", &person.number).succeeds();
    if person.authenticator.is_none() && form.operation != "enableOrForbidMFA" {
        server.visitor().call("login", sign_in).data();
    }
}

/// Killed between the answer and the next read, and started again: the change is there, what it ended has ended, what it
/// used up is used up, and it is written down.
#[track_caller]
pub fn survives_a_kill(server: &Server, person: &Person, form: &Form) {
    let client = &person.client;
    let other_session = person.another_session(server);
    let codes = form.codes(client);
    let record = client.record();
    let audit = audited(server, &record["id"]);

    form.send(client, &codes).data();
    server.kill();
    server.restart();
    let again = |client: &Client| server.visitor().with_token(client.token());
    again(&other_session).call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    let client = again(client);
    if form.is_reset {
        client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    } else {
        assert_eq!(client.record()["withdraw"], 0);
    }
    assert!(audited(server, &record["id"]) > audit, "nothing in the audit log");
    assert!(!form.send(&client, &codes).is_ok(), "a replay");
    if let Some(login_pwd) = login_password_after(person, form)
        && form.operation != "enableOrForbidMFA"
    {
        server.visitor().call("login", sign_in_by(person, login_pwd)).data();
    }
}

/// The sign-in with what a client makes of a password.
fn sign_in_by(person: &Person, login_pwd: Value) -> Value {
    let mut form = person.login_form("");
    form["loginPwd"] = login_pwd;
    form
}

/// What signs the person in once the form has gone out: the password that it set, or the one they had.
fn login_password_after(person: &Person, form: &Form) -> Option<Value> {
    const SETS_IT: [&str; 6] = [
        "bindLoginPwd",
        "firstTimeSettingLoginPassword",
        "firstSetLoginPwd",
        "updateLoginPwd",
        "updateLoginPwdMFA",
        "forgetLoginPwd",
    ];
    if SETS_IT.contains(&form.operation) {
        return ["newPwd", "pwd"].iter().find_map(|field| form.fields.get(field)).cloned();
    }
    person.has_password.then(|| crate::password().into())
}

/// A verifyCodeToken for this contact, of a kind that the form does not use.
#[track_caller]
fn proof_of(server: &Server, channel: &str, contact: &str, form: &Form) -> (String, String) {
    let kinds = ["PASSWORD", "COMMON"].map(|kind| format!("{channel}_{kind}"));
    let unused = |kind: &&String| !form.slots.iter().any(|slot| slot.kind == **kind);
    let kind = kinds.iter().find(unused).expect("a kind").clone();
    let code = server.visitor().code(&kind, contact);
    let proof = server.visitor().check_code(&kind, contact, &code).data();
    (kind, text_of(&proof["token"]))
}

#[track_caller]
fn check_proof(server: &Server, kind: &str, to: &str, proof: &str) -> crate::Reply {
    let body = json!({"bizType": format!("{kind}_VERIFICATION_CODE"), "toUser": to, "sendToken": "11",
        "verifyCodeToken": proof});
    server.visitor().call("verifyCodeCheck", body)
}

fn sign_in(contact: &str, code: &Code) -> Value {
    match contact.strip_prefix("+86 ") {
        None => code.email_sign_in(contact),
        Some(number) => json!({"type": 2, "loginName": number, "phoneArea": "+86", "device": 2,
            "verifyCode": code.digits, "sendToken": code.ticket}),
    }
}

fn events(client: &Client) -> u64 {
    let page = client.call("history", json!({"size": 1})).data();
    page["total"].as_u64().unwrap_or_else(|| panic!("`total` in {page}"))
}

fn audited(server: &Server, customer_id: &Value) -> usize {
    server.audit_log().iter().filter(|entry| entry["customerId"] == *customer_id).count()
}

/// With MFA on, the form needs a right and unused Google code; without it nothing happens. Whoever has made an
/// odd number of changes gives a recovery code in its place, so callers choose which by the person they bring.
#[track_caller]
pub fn asks_for_google_codes(server: &Server, person: &Person, form: &Form) {
    let (client, device) = (&person.client, person.device());
    let used = device.last_code();
    let before = client.record();
    assert!(before["googleId"].as_i64().is_some_and(|id| id > 0), "{before}");
    let codes = form.codes(client);
    let with = |google: &str| form.clone().with("googleCode", google).send(client, &codes);
    form.send(client, &codes).refused(NO_GOOGLE_CODE);
    with("").refused(NO_GOOGLE_CODE);
    with(&device.wrong_code()).refused(WRONG_GOOGLE_CODE);
    let code = device.code();
    with(&format!("{} {}", &code[..3], &code[3..])).refused(WRONG_GOOGLE_CODE);
    with(&code[..5]).refused(WRONG_GOOGLE_CODE);
    // A used code is refused, and not counted: six in a row would lock.
    for _ in 0..4 {
        with(&used).refused(WRONG_GOOGLE_CODE);
    }
    assert_eq!(client.record(), before);

    let good = if person.changes.is_multiple_of(2) { code } else { device.recovery_code() };
    with(&good).data();
    let session = match form.is_reset {
        true => None,
        false => Some(client.record()),
    };
    if let Some(record) = session {
        assert_eq!(record["googleId"], before["googleId"]);
    }
    assert!(
        !server
            .visitor()
            .call("login", {
                let mut form = person.login_form(crate::PASSWORD);
                form["googleCode"] = good.into();
                form
            })
            .is_ok()
    );
}
