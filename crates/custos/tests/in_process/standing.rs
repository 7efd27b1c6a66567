//! Where a customer stands decides what they may: each status, with and without MFA, against each way to get a session
//! and each way to use one. The ways to use one are the operations that there are, so a new one is tried by itself.

use crate::common::{
    Backend, Client, Code, Customer, DEAD_TOKEN, EMAIL_TAKEN, House, LEAVING, LOCKED, NO_GOOGLE, NO_TOKEN,
    PASSWORD, Reply, SECOND, SUSPENDED, WRONG_CODE, WRONG_GOOGLE, WRONG_SIGN_IN, example, md5, on_both,
    registration,
};
use custos_customers::company;
use custos_customers::customer::Status;
use custos_customers::session::{self, Origin};
use custos_operations::api::entries;
use custos_operations::operation::{Access, Entry};
use serde_json::{Value, json};

on_both!(
    ways_to_get_a_session,
    ways_to_use_a_session,
    a_customer_who_leaves_may_read_the_record_and_sign_out,
    codes_for_those_out_of_use_go_nowhere,
);

/// What is let in, by status.
struct Standing {
    status: Status,
    /// Signing in by e-mail address and the right password.
    by_password: &'static str,
    /// By customer number and the right password.
    by_number: &'static str,
    /// By e-mail address and the right code.
    by_code: &'static str,
    /// Registering with the same address.
    registering: &'static str,
    /// A session from before.
    session: &'static str,
    /// Reading the record in a session that there should not be any more, or in a new one.
    record: &'static str,
    /// Any other operation of customers, likewise.
    others: &'static str,
}

const NORMAL: Standing = Standing {
    status: Status::Normal,
    by_password: "0",
    by_number: "0",
    by_code: "0",
    registering: EMAIL_TAKEN,
    session: "0",
    record: "0",
    others: "0",
};
const DISABLED: Standing = Standing {
    status: Status::Disabled,
    by_password: SUSPENDED,
    by_number: SUSPENDED,
    by_code: SUSPENDED,
    registering: EMAIL_TAKEN,
    session: DEAD_TOKEN,
    record: DEAD_TOKEN,
    others: DEAD_TOKEN,
};
/// The address is free again, so that it names no one; the number is that of an account for ever.
const DELETED: Standing = Standing {
    status: Status::Deleted,
    by_password: WRONG_SIGN_IN,
    by_number: SUSPENDED,
    by_code: WRONG_CODE,
    registering: "0",
    session: DEAD_TOKEN,
    record: DEAD_TOKEN,
    others: DEAD_TOKEN,
};
const CLOSED: Standing = Standing { status: Status::Closed, ..DELETED };
const LOCKED_OUT: Standing = Standing {
    status: Status::Locked,
    by_password: LOCKED,
    by_number: LOCKED,
    by_code: LOCKED,
    registering: EMAIL_TAKEN,
    session: DEAD_TOKEN,
    record: DEAD_TOKEN,
    others: DEAD_TOKEN,
};
const CLOSING: Standing =
    Standing { status: Status::Closing, session: DEAD_TOKEN, others: LEAVING, ..NORMAL };

const STANDINGS: [Standing; 6] = [NORMAL, DISABLED, DELETED, CLOSED, LOCKED_OUT, CLOSING];

/// The operations that a customer who leaves may call.
const WHILE_LEAVING: [&str; 2] = ["customer.app.CustomerWebApiService.findCustomerInfo", "logout"];

/// A way to sign in.
struct Way {
    name: &'static str,
    /// Its body, without a google code.
    body: fn(&Customer, &Code) -> Value,
    /// What is due.
    due: fn(&Standing) -> &'static str,
}

const WAYS: [Way; 4] = [
    Way {
        name: "password",
        body: |customer, _| customer.by_password(),
        due: |standing| standing.by_password,
    },
    Way {
        name: "number",
        body: |customer, _| json!({ "type": 3, "loginName": customer.number, "loginPwd": md5(PASSWORD), "device": 2 }),
        due: |standing| standing.by_number,
    },
    Way { name: "code", body: Customer::by_code, due: |standing| standing.by_code },
    Way {
        name: "code and a password that is not looked at",
        body: |customer, code| {
            let mut body = customer.by_code(code);
            body["loginPwd"] = md5("").into();
            body
        },
        due: |standing| standing.by_code,
    },
];

fn with_google(mut body: Value, google: Option<&str>) -> Value {
    body.as_object_mut().unwrap().extend(google.map(|google| ("googleCode".to_owned(), google.into())));
    body
}

fn ways_to_get_a_session(backend: Backend) {
    let house = House::open(backend);
    for standing in &STANDINGS {
        for way in &WAYS {
            for mfa in [false, true] {
                gets_a_session(&house, standing, way, mfa);
                house.advance(30 * SECOND);
            }
        }
    }
}

