use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use proptest::prelude::*;

use super::*;

const CHEAP: PasswordParams = PasswordParams { memory_kib: 64, iterations: 1, lanes: 1 };
const SALT: [u8; SALT_LEN] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// Made with argon2-cffi 25.1 (the C reference code) from MD5("password"), [`SALT`] and [`key`].
const REFERENCE: &str =
    "7:$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$YLKT95HGtP51WERo7e/xbTZrCSBlM4grhnQpR29zu10";

fn key() -> [u8; 32] {
    std::array::from_fn(|index| 32 + index as u8)
}

fn peppers(ids: &[u32]) -> Peppers {
    Peppers::new(ids.iter().map(|id| (*id, key().map(|byte| byte ^ *id as u8 ^ 7))).collect()).unwrap()
}

fn hasher(params: PasswordParams, ids: &[u32]) -> Hasher {
    Hasher::new(HasherConfig { threads: 1, queue_limit: 8, params }, peppers(ids)).unwrap()
}

/// A hasher nobody serves, so that what waits stays where it is.
fn unattended(queue_limit: usize) -> Hasher {
    Hasher::start(HasherConfig { threads: 0, queue_limit, params: CHEAP }, peppers(&[7])).unwrap()
}

fn password() -> Md5Secret {
    Md5Secret::parse("5f4dcc3b5aa765d61d8327deb882cf99").unwrap()
}

fn other() -> Md5Secret {
    Md5Secret::parse("5f4dcc3b5aa765d61d8327deb882cf98").unwrap()
}

fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn agrees_with_the_reference_implementation() {
    let hasher = hasher(PasswordParams::default(), &[7]);
    assert_eq!(hasher.hash(password(), SALT).await.unwrap(), REFERENCE);
    let right = hasher.verify(password(), Some(REFERENCE)).await.unwrap();
    assert_eq!(right, Verdict { matches: true, remake: false });
    let wrong = hasher.verify(other(), Some(REFERENCE)).await.unwrap();
    assert_eq!(wrong, Verdict { matches: false, remake: false });
}

#[test]
fn the_published_test_vector_holds() {
    assert!(kernel::self_check());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Another implementation, by other people, must compute the same; one kernel serves all cases, so
    /// memory that is kept, grown and given up between hashes is covered too.
    #[test]
    fn agrees_with_a_second_implementation(
        cases in prop::collection::vec(
            (8u32..200, 1u32..4, 1u32..4, any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 8..65),
             any::<[u8; 32]>()),
            1..4,
        )
    ) {
        let mut kernel = Kernel::new(CHEAP);
        for (memory, iterations, lanes, secret, salt, pepper) in cases {
            let params = PasswordParams { memory_kib: memory.max(lanes * 8), iterations, lanes };
            let ours = kernel.derive(params, &secret, &salt, &pepper).unwrap();
            let mut theirs = [0; kernel::TAG_LEN];
            let costs = argon2::Params::new(params.memory_kib, iterations, lanes, Some(theirs.len())).unwrap();
            argon2::Argon2::new_with_secret(
                &pepper, argon2::Algorithm::Argon2id, argon2::Version::V0x13, costs,
            )
            .unwrap()
            .hash_password_into(&secret, &salt, &mut theirs)
            .unwrap();
            prop_assert_eq!(*ours, theirs);
        }
    }
}

#[tokio::test]
async fn an_unknown_account_costs_a_hash_and_never_matches() {
    let served = hasher(CHEAP, &[7]);
    let verdict = served.verify(password(), None).await.unwrap();
    assert_eq!(verdict, Verdict { matches: false, remake: false });

    // Nothing, rubbish, and text that asks for too much all queue the work of one usual hash.
    let bombs = ["m=1048577,t=1,p=1", "m=64,t=17,p=1", "m=64,t=1,p=9", "m=64,t=0,p=1"]
        .map(|costs| REFERENCE.replace("m=19456,t=2,p=1", costs));
    let unusable = [None, Some(""), Some("7:$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw")];
    for stored in bombs.iter().map(|text| Some(text.as_str())).chain(unusable) {
        let idle = unattended(1);
        let mut call = pin!(idle.verify(password(), stored));
        assert!(poll(call.as_mut()).is_pending());
        let job = idle.inner.shared.next().unwrap();
        let Work::Own { salt, params, .. } = &job.work else { panic!("another's hash") };
        assert_eq!((*params, salt.as_slice()), (CHEAP, DUMMY_SALT.as_slice()));
        assert!(!served.verify(password(), stored).await.unwrap().matches);
    }

    // Not even the secret whose hash is all zeros would match: the answer does not rest on the tag alone.
    let idle = unattended(1);
    let mut call = pin!(idle.verify(password(), None));
    assert!(poll(call.as_mut()).is_pending());
    let job = idle.inner.shared.next().unwrap();
    job.reply.send(Ok(Zeroizing::new(Vec::new()))).unwrap();
    assert!(matches!(poll(call.as_mut()), Poll::Ready(Ok(Verdict { matches: false, remake: false }))));
}

