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
    the_doctor_names_what_is_wrong,
    the_configuration_shows_no_secret,
    mistakes_are_explained,
    a_change_is_seen_by_the_next_call,
    settings_that_cannot_be_are_refused,
    addresses_are_masked_unless_asked_for,
    customers_are_listed_page_by_page,
    groups_are_added_and_changed,
    suppressed_text_messages_are_told_to_operators,
    a_server_is_not_needed,
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
    let checks = report.as_array().expect("a list of checks");
    assert!(checks.len() >= 8, "{report}");
    assert!(checks.iter().all(|check| check["ok"] == true && check["check"].is_string()), "{report}");
    assert!(!report.to_string().contains(MAIL_PASSWORD), "{report}");
}

fn the_doctor_names_what_is_wrong(backend: Backend) {
    // Nobody listens there.
    let server = Server::start_with(backend, &[("CUSTOS_SMTP_URL", "smtp://127.0.0.1:1")]);
    let report = server.cli(&["doctor", "--json"]).fails();
    let checks: serde_json::Value = serde_json::from_str(&report.stdout).expect("JSON");
    let smtp = checks.as_array().and_then(|all| all.iter().find(|check| check["check"] == "smtp"));
    let smtp = smtp.expect("a check of the mail server");
    assert_eq!(smtp["ok"], false, "{smtp}");
    assert!(smtp["remedy"].as_str().is_some_and(|remedy| remedy.contains("smtp_url")), "{smtp}");
}

fn the_configuration_shows_no_secret(backend: Backend) {
    let server = Server::start(backend);
    for arguments in [&["config", "print"][..], &["config", "print", "--json"]] {
        let shown = server.cli(arguments).succeeds().everything();
        assert!(!shown.contains(MAIL_PASSWORD), "{shown}");
        assert!(shown.to_lowercase().contains("smtp"), "{shown}");
    }
    let shown = server.cli_json(&["config", "print"]);
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
    for command in [
        "company",
        "group",
        "customer",
        "outbox",
        "audit",
        "doctor",
        "config",
        "keys",
        "openapi",
        "completions",
        "serve",
        "demo",
        "migrate",
    ] {
        let help = server.cli(&[command, "--help"]).succeeds().stdout;
        assert!(help.contains("Usage"), "{help}");
    }
}

fn a_change_is_seen_by_the_next_call(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let change = |lang: &str| ada.client.call("changeLang", json!({"newLang": lang}));
    change("zh-CN").data();
    // Each time at once: a server that looks every now and then would be caught within a few rounds.
    for _ in 0..5 {
        server.cli(&["company", "set", "1", "--setting", "languages=en-US"]).succeeds();
        assert!(!change("zh-CN").is_ok());
        server.cli(&["company", "set", "1", "--setting", "languages=en-US,zh-CN"]).succeeds();
        change("zh-CN").data();
    }
    let text = "en-US:error-CUSTOMER_API_0000112=Ask Société Générale.";
    server.cli(&["company", "set", "1", "--text", text]).succeeds();
    let told = server.visitor().tries_email(&ada.name, "wrong").msg().to_owned();
    assert_eq!(told, "Ask Société Générale.");
    server.cli(&["company", "set", "1", "--text", "en-US:error-CUSTOMER_API_0000112="]).succeeds();
    assert_ne!(server.visitor().tries_email(&ada.name, "wrong").msg(), told);
}

fn settings_that_cannot_be_are_refused(backend: Backend) {
    let server = Server::start(backend);
    let refused = |arguments: &[&str]| {
        let before = server.cli_json(&["company", "show", "1"]);
        let told = server.cli(&[&["company", "set", "1"], arguments].concat()).fails().everything();
        assert_eq!(server.cli_json(&["company", "show", "1"]), before);
        told
    };
    assert!(refused(&["--setting", "sms.enabeld=true"]).contains("sms.enabled"));
    assert!(refused(&["--setting", "restricted_countries=ZZ"]).contains("ZZ"));
    assert!(refused(&["--name", " "]).contains("name"));
    assert!(refused(&["--text", "xx-XX:error-CUSTOMER_API_0000112=No"]).contains("xx-XX"));
    assert!(refused(&["--text", "en-US:nothing=No"]).contains("nothing"));
    refused(&[]);

    // The range of numbers may change until the first is handed out.
    let company = server.add_company("Fresh").to_string();
    let range = ["company", "set", &company, "--setting", "number_last=10000099"];
    server.cli(&range).succeeds();
    server.visitor().of_company(company.parse().expect("a number")).signs_up();
    server.cli(&range).succeeds();
    let told =
        server.cli(&["company", "set", &company, "--setting", "number_last=10000098"]).fails().everything();
    assert!(told.contains("number_last") && told.contains("handed out"), "{told}");
}

