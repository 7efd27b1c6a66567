//! An account is bound: once, by one customer, with everything that follows from it.

use e2e::codes::{
    DEAD_TOKEN, FIELD_MISSING, FIELD_WRONG, NO_TOKEN, NO_VOUCHER, THIRD_PARTY_BOUND, THIRD_PARTY_TAKEN,
    UNKNOWN_THIRD_PARTY,
};
use e2e::{Backend, Form, Person, all_at_once, has_consequences, on_both, text_of};
use serde_json::{Value, json};

use crate::house::{House, bind, bind_mini_app, binding, bound, has, has_none, has_none_or, now, user};

on_both!(
    an_account_is_bound_by_the_widget,
    an_account_is_bound_by_a_mini_app,
    fields_have_limits,
    an_account_is_bound_once,
    one_account_for_many_at_once,
    many_accounts_for_one_at_once,
    binding_has_consequences,
    binding_needs_a_fresh_sign_in,
);

fn an_account_is_bound_by_the_widget(backend: Backend) {
    let house = House::open(backend);
    let (person, user) = (house.person(), user());
    has_none(&person);
    let visitor = house.server.visitor();
    visitor.call("findThirdAccountInfo", json!({})).refused(NO_TOKEN);
    bind(&visitor, &user, &house.bot.widget(&user, 0)).refused(NO_TOKEN);
    bind(&visitor.with_token("long-dead"), &user, &house.bot.widget(&user, 0)).refused(DEAD_TOKEN);

    // Any fields may come, in any order, and numbers may be texts.
    let said = house.bot.vouches_for(&json!({"id": user, "first_name": "Ada 😀", "last_name": "=&\nx",
        "photo_url": "https://t.me/i/userpic/320/a.jpg?x=1&y=2", "auth_date": now().to_string()}));
    let data = bind(&person.client, &user, &said).data();
    assert!(data.is_object(), "{data}");
    has(&person, &user);
    let told: Value = serde_json::from_str(bound(&person.client)["thirdIntactMsg"].as_str().expect("text"))
        .expect("JSON text, as it was given");
    assert_eq!(told["first_name"], "Ada 😀");
    assert_eq!(text_of(&told["id"]), user);

    // With the fields that the widget always sends, through the other base, for the user id as a number.
    let (ben, user) = (house.person(), crate::house::user());
    let mut form = binding(&user, &house.bot.widget(&user, 0).to_string());
    form["thirdUserId"] = user.parse::<u64>().expect("a number").into();
    ben.client.through("/cats-gateway").call("bindThirdAccount", form).data();
    has(&ben, &user);
}

fn an_account_is_bound_by_a_mini_app(backend: Backend) {
    let house = House::open(backend);
    let (person, user) = (house.person(), user());
    bind_mini_app(&person.client, &user, &house.bot.mini_app(&user, 0)).data();
    has(&person, &user);
    assert!(bound(&person.client)["thirdIntactMsg"].as_str().expect("text").contains(&user));
    bind(&house.person().client, &user, &house.bot.widget(&user, 0)).refused(THIRD_PARTY_TAKEN);
}

fn fields_have_limits(backend: Backend) {
    const KIB_8: usize = 8 * 1024;
    let house = House::open(backend);
    let (person, user) = (house.person(), user());
    let client = &person.client;
    let tries = |field: &str, value: Value| {
        let mut form = binding(&user, &house.bot.widget(&user, 0).to_string());
        form[field] = value;
        client.call("bindThirdAccount", form)
    };
    for field in ["thirdLoginSource", "thirdUserId"] {
        tries(field, "".into()).refused(FIELD_MISSING).naming(field);
        tries(field, Value::Null).refused(FIELD_MISSING).naming(field);
    }
    tries("thirdLoginSource", "telegramtel".into()).refused(FIELD_WRONG).naming("thirdLoginSource");
    tries("thirdUserId", "1".repeat(46).into()).refused(FIELD_WRONG).naming("thirdUserId");
    for unknown in ["google", "facebook", "tg", "Telegram,x", "telegram "] {
        let told = tries("thirdLoginSource", unknown.into());
        if unknown.trim() != "telegram" {
            told.refused(UNKNOWN_THIRD_PARTY).naming("telegram");
        }
        has_none_or(&person, &user, unknown.trim() == "telegram");
    }

    let (ben, user) = (house.person(), crate::house::user());
    let of_size = |size: usize, letter: &str| {
        let said = |name: &str| {
            let fields = json!({"id": user, "first_name": name, "auth_date": now()});
            house.bot.vouches_for(&fields).to_string()
        };
        let room = size - said("").len();
        let name = letter.repeat(room / letter.len()) + &"x".repeat(room % letter.len());
        let whole = said(&name);
        assert_eq!(whole.len(), size);
        binding(&user, &whole)
    };
    // 8 KiB are bytes, whatever the letters.
    for letter in ["x", "字"] {
        let refused = ben.client.call("bindThirdAccount", of_size(KIB_8 + 1, letter));
        refused.refused(FIELD_WRONG).naming("thirdIntactMsg");
    }
    for no_json in ["{", "id=1&hash=2", "{\"id\":1}x", "\u{feff}{}"] {
        let refused = ben.client.call("bindThirdAccount", binding(&user, no_json));
        refused.refused(FIELD_WRONG).naming("thirdIntactMsg");
    }
    for no_object in ["[]", "1", "null", "\"text\""] {
        let refused = ben.client.call("bindThirdAccount", binding(&user, no_object));
        refused.refused_as(&[FIELD_WRONG, NO_VOUCHER]);
    }
    has_none(&ben);
    ben.client.call("bindThirdAccount", of_size(KIB_8, "字")).data();
    has(&ben, &user);
}

