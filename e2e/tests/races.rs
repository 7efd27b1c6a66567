//! Many at once: what may happen once happens once.

use e2e::codes::{LOCKED, WRONG_ACCOUNT_OR_PASSWORD};
use e2e::{Backend, PASSWORD, Reply, Server, all_at_once, fresh, on_both, spread_over};
use serde_json::json;

on_both!(
    one_code_signs_in_once,
    one_code_is_checked_once,
    one_address_signs_up_once,
    two_codes_for_one_address_sign_up_once,
    one_token_is_swapped_once,
    guesses_at_a_code_are_counted,
    a_thousand_passwords_are_five_guesses,
    sends_are_counted,
    numbers_are_handed_out_once,
);

fn successes(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| reply.is_ok()).count()
}

fn one_code_signs_in_once(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let code = server.visitor().code("EMAIL_LOGIN", &ada.name);
    let replies = all_at_once(30, |_| server.visitor().tries_email_code(&ada.name, &code));
    assert_eq!(successes(&replies), 1);
}

fn one_code_is_checked_once(backend: Backend) {
    let server = Server::start(backend);
    let email = fresh::email();
    let code = server.visitor().code("EMAIL_COMMON", &email);
    let replies = all_at_once(16, |_| server.visitor().check_code("EMAIL_COMMON", &email, &code));
    assert_eq!(successes(&replies), 1);
}

fn one_address_signs_up_once(backend: Backend) {
    let server = Server::start(backend);
    let email = fresh::email();
    let before = server.customers_of(1).len();
    let code = server.visitor().code("EMAIL_REGISTER", &email);
    let replies = all_at_once(16, |_| server.visitor().call("register", code.email_sign_up(&email)));
    assert_eq!(successes(&replies), 1);
    let exists = json!({"type": 1, "loginName": email});
    assert_eq!(server.visitor().call("checkCustomerExist", exists).data(), 1);
    assert_eq!(server.customers_of(1).len(), before + 1);
}

fn two_codes_for_one_address_sign_up_once(backend: Backend) {
    let server = Server::start(backend);
    for _ in 0..8 {
        let (visitor, number) = (server.visitor(), fresh::chinese_phone());
        let to = format!("+86 {number}");
        let codes = [visitor.code("SMS_REGISTER", &to), visitor.code("SMS_COMMON", &to)];
        let replies =
            all_at_once(2, |n| server.visitor().call("register", codes[n].phone_sign_up("+86", &number)));
        assert_eq!(successes(&replies), 1);
        let loser = replies.into_iter().find(|reply| !reply.is_ok()).expect("one of the two");
        loser.refused(e2e::codes::PHONE_TAKEN);
    }
}

fn one_token_is_swapped_once(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let replies = all_at_once(16, |_| ada.client.elsewhere().call("/global/thirdExt/randomKey", json!({})));
    assert_eq!(successes(&replies), 1);
    let winner = replies.into_iter().find(Reply::is_ok).expect("the one").data();
    let token = winner.as_str().expect("a token");
    assert_eq!(ada.client.with_token(token).record()["customerNo"], ada.number);
}

fn guesses_at_a_code_are_counted(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let code = server.visitor().code("EMAIL_LOGIN", &ada.name);
    let replies = all_at_once(40, |_| server.visitor().tries_email_code(&ada.name, &code.wrong()));
    assert_eq!(successes(&replies), 0);
    // Five of them were heard; the code is dead.
    server.visitor().tries_email_code(&ada.name, &code).refused(e2e::codes::TOO_MANY_CODES);
}

fn a_thousand_passwords_are_five_guesses(backend: Backend) {
    const VERIFIED: &str = "custos_password_verifications_total";
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let strangers: Vec<_> = (0..100).map(|_| server.visitor()).collect();

    let before = server.metric(VERIFIED);
    let replies =
        spread_over(32, 1_000, |n| strangers[n % 100].tries_email(&ada.name, &format!("guess {n}")));
    assert_eq!(server.metric(VERIFIED) - before, 5);

    assert_eq!(replies.len(), 1_000);
    let heard = replies.iter().filter(|reply| reply.code() == WRONG_ACCOUNT_OR_PASSWORD).count();
    assert!((4..=5).contains(&heard), "{heard} answers spoke of the password");
    for reply in replies {
        reply.refused_as(&[WRONG_ACCOUNT_OR_PASSWORD, LOCKED]);
    }
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
}

fn sends_are_counted(backend: Backend) {
    let server = Server::start(backend);
    let email = fresh::email();
    let replies = all_at_once(20, |_| server.visitor().ask_for_code("EMAIL_COMMON", &email));
    assert_eq!(successes(&replies), 5);
}

fn numbers_are_handed_out_once(backend: Backend) {
    let server = Server::start(backend);
    let mut numbers = all_at_once(12, |_| server.visitor().signs_up().number);
    numbers.sort_unstable();
    let in_a_row = numbers.windows(2).filter(|pair| {
        let value = |text: &String| text.parse::<u64>().expect("digits");
        value(&pair[1]) - value(&pair[0]) == 1
    });
    // They can't be walked: a dozen out of millions are not neighbours.
    assert!(in_a_row.count() < 3, "{numbers:?}");
    numbers.dedup();
    assert_eq!(numbers.len(), 12);
}
