//! Every cell of the matrix, and then the same request with everything right.

use super::asks::{Ask, Case, Sets, cases, short};
use super::body::{Instead, Shown};
use super::old_passwords::SAME_PASSWORD;
use super::scene::{Scene, Stage};
use super::spoils::{Spoil, google, proof, spoils};
use crate::common::{Backend, on_both};
use serde_json::{Value, json};

on_both!(
    refused_with_mfa_off,
    refused_with_mfa_on,
    refused_where_mfa_rules_it_out,
    the_proof_of_a_code_suffices,
    a_recovery_code_stands_in_for_the_authenticator,
    the_authenticators_own_check,
);

/// Cases that can go well.
pub(super) fn possible(mfa: bool) -> impl Iterator<Item = Case> {
    cases(mfa).into_iter().filter(|case| case.ruled_out().is_none() && short(case.entry) != "checkGoogleCode")
}

impl Scene<'_> {
    /// The request is refused, and nothing has come of it.
    #[track_caller]
    pub(super) fn is_refused(&self, told: &str, due: &str, body: &Value, ends_session: bool) {
        let mut before = self.facts();
        let reply = self.sends(body);
        assert_eq!(reply.code(), due, "{}: {told}", self.case.told());
        if ends_session {
            // The one that asked is the newest.
            before.sessions.pop();
        }
        assert_eq!(self.facts(), before, "{}: {told}", self.case.told());
    }

    /// Whether there was something to try.
    fn tries(&mut self, spoil: &Spoil) -> bool {
        let Some(instead) = (spoil.make)(self) else { return false };
        if matches!(instead, Instead::Code(..)) {
            // Time may have passed since the session began.
            self.renew();
        }
        let body = self.body(&instead);
        self.is_refused(&spoil.name, spoil.due, &body, spoil.ends_session);
        self.reopens(spoil);
        self.renew();
        self.ends_the_row_of_old_passwords();
        true
    }

    /// The old password as the new one: it is right, and refused for another reason.
    fn ends_the_row_of_old_passwords(&self) {
        if self.case.asks.iter().any(|ask| matches!(ask, Ask::OldPassword)) {
            let mut body = self.body(&Instead::Nothing);
            body["newPwd"] = body["oldPwd"].clone();
            self.is_refused("the same password", SAME_PASSWORD, &body, false);
        }
    }

    /// With each thing in turn wrong the codes beside it are not used up; then all is right, and only once.
    fn goes_well_at_last(&mut self) {
        let right = self.body(&Instead::Nothing);
        for ask in &self.case.asks {
            let mut body = right.clone();
            let due = match ask {
                Ask::Code(ask) => {
                    let digits = body[ask.code].as_str().unwrap();
                    let turned = digits.bytes().map(|digit| char::from(b'0' + (digit - b'0' + 5) % 10));
                    body[ask.code] = turned.collect::<String>().into();
                    ask.wrong
                }
                Ask::Google { .. } => {
                    body["googleCode"] = self.house.wrong_google_code(&self.ada.secret).into();
                    crate::common::WRONG_GOOGLE
                }
                _ => continue,
            };
            self.is_refused("one thing wrong beside right ones", due, &body, false);
        }
        self.sends(&right).is("0");
        // The session that looked may have ended with it.
        self.ada.customer.home = self.opens_session();
        let done = self.facts();
        let again = self.sends(&right);
        assert_ne!(again.code(), "0", "{}, sent again", self.case.told());
        assert_eq!(self.facts(), done, "{}, sent again", self.case.told());
    }
}

fn refused(backend: Backend, mfa: bool) {
    let stage = Stage::new(backend);
    for case in possible(mfa) {
        let mut scene = Scene::new(&stage, &case);
        for number in 0..case.asks.len() {
            let tried = spoils(&scene, number).iter().filter(|spoil| scene.tries(spoil)).count();
            let all = if matches!(case.asks[number], Ask::MfaOff) { 0 } else { 2 };
            assert!(tried >= all, "{}: {tried} ways for {:?}", case.told(), case.asks[number]);
        }
        scene.goes_well_at_last();
    }
}

