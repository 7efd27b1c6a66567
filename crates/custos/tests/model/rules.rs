//! The protocol's rules in the small.

use crate::state::{Address, Code, CodeKey, Guard, Model, Proof, Session};
use crate::world::{DAY, HOUR, MINUTE};
use custos_customers::totp;

pub(crate) const DEAD_TOKEN: &str = "GATEWAY_CODE_005";
pub(crate) const WRONG_CODE: &str = "CUSTOMER_API_0000511";
pub(crate) const TOO_MANY_CODES: &str = "CUSTOMER_API_0000512";
pub(crate) const WRONG_GOOGLE: &str = "CUSTOMER_API_0000519";
pub(crate) const NO_GOOGLE: &str = "CUSTOMER_API_0000520";
pub(crate) const NO_PHONE: &str = "CUSTOMER_API_0000136";
pub(crate) const NO_EMAIL: &str = "CUSTOMER_API_0000156";
pub(crate) const WRONG_SIGN_IN: &str = "CUSTOMER_API_0000112";
pub(crate) const LOCKED: &str = "CUSTOMER_API_0000113";

const IDLE: i64 = 7 * DAY;
const LONGEST: i64 = 30 * DAY;
const SEEN_GRAIN: i64 = 5 * MINUTE;
const PLACE_LIFE: i64 = 30 * DAY;
const PROOF_LIFE: i64 = 10 * MINUTE;
const COOL_OFF: i64 = 24 * HOUR;
const GOOGLE_LOCK: i64 = 15 * MINUTE;
pub(crate) const PASSWORD_LOCK: i64 = 30 * MINUTE;

/// A refusal's code.
pub(crate) type Refused = &'static str;

/// What a request shows for a code.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shown {
    pub(crate) proof: Option<String>,
    pub(crate) ticket: Option<String>,
    pub(crate) code: Option<String>,
}

/// What is used up when all goes well.
#[derive(Clone, Debug)]
pub(crate) enum Spend {
    Code(CodeKey),
    Proof(usize),
    Step(usize, i64),
    Recovery(usize, String),
}

impl Model {
    pub(crate) fn opens_session(&mut self, person: usize, token: String) {
        let now = self.now;
        self.sessions.push(Session {
            token,
            person,
            signed_in_at: now,
            seen_at: now,
            ends_at: now + LONGEST,
            expires: now + IDLE,
            ended: false,
        });
    }

    /// A call in a session: whose, if it lives. Being used puts its end off.
    pub(crate) fn uses(&mut self, session: usize) -> Option<usize> {
        let (now, session) = (self.now, self.sessions.get_mut(session)?);
        if !session.is_alive(now) {
            return None;
        }
        if now - session.seen_at >= SEEN_GRAIN {
            (session.seen_at, session.expires) = (now, session.ends_at.min(now + IDLE));
        }
        Some(session.person)
    }

    /// The session goes on under another token.
    pub(crate) fn swaps(&mut self, session: usize, token: String) {
        let mut fresh = self.sessions[session].clone();
        (fresh.seen_at, fresh.expires) = (self.now, fresh.ends_at.min(self.now + IDLE));
        fresh.token = token;
        self.sessions[session].ended = true;
        self.sessions.push(fresh);
    }

    pub(crate) fn remembers_place(&mut self, person: usize, place: u8) {
        self.people[person].known.insert(place, self.now + PLACE_LIFE);
    }

    /// Whose tries these are, and under what they are counted.
    pub(crate) fn is_known(&self, person: Option<usize>, place: u8) -> bool {
        person.is_some_and(|who| self.people[who].known.get(&place).is_some_and(|until| *until > self.now))
    }

    pub(crate) fn sent(
        &mut self,
        key: CodeKey,
        ticket: String,
        digits: Option<String>,
        person: Option<usize>,
    ) {
        self.told.push((ticket.clone(), digits.clone().unwrap_or_else(|| "000000".to_owned())));
        let expires = self.now + key.2.life();
        self.codes.insert(key, Code { ticket, digits, person, attempts: 0, spent: false, expires });
    }

