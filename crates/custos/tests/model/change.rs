//! Changes of passwords and addresses.

use crate::operations::{Ask, How, OPERATIONS, Operation, What};
use crate::play::{Play, expect, password, pooled};
use crate::rules::{
    DEAD_TOKEN, LOCKED, NO_EMAIL, NO_PHONE, PASSWORD_LOCK, Refused, Shown, Spend, WRONG_CODE,
};
use crate::state::{Address, Guard, Model, Person};
use crate::steps::{Change, PASSWORDS};
use crate::world::MINUTE;
use serde_json::{Map, Value, json};

const SAME_PASSWORD: &str = "CUSTOMER_API_0000123";
const WRONG_OLD: &str = "CUSTOMER_API_0000124";
const MFA_IS_ON: &str = "CUSTOMER_API_0000138";
const WEAK: &str = "CUSTOMER_API_0000139";
const FUND_LOCKED: &str = "CUSTOMER_API_0000134";
const NOT_OWN_EMAIL: &str = "CUSTOMER_API_0000137";
const NO_TELEGRAM: &str = "CUSTOMER_API_0001021";
/// A sign-in is fresh for so long.
const FRESH: i64 = 30 * MINUTE;

/// Everything that a request for a change says.
struct Given {
    session: Option<usize>,
    company: i64,
    new: u8,
    old: u8,
    by_email: bool,
    new_address: Address,
    named: Address,
    code: Shown,
    own: Shown,
    google: Option<String>,
}

impl Operation {
    fn is_password(&self) -> bool {
        matches!(self.what, What::Login | What::Fund)
    }

    /// Whether the customer has what it is to take the place of, or has not what it is to set first.
    fn fits(&self, who: &Person) -> bool {
        let has = match self.what {
            What::Login => who.login.is_some(),
            What::Fund => who.fund.is_some(),
            What::Email => who.email.is_some(),
            What::Phone => who.phone.is_some(),
        };
        match self.how {
            How::First => !has,
            How::FirstByTelegram => !has && who.telegram.is_some(),
            How::Change | How::Reset => has,
        }
    }

    fn has(&self, ask: Ask) -> bool {
        self.asks.contains(&ask)
    }

    /// The refusal of a wrong code of an own address.
    fn wrong_own(&self, email: bool) -> Refused {
        match (email, self.how == How::Change && !self.is_password()) {
            (true, true) => "CUSTOMER_API_0000516",
            (false, true) => "CUSTOMER_API_0000514",
            (true, false) => "CUSTOMER_API_0000517",
            (false, false) => "CUSTOMER_API_0000518",
        }
    }

    fn wrong_new(&self, email: bool) -> Refused {
        match (email, self.how == How::Change) {
            (true, true) => "CUSTOMER_API_0000515",
            (false, true) => "CUSTOMER_API_0000513",
            (true, false) => "CUSTOMER_API_0000517",
            (false, false) => "CUSTOMER_API_0000518",
        }
    }

    /// The field of a new password.
    fn new_password(&self) -> &'static str {
        if ["bindLoginPwd", "bindAssertsPwd"].contains(&self.name) { "pwd" } else { "newPwd" }
    }

    fn body(&self, given: &Given) -> Value {
        let mut body = Map::new();
        let mut put = |field: &str, value: Value| body.insert(field.to_owned(), value);
        match self.what {
            What::Login | What::Fund => put(self.new_password(), password(given.new).into()),
            What::Email => put("email", given.new_address.name().into()),
            What::Phone => put("phone", given.new_address.name().into()),
        };
        put("phoneArea", "+86".into());
        put("oldPwd", password(given.old).into());
        put("thirdSource", "telegram".into());
        let named = self.has(Ask::Named) || self.has(Ask::Reset);
        put(
            "type",
            if named {
                given.named.kind()
            } else if given.by_email {
                1
            } else {
                2
            }
            .into(),
        );
        put("loginName", given.named.name().into());
        put("verifyCodeToken", json!(given.own.proof.as_ref().or(given.code.proof.as_ref())));
        let asks_own = self.asks.iter().any(|ask| ask.is_of_own_address());
        let codes = [(self.has(Ask::New), self.code, &given.code), (asks_own, self.old, &given.own)];
        for (_, fields, shown) in codes.into_iter().filter(|(asked, _, _)| *asked) {
            put(fields[0], json!(shown.code));
            put(fields[1], json!(shown.ticket));
        }
        put("googleCode", json!(given.google));
        Value::Object(body)
    }
}