fn refused_with_mfa_off(backend: Backend) {
    refused(backend, false);
}

fn refused_with_mfa_on(backend: Backend) {
    refused(backend, true);
}

fn refused_where_mfa_rules_it_out(backend: Backend) {
    let stage = Stage::new(backend);
    let all: Vec<Case> = cases(true).into_iter().chain(cases(false)).collect();
    let ruled_out: Vec<&Case> = all.iter().filter(|case| case.ruled_out().is_some()).collect();
    assert!(!ruled_out.is_empty());
    for case in ruled_out {
        let scene = Scene::new(&stage, case);
        let body = scene.body(&Instead::Nothing);
        scene.is_refused("everything right", case.ruled_out().unwrap(), &body, false);
    }
}

/// Clients send the code and the ticket along, though they are used up for the proof.
fn the_proof_of_a_code_suffices(backend: Backend) {
    let stage = Stage::new(backend);
    for case in possible(false).chain(possible(true)) {
        for (number, ask) in case.asks.iter().enumerate() {
            let Ask::Code(ask) = ask else { continue };
            for purpose in ask.purposes.iter().filter(|_| ask.proof.is_some()) {
                let scene = Scene::new(&stage, &case);
                let (token, code) = proof(&scene, ask, purpose);
                let body = scene.body(&Instead::Code(number, Shown::Both(token, code)));
                scene.sends(&body).is("0");
                if case.sets != Sets::Nothing {
                    assert_ne!(scene.sends(&body).code(), "0", "{}, the proof used twice", case.told());
                }
            }
        }
    }
}

fn a_recovery_code_stands_in_for_the_authenticator(backend: Backend) {
    let stage = Stage::new(backend);
    for case in possible(true) {
        if !case.asks.iter().any(|ask| matches!(ask, Ask::Google { .. })) {
            continue;
        }
        let scene = Scene::new(&stage, &case);
        stage.house.add_recovery_code(&scene.ada.customer, "ABCDEFGHIJKLMNOP");
        let recovery = Instead::Google(Some("ABCD-EFGH-IJKL-MNOP".to_owned()));
        let body = scene.body(&recovery);
        scene.sends(&body).is("0");
        let left = stage.house.number(&format!(
            "SELECT count(*) FROM recovery_codes WHERE customer_id = {} AND spent = 0",
            scene.ada.customer.id
        ));
        // Renewing them makes ten.
        assert_eq!(left, if case.sets == Sets::RecoveryCodes { 10 } else { 0 }, "{}", case.told());
    }
}

/// It answers yes or no, and uses nothing up.
fn the_authenticators_own_check(backend: Backend) {
    let stage = Stage::new(backend);
    for mfa in [true, false] {
        let case = cases(mfa).into_iter().find(|case| short(case.entry) == "checkGoogleCode").unwrap();
        // Of the waiting secret it is renewed by what switches MFA on.
        let case = Case { sets: Sets::Mfa, ..case };
        let mut scene = Scene::new(&stage, &case);
        let checks = |scene: &Scene<'_>, code: &str| {
            let before = scene.facts();
            let answer = scene.acting.call("checkGoogleCode", json!({ "code": code })).data().clone();
            assert_eq!(scene.facts(), before, "{}", case.told());
            answer
        };
        for spoil in google(-1, mfa) {
            let Some(Instead::Google(Some(code))) = (spoil.make)(&mut scene) else { continue };
            assert_eq!(checks(&scene, &code), false, "{}: {}", case.told(), spoil.name);
            scene.reopens(&spoil);
            scene.renew();
        }
        for _ in 0..2 {
            assert_eq!(checks(&scene, &stage.house.google_code(&scene.ada.secret, 0)), true);
        }
    }
}
