//! Where a customer stands decides what they may: each status, with and without MFA, against each way to get a session
//! and each way to use one. The ways to use one are the operations that there are, so a new one is tried by itself.

use crate::common::{
    Backend, Client, Code, Customer, DEAD_TOKEN, EMAIL_TAKEN, House, LEAVING, LOCKED, NO_GOOGLE, NO_TOKEN,
    PASSWORD, Reply, SECOND, SUSPENDED, WRONG_GOOGLE, example, md5, on_both,
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
    /// Signing in with everything right.
    sign_in: &'static str,
    /// A session from before.
    session: &'static str,
    /// Looking at the record in a session that there should not be any more, or in a new one.
    record: &'static str,
    /// Any other operation of customers, likewise.
    others: &'static str,
}

const STANDINGS: [Standing; 6] = [
    Standing { status: Status::Normal, sign_in: "0", session: "0", record: "0", others: "0" },
    Standing {
        status: Status::Disabled,
        sign_in: SUSPENDED,
        session: DEAD_TOKEN,
        record: DEAD_TOKEN,
        others: DEAD_TOKEN,
    },
    Standing {
        status: Status::Deleted,
        sign_in: SUSPENDED,
        session: DEAD_TOKEN,
        record: DEAD_TOKEN,
        others: DEAD_TOKEN,
    },
    Standing {
        status: Status::Closed,
        sign_in: SUSPENDED,
        session: DEAD_TOKEN,
        record: DEAD_TOKEN,
        others: DEAD_TOKEN,
    },
    Standing { status: Status::Locked, sign_in: LOCKED, session: DEAD_TOKEN, record: "0", others: "0" },
    Standing { status: Status::Closing, sign_in: "0", session: DEAD_TOKEN, record: "0", others: LEAVING },
];

/// The operations that a customer who leaves may call.
const WHILE_LEAVING: [&str; 2] = ["customer.app.CustomerWebApiService.findCustomerInfo", "logout"];

/// A way to sign in: its body, without a google code.
type Way = fn(&Customer, &Code) -> Value;

const WAYS: [(&str, Way); 4] = [
    ("password", |customer, _| customer.by_password()),
    (
        "number",
        |customer, _| json!({ "type": 3, "loginName": customer.number, "loginPwd": md5(PASSWORD), "device": 2 }),
    ),
    ("code", |customer, code| customer.by_code(code)),
    ("code and a password that is not looked at", |customer, code| {
        let mut body = customer.by_code(code);
        body["loginPwd"] = md5("").into();
        body
    }),
];

fn with_google(mut body: Value, google: Option<&str>) -> Value {
    body.as_object_mut().unwrap().extend(google.map(|google| ("googleCode".to_owned(), google.into())));
    body
}

fn ways_to_get_a_session(backend: Backend) {
    let house = House::open(backend);
    for standing in &STANDINGS {
        for (name, way) in WAYS {
            for mfa in [false, true] {
                let told = format!("{:?}, {name}, MFA {mfa}", standing.status);
                let (customer, visitor) = (house.customer(), house.visitor());
                let secret = mfa.then(|| house.turn_mfa_on(&customer));
                let code = visitor.code("EMAIL_LOGIN", &customer.email);
                house.put_into_status(&customer, standing.status);

                let attempt = |google: Option<&str>| -> Reply {
                    visitor.call("login", with_google(way(&customer, &code), google))
                };
                let sessions = format!("SELECT count(*) FROM sessions WHERE customer_id = {}", customer.id);
                let before = house.number(&sessions);
                let mut expect = |google: Option<&str>, code: &str| {
                    let reply = attempt(google);
                    assert_eq!(reply.code(), code, "{told}, google code {google:?}");
                    let opened = i64::from(code == "0");
                    assert_eq!(house.number(&sessions), before + opened, "{told}");
                    reply
                };
                let let_in = standing.sign_in == "0";
                if let Some(secret) = &secret {
                    // Who is not let in is not asked for more.
                    expect(None, if let_in { NO_GOOGLE } else { standing.sign_in });
                    let wrong = house.wrong_google_code(secret);
                    expect(Some(&wrong), if let_in { WRONG_GOOGLE } else { standing.sign_in });
                }
                let right = secret.as_ref().map(|secret| house.google_code(secret, 0));
                let reply = expect(right.as_deref(), standing.sign_in);
                if let_in {
                    let signed_in = visitor.with_token(&reply.text("token"));
                    signed_in.call("findCustomerInfo", json!({})).is("0");
                    assert_eq!(reply.data()["status"], standing.status as i64, "{told}");
                    assert_eq!(reply.data()["googleId"].as_i64().unwrap() > 0, mfa, "{told}");
                }
                registers_anew(&house, &customer);
                house.advance(30 * SECOND);
            }
        }
    }
}

/// Registering with the address of someone who is there gives no session, whatever became of them.
fn registers_anew(house: &House, customer: &Customer) {
    let visitor = house.visitor();
    let code = visitor.code("EMAIL_REGISTER", &customer.email);
    let body = crate::common::registration(&customer.email, &code);
    visitor.call("register", body).is(EMAIL_TAKEN);
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
            }
            // Codes to one's own address are for those who are signed in.
            let code = customer.home.asks("EMAIL_LOGINED", "").code().to_owned();
            assert_eq!(code, standing.session, "{:?}, a code of one's own", standing.status);
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
        house.settle();
        let (visitor, sent) = (house.visitor(), house.number("SELECT count(*) FROM outbox"));
        for kind in ["EMAIL_LOGIN", "EMAIL_PASSWORD"] {
            assert!(!visitor.asks(kind, &customer.email).text("token").is_empty());
        }
        assert_eq!(house.number("SELECT count(*) FROM outbox"), sent);
    }
}
