//! Codes that the bot delivers.

use e2e::codes::{A_SPENT_CODE, FIELD_MISSING, NO_TOKEN, NOT_BOUND, TOO_MANY_CODES, WRONG_CODE};
use e2e::{Backend, Code, Trouble, on_both, text_of};
use serde_json::json;

use crate::house::{House, user};

on_both!(codes_go_by_the_bot, codes_go_to_users_only, codes_survive_troubles,);

fn codes_go_by_the_bot(backend: Backend) {
    let house = House::open(backend);
    let (visitor, user) = (house.server.visitor(), user());
    let code = house.code(&visitor, &user);
    let message = house.bot.inbox().all_to(&user).pop().expect("the one");
    assert_eq!(message.token, house.bot.token);
    assert!(message.text.contains(&code.digits), "{message:?}");
    let check = |to: &str, code: &Code| visitor.elsewhere().check_code("SMS_TELEGRAM", to, code);
    check(&user, &code.wrong()).refused(WRONG_CODE);
    check(&crate::house::user(), &code).refused(WRONG_CODE);
    visitor.check_code("SMS_COMMON", "+86 13912345678", &code).refused(WRONG_CODE);
    assert!(check(&user, &code).data()["token"].is_string());
    check(&user, &code).refused_as(A_SPENT_CODE);
    // Only the newest counts.
    let codes = [house.code(&visitor, &user), house.code(&visitor, &user)];
    check(&user, &codes[0]).refused(WRONG_CODE);
    check(&user, &codes[1]).data();
    // In the caller's language.
    house.code(&visitor.speaking("zh-CN"), &user);
    let text = house.bot.inbox().all_to(&user).pop().expect("the newest").text;
    assert!(text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{text}");
    // Five in half an hour, of which four went out.
    house.code(&visitor, &user);
    visitor.elsewhere().ask_for_code("SMS_TELEGRAM", &user).refused(TOO_MANY_CODES);

    // Who is bound need not say to whom; who is not must.
    let users = crate::house::user();
    let owner = house.owner(&users);
    let body = json!({"bizType": "SMS_TELEGRAM_VERIFICATION_CODE"});
    let ticket = text_of(&owner.client.call("verifyCodeSend", body.clone()).data()["token"]);
    let code = Code { ticket, digits: house.bot.inbox().next_code_to(&users) };
    check(&users, &code).data();
    house.person().client.call("verifyCodeSend", body.clone()).refused_as(&[NOT_BOUND, FIELD_MISSING]);
    visitor.call("verifyCodeSend", body).refused_as(&[NOT_BOUND, FIELD_MISSING, NO_TOKEN]);

    // Each company's codes go by its own bot, and are its own.
    let company = house.server.add_company("Other");
    house
        .server
        .cli(&["company", "set", &company.to_string(), "--setting", "code_pause_seconds=0"])
        .succeeds();
    let theirs = house.bot.another();
    theirs.works_for(&house.server, company);
    let there = visitor.of_company(company);
    let code = house.code(&there, &users);
    assert_eq!(house.bot.inbox().all_to(&users).pop().expect("the newest").token, theirs.token);
    check(&users, &code).refused(WRONG_CODE);
    there.check_code("SMS_TELEGRAM", &users, &code).data();

    // The log keeps quiet about codes and about the bot's secret.
    let codes: Vec<_> = house.bot.inbox().everything();
    let log = house.server.written();
    assert!(!log.contains(&house.bot.token) && !log.contains(&theirs.token), "{log}");
    for message in codes {
        assert!(!log.contains(&message.text), "{log}");
    }
}

fn codes_go_to_users_only(backend: Backend) {
    let house = House::open(backend);
    // Chats, channels, and what is no id at all. Telegram's own ids have up to 52 bits.
    for nobody in ["-1001234567890", "@channel", "0", "1e9", "12 34", "0x10", "9999999999999999999999", "12a"]
    {
        let told = house.server.visitor().ask_for_code("SMS_TELEGRAM", nobody);
        assert!(!told.is_ok(), "{nobody}: {}", told.body);
        assert_eq!(told.http_status, 200);
    }
    house.code(&house.server.visitor(), &user());
    assert_eq!(house.bot.inbox().everything().len(), 1);
}

fn codes_survive_troubles(backend: Backend) {
    let house = House::open(backend);
    let visitor = house.server.visitor();
    for trouble in [Trouble::Flood(1), Trouble::Down] {
        let user = user();
        house.bot.refuses_next(trouble);
        let code = house.code(&visitor, &user);
        visitor.check_code("SMS_TELEGRAM", &user, &code).data();
        assert_eq!(house.bot.inbox().all_to(&user).len(), 1);
    }
    // A user who has blocked the bot is not asked again: the next message is the next code.
    let user = user();
    house.bot.refuses_next(Trouble::Blocked);
    let first = text_of(&visitor.elsewhere().ask_for_code("SMS_TELEGRAM", &user).data()["token"]);
    let second = house.code(&visitor, &user);
    assert_ne!(first, second.ticket);
    visitor.check_code("SMS_TELEGRAM", &user, &second).data();
    let dead = house.server.cli_json(&["outbox", "list"]);
    assert_eq!(dead.as_array().map(Vec::len), Some(1), "{dead}");
    assert!(!dead.to_string().contains(&user), "{dead}");
    assert_eq!(house.bot.inbox().all_to(&user).len(), 1);
}
