//! What a customer has in the company's own wallet system, which a server of the test's plays.

use crate::common::{Backend, Customer, House, Reply, SECOND, on_both};
use crate::http_server::{HttpServer, Request, response};
use custos_customers::third_party;
use custos_store::params;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::net::TcpListener;

on_both!(
    a_balance_is_what_the_system_says,
    without_an_address_a_key_or_a_code_nobody_is_asked,
    a_bad_answer_is_none,
    a_system_that_is_slow_or_down_is_told_so,
    one_that_does_not_answer_is_left_alone_for_a_while,
    customers_whom_the_system_does_not_know_shut_no_door,
    a_door_is_of_one_company,
);

const KEY: &str = include_str!("../../../delivery/tests/drivers/wallet_key.pem");
const OPERATION: &str = "queryLatestBalanceOfUserAccountInExternalSystem";
const NOT_OPEN: &str = "GATEWAY_CODE_201";
const DOWN: &str = "GATEWAY_CODE_011";
const UNUSABLE: &str = "GATEWAY_CODE_013";

/// A company with a wallet system, and a customer whom that knows.
struct Shop {
    house: House,
}

impl Shop {
    fn new(backend: Backend) -> Self {
        let house = House::open_with(backend, |config| {
            config.wallet_networks = vec!["127.0.0.1".to_owned()];
            config.wallet_timeout_ms = 300;
        });
        Self { house }
    }

    fn has_key(&self, company: i64, key: Option<&'static str>) {
        self.house.write(move |tx| Ok(third_party::set_secret(tx, company, third_party::WALLET_KEY, key)?));
    }

    fn is_at(&self, company: i64, url: &str) {
        let url = url.to_owned();
        self.house.set(company, move |settings| settings.wallet.url.clone_from(&url));
    }

    /// A customer whom the wallet system knows by their number with an x before it.
    fn customer(&self, company: i64) -> Customer {
        let customer = self.house.customer_of(company);
        self.known_as(&customer, &format!("x{}", customer.number));
        self.has_key(company, Some(KEY));
        customer
    }

    fn known_as(&self, customer: &Customer, code: &str) {
        let (id, code) = (customer.id, code.to_owned());
        self.house.write(move |tx| {
            tx.execute("UPDATE customers SET third_server_code = $2 WHERE id = $1", params![id, &code])?;
            tx.touch(id);
            Ok(())
        });
    }

    /// Asks while the system gives one answer.
    fn asks(&self, customer: &Customer, status: &str, body: &Value) -> (Reply, Request) {
        let server = HttpServer::start(vec![response(status, "", &body.to_string())]);
        self.is_at(customer.company, &server.base);
        (balance(customer), server.only_request())
    }

    /// Asks where nobody listens.
    fn asks_nobody(&self, customer: &Customer) -> Reply {
        let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        self.is_at(customer.company, &format!("http://{unused}"));
        balance(customer)
    }
}

fn balance(customer: &Customer) -> Reply {
    customer.home.call(OPERATION, json!({}))
}

fn good(data: Value) -> Value {
    json!({ "bizCode": "", "code": "0", "msg": "ok", "data": data, "ok": true, "fail": false })
}

fn a_balance_is_what_the_system_says(backend: Backend) {
    let shop = Shop::new(backend);
    let ada = shop.customer(1);
    let mut numbers = HashSet::new();
    let data = json!({ "userName": ada.number, "currency": "USD", "amount": "12345678901234567.5", "amountDigits": 2 });
    for _ in 0..2 {
        let (reply, request) = shop.asks(&ada, "200 OK", &good(data.clone()));
        let due = json!({ "amount": "12345678901234567.50", "currency": "USD", "amountDigits": "2" });
        assert_eq!(*reply.data(), due);
        assert_eq!(request.line, "POST /get-user-amount HTTP/1.1");
        assert_eq!((request.header("companyid"), request.header("trace")), (Some("1"), Some("in-process")));
        assert_eq!(request.header("timestamp").unwrap(), shop.house.now().to_string());
        assert!(request.header("signature").is_some() && request.header("signversion") == Some("2"));
        let mut body = request.json();
        let number = body["requestUniqueNo"].take();
        assert!((1..=48).contains(&number.as_str().unwrap().len()));
        // A question is never asked twice under one number.
        assert!(numbers.insert(number.to_string()));
        let due = json!({
            "thirdServerCode": format!("x{}", ada.number), "userName": ada.number, "currency": "USD",
            "requestUniqueNo": null,
        });
        assert_eq!(body, due);
    }
    // A currency of the company's choice; numbers for texts and texts for numbers.
    shop.house.set(1, |settings| settings.wallet.currency = "JPY".to_owned());
    for (amount, digits, due) in [
        (json!(7), json!("0"), "7"),
        (json!("-7"), json!(0), "-7"),
        (json!("0.10"), json!(18), "0.100000000000000000"),
    ] {
        let (reply, request) =
            shop.asks(&ada, "200 OK", &good(json!({ "amount": amount, "amountDigits": digits })));
        assert_eq!((reply.text("amount").as_str(), reply.text("currency").as_str()), (due, "JPY"));
        assert_eq!(request.json()["currency"], "JPY");
    }
}

