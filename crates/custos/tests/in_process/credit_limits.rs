//! Credit limits in the company's own wallet system, which a server of the test's plays.

use crate::common::{Backend, Customer, House, MINUTE, SECOND, eventually, on_both};
use crate::http_server::{HttpServer, Request, response};
use custos_customers::credit_limit::{self, Purpose, State, Wish};
use custos_customers::{Code, third_party};
use custos_delivery::reach::Reach;
use custos_delivery::wallet::WalletClient;
use custos_operations::credit_limit::{Adjusted, Adjustment, adjust};
use custos_operations::error::Error;
use custos_operations::outside::Outside;
use custos_store::params;
use serde_json::{Value, json};
use std::net::TcpListener;
use std::time::Duration;

on_both!(
    an_adjustment_is_asked_once_and_told,
    what_nobody_knows_is_undone_until_that_is_acknowledged,
    a_crash_before_the_answer_leads_to_the_undoing,
    that_a_request_never_came_is_believed_after_a_while,
    an_adjustment_that_was_made_can_be_undone,
    that_a_request_never_came_is_not_believed_of_one_that_was_made,
    an_order_is_asked_for_once,
    nothing_goes_out_for_whom_it_may_not,
);

const KEY: &str = include_str!("../../../delivery/tests/drivers/wallet_key.pem");
const ADJUST: &str = "POST /external-system-credit-limit-adjustment HTTP/1.1";
const CANCEL: &str = "POST /cancel-external-system-credit-limit-adjustment HTTP/1.1";

struct Shop {
    house: House,
    ada: Customer,
    outside: Outside,
    runtime: tokio::runtime::Runtime,
}