impl Play<'_> {
    pub(crate) fn changes(&mut self, change: &Change) {
        let Some(session) = self.session(&change.who) else { return };
        let person = self.person_of(session).clone();
        let fitting: Vec<&Operation> =
            OPERATIONS.iter().filter(|one| !change.fitting || one.fits(&person)).collect();
        let operation = fitting[change.operation % fitting.len()];
        let has = person.own(change.by_email).is_some();
        let change = &Change { by_email: change.by_email ^ (change.names_own && !has), ..change.clone() };
        let email = operation.what == What::Email;
        let named = match person.own(change.by_email) {
            Some(own) if change.names_own => own,
            _ => pooled(change.by_email, change.new),
        };
        let session = (!operation.has(Ask::Reset)).then_some(session);
        let within = (person.company, session);
        let new_address = pooled(email, change.new);
        let code = if operation.has(Ask::New) {
            self.shows(&change.code, within, &["COMMON"], Some(new_address), false)
        } else {
            Shown::default()
        };
        let own = self.own_code(operation, change, within, (&person, named));
        let whose = if operation.has(Ask::Reset) {
            self.model.by_address(person.company, named)
        } else {
            session.map(|session| self.model.sessions[session].person)
        };
        let google = self.google(whose, &change.google);
        let right = if operation.what == What::Login { person.login } else { person.fund };
        let given = Given {
            session,
            company: person.company,
            new: change.new % PASSWORDS,
            old: change.old.or(right).unwrap_or(0),
            by_email: change.by_email,
            new_address,
            named,
            code,
            own,
            google,
        };
        let body = operation.body(&given);
        let reply = match session {
            Some(session) => self.call_as(session, operation.name, &body),
            None => self.call(person.company, 2, operation.name, &body),
        };
        let due = self.model.changes(operation, &given);
        expect(&reply, due, &format!("{} {body}", operation.name));
    }

    fn own_code(
        &mut self,
        operation: &Operation,
        change: &Change,
        within: (i64, Option<usize>),
        (person, named): (&Person, Address),
    ) -> Shown {
        let by_type = person.own(change.by_email);
        for ask in operation.asks {
            let (purposes, to): (&[&'static str], _) = match ask {
                Ask::Own => (&["LOGINED"], by_type),
                Ask::GoogleOrOld => (&["LOGINED"], person.own(operation.what == What::Email)),
                Ask::Named if Some(named) == by_type => (&["PASSWORD", "LOGINED"], Some(named)),
                Ask::Named | Ask::Reset => (&["PASSWORD"], Some(named)),
                Ask::Telegram => (&["TELEGRAM"], Some(person.telegram.unwrap_or(Address::Telegram(0)))),
                _ => continue,
            };
            let takes_proofs = matches!(ask, Ask::Named | Ask::Reset);
            return self.shows(&change.own, within, purposes, to, takes_proofs);
        }
        Shown::default()
    }
}

impl Model {
    fn changes(&mut self, operation: &Operation, given: &Given) -> Result<(), Refused> {
        let person = match given.session {
            Some(session) => self.uses(session).ok_or(DEAD_TOKEN)?,
            None => {
                let Some(person) = self.by_address(given.company, given.named) else {
                    // The code is looked at all the same.
                    self.checks_code(given.company, &["PASSWORD"], given.named, &given.own, WRONG_CODE)?;
                    return Err(WRONG_CODE);
                };
                person
            }
        };
        let before = self.people[person].addresses();
        if operation.is_password() {
            self.sets_password(operation, person, given)?;
        } else {
            self.sets_address(operation, person, given)?;
        }
        let keep = given.session.filter(|_| operation.how != How::Reset);
        self.follows(person, &before, keep);
        Ok(())
    }

    fn old_guard(&mut self, operation: &Operation, person: usize) -> &mut Guard {
        let who = &mut self.people[person];
        if operation.what == What::Login { &mut who.old_login_guard } else { &mut who.old_fund_guard }
    }

    fn sets_password(&mut self, operation: &Operation, person: usize, given: &Given) -> Result<(), Refused> {
        let login = operation.what == What::Login;
        let who = &self.people[person];
        let (own, other) = if login { (who.login, who.fund) } else { (who.fund, who.login) };
        if operation.how == How::First && own.is_some() {
            return Err(if login { "CUSTOMER_API_0000135" } else { "CUSTOMER_API_0000133" });
        }
        let now = self.now;
        if operation.how == How::Change && !self.old_guard(operation, person).reserve(now, PASSWORD_LOCK) {
            return Err(if login { LOCKED } else { FUND_LOCKED });
        }
        let spends = match self.proves_all(operation, person, given) {
            Ok(spends) => spends,
            Err(refused) => {
                // Nothing was compared, so it was no try.
                if operation.how == How::Change {
                    self.old_guard(operation, person).give_back();
                }
                return Err(refused);
            }
        };
        if operation.how == How::Change {
            if own != Some(given.old) {
                return Err(WRONG_OLD);
            }
            *self.old_guard(operation, person) = Guard::default();
        }
        if own == Some(given.new) {
            return Err(SAME_PASSWORD);
        }
        if other == Some(given.new) {
            return Err(WEAK);
        }
        self.spends(spends);
        let who = &mut self.people[person];
        *(if login { &mut who.login } else { &mut who.fund }) = Some(given.new);
        if operation.how == How::Reset {
            *self.old_guard(operation, person) = Guard::default();
            if login {
                self.people[person].locked_until = 0;
                self.sign_in_guards.retain(|_, (_, whose)| *whose != Some(person));
            }
        }
        Ok(())
    }

