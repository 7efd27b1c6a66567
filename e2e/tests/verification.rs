//! Verification codes: for whom, for what, how often, and only once.

use e2e::codes::{A_SPENT_CODE, A_WRONG_CODE, EMAIL_TAKEN, TOO_MANY_CODES, WRONG_CODE};
use e2e::{Backend, Client, Code, Server, fresh, on_both, text_of};
use serde_json::json;

on_both!(
    every_kind_is_delivered_and_checked,
    a_code_is_for_one_purpose,
    a_code_is_for_one_recipient,
    a_code_needs_its_ticket,
    a_code_dies_of_five_wrong_tries,
    only_the_newest_code_counts,
    a_code_works_once,
    a_refused_request_uses_no_code_up,
    a_check_proves_it_once,
);

const GUEST_EMAIL_KINDS: [&str; 4] = ["EMAIL_COMMON", "EMAIL_LOGIN", "EMAIL_REGISTER", "EMAIL_PASSWORD"];
const GUEST_SMS_KINDS: [&str; 4] = ["SMS_COMMON", "SMS_LOGIN", "SMS_REGISTER", "SMS_PASSWORD"];

fn every_kind_is_delivered_and_checked(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = visitor.signs_up();
    for kind in GUEST_EMAIL_KINDS {
        let code = visitor.code(kind, &ada.name);
        visitor.check_code(kind, &ada.name, &code.wrong()).refused(WRONG_CODE);
        let proof = visitor.check_code(kind, &ada.name, &code).data();
        assert!(text_of(&proof["token"]).len() >= 22, "{proof}");
    }
    let number = fresh::chinese_phone();
    visitor.signs_up_by_phone("+86", &number);
    let to = format!("+86 {number}");
    for kind in GUEST_SMS_KINDS {
        let code = visitor.code(kind, &to);
        visitor.check_code(kind, &to, &code.wrong()).refused(WRONG_CODE);
        visitor.check_code(kind, &to, &code).data();
    }
}

fn a_code_is_for_one_purpose(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = visitor.signs_up();
    for sent in GUEST_EMAIL_KINDS {
        let asker = server.visitor();
        // Five a half hour and recipient: each kind gets a recipient of its own.
        let owner = asker.signs_up();
        let code = asker.code(sent, &owner.name);
        for used in GUEST_EMAIL_KINDS.iter().filter(|used| **used != sent) {
            asker.check_code(used, &owner.name, &code).refused(WRONG_CODE);
        }
        if sent != "EMAIL_LOGIN" {
            asker.tries_email_code(&owner.name, &code).refused_as(A_SPENT_CODE);
        }
    }
    // A code for signing in is none for signing up; a common one is.
    let email = fresh::email();
    let code = visitor.code("EMAIL_COMMON", &email);
    let login_ticket = visitor.ticket("EMAIL_LOGIN", &email);
    let mixed = Code { ticket: login_ticket, digits: code.digits.clone() };
    visitor.call("register", mixed.email_sign_up(&email)).refused_as(A_WRONG_CODE);
    visitor.call("register", code.email_sign_up(&email)).data();

    let taken = visitor.code("EMAIL_REGISTER", &ada.name);
    visitor.call("register", taken.email_sign_up(&ada.name)).refused(EMAIL_TAKEN);
}

fn a_code_is_for_one_recipient(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let (mine, yours) = (fresh::email(), fresh::email());
    let code = visitor.code("EMAIL_REGISTER", &mine);
    visitor.check_code("EMAIL_REGISTER", &yours, &code).refused(WRONG_CODE);
    visitor.call("register", code.email_sign_up(&yours)).refused_as(A_WRONG_CODE);
    visitor.call("register", code.email_sign_up(&mine)).data();

    let victim = server.visitor().signs_up();
    let attacker = server.visitor().signs_up();
    let code = visitor.code("EMAIL_LOGIN", &attacker.name);
    visitor.tries_email_code(&victim.name, &code).refused_as(A_WRONG_CODE);
    // Nor does the customer number open the door to someone else's code.
    let form = json!({"type": 3, "loginName": victim.number, "device": 2,
        "verifyCode": code.digits, "sendToken": code.ticket});
    assert!(!visitor.call("login", form).is_ok());
}

fn a_code_needs_its_ticket(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let (mine, yours) = (fresh::email(), fresh::email());
    let code = visitor.code("EMAIL_REGISTER", &mine);
    let other = visitor.code("EMAIL_REGISTER", &yours);
    for ticket in ["11", "x", other.ticket.as_str(), &"t".repeat(3000)] {
        let forged = Code { ticket: ticket.to_owned(), digits: code.digits.clone() };
        visitor.call("register", forged.email_sign_up(&mine)).refused_as(A_WRONG_CODE);
    }
    for digits in ["00000", "0000000", "abcdef", "１２３４５６", " ", &"1".repeat(3000)] {
        let forged = Code { digits: digits.to_owned(), ticket: other.ticket.clone() };
        let reply = visitor.call("register", forged.email_sign_up(&yours));
        assert!(!reply.is_ok(), "{digits}");
    }
    visitor.call("register", code.email_sign_up(&mine)).data();
}

