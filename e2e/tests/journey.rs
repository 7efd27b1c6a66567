//! From the first visit to signing out, as a front-end goes through it.

use e2e::{Backend, PASSWORD, Server, fresh, md5, on_both, password, text_of};
use serde_json::json;

on_both!(
    signing_up_by_email_and_coming_back,
    signing_up_by_phone_and_coming_back,
    both_bases_lead_to_the_same_house,
    a_country_has_one_form,
    a_first_password_comes_later,
    the_customer_number_signs_in_too,
    a_swapped_token_takes_over,
    signing_out_always_goes_well,
    messages_speak_the_callers_language,
    the_language_on_file,
    what_clients_send_besides_is_ignored,
    a_restart_forgets_nothing,
);

fn signing_up_by_email_and_coming_back(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();

    // Before anything else, front-ends ask whether the address is free.
    let status = visitor.call("checkStatus", json!({"loginName": email, "type": 1})).data();
    assert_eq!(status["status"], 2);

    let ada = visitor.signs_up_as(&email);
    assert_eq!(ada.number.len(), 8, "{}", ada.number);
    assert!(ada.number.bytes().all(|b| b.is_ascii_digit()), "{}", ada.number);
    assert_eq!(ada.profile["email"], email);
    assert_eq!(ada.profile["loginPassStatus"], "2");
    assert!(ada.profile["list"].is_array(), "{}", ada.profile);
    assert!(ada.client.token().len() >= 22, "128 bits need 22 characters");

    let status = visitor.call("checkStatus", json!({"loginName": email, "type": 1})).data();
    assert_eq!(status["status"], 1);
    assert_eq!(status["country"], "ISO_3166_156");

    let record = ada.client.record();
    assert_eq!(record["customerNo"], ada.number);
    assert_eq!(record["email"], email);
    ada.client.signs_out();
    ada.client.call("findCustomerInfo", json!({})).refused(e2e::codes::DEAD_TOKEN);

    let back = visitor.signs_in(&email);
    assert_ne!(back.token(), ada.client.token());
    assert_eq!(back.record()["customerNo"], ada.number);
}

fn signing_up_by_phone_and_coming_back(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let number = fresh::chinese_phone();

    let ben = visitor.signs_up_by_phone("+86", &number);
    let record = ben.client.record();
    assert_eq!((&record["phone"], &record["phoneArea"]), (&json!(number), &json!("+86")));
    assert!(record["email"].is_null() || record["email"] == "", "{record}");

    let code = visitor.code("SMS_LOGIN", &format!("+86 {number}"));
    let form = json!({"type": 2, "phoneArea": "+86", "loginName": number, "device": 1,
        "verifyCode": code.digits, "sendToken": code.ticket, "isThird": false});
    let again = visitor.call("login", form).data();
    assert_eq!(again["customerNo"], ben.number);

    let contacts = ben.client.call("findPhoneAndEmail", json!({})).data();
    assert_eq!((&contacts["phone"], &contacts["customerNo"]), (&json!(number), &json!(ben.number)));
}

fn both_bases_lead_to_the_same_house(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().through("/cats-gateway").signs_up();
    assert_eq!(ada.client.record(), ada.client.through("/api").record());
    for base in ["/api", "/cats-gateway"] {
        let client = server.visitor().through(base).signs_in(&ada.name);
        let now = client.call("/thirdExt/now", json!({})).data();
        assert!(now.as_u64().is_some_and(|ms| ms > 1_600_000_000_000), "{now}");
        let place = client.request("/geoip/country").method("GET").send().data();
        assert!(place["request_ip"].is_string(), "{place}");
        let fresh_token = client.call("/global/thirdExt/randomKey", json!({})).data();
        client.with_token(&text_of(&fresh_token)).signs_out();
    }
}

