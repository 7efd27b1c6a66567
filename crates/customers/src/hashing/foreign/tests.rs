use super::super::{Hasher, HasherConfig, Peppers, Verdict};
use super::*;
use proptest::prelude::*;

/// The MD5 of `Tr0ub4dor&3x`, whose digits the hashes below were made over: by Python's hashlib, and by libxcrypt.
const SECRET: &str = "dbeeff9ccf599137f047be2b54ed7842";

const MADE_ELSEWHERE: [&str; 9] = [
    "$2b$04$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn8C",
    "$scrypt$ln=10,r=8,p=2$AAECAwQFBgcICQoLDA0ODw$6GzDmJ5aqdwn3uubh83y42NdzLElATDYvlO4WM5cymM",
    "$pbkdf2-sha1$i=1000$AAECAwQFBgcICQoLDA0ODw$aU5mCg4ncimJh3+ZhZeiM4v2yXE",
    "$pbkdf2$1000$AAECAwQFBgcICQoLDA0ODw$aU5mCg4ncimJh3.ZhZeiM4v2yXE",
    "$pbkdf2-sha256$i=1000$AAECAwQFBgcICQoLDA0ODw$nErzk5ybtuY+9vIGfXJx1hFcwLegnr64ejhjnYk6HMk",
    "$pbkdf2-sha256$i=1000,l=32$AAECAwQFBgcICQoLDA0ODw$nErzk5ybtuY+9vIGfXJx1hFcwLegnr64ejhjnYk6HMk",
    "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$nErzk5ybtuY.9vIGfXJx1hFcwLegnr64ejhjnYk6HMk",
    "$pbkdf2-sha512$1000$AAECAwQFBgcICQoLDA0ODw$Ba8BKlfsr./R2H6HrQ2WI4zcTEL2k4pfclKGfaX43lxz8jPonI9qfaaCVMhC0m3AmB0/OQDllM5sgl2.Ri6O3Q",
    "pbkdf2_sha256$1000$seasalt2seasalt$fC/U3eEMbMRNO+0aGCYl+ar/Tpbyj35/cDJigXAxa+s=",
];

fn hasher() -> Hasher {
    let params = PasswordParams { memory_kib: 64, iterations: 1, lanes: 1 };
    let config = HasherConfig { threads: 1, queue_limit: 8, params };
    Hasher::new(config, Peppers::new(vec![(3, [3; 32])]).unwrap()).unwrap()
}

fn secret() -> Md5Secret {
    Md5Secret::parse(SECRET).unwrap()
}

/// By a second implementation of Argon2.
fn argon2_hashes() -> Vec<String> {
    let kinds = [
        (argon2::Algorithm::Argon2id, "argon2id"),
        (argon2::Algorithm::Argon2i, "argon2i"),
        (argon2::Algorithm::Argon2d, "argon2d"),
    ];
    let made = kinds.map(|(algorithm, name)| {
        let mut tag = [0; 24];
        let costs = argon2::Params::new(64, 3, 2, Some(tag.len())).unwrap();
        argon2::Argon2::new(algorithm, argon2::Version::V0x13, costs)
            .hash_password_into(SECRET.as_bytes(), b"some salt", &mut tag)
            .unwrap();
        let (salt, tag) = (BASE64_NOPAD.encode(b"some salt"), BASE64_NOPAD.encode(&tag));
        format!("${name}$v=19$m=64,t=3,p=2${salt}${tag}")
    });
    made.to_vec()
}

#[tokio::test]
async fn what_others_have_made_is_checked_as_they_would() {
    let hasher = hasher();
    let all = MADE_ELSEWHERE.map(str::to_owned).into_iter().chain(argon2_hashes());
    for text in all {
        let stored = hasher.take_over(&Foreign::parse(&text).unwrap()).unwrap();
        assert!(stored.starts_with("3:$sealed$") && !stored.contains(&text[text.len() - 8..]), "{stored}");
        let right = hasher.verify(secret(), Some(&stored)).await.unwrap();
        assert_eq!(right, Verdict { matches: true, remake: true }, "{text}");
        let other = Md5Secret::parse(&SECRET.replace('d', "e")).unwrap();
        let wrong = hasher.verify(other, Some(&stored)).await.unwrap();
        assert_eq!(wrong, Verdict { matches: false, remake: false }, "{text}");
    }
}

