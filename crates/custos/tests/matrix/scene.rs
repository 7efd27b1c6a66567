//! Who takes part: Ada, who acts; Ben, another customer; Cam, who has Ada's addresses in another company.

use super::asks::{Case, CodeAsk, Sets, To, short};
use super::shared::generous;
use crate::common::{Backend, Client, Code, Customer, House, Reply, SECOND, fresh_email, fresh_phone, md5};
use custos_customers::company;
use custos_customers::session::{self, Origin};
use custos_customers::third_party;
use custos_delivery::Channel;
use custos_store::params;
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

/// What Ada has typed as her fund password.
pub(super) const FUND_PASSWORD: &str = "Fund 8135!";
/// What any password is to be.
pub(super) const NEW_PASSWORD: &str = "Fresh 4711 pass";
/// The companies' bots, by company.
pub(super) const BOTS: [&str; 2] = ["1001:Bot-of-the-first", "1002:Bot-of-the-other"];

/// A customer with all they could have.
pub(super) struct Person {
    pub(super) customer: Customer,
    /// As `toUser`.
    pub(super) phone: String,
    pub(super) telegram: String,
    pub(super) secret: Vec<u8>,
}

impl Person {
    fn new(house: &House, company: i64) -> Self {
        let customer = house.customer_of(company);
        let phone = fresh_phone();
        house.bind_phone(&customer, national(&phone));
        let telegram = customer.id.to_string();
        bind_telegram(house, &customer, &telegram);
        let secret = house.turn_mfa_on(&customer);
        Self { customer, phone, telegram, secret }
    }

    pub(super) fn address(&self, channel: Channel) -> &str {
        match channel {
            Channel::Email => &self.customer.email,
            Channel::Sms => &self.phone,
            Channel::Telegram => &self.telegram,
            Channel::Wallet => unreachable!("no code goes to a wallet system"),
        }
    }
}

fn bind_telegram(house: &House, customer: &Customer, user: &str) {
    let (company, id, user) = (customer.company, customer.id, user.to_owned());
    house.write(move |tx| {
        tx.execute(
            "INSERT INTO third_accounts (company_id, customer_id, source, user_id, message, subscribed, created_at) \
             VALUES ($1, $2, 'telegram', $3, '{}', 1, 0)",
            params![company, id, &user],
        )?;
        tx.touch(id);
        Ok(())
    });
}

/// The number without its area.
pub(super) fn national(phone: &str) -> &str {
    phone.split_once(' ').unwrap().1
}

/// A secret that waits to be switched on, and its id.
fn waiting_secret(client: &Client) -> (Vec<u8>, i64) {
    let made = client.call("generateGoogleAccount", json!({}));
    let secret = BASE32_NOPAD.decode(made.text("secret").as_bytes()).unwrap();
    (secret, made.data()["id"].as_i64().unwrap())
}

/// A house with everyone but Ada.
pub(super) struct Stage {
    pub(super) house: House,
    pub(super) other_company: i64,
    pub(super) ben: Person,
    pub(super) cam: Person,
}

impl Stage {
    pub(super) fn new(backend: Backend) -> Self {
        let house = House::open(backend);
        let other_company = house.add_company(true);
        for (company, bot) in [1, other_company].into_iter().zip(BOTS) {
            house.set(company, generous);
            house.write(move |tx| {
                Ok(third_party::set_secret(tx, company, third_party::BOT_TOKEN, Some(bot))?)
            });
        }
        let (ben, cam) = (Person::new(&house, 1), Person::new(&house, other_company));
        Self { house, other_company, ben, cam }
    }

    fn sql(&self, sql: &'static str, id: i64, text: &str) {
        let text = text.to_owned();
        self.house.write(move |tx| {
            tx.execute(sql, params![id, &text])?;
            tx.touch(id);
            Ok(())
        });
    }
}

/// Ada as she must be before an operation can go well.
pub(super) struct Scene<'a> {
    pub(super) stage: &'a Stage,
    pub(super) house: &'a House,
    pub(super) case: &'a Case,
    pub(super) ada: Person,
    /// The secret that waits to be switched on, and the id of it or of the active one.
    pub(super) google_id: i64,
    pub(super) has_email: bool,
    pub(super) has_phone: bool,
    pub(super) new_email: String,
    pub(super) new_phone: String,
    /// The session in which she acts; her first one only looks.
    pub(super) acting: Client,
    pub(super) guest: Client,
}

