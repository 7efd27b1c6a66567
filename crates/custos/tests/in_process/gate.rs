//! Before an operation runs: each one, made wrong in each way, answers by the first check that fails.
//!
//! The operations are those that there are, so a new one is tried by itself.

use crate::common::{
    BAD_FIELD, Backend, Client, DEAD_TOKEN, House, MISSING_FIELD, NO_TOKEN, Reply, UNKNOWN_COMPANY,
    address_of, entry, example, name, on_both,
};
use custos_operations::api::entries;
use custos_operations::openapi::is_get;
use custos_operations::operation::{Access, Entry, Prefix};
use serde_json::{Value, json};

const NO_COMPANY: &str = "GATEWAY_CODE_003";
const NO_TRACE: &str = "GATEWAY_CODE_004";
const UNKNOWN_OPERATION: &str = "GATEWAY_CODE_010";
const NO_OBJECT: &str = "GATEWAY_CODE_015";

on_both!(
    headers_come_first,
    then_the_company,
    then_the_name,
    then_the_body,
    then_the_token,
    then_what_is_missing,
    then_what_is_wrong,
    an_answer_that_comes_early_does_not_cut_the_next_call_off,
);

/// What a good request to the operation looks like, but for its body.
fn at(entry: &Entry) -> String {
    address_of(entry)
}

fn send(client: &Client, entry: &Entry, body: &[u8]) -> Reply {
    client.send(entry, &at(entry), body)
}

/// Tries something with every operation, and sees that nothing was written.
fn each(house: &House, only: impl Fn(&Entry) -> bool, attempt: impl Fn(&Entry)) {
    let before = house.snapshot();
    let all: Vec<&Entry> = entries().iter().filter(|entry| only(entry)).collect();
    assert!(!all.is_empty());
    for entry in all {
        attempt(entry);
    }
    before.is_still(&house.snapshot(), "a request that was refused at the gate");
}

fn headers_come_first(backend: Backend) {
    let house = House::open(backend);
    let all_wrong = house.visitor().with_token("no token").with("trace", None).with("companyId", None);
    let long = "t".repeat(129);
    each(
        &house,
        |_| true,
        |entry| {
            for client in [
                &all_wrong,
                &all_wrong.with("companyId", Some("null")),
                &all_wrong.with("companyId", Some("")),
            ] {
                send(client, entry, b"[").is(NO_COMPANY);
            }
            for company in ["1", "999", "x"] {
                let client = all_wrong.with("companyId", Some(company));
                send(&client, entry, b"[").is(NO_TRACE);
                for trace in ["null", "", long.as_str(), "two words"] {
                    send(&client.with("trace", Some(trace)), entry, b"[").is(NO_TRACE);
                }
            }
        },
    );
}

fn then_the_company(backend: Backend) {
    let house = House::open(backend);
    let disabled = house.add_company(false).to_string();
    let client = house.visitor().with_token("no token");
    each(
        &house,
        |_| true,
        |entry| {
            for company in ["999", "0", "-1", "x", "1.0", "9223372036854775808", &disabled] {
                send(&client.with("companyId", Some(company)), entry, b"[").is(UNKNOWN_COMPANY);
            }
        },
    );
}

fn then_the_name(backend: Backend) {
    let house = House::open(backend);
    let client = house.visitor().with_token("no token");
    let prefixes = [
        (Prefix::Global, "/global/"),
        (Prefix::Login, "/login/"),
        (Prefix::Register, "/register/"),
        (Prefix::ThirdLogin, "/third/login/"),
    ];
    // A name with a slash in it is an address of its own, and under another prefix it is none.
    each(
        &house,
        |entry| !entry.name.contains('/') && !is_get(entry),
        |entry| {
            for (prefix, start) in prefixes.iter().filter(|(prefix, _)| *prefix != entry.prefix) {
                let path = format!("{start}{}", entry.name);
                let reply = client.send(entry, &path, b"[");
                assert_eq!(
                    (reply.status, reply.code()),
                    (200, UNKNOWN_OPERATION),
                    "{prefix:?} {}",
                    entry.name
                );
            }
            if entry.prefix != Prefix::Bare {
                for path in
                    [format!("{}x", at(entry)), at(entry).to_uppercase().replace("/GLOBAL/", "/global/")]
                {
                    let code = client.send(entry, &path, b"[").code().to_owned();
                    assert_eq!(code, UNKNOWN_OPERATION, "{path}");
                }
            }
        },
    );
}

fn then_the_body(backend: Backend) {
    let house = House::open(backend);
    let client = house.visitor();
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let bodies: [&[u8]; 9] =
        [b"null", b"[]", b"\"text\"", b"1", b"true", b"[{}]", b"{", b"{}{}", deep.as_bytes()];
    each(
        &house,
        |entry| !is_get(entry),
        |entry| {
            // Whoever has no token, or a dead one, is told of the body first.
            for client in [&client, &client.with_token("no token")] {
                for body in bodies {
                    send(client, entry, body).is(NO_OBJECT);
                }
                send(client, entry, b"\xff\xfe").is(NO_OBJECT);
                let sealed = client.with("trace", Some("x-trace"));
                send(&sealed, entry, b"{\"data\":\"AAAA\"}").is(NO_OBJECT);
            }
        },
    );
}