fn a_country_has_one_form(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    for (sent, kept) in
        [("CN", "ISO_3166_156"), ("ISO_3166_840", "ISO_3166_840"), ("ISO_3166_036", "ISO_3166_036")]
    {
        let email = fresh::email();
        let mut form = visitor.code("EMAIL_REGISTER", &email).email_sign_up(&email);
        form["country"] = sent.into();
        let customer = visitor.becomes(&email, visitor.call("register", form));
        assert_eq!(customer.profile["country"], kept);
        assert_eq!(customer.client.record()["country"], kept);
        let status = visitor.call("checkStatus", json!({"loginName": email, "type": 1})).data();
        assert_eq!(status["country"], kept);
    }

    let email = fresh::email();
    let mut form = visitor.code("EMAIL_REGISTER", &email).email_sign_up(&email);
    form["country"] = "ISO_3166_999".into();
    assert!(!visitor.call("register", form.clone()).is_ok());
    // A refused registration has used nothing up.
    form["country"] = "DE".into();
    assert_eq!(visitor.call("register", form).data()["country"], "ISO_3166_276");
}

fn a_first_password_comes_later(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();
    let form = visitor.code("EMAIL_REGISTER", &email).email_sign_up(&email);
    let ada = visitor.becomes(&email, visitor.call("register", form));
    assert_eq!(ada.profile["loginPassStatus"], "1");
    assert_eq!(ada.client.record()["loginPassStatus"], "1");

    visitor.tries_email(&email, PASSWORD).refused(e2e::codes::WRONG_ACCOUNT_OR_PASSWORD);
    visitor.tries_email(&email, "").refused(e2e::codes::WRONG_ACCOUNT_OR_PASSWORD);
    let code = visitor.code("EMAIL_LOGIN", &email);
    assert_eq!(visitor.tries_email_code(&email, &code).data()["customerNo"], ada.number);
}

fn the_customer_number_signs_in_too(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let visitor = server.visitor();
    let upper_case = json!({"type": 3, "loginName": ada.number, "device": 2,
        "loginPwd": password().to_uppercase()});
    assert_eq!(visitor.call("login", upper_case).data()["customerNo"], ada.number);
    assert_eq!(visitor.tries_number(&ada.number, PASSWORD).data()["email"], ada.name);
    visitor.tries_number(&ada.number, "wrong").refused(e2e::codes::WRONG_ACCOUNT_OR_PASSWORD);
    // Addresses are trimmed and lower-cased.
    let shouted = format!(" {} ", ada.name.to_uppercase());
    assert_eq!(visitor.tries_email(&shouted, PASSWORD).data()["customerNo"], ada.number);
}

fn a_swapped_token_takes_over(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let other_session = server.visitor().signs_in(&ada.name);
    let token = text_of(&ada.client.call("/global/thirdExt/randomKey", json!({})).data());
    assert_ne!(token, ada.client.token());
    ada.client.call("findCustomerInfo", json!({})).refused(e2e::codes::DEAD_TOKEN);
    ada.client.call("/global/thirdExt/randomKey", json!({})).refused(e2e::codes::DEAD_TOKEN);
    assert_eq!(ada.client.with_token(&token).record()["customerNo"], ada.number);
    // Someone else's session is none of its business.
    assert_eq!(other_session.record()["customerNo"], ada.number);
    server.visitor().call("/global/thirdExt/randomKey", json!({})).refused(e2e::codes::NO_TOKEN);
}

fn signing_out_always_goes_well(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    let phone = server.visitor().signs_in(&ada.name);
    ada.client.signs_out();
    ada.client.signs_out();
    server.visitor().signs_out();
    server.visitor().with_token("never-was-one").signs_out();
    ada.client.call("findCustomerInfo", json!({})).refused(e2e::codes::DEAD_TOKEN);
    assert_eq!(phone.record()["customerNo"], ada.number);
}

