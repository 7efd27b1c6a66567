//! Text messages cost money: when none is sent, and that whoever asks can't tell.

use crate::common::{Backend, Client, DAY, HOUR, House, fresh_email, on_both};
use custos_customers::company::SmsSettings;
use std::sync::atomic::{AtomicU32, Ordering};

on_both!(
    switched_off,
    a_country_that_is_not_allowed,
    a_number_that_is_no_mobile,
    to_no_one_goes_nothing_and_costs_nothing,
    a_prefix_in_an_hour,
    a_country_in_an_hour,
    the_company_in_an_hour_and_in_a_day,
    money_in_a_day,
    a_country_has_its_own_price,
    a_prefix_whose_codes_nobody_proves,
    notices_keep_to_the_same_rules,
    a_prefix_that_others_have_blocked_silences_no_notice,
);

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A number of the prefix `+86` and these three digits.
fn chinese(start: &str) -> String {
    format!("+86 {start}{:08}", NEXT.fetch_add(1, Ordering::Relaxed))
}

fn british() -> String {
    format!("+44 7400{:06}", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Where the house stands after a message was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Fate {
    state: String,
    reason: String,
    sealed: i64,
}

struct Town {
    house: House,
}

impl Town {
    fn with(backend: Backend, change: impl Fn(&mut SmsSettings) + Send + 'static) -> Self {
        let house = House::open(backend);
        house.set(1, move |settings| change(&mut settings.sms));
        Self { house }
    }

    fn change(&self, change: impl Fn(&mut SmsSettings) + Send + 'static) {
        self.house.set(1, move |settings| change(&mut settings.sms));
    }

    /// What became of the last message of a channel.
    fn last(&self, channel: &str) -> Fate {
        self.house.settle();
        let newest = format!("FROM outbox WHERE channel = '{channel}' ORDER BY id DESC LIMIT 1");
        Fate {
            state: self.house.texts(&format!("SELECT state {newest}")).remove(0),
            reason: self.house.texts(&format!("SELECT reason {newest}")).remove(0),
            sealed: self.house.number(&format!(
                "SELECT CAST(CASE WHEN payload IS NULL THEN 0 ELSE 1 END AS BIGINT) {newest}"
            )),
        }
    }

    /// Asks for a code like any guest, and gets a ticket like any guest.
    #[track_caller]
    fn asks(&self, to: &str) -> Client {
        let visitor = self.house.visitor();
        let ticket = visitor.asks("SMS_COMMON", to).text("token");
        assert_eq!(ticket.len(), 32);
        visitor
    }

    #[track_caller]
    fn arrives(&self, to: &str) {
        self.asks(to);
        let fate = self.last("sms");
        assert_eq!((fate.state.as_str(), fate.sealed), ("delivered", 0), "{to}");
        assert!(self.is_in_the_mailbox(to), "{to}");
    }

    /// Nothing is delivered, an operator sees why, and mails go on.
    #[track_caller]
    fn does_not_arrive(&self, to: &str, reason: &str) {
        self.asks(to);
        let due = Fate { state: "suppressed".to_owned(), reason: reason.to_owned(), sealed: 0 };
        assert_eq!(self.last("sms"), due, "{to}");
        assert!(!self.is_in_the_mailbox(to), "{to}");
        self.house.visitor().code("EMAIL_COMMON", &fresh_email());
    }

    fn is_in_the_mailbox(&self, to: &str) -> bool {
        let to = to.replace(' ', "");
        let mails = self.house.mails();
        mails.iter().any(|mail| mail.to == to && mail.channel == "sms" && mail.company == 1)
    }
}

fn switched_off(backend: Backend) {
    let town = Town::with(backend, |sms| sms.enabled = false);
    town.does_not_arrive(&chinese("139"), "sms_switched_off");
    town.change(|sms| sms.enabled = true);
    town.arrives(&chinese("139"));
    town.change(|sms| sms.enabled = false);
    town.does_not_arrive(&british(), "sms_switched_off");
}

fn a_country_that_is_not_allowed(backend: Backend) {
    let town = Town::with(backend, |sms| sms.countries = vec!["CN".to_owned(), "US".to_owned()]);
    town.arrives(&chinese("139"));
    town.arrives("+1 2015550123");
    town.does_not_arrive(&british(), "country_not_allowed");
    // The same calling code, another country.
    town.does_not_arrive("+1 8765550123", "country_not_allowed");
}

fn a_number_that_is_no_mobile(backend: Backend) {
    let town = Town::with(backend, |_| {});
    // A landline in Beijing and one in London, a premium number.
    for to in ["+86 1082345678", "+44 2079460000", "+44 9098790000"] {
        town.does_not_arrive(to, "not_a_mobile_number");
    }
    town.arrives(&british());
}

fn to_no_one_goes_nothing_and_costs_nothing(backend: Backend) {
    let town = Town::with(backend, |sms| {
        sms.per_hour = 1;
        sms.judged_from = 1;
        sms.block_below_percent = 50;
    });
    for kind in ["SMS_LOGIN", "SMS_PASSWORD"] {
        let to = chinese("139");
        assert_eq!(town.house.visitor().asks(kind, &to).text("token").len(), 32);
        // The second runs into a budget beside the company's.
        let reason = if kind == "SMS_LOGIN" { "not_a_customer" } else { "hour_limit" };
        let due = Fate { state: "suppressed".to_owned(), reason: reason.to_owned(), sealed: 0 };
        assert_eq!(town.last("sms"), due, "{kind}");
        assert!(!town.is_in_the_mailbox(&to));
    }
    // Neither the company's budget nor its judgement of the prefix knows of them.
    town.arrives(&chinese("139"));
    town.does_not_arrive(&chinese("138"), "hour_limit");
}

fn a_prefix_in_an_hour(backend: Backend) {
    let town = Town::with(backend, |sms| sms.per_prefix_hour = 2);
    town.arrives(&chinese("139"));
    town.arrives(&chinese("139"));
    town.does_not_arrive(&chinese("139"), "prefix_limit");
    town.arrives(&chinese("138"));
    town.house.advance_to((town.house.now() / HOUR + 1) * HOUR - 1);
    town.does_not_arrive(&chinese("139"), "prefix_limit");
    town.house.advance(1);
    town.arrives(&chinese("139"));
}

fn a_country_in_an_hour(backend: Backend) {
    let town = Town::with(backend, |sms| sms.per_country_hour = 2);
    town.arrives(&chinese("137"));
    town.arrives(&chinese("138"));
    town.does_not_arrive(&chinese("139"), "country_limit");
    town.arrives(&british());
    town.house.advance(HOUR);
    town.arrives(&chinese("139"));
}

fn the_company_in_an_hour_and_in_a_day(backend: Backend) {
    let town = Town::with(backend, |sms| (sms.per_hour, sms.per_day) = (2, 3));
    let other = town.house.add_company(true);
    town.arrives(&chinese("139"));
    town.arrives(&british());
    town.does_not_arrive(&chinese("138"), "hour_limit");
    town.house.advance(HOUR);
    town.arrives(&chinese("138"));
    town.does_not_arrive(&british(), "day_limit");
    // It is the company's budget, not the house's.
    let to = chinese("137");
    town.house.visitor().of_company(other).code("SMS_COMMON", &to);
    town.house.advance(DAY);
    town.arrives(&chinese("136"));
}

fn money_in_a_day(backend: Backend) {
    let town = Town::with(backend, |sms| (sms.price_milli, sms.budget_per_day_milli) = (50, 149));
    town.arrives(&chinese("139"));
    town.arrives(&british());
    town.does_not_arrive(&chinese("139"), "budget_spent");
    town.house.advance_to((town.house.now() / DAY + 1) * DAY - 1);
    town.does_not_arrive(&chinese("139"), "budget_spent");
    town.house.advance(1);
    town.arrives(&chinese("139"));
}

fn a_country_has_its_own_price(backend: Backend) {
    let town = Town::with(backend, |sms| {
        (sms.price_milli, sms.budget_per_day_milli) = (10, 100);
        sms.country_price_milli = [("GB".to_owned(), 90)].into();
    });
    town.arrives(&british());
    town.does_not_arrive(&british(), "budget_spent");
    town.arrives(&chinese("139"));
    town.does_not_arrive(&chinese("139"), "budget_spent");
}

/// Ten codes to a prefix, of which some are proved.
fn ten(town: &Town, start: &str, proved: usize) {
    for number in 0..10 {
        let to = chinese(start);
        let visitor = town.house.visitor();
        let code = visitor.code("SMS_COMMON", &to);
        if number < proved {
            visitor.checks("SMS_COMMON", &to, &code).is("0");
        }
    }
}

fn a_prefix_whose_codes_nobody_proves(backend: Backend) {
    let town = Town::with(backend, |sms| (sms.judged_from, sms.block_below_percent) = (10, 20));
    ten(&town, "139", 1);
    ten(&town, "138", 2);
    town.does_not_arrive(&chinese("139"), "prefix_blocked");
    town.arrives(&chinese("138"));
    town.arrives(&chinese("137"));
    town.house.advance_to((town.house.now() / DAY + 1) * DAY - 1);
    town.does_not_arrive(&chinese("139"), "prefix_blocked");
    town.house.advance(1);
    town.arrives(&chinese("139"));
}

/// What becomes of the notice of a sign-in from a new device, to someone who has only a phone.
fn notice(town: &Town) -> Fate {
    let ada = town.house.customer();
    town.house.bind_phone(&ada, "13900000002");
    let id = ada.id;
    town.house.write(move |tx| {
        tx.execute("UPDATE customers SET email = NULL WHERE id = $1", custos_store::params![id])?;
        tx.touch(id);
        Ok(())
    });
    let new_device = town.house.visitor().with("user-agent", Some("another"));
    let body = serde_json::json!({
        "type": 3, "loginName": ada.number, "loginPwd": crate::common::md5(crate::common::PASSWORD), "device": 4,
    });
    new_device.call("login", body).is("0");
    town.last("sms")
}

fn notices_keep_to_the_same_rules(backend: Backend) {
    let town = Town::with(backend, |sms| sms.enabled = false);
    let due = Fate { state: "suppressed".to_owned(), reason: "sms_switched_off".to_owned(), sealed: 0 };
    assert_eq!(notice(&town), due);
}

fn a_prefix_that_others_have_blocked_silences_no_notice(backend: Backend) {
    let town = Town::with(backend, |sms| {
        (sms.judged_from, sms.per_prefix_hour, sms.per_hour) = (3, 3, 3);
    });
    for _ in 0..4 {
        town.house.visitor().asks("SMS_COMMON", &chinese("139")).text("token");
    }
    assert_eq!(town.last("sms").state, "suppressed");
    assert_eq!(notice(&town).state, "delivered");
}
