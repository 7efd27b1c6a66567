//! What each operation must have proved, written down from the protocol's rules, against what the code declares.

use custos_operations::proofs;
use std::collections::{BTreeMap, BTreeSet};

/// Where MFA is on, every operation with a `googleCode` field asks for it.
const GOOGLE: &str = "authenticator (MFA on)";
/// The `forget…` operations take a code of up to four steps back.
const LATE_GOOGLE: &str = "authenticator (MFA on), up to 2 minutes old";
const FRESH: &str = "fresh sign-in";
const OLD_PASSWORD: &str = "old password";
const NEW_ADDRESS: &str = "code to the new address";
const OWN_BY_TYPE: &str = "LOGINED code to an own address";

/// By hand; not to be made from the code.
const BY_HAND: &[(&str, &[&str])] = &[
    ("bindLoginPwd", &[FRESH, GOOGLE]),
    ("firstTimeSettingLoginPassword", &[FRESH, GOOGLE]),
    ("firstSetLoginPwd", &[FRESH, GOOGLE]),
    ("updateLoginPwd", &[OLD_PASSWORD, GOOGLE]),
    ("updateLoginPwdMFA", &[OLD_PASSWORD, OWN_BY_TYPE, GOOGLE]),
    ("forgetLoginPwd", &["PASSWORD code to the named address", LATE_GOOGLE]),
    ("bindAssertsPwd", &[FRESH, GOOGLE]),
    ("bindAssertsPwdMFA", &[OWN_BY_TYPE, GOOGLE]),
    ("updateAssertsPwd", &[OLD_PASSWORD, GOOGLE]),
    ("updateAssertsPwdMFA", &[OLD_PASSWORD, OWN_BY_TYPE, GOOGLE]),
    ("forgetAssertsPwd", &["MFA off", "PASSWORD or LOGINED code to the named own address"]),
    ("forgetAssertsPwdV1v1v2", &[OWN_BY_TYPE, LATE_GOOGLE]),
    ("forgetAssertsPwdMFA", &[OWN_BY_TYPE, LATE_GOOGLE]),
    ("enableOrForbidMFA", &["LOGINED code from every contact", GOOGLE]),
    ("bindEmail", &[FRESH, NEW_ADDRESS, GOOGLE]),
    ("bindPhone", &[FRESH, NEW_ADDRESS, GOOGLE]),
    ("changeEmail", &["MFA off", FRESH, NEW_ADDRESS]),
    ("changePhone", &["MFA off", FRESH, NEW_ADDRESS]),
    ("changeEmailV1v1v2", &[NEW_ADDRESS, "authenticator (MFA on), else LOGINED code to the old address"]),
    ("changePhoneV1v1v2", &[NEW_ADDRESS, "authenticator (MFA on), else LOGINED code to the old address"]),
    ("changeEmailMFA", &[NEW_ADDRESS, OWN_BY_TYPE, GOOGLE]),
    ("changePhoneMFA", &[NEW_ADDRESS, OWN_BY_TYPE, GOOGLE]),
    ("firstSetEmail", &[NEW_ADDRESS, "code to the bound Telegram account"]),
    ("firstSetPhone", &[NEW_ADDRESS, "code to the bound Telegram account"]),
    ("bindThirdAccount", &[FRESH, "the third party's signature"]),
    ("destroy", &[FRESH]),
    // Not of the published protocol: it replaces what stands in for the authenticator.
    ("recoveryCodes", &[GOOGLE]),
];

#[test]
fn the_code_asks_for_what_the_protocol_says() {
    let made = proofs::table();
    let rows = made.lines().skip(2).map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, needs] = cells[..] else { panic!("a row of the table: {row}") };
        (name.trim_matches('`'), needs.split("; ").collect::<BTreeSet<_>>())
    });
    let by_code: BTreeMap<&str, BTreeSet<&str>> = rows.collect();
    let by_hand: BTreeMap<&str, BTreeSet<&str>> =
        BY_HAND.iter().map(|(name, needs)| (*name, needs.iter().copied().collect())).collect();
    for name in by_code.keys() {
        assert!(by_hand.contains_key(name), "say in matrix/table.rs what {name} must have proved");
    }
    assert_eq!(by_code, by_hand);
}