fn messages_speak_the_callers_language(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let says = |lang: &str| {
        let refusal = visitor.speaking(lang).call("findCustomerInfo", json!({}));
        refusal.refused(e2e::codes::NO_TOKEN).msg().to_owned()
    };
    let (english, simplified, traditional) = (says("en-US"), says("zh-CN"), says("zh-HK"));
    let is_chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
    assert!(english.is_ascii() && is_chinese(&simplified) && is_chinese(&traditional));
    assert_ne!(simplified, traditional);
    // The company's language stands in for one it lacks, and for the text `null` of careless clients.
    assert_eq!(says("fr-FR"), english);
    assert_eq!(says("null"), english);
    assert_eq!(says("tlhIngan!!"), english);

    let email = fresh::email();
    visitor.speaking("zh-CN").ticket("EMAIL_COMMON", &email);
    assert!(is_chinese(&server.mail.inbox().next_to(&email).text));
    let number = fresh::chinese_phone();
    visitor.speaking("zh-HK").ticket("SMS_COMMON", &format!("+86 {number}"));
    let sms = server.sms.inbox().next_to(&format!("+86{number}"));
    assert_eq!((sms.lang.as_str(), sms.company), ("zh-HK", 1));
    assert!(is_chinese(&sms.text) && sms.code.is_some_and(|code| sms.text.contains(&code)));
}

fn the_language_on_file(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up().client;
    assert_eq!(ada.lang_on_file(), "en-US");
    for lang in ["zh-HK", "zh-CN", "zh-CN", "en-US", "zh-HK"] {
        ada.call("changeLang", json!({"newLang": lang})).data();
        assert_eq!(ada.lang_on_file(), lang);
    }
    // Front-ends try every language they have; one that the company lacks is refused without harm.
    for lang in ["th-TH", "fr-FR", "es-ES", "tr-TR", "ko-KR", "x", "'; --", &"z".repeat(5000)] {
        assert!(!ada.call("changeLang", json!({"newLang": lang})).is_ok(), "{lang}");
        assert_eq!(ada.lang_on_file(), "zh-HK");
    }
    ada.call("changeLang", json!({"newLang": ""})).refused(e2e::codes::FIELD_MISSING).naming("newLang");
    ada.call("changeLang", json!({})).refused(e2e::codes::FIELD_MISSING).naming("newLang");
}

fn what_clients_send_besides_is_ignored(backend: Backend) {
    let server = Server::start(backend);
    let visitor = server.visitor();
    let email = fresh::email();
    let code = visitor.code("EMAIL_REGISTER", &email);
    let form = json!({
        "type": "1", "loginName": email, "country": "ISO_3166_156", "registerSource": "1",
        "verifyCode": code.digits, "sendToken": code.ticket, "lang": "zh-CN", "pwd": "",
        "phoneArea": "+86", "registerDevice": "Chrome", "customerGroupId": "", "openAccountType": "0",
        "tradeTypeCurrencyList": [], "utmSource": "ad", "utmMedium": null, "companyId": 424_242,
        "trace": "another", "protocol": true, "mobileReg": {}, "verifyCodeToken": "",
    });
    let ada = visitor.becomes(&email, visitor.call("register", form));
    assert_eq!(ada.client.record()["companyId"], 1);
    assert_eq!(ada.client.record()["loginPassStatus"], "1");

    let form = json!({"type": "1", "loginName": email, "phoneArea": "+86", "device": "1", "isThird": null,
        "loginPwd": md5(""), "verifyCode": visitor.code("EMAIL_LOGIN", &email).digits, "sendToken": "11",
        "googleCode": "", "companyId": "2", "thirdSource": ""});
    // The placeholder ticket of careless clients is no ticket.
    visitor.call("login", form).refused_as(e2e::codes::A_WRONG_CODE);
}

fn a_restart_forgets_nothing(backend: Backend) {
    let server = Server::start(backend);
    let ada = server.visitor().signs_up();
    ada.client.call("changeLang", json!({"newLang": "zh-CN"})).data();
    assert!(server.stop(), "SIGTERM ends the server in good order");
    server.restart();

    let ada_again = server.visitor().with_token(ada.client.token());
    assert_eq!(ada_again.record()["customerNo"], ada.number);
    assert_eq!(ada_again.lang_on_file(), "zh-CN");
    server.visitor().signs_in(&ada.name);
}
