//! Plays steps: each call goes to the operations, and what it must come to is the model's word.

use crate::agree::Seen;
use crate::rules::{DEAD_TOKEN, LOCKED, PASSWORD_LOCK, Refused, Spend, WRONG_CODE, WRONG_SIGN_IN};
use crate::state::{Address, Model, Person};
use crate::steps::{Google, PASSWORDS, Pick, Step, Who};
use crate::world::{Caller, DAY, Reply, SECOND, World};
use custos_customers::totp;
use serde_json::{Value, json};

/// A password as clients send it.
pub(crate) fn password(number: u8) -> String {
    format!("{:032x}", 0x00C0_FFEE_u128 + u128::from(number))
}

pub(crate) struct Play<'a> {
    pub(crate) world: &'a World,
    pub(crate) companies: [i64; 2],
    pub(crate) model: Model,
    /// Recovery codes that were told, used or not.
    pub(crate) recovery: Vec<String>,
    pub(crate) seen: Seen,
}

#[track_caller]
pub(crate) fn expect(reply: &Reply, due: Result<(), Refused>, told: &str) {
    assert_eq!(reply.code, due.err().unwrap_or("0"), "{told}");
}

impl<'a> Play<'a> {
    /// Two companies of this play's own, so that nothing is left of the one before.
    pub(crate) fn new(world: &'a World) -> Self {
        let companies = [world.company(), world.company()];
        let model = Model { now: world.now(), ..Model::default() };
        Self { world, companies, model, recovery: Vec::new(), seen: Seen::default() }
    }

    pub(crate) fn all(mut self, steps: &[Step]) {
        let register = |company: usize, email: bool, password: Option<u8>| Step::Register {
            company,
            email,
            address: 0,
            password,
            code: Pick::Fresh(0),
            place: 0,
        };
        let first = [register(0, true, Some(0)), register(1, true, Some(1)), register(0, false, None)];
        for step in first.iter().chain(steps) {
            self.step(step);
            self.agrees(step);
        }
        self.signs_everyone_in();
    }