#[tokio::test]
async fn a_damaged_one_matches_nothing() {
    let hasher = hasher();
    let stored = hasher.take_over(&Foreign::parse(MADE_ELSEWHERE[0]).unwrap()).unwrap();
    let cut = &stored[..stored.len() - 2];
    for damaged in [cut, "3:$sealed$", "3:$sealed$!!", &stored.replace("$sealed$", "$sealed$A")] {
        assert!(!hasher.verify(secret(), Some(damaged)).await.unwrap().matches, "{damaged}");
    }
    let without_pepper = stored.replacen("3:", "4:", 1);
    assert!(matches!(hasher.verify(secret(), Some(&without_pepper)).await, Err(HashError::UnknownPepper(4))));
}

#[test]
fn what_costs_too_much_is_left_outside() {
    let salted = |costs: &str| format!("{costs}$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw");
    for costs in [
        "$argon2id$v=19$m=262145,t=1,p=1",
        "$argon2id$v=19$m=262144,t=5,p=1",
        "$scrypt$ln=22,r=8,p=1",
        "$scrypt$ln=31,r=4294967295,p=1",
        "$scrypt$ln=255,r=8,p=1",
        "$scrypt$ln=10,r=8,p=4294967295",
        "$pbkdf2-sha256$4000001",
        "$pbkdf2-sha256$i=4294967295",
    ] {
        assert_eq!(Foreign::parse(&salted(costs)), Err(Unfit::TooCostly), "{costs}");
    }
    let bcrypt = MADE_ELSEWHERE[0].replace("$04$", "$15$");
    assert_eq!(Foreign::parse(&bcrypt), Err(Unfit::TooCostly));
    // As much as the bounds allow.
    for costs in ["$argon2id$v=19$m=262144,t=4,p=1", "$scrypt$ln=18,r=8,p=1", "$pbkdf2-sha256$2000000"] {
        assert!(Foreign::parse(&salted(costs)).is_ok(), "{costs}");
    }
}

#[test]
fn what_is_broken_or_unknown_is_told_apart() {
    for damaged in [
        "$argon2id$v=19$m=64,t=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=16$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$argon2id$v=19$m=1,t=1,p=1$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$2b$4$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn8C",
        "$2b$04$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn",
        "$2b$03$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn8C",
        "$scrypt$ln=10,r=8,p=0$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$pbkdf2-sha256$0$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$pbkdf2-sha256$i=1000,l=8$AAECAwQFBgcICQoLDA0ODw$AAECAwQFBgcICQoLDA0ODw",
        "$pbkdf2-sha256$1000$AAEC$AAECAwQFBgcICQoLDA0ODw",
        "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$AAEC",
    ] {
        assert_eq!(Foreign::parse(damaged), Err(Unfit::Damaged), "{damaged}");
    }
    let long = format!("$scrypt${}", "x".repeat(400));
    for unknown in ["", "5f4dcc3b5aa765d61d8327deb882cf99", "$6$rounds=5000$salt$hash", "{SSHA}xyz", &long] {
        assert_eq!(Foreign::parse(unknown), Err(Unfit::Unknown), "{unknown}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(
        which in 0..MADE_ELSEWHERE.len(),
        damage in prop::collection::vec((0..200_usize, any::<char>()), 0..4),
        any in any::<String>(),
    ) {
        let mut text: Vec<char> = MADE_ELSEWHERE[which].chars().collect();
        for (place, put) in damage {
            if let Some(slot) = text.get_mut(place) {
                *slot = put;
            }
        }
        let _ = Foreign::parse(&text.into_iter().collect::<String>());
        let _ = Foreign::parse(&any);
    }
}
