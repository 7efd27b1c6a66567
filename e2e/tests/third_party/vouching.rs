//! What counts as Telegram's word, and what does not.

use e2e::codes::{FIELD_MISSING, FIELD_WRONG, NO_VOUCHER};
use e2e::{Backend, Person, Server, TelegramBot, call_webhook, membership, on_both, text_of, written};
use serde_json::{Value, json};

use crate::house::{House, bind, bind_mini_app, binding, bound, has, has_none, is_subscribed, now, user};

on_both!(
    what_telegram_did_not_say_is_refused,
    forged_mini_apps_are_refused,
    a_proof_grows_old,
    another_bots_word_counts_for_nothing,
    a_company_without_a_bot,
);

fn what_telegram_did_not_say_is_refused(backend: Backend) {
    let house = House::open(backend);
    let (person, user, other) = (house.person(), user(), user());
    let said = house.bot.widget(&user, 0);
    let changed = |field: &str, value: Value| {
        let mut changed = said.clone();
        changed[field] = value;
        changed
    };
    let without = |field: &str| {
        let mut less = said.clone();
        less.as_object_mut().expect("fields").remove(field);
        less
    };
    let hash = text_of(&said["hash"]);
    let flipped = if hash.starts_with('0') { "1" } else { "0" }.to_owned() + &hash[1..];
    let forged = [
        changed("hash", flipped.into()),
        changed("hash", "".into()),
        changed("hash", hash[..62].into()),
        changed("hash", format!("{hash}00").into()),
        changed("hash", "0".repeat(64).into()),
        changed("hash", Value::Null),
        changed("hash", json!(["a"])),
        changed("first_name", "Eve".into()),
        changed("auth_date", (now() - 5).into()),
        changed("auth_date", "soon".into()),
        changed("is_premium", "true".into()),
        without("hash"),
        without("username"),
        without("auth_date"),
        without("id"),
        json!({}),
        // The hash of a text that reads the same although the fields are others.
        json!({"auth_date": format!("{}\nfirst_name=Ada\nid={user}\nusername=ada_{user}", said["auth_date"]),
            "hash": hash}),
        // Signed by the bot's token in plain, or for no date or no user.
        house.bot.vouches_for(&json!({"id": user, "first_name": "Ada"})),
        house.bot.vouches_for(&json!({"first_name": "Ada", "auth_date": now()})),
    ];
    for said in &forged {
        bind(&person.client, &user, said).refused(NO_VOUCHER);
    }
    // What was said of someone else proves nothing, and no form of the id gets around that.
    for (claimed, said) in [
        (other.clone(), said.clone()),
        (format!("0{user}"), said.clone()),
        (format!("+{user}"), said.clone()),
        (format!("{user}.0"), said.clone()),
        (user.clone(), house.bot.widget(&other, 0)),
    ] {
        bind(&person.client, &claimed, &said).refused_as(&[NO_VOUCHER, FIELD_WRONG]);
    }
    person.client.call("bindThirdAccount", binding(&user, "")).refused_as(&[NO_VOUCHER, FIELD_MISSING]);
    let bare = json!({"thirdLoginSource": "telegram", "thirdUserId": user});
    person.client.call("bindThirdAccount", bare).refused_as(&[NO_VOUCHER, FIELD_MISSING]);
    has_none(&person);
    assert_eq!(person.client.record()["withdraw"], 1);
    // All that did no harm to the true one.
    bind(&person.client, &user, &said).data();
    has(&person, &user);
}

fn forged_mini_apps_are_refused(backend: Backend) {
    let house = House::open(backend);
    let (person, user, other) = (house.person(), user(), user());
    let good = house.bot.mini_app(&user, 0);
    let hash = good.rsplit_once('=').expect("hash=").1.to_owned();
    let unsigned = good.rsplit_once("&hash").expect("&hash").0.to_owned();
    let forged = [
        String::new(),
        unsigned.clone(),
        format!("{unsigned}&hash="),
        format!("{unsigned}&hash={}", "0".repeat(64)),
        format!("{unsigned}&hash={}", &hash[..62]),
        good.replace("Ada", "Eve"),
        good.replace("AAF", "AAG"),
        format!("{good}&start_param=x"),
        // The bot's other form of signature, over the same fields.
        format!("user=%7B%22id%22%3A{user}%7D&auth_date=1&hash={}", house.bot.widget(&user, 0)["hash"]),
        good.replace(&user, &other),
        house.bot.mini_app(&other, 0),
        // Two users: whichever is looked at, it was not signed so.
        format!("user=%7B%22id%22%3A{user}%7D&{}", house.bot.mini_app(&other, 0)),
        format!("{}&user=%7B%22id%22%3A{user}%7D", house.bot.mini_app(&other, 0)),
        good.replace("%7B", "%7").replace('&', "&&"),
        "%FF%FE&hash=%".to_owned(),
    ];
    for init_data in &forged {
        bind_mini_app(&person.client, &user, init_data).refused(NO_VOUCHER);
    }
    // A widget's hash does not carry over to another user by way of `initData` beside it.
    let mut both = house.bot.widget(&other, 0);
    both["initData"] = unsigned.into();
    bind(&person.client, &user, &both).refused(NO_VOUCHER);
    has_none(&person);
    bind_mini_app(&person.client, &user, &good).data();
    has(&person, &user);
}

