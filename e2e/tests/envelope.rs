//! The protocol around the operations: checks and their order, headers, statuses.

use e2e::codes::{
    DEAD_TOKEN, FIELD_MISSING, FIELD_WRONG, NO_COMPANY, NO_OBJECT, NO_TOKEN, NO_TRACE, UNKNOWN_COMPANY,
    UNKNOWN_OPERATION,
};
use e2e::{Backend, Server, on_both, raw};
use serde_json::json;

on_both!(
    checks_come_in_order,
    a_missing_header_is_missing_however_it_is_missing,
    traces_are_short_and_visible,
    header_names_have_no_case,
    other_addresses_and_methods_get_an_envelope,
    guests_may_hold_dead_tokens,
    customers_may_not,
    limits_are_told,
);

/// One request with every fault at once; each repair uncovers the next.
fn checks_come_in_order(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let known = ada.client.without_token().request("changeLang");
    let unknown = ada.client.without_token().request("customer.app.CustomerWebApiService.noSuchThing");

    let worst = unknown.no_header("companyId").no_header("trace").bytes("[");
    worst.send().refused(NO_COMPANY);
    let with_company = worst.header("companyId", "424242");
    with_company.send().refused(NO_TRACE);
    let with_trace = with_company.header("trace", "t-1");
    with_trace.send().refused(UNKNOWN_COMPANY);
    let with_known_company = with_trace.header("companyId", "1");
    with_known_company.send().refused(UNKNOWN_OPERATION);

    let with_operation = known.header("trace", "t-2").bytes("[");
    with_operation.send().refused(NO_OBJECT);
    with_operation.header("token", "dead").send().refused(NO_OBJECT);
    let with_object = with_operation.json(&json!({}));
    with_object.send().refused(NO_TOKEN);
    with_object.header("token", "dead").send().refused(DEAD_TOKEN);
    let with_token = with_object.header("token", ada.client.token());
    with_token.send().refused(FIELD_MISSING).naming("newLang");
    with_token.json(&json!({"newLang": 5.5})).send().refused(FIELD_WRONG).naming("newLang");
    with_token.json(&json!({"newLang": "zh-CN"})).send().data();

    // What is missing is said before what is wrong.
    ada.client.call("checkCustomerExist", json!({"type": "one"})).refused(FIELD_MISSING).naming("loginName");
}

fn a_missing_header_is_missing_however_it_is_missing(backend: Backend) {
    let server = Server::start(backend);
    let request = server.visitor().request("groupList");
    for nothing in ["", "null"] {
        request.header("companyId", nothing).send().refused(NO_COMPANY);
    }
    request.no_header("companyId").send().refused(NO_COMPANY);
    for nonsense in ["one", "1.5", "0", "-1", "99999999999999999999999"] {
        request.header("companyId", nonsense).send().refused_as(&[NO_COMPANY, UNKNOWN_COMPANY]);
    }
    for unknown in ["2", "424242", "9007199254740993"] {
        request.header("companyId", unknown).send().refused(UNKNOWN_COMPANY);
    }
    for lang in ["", "null"] {
        request.header("lang", lang).send().data();
    }
    request.no_header("lang").no_header("version").no_header("content-type").send().data();
    for token in ["", "null", "undefined"] {
        request.header("token", token).send().data();
    }
}

fn traces_are_short_and_visible(backend: Backend) {
    let server = Server::start(backend);
    let request = server.visitor().request("groupList");
    // An answer repeats a good trace: the harness checks that on every call.
    for good in ["t", "0e1c-77", "!~", &"x".repeat(128)] {
        request.header("trace", good).send().data();
    }
    for bad in ["", "two words", &"x".repeat(129), "naïve", "日本"] {
        request.header("trace", bad).send().refused(NO_TRACE);
    }
    request.no_header("trace").send().refused(NO_TRACE);
    // `x-` alone does not make a request an encrypted one.
    request.header("trace", "x-123").send().data();
    request.header("trace", "x-123").json(&json!({"data": 5})).send().data();
    request.header("trace", "x-123").json(&json!({"data": "AAAA"})).send().refused(NO_OBJECT);
}

