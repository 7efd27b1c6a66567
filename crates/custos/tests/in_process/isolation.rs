//! Two companies in one server: each operation is tried with what belongs to the other company.
//!
//! The operations are those that there are: one that needs a customer is tried by itself, and one for guests that
//! nobody has said how to try fails the test.

use crate::common::{
    Backend, Client, Code, Customer, DEAD_TOKEN, House, Snapshot, WRONG_CODE, WRONG_SIGN_IN, biz_type,
    example, md5, on_both, registration,
};
use custos_operations::api::entries;
use custos_operations::operation::Access;
use serde_json::{Value, json};

on_both!(
    every_operation_keeps_to_its_company,
    one_address_is_a_customer_in_each,
    a_google_code_is_of_one_customer_of_one_company,
);

/// What belongs to company 1, and a visitor of the other company who has got hold of it.
struct Theft {
    house: House,
    owner: Customer,
    phone: &'static str,
    /// A guest on the other company's pages.
    thief: Client,
}

impl Theft {
    fn new(backend: Backend) -> Self {
        let house = House::open(backend);
        let other = house.add_company(true);
        let owner = house.customer();
        let phone = "13900000001";
        house.bind_phone(&owner, phone);
        let thief = house.visitor().of_company(other);
        Self { house, owner, phone, thief }
    }

    /// The ways to name the owner.
    fn names(&self) -> [Value; 4] {
        [
            json!({ "type": 1, "loginName": self.owner.email }),
            json!({ "type": 2, "loginName": self.phone }),
            json!({ "type": 2, "loginName": self.phone, "phoneArea": "+86" }),
            json!({ "type": 3, "loginName": self.owner.number }),
        ]
    }

    fn stolen_code(&self, kind: &str) -> Code {
        self.house.visitor().code(kind, &self.owner.email)
    }
}

/// Operations in which nothing could be of another company.
const NOTHING_TO_STEAL: [&str; 7] = [
    "getCountryListByParentCode",
    "getListByParentCode",
    "getListByParentId",
    "findCompanyCountry",
    "config",
    "now",
    "country",
];

fn try_as_guest(theft: &Theft, operation: &str) {
    let Theft { house, owner, thief, .. } = theft;
    match operation {
        "register" => {
            for kind in ["EMAIL_REGISTER", "EMAIL_COMMON"] {
                let code = theft.stolen_code(kind);
                thief.call("register", registration(&owner.email, &code)).is(WRONG_CODE);
            }
        }
        "login" => {
            for mut body in theft.names() {
                body["loginPwd"] = md5(crate::common::PASSWORD).into();
                thief.call("login", body).is(WRONG_SIGN_IN);
            }
            let code = theft.stolen_code("EMAIL_LOGIN");
            thief.call("login", owner.by_code(&code)).is(WRONG_CODE);
            // It is still good where it belongs.
            house.visitor().call("login", owner.by_code(&code)).is("0");
        }
        "logout" => {
            let thief = thief.with_token(owner.home.call("randomKey", json!({})).data().as_str().unwrap());
            thief.call("logout", json!({})).is("0");
            thief.with("companyId", Some("1")).call("findCustomerInfo", json!({})).is("0");
        }
        "verifyCodeSend" => {
            let (sent, withheld) = house.sent_and_withheld();
            for kind in ["EMAIL_LOGIN", "EMAIL_PASSWORD"] {
                assert!(!thief.asks(kind, &owner.email).text("token").is_empty());
            }
            assert!(!thief.asks("SMS_LOGIN", &format!("+86 {}", theft.phone)).text("token").is_empty());
            assert_eq!(house.sent_and_withheld(), (sent, withheld + 3));
            let stranger = house.customer();
            let abroad = stranger.home.of_company(owner.company + 1);
            abroad.asks("EMAIL_LOGINED", "").is(DEAD_TOKEN);
        }
        "verifyCodeCheck" => {
            let code = theft.stolen_code("EMAIL_COMMON");
            for _ in 0..6 {
                thief.checks("EMAIL_COMMON", &owner.email, &code.wrong()).is(WRONG_CODE);
                thief.checks("EMAIL_COMMON", &owner.email, &code).is(WRONG_CODE);
            }
            // Six wrong tries elsewhere are none at all here.
            let proof = house.visitor().checks("EMAIL_COMMON", &owner.email, &code).text("token");
            thief.shows("EMAIL_COMMON", &owner.email, &proof).is(WRONG_CODE);
            house.visitor().shows("EMAIL_COMMON", &owner.email, &proof).is("0");
            let body = json!({ "bizType": biz_type("EMAIL_LOGINED"), "sendToken": code.ticket, "code": code.digits });
            house.customer().home.of_company(owner.company + 1).call("verifyCodeCheck", body).is(DEAD_TOKEN);
        }
        "checkCustomerExist" => {
            for body in theft.names() {
                assert_eq!(*thief.call(operation, body).data(), 2);
            }
        }
        "checkStatus" => {
            for body in theft.names() {
                let none = json!({ "status": 2, "country": "", "phoneArea": "" });
                assert_eq!(*thief.call(operation, body).data(), none);
            }
        }
        "checkGoogleMFAStatus" => {
            house.turn_mfa_on(&house.customer());
            for body in theft.names() {
                assert_eq!(*thief.call(operation, body).data(), 0);
            }
        }
        "groupList" => {
            let here = house.visitor().call(operation, json!({})).data().clone();
            let there = thief.call(operation, json!({})).data().clone();
            let ids = |groups: &Value| -> Vec<i64> {
                groups.as_array().unwrap().iter().map(|group| group["id"].as_i64().unwrap()).collect()
            };
            let (here, there) = (ids(&here), ids(&there));
            assert!(there.iter().all(|id| !here.contains(id)));
            // Asking for the other company's group gets one's own.
            let email = crate::common::fresh_email();
            let mut body = registration(&email, &thief.code("EMAIL_REGISTER", &email));
            body["customerGroupId"] = here[0].into();
            assert_eq!(thief.call("register", body).data()["customerGroupId"], there[0]);
        }
        "getSymbolBaseList" => {
            crate::news::loads(house, 1);
            assert_eq!(*thief.call(operation, json!({ "customerGroupId": 1 })).data(), json!([]));
        }
        "forgetLoginPwd" => {
            let code = theft.stolen_code("EMAIL_PASSWORD");
            let proof = house.visitor().checks("EMAIL_PASSWORD", &owner.email, &code).text("token");
            for mut body in theft.names() {
                let more = json!({
                    "newPwd": md5("another Passw0rd"), "verifyCode": code.digits, "sendToken": code.ticket,
                    "verifyCodeToken": proof,
                });
                body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
                let reply = thief.call("forgetLoginPwd", body);
                assert_ne!(reply.code(), "0");
            }
            owner.signs_in_from(&owner.home).is("0");
        }
        name => assert!(
            NOTHING_TO_STEAL.contains(&name),
            "say how another company's customer is tried with {name}"
        ),
    }
}