#[tokio::test]
async fn a_newer_pepper_remakes_and_a_missing_one_is_an_error() {
    let old = hasher(CHEAP, &[1]).hash(password(), SALT).await.unwrap();
    assert!(old.starts_with("1:$argon2id$v=19$m=64,t=1,p=1$"));

    let rotated = hasher(CHEAP, &[1, 2]);
    let verdict = rotated.verify(password(), Some(&old)).await.unwrap();
    assert_eq!(verdict, Verdict { matches: true, remake: true });
    assert_eq!(rotated.verify(other(), Some(&old)).await.unwrap(), Verdict { matches: false, remake: false });

    let new = rotated.hash(password(), SALT).await.unwrap();
    assert!(new.starts_with("2:"));
    assert_ne!(new.split('$').next_back(), old.split('$').next_back());
    let verdict = rotated.verify(password(), Some(&new)).await.unwrap();
    assert_eq!(verdict, Verdict { matches: true, remake: false });

    let lost = hasher(CHEAP, &[2]).verify(password(), Some(&old)).await;
    assert!(matches!(lost, Err(HashError::UnknownPepper(1))));
}

#[tokio::test]
async fn weaker_hashes_verify_and_ask_to_be_remade() {
    let weak = hasher(CHEAP, &[7]).hash(password(), SALT).await.unwrap();
    for (params, remake) in [
        (CHEAP, false),
        (PasswordParams { memory_kib: 65, ..CHEAP }, true),
        (PasswordParams { iterations: 2, ..CHEAP }, true),
        (PasswordParams { lanes: 2, ..CHEAP }, true),
        (PasswordParams { memory_kib: 32, ..CHEAP }, false),
    ] {
        let verdict = hasher(params, &[7]).verify(password(), Some(&weak)).await.unwrap();
        assert_eq!(verdict, Verdict { matches: true, remake }, "{params:?}");
    }
}

#[test]
fn a_full_queue_refuses_at_once_until_a_caller_leaves() {
    let idle = unattended(1);
    let clone = idle.clone();
    {
        let mut waiting = pin!(idle.hash(password(), SALT));
        assert!(poll(waiting.as_mut()).is_pending());
        assert_eq!(clone.queue_len(), 1);
        let mut refused = pin!(clone.verify(password(), None));
        assert!(matches!(poll(refused.as_mut()), Poll::Ready(Err(HashError::Busy))));
    }
    // The first caller is gone; its place is free.
    let mut second = pin!(clone.hash(other(), SALT));
    assert!(poll(second.as_mut()).is_pending());
    assert_eq!(clone.queue_len(), 1);
    assert_eq!(clone.inner.shared.next().unwrap().secret, other());
}

#[test]
fn abandoned_work_is_skipped_and_a_closed_queue_ends() {
    let idle = unattended(4);
    let mut first = Box::pin(idle.hash(other(), SALT));
    let mut second = pin!(idle.hash(password(), SALT));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    drop(first);
    let shared = Arc::clone(&idle.inner.shared);
    let job = shared.next().unwrap();
    assert_eq!(job.secret, password());
    // A thread that dies with the work in hand leaves its caller an answer.
    drop(job);
    assert!(matches!(poll(second.as_mut()), Poll::Ready(Err(HashError::Stopped))));

    shared.queue.lock().closed = true;
    assert!(shared.next().is_none());
    let mut late = pin!(idle.hash(password(), SALT));
    assert!(matches!(poll(late.as_mut()), Poll::Ready(Err(HashError::Stopped))));
}

#[test]
fn the_last_clone_closes_the_queue() {
    let first = unattended(1);
    let second = first.clone();
    let shared = Arc::clone(&first.inner.shared);
    drop(first);
    assert!(!shared.queue.lock().closed);
    drop(second);
    assert!(shared.queue.lock().closed);
}

#[test]
fn senseless_settings_are_refused() {
    let good = HasherConfig { threads: 1, queue_limit: 1, params: CHEAP };
    for config in [
        HasherConfig { threads: 0, ..good },
        HasherConfig { queue_limit: 0, ..good },
        HasherConfig { params: PasswordParams { memory_kib: 7, ..CHEAP }, ..good },
        HasherConfig { params: PasswordParams { iterations: 17, ..CHEAP }, ..good },
        HasherConfig { params: PasswordParams { lanes: u32::MAX, ..CHEAP }, ..good },
    ] {
        assert!(matches!(Hasher::new(config, peppers(&[1])), Err(HashError::Config)));
    }
    assert!(matches!(Peppers::new(Vec::new()), Err(HashError::Peppers)));
    assert!(matches!(Peppers::new(vec![(1, [1; 32]), (1, [2; 32])]), Err(HashError::Peppers)));
    assert_eq!(peppers(&[3, 9, 4]).newest(), 9);
}

#[test]
fn secrets_are_read_strictly_and_never_shown() {
    let upper = Md5Secret::parse("5F4DCC3B5AA765D61D8327DEB882CF99").unwrap();
    assert_eq!(upper, password());
    assert_ne!(upper, other());
    assert_eq!(upper.as_bytes()[..2], [0x5f, 0x4d]);
    for bad in ["", "5f4dcc3b5aa765d61d8327deb882cf9", "5f4dcc3b5aa765d61d8327deb882cf999"] {
        assert!(Md5Secret::parse(bad).is_none());
    }
    assert!(Md5Secret::parse("5f4dcc3b5aa765d61d8327deb882cf9g").is_none());
    assert!(Md5Secret::parse("5f4dcc3b5aa765d61d8327deb882cfé").is_none());
    assert_eq!(format!("{upper:?}"), "Md5Secret(…)");
    assert_eq!(format!("{:?}", peppers(&[1])), "Peppers { newest: 1, .. }");
}
