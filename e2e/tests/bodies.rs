//! What a body may be: its form, its size, its depth, and how forgiving its fields are.

use e2e::codes::{FIELD_MISSING, FIELD_WRONG, NO_OBJECT};
use e2e::{Backend, Server, on_both, raw};
use serde_json::json;

on_both!(
    a_body_never_overrides_a_header,
    any_content_type_will_do,
    only_an_object_is_a_body,
    integers_may_be_texts,
    empty_is_absent,
    fields_out_of_bounds_are_named,
    a_body_may_be_a_mebibyte,
    deep_nesting_is_refused_not_fatal,
);

fn a_body_never_overrides_a_header(backend: Backend) {
    let server = Server::start(backend);
    let other = server.add_company("Other");
    let ada = server.visitor().signs_up();
    let exists = |company: i64| {
        let body = json!({"type": 1, "loginName": ada.name, "companyId": company, "trace": "mine"});
        server.visitor().call("checkCustomerExist", body).data()
    };
    assert_eq!((exists(1), exists(other)), (json!(1), json!(1)));
}

fn any_content_type_will_do(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let request =
        visitor.request("checkCustomerExist").json(&json!({"type": 1, "loginName": "nobody@example.com"}));
    for content_type in [
        "application/json; charset=utf-8",
        "application/x-www-form-urlencoded",
        "text/plain",
        "multipart/form-data; boundary=x",
        "nonsense",
    ] {
        assert_eq!(request.header("content-type", content_type).send().data(), 2, "{content_type}");
    }
    assert_eq!(request.no_header("content-type").send().data(), 2);
}

fn only_an_object_is_a_body(backend: Backend) {
    let server = Server::start(backend);
    let request = server.visitor().request("groupList");
    request.bytes("").send().data();
    request.bytes("{}").send().data();
    request.bytes(" {\r\n} ").send().data();
    let no_objects: [&[u8]; 14] = [
        b"[]",
        b"[{}]",
        b"null",
        b"true",
        b"5",
        b"\"{}\"",
        b"{",
        b"{}{}",
        b"{} x",
        b"{a:1}",
        b"{\"a\":01}",
        b"a=1&b=2",
        b"{\"a\":\"\xff\xfe\"}",
        b"\x00",
    ];
    for body in no_objects {
        request.bytes(body).send().refused(NO_OBJECT);
    }
}

fn integers_may_be_texts(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let exists = |kind: serde_json::Value| {
        visitor.call("checkCustomerExist", json!({"type": kind, "loginName": "nobody@example.com"}))
    };
    assert_eq!(exists(json!(1)).data(), 2);
    assert_eq!(exists(json!("1")).data(), 2);
    for wrong in [json!("one"), json!(1.5), json!(true), json!([1]), json!({}), json!("1e0"), json!("0x1")] {
        exists(wrong).refused(FIELD_WRONG).naming("type");
    }
}

fn empty_is_absent(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for nothing in
        [json!({"type": 1}), json!({"type": 1, "loginName": ""}), json!({"type": 1, "loginName": null})]
    {
        visitor.call("checkCustomerExist", nothing).refused(FIELD_MISSING).naming("loginName");
    }
    for nothing in
        [json!({"loginName": "a@x.com", "type": ""}), json!({"loginName": "a@x.com", "type": null})]
    {
        visitor.call("checkCustomerExist", nothing).refused(FIELD_MISSING).naming("type");
    }
    let optional = json!({"type": 1, "loginName": "nobody@example.com", "emailArea": "", "phoneArea": null});
    assert_eq!(visitor.call("checkCustomerExist", optional).data(), 2);
}

fn fields_out_of_bounds_are_named(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for kind in [0, 4, -1, 9_007_199_254_740_993_i64] {
        let body = json!({"type": kind, "loginName": "nobody@example.com"});
        visitor.call("checkCustomerExist", body).refused(FIELD_WRONG).naming("type");
    }
    for name in [json!(["a"]), json!({"a": 1}), json!(true)] {
        let body = json!({"type": 1, "loginName": name});
        visitor.call("checkCustomerExist", body).refused(FIELD_WRONG).naming("loginName");
    }
    let body = json!({"bizType": "EMAIL_UNHEARD_OF_VERIFICATION_CODE", "toUser": "a@example.com"});
    visitor.call("verifyCodeSend", body).refused(FIELD_WRONG).naming("bizType");
}

fn a_body_may_be_a_mebibyte(backend: Backend) {
    const MEBIBYTE: usize = 1 << 20;
    let server = Server::start(backend);
    let body = |length: usize| format!("{{\"filler\":\"{}\"}}", "x".repeat(length - 13)).into_bytes();
    let request = server.visitor().request("groupList");
    assert_eq!(body(MEBIBYTE).len(), MEBIBYTE);
    request.bytes(body(MEBIBYTE)).send().data();

    let head = "POST /api/global/customer.app.CustomerWebApiService.groupList HTTP/1.1\r\nHost: x\r\n\
                companyId: 1\r\ntrace: t\r\n";
    let announced = format!("{head}Content-Length: {}\r\n\r\n", MEBIBYTE + 1);
    let answer = raw::exchange(server.address(), &[announced.as_bytes(), &body(MEBIBYTE + 1)]);
    assert_eq!(raw::envelope(&answer.expect("an answer")).http_status, 413);

    // Nobody told how long this one is.
    let open_ended = format!("{head}Transfer-Encoding: chunked\r\n\r\n{MEBIBYTE:x}\r\n");
    let whole = [open_ended.as_bytes(), &body(MEBIBYTE)].concat();
    let answer = raw::exchange(server.address(), &[&whole, b"\r\n1\r\nx"]);
    assert_eq!(raw::envelope(&answer.expect("an answer")).http_status, 413);
    request.send().data();
}

fn deep_nesting_is_refused_not_fatal(backend: Backend) {
    let server = Server::start(backend);
    let request = server.visitor().request("groupList");
    for depth in [1_000, 100_000] {
        let arrays = format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        request.bytes(arrays).send().refused(NO_OBJECT);
        let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
        request.bytes(objects).send().refused(NO_OBJECT);
    }
    request.json(&json!({"a": [[[[{"b": [[{}]]}]]]]})).send().data();
}
