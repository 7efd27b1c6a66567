//! The authenticator, its recovery codes, and the Telegram account.

use crate::common::widget;
use crate::play::{Play, expect};
use crate::rules::{DEAD_TOKEN, Refused, Shown, Spend};
use crate::state::{Address, Secret};
use crate::steps::{Google, Pick, Who};
use crate::world::{BOT, MINUTE};
use data_encoding::BASE32_NOPAD;
use serde_json::{Value, json};

const MFA_IS_ON: &str = "CUSTOMER_API_0000138";
const MFA_IS_OFF: &str = "CUSTOMER_API_0001040";
const NOT_FOUND: &str = "CUSTOMER_API_0000003";
const ALREADY: &str = "CUSTOMER_API_0000143";
const ANOTHERS: &str = "CUSTOMER_API_0000144";
const NO_PROOF: &str = "CUSTOMER_API_0000902";
const WAITS: i64 = 15 * MINUTE;

/// Codes from both contacts: what is shown for the phone's and the e-mail's.
type FromContacts = [Shown; 2];

impl Play<'_> {
    /// The person of a call in a session, which must be refused where the session is dead.
    fn caller(&mut self, session: usize) -> Result<usize, Refused> {
        self.model.uses(session).ok_or(DEAD_TOKEN)
    }

    pub(crate) fn makes_secret(&mut self, who: &Who) {
        let Some(session) = self.session(who) else { return };
        let reply = self.call_as(session, "generateGoogleAccount", &json!({}));
        let due = self.caller(session).and_then(|person| {
            if self.model.people[person].mfa.is_some() { Err(MFA_IS_ON) } else { Ok(person) }
        });
        expect(&reply, due.map(|_| ()), "a new secret");
        let Ok(person) = due else { return };
        self.model.people[person].waiting = Some(Secret {
            id: reply.data["id"].as_i64().unwrap(),
            secret: BASE32_NOPAD.decode(reply.text("secret").as_bytes()).unwrap(),
            last_step: 0,
            expires: self.model.now + WAITS,
        });
    }

    pub(crate) fn looks_at_google(&mut self, who: &Who, google: &Google) {
        let Some(session) = self.session(who) else { return };
        let given = self.google(Some(self.model.sessions[session].person), google);
        let given = given.unwrap_or_else(|| "none".to_owned());
        let reply = self.call_as(session, "checkGoogleCode", &json!({ "code": given }));
        let person = self.caller(session);
        expect(&reply, person.map(|_| ()), "a look at an authenticator's code");
        if let Ok(person) = person {
            assert_eq!(reply.data, self.model.looks_at_google(person, &given), "a look at {given}");
        }
    }

    fn asks_contacts(&mut self, session: usize, pick: &Pick) -> FromContacts {
        [false, true].map(|email| {
            let person = self.person_of(session);
            let (company, own) = (person.company, person.own(email));
            self.shows(pick, (company, Some(session)), &["LOGINED"], own, false)
        })
    }

    fn switch(&self, on: bool, id: i64, from: &FromContacts, google: Option<&str>) -> Value {
        let [phone, email] = from;
        json!({
            "type": if on { 1 } else { 2 }, "googleId": id, "googleCode": google,
            "verifyCodeSMS": phone.code, "sendTokenSMS": phone.ticket,
            "verifyCodeEmail": email.code, "sendTokenEmail": email.ticket,
        })
    }

    fn checks_contacts(&mut self, person: usize, from: &FromContacts) -> Result<Vec<Spend>, Refused> {
        let who = self.model.people[person].clone();
        let wrong = ["CUSTOMER_API_0000518", "CUSTOMER_API_0000517"];
        let mut spends = Vec::new();
        for ((own, shown), wrong) in [who.phone, who.email].into_iter().zip(from).zip(wrong) {
            if let Some(to) = own {
                spends.push(self.model.checks_code(who.company, &["LOGINED"], to, shown, wrong)?);
            }
        }
        Ok(spends)
    }

    pub(crate) fn switches_on(&mut self, who: &Who, pick: &Pick, google: &Google) {
        let Some(session) = self.session(who) else { return };
        let from = self.asks_contacts(session, pick);
        let given = self.google(Some(self.model.sessions[session].person), google);
        let id = self.person_of(session).waiting.as_ref().map_or(1, |secret| secret.id);
        let body = self.switch(true, id, &from, given.as_deref());
        let reply = self.call_as(session, "enableOrForbidMFA", &body);
        let due = self.caller(session).and_then(|person| {
            if self.model.people[person].mfa.is_some() {
                return Err(MFA_IS_ON);
            }
            let spends = self.checks_contacts(person, &from)?;
            let step = self.model.checks_waiting(person, id, given.as_deref())?;
            Ok((person, spends, step))
        });
        expect(&reply, due.as_ref().map(|_| ()).map_err(|code| *code), "switching MFA on");
        let Ok((person, spends, step)) = due else { return };
        self.model.spends(spends);
        let who = &mut self.model.people[person];
        who.mfa = who.waiting.take().map(|secret| Secret { last_step: step, ..secret });
        self.told_recovery_codes(person, &reply.data);
        self.followed(person, session);
    }

    fn told_recovery_codes(&mut self, person: usize, data: &Value) {
        let told = data["recoveryCodes"].as_array().unwrap().iter();
        let codes: Vec<String> = told.map(|code| code.as_str().unwrap().to_owned()).collect();
        assert_eq!(codes.len(), 10);
        self.recovery.extend(codes.clone());
        self.model.people[person].recovery = codes;
    }

    fn followed(&mut self, person: usize, session: usize) {
        let before = self.model.people[person].addresses();
        self.model.follows(person, &before, Some(session));
    }

    pub(crate) fn switches_off(&mut self, who: &Who, pick: &Pick, google: &Google) {
        let Some(session) = self.session(who) else { return };
        let from = self.asks_contacts(session, pick);
        let given = self.google(Some(self.model.sessions[session].person), google);
        let id = self.person_of(session).mfa.as_ref().map_or(1, |secret| secret.id);
        let body = self.switch(false, id, &from, given.as_deref());
        let reply = self.call_as(session, "enableOrForbidMFA", &body);
        let due = self.caller(session).and_then(|person| {
            if self.model.people[person].mfa.is_none() {
                return Err(NOT_FOUND);
            }
            let mut spends = self.checks_contacts(person, &from)?;
            spends.extend(self.model.checks_google(person, given.as_deref(), false, false)?);
            Ok((person, spends))
        });
        expect(&reply, due.as_ref().map(|_| ()).map_err(|code| *code), "switching MFA off");
        let Ok((person, spends)) = due else { return };
        self.model.spends(spends);
        let who = &mut self.model.people[person];
        (who.mfa, who.waiting) = (None, None);
        who.recovery.clear();
        self.followed(person, session);
    }

    pub(crate) fn renews_recovery_codes(&mut self, who: &Who, google: &Google) {
        let Some(session) = self.session(who) else { return };
        let given = self.google(Some(self.model.sessions[session].person), google);
        let reply = self.call_as(session, "recoveryCodes", &json!({ "googleCode": given }));
        let due = self.caller(session).and_then(|person| {
            if self.model.people[person].mfa.is_none() {
                return Err(MFA_IS_OFF);
            }
            Ok((person, self.model.checks_google(person, given.as_deref(), false, false)?))
        });
        expect(&reply, due.as_ref().map(|_| ()).map_err(|code| *code), "new recovery codes");
        let Ok((person, spend)) = due else { return };
        self.model.spends(spend);
        self.told_recovery_codes(person, &reply.data);
        self.followed(person, session);
    }

    pub(crate) fn binds_telegram(&mut self, who: &Who, user: u8, vouched: bool) {
        let Some(session) = self.session(who) else { return };
        let account = Address::Telegram(user);
        let bot = if vouched { BOT } else { "1001:another" };
        let body = json!({
            "thirdLoginSource": "telegram", "thirdUserId": account.name(),
            "thirdIntactMsg": widget(bot, &account.name(), self.model.now),
        });
        let reply = self.call_as(session, "bindThirdAccount", &body);
        let due = self.caller(session).and_then(|person| {
            let company = self.model.people[person].company;
            if self.model.people[person].telegram.is_some() {
                return Err(ALREADY);
            }
            self.model.is_fresh(session)?;
            match self.model.by_address(company, account) {
                _ if !vouched => Err(NO_PROOF),
                Some(_) => Err(ANOTHERS),
                None => Ok(person),
            }
        });
        expect(&reply, due.map(|_| ()), "binding a Telegram account");
        let Ok(person) = due else { return };
        let before = self.model.people[person].addresses();
        self.model.people[person].telegram = Some(account);
        self.model.follows(person, &before, Some(session));
    }
}
