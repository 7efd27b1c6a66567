//! Whatever arrives, an envelope goes back, and never the confession of an accident (5xx).

use std::cell::Cell;

use e2e::{Backend, Client, Server, fresh, on_both, raw};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

on_both!(any_json, any_bytes_as_a_body, any_header_values, any_bytes_at_all);

const OPERATIONS: &[&str] = &[
    "register",
    "login",
    "verifyCodeSend",
    "verifyCodeCheck",
    "findCustomerInfo",
    "findCustomerLang",
    "findPhoneAndEmail",
    "changeLang",
    "checkCustomerExist",
    "checkStatus",
    "checkGoogleMFAStatus",
    "groupList",
    "config",
    "findCompanyCountry",
    "getListByParentCode",
    "getCountryListByParentCode",
    "/thirdExt/now",
    "fund.app.DepositAppDubboService.capitalTransfer",
    "fund.app.DepositAppDubboService.capitalTransferRecord",
    "queryLatestBalanceOfUserAccountInExternalSystem",
];

const FIELDS: &[&str] = &[
    "type",
    "loginName",
    "loginPwd",
    "verifyCode",
    "sendToken",
    "verifyCodeToken",
    "device",
    "isThird",
    "phoneArea",
    "emailArea",
    "country",
    "registerSource",
    "customerGroupId",
    "tradeTypeCurrencyList",
    "openAccountType",
    "pwd",
    "bizType",
    "toUser",
    "customerNo",
    "code",
    "newLang",
    "parentCode",
    "name",
    "lang",
    "utmSource",
    "googleCode",
    "thirdServerCode",
    "accountId",
    "toTradeType",
    "toAccountId",
    "toCustomerNo",
    "amount",
    "size",
    "",
];

/// Values that get past the first checks, and those that have broken others before.
const TELLING: &[&str] = &[
    "1",
    "2",
    "3",
    "ISO_3166_156",
    "CN",
    "en-US",
    "a@example.com",
    "13800000000",
    "+86 13800000000",
    "+86",
    "EMAIL_LOGIN_VERIFICATION_CODE",
    "SMS_REGISTER_VERIFICATION_CODE",
    "EMAIL_LOGINED_VERIFICATION_CODE",
    "SMS_TELEGRAM_VERIFICATION_CODE",
    "d41d8cd98f00b204e9800998ecf8427e",
    "0123456789abcdef0123456789abcdef",
    "123456",
    "-1",
    "phone_code",
    "' OR '1'='1",
    "%n%d{{7*7}}",
    "a\u{0}b",
    "\u{202e}\u{feff}",
    "😀",
    "9223372036854775808",
    "0.000000000000000000000000001",
    "1e400",
    "NaN",
];

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(TELLING).prop_map(Value::from),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        2 => (-3_i64..10).prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
        2 => any::<String>().prop_map(Value::from),
        1 => (1_usize..5_000).prop_map(|length| Value::from("長".repeat(length))),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((any::<String>(), inner), 0..4)
                .prop_map(|fields| Value::from(Map::from_iter(fields))),
        ]
    })
}

fn body() -> impl Strategy<Value = Value> {
    let field = (proptest::sample::select(FIELDS).prop_map(str::to_owned), value());
    proptest::collection::vec(field, 0..14).prop_map(|fields| Value::from(Map::from_iter(fields)))
}

fn operation() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(OPERATIONS)
}

/// Runs `case` on many inputs; each time with a client of its own, lest the limits do the work.
fn many<S: Strategy>(server: &Server, cases: u32, strategy: S, case: impl Fn(&Client, S::Value)) {
    let ada = server.visitor().signs_up().client;
    let round = Cell::new(0_u32);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&strategy, |input| {
        round.set(round.get() + 1);
        let client = if round.get().is_multiple_of(2) { ada.elsewhere() } else { server.visitor() };
        case(&client, input);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    // It is still itself.
    assert_eq!(ada.record()["companyId"], 1);
    let written = server.written();
    assert!(!written.contains("panicked at"), "{written}");
}

fn any_json(backend: Backend) {
    let server = Server::start(backend);
    many(&server, 600, (operation(), body()), |client, (operation, body)| {
        let reply = client.call(operation, body);
        assert!(reply.http_status < 500, "{reply:?}");
        assert_ne!(reply.code(), "500", "{reply:?}");
    });
}

fn any_bytes_as_a_body(backend: Backend) {
    let server = Server::start(backend);
    let bytes = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        // JSON with a few bytes changed.
        (body(), any::<proptest::sample::Index>(), any::<u8>()).prop_map(|(body, index, byte)| {
            let mut bytes = body.to_string().into_bytes();
            let at = index.index(bytes.len());
            bytes[at] = byte;
            bytes
        }),
    ];
    many(&server, 400, (operation(), bytes), |client, (operation, bytes)| {
        let reply = client.request(operation).bytes(bytes).send();
        assert!(reply.http_status < 500, "{reply:?}");
        assert_ne!(reply.code(), "500", "{reply:?}");
    });
}

fn any_header_values(backend: Backend) {
    const HEADERS: &[&str] = &[
        "companyId",
        "trace",
        "timestamp",
        "token",
        "lang",
        "version",
        "group",
        "captcha",
        "idempotency-key",
        "content-type",
        "accept-language",
        "user-agent",
        "x-forwarded-for",
        "origin",
        "apiKey",
        "signature",
    ];
    let server = Server::start(backend);
    let bytes = proptest::collection::vec(prop_oneof![32_u8..127, 128_u8..=255, Just(b'\t')], 0..200);
    let telling = proptest::sample::select(TELLING)
        .prop_map(|text| text.bytes().filter(|byte| *byte >= 32).collect::<Vec<u8>>());
    let header = (proptest::sample::select(HEADERS), prop_oneof![bytes, telling]);
    let headers = proptest::collection::vec(header, 0..6);
    many(&server, 400, (operation(), headers), |client, (operation, headers)| {
        let request = client.request(operation).json(&json!({"type": 1, "loginName": fresh::email()}));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(name, value));
        let reply = request.send();
        assert!(reply.http_status < 500, "{reply:?}");
        assert_ne!(reply.code(), "500", "{reply:?}");
    });
}

fn any_bytes_at_all(backend: Backend) {
    let server = Server::start(backend);
    let address = server.address();
    let request_line = b"POST /api/global/customer.app.CustomerWebApiService.groupList HTTP/1.1\r\n".to_vec();
    let noise = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..400),
        proptest::collection::vec(any::<u8>(), 1..400).prop_map(move |bytes| [
            request_line.as_slice(),
            bytes.as_slice()
        ]
        .concat()),
    ];
    many(&server, 100, noise, |_, mut bytes| {
        // The end of a head, so that the server need not wait for more.
        bytes.extend_from_slice(b"\r\n\r\n");
        let answer = raw::exchange(address, &[&bytes]).unwrap_or_default();
        if answer.starts_with(b"HTTP/1.1") {
            assert!(raw::status(&answer) < 500, "{}", String::from_utf8_lossy(&answer));
        }
    });
}
