//! Whether the operations and the store say what the model says.

use crate::play::{Play, password};
use crate::rules::DEAD_TOKEN;
use crate::state::{Address, Person};
use crate::steps::{PASSWORDS, Step};
use custos_store::params;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Dead sessions that are tried again after each step, the newest ones.
const DEAD_ONES: usize = 4;

/// Stored hashes whose passwords were tried: each is tried once.
#[derive(Default)]
pub(crate) struct Seen(HashMap<String, Option<u8>>);

impl Play<'_> {
    pub(crate) fn agrees(&mut self, step: &Step) {
        let told = format!("after {step:?}");
        self.sessions_agree(&told);
        self.codes_agree(&told);
        self.people_agree(&told);
    }

    /// Which sessions live, and what the record says in each.
    fn sessions_agree(&mut self, told: &str) {
        let now = self.model.now;
        let all = 0..self.model.sessions.len();
        let (alive, dead): (Vec<usize>, Vec<usize>) =
            all.partition(|session| self.model.sessions[*session].is_alive(now));
        for session in alive {
            let reply = self.call_as(session, "findCustomerInfo", &json!({}));
            assert_eq!(reply.code, "0", "session {session} lives, {told}");
            let person = self.model.uses(session).unwrap();
            let expected = record(&self.model.people[person], now);
            for (field, value) in expected.as_object().unwrap() {
                assert_eq!(reply.data[field], *value, "{field} of {}, {told}", reply.data);
            }
        }
        for session in dead.into_iter().rev().take(DEAD_ONES) {
            let reply = self.call_as(session, "findCustomerInfo", &json!({}));
            assert_eq!(reply.code, DEAD_TOKEN, "session {session} is dead, {told}");
        }
    }

    /// Which codes and proofs are spent, and how often a code was tried.
    fn codes_agree(&self, told: &str) {
        let [one, other] = self.companies;
        let stored: HashMap<Vec<u8>, (i64, i64)> = self
            .world
            .read(move |tx| {
                Ok(tx.query(
                    "SELECT ticket_hash, spent, attempts FROM verification_codes WHERE company_id IN ($1, $2)",
                    params![one, other],
                    |row| Ok((row.get::<Vec<u8>>(0)?, (row.get::<i64>(1)?, row.get::<i64>(2)?))),
                )?)
            })
            .into_iter()
            .collect();
        assert_eq!(stored.len(), self.model.codes.len(), "codes, {told}");
        for (key, code) in &self.model.codes {
            let hash: Vec<u8> = Sha256::digest(code.ticket.as_bytes()).to_vec();
            let of_store = stored.get(&hash).map(|(spent, attempts)| (*spent == 1, *attempts));
            assert_eq!(of_store, Some((code.spent, code.attempts)), "spent and tries of {key:?}, {told}");
        }
        let stored: HashSet<Vec<u8>> = self
            .world
            .read(move |tx| {
                Ok(tx.query(
                    "SELECT token_hash FROM verification_proofs WHERE company_id IN ($1, $2)",
                    params![one, other],
                    |row| row.get::<Vec<u8>>(0),
                )?)
            })
            .into_iter()
            .collect();
        for proof in &self.model.proofs {
            let hash: Vec<u8> = Sha256::digest(proof.token.as_bytes()).to_vec();
            assert_eq!(stored.contains(&hash), !proof.spent, "a proof of {:?}, {told}", proof.key);
        }
    }

    /// Addresses and passwords of everyone, signed in or not.
    fn people_agree(&mut self, told: &str) {
        let [one, other] = self.companies;
        let rows = self.world.read(move |tx| {
            Ok(tx.query(
                "SELECT id, coalesce(email, ''), coalesce(phone, ''), login_password, fund_password FROM customers \
                 WHERE company_id IN ($1, $2)",
                params![one, other],
                |row| {
                    let addresses = [row.get::<String>(1)?, row.get::<String>(2)?];
                    let hashes = [row.get::<Option<String>>(3)?, row.get::<Option<String>>(4)?];
                    Ok((row.get::<i64>(0)?, addresses, hashes))
                },
            )?)
        });
        assert_eq!(rows.len(), self.model.people.len(), "customers, {told}");
        for (id, addresses, hashes) in rows {
            let place = self.model.people.iter().position(|who| who.id == id).unwrap();
            let who = self.model.people[place].clone();
            assert_eq!(addresses, [who.email, who.phone].map(text), "addresses of {id}, {told}");
            for (hash, number) in hashes.into_iter().zip([who.login, who.fund]) {
                assert_eq!(self.password_of(hash), number, "a password of {id}, {told}");
            }
        }
    }

    /// Which password of the pool a hash is of.
    fn password_of(&mut self, hash: Option<String>) -> Option<u8> {
        let hash = hash?;
        let world = self.world;
        let fits = || (0..PASSWORDS).find(|number| world.fits(&password(*number), Some(&hash)));
        *self.seen.0.entry(hash.clone()).or_insert_with(fits)
    }
}

fn text(address: Option<Address>) -> String {
    address.map_or_else(String::new, Address::name)
}

/// What a customer must read of themselves.
fn record(who: &Person, now: i64) -> Value {
    let is_set = |password: Option<u8>| if password.is_some() { "2" } else { "1" };
    json!({
        "id": who.id,
        "companyId": who.company,
        "customerNo": who.number,
        "email": text(who.email),
        "phone": text(who.phone),
        "phoneArea": if who.phone.is_some() { "+86" } else { "" },
        "loginPassStatus": is_set(who.login),
        "assertPassStatus": is_set(who.fund),
        "payPassStatus": is_set(who.fund),
        "googleId": who.mfa.as_ref().map_or(0, |mfa| mfa.id),
        "withdraw": i64::from(who.cool_off <= now),
        "status": if who.locked_until > now { 5 } else { 1 },
        "loginTime": who.signed_in_at,
        "thirdLoginSource": if who.telegram.is_some() { "telegram" } else { "" },
        "thirdUserId": text(who.telegram),
    })
}
