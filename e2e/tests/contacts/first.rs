//! `firstSetEmail` and `firstSetPhone`: for those who are known by their Telegram account.

use e2e::codes::{
    EMAIL_SET, FIELD_MISSING, NO_TOKEN, NOT_BOUND, PHONE_SET, UNKNOWN_THIRD_PARTY, WRONG_CODE,
    WRONG_EMAIL_CODE, WRONG_PHONE_CODE,
};
use e2e::{
    Backend, Client, Code, Form, Person, Server, TelegramBot, fresh, has_consequences, on_both,
    refuses_other_codes, text_of,
};
use serde_json::json;

use crate::checks::{has, refuses_addresses, was_not_asked};
use crate::contact::{BOTH, Contact};

on_both!(
    a_first_contact,
    a_first_contact_refuses_other_codes,
    a_first_contact_refuses_other_telegram_codes,
    a_first_contact_has_consequences,
    a_first_contact_without_telegram,
);

/// A server whose company has a bot.
struct House {
    bot: TelegramBot,
    server: Server,
}

impl House {
    #[track_caller]
    fn open(backend: Backend) -> Self {
        let bot = TelegramBot::start();
        let server = Server::start_with(backend, &[("CUSTOS_TELEGRAM_API_URL", &bot.url())]);
        server.cli_with_input(&["company", "secret", "1", "telegram_bot_token"], &bot.token).succeeds();
        Self { bot, server }
    }

    /// Someone without this kind of contact who has bound a Telegram account: who, and its id.
    #[track_caller]
    fn newcomer(&self, kind: Contact) -> (Person, String) {
        let mut person = kind.other().owner(&self.server);
        let user = (1_000_000_000 + fresh::below(1_000_000_000)).to_string();
        let proof = self.bot.widget(&user, 0).to_string();
        let form = json!({"thirdLoginSource": "telegram", "thirdUserId": user, "thirdIntactMsg": proof});
        person.client.call("bindThirdAccount", form).data();
        person.reads_warnings(&self.server);
        (person, user)
    }

    /// A code to a Telegram account.
    #[track_caller]
    fn code(&self, client: &Client, user: &str) -> Code {
        let client = client.elsewhere();
        let ticket = text_of(&client.ask_for_code("SMS_TELEGRAM", user).data()["token"]);
        Code { ticket, digits: self.bot.inbox().next_code_to(user) }
    }

    /// The form with a right code to Telegram.
    #[track_caller]
    fn form(&self, kind: Contact, person: &Person, user: &str, name: &str) -> Form {
        with_telegram(first(kind, name), &self.code(&person.client, user))
    }
}

fn first(kind: Contact, name: &str) -> Form {
    let form = Form::new(kind.pick("firstSetEmail", "firstSetPhone"), kind.fields(name));
    let wrong = kind.pick(WRONG_EMAIL_CODE, WRONG_PHONE_CODE);
    let kind_of_code = kind.pick("EMAIL_COMMON", "SMS_COMMON");
    form.with("thirdSource", "telegram").usual_code(kind_of_code, kind.address(name), wrong)
}

fn with_telegram(form: Form, code: &Code) -> Form {
    form.with("verifyCodeThirdType", code.digits.as_str()).with("sendTokenThirdType", code.ticket.as_str())
}

fn a_first_contact(backend: Backend) {
    let house = House::open(backend);
    for kind in BOTH {
        let (person, user) = house.newcomer(kind);
        let stays = kind.other().of(&person);
        let telegram = house.code(&person.client, &user);
        refuses_addresses(&house.server, kind, &person, |name| with_telegram(first(kind, name), &telegram));

        let name = kind.fresh();
        let form = with_telegram(first(kind, &name), &telegram);
        let codes = form.codes(&person.client);
        form.send(&house.server.visitor(), &codes).refused(NO_TOKEN);
        for field in ["thirdSource", "verifyCodeThirdType", "sendTokenThirdType"] {
            form.clone().with(field, "").send(&person.client, &codes).refused(FIELD_MISSING).naming(field);
        }
        form.clone().with("thirdSource", "google").send(&person.client, &codes).refused(UNKNOWN_THIRD_PARTY);
        let record = person.client.record();
        assert!(record[kind.field()].is_null() || record[kind.field()] == "", "{record}");

        form.send(&person.client, &codes).data();
        has(&house.server, kind, &person.client, &name);
        has(&house.server, kind.other(), &person.client, &stays);

        let again = house.form(kind, &person, &user, &kind.fresh());
        again.goes_out(&person.client).refused(kind.pick(EMAIL_SET, PHONE_SET));
        has(&house.server, kind, &person.client, &name);
    }
}

fn a_first_contact_refuses_other_codes(backend: Backend) {
    let house = House::open(backend);
    for kind in BOTH {
        let (person, user) = house.newcomer(kind);
        refuses_other_codes(&house.server, &person, &house.form(kind, &person, &user, &kind.fresh()));
    }
}

fn a_first_contact_refuses_other_telegram_codes(backend: Backend) {
    let house = House::open(backend);
    for kind in BOTH {
        let (person, user) = house.newcomer(kind);
        let (stranger, strangers_user) = house.newcomer(kind);
        let name = kind.fresh();
        let codes = first(kind, &name).codes(&person.client);
        let strangers = house.code(&stranger.client, &strangers_user);
        // Code and ticket to the new address are none of Telegram's.
        let own_code_again = codes[0].clone();
        let right = house.code(&person.client, &user);
        let mixed = Code { ticket: strangers.ticket.clone(), digits: right.digits.clone() };
        let before = person.client.record();
        for wrong in [right.wrong(), strangers.clone(), mixed, own_code_again] {
            with_telegram(first(kind, &name), &wrong).send(&person.client, &codes).refused(WRONG_CODE);
            assert_eq!(person.client.record(), before);
        }
        let form = with_telegram(first(kind, &name), &right);
        form.send(&person.client, &codes).data();
        has(&house.server, kind, &person.client, &name);

        // Neither works again, for anyone: not even for the one whose Telegram account that is.
        let name = kind.fresh();
        let codes = first(kind, &name).codes(&stranger.client);
        with_telegram(first(kind, &name), &right).send(&stranger.client, &codes).refused(WRONG_CODE);
        with_telegram(first(kind, &name), &strangers).send(&stranger.client, &codes).data();
        let used = house.server.visitor().check_code("SMS_TELEGRAM", &user, &right);
        used.refused_as(e2e::codes::A_SPENT_CODE);
    }
}

fn a_first_contact_has_consequences(backend: Backend) {
    let house = House::open(backend);
    for kind in BOTH {
        let (person, user) = house.newcomer(kind);
        let name = kind.fresh();
        has_consequences(&house.server, &person, &house.form(kind, &person, &user, &name));
        was_not_asked(&house.server, kind, &name);
    }
}

fn a_first_contact_without_telegram(backend: Backend) {
    let house = House::open(backend);
    for kind in BOTH {
        // No account is bound; someone else's is no help.
        let person = kind.other().owner(&house.server);
        let (stranger, user) = house.newcomer(kind);
        let before = person.client.record();
        for asker in [&stranger, &person] {
            let form = house.form(kind, asker, &user, &kind.fresh());
            form.goes_out(&person.client).refused(NOT_BOUND);
        }
        assert_eq!(person.client.record(), before);
        assert!(stranger.client.record()[kind.field()].as_str().is_none_or(str::is_empty));
    }
}