fn a_proof_grows_old(backend: Backend) {
    const DAY: u64 = 86_400;
    let house = House::open(backend);
    let (ada, ben, cleo) = (house.person(), house.person(), house.person());
    let users = [user(), user()];
    for stale in [DAY + 60, 30 * DAY, now() - 1] {
        bind(&ada.client, &users[0], &house.bot.widget(&users[0], stale)).refused(NO_VOUCHER);
        bind_mini_app(&ben.client, &users[1], &house.bot.mini_app(&users[1], stale)).refused(NO_VOUCHER);
    }
    has_none(&ada);
    has_none(&ben);
    // A date far ahead would never grow old.
    let ahead = json!({"id": users[0], "first_name": "Ada", "auth_date": now() + 30 * DAY});
    bind(&ada.client, &users[0], &house.bot.vouches_for(&ahead)).refused(NO_VOUCHER);
    for odd in ["-1", "9223372036854775807", "9223372036854775808", "1e3", ""] {
        let said = house.bot.vouches_for(&json!({"id": users[0], "first_name": "Ada", "auth_date": odd}));
        bind(&ada.client, &users[0], &said).refused(NO_VOUCHER);
    }

    bind(&ada.client, &users[0], &house.bot.widget(&users[0], DAY - 3_600)).data();
    bind_mini_app(&ben.client, &users[1], &house.bot.mini_app(&users[1], DAY - 3_600)).data();
    has(&ada, &users[0]);
    has(&ben, &users[1]);
    has_none(&cleo);
}

fn another_bots_word_counts_for_nothing(backend: Backend) {
    let house = House::open(backend);
    let (person, user) = (house.person(), user());
    let company = house.server.add_company("Other");
    let theirs = house.bot.another();
    theirs.works_for(&house.server, company);
    bind(&person.client, &user, &theirs.widget(&user, 0)).refused(NO_VOUCHER);
    bind_mini_app(&person.client, &user, &theirs.mini_app(&user, 0)).refused(NO_VOUCHER);
    has_none(&person);

    // One Telegram account may be bound once in each company.
    let there = house.server.visitor().of_company(company).signs_up();
    bind(&there.client, &user, &house.bot.widget(&user, 0)).refused(NO_VOUCHER);
    bind(&there.client, &user, &theirs.widget(&user, 0)).data();
    has_none(&person);
    bind(&person.client, &user, &house.bot.widget(&user, 0)).data();
    has(&person, &user);
    assert_eq!(bound(&there.client)["thirdUserId"], user);

    // A new bot, and the old one's word is worth nothing any more.
    let (ben, user) = (house.person(), crate::house::user());
    let successor = house.bot.another();
    successor.works_for(&house.server, 1);
    bind(&ben.client, &user, &house.bot.widget(&user, 0)).refused(NO_VOUCHER);
    bind(&ben.client, &user, &successor.widget(&user, 0)).data();
}

fn a_company_without_a_bot(backend: Backend) {
    let bot = TelegramBot::start();
    let server = Server::start_with(backend, &[("CUSTOS_TELEGRAM_API_URL", &bot.url())]);
    let (person, user) = (Person::without_password(&server), user());
    assert!(!bind(&person.client, &user, &bot.widget(&user, 0)).is_ok());
    // No bot is not a bot with an empty secret.
    let mut nobody = bot.another();
    nobody.token.clear();
    assert!(!bind(&person.client, &user, &nobody.widget(&user, 0)).is_ok());
    assert!(!bind_mini_app(&person.client, &user, &nobody.mini_app(&user, 0)).is_ok());
    assert_ne!(nobody.updates(&server, 1, &written(&user, "/start")), 200);
    assert_ne!(call_webhook(&server, 1, Some(""), &written(&user, "/start")), 200);
    has_none(&person);
    // The operator gives it one, and takes it away again, while the server runs.
    bot.works_for(&server, 1);
    bind(&person.client, &user, &bot.widget(&user, 0)).data();
    has(&person, &user);
    assert_eq!(bot.updates(&server, 1, &written(&user, "/start")), 200);
    is_subscribed(&person.client, true);
    nobody.works_for(&server, 1);
    let ben = Person::without_password(&server);
    let other = crate::house::user();
    assert!(!bind(&ben.client, &other, &bot.widget(&other, 0)).is_ok());
    assert_ne!(bot.updates(&server, 1, &membership(&user, "kicked")), 200);
    is_subscribed(&person.client, true);
}