fn addresses_are_masked_unless_asked_for(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    for arguments in [&["--json"][..], &[]] {
        let shown = server.cli(&[&["customer", "show", &ada.number], arguments].concat()).succeeds();
        assert!(!shown.everything().contains(&ada.name), "{shown:?}");
    }
    let unmasked = || server.audit_log().iter().filter(|entry| entry["action"] == "customer.unmask").count();
    assert_eq!(unmasked(), 0);
    let shown = server.cli_json(&["customer", "show", &ada.number, "--unmask"]);
    assert_eq!(shown["email"], ada.name);
    assert_eq!(unmasked(), 1);
}

fn customers_are_listed_page_by_page(backend: Backend) {
    let server = Server::start(backend);
    let numbers: Vec<String> = (0..5).map(|_| server.visitor().signs_up().number).collect();
    let (mut seen, mut after) = (Vec::new(), Vec::new());
    loop {
        let page = server.cli_json(&[&["customer", "list", "--limit", "2"][..], &after].concat());
        let page = page.as_array().expect("a list");
        assert!(page.len() <= 2);
        seen.extend(page.iter().map(|row| text_of(&row["customerNo"])));
        let Some(index) = seen.last().and_then(|last| numbers.iter().position(|number| number == last))
        else {
            break;
        };
        if page.is_empty() {
            break;
        }
        after = vec!["--after", numbers[index].as_str()];
    }
    assert_eq!(seen, numbers);
    server.cli(&["customer", "list", "--after", "99999999"]).fails();
}

fn groups_are_added_and_changed(backend: Backend) {
    let server = Server::start(backend);
    let add = |name: &str| {
        server.cli(&["group", "add", "--name", name, "--opens-accounts", "--accounts", "3:USDT,BTC;8:USD"])
    };
    let added =
        server.cli_json(&["group", "add", "--name", "Pros", "--opens-accounts", "--accounts", "3:USDT"]);
    let id = text_of(&added["id"]);
    assert!(add("Pros").fails().everything().contains("Pros"));
    let told = server.cli(&["group", "set", &id, "--accounts", "3:USTD"]).fails().everything();
    assert!(told.contains("USDT"), "what there is: {told}");
    server.cli(&["group", "set", &id, "--default", "--name", "Professionals"]).succeeds();
    let defaults: Vec<_> = server.groups_of(1).into_iter().filter(|group| group["default"] == true).collect();
    assert_eq!(defaults.len(), 1, "{defaults:?}");
    assert_eq!(text_of(&defaults[0]["id"]), id);
    assert_eq!(defaults[0]["name"], "Professionals");
    // Whoever names no group gets it.
    let ada = server.visitor().signs_up();
    let shown = server.customer_json("show", &ada.number);
    assert_eq!(text_of(&shown["group"]["id"]), id, "{shown}");
    server.cli(&["group", "set", &id, "--opens-accounts=false"]).fails();
    server.cli(&["group", "set", "424242", "--name", "x"]).fails();
}

fn suppressed_text_messages_are_told_to_operators(backend: Backend) {
    let server = Server::start(backend);
    server.cli(&["company", "set", "1", "--setting", "sms.enabled=false"]).succeeds();
    let number = e2e::fresh::chinese_phone();
    server.visitor().ask_for_code("SMS_REGISTER", &format!("+86 {number}")).data();
    let listed = server.cli_json(&["outbox", "list", "--state", "suppressed"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed[0]["reason"], "sms_switched_off");
    assert!(!listed.to_string().contains(&number), "{listed}");
    let id = text_of(&listed[0]["id"]);
    server.cli(&["outbox", "retry", &id]).fails();
    server.cli(&["outbox", "retry", "424242"]).fails();
    server.cli(&["outbox", "retry"]).fails();
    assert_eq!(server.cli_json(&["outbox", "retry", "--all-dead"])["retried"], 0);
}

fn a_server_is_not_needed(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    assert!(server.stop());
    server.customer("lock", &ada.number).succeeds();
    assert_eq!(server.customer_json("show", &ada.number)["status"], 5);
    let keys = server.cli_json(&["keys", "status"]);
    assert_eq!((&keys["newest"], &keys["mode"]), (&json!(1), &json!("600")), "{keys}");
    server.cli(&["config", "check"]).succeeds();
    assert!(server.cli_json(&["openapi"])["paths"].is_object());
    assert!(server.cli(&["completions", "bash"]).succeeds().stdout.contains("custos"));
}