    /// Checks a code of any of these purposes for a recipient; wrong ones are counted.
    pub(crate) fn checks_code(
        &mut self,
        company: i64,
        purposes: &[&'static str],
        to: Address,
        shown: &Shown,
        wrong: Refused,
    ) -> Result<Spend, Refused> {
        let now = self.now;
        if let Some(token) = &shown.proof {
            let stands = self.proofs.iter().position(|proof| {
                let (whose, purpose, recipient) = proof.key;
                proof.token == *token
                    && !proof.spent
                    && proof.expires > now
                    && (whose, recipient) == (company, to)
                    && purposes.contains(&purpose)
            });
            if let Some(proof) = stands {
                return Ok(Spend::Proof(proof));
            }
        }
        let (Some(ticket), Some(digits)) = (&shown.ticket, &shown.code) else { return Err(wrong) };
        for purpose in purposes.iter().copied() {
            let key = (company, purpose, to);
            let Some(code) = self.codes.get_mut(&key) else { continue };
            if code.ticket != *ticket || code.spent || code.expires <= now {
                continue;
            }
            let opens_accounts = ["LOGIN", "PASSWORD"].contains(&purpose);
            let in_a_day = self.wrong_codes.entry((company, to, now.div_euclid(DAY))).or_default();
            if opens_accounts {
                if *in_a_day >= 15 {
                    return Err(TOO_MANY_CODES);
                }
                *in_a_day += 1;
            }
            if code.attempts >= 5 {
                return Err(TOO_MANY_CODES);
            }
            if code.digits.as_ref() == Some(digits) {
                *in_a_day -= i64::from(opens_accounts);
                return Ok(Spend::Code(key));
            }
            code.attempts += 1;
            return Err(wrong);
        }
        Err(wrong)
    }

    pub(crate) fn proves(&mut self, key: CodeKey, token: String, person: Option<usize>) {
        self.proofs.push(Proof { token, key, person, expires: self.now + PROOF_LIFE, spent: false });
    }

    /// Checks `googleCode` of a customer; `None` where MFA is off.
    pub(crate) fn checks_google(
        &mut self,
        person: usize,
        given: Option<&str>,
        late: bool,
        resets: bool,
    ) -> Result<Option<Spend>, Refused> {
        let (now, who) = (self.now, &mut self.people[person]);
        let Some(mfa) = &who.mfa else { return Ok(None) };
        let given = given.ok_or(NO_GOOGLE)?;
        if !who.google_guard.reserve(now, GOOGLE_LOCK) {
            return Err(WRONG_GOOGLE);
        }
        let exhausted = who.google_guard.total > 50;
        if who.recovery.iter().any(|code| code == given) && (!exhausted || resets) {
            who.google_guard = Guard::default();
            return Ok(Some(Spend::Recovery(person, given.to_owned())));
        }
        match step_of(&mfa.secret, given, now, if late { 4 } else { 1 }) {
            Some(step) if step <= mfa.last_step => {
                who.google_guard.give_back();
                Err(WRONG_GOOGLE)
            }
            Some(step) if !exhausted => {
                who.google_guard = Guard::default();
                Ok(Some(Spend::Step(person, step)))
            }
            _ => Err(WRONG_GOOGLE),
        }
    }

    /// `checkGoogleCode`: against the active secret, or the one that waits.
    pub(crate) fn looks_at_google(&mut self, person: usize, given: &str) -> bool {
        let (now, who) = (self.now, &mut self.people[person]);
        if !who.google_guard.reserve(now, GOOGLE_LOCK) {
            return false;
        }
        let waiting = who.waiting.as_ref().filter(|secret| secret.expires > now);
        let Some(held) = who.mfa.as_ref().or(waiting) else { return false };
        match step_of(&held.secret, given, now, 1) {
            Some(step) if step <= held.last_step => who.google_guard.give_back(),
            Some(_) => {
                who.google_guard = Guard::default();
                return true;
            }
            None => {}
        }
        false
    }

    /// The code that switches MFA on: of the waiting secret with this id.
    pub(crate) fn checks_waiting(
        &mut self,
        person: usize,
        id: i64,
        given: Option<&str>,
    ) -> Result<i64, Refused> {
        let (now, who) = (self.now, &mut self.people[person]);
        let given = given.ok_or(NO_GOOGLE)?;
        if !who.google_guard.reserve(now, GOOGLE_LOCK) {
            return Err(WRONG_GOOGLE);
        }
        let held = who.waiting.as_ref().filter(|secret| secret.expires > now && secret.id == id);
        let step = held.and_then(|held| step_of(&held.secret, given, now, 1)).ok_or(WRONG_GOOGLE)?;
        who.google_guard = Guard::default();
        Ok(step)
    }

    pub(crate) fn spends(&mut self, all: impl IntoIterator<Item = Spend>) {
        for one in all {
            match one {
                Spend::Code(key) => self.codes.get_mut(&key).unwrap().spent = true,
                Spend::Proof(proof) => self.proofs[proof].spent = true,
                Spend::Step(person, step) => self.people[person].mfa.as_mut().unwrap().last_step = step,
                Spend::Recovery(person, code) => self.people[person].recovery.retain(|one| *one != code),
            }
        }
    }

    /// What every change does besides itself: `before` are the addresses until then, `keep` the session that stays.
    pub(crate) fn follows(&mut self, person: usize, before: &[Address], keep: Option<usize>) {
        for (number, session) in self.sessions.iter_mut().enumerate() {
            session.ended |= session.person == person && Some(number) != keep;
        }
        let who = &mut self.people[person];
        who.cool_off = who.cool_off.max(self.now + COOL_OFF);
        let (company, mut addresses) = (who.company, who.addresses());
        addresses.extend(before);
        let is_theirs = |key: &CodeKey, whose: Option<usize>| {
            key.0 == company && (addresses.contains(&key.2) || whose == Some(person))
        };
        for (key, code) in &mut self.codes {
            code.spent |= is_theirs(key, code.person);
        }
        for proof in &mut self.proofs {
            proof.spent |= is_theirs(&proof.key, proof.person);
        }
    }
}

/// The step whose code this is; the latest, should two have the same.
fn step_of(secret: &[u8], given: &str, now: i64, back: i64) -> Option<i64> {
    let step = now.div_euclid(totp::STEP_MS);
    (step - back..=step + 1).rev().find(|step| totp::code(secret, *step) == given)
}
