//! Which events a receiver gets.

use super::*;

#[test]
fn a_receiver_gets_what_it_wants() {
    let types = |all: &[&str]| all.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    assert!(wants(&[], "kyc.passed"));
    assert!(wants(&types(&["a.b", "kyc.*"]), "kyc.passed"));
    assert!(wants(&types(&["kyc.passed"]), "kyc.passed"));
    assert!(!wants(&types(&["kyc.*"]), "kycx.passed"));
    assert!(!wants(&types(&["kyc"]), "kyc.passed"));
    assert!(check_types(&types(&["kyc.*", "customer.registered"])).is_ok());
    for bad in ["", "*", "kyc,passed", "Kyc.passed", "kyc..x", ".*"] {
        assert!(check_types(&types(&[bad])).is_err(), "{bad}");
    }
}