fn header_names_have_no_case(backend: Backend) {
    let server = Server::start(backend);
    for names in [["companyId", "trace"], ["companyid", "TRACE"], ["COMPANYID", "Trace"]] {
        let request = format!(
            "POST /api/global/customer.app.CustomerWebApiService.groupList HTTP/1.1\r\nHost: x\r\n\
             {}: 1\r\n{}: t\r\nContent-Length: 2\r\n\r\n{{}}",
            names[0], names[1]
        );
        raw::envelope(&raw::exchange(server.address(), &[request.as_bytes()]).expect("an answer")).data();
    }
}

fn other_addresses_and_methods_get_an_envelope(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for path in ["/", "/nowhere", "/global", "/globals/a.b", "/global/a.b/c", "/%00", "/../etc/passwd"] {
        assert_eq!(visitor.request(path).send().http_status, 404, "{path}");
        assert_eq!(visitor.request(path).method("GET").send().http_status, 404, "{path}");
    }
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        assert_eq!(visitor.request("groupList").method(method).send().http_status, 405, "{method}");
        assert_eq!(visitor.request("/logout").method(method).send().http_status, 405, "{method}");
    }
    assert_eq!(visitor.request("/geoip/country").send().http_status, 405);
    for name in ["groupList", "customer.app.CustomerWebApiService.", "a.b", "a'b", "a..b"] {
        visitor.request(&format!("/global/{name}")).send().refused(UNKNOWN_OPERATION);
    }
}

fn guests_may_hold_dead_tokens(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    ada.client.signs_out();
    for client in [ada.client.clone(), server.visitor().with_token("never-was-one")] {
        client.call("groupList", json!({})).data();
        client.call("config", json!({})).data();
        client.call("findCompanyCountry", json!({})).data();
        client.call("getListByParentCode", json!({"parentCode": "phone_code"})).data();
        client.call("getCountryListByParentCode", json!({"parentCode": "-1"})).data();
        let name = json!({"type": 1, "loginName": ada.name, "phoneArea": "+86"});
        assert_eq!(client.call("checkCustomerExist", name.clone()).data(), 1);
        assert_eq!(client.call("checkStatus", name.clone()).data()["status"], 1);
        assert_eq!(client.call("checkGoogleMFAStatus", name).data(), 0);
        client.request("/geoip/country").method("GET").send().data();
        client.call("/thirdExt/now", json!({})).data();
        let code = client.code("EMAIL_LOGIN", &ada.name);
        client.tries_email_code(&ada.name, &code).data();
        client.signs_up();
        client.signs_out();
    }
}

fn customers_may_not(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let operations =
        ["findCustomerInfo", "findCustomerLang", "findPhoneAndEmail", "/global/thirdExt/randomKey"];
    let long = "x".repeat(4000);
    for operation in operations {
        visitor.call(operation, json!({})).refused(NO_TOKEN);
        for token in ["dead", "' OR 1=1 --", long.as_str(), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
            visitor.with_token(token).call(operation, json!({})).refused(DEAD_TOKEN);
        }
        visitor
            .request(operation)
            .header("token", b"\xff\xfe".as_slice())
            .send()
            .refused_as(&[NO_TOKEN, DEAD_TOKEN]);
    }
}

fn limits_are_told(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let left = |name: &str| {
        let reply = visitor.call("groupList", json!({}));
        reply.header(name).and_then(|value| value.parse::<u64>().ok()).expect("a number")
    };
    let limit = left("x-ratelimit-limit");
    assert!(limit > 0 && left("x-ratelimit-remaining") <= limit);
    assert!(left("x-ratelimit-reset") <= 86_400, "seconds");
}