fn ok() -> String {
    response("200 OK", "", r#"{"code":"0","msg":"","data":null,"ok":true}"#)
}

fn refusal(code: &str) -> String {
    response("200 OK", "", &json!({ "code": code, "fail": true }).to_string())
}

impl Shop {
    fn new(backend: Backend) -> Self {
        let house = House::open_with(backend, |config| {
            config.wallet_networks = vec!["127.0.0.1".to_owned()];
            config.wallet_timeout_ms = 300;
        });
        let ada = house.customer();
        house.write(move |tx| Ok(third_party::set_secret(tx, 1, third_party::WALLET_KEY, Some(KEY))?));
        let id = ada.id;
        house.write(move |tx| {
            tx.execute("UPDATE customers SET third_server_code = 'xada' WHERE id = $1", params![id])?;
            Ok(())
        });
        let client =
            WalletClient::new(Duration::from_millis(300), Reach::new(|address| address.is_loopback()));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        Self { house, ada, outside: Outside::new(client), runtime }
    }

    fn is_at(&self, url: &str) {
        let url = url.to_owned();
        self.house.set(1, move |settings| settings.wallet.url.clone_from(&url));
    }

    fn wish(&self) -> Adjustment {
        Adjustment {
            company_id: 1,
            customer_id: self.ada.id,
            currency: "usd".to_owned(),
            amount: "12.5".to_owned(),
            biz_type: 1,
            purpose: Purpose::OpenPosition,
            order_id: 77,
            ip: "203.0.113.9".to_owned(),
            metadata: r#"{"a":1}"#.to_owned(),
            actor: "operator:test".to_owned(),
        }
    }

    fn adjusts(&self, wish: Adjustment) -> Result<Adjusted, Error> {
        self.runtime.block_on(adjust(self.house.store(), &self.outside, wish))
    }

    /// The system gives these answers, one after the other; what was asked comes back.
    fn with(&self, answers: Vec<String>, work: impl FnOnce()) -> Vec<Request> {
        let server = HttpServer::start(answers);
        self.is_at(&server.base);
        work();
        server.requests()
    }

    fn state(&self, id: i64) -> String {
        self.house.read(move |tx| {
            let sql = "SELECT state FROM credit_limits WHERE company_id = 1 AND id = $1";
            Ok(tx.value::<String>(sql, params![id])?)
        })
    }

    fn comes_to(&self, id: i64, state: State) {
        eventually(state.as_str(), || (self.state(id) == state.as_str()).then_some(()));
    }

    /// A try has failed for this reason, and the message waits for the next one.
    fn has_failed(&self, reason: &str) {
        let like = format!("%{reason}%");
        eventually(reason, || {
            let like = like.clone();
            let sql = "SELECT count(*) FROM outbox WHERE channel = 'wallet' AND state = 'waiting' AND reason LIKE $1";
            let found = self.house.read(move |tx| Ok(tx.value::<i64>(sql, params![&like])?));
            (found == 1).then_some(())
        });
    }
}

fn an_adjustment_is_asked_once_and_told(backend: Backend) {
    let shop = Shop::new(backend);
    let mut numbers = Vec::new();
    for (answer, due) in [(refusal("US_9"), State::Refused), (ok(), State::Done)] {
        let mut requests = shop.with(vec![answer], || {
            let done = shop.adjusts(shop.wish()).unwrap();
            assert_eq!(done.state, due);
            assert_eq!(shop.state(done.id), due.as_str());
        });
        let request = requests.remove(0);
        assert_eq!(request.line, ADJUST);
        assert!(request.header("signature").is_some() && request.header("companyid") == Some("1"));
        let mut body = request.json();
        numbers.push(body["requestUniqueNo"].take());
        let due = json!({
            "thirdServerCode": "xada", "userName": shop.ada.number, "currency": "USD", "bizType": 1,
            "operationType": "OPEN_POSITION", "amount": "12.50", "amountDigits": 2, "orderId": 77,
            "requestUniqueNo": null, "requestTime": shop.house.now(), "ip": "203.0.113.9",
            "metadata": "{\"a\":1}",
        });
        assert_eq!(body, due);
    }
    assert_ne!(numbers[0], numbers[1]);
    assert!((1..=48).contains(&numbers[0].as_str().unwrap().len()));
    assert_eq!(shop.house.number("SELECT count(*) FROM outbox WHERE channel = 'wallet'"), 0);
    // What names the customer there lies nowhere in the open.
    let open: i64 = shop.house.read(|tx| {
        let sql = "SELECT count(*) FROM credit_limits WHERE reason LIKE '%xada%' OR sealed = $1";
        Ok(tx.value::<i64>(sql, params![b"xada".as_slice()])?)
    });
    assert_eq!(open, 0);
}

fn what_nobody_knows_is_undone_until_that_is_acknowledged(backend: Backend) {
    let shop = Shop::new(backend);
    // It takes the connection, and says nothing.
    let slow = TcpListener::bind("127.0.0.1:0").unwrap();
    shop.is_at(&format!("http://{}", slow.local_addr().unwrap()));
    let done = shop.adjusts(shop.wish()).unwrap();
    assert_eq!(done.state, State::Unknown);
    shop.has_failed("no answer in time");
    drop(slow);
    let requests = shop.with(vec![response("503 Down", "", ""), ok()], || {
        shop.house.jump(10 * MINUTE);
        shop.has_failed("503");
        shop.house.jump(10 * MINUTE);
        shop.comes_to(done.id, State::Undone);
    });
    let bodies: Vec<Value> = requests
        .iter()
        .map(|request| {
            assert_eq!(request.line, CANCEL);
            request.json()
        })
        .collect();
    // Tried again under the same number: it is one wish.
    assert_eq!(bodies[0]["requestUniqueNo"], bodies[1]["requestUniqueNo"]);
    let asked = shop.house.read(|tx| Ok(credit_limit::list(tx, 1, None, (i64::MAX, 10))?)).remove(0);
    assert_eq!(bodies[1]["reverseRequestUniqueNo"], asked.request_no.as_str());
    assert_ne!(bodies[1]["requestUniqueNo"], bodies[1]["reverseRequestUniqueNo"]);
    for (name, due) in [
        ("thirdServerCode", json!("xada")),
        ("userName", json!(shop.ada.number)),
        ("amount", json!("12.50")),
        ("amountDigits", json!(2)),
        ("currency", json!("USD")),
        ("bizType", json!(1)),
        ("orderId", json!(77)),
        ("ip", json!("203.0.113.9")),
    ] {
        assert_eq!(bodies[1][name], due, "{name}");
    }
    assert!(!bodies[1]["cancelRemark"].as_str().unwrap().is_empty());
}

fn a_crash_before_the_answer_leads_to_the_undoing(backend: Backend) {
    let shop = Shop::new(backend);
    let customer_id = shop.ada.id;
    // Written down, and then the program was gone.
    let asked = shop.house.write(move |tx| {
        let wish = Wish {
            company_id: 1,
            customer_id,
            currency: "USD",
            amount: "-3.00",
            digits: 2,
            biz_type: 2,
            purpose: Purpose::AbnormalOvertrading,
            order_id: 5,
            ip: "203.0.113.9",
            metadata: "",
            actor: "operator:test",
        };
        Ok(credit_limit::begin(tx, &wish)?)
    });
    let give_up = || shop.house.write(|tx| Ok(credit_limit::give_up_some(tx, 10)?));
    shop.house.jump(60 * SECOND - 1);
    assert_eq!(give_up(), 0, "it may still be on its way");
    let requests = shop.with(vec![ok()], || {
        shop.house.jump(1);
        assert_eq!((give_up(), give_up()), (1, 0));
        shop.comes_to(asked.id, State::Undone);
    });
    assert_eq!((requests[0].line.as_str(), &requests[0].json()["amount"]), (CANCEL, &json!("3.00")));
    // Whoever comes back with an answer after all is told how it stands.
    let late = shop
        .house
        .write(move |tx| Ok(credit_limit::told(tx, 1, asked.id, (credit_limit::Outcome::Done, ""))?));
    assert_eq!((late, shop.state(asked.id).as_str()), (State::Undone, "undone"));
}

fn that_a_request_never_came_is_believed_after_a_while(backend: Backend) {
    let shop = Shop::new(backend);
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    shop.is_at(&format!("http://{unused}"));
    let done = shop.adjusts(shop.wish()).unwrap();
    assert_eq!(done.state, State::Unknown);
    shop.has_failed("connection");
    let never = || refusal("US_0000002");
    let requests = shop.with(vec![never(), never()], || {
        shop.house.jump(9 * MINUTE);
        shop.has_failed("US_0000002");
        assert_eq!(shop.state(done.id), "unknown");
        shop.house.jump(10 * MINUTE);
        shop.comes_to(done.id, State::Undone);
    });
    assert_eq!(requests.len(), 2);
}

fn an_adjustment_that_was_made_can_be_undone(backend: Backend) {
    let shop = Shop::new(backend);
    let mut id = 0;
    let requests = shop.with(vec![ok(), refusal("US_0000001")], || {
        id = shop.adjusts(shop.wish()).unwrap().id;
        let undo = move |tx: &mut custos_store::Tx<'_>| {
            Ok::<_, Error>(credit_limit::undo(tx, 1, id, ("the order failed", "operator:test"))?)
        };
        shop.house.write(undo);
        shop.comes_to(id, State::Undone);
        let again = shop.house.store().write_blocking(undo).unwrap_err();
        assert_eq!(again.code(), Code::NotFound.as_str());
    });
    assert_eq!(requests[1].json()["cancelRemark"], "the order failed");
}