fn without_an_address_a_key_or_a_code_nobody_is_asked(backend: Backend) {
    let shop = Shop::new(backend);
    let ada = shop.customer(1);
    balance(&ada).is(NOT_OPEN);
    let watched = TcpListener::bind("127.0.0.1:0").unwrap();
    watched.set_nonblocking(true).unwrap();
    shop.is_at(1, &format!("http://{}", watched.local_addr().unwrap()));
    shop.has_key(1, None);
    balance(&ada).is(NOT_OPEN);
    shop.has_key(1, Some(KEY));
    shop.known_as(&ada, "");
    balance(&ada).is(NOT_OPEN);
    assert!(watched.accept().is_err(), "something was asked");
}

fn a_bad_answer_is_none(backend: Backend) {
    let shop = Shop::new(backend);
    let ada = shop.customer(1);
    let data = json!({ "userName": ada.number, "currency": "USD", "amount": "1", "amountDigits": 2 });
    let but = |field: &str, value: Value| {
        let mut data = data.clone();
        data[field] = value;
        good(data)
    };
    let mut bad = vec![
        but("userName", "10000000".into()),
        but("currency", "EUR".into()),
        but("amount", Value::Null),
        but("amountDigits", Value::Null),
        but("amountDigits", 19.into()),
        but("amountDigits", (-1).into()),
        good(Value::Null),
        good(json!({})),
        json!({ "code": "US_0000002", "data": data }),
        json!([]),
    ];
    let amounts = ["1.001", "1e3", "", "NaN", "1,0", "9".repeat(60).as_str()]
        .map(|amount| but("amount", amount.into()));
    bad.extend(amounts);
    for answer in bad {
        shop.asks(&ada, "200 OK", &answer).0.is(UNUSABLE);
    }
    for status in ["301 Moved Permanently", "404 Not Found"] {
        shop.asks(&ada, status, &good(data.clone())).0.is(UNUSABLE);
    }
    shop.asks(&ada, "200 OK", &good(data)).0.is("0");
}

fn a_system_that_is_slow_or_down_is_told_so(backend: Backend) {
    let shop = Shop::new(backend);
    let ada = shop.customer(1);
    let before = shop.house.snapshot().but("companies");
    shop.asks_nobody(&ada).is(DOWN);
    shop.asks(&ada, "503 Service Unavailable", &json!({})).0.is(DOWN);
    // It takes the connection, and says nothing.
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    shop.is_at(1, &format!("http://{}", slow.local_addr().unwrap()));
    balance(&ada).is(DOWN);
    // A place that the configuration does not name.
    let watched = TcpListener::bind("127.0.0.2:0").unwrap();
    watched.set_nonblocking(true).unwrap();
    for scheme in ["http", "https"] {
        shop.is_at(1, &format!("{scheme}://{}", watched.local_addr().unwrap()));
        balance(&ada).is(DOWN);
    }
    assert!(watched.accept().is_err(), "something was asked");
    before.is_still(&shop.house.snapshot().but("companies"), "a question");
}

fn one_that_does_not_answer_is_left_alone_for_a_while(backend: Backend) {
    let shop = Shop::new(backend);
    let ada = shop.customer(1);
    let data = good(json!({ "amount": "1", "amountDigits": 2 }));
    let refusal = json!({ "code": "US_0000002" });
    // An answer in between begins the count anew, though it says no.
    for _ in 0..4 {
        shop.asks_nobody(&ada).is(DOWN);
    }
    shop.asks(&ada, "200 OK", &refusal).0.is(UNUSABLE);
    for _ in 0..5 {
        shop.asks_nobody(&ada).is(DOWN);
    }
    // Now it would answer, and is not asked.
    let watched = TcpListener::bind("127.0.0.1:0").unwrap();
    watched.set_nonblocking(true).unwrap();
    shop.is_at(1, &format!("http://{}", watched.local_addr().unwrap()));
    for _ in 0..3 {
        balance(&ada).is(DOWN);
    }
    shop.house.advance(30 * SECOND - 1);
    balance(&ada).is(DOWN);
    assert!(watched.accept().is_err(), "something was asked");
    shop.house.advance(1);
    assert_eq!(shop.asks(&ada, "200 OK", &data).0.text("amount"), "1.00");
    assert_eq!(shop.asks(&ada, "200 OK", &data).0.text("amount"), "1.00");
}

fn customers_whom_the_system_does_not_know_shut_no_door(backend: Backend) {
    let shop = Shop::new(backend);
    let (ada, ben) = (shop.customer(1), shop.customer(1));
    let data = good(json!({ "amount": "1", "amountDigits": 2 }));
    for status in ["404 Not Found", "400 Bad Request", "301 Moved Permanently"] {
        for _ in 0..3 {
            shop.asks(&ada, status, &data).0.is(UNUSABLE);
        }
    }
    assert_eq!(shop.asks(&ben, "200 OK", &data).0.text("amount"), "1.00");
}

fn a_door_is_of_one_company(backend: Backend) {
    let shop = Shop::new(backend);
    let other = shop.house.add_company(true);
    let (ada, cam) = (shop.customer(1), shop.customer(other));
    for _ in 0..6 {
        shop.asks_nobody(&ada).is(DOWN);
    }
    let data = json!({ "userName": cam.number, "currency": "USD", "amount": "3", "amountDigits": 2 });
    let (reply, request) = shop.asks(&cam, "200 OK", &good(data));
    assert_eq!(reply.text("amount"), "3.00");
    assert_eq!(request.header("companyid").unwrap(), other.to_string());
    assert_eq!(request.json()["userName"], cam.number.as_str());
}