fn a_code_dies_of_five_wrong_tries(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();
    let code = visitor.code("EMAIL_REGISTER", &email);
    for _ in 0..4 {
        visitor.call("register", code.wrong().email_sign_up(&email)).refused_as(A_WRONG_CODE);
    }
    visitor.call("register", code.wrong().email_sign_up(&email)).refused_as(A_SPENT_CODE);
    visitor.call("register", code.email_sign_up(&email)).refused(TOO_MANY_CODES);
    visitor.check_code("EMAIL_REGISTER", &email, &code).refused(TOO_MANY_CODES);
    // Trying elsewhere is no way around it, asking for a new one is.
    visitor.elsewhere().call("register", code.email_sign_up(&email)).refused(TOO_MANY_CODES);
    let code = visitor.code("EMAIL_REGISTER", &email);
    visitor.call("register", code.email_sign_up(&email)).data();

    // Tries count together, whichever way they are made.
    let code = visitor.code("EMAIL_LOGIN", &email);
    for _ in 0..2 {
        visitor.check_code("EMAIL_LOGIN", &email, &code.wrong()).refused(WRONG_CODE);
        visitor.elsewhere().tries_email_code(&email, &code.wrong()).refused_as(A_WRONG_CODE);
    }
    visitor.check_code("EMAIL_LOGIN", &email, &code.wrong()).refused_as(A_SPENT_CODE);
    visitor.tries_email_code(&email, &code).refused(TOO_MANY_CODES);
}

fn only_the_newest_code_counts(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();
    let old = visitor.code("EMAIL_REGISTER", &email);
    let new = visitor.code("EMAIL_REGISTER", &email);
    visitor.call("register", old.email_sign_up(&email)).refused_as(A_SPENT_CODE);
    if old.digits != new.digits {
        let mixed = Code { ticket: new.ticket.clone(), digits: old.digits.clone() };
        visitor.call("register", mixed.email_sign_up(&email)).refused_as(A_WRONG_CODE);
    }
    let mixed = Code { ticket: old.ticket, digits: new.digits.clone() };
    visitor.call("register", mixed.email_sign_up(&email)).refused_as(A_SPENT_CODE);
    visitor.call("register", new.email_sign_up(&email)).data();
}

fn a_code_works_once(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = visitor.signs_up();
    let code = visitor.code("EMAIL_LOGIN", &ada.name);
    visitor.tries_email_code(&ada.name, &code).data();
    visitor.tries_email_code(&ada.name, &code).refused_as(A_SPENT_CODE);
    visitor.check_code("EMAIL_LOGIN", &ada.name, &code).refused_as(A_SPENT_CODE);

    let code = visitor.code("EMAIL_LOGIN", &ada.name);
    visitor.check_code("EMAIL_LOGIN", &ada.name, &code).data();
    visitor.check_code("EMAIL_LOGIN", &ada.name, &code).refused_as(A_SPENT_CODE);
    visitor.tries_email_code(&ada.name, &code).refused_as(A_SPENT_CODE);
}

fn a_refused_request_uses_no_code_up(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();
    let code = visitor.code("EMAIL_REGISTER", &email);
    for weak in ["", "password", "123456", "qwerty"] {
        let mut form = code.email_sign_up(&email);
        form["pwd"] = e2e::md5(weak).into();
        visitor.call("register", form).refused(e2e::codes::WEAK_PASSWORD);
    }
    for no_md5 in ["password", "z".repeat(32).as_str(), "d41d8cd98f00b204e9800998ecf8427"] {
        let mut form = code.email_sign_up(&email);
        form["pwd"] = no_md5.into();
        visitor.call("register", form).refused(e2e::codes::WEAK_PASSWORD);
    }
    let exists = json!({"type": 1, "loginName": email});
    assert_eq!(visitor.call("checkCustomerExist", exists).data(), 2);
    visitor.call("register", code.email_sign_up(&email)).data();
}

fn check_proof(client: &Client, kind: &str, to: &str, proof: &str) -> e2e::Reply {
    let body = json!({"bizType": format!("{kind}_VERIFICATION_CODE"), "toUser": to, "sendToken": "11",
        "verifyCodeToken": proof});
    client.call("verifyCodeCheck", body)
}

fn a_check_proves_it_once(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let ada = visitor.signs_up();
    let code = visitor.code("EMAIL_PASSWORD", &ada.name);
    let proof = text_of(&visitor.check_code("EMAIL_PASSWORD", &ada.name, &code).data()["token"]);
    assert_ne!(proof, code.ticket);
    // Asking whether it stands does not use it up.
    for _ in 0..3 {
        let again = check_proof(&visitor, "EMAIL_PASSWORD", &ada.name, &proof).data();
        assert_eq!(again["token"], proof.as_str());
    }
    let wrong = WRONG_CODE;
    check_proof(&visitor, "EMAIL_LOGIN", &ada.name, &proof).refused(wrong);
    check_proof(&visitor, "EMAIL_PASSWORD", &fresh::email(), &proof).refused(wrong);
    check_proof(&visitor, "EMAIL_PASSWORD", &ada.name, "made-up").refused(wrong);
    check_proof(&visitor, "EMAIL_PASSWORD", &ada.name, &code.ticket).refused(wrong);
    check_proof(&visitor, "EMAIL_PASSWORD", &ada.name, &proof).data();
}