fn then_the_token(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let stranger = house.customer_of(other);
    let client = house.visitor();
    let gone = house.customer().home;
    gone.call("logout", json!({})).is("0");
    let long = "t".repeat(5_000);
    each(
        &house,
        |entry| entry.access == Access::Customer,
        |entry| {
            for body in [&b""[..], b"{}", Value::Object(example(entry)).to_string().as_bytes()] {
                send(&client, entry, body).is(NO_TOKEN);
                for none in ["null", ""] {
                    send(&client.with_token(none), entry, body).is(NO_TOKEN);
                }
                for dead in ["no token", &long] {
                    send(&client.with_token(dead), entry, body).is(DEAD_TOKEN);
                }
                send(&gone, entry, body).is(DEAD_TOKEN);
                // Another company's, and one's own on another company's pages.
                send(&stranger.home.of_company(1), entry, body).is(DEAD_TOKEN);
            }
        },
    );
    // None of it has harmed the stranger, at home.
    stranger.home.call("findCustomerInfo", json!({})).is("0");
    // What guests may call does not ask what a token is worth.
    each(
        &house,
        |entry| entry.access == Access::Guest && !is_get(entry),
        |entry| {
            for client in [client.with_token("no token"), stranger.home.of_company(1)] {
                let code = send(&client, entry, b"{}").code().to_owned();
                assert!(![NO_TOKEN, DEAD_TOKEN].contains(&code.as_str()), "{} answered {code}", entry.name);
            }
        },
    );
}

/// A client that the operation lets in, in a session of its own: some operations end the one that they are called in.
fn admitted(house: &House, entry: &Entry) -> Client {
    match entry.access {
        Access::Guest => house.visitor(),
        Access::Either | Access::Customer => house.customer().home,
        Access::Staff => house.member("ada", &["owner"]).desk,
    }
}

fn then_what_is_missing(backend: Backend) {
    let house = House::open(backend);
    for entry in entries().iter().filter(|entry| !is_get(entry)) {
        let client = admitted(&house, entry);
        let required: Vec<&str> = entry.fields.iter().filter(|field| field.required).map(name).collect();
        let before = house.snapshot();
        for missing in &required {
            // Others of the wrong type are told later.
            let mut body = example(entry);
            for other in required.iter().filter(|other| *other != missing) {
                body.insert((*other).to_owned(), json!({ "an": "object" }));
            }
            for nothing in [None, Some(json!("")), Some(Value::Null)] {
                body.remove(*missing);
                body.extend(nothing.map(|nothing| ((*missing).to_owned(), nothing)));
                client.call_entry(entry, &Value::Object(body.clone())).is(MISSING_FIELD).naming(missing);
            }
        }
        if let Some(first) = required.first() {
            for body in [&b""[..], b" \r\n", b"{}", b"{\"unknown\":[{}]}"] {
                send(&client, entry, body).is(MISSING_FIELD).naming(first);
            }
        }
        before.is_still(&house.snapshot(), entry.name);
    }
}

fn then_what_is_wrong(backend: Backend) {
    let house = House::open(backend);
    for entry in entries().iter().filter(|entry| !is_get(entry)) {
        let client = admitted(&house, entry);
        let before = house.snapshot();
        for field in entry.fields {
            let mut wrong = vec![json!({ "an": "object" }), json!([["an array"]])];
            if let Some(most) = (field.schema)()["maxLength"].as_u64() {
                let length = usize::try_from(most).unwrap() + 1;
                wrong.push(json!("x".repeat(length)));
                wrong.push(json!("a\u{0}b"));
                wrong.push(json!("a\nb"));
            }
            if let Some(most) = (field.schema)()["maximum"].as_i64() {
                wrong.extend([
                    json!(most + 1),
                    json!((most + 1).to_string()),
                    json!(1.5),
                    json!("1e3"),
                    json!(true),
                ]);
            }
            for value in wrong {
                if accepts_lists_of_texts(&(field.schema)()) && value.is_string() {
                    continue;
                }
                let mut body = example(entry);
                body.insert(name(field).to_owned(), value);
                client.call_entry(entry, &Value::Object(body)).is(BAD_FIELD).naming(name(field));
            }
        }
        before.is_still(&house.snapshot(), entry.name);
    }
}

/// Texts with commas in them, whose limits are those of their parts.
fn accepts_lists_of_texts(schema: &Value) -> bool {
    schema["type"].as_array().is_some_and(|types| types.contains(&json!("array")))
}

/// Clients send their next call over the same connection, whatever the answer to the last one was.
fn an_answer_that_comes_early_does_not_cut_the_next_call_off(backend: Backend) {
    let house = House::open(backend);
    let groups = entry("groupList");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let client = house.visitor();
                for _ in 0..1_000 {
                    let reply = client.send(groups, "/no-such-route", b"{}");
                    assert_eq!((reply.status, reply.code()), (404, UNKNOWN_OPERATION));
                    client.call_entry(groups, &json!({})).is("0");
                }
            });
        }
    });
}
