//! Keys are exchanged while a server runs: nobody is signed out, nothing sealed is lost.

use e2e::{Backend, PASSWORD, Server, on_both, totp};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

on_both!(a_rotation_is_felt_by_no_one, a_rotation_that_was_cut_off_is_taken_up, keys_that_are_in_use_stay,);

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_secs()
}

/// Switches MFA on; returns the secret.
fn with_mfa(server: &Server, ada: &e2e::Customer) -> String {
    let pending =
        ada.client.call("customer.app.GoogleVerifyApiService.generateGoogleAccount", json!({})).data();
    let secret = pending["secret"].as_str().expect("a secret").to_owned();
    let code = ada.client.own_code("EMAIL_LOGINED", &ada.name);
    ada.client
        .call(
            "enableOrForbidMFA",
            json!({
                "type": 1, "googleId": pending["id"], "googleCode": totp(&secret, unix_seconds()),
                "verifyCodeEmail": code.digits, "sendTokenEmail": code.ticket,
            }),
        )
        .data();
    server.visitor().tries_email(&ada.name, PASSWORD).refused("CUSTOMER_API_0000520");
    secret
}

fn a_rotation_is_felt_by_no_one(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let eve = server.visitor().signs_up();
    let secret = with_mfa(&server, &eve);
    let open = server.visitor().code("EMAIL_LOGIN", &ada.name);

    let done = server.cli_json(&["keys", "rotate"]);
    assert_eq!(done["newest"], 2, "{done}");
    assert!(done["resealed"].as_i64().is_some_and(|count| count >= 1), "{done}");

    // Sessions, codes, passwords and authenticators of before are good.
    ada.client.record();
    server.visitor().tries_email_code(&ada.name, &open).data();
    server.visitor().signs_in(&ada.name).record();
    let mut sign_in = json!({"type": 1, "loginName": eve.name, "loginPwd": e2e::password(), "device": 2});
    // The step after the one that switched MFA on: a code works once.
    sign_in["googleCode"] = totp(&secret, unix_seconds() + 30).into();
    server.visitor().call("login", sign_in).data();
    let status = server.cli_json(&["keys", "status"]);
    assert_eq!(status["sealedByOlder"]["totp_secrets"], 0, "{status}");
    // Both have signed in by their password since, which has remade its hash.
    assert_eq!(status["passwordsByOlder"], 0, "{status}");

    let retired = server.cli_json(&["keys", "retire"]);
    assert_eq!(retired["retired"], json!([1]), "{retired}");
    server.restart();
    server.visitor().signs_in(&ada.name).record();
    assert_eq!(server.verify_audit().code, 0);
}

fn a_rotation_that_was_cut_off_is_taken_up(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    with_mfa(&server, &ada);
    // The first step of a rotation and no more: the file has a key that stands by.
    let file = server.data().join("keys.toml");
    let text = std::fs::read_to_string(&file).expect("the key file");
    let secret = data_encoding::BASE64.encode(&[7; 32]);
    std::fs::write(&file, format!("{text}\n[[key]]\nid = 2\nsecret = \"{secret}\"\nstandby = true\n"))
        .expect("the key file");
    server.restart();
    server.visitor().signs_up();
    assert_eq!(server.cli_json(&["keys", "status"])["newest"], 1);

    let done = server.cli_json(&["keys", "rotate", "--resume"]);
    assert_eq!(done["newest"], 2, "{done}");
    assert_eq!(server.cli_json(&["keys", "status"])["sealedByOlder"]["totp_secrets"], 0);
    // The server has another port since it was restarted.
    server.visitor().with_token(ada.client.token()).record();
}

fn keys_that_are_in_use_stay(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    server.cli_json(&["keys", "rotate"]);
    // Ada's password was hashed with the old pepper and she has not signed in since.
    let told = server.cli(&["keys", "retire"]);
    assert_eq!(told.code, 0, "{told:?}");
    assert_eq!(server.cli_json(&["keys", "status"])["ids"], json!([1, 2]));
    server.visitor().signs_in(&ada.name).record();
    assert_eq!(server.cli_json(&["keys", "retire"])["retired"], json!([1]));
    server.visitor().signs_in(&ada.name).record();
}
