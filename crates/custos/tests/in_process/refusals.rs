//! Every refusal that registering, signing in and what is read after it can meet: the code is seen, and nothing is
//! written but counters of tries, limits and the audit log. Refusals of codes are in `refusals_of_codes`.

use crate::common::{
    BAD_FIELD, Backend, Code, Customer, DEAD_TOKEN, EMAIL_TAKEN, House, LEAVING, LOCKED, MISSING_FIELD,
    NO_GOOGLE, NO_TOKEN, PASSWORD, Reply, SUSPENDED, TOO_OFTEN, WRONG_CODE, WRONG_GOOGLE, WRONG_SIGN_IN,
    fresh_email, md5, on_both, registration,
};
use custos_customers::customer::Status;
use serde_json::{Value, json};

const PHONE_TAKEN: &str = "CUSTOMER_API_0000106";
const NUMBERS_SPENT: &str = "CUSTOMER_API_0000110";
const WEAK_PASSWORD: &str = "CUSTOMER_API_0000139";
const NO_OPENING_GROUP: &str = "CUSTOMER_API_0000306";
const BAD_PHONE: &str = "CUSTOMER_API_0000504";
const BAD_AREA: &str = "CUSTOMER_API_0000507";
const BAD_EMAIL: &str = "CUSTOMER_API_0000510";
const COUNTRY_NOT_SERVED: &str = "CUSTOMER_API_0001003";

on_both!(
    registrations_that_are_malformed,
    registrations_with_a_weak_password,
    registrations_of_taken_addresses,
    registrations_that_the_company_cannot_take,
    sign_ins_with_wrong_secrets,
    sign_ins_of_those_out_of_use,
    sign_ins_without_the_second_factor,
    what_needs_a_session,
    what_the_profile_refuses,
    probes,
);

impl House {
    /// The refusal must come, and nothing may be written.
    #[track_caller]
    pub(crate) fn refuses(&self, code: &str, call: impl FnOnce() -> Reply) -> Reply {
        let before = self.snapshot();
        let reply = call();
        reply.is(code);
        before.is_still(&self.snapshot(), code);
        reply
    }
}

/// A registration with one thing changed; the code is good.
struct Form<'a> {
    house: &'a House,
    email: String,
    code: Code,
}

impl<'a> Form<'a> {
    fn new(house: &'a House) -> Self {
        let email = fresh_email();
        let code = house.visitor().code("EMAIL_REGISTER", &email);
        Self { house, email, code }
    }

    fn with(&self, changes: &Value) -> Value {
        let mut body = registration(&self.email, &self.code);
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    }

    #[track_caller]
    fn is_refused(&self, code: &str, changes: &Value) -> Reply {
        self.house.refuses(code, || self.house.visitor().call("register", self.with(changes)))
    }

    /// None of the refusals has used the code up.
    #[track_caller]
    fn is_accepted(&self) {
        self.house.visitor().call("register", self.with(&json!({}))).is("0");
    }
}

fn registrations_that_are_malformed(backend: Backend) {
    let house = House::open(backend);
    let form = Form::new(&house);
    for field in ["country", "loginName", "type", "verifyCode", "sendToken", "registerSource"] {
        form.is_refused(MISSING_FIELD, &json!({ field: "" })).naming(field);
    }
    for (field, value) in [
        ("country", json!("XX")),
        ("country", json!("ISO_3166_000")),
        ("type", json!(3)),
        ("registerSource", json!("many")),
        ("openAccountType", json!(2)),
        ("customerGroupId", json!("first")),
    ] {
        form.is_refused(BAD_FIELD, &json!({ field: value })).naming(field);
    }
    for name in ["no address", "a@", "@b.c", "a b@c.d", "a@b\u{1F600}"] {
        form.is_refused(BAD_EMAIL, &json!({ "loginName": name }));
    }
    form.is_refused(BAD_PHONE, &json!({ "type": 2, "loginName": "123", "phoneArea": "+86" }));
    form.is_refused(BAD_AREA, &json!({ "type": 2, "loginName": "13800000000", "phoneArea": "+999" }));
    form.is_accepted();
}

fn registrations_with_a_weak_password(backend: Backend) {
    let house = House::open(backend);
    let form = Form::new(&house);
    let mut weak = vec!["Tr0ub4dor&3x".to_owned(), "0".repeat(31), "0".repeat(33), "g".repeat(32)];
    weak.extend(["", "123456", "password", "111111", "654321", "qwerty"].map(md5));
    weak.push(md5("123456").to_uppercase());
    for pwd in weak {
        form.is_refused(WEAK_PASSWORD, &json!({ "pwd": pwd }));
    }
    form.is_accepted();
}

