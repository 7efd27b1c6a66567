//! What is true of several forms.

use e2e::codes::{
    EMAIL_MALFORMED, EMAIL_TAKEN, FIELD_MISSING, FIELD_WRONG, NO_EMAIL_ADDRESS, PHONE_MALFORMED, PHONE_TAKEN,
    SAME_EMAIL, SAME_PHONE, UNKNOWN_AREA, WRONG_ACCOUNT_OR_PASSWORD,
};
use e2e::{Client, Code, Form, Person, Server};
use serde_json::json;

use crate::contact::{Contact, Email, Phone, bind};

/// What is no address is refused, and so is another customer's; that it is one is told only to those who read
/// what is sent there. Nothing is written.
#[track_caller]
pub fn refuses_addresses(server: &Server, kind: Contact, person: &Person, form_of: impl Fn(&str) -> Form) {
    let client = &person.client;
    let before = client.record();
    let name = kind.fresh();
    let form = form_of(&name);
    let codes = form.codes(client);
    let tries = |field: &str, value: &str| form.clone().with(field, value).send(client, &codes);
    tries(kind.field(), "").refused(FIELD_MISSING).naming(kind.field());
    tries(kind.field(), " ").refused_as(&[FIELD_MISSING, PHONE_MALFORMED, EMAIL_MALFORMED]);
    match kind {
        Email => {
            let long = format!("{}@example.com", "a".repeat(39));
            for malformed in ["ada", "ada@", "@example.com", "ada@example..com", "a b@example.com", &long] {
                tries("email", malformed).refused_as(NO_EMAIL_ADDRESS);
            }
        }
        Phone => {
            let long = "1".repeat(51);
            for malformed in ["12", "ada", "139000000000000", &long] {
                tries("phone", malformed).refused_as(&[PHONE_MALFORMED, FIELD_WRONG]);
            }
            for area in ["+999", "+0", "nowhere", "0123456789012345"] {
                tries("phoneArea", area).refused_as(&[UNKNOWN_AREA, FIELD_WRONG]);
            }
        }
    }
    let owner = kind.owner(server);
    let taken = form_of(&kind.of(&owner));
    let told_of_taken = taken.codes(client);
    let refused = taken.send(client, &told_of_taken);
    refused.refused(kind.pick(EMAIL_TAKEN, PHONE_TAKEN));
    let told = |form: &Form, codes: &[Code]| {
        let mut wrong = codes.to_vec();
        wrong[0] = wrong[0].wrong();
        let mut body = form.send(client, &wrong).body;
        for changing in ["tm", "trace"] {
            body.as_object_mut().expect("an object").remove(changing);
        }
        body
    };
    assert_eq!(told(&taken, &told_of_taken), told(&form, &codes));
    assert_eq!(client.record(), before);
    assert_eq!(owner.client.record()[kind.field()], kind.of(&owner));
}

/// The customer has it, and can sign in with it.
#[track_caller]
pub fn has(server: &Server, kind: Contact, client: &Client, name: &str) {
    let (record, contacts) = (client.record(), client.call("findPhoneAndEmail", json!({})).data());
    for told in [&record, &contacts] {
        assert_eq!(told[kind.field()], name, "{told}");
        assert!(kind == Email || told["phoneArea"] == "+86", "{told}");
        assert_eq!(told["customerNo"], record["customerNo"]);
    }
    assert!(kind.exists(server, name));
    assert_eq!(kind.signs_in(server, name).data()["customerNo"], record["customerNo"]);
}

/// The old one is nobody's any more.
#[track_caller]
pub fn is_free(server: &Server, kind: Contact, name: &str) {
    assert!(!kind.exists(server, name));
    kind.signs_in(server, name).refused(WRONG_ACCOUNT_OR_PASSWORD);
    let newcomer = kind.other().owner(server);
    bind(kind, name).goes_out(&newcomer.client).data();
    has(server, kind, &newcomer.client, name);
}

/// The new address is not asked whether it was its owner.
#[track_caller]
pub fn was_not_asked(server: &Server, kind: Contact, name: &str) {
    let texts: Vec<String> = match kind {
        Email => server.mail.inbox().all_to(name).iter().map(|mail| mail.text.clone()).collect(),
        Phone => {
            server.sms.inbox().all_to(&format!("+86{name}")).iter().map(|sms| sms.text.clone()).collect()
        }
    };
    assert_eq!(texts.len(), 1, "nothing but the code: {texts:?}");
}

/// The old one stays until the new one is proved, and is free then.
#[track_caller]
pub fn replaces(server: &Server, kind: Contact, person: &Person, form: &Form, name: &str) {
    let old = kind.of(person);
    let mut codes = form.codes(&person.client);
    let right = codes[0].clone();
    codes[0] = right.wrong();
    assert!(!form.send(&person.client, &codes).is_ok());
    has(server, kind, &person.client, &old);
    assert!(!kind.exists(server, name));
    codes[0] = right;
    form.send(&person.client, &codes).data();
    has(server, kind, &person.client, name);
    is_free(server, kind, &old);
}

/// A change to the same is none.
#[track_caller]
pub fn refuses_the_old_one(kind: Contact, person: &Person, form_of: impl Fn(&str) -> Form) {
    let before = person.client.record();
    let same = form_of(&kind.of(person));
    same.goes_out(&person.client).refused(kind.pick(SAME_EMAIL, SAME_PHONE));
    assert_eq!(person.client.record(), before);
}