    /// Who can sign in with what, at last: everyone tries every password and a code.
    fn signs_everyone_in(&mut self) {
        for person in 0..self.model.people.len() {
            self.wait(DAY + SECOND);
            let name = if self.model.people[person].email.is_some() { 1 } else { 3 };
            for number in 0..PASSWORDS {
                self.wait(31 * SECOND);
                self.signs_in(person, name, 1, Some(number), &Google::Step(0));
            }
            self.wait(31 * SECOND);
            self.signs_in_by_code(person, name, 1, &Pick::Fresh(0), &Google::Step(0));
            self.agrees(&Step::Wait(0));
        }
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Wait(ms) => self.wait(*ms),
            Step::Register { company, email, address, password, code, place } => {
                let address = pooled(*email, *address);
                self.registers(self.companies[*company], address, *password, code, *place);
            }
            Step::Send { who, purpose, email, address } => {
                self.sends(who, purpose, pooled(*email, *address));
            }
            Step::Check { who, purpose, email, address, code } => {
                self.checks(who, purpose, pooled(*email, *address), code);
            }
            Step::SignIn { person, name, place, password, google } => {
                self.signs_in(*person, *name, *place, *password, google);
            }
            Step::SignInByCode { person, name, place, code, google } => {
                self.signs_in_by_code(*person, *name, *place, code, google);
            }
            Step::SignOut(who) => self.signs_out(who),
            Step::Swap(who) => self.swaps(who),
            Step::EndOthers(who) => self.ends_others(who),
            Step::Change(change) => self.changes(change),
            Step::MakeSecret(who) => self.makes_secret(who),
            Step::LookAtGoogle { who, google } => self.looks_at_google(who, google),
            Step::SwitchOn { who, makes_secret, own, google } => {
                if *makes_secret {
                    self.makes_secret(who);
                }
                self.switches_on(who, own, google);
            }
            Step::SwitchOff { who, own, google } => self.switches_off(who, own, google),
            Step::RenewRecoveryCodes { who, google } => self.renews_recovery_codes(who, google),
            Step::BindTelegram { who, user, vouched } => self.binds_telegram(who, *user, *vouched),
        }
    }

    fn wait(&mut self, ms: i64) {
        self.world.advance(ms);
        self.model.now = self.world.now();
    }

    /// The number of a session.
    pub(crate) fn session(&self, who: &Who) -> Option<usize> {
        let now = self.model.now;
        let all = self.model.sessions.iter().enumerate();
        let (chosen, number): (Vec<usize>, _) = match who {
            Who::Alive(number) => {
                (all.filter(|(_, one)| one.is_alive(now)).map(|(at, _)| at).collect(), number)
            }
            Who::Any(number) => (all.map(|(at, _)| at).collect(), number),
        };
        chosen.get(number % chosen.len().max(1)).copied()
    }

    pub(crate) fn person_of(&self, session: usize) -> &Person {
        &self.model.people[self.model.sessions[session].person]
    }

    pub(crate) fn call_as(&self, session: usize, name: &str, body: &Value) -> Reply {
        let token = Some(self.model.sessions[session].token.clone());
        let company = self.person_of(session).company;
        self.world.call(&Caller { company, token, address: address(0) }, name, body)
    }

    pub(crate) fn call(&self, company: i64, place: u8, name: &str, body: &Value) -> Reply {
        self.world.call(&Caller { company, token: None, address: address(place) }, name, body)
    }

    fn registers(&mut self, company: i64, to: Address, chosen: Option<u8>, pick: &Pick, place: u8) {
        let purposes = ["REGISTER", "COMMON"];
        let shown = self.shows(pick, (company, None), &purposes, Some(to), false);
        let body = json!({
            "type": to.kind(), "loginName": to.name(), "phoneArea": "+86", "country": "ISO_3166_156",
            "registerSource": 2, "verifyCode": shown.code, "sendToken": shown.ticket, "pwd": chosen.map(password),
        });
        let reply = self.call(company, place, "register", &body);
        let taken = if to.is_email() { "CUSTOMER_API_0000107" } else { "CUSTOMER_API_0000106" };
        let checked = self.model.checks_code(company, &purposes, to, &shown, WRONG_CODE);
        let is_taken = self.model.by_address(company, to).is_some();
        let due = checked.and_then(|spend| if is_taken { Err(taken) } else { Ok(spend) });
        expect(&reply, due.as_ref().map(|_| ()).map_err(|code| *code), "registering");
        let Ok(spend) = due else { return };
        self.model.spends([spend]);
        let person = Person {
            company,
            id: reply.data["id"].as_i64().unwrap(),
            number: reply.text("customerNo"),
            email: Some(to).filter(|to| to.is_email()),
            phone: Some(to).filter(|to| !to.is_email()),
            login: chosen,
            signed_in_at: self.model.now,
            ..Person::default()
        };
        self.model.people.push(person);
        let person = self.model.people.len() - 1;
        self.model.opens_session(person, reply.text("token"));
        self.model.remembers_place(person, place);
    }

    /// What is shown for an authenticator's code of someone.
    pub(crate) fn google(&self, person: Option<usize>, google: &Google) -> Option<String> {
        let secret = |who: usize| {
            let who = &self.model.people[who];
            who.mfa.as_ref().or(who.waiting.as_ref()).map(|held| held.secret.clone()).unwrap_or_default()
        };
        let own = person.map(secret).unwrap_or_default();
        let step = self.model.now / totp::STEP_MS;
        match google {
            Google::Missing => None,
            Google::Step(away) => Some(totp::code(&own, step + away)),
            Google::Wrong => {
                let near: Vec<String> = (-6..=6).map(|away| totp::code(&own, step + away)).collect();
                (0..).map(|number| format!("{number:06}")).find(|code| !near.contains(code))
            }
            Google::Recovery(number) => Some(
                self.recovery
                    .get(number % self.recovery.len().max(1))
                    .map_or_else(|| "ABCD-EFGH-IJKL-MNOP".to_owned(), String::clone),
            ),
            Google::Others(number) => {
                Some(totp::code(&secret(number % self.model.people.len().max(1)), step))
            }
        }
    }

    /// The address under a name of this `type`, and the name.
    fn named(&self, person: usize, kind: i64) -> (i64, Option<Address>, String) {
        let who = &self.model.people[person];
        let (kind, address) = match kind {
            1 if who.email.is_some() => (1, who.email),
            2 if who.phone.is_some() => (2, who.phone),
            _ => (3, who.email.or(who.phone)),
        };
        let name = if kind == 3 { who.number.clone() } else { address.unwrap().name() };
        (kind, address, name)
    }

    fn signs_in(&mut self, person: usize, kind: i64, place: u8, chosen: Option<u8>, google: &Google) {
        let person = person % self.model.people.len();
        let (kind, _, name) = self.named(person, kind);
        let chosen = chosen.or(self.model.people[person].login).unwrap_or(0);
        let google = self.google(Some(person), google);
        let body = json!({
            "type": kind, "loginName": name, "phoneArea": "+86", "loginPwd": password(chosen), "device": 2,
            "googleCode": google,
        });
        let company = self.model.people[person].company;
        let reply = self.call(company, place, "login", &body);

        let key = (company, kind, name, self.model.is_known(Some(person), place));
        let now = self.model.now;
        let (guard, whose) = self.model.sign_in_guards.entry(key.clone()).or_default();
        let reserved = guard.reserve(now, PASSWORD_LOCK);
        let locks_until = guard.until;
        let due = if !reserved {
            Err(LOCKED)
        } else if self.model.people[person].login == Some(chosen) {
            self.model.sign_in_guards.remove(&key);
            self.model.checks_google(person, google.as_deref(), false, false)
        } else {
            *whose = Some(person);
            let shown = &mut self.model.people[person].locked_until;
            *shown = (*shown).max(locks_until);
            Err(WRONG_SIGN_IN)
        };
        self.enters(&reply, person, place, due.map(|factor| factor.into_iter().collect()));
    }

    fn signs_in_by_code(&mut self, person: usize, kind: i64, place: u8, pick: &Pick, google: &Google) {
        let person = person % self.model.people.len();
        let (kind, to, name) = self.named(person, kind);
        let company = self.model.people[person].company;
        let shown = self.shows(pick, (company, None), &["LOGIN"], to, false);
        let google = self.google(Some(person), google);
        let body = json!({
            "type": kind, "loginName": name, "phoneArea": "+86", "verifyCode": shown.code, "device": 2,
            "sendToken": shown.ticket, "googleCode": google,
        });
        let reply = self.call(company, place, "login", &body);

        let key = (company, kind, name, self.model.is_known(Some(person), place));
        let is_locked =
            self.model.sign_in_guards.get(&key).is_some_and(|(guard, _)| guard.until > self.model.now);
        let due = match to {
            _ if is_locked => Err(LOCKED),
            None => Err(WRONG_CODE),
            Some(to) => self.model.checks_code(company, &["LOGIN"], to, &shown, WRONG_CODE),
        };
        let due = due.and_then(|code| {
            let factor = self.model.checks_google(person, google.as_deref(), false, false)?;
            Ok([Some(code), factor].into_iter().flatten().collect())
        });
        self.enters(&reply, person, place, due);
    }

    fn enters(&mut self, reply: &Reply, person: usize, place: u8, due: Result<Vec<Spend>, Refused>) {
        expect(reply, due.as_ref().map(|_| ()).map_err(|code| *code), "signing in");
        let Ok(spends) = due else { return };
        self.model.spends(spends);
        let now = self.model.now;
        let who = &mut self.model.people[person];
        (who.signed_in_at, who.locked_until) = (now, 0);
        self.model.opens_session(person, reply.text("token"));
        self.model.remembers_place(person, place);
    }

    fn signs_out(&mut self, who: &Who) {
        let Some(session) = self.session(who) else { return };
        expect(&self.call_as(session, "logout", &json!({})), Ok(()), "signing out");
        self.model.sessions[session].ended = true;
    }

    fn swaps(&mut self, who: &Who) {
        let Some(session) = self.session(who) else { return };
        let reply = self.call_as(session, "thirdExt/randomKey", &json!({}));
        let due = self.model.uses(session).map(|_| ()).ok_or(DEAD_TOKEN);
        expect(&reply, due, "swapping a token");
        if due.is_ok() {
            self.model.swaps(session, reply.data.as_str().unwrap().to_owned());
        }
    }

    fn ends_others(&mut self, who: &Who) {
        let Some(session) = self.session(who) else { return };
        let reply = self.call_as(session, "revokeOthers", &json!({}));
        let person = self.model.uses(session);
        expect(&reply, person.map(|_| ()).ok_or(DEAD_TOKEN), "ending the other sessions");
        for (number, one) in self.model.sessions.iter_mut().enumerate() {
            one.ended |= Some(one.person) == person && number != session;
        }
    }
}

/// An address from the pools.
pub(crate) fn pooled(email: bool, number: u8) -> Address {
    if email { Address::Email(number) } else { Address::Phone(number) }
}

fn address(place: u8) -> String {
    format!("203.0.113.{place}")
}
