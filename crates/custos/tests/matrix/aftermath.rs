//! After each kind of change: what else of that customer is dead.

use super::asks::{Case, Sets, cases};
use super::body::Instead;
use super::scene::{Scene, Stage, kind};
use crate::common::{Backend, Code, DEAD_TOKEN, WRONG_CODE, on_both};
use custos_delivery::Channel;
use serde_json::json;

on_both!(a_change_with_mfa_off_ends_the_rest, a_change_with_mfa_on_ends_the_rest);

const PURPOSES: [&str; 5] = ["COMMON", "REGISTER", "LOGIN", "PASSWORD", "LOGINED"];

/// A code that is open, and the proof of another of the same kind.
struct Open {
    kind: String,
    to: String,
    code: Code,
    proof: String,
}

fn opens(scene: &Scene<'_>) -> Vec<Open> {
    let own = [(Channel::Email, scene.has_email), (Channel::Sms, scene.has_phone)];
    let mut all = Vec::new();
    for channel in own.into_iter().filter_map(|(channel, has)| has.then_some(channel)) {
        for purpose in PURPOSES {
            let (kind, to) = (kind(channel, purpose), scene.ada.address(channel).to_owned());
            let first = scene.acting.code(&kind, &to);
            let proof = scene.acting.checks(&kind, &to, &first).text("token");
            let code = scene.acting.code(&kind, &to);
            all.push(Open { kind, to, code, proof });
        }
    }
    all
}

fn ends_the_rest(backend: Backend, mfa: bool) {
    let stage = Stage::new(backend);
    let changes = |case: &Case| case.sets != Sets::Nothing && case.ruled_out().is_none();
    for case in cases(mfa).into_iter().filter(changes) {
        follows(&Scene::new(&stage, &case));
    }
}

fn a_change_with_mfa_off_ends_the_rest(backend: Backend) {
    ends_the_rest(backend, false);
}

fn a_change_with_mfa_on_ends_the_rest(backend: Backend) {
    ends_the_rest(backend, true);
}

/// Codes and proofs of company 1 that could still be used: Ada's, since no one else acts.
fn usable(scene: &Scene<'_>) -> (i64, i64) {
    let now = scene.house.now();
    let codes = "SELECT count(*) FROM verification_codes WHERE company_id = 1 AND spent = 0 AND expires_at >";
    let proofs = "SELECT count(*) FROM verification_proofs WHERE company_id = 1 AND expires_at >";
    (scene.house.number(&format!("{codes} {now}")), scene.house.number(&format!("{proofs} {now}")))
}

fn notices(scene: &Scene<'_>) -> i64 {
    scene.house.number("SELECT count(*) FROM outbox WHERE template = 'credential-changed'")
}

fn follows(scene: &Scene<'_>) {
    let (case, told) = (scene.case, scene.case.told());
    let other = scene.opens_session();
    let open = opens(scene);
    let body = scene.body(&Instead::Nothing);
    assert!(usable(scene).1 >= 5, "{told}");
    let (before, successes, notices_before) = (scene.facts(), scene.successes(), notices(scene));
    let telegram = format!(
        "SELECT count(*) FROM third_accounts WHERE subscribed = 1 AND customer_id = {}",
        scene.ada.customer.id
    );
    let telegram = scene.house.number(&telegram);
    assert_eq!(before.record["withdraw"], 1, "{told}");

    scene.sends(&body).is("0");

    assert_eq!(usable(scene), (0, 0), "{told}: codes and proofs that can still be used");
    let look = json!({});
    other.call("findCustomerInfo", look.clone()).is(DEAD_TOKEN);
    scene.ada.customer.home.call("findCustomerInfo", look.clone()).is(DEAD_TOKEN);
    let stays = if case.is_reset() { DEAD_TOKEN } else { "0" };
    scene.acting.call("findCustomerInfo", look.clone()).is(stays);
    assert_eq!(scene.sessions().len(), usize::from(!case.is_reset()), "{told}");
    assert_eq!(scene.successes(), successes + 1, "{told}: entries of the audit log");
    let contacts = i64::from(scene.has_email) + i64::from(scene.has_phone) + telegram;
    assert_eq!(notices(scene), notices_before + contacts, "{told}: notices");

    let again = scene.opens_session();
    let record = again.call("findCustomerInfo", look);
    assert_eq!(record.data()["withdraw"], 0, "{told}");
    for open in open {
        again.checks(&open.kind, &open.to, &open.code).is(WRONG_CODE);
        again.shows(&open.kind, &open.to, &open.proof).is(WRONG_CODE);
    }
}