impl<'a> Scene<'a> {
    pub(super) fn new(stage: &'a Stage, case: &'a Case) -> Self {
        let house = &stage.house;
        let customer = house.customer();
        let sets_first = |what: Sets| case.is_first() && case.sets == what;
        if !sets_first(Sets::FundPassword) {
            customer.home.call("bindAssertsPwd", json!({ "pwd": md5(FUND_PASSWORD) })).is("0");
        }
        let phone = fresh_phone();
        house.bind_phone(&customer, national(&phone));
        let telegram = customer.id.to_string();
        if case.sets != Sets::Telegram {
            bind_telegram(house, &customer, &telegram);
        }
        let id = customer.id;
        let cam = stage.cam.customer.id;
        stage.sql("UPDATE customers SET email = $2 WHERE id = $1", cam, &customer.email);
        house.bind_phone(&stage.cam.customer, national(&phone));
        for (first, sql) in [
            (Sets::LoginPassword, "UPDATE customers SET login_password = NULL, name = $2 WHERE id = $1"),
            (Sets::Email, "UPDATE customers SET email = NULL, name = $2 WHERE id = $1"),
            (Sets::Phone, "UPDATE customers SET phone = NULL, phone_area = NULL, name = $2 WHERE id = $1"),
        ] {
            if sets_first(first) {
                stage.sql(sql, id, "Ada");
            }
        }
        stage.sql("UPDATE customers SET cool_off_until = 0, name = $2 WHERE id = $1", id, "Ada");
        let (secret, google_id) = if case.mfa {
            let secret = house.turn_mfa_on(&customer);
            let record = customer.home.call("findCustomerInfo", json!({}));
            (secret, record.data()["googleId"].as_i64().unwrap())
        } else {
            waiting_secret(&customer.home)
        };
        let acting = customer.home.clone();
        let mut scene = Self {
            stage,
            house,
            case,
            ada: Person { customer, phone, telegram, secret },
            google_id,
            has_email: !sets_first(Sets::Email),
            has_phone: !sets_first(Sets::Phone),
            new_email: fresh_email(),
            new_phone: fresh_phone(),
            acting,
            guest: house.visitor(),
        };
        scene.renew();
        scene
    }

    /// A session that has just begun, without signing in.
    pub(super) fn opens_session(&self) -> Client {
        let customer = &self.ada.customer;
        let (company_id, id) = (customer.company, customer.id);
        let token = self.house.write(move |tx| {
            let company = company::find(tx, company_id)?.unwrap();
            Ok(session::open(tx, &company.settings, company_id, id, &Origin::default())?)
        });
        customer.home.with_token(&token)
    }

    /// Lets time pass.
    pub(super) fn waits(&self, ms: i64) {
        self.house.advance(ms);
    }

    /// A fresh session, a step of the authenticator (the active or the waiting one) that is not used, and no wrong
    /// tries of it.
    pub(super) fn renew(&mut self) {
        self.waits(30 * SECOND);
        self.acting = self.opens_session();
        if !self.case.mfa {
            (self.ada.secret, self.google_id) = waiting_secret(&self.acting);
        }
        if self.case.mfa || self.case.sets == Sets::Mfa {
            let body = json!({ "code": self.house.google_code(&self.ada.secret, 0) });
            assert_eq!(*self.acting.call("checkGoogleCode", body).data(), true, "{}", self.case.told());
        }
    }

    pub(super) fn other_guest(&self) -> Client {
        self.guest.of_company(self.stage.other_company)
    }

    /// To whom a code goes.
    pub(super) fn recipient(&self, ask: &CodeAsk) -> &str {
        match (ask.to, ask.channel) {
            (To::New, Channel::Email) => &self.new_email,
            (To::New, _) => &self.new_phone,
            (To::Own | To::Telegram, channel) => self.ada.address(channel),
        }
    }

    /// A code of a purpose for what is asked, as a client of Ada's gets it.
    pub(super) fn code(&self, ask: &CodeAsk, purpose: &str) -> Code {
        let client = if purpose == "LOGINED" { &self.acting } else { &self.guest };
        client.code(&kind(ask.channel, purpose), self.recipient(ask))
    }

    /// Calls the operation, in the session where it needs one.
    pub(super) fn sends(&self, body: &Value) -> Reply {
        let client = match short(self.case.entry) {
            "login" | "register" | "forgetLoginPwd" => &self.guest,
            _ => &self.acting,
        };
        client.call_entry(self.case.entry, body)
    }

    /// What a refusal must leave as it is.
    pub(super) fn facts(&self) -> Facts {
        let id = self.ada.customer.id;
        Facts {
            record: self.ada.customer.home.call("findCustomerInfo", json!({})).data().clone(),
            passwords: self.house.texts(&format!(
                "SELECT coalesce(login_password, '') || ' ' || coalesce(fund_password, '') FROM customers \
                 WHERE id = {id}"
            )),
            sessions: self.sessions(),
            successes: self.successes(),
            customers: self.house.number("SELECT count(*) FROM customers"),
        }
    }

    /// The ids of Ada's sessions.
    pub(super) fn sessions(&self) -> Vec<String> {
        self.house.texts(&format!(
            "SELECT CAST(id AS TEXT) FROM sessions WHERE customer_id = {} ORDER BY id",
            self.ada.customer.id
        ))
    }

    /// How many entries of the audit log tell of a success.
    pub(super) fn successes(&self) -> i64 {
        self.house.number("SELECT count(*) FROM audit_log WHERE company_id = 1 AND outcome = 'ok'")
    }
}

/// The name of a kind of code, without its ending.
pub(super) fn kind(channel: Channel, purpose: &str) -> String {
    format!("{}_{purpose}", if channel == Channel::Email { "EMAIL" } else { "SMS" })
}

/// What Ada has and what was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) record: Value,
    passwords: Vec<String>,
    pub(super) sessions: Vec<String>,
    successes: i64,
    customers: i64,
}
