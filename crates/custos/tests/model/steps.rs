//! What can happen, at random. Numbers are taken modulo what there is at that moment.

use crate::world::{DAY, HOUR, MINUTE, SECOND};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// What is shown for a code.
#[derive(Clone, Debug)]
pub(crate) enum Pick {
    /// One that was just sent, of one of the kinds that are accepted.
    Fresh(usize),
    /// The same with other digits.
    Wrong(usize),
    /// Any that was ever sent.
    Earlier(usize),
    /// The proof of one that was just sent; the code, where there is no place for a proof.
    FreshProof(usize),
    /// Any proof that was ever told.
    EarlierProof(usize),
    /// A placeholder.
    None,
}

/// What is shown for an authenticator's code.
#[derive(Clone, Debug)]
pub(crate) enum Google {
    Missing,
    /// Of a step so far from now.
    Step(i64),
    Wrong,
    /// A recovery code that was told to someone.
    Recovery(usize),
    /// Another customer's.
    Others(usize),
}

/// Which session acts.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Alive(usize),
    Any(usize),
}

#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) who: Who,
    pub(crate) operation: usize,
    /// Only among those that fit what the customer has.
    pub(crate) fitting: bool,
    /// The new password or address.
    pub(crate) new: u8,
    /// The old password; `None` for the right one.
    pub(crate) old: Option<u8>,
    /// The field `type`.
    pub(crate) by_email: bool,
    /// `type` and the named address are those of an address that the customer has.
    pub(crate) names_own: bool,
    pub(crate) code: Pick,
    pub(crate) own: Pick,
    pub(crate) google: Google,
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Wait(i64),
    Register { company: usize, email: bool, address: u8, password: Option<u8>, code: Pick, place: u8 },
    Send { who: Who, purpose: &'static str, email: bool, address: u8 },
    Check { who: Who, purpose: &'static str, email: bool, address: u8, code: Pick },
    SignIn { person: usize, name: i64, place: u8, password: Option<u8>, google: Google },
    SignInByCode { person: usize, name: i64, place: u8, code: Pick, google: Google },
    SignOut(Who),
    Swap(Who),
    EndOthers(Who),
    Change(Change),
    MakeSecret(Who),
    LookAtGoogle { who: Who, google: Google },
    SwitchOn { who: Who, makes_secret: bool, own: Pick, google: Google },
    SwitchOff { who: Who, own: Pick, google: Google },
    RenewRecoveryCodes { who: Who, google: Google },
    BindTelegram { who: Who, user: u8, vouched: bool },
}

/// Passwords in the pool.
pub(crate) const PASSWORDS: u8 = 4;
/// Addresses of each channel in the pool.
pub(crate) const ADDRESSES: u8 = 5;
/// Places from which people sign in.
pub(crate) const PLACES: u8 = 3;

fn picks() -> impl Strategy<Value = Pick> + Clone {
    prop_oneof![
        12 => (0..2_usize).prop_map(Pick::Fresh),
        2 => (0..2_usize).prop_map(Pick::Wrong),
        2 => any::<usize>().prop_map(Pick::Earlier),
        2 => (0..2_usize).prop_map(Pick::FreshProof),
        1 => any::<usize>().prop_map(Pick::EarlierProof),
        1 => Just(Pick::None),
    ]
}

fn googles() -> impl Strategy<Value = Google> + Clone {
    prop_oneof![
        10 => Just(Google::Step(0)),
        4 => (-5..=2_i64).prop_map(Google::Step),
        1 => Just(Google::Missing),
        2 => Just(Google::Wrong),
        2 => any::<usize>().prop_map(Google::Recovery),
        1 => any::<usize>().prop_map(Google::Others),
    ]
}

fn whos() -> impl Strategy<Value = Who> + Clone {
    prop_oneof![9 => any::<usize>().prop_map(Who::Alive), 1 => any::<usize>().prop_map(Who::Any)]
}

fn waits() -> impl Strategy<Value = Step> {
    let short = select(vec![SECOND, 31 * SECOND, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 16 * MINUTE]);
    let long = select(vec![31 * MINUTE, 2 * HOUR, 25 * HOUR, 3 * DAY, 8 * DAY]);
    prop_oneof![5 => short, 2 => long].prop_map(Step::Wait)
}

fn changes() -> impl Strategy<Value = Step> {
    let old = prop_oneof![4 => Just(None), 1 => (0..PASSWORDS).prop_map(Some)];
    let which = (any::<usize>(), prop::bool::weighted(0.7));
    let rest = (any::<bool>(), prop::bool::weighted(0.8), picks(), picks(), googles());
    (whos(), which, 0..ADDRESSES, old, rest).prop_map(
        |(who, (operation, fitting), new, old, (by_email, names_own, code, own, google))| {
            let change = Change { who, operation, fitting, new, old, by_email, names_own, code, own, google };
            Step::Change(change)
        },
    )
}

const PURPOSES: [&str; 5] = ["COMMON", "REGISTER", "LOGIN", "PASSWORD", "LOGINED"];

fn steps() -> impl Strategy<Value = Step> {
    let password = || prop_oneof![3 => Just(None), 2 => (0..PASSWORDS).prop_map(Some)];
    let code = || (whos(), select(PURPOSES.to_vec()), any::<bool>(), 0..ADDRESSES);
    let name = || (any::<usize>(), 1..=3_i64, 0..PLACES);
    prop_oneof![
        4 => waits(),
        2 => (0..2_usize, any::<bool>(), 0..ADDRESSES, password(), picks(), 0..PLACES).prop_map(
            |(company, email, address, password, code, place)| {
                Step::Register { company, email, address, password, code, place }
            }
        ),
        1 => code().prop_map(|(who, purpose, email, address)| Step::Send { who, purpose, email, address }),
        2 => (code(), picks()).prop_map(|((who, purpose, email, address), code)| {
            Step::Check { who, purpose, email, address, code }
        }),
        4 => (name(), password(), googles()).prop_map(|((person, name, place), password, google)| {
            Step::SignIn { person, name, place, password, google }
        }),
        3 => (name(), picks(), googles()).prop_map(|((person, name, place), code, google)| {
            Step::SignInByCode { person, name, place, code, google }
        }),
        1 => whos().prop_map(Step::SignOut),
        1 => whos().prop_map(Step::Swap),
        1 => whos().prop_map(Step::EndOthers),
        14 => changes(),
        1 => whos().prop_map(Step::MakeSecret),
        1 => (whos(), googles()).prop_map(|(who, google)| Step::LookAtGoogle { who, google }),
        4 => (whos(), prop::bool::weighted(0.8), picks(), googles()).prop_map(
            |(who, makes_secret, own, google)| Step::SwitchOn { who, makes_secret, own, google }
        ),
        1 => (whos(), picks(), googles())
            .prop_map(|(who, own, google)| Step::SwitchOff { who, own, google }),
        1 => (whos(), googles()).prop_map(|(who, google)| Step::RenewRecoveryCodes { who, google }),
        2 => (whos(), 0..3_u8, prop::bool::weighted(0.8))
            .prop_map(|(who, user, vouched)| Step::BindTelegram { who, user, vouched }),
    ]
}

pub(crate) fn sequences() -> impl Strategy<Value = Vec<Step>> {
    vec(steps(), 1..60)
}
