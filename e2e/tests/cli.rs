//! The operator's command line beside a running server.

use e2e::codes::{DEAD_TOKEN, LOCKED, SUSPENDED, WRONG_ACCOUNT_OR_PASSWORD};
use e2e::{Backend, MAIL_PASSWORD, PASSWORD, Server, on_both, text_of};
use serde_json::json;

on_both!(
    locking_and_unlocking,
    unlocking_after_wrong_passwords,
    disabling_and_enabling,
    sessions_are_shown_and_ended,
    a_customer_is_shown,
    companies_are_added_and_listed,
    groups_are_listed,
    the_doctor_finds_everything_well,
    the_configuration_shows_no_secret,
    mistakes_are_explained,
);

const LOCKED_BY_OPERATOR: &[&str] = &[LOCKED, SUSPENDED, "CUSTOMER_API_0000157"];

fn locking_and_unlocking(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let code = server.visitor().code("EMAIL_LOGIN", &ada.name);
    server.customer("lock", &ada.number).succeeds();
    server.visitor().tries_email(&ada.name, PASSWORD).refused_as(LOCKED_BY_OPERATOR);
    assert!(!server.visitor().tries_email_code(&ada.name, &code).is_ok());
    server.customer("unlock", &ada.number).succeeds();
    let record = server.visitor().signs_in(&ada.name).record();
    assert_eq!(record["status"], 1);
}

fn unlocking_after_wrong_passwords(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    for n in 0..5 {
        assert!(!server.visitor().tries_email(&ada.name, &format!("wrong {n}")).is_ok());
    }
    server.visitor().tries_email(&ada.name, PASSWORD).refused(LOCKED);
    server.customer("unlock", &ada.number).succeeds();
    server.visitor().signs_in(&ada.name);
    // The count starts anew.
    server.visitor().tries_email(&ada.name, "wrong").refused(WRONG_ACCOUNT_OR_PASSWORD);
}

fn disabling_and_enabling(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    ada.client.record();
    let code = server.visitor().code("EMAIL_LOGIN", &ada.name);
    server.customer("disable", &ada.number).succeeds();
    ada.client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    server.visitor().tries_email(&ada.name, PASSWORD).refused(SUSPENDED);
    assert!(!server.visitor().tries_email_code(&ada.name, &code).is_ok());
    server.visitor().tries_email(&ada.name, "wrong").refused_as(&[WRONG_ACCOUNT_OR_PASSWORD, SUSPENDED]);

    server.customer("enable", &ada.number).succeeds();
    ada.client.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    server.visitor().signs_in(&ada.name).record();
}

fn sessions_are_shown_and_ended(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let ben = server.visitor().signs_up();
    let phone = server.visitor().signs_in(&ada.name);
    let sessions = server.customer_json("sessions", &ada.number);
    assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
    let text = sessions.to_string();
    assert!(!text.contains(ada.client.token()) && !text.contains(phone.token()), "{text}");

    server.end_sessions(&ada.number).succeeds();
    for session in [&ada.client, &phone] {
        session.call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    }
    assert_eq!(server.customer_json("sessions", &ada.number), json!([]));
    ben.client.record();
}

fn a_customer_is_shown(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let shown = server.customer_json("show", &ada.number);
    assert_eq!(text_of(&shown["customerNo"]), ada.number);
    assert_eq!(shown["status"], 1, "{shown}");
    server.customer("disable", &ada.number).succeeds();
    assert_eq!(server.customer_json("show", &ada.number)["status"], 2);

    let is_ada = |customer: &serde_json::Value| text_of(&customer["customerNo"]) == ada.number;
    assert_eq!(server.customers_of(1).iter().filter(|customer| is_ada(customer)).count(), 1);
    // For people, too.
    let page = server.customer("show", &ada.number).succeeds().stdout;
    assert!(page.contains(&ada.number), "{page}");
    assert!(!page.contains("argon2"), "{page}");
}

fn companies_are_added_and_listed(backend: Backend) {
    let server = Server::start(backend);
    let first = server.add_company("Société Générale d'Échange \"7\"");
    let second = server.add_company("第二公司");
    assert!(first > 1 && second > 1 && first != second);
    let listed = server.cli_json(&["company", "list"]);
    let listed = listed.as_array().expect("a list");
    let name =
        |id: i64| listed.iter().find(|company| company["id"] == id).map(|company| company["name"].clone());
    assert_eq!(name(first), Some(json!("Société Générale d'Échange \"7\"")));
    assert_eq!(name(second), Some(json!("第二公司")));
    assert!(name(1).is_some(), "the demo company");
    server.visitor().of_company(second).signs_up();
}

fn groups_are_listed(backend: Backend) {
    let server = Server::start(backend);
    let listed = server.groups_of(1);
    let shown = server.visitor().call("groupList", json!({})).data();
    assert_eq!(shown.as_array().map(Vec::len), Some(listed.len()));
    for group in &listed {
        assert!(shown.to_string().contains(&text_of(&group["id"])), "{group} is not in {shown}");
    }
}

fn the_doctor_finds_everything_well(backend: Backend) {
    let server = Server::start(backend);
    server.visitor().signs_up();
    assert!(!server.cli(&["doctor"]).succeeds().stdout.trim().is_empty());
    let report = server.cli_json(&["doctor"]);
    assert!(report.is_object() || report.is_array(), "{report}");
    assert!(!report.to_string().contains(MAIL_PASSWORD), "{report}");
}

fn the_configuration_shows_no_secret(backend: Backend) {
    let server = Server::start(backend);
    for arguments in [&["config", "show"][..], &["config", "show", "--json"]] {
        let shown = server.cli(arguments).succeeds().everything();
        assert!(!shown.contains(MAIL_PASSWORD), "{shown}");
        assert!(shown.to_lowercase().contains("smtp"), "{shown}");
    }
    let shown = server.cli_json(&["config", "show"]);
    assert!(shown.is_object(), "{shown}");
}

fn mistakes_are_explained(backend: Backend) {
    let server = Server::start(backend);
    let unknown = server.customer("lock", "99999999").fails().everything();
    assert!(unknown.contains("99999999"), "{unknown}");
    server.cli(&["customer", "lock"]).fails();
    server.cli(&["company", "add"]).fails();
    server.cli(&["company", "add", "--name", ""]).fails();
    server.cli(&["group", "list", "--company", "424242"]).fails();
    server.cli(&["customer", "show", "12345678", "--company", "424242"]).fails();
    let typo = server.cli(&["compnay", "list"]).fails().everything();
    assert!(typo.contains("company"), "a hint at what was meant: {typo}");
    for command in ["company", "group", "customer", "doctor", "config", "audit", "serve", "demo", "migrate"] {
        let help = server.cli(&[command, "--help"]).succeeds().stdout;
        assert!(help.contains("Usage"), "{help}");
    }
}