    fn sets_address(&mut self, operation: &Operation, person: usize, given: &Given) -> Result<(), Refused> {
        let (email, new) = (operation.what == What::Email, given.new_address);
        let own = self.people[person].own(email);
        let by_channel = |of_email, of_phone| Err(if email { of_email } else { of_phone });
        match (operation.how, own) {
            (How::Change, None) => return by_channel(NO_EMAIL, NO_PHONE),
            (How::Change, Some(own)) if own == new => {
                return by_channel("CUSTOMER_API_0001005", "CUSTOMER_API_0001004");
            }
            (How::First, Some(_)) => return by_channel("CUSTOMER_API_0000122", "CUSTOMER_API_0000121"),
            (How::FirstByTelegram, Some(_)) => {
                return by_channel("CUSTOMER_API_0001019", "CUSTOMER_API_0001020");
            }
            _ => {}
        }
        let spends = self.proves_all(operation, person, given)?;
        if self.by_address(given.company, new).is_some() {
            return by_channel("CUSTOMER_API_0000107", "CUSTOMER_API_0000106");
        }
        self.spends(spends);
        let who = &mut self.people[person];
        *(if email { &mut who.email } else { &mut who.phone }) = Some(new);
        Ok(())
    }

    fn proves_all(
        &mut self,
        operation: &Operation,
        person: usize,
        given: &Given,
    ) -> Result<Vec<Spend>, Refused> {
        let mut spends = Vec::new();
        for ask in operation.asks {
            spends.extend(self.proves_one(operation, *ask, person, given)?);
        }
        Ok(spends)
    }

    fn own_checked(
        &mut self,
        operation: &Operation,
        person: usize,
        given: &Given,
        email: bool,
    ) -> Result<Option<Spend>, Refused> {
        let to = self.people[person].own(email).ok_or(if email { NO_EMAIL } else { NO_PHONE })?;
        let wrong = operation.wrong_own(email);
        self.checks_code(given.company, &["LOGINED"], to, &given.own, wrong).map(Some)
    }

    fn proves_one(
        &mut self,
        operation: &Operation,
        ask: Ask,
        person: usize,
        given: &Given,
    ) -> Result<Option<Spend>, Refused> {
        let (company, google) = (given.company, given.google.as_deref());
        let (email, has_mfa) = (operation.what == What::Email, self.people[person].mfa.is_some());
        match ask {
            Ask::Fresh => self.is_fresh(given.session.unwrap()).map(|()| None),
            Ask::MfaOff if has_mfa => Err(MFA_IS_ON),
            Ask::MfaOff => Ok(None),
            Ask::Google => self.checks_google(person, google, false, false),
            Ask::LateGoogle => self.checks_google(person, google, true, operation.has(Ask::Reset)),
            Ask::GoogleOrOld if has_mfa => self.checks_google(person, google, false, false),
            Ask::GoogleOrOld => self.own_checked(operation, person, given, email),
            Ask::Own => self.own_checked(operation, person, given, given.by_email),
            Ask::OldPassword => {
                let who = &self.people[person];
                let own = if operation.what == What::Login { who.login } else { who.fund };
                own.map(|_| None).ok_or(WRONG_OLD)
            }
            Ask::New => {
                let wrong = operation.wrong_new(email);
                self.checks_code(company, &["COMMON"], given.new_address, &given.code, wrong).map(Some)
            }
            Ask::Named => {
                let by_email = given.named.is_email();
                if self.people[person].own(by_email) != Some(given.named) {
                    return Err(if by_email { NOT_OWN_EMAIL } else { NO_PHONE });
                }
                let purposes = ["PASSWORD", "LOGINED"];
                self.checks_code(company, &purposes, given.named, &given.own, WRONG_CODE).map(Some)
            }
            Ask::Reset => {
                self.checks_code(company, &["PASSWORD"], given.named, &given.own, WRONG_CODE).map(Some)
            }
            Ask::Telegram => {
                let to = self.people[person].telegram.ok_or(NO_TELEGRAM)?;
                self.checks_code(company, &["TELEGRAM"], to, &given.own, WRONG_CODE).map(Some)
            }
        }
    }

    /// A staler sign-in is ended.
    pub(crate) fn is_fresh(&mut self, session: usize) -> Result<(), Refused> {
        let (now, session) = (self.now, &mut self.sessions[session]);
        if now - session.signed_in_at > FRESH {
            session.ended = true;
            return Err(DEAD_TOKEN);
        }
        Ok(())
    }
}