/// The rows of company 1's own customers.
fn belongings(house: &House, theft: &Customer) -> Vec<String> {
    house.texts(&format!(
        "SELECT number || ' ' || lang || ' ' || coalesce(email, '') || ' ' || coalesce(login_password, '') || ' ' || \
         CAST(mfa_id AS TEXT) || ' ' || CAST(status AS TEXT) FROM customers WHERE id = {}",
        theft.id
    ))
}

fn every_operation_keeps_to_its_company(backend: Backend) {
    let mut tried = Theft::new(backend);
    let other = tried.owner.company + 1;
    for entry in entries() {
        // Sends are counted; each operation is tried on a day of its own, with a sign-in of its own.
        tried.house.advance(25 * crate::common::HOUR);
        let token = tried.owner.signs_in_from(&tried.owner.home).text("token");
        tried.owner.home = tried.owner.home.with_token(&token);
        let before = belongings(&tried.house, &tried.owner);
        if entry.access == Access::Customer {
            let snapshot: Snapshot = tried.house.snapshot();
            let body = Value::Object(example(entry));
            tried.owner.home.of_company(other).call_entry(entry, &body).is(DEAD_TOKEN);
            snapshot.is_still(&tried.house.snapshot(), entry.name);
        } else {
            let short = entry.name.rsplit(['.', '/']).next().unwrap();
            try_as_guest(&tried, short);
        }
        assert_eq!(belongings(&tried.house, &tried.owner), before, "{}", entry.name);
    }
}

fn one_address_is_a_customer_in_each(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let here = house.customer();
    let visitor = house.visitor().of_company(other);
    let code = visitor.code("EMAIL_REGISTER", &here.email);
    let there = visitor.call("register", registration(&here.email, &code));
    assert_ne!(there.data()["id"], here.id);
    let there = visitor.with_token(&there.text("token"));
    // A lock here is none there, and neither is a change or a sign-out.
    let stranger = house.visitor();
    for _ in 0..5 {
        here.fails_from(&stranger).is(WRONG_SIGN_IN);
    }
    here.signs_in_from(&stranger).is(crate::common::LOCKED);
    here.signs_in_from(&stranger.of_company(other)).is("0");
    assert_eq!(here.status(), 5);
    assert_eq!(there.call("findCustomerInfo", json!({})).data()["status"], 1);
    here.home.call("changeLang", json!({ "newLang": "zh-HK" })).is("0");
    assert_eq!(*there.call("findCustomerLang", json!({})).data(), "en-US");
    here.home.call("logout", json!({})).is("0");
    there.call("findCustomerInfo", json!({})).is("0");
}

fn a_google_code_is_of_one_customer_of_one_company(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (here, there) = (house.customer(), house.customer_of(other));
    let (secret, _) = (house.turn_mfa_on(&here), house.turn_mfa_on(&there));
    let mut body = there.by_password();
    body["googleCode"] = house.google_code(&secret, 0).into();
    there.home.call("login", body).is(crate::common::WRONG_GOOGLE);
}