fn an_account_is_bound_once(backend: Backend) {
    let house = House::open(backend);
    let (user, other) = (user(), user());
    let ada = house.owner(&user);
    let proof = house.bot.widget(&user, 0);
    let told = bind(&ada.client, &user, &proof).refused(THIRD_PARTY_BOUND);
    assert_eq!(told.body["msgParams"], "telegram", "{}", told.body);
    bind(&ada.client, &other, &house.bot.widget(&other, 0)).refused(THIRD_PARTY_BOUND);
    has(&ada, &user);
    // Not even with the owner's own proof, by either way.
    let ben = house.person();
    let told = bind(&ben.client, &user, &proof).refused(THIRD_PARTY_TAKEN);
    assert!(text_of(&told.body["msgParams"]).starts_with("telegram"), "{}", told.body);
    bind_mini_app(&ben.client, &user, &house.bot.mini_app(&user, 0)).refused(THIRD_PARTY_TAKEN);
    has_none(&ben);
    assert_eq!(ben.client.record()["withdraw"], 1);
    // A forger does not even learn that it is bound.
    let mut forged = house.bot.widget(&user, 0);
    forged["first_name"] = "Eve".into();
    bind(&ben.client, &user, &forged).refused(NO_VOUCHER);
    bind(&ben.client, &other, &house.bot.widget(&other, 0)).data();
    has(&ben, &other);
    has(&ada, &user);
}

fn one_account_for_many_at_once(backend: Backend) {
    let house = House::open(backend);
    for round in 0..10 {
        let (people, user) = (all_at_once(5, |_| house.person()), user());
        let replies = all_at_once(5, |n| match (round + n) % 2 {
            0 => bind(&people[n].client, &user, &house.bot.widget(&user, 0)),
            _ => bind_mini_app(&people[n].client, &user, &house.bot.mini_app(&user, 0)),
        });
        assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1);
        for (person, reply) in people.iter().zip(replies) {
            match reply.is_ok() {
                true => has(person, &user),
                false => {
                    reply.refused(THIRD_PARTY_TAKEN);
                    has_none(person);
                    assert_eq!(person.client.record()["withdraw"], 1);
                }
            }
        }
    }
}

fn many_accounts_for_one_at_once(backend: Backend) {
    let house = House::open(backend);
    for _ in 0..10 {
        let person = house.person();
        let users: Vec<_> = (0..5).map(|_| user()).collect();
        let replies =
            all_at_once(5, |n| bind(&person.client.elsewhere(), &users[n], &house.bot.widget(&users[n], 0)));
        assert_eq!(replies.iter().filter(|reply| reply.is_ok()).count(), 1);
        for (user, reply) in users.iter().zip(replies) {
            match reply.is_ok() {
                true => has(&person, user),
                false => drop(reply.refused(THIRD_PARTY_BOUND)),
            }
        }
    }
}

fn binding_has_consequences(backend: Backend) {
    let house = House::open(backend);
    for person in [Person::by_email(&house.server), Person::by_phone(&house.server)] {
        let user = user();
        let fields = binding(&user, &house.bot.widget(&user, 0).to_string());
        has_consequences(&house.server, &person, &Form::new("bindThirdAccount", fields));
    }
}

fn binding_needs_a_fresh_sign_in(backend: Backend) {
    let house = House::open(backend);
    let set = |setting: &str| {
        house.server.cli(&["company", "set", "1", "--setting", setting]).succeeds();
    };
    let (person, user) = (Person::by_email(&house.server), user());
    let proof = house.bot.widget(&user, 0);
    set("fresh_sign_in_minutes=0");
    bind(&person.client, &user, &proof).refused(DEAD_TOKEN);
    person.client.call("findThirdAccountInfo", json!({})).refused(DEAD_TOKEN);
    set("fresh_sign_in_minutes=30");
    let again = person.another_session(&house.server);
    assert_eq!(bound(&again)["thirdUserId"], "");
    set("plain_forms=false");
    assert!(!bind(&again, &user, &proof).is_ok());
    assert_eq!(bound(&again)["thirdUserId"], "");
    set("plain_forms=true");
    bind(&again, &user, &proof).data();
    assert_eq!(bound(&again)["thirdUserId"], user);
}
