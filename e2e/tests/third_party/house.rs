//! A server whose company has a bot, and what its customers do with it.

use std::time::{SystemTime, UNIX_EPOCH};

use e2e::{Backend, Client, Code, Person, Reply, Server, TelegramBot, fresh, text_of};
use serde_json::{Value, json};

pub(crate) struct House {
    pub(crate) bot: TelegramBot,
    pub(crate) server: Server,
}

impl House {
    #[track_caller]
    pub(crate) fn open(backend: Backend) -> Self {
        let bot = TelegramBot::start();
        let server = Server::start_with(backend, &[("CUSTOS_TELEGRAM_API_URL", &bot.url())]);
        bot.works_for(&server, 1);
        Self { bot, server }
    }

    #[track_caller]
    pub(crate) fn person(&self) -> Person {
        Person::without_password(&self.server)
    }

    /// Someone who has bound this account.
    #[track_caller]
    pub(crate) fn owner(&self, user: &str) -> Person {
        let mut person = self.person();
        bind(&person.client, user, &self.bot.widget(user, 0)).data();
        person.reads_warnings(&self.server);
        person
    }

    #[track_caller]
    pub(crate) fn updates(&self, update: &Value) {
        assert_eq!(self.bot.updates(&self.server, 1, update), 200, "{update}");
    }

    #[track_caller]
    pub(crate) fn code(&self, client: &Client, user: &str) -> Code {
        let ticket = text_of(&client.elsewhere().ask_for_code("SMS_TELEGRAM", user).data()["token"]);
        Code { ticket, digits: self.bot.inbox().next_code_to(user) }
    }
}

/// A Telegram user whom no other test knows.
pub(crate) fn user() -> String {
    // Ids have long been above 32 bits.
    (5_000_000_000 + fresh::below(1_000_000_000)).to_string()
}

pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}

pub(crate) fn binding(user: &str, message: &str) -> Value {
    json!({"thirdLoginSource": "telegram", "thirdUserId": user, "thirdIntactMsg": message})
}

#[track_caller]
pub(crate) fn bind(client: &Client, user: &str, said: &Value) -> Reply {
    client.call("bindThirdAccount", binding(user, &said.to_string()))
}

#[track_caller]
pub(crate) fn bind_mini_app(client: &Client, user: &str, init_data: &str) -> Reply {
    bind(client, user, &json!({"initData": init_data}))
}

#[track_caller]
pub(crate) fn bound(client: &Client) -> Value {
    client.call("findThirdAccountInfo", json!({})).data()
}

#[track_caller]
pub(crate) fn has_none(person: &Person) {
    let nothing = json!({"customerNo": person.number, "thirdLoginSource": "", "thirdUserId": "",
        "thirdIntactMsg": "", "tgStatus": "UNSUBSCRIBE"});
    assert_eq!(bound(&person.client), nothing);
}

#[track_caller]
pub(crate) fn has(person: &Person, user: &str) {
    let info = bound(&person.client);
    assert_eq!(info["customerNo"], person.number);
    assert_eq!(info["thirdLoginSource"], "telegram");
    assert_eq!(info["thirdUserId"], user);
}

#[track_caller]
pub(crate) fn is_subscribed(client: &Client, expected: bool) {
    let info = bound(client);
    assert_eq!(info["tgStatus"], if expected { "SUBSCRIBE" } else { "UNSUBSCRIBE" }, "{info}");
}

#[track_caller]
pub(crate) fn has_none_or(person: &Person, user: &str, is_bound: bool) {
    match is_bound && bound(&person.client)["thirdUserId"] != "" {
        true => has(person, user),
        false => has_none(person),
    }
}
