//! The bot's webhook: who has started it and who has stopped it.

use e2e::{Backend, Person, call_webhook, membership, on_both, post_to_webhook, written};
use serde_json::json;

use crate::house::{House, is_subscribed, user};

on_both!(
    the_webhook_follows_the_user,
    a_group_is_no_user,
    who_starts_the_bot_before_binding_is_subscribed,
    the_webhook_believes_telegram_only,
    the_webhook_survives_anything,
);

fn the_webhook_follows_the_user(backend: Backend) {
    let house = House::open(backend);
    let user = user();
    let ada = house.owner(&user);
    is_subscribed(&ada.client, false);
    for (update, expected) in [
        (written(&user, "/start"), true),
        (written(&user, "/stop"), false),
        (written(&user, "/start ref_17"), true),
        (membership(&user, "kicked"), false),
        (membership(&user, "kicked"), false),
        (membership(&user, "member"), true),
        (written(&user, "how do I stop this? /stop"), true),
        (membership(&user, "left"), false),
        (written(&user, "/start@example_bot"), true),
    ] {
        house.updates(&update);
        is_subscribed(&ada.client, expected);
    }
    // Another user's doings are none of hers.
    house.updates(&membership(&crate::house::user(), "kicked"));
    is_subscribed(&ada.client, true);

    // It stays true over a restart.
    house.server.restart();
    let at_new_port = |person: &Person| house.server.visitor().with_token(person.client.token());
    is_subscribed(&at_new_port(&ada), true);
}

fn a_group_is_no_user(backend: Backend) {
    let house = House::open(backend);
    // What is written in a group lets no bot write to a user, nor does the user's bringing it there.
    let cleos = user();
    let cleo = house.owner(&cleos);
    let group = json!({"id": -1_001_234_567_890_i64, "type": "supergroup", "title": "All"});
    for (mut update, kind) in
        [(membership(&cleos, "member"), "my_chat_member"), (written(&cleos, "/start"), "message")]
    {
        update[kind]["chat"] = group.clone();
        house.updates(&update);
        is_subscribed(&cleo.client, false);
    }
    // Nor does its being thrown out of one end anything.
    house.updates(&written(&cleos, "/start"));
    for (mut update, kind) in
        [(membership(&cleos, "kicked"), "my_chat_member"), (written(&cleos, "/stop"), "message")]
    {
        update[kind]["chat"] = group.clone();
        house.updates(&update);
        is_subscribed(&cleo.client, true);
    }
}

fn who_starts_the_bot_before_binding_is_subscribed(backend: Backend) {
    let house = House::open(backend);
    let (early, gone) = (user(), user());
    house.updates(&written(&early, "/start"));
    is_subscribed(&house.owner(&early).client, true);
    house.updates(&written(&gone, "/start"));
    house.updates(&membership(&gone, "kicked"));
    is_subscribed(&house.owner(&gone).client, false);
}

fn the_webhook_believes_telegram_only(backend: Backend) {
    let house = House::open(backend);
    let user = user();
    let ada = house.owner(&user);
    let company = house.server.add_company("Other");
    let theirs = house.bot.another();
    theirs.works_for(&house.server, company);
    let start = written(&user, "/start");
    let right = house.bot.webhook_secret();
    let shouted = right.to_uppercase();
    let theirs_secret = theirs.webhook_secret();
    let wrong = ["", "x", &right[..63], shouted.as_str(), theirs_secret.as_str(), house.bot.token.as_str()];
    for secret in wrong.into_iter().map(Some).chain([None]) {
        let status = call_webhook(&house.server, 1, secret, &start);
        assert!((400..500).contains(&status), "{secret:?}: {status}");
        is_subscribed(&ada.client, false);
    }
    // The other company's bot speaks of the other company's customers.
    assert_eq!(theirs.updates(&house.server, company, &start), 200);
    is_subscribed(&ada.client, false);
    for unknown in [company + 1000, 0, -1] {
        let status = call_webhook(&house.server, unknown, Some(&right), &start);
        assert!((400..500).contains(&status), "{unknown}: {status}");
    }
    house.updates(&start);
    is_subscribed(&ada.client, true);
    assert_eq!(theirs.updates(&house.server, company, &written(&user, "/stop")), 200);
    is_subscribed(&ada.client, true);
}

fn the_webhook_survives_anything(backend: Backend) {
    let house = House::open(backend);
    let user = user();
    let ada = house.owner(&user);
    let secret = house.bot.webhook_secret();
    // Kinds of updates that nobody asked for. Telegram sends again what is not answered by 2xx, for a day.
    let id: u64 = user.parse().expect("a number");
    let from = json!({"id": id, "is_bot": false, "first_name": "Ada"});
    for unasked in [
        json!({"update_id": 1}),
        json!({"update_id": 2, "edited_message": {"text": "/start", "from": from}}),
        json!({"update_id": 3, "callback_query": {"id": "4", "from": from, "data": "/start"}}),
        json!({"update_id": 4, "message": {"message_id": 1, "chat": {"id": id, "type": "private"},
            "sticker": {"file_id": "x"}}}),
        json!({"update_id": 5, "message": {"message_id": 1, "text": 7, "from": "x", "chat": []}}),
        json!({"update_id": 6, "my_chat_member": {}}),
        json!({"update_id": 7, "message": {"text": "/start", "chat": {"id": 1e300, "type": "private"}}}),
    ] {
        house.updates(&unasked);
        is_subscribed(&ada.client, false);
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for broken in ["", "{", "[]", "null", "\"/start\"", deep.as_str(), "\u{0}"] {
        let status = post_to_webhook(&house.server, "1", Some(&secret), broken.as_bytes());
        assert!(status < 500, "{broken:.20}: {status}");
    }
    for path in ["", "x", "1/2", "99999999999999999999", "1%00"] {
        let status = post_to_webhook(&house.server, path, Some(&secret), b"{}");
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    house.updates(&written(&user, "/start"));
    is_subscribed(&ada.client, true);
}