fn gets_a_session(house: &House, standing: &Standing, way: &Way, mfa: bool) {
    let told = format!("{:?}, {}, MFA {mfa}", standing.status, way.name);
    let due = (way.due)(standing);
    let (customer, visitor) = (house.customer(), house.visitor());
    let secret = mfa.then(|| house.turn_mfa_on(&customer));
    let code = visitor.code("EMAIL_LOGIN", &customer.email);
    house.put_into_status(&customer, standing.status);

    let sessions = format!("SELECT count(*) FROM sessions WHERE customer_id = {}", customer.id);
    let before = house.number(&sessions);
    let tries = |google: Option<&str>, due: &str| -> Reply {
        let reply = visitor.call("login", with_google((way.body)(&customer, &code), google));
        assert_eq!(reply.code(), due, "{told}, google code {google:?}");
        assert_eq!(house.number(&sessions), before + i64::from(due == "0"), "{told}");
        reply
    };
    let let_in = due == "0";
    if let Some(secret) = &secret {
        // Who is not let in is not asked for more.
        tries(None, if let_in { NO_GOOGLE } else { due });
        let wrong = house.wrong_google_code(secret);
        tries(Some(&wrong), if let_in { WRONG_GOOGLE } else { due });
    }
    let right = secret.as_ref().map(|secret| house.google_code(secret, 0));
    let reply = tries(right.as_deref(), due);
    if let_in {
        let signed_in = visitor.with_token(&reply.text("token"));
        signed_in.call("findCustomerInfo", json!({})).is("0");
        assert_eq!(reply.data()["status"], standing.status as i64, "{told}");
        assert_eq!(reply.data()["googleId"].as_i64().unwrap() > 0, mfa, "{told}");
    }
    let now = house.number(&sessions);
    let code = house.visitor().code("EMAIL_REGISTER", &customer.email);
    house.visitor().call("register", registration(&customer.email, &code)).is(standing.registering);
    assert_eq!(house.number(&sessions), now, "{told}: a new account is no way into the old one");
}

/// A session that is there although the status should have ended it: the last line of defence.
fn smuggled(house: &House, customer: &Customer) -> Client {
    let (company_id, id) = (customer.company, customer.id);
    let token = house.write(move |tx| {
        let company = company::find(tx, company_id)?.unwrap();
        Ok(session::open(tx, &company.settings, company_id, id, &Origin::default())?)
    });
    customer.home.with_token(&token)
}

fn of_customers() -> impl Iterator<Item = &'static Entry> {
    entries().iter().filter(|entry| entry.access == Access::Customer)
}

/// Past the gate: what the operation itself says of a made-up body.
fn is_let_in(code: &str) -> bool {
    ![NO_TOKEN, DEAD_TOKEN, LEAVING, SUSPENDED, LOCKED].contains(&code)
}

fn ways_to_use_a_session(backend: Backend) {
    let house = House::open(backend);
    for standing in &STANDINGS {
        for mfa in [false, true] {
            let customer = house.customer();
            if mfa {
                house.turn_mfa_on(&customer);
            }
            house.put_into_status(&customer, standing.status);
            // Codes to one's own address are for those who are signed in.
            let code = customer.home.asks("EMAIL_LOGINED", "").code().to_owned();
            assert_eq!(code, standing.session, "{:?}, a code of one's own", standing.status);
            for entry in of_customers() {
                let told = format!("{:?}, MFA {mfa}, {}", standing.status, entry.name);
                let body = Value::Object(example(entry));
                if standing.session == DEAD_TOKEN {
                    assert_eq!(customer.home.call_entry(entry, &body).code(), DEAD_TOKEN, "{told}");
                }
                let code = smuggled(&house, &customer).call_entry(entry, &body).code().to_owned();
                let due = if WHILE_LEAVING.contains(&entry.name) { standing.record } else { standing.others };
                match due {
                    "0" => assert!(is_let_in(&code), "{told}: {code}"),
                    refusal => assert_eq!(code, refusal, "{told}"),
                }
                if entry.name.ends_with(".destroy") && code == "0" {
                    assert_eq!(
                        house.decides(customer.company, &customer, false, "there is more to try"),
                        "0"
                    );
                }
            }
            smuggled(&house, &customer).call("logout", json!({})).is("0");
        }
    }
}

fn a_customer_who_leaves_may_read_the_record_and_sign_out(backend: Backend) {
    let allowed: Vec<&str> =
        entries().iter().filter(|entry| entry.while_closing).map(|entry| entry.name).collect();
    for name in &allowed {
        assert!(WHILE_LEAVING.contains(name), "{name}");
    }
    assert_eq!(allowed.len(), WHILE_LEAVING.len());

    let house = House::open(backend);
    let ada = house.customer();
    house.put_into_status(&ada, Status::Closing);
    let again = ada.home.with_token(&ada.signs_in_from(&ada.home).text("token"));
    assert_eq!(again.call("findCustomerInfo", json!({})).data()["status"], 6);
    for (operation, body) in [
        ("changeLang", json!({ "newLang": "zh-CN" })),
        ("findPhoneAndEmail", json!({})),
        ("randomKey", json!({})),
    ] {
        again.call(operation, body).is(LEAVING);
    }
    again.call("logout", json!({})).is("0");
    again.call("findCustomerInfo", json!({})).is(DEAD_TOKEN);
}

fn codes_for_those_out_of_use_go_nowhere(backend: Backend) {
    let house = House::open(backend);
    for status in [Status::Disabled, Status::Deleted, Status::Closed] {
        let customer = house.customer();
        house.put_into_status(&customer, status);
        let (visitor, (sent, withheld)) = (house.visitor(), house.sent_and_withheld());
        for kind in ["EMAIL_LOGIN", "EMAIL_PASSWORD"] {
            assert!(!visitor.asks(kind, &customer.email).text("token").is_empty());
        }
        assert_eq!(house.sent_and_withheld(), (sent, withheld + 2));
    }
}
