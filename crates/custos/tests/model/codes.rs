//! Verification codes: asked for, checked ahead, shown.

use crate::play::{Play, expect};
use crate::rules::{DEAD_TOKEN, NO_EMAIL, NO_PHONE, Shown, WRONG_CODE};
use crate::state::Address;
use crate::steps::{Pick, Who};
use crate::world::Reply;
use serde_json::json;

impl Play<'_> {
    /// A guest asks for a code; the ticket and the code, or what stands for one that went nowhere.
    pub(crate) fn sends_to(&mut self, company: i64, purpose: &'static str, to: Address) -> (String, String) {
        let body = json!({ "bizType": to.biz_type(purpose), "toUser": to.to_user() });
        let reply = self.call(company, 0, "verifyCodeSend", &body);
        expect(&reply, Ok(()), "a guest asks for a code");
        self.sent((company, purpose, to), &reply, None)
    }

    fn sent(
        &mut self,
        key: (i64, &'static str, Address),
        reply: &Reply,
        person: Option<usize>,
    ) -> (String, String) {
        let digits = self.world.take_code(key.0);
        let delivered =
            !["LOGIN", "PASSWORD"].contains(&key.1) || self.model.by_address(key.0, key.2).is_some();
        assert_eq!(digits.is_some(), delivered, "a code of {key:?} is delivered");
        self.model.sent(key, reply.text("token"), digits, person);
        self.model.told.last().unwrap().clone()
    }

    /// A signed-in customer asks for a code to their own address.
    pub(crate) fn sends_own(&mut self, session: usize, email: bool) -> Option<(String, String)> {
        let kind = if email { Address::Email(0) } else { Address::Phone(0) };
        let reply = self.call_as(session, "verifyCodeSend", &json!({ "bizType": kind.biz_type("LOGINED") }));
        let Some(person) = self.model.uses(session) else {
            expect(&reply, Err(DEAD_TOKEN), "a code of one's own without a session");
            return None;
        };
        let Some(to) = self.model.people[person].own(email) else {
            expect(&reply, Err(if email { NO_EMAIL } else { NO_PHONE }), "a code to an address that is none");
            return None;
        };
        expect(&reply, Ok(()), "a code of one's own");
        Some(self.sent((self.model.people[person].company, "LOGINED", to), &reply, Some(person)))
    }

    pub(crate) fn sends(&mut self, who: &Who, purpose: &'static str, to: Address) {
        let Some(session) = self.session(who) else { return };
        if purpose == "LOGINED" {
            self.sends_own(session, to.is_email());
        } else {
            self.sends_to(self.person_of(session).company, purpose, to);
        }
    }

    /// What a request shows for a code of one of the purposes. `to` is `None` where there is no such address.
    pub(crate) fn shows(
        &mut self,
        pick: &Pick,
        (company, session): (i64, Option<usize>),
        purposes: &[&'static str],
        to: Option<Address>,
        takes_proofs: bool,
    ) -> Shown {
        let (mut ticket, mut code, mut proof) = ("11".to_owned(), "000000".to_owned(), None);
        match pick {
            Pick::Fresh(kind) | Pick::Wrong(kind) | Pick::FreshProof(kind) => {
                let purpose = purposes[kind % purposes.len()];
                let sent = match (to, purpose, session) {
                    (Some(to), "LOGINED", Some(session)) => self.sends_own(session, to.is_email()),
                    (Some(to), _, _) => Some(self.sends_to(company, purpose, to)),
                    (None, _, _) => None,
                };
                if let (Some((its_ticket, its_code)), Some(to)) = (sent, to) {
                    (ticket, code) = (its_ticket, its_code);
                    if matches!(pick, Pick::FreshProof(_)) && takes_proofs {
                        let shown =
                            Shown { ticket: Some(ticket.clone()), code: Some(code.clone()), proof: None };
                        proof = self.proves((company, session), purpose, to, &shown);
                    }
                }
                if matches!(pick, Pick::Wrong(_)) {
                    code = code.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 1) % 10)).collect();
                }
            }
            Pick::Earlier(number) => {
                if let Some(told) = self.model.told.get(number % self.model.told.len().max(1)) {
                    (ticket, code) = told.clone();
                }
            }
            Pick::EarlierProof(number) if takes_proofs => {
                let all = &self.model.proofs;
                proof = all.get(number % all.len().max(1)).map(|proof| proof.token.clone());
            }
            Pick::EarlierProof(_) | Pick::None => {}
        }
        Shown { proof, ticket: Some(ticket), code: Some(code) }
    }

    /// `verifyCodeCheck`: the proof of a code, when it is right.
    fn proves(
        &mut self,
        (company, session): (i64, Option<usize>),
        purpose: &'static str,
        to: Address,
        shown: &Shown,
    ) -> Option<String> {
        let body = json!({
            "bizType": to.biz_type(purpose), "toUser": to.to_user(), "sendToken": shown.ticket, "code": shown.code,
            "verifyCodeToken": shown.proof,
        });
        let (reply, person, to) = match (purpose, session) {
            ("LOGINED", Some(session)) => {
                let reply = self.call_as(session, "verifyCodeCheck", &body);
                let Some(person) = self.model.uses(session) else {
                    expect(&reply, Err(DEAD_TOKEN), "a check without a session");
                    return None;
                };
                let Some(own) = self.model.people[person].own(to.is_email()) else {
                    let due = if to.is_email() { NO_EMAIL } else { NO_PHONE };
                    expect(&reply, Err(due), "a check of an address that is none");
                    return None;
                };
                (reply, Some(person), own)
            }
            _ => (self.call(company, 0, "verifyCodeCheck", &body), None, to),
        };
        let only_proof = Shown { proof: shown.proof.clone(), ..Shown::default() };
        if let (Ok(_), Some(proof)) =
            (self.model.checks_code(company, &[purpose], to, &only_proof, WRONG_CODE), &shown.proof)
        {
            expect(&reply, Ok(()), "a proof that stands");
            assert_eq!(reply.text("token"), *proof);
            return Some(proof.clone());
        }
        let only_code = Shown { proof: None, ..shown.clone() };
        let checked = self.model.checks_code(company, &[purpose], to, &only_code, WRONG_CODE);
        expect(&reply, checked.as_ref().map(|_| ()).map_err(|code| *code), "a check of a code");
        let spend = checked.ok()?;
        self.model.spends([spend]);
        self.model.proves((company, purpose, to), reply.text("token"), person);
        Some(reply.text("token"))
    }

    pub(crate) fn checks(&mut self, who: &Who, purpose: &'static str, to: Address, pick: &Pick) {
        let Some(session) = self.session(who) else { return };
        let company = self.person_of(session).company;
        let to =
            if purpose == "LOGINED" { self.person_of(session).own(to.is_email()).unwrap_or(to) } else { to };
        let within = (company, Some(session));
        let shown = self.shows(pick, within, &[purpose], Some(to), true);
        self.proves(within, purpose, to, &shown);
    }
}