fn registrations_of_taken_addresses(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.bind_phone(&ada, "13900000001");
    let visitor = house.visitor();
    let code = visitor.code("EMAIL_REGISTER", &ada.email);
    for email in [ada.email.clone(), ada.email.to_uppercase(), format!(" {}", ada.email)] {
        house.refuses(EMAIL_TAKEN, || visitor.call("register", registration(&email, &code)));
    }
    let code = visitor.code("SMS_REGISTER", "+86 13900000001");
    for (area, name) in [("+86", "13900000001"), ("86", "139 0000 0001")] {
        let mut body = registration(name, &code);
        (body["type"], body["phoneArea"]) = (json!(2), json!(area));
        house.refuses(PHONE_TAKEN, || visitor.call("register", body));
    }
}

fn registrations_that_the_company_cannot_take(backend: Backend) {
    let house = House::open(backend);
    let form = Form::new(&house);
    for set in ["US", "us", "ISO_3166_840"] {
        house.set(1, move |settings| settings.restricted_countries = vec![set.to_owned()]);
        for country in ["US", "ISO_3166_840"] {
            form.is_refused(COUNTRY_NOT_SERVED, &json!({ "country": country }));
        }
    }
    house.set(1, |settings| (settings.number_first, settings.number_last) = (10_000_000, 10_000_000));
    Form::new(&house).is_accepted();
    form.is_refused(NUMBERS_SPENT, &json!({}));
    house.set(1, |settings| settings.number_last = 99_999_999);
    let open = |opens: i64| {
        house.write(move |tx| {
            tx.execute("UPDATE customer_groups SET opens_accounts = $1", custos_store::params![opens])?;
            Ok(())
        });
    };
    open(0);
    form.is_refused(NO_OPENING_GROUP, &json!({}));
    open(1);
    form.is_accepted();
}

fn sign_ins_with_wrong_secrets(backend: Backend) {
    let house = House::open(backend);
    let (ada, stranger) = (house.customer(), house.visitor());
    for name in [
        json!({ "type": 1, "loginName": ada.email }),
        json!({ "type": 1, "loginName": "nobody@example.com" }),
        json!({ "type": 1, "loginName": "no address" }),
        json!({ "type": 2, "loginName": "13900000009" }),
        json!({ "type": 3, "loginName": ada.number }),
        json!({ "type": 3, "loginName": "00000000" }),
    ] {
        for password in [md5("wrong"), md5("")] {
            let mut body = name.clone();
            body["loginPwd"] = password.into();
            house.refuses(WRONG_SIGN_IN, || stranger.call("login", body));
        }
    }
    let bind = json!({ "type": 1, "loginName": ada.email, "bindThirdUserId": "7", "thirdSource": "google" });
    house.refuses(WRONG_SIGN_IN, || stranger.call("login", bind));
    for (password, code) in [("short", WEAK_PASSWORD), ("", MISSING_FIELD)] {
        let body = json!({ "type": 1, "loginName": ada.email, "loginPwd": password });
        house.refuses(code, || stranger.call("login", body));
    }
    let (ben, elsewhere) = (house.customer(), house.visitor());
    for _ in 0..5 {
        ben.fails_from(&elsewhere).is(WRONG_SIGN_IN);
    }
    house.refuses(LOCKED, || ben.fails_from(&elsewhere));
    house.refuses(LOCKED, || ben.signs_in_from(&elsewhere));
    let code = house.visitor().code("EMAIL_LOGIN", &ben.email);
    house.refuses(LOCKED, || elsewhere.call("login", ben.by_code(&code)));
    house.refuses(WRONG_CODE, || ben.home.call("login", ben.by_code(&code.wrong())));
    // Locked for that stranger, and the code is still good at home.
    ben.home.call("login", ben.by_code(&code)).is("0");
}

fn sign_ins_of_those_out_of_use(backend: Backend) {
    let house = House::open(backend);
    for (status, by_name, by_number, by_code) in [
        (Status::Disabled, SUSPENDED, SUSPENDED, SUSPENDED),
        (Status::Locked, LOCKED, LOCKED, LOCKED),
        // Their addresses are free again.
        (Status::Deleted, WRONG_SIGN_IN, SUSPENDED, WRONG_CODE),
        (Status::Closed, WRONG_SIGN_IN, SUSPENDED, WRONG_CODE),
    ] {
        let customer = house.customer();
        let code = house.visitor().code("EMAIL_LOGIN", &customer.email);
        house.put_into_status(&customer, status);
        house.refuses(by_name, || customer.signs_in_from(&customer.home));
        house.refuses(by_code, || customer.home.call("login", customer.by_code(&code)));
        let number = |typed: &str| json!({ "type": 3, "loginName": customer.number, "loginPwd": md5(typed) });
        house.refuses(by_number, || customer.home.call("login", number(PASSWORD)));
        // Who does not know the password learns nothing of it.
        house.refuses(WRONG_SIGN_IN, || house.visitor().call("login", number("wrong")));
    }
}