fn that_a_request_never_came_is_not_believed_of_one_that_was_made(backend: Backend) {
    let shop = Shop::new(backend);
    shop.with(vec![ok(), refusal("US_0000002")], || {
        let id = shop.adjusts(shop.wish()).unwrap().id;
        shop.house.write(move |tx| Ok(credit_limit::undo(tx, 1, id, ("the order failed", "operator:test"))?));
        // Whenever it says so, and without moving the clock: a try that is on its way would be made again.
        shop.has_failed("though it was done");
        assert_eq!(shop.state(id), "undoing");
    });
}

fn an_order_is_asked_for_once(backend: Backend) {
    let shop = Shop::new(backend);
    let mut ids = Vec::new();
    let requests = shop.with(vec![ok(), ok(), ok(), ok()], || {
        ids.push(shop.adjusts(shop.wish()).unwrap().id);
        let again = shop.adjusts(shop.wish()).unwrap_err();
        assert_eq!(again.code(), Code::InProgress.as_str());
        ids.push(shop.adjusts(Adjustment { order_id: 78, ..shop.wish() }).unwrap().id);
        // A position may be closed in parts.
        let close = || Adjustment { purpose: Purpose::NormalClose, ..shop.wish() };
        ids.push(shop.adjusts(close()).unwrap().id);
        ids.push(shop.adjusts(close()).unwrap().id);
    });
    assert_eq!(requests.len(), 4);
    // Nobody knows what became of this one: the next part has to wait.
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    shop.is_at(&format!("http://{unused}"));
    let close = || Adjustment { purpose: Purpose::NormalClose, ..shop.wish() };
    assert_eq!(shop.adjusts(close()).unwrap().state, State::Unknown);
    assert_eq!(shop.adjusts(close()).unwrap_err().code(), Code::InProgress.as_str());
}

fn nothing_goes_out_for_whom_it_may_not(backend: Backend) {
    let shop = Shop::new(backend);
    let watched = TcpListener::bind("127.0.0.1:0").unwrap();
    watched.set_nonblocking(true).unwrap();
    shop.is_at(&format!("http://{}", watched.local_addr().unwrap()));
    let refused = |change: &dyn Fn(&mut Adjustment), code: &str| {
        let mut wish = shop.wish();
        change(&mut wish);
        assert_eq!(shop.adjusts(wish).unwrap_err().code(), code);
    };
    refused(&|wish| wish.amount = "-1".to_owned(), "GATEWAY_CODE_104");
    refused(&|wish| wish.amount = "0.00".to_owned(), "GATEWAY_CODE_104");
    refused(&|wish| wish.amount = "1.001".to_owned(), "GATEWAY_CODE_104");
    refused(&|wish| wish.purpose = Purpose::AbnormalOvertrading, "GATEWAY_CODE_104");
    refused(&|wish| wish.biz_type = 3, "GATEWAY_CODE_104");
    refused(&|wish| wish.currency = "XYZ".to_owned(), "GATEWAY_CODE_104");
    refused(&|wish| wish.metadata = "x".repeat(201), "GATEWAY_CODE_104");
    let ben = shop.house.customer();
    refused(&|wish| wish.customer_id = ben.id, "GATEWAY_CODE_201");
    // Another company's.
    let other = shop.house.add_company(true);
    let cam = shop.house.customer_of(other);
    assert!(shop.adjusts(Adjustment { customer_id: cam.id, ..shop.wish() }).is_err());
    shop.is_at("");
    refused(&|_| (), "GATEWAY_CODE_201");
    assert!(watched.accept().is_err(), "something was asked");
    assert_eq!(shop.house.number("SELECT count(*) FROM credit_limits"), 0);
}