fn sign_ins_without_the_second_factor(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let secret = house.turn_mfa_on(&ada);
    let wrong = house.wrong_google_code(&secret);
    let code = ada.home.code("EMAIL_LOGIN", &ada.email);
    let google = |mut body: Value| {
        body["googleCode"] = wrong.clone().into();
        body
    };
    house.refuses(NO_GOOGLE, || ada.signs_in_from(&ada.home));
    house.refuses(NO_GOOGLE, || ada.home.call("login", ada.by_code(&code)));
    house.refuses(WRONG_GOOGLE, || ada.home.call("login", google(ada.by_code(&code))));
    // A right password with a wrong code is told to the customer: that notice is all that is written.
    let before = house.snapshot().but("outbox").but("messages").but("customer_keys");
    ada.home.call("login", google(ada.by_password())).is(WRONG_GOOGLE);
    before.is_still(&house.snapshot(), "a wrong google code");
}

fn what_needs_a_session(backend: Backend) {
    let house = House::open(backend);
    let (ada, ben) = (house.customer(), house.customer());
    house.put_into_status(&ben, Status::Closing);
    let leaving = ben.home.with_token(&ben.signs_in_from(&ben.home).text("token"));
    ada.home.call("logout", json!({})).is("0");
    let nobody = house.visitor();
    for (operation, body) in [
        ("findCustomerInfo", json!({})),
        ("findPhoneAndEmail", json!({})),
        ("findCustomerLang", json!({})),
        ("changeLang", json!({ "newLang": "zh-CN" })),
        ("randomKey", json!({})),
    ] {
        house.refuses(NO_TOKEN, || nobody.call(operation, body.clone()));
        house.refuses(DEAD_TOKEN, || ada.home.call(operation, body.clone()));
        if operation != "findCustomerInfo" {
            house.refuses(LEAVING, || leaving.call(operation, body));
        }
    }
    for kind in ["EMAIL_LOGINED", "SMS_LOGINED"] {
        house.refuses(NO_TOKEN, || nobody.asks(kind, &ada.email));
        house.refuses(DEAD_TOKEN, || ada.home.asks(kind, &ada.email));
    }
    house.set(1, |settings| settings.check_status_open = false);
    let body = json!({ "type": 1, "loginName": ben.email });
    house.refuses(NO_TOKEN, || nobody.call("checkStatus", body.clone()));
    house.refuses(DEAD_TOKEN, || ada.home.call("checkStatus", body));
    // Signing out twice is no refusal, and writes nothing either.
    house.refuses("0", || ada.home.call("logout", json!({})));
    house.refuses("0", || nobody.call("logout", json!({})));
}

fn what_the_profile_refuses(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for lang in ["th-TH", "en", "zh", "xx", "e", "en_US"] {
        house
            .refuses(BAD_FIELD, || ada.home.call("changeLang", json!({ "newLang": lang })))
            .naming("newLang");
    }
    house.refuses(MISSING_FIELD, || ada.home.call("changeLang", json!({ "newLang": "" }))).naming("newLang");
    assert_eq!(lang_of(&ada), "en-US");
}

fn lang_of(customer: &Customer) -> Value {
    customer.home.call("findCustomerLang", json!({})).data().clone()
}

fn probes(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.visitor();
    let body = json!({ "type": 1, "loginName": "someone@example.com" });
    for _ in 0..20 {
        visitor.call("checkStatus", body.clone()).is("0");
    }
    for operation in ["checkCustomerExist", "checkStatus", "checkGoogleMFAStatus"] {
        house.refuses(TOO_OFTEN, || visitor.call(operation, body.clone()));
        for kind in [0, 4] {
            let body = json!({ "type": kind, "loginName": "someone@example.com" });
            house.refuses(BAD_FIELD, || visitor.call(operation, body)).naming("type");
        }
    }
    house
        .refuses(MISSING_FIELD, || visitor.call("checkCustomerExist", json!({ "type": 1 })))
        .naming("loginName");
}
