//! The codes that the tests expect, named for what they say.

/// No company in the headers.
pub const NO_COMPANY: &str = "GATEWAY_CODE_003";
/// No trace in the headers, or one that is none.
pub const NO_TRACE: &str = "GATEWAY_CODE_004";
/// The company does not exist or is switched off.
pub const UNKNOWN_COMPANY: &str = "CUSTOMER_API_0000111";
/// No such operation.
pub const UNKNOWN_OPERATION: &str = "GATEWAY_CODE_010";
/// The body is no JSON object.
pub const NO_OBJECT: &str = "GATEWAY_CODE_015";
/// A token is needed and there is none.
pub const NO_TOKEN: &str = "GATEWAY_CODE_001";
/// The token is none, or no longer.
pub const DEAD_TOKEN: &str = "GATEWAY_CODE_005";
/// Too often.
pub const TOO_OFTEN: &str = "GATEWAY_CODE_018";
/// A required field is missing or empty.
pub const FIELD_MISSING: &str = "CUSTOMER_API_0000501";
/// A field is of the wrong type or outside its limits.
pub const FIELD_WRONG: &str = "GATEWAY_CODE_104";

/// Disabled, deleted or closed.
pub const SUSPENDED: &str = "CUSTOMER_API_0000103";
/// The phone is another customer's.
pub const PHONE_TAKEN: &str = "CUSTOMER_API_0000106";
/// The e-mail address is another customer's.
pub const EMAIL_TAKEN: &str = "CUSTOMER_API_0000107";
/// Wrong account or wrong password, never telling which.
pub const WRONG_ACCOUNT_OR_PASSWORD: &str = "CUSTOMER_API_0000112";
/// Too many wrong passwords.
pub const LOCKED: &str = "CUSTOMER_API_0000113";
/// The customer has no phone.
pub const NO_PHONE_BOUND: &str = "CUSTOMER_API_0000136";
/// The customer has no e-mail address.
pub const NO_EMAIL_BOUND: &str = "CUSTOMER_API_0000156";
/// No MD5, or that of a well-known password.
pub const WEAK_PASSWORD: &str = "CUSTOMER_API_0000139";
/// No phone number of its area.
pub const PHONE_MALFORMED: &str = "CUSTOMER_API_0000504";
/// No such calling code.
pub const UNKNOWN_AREA: &str = "CUSTOMER_API_0000507";
/// An e-mail address that is too long.
pub const EMAIL_TOO_LONG: &str = "CUSTOMER_API_0000509";
/// No e-mail address.
pub const EMAIL_MALFORMED: &str = "CUSTOMER_API_0000510";
/// The verification code is wrong.
pub const WRONG_CODE: &str = "CUSTOMER_API_0000511";
/// Too many codes, or too many wrong ones.
pub const TOO_MANY_CODES: &str = "CUSTOMER_API_0000512";
/// The code sent by e-mail is wrong.
pub const WRONG_EMAIL_CODE: &str = "CUSTOMER_API_0000517";
/// The code sent by text message is wrong.
pub const WRONG_PHONE_CODE: &str = "CUSTOMER_API_0000518";
/// The new phone's code is wrong.
pub const WRONG_NEW_PHONE_CODE: &str = "CUSTOMER_API_0000513";
/// The old phone's code is wrong.
pub const WRONG_OLD_PHONE_CODE: &str = "CUSTOMER_API_0000514";
/// The new e-mail address's code is wrong.
pub const WRONG_NEW_EMAIL_CODE: &str = "CUSTOMER_API_0000515";
/// The old e-mail address's code is wrong.
pub const WRONG_OLD_EMAIL_CODE: &str = "CUSTOMER_API_0000516";
/// The Google code is wrong.
pub const WRONG_GOOGLE_CODE: &str = "CUSTOMER_API_0000519";
/// The Google code is missing.
pub const NO_GOOGLE_CODE: &str = "CUSTOMER_API_0000520";
/// A code to a bound address is missing.
pub const NO_CODE: &str = "CUSTOMER_API_0000521";
/// MFA is on.
pub const MFA_IS_ON: &str = "CUSTOMER_API_0000138";
/// MFA is off.
pub const MFA_IS_OFF: &str = "CUSTOMER_API_0001040";
/// MFA needs a contact.
pub const NO_CONTACT: &str = "CUSTOMER_API_0001022";
/// The customer has a phone already.
pub const PHONE_BOUND: &str = "CUSTOMER_API_0000121";
/// The customer has an e-mail address already.
pub const EMAIL_BOUND: &str = "CUSTOMER_API_0000122";
/// The new password is the old one.
pub const SAME_PASSWORD: &str = "CUSTOMER_API_0000123";
/// The old password is wrong.
pub const WRONG_OLD_PASSWORD: &str = "CUSTOMER_API_0000124";
/// There is a fund password.
pub const FUND_PASSWORD_SET: &str = "CUSTOMER_API_0000133";
/// Too many wrong fund passwords.
pub const FUND_PASSWORD_LOCKED: &str = "CUSTOMER_API_0000134";
/// There is a login password.
pub const LOGIN_PASSWORD_SET: &str = "CUSTOMER_API_0000135";
/// That is not the caller's e-mail address.
pub const NOT_YOUR_EMAIL: &str = "CUSTOMER_API_0000137";
/// The new phone is the old one.
pub const SAME_PHONE: &str = "CUSTOMER_API_0001004";
/// The new e-mail address is the old one.
pub const SAME_EMAIL: &str = "CUSTOMER_API_0001005";
/// `firstSetEmail` is for those without.
pub const EMAIL_SET: &str = "CUSTOMER_API_0001019";
/// `firstSetPhone` is for those without.
pub const PHONE_SET: &str = "CUSTOMER_API_0001020";
/// No account of that third party is bound.
pub const NOT_BOUND: &str = "CUSTOMER_API_0001021";
/// This customer has an account of that third party already.
pub const THIRD_PARTY_BOUND: &str = "CUSTOMER_API_0000143";
/// Another customer has this third-party account.
pub const THIRD_PARTY_TAKEN: &str = "CUSTOMER_API_0000144";
/// No such third party.
pub const UNKNOWN_THIRD_PARTY: &str = "CUSTOMER_API_0000145";
/// The third party does not vouch for that.
pub const NO_VOUCHER: &str = "CUSTOMER_API_0000902";

/// What an operation may say of a code that does not fit.
pub const A_WRONG_CODE: &[&str] = &[WRONG_CODE, WRONG_EMAIL_CODE, WRONG_PHONE_CODE];
/// What an operation may say of a code that was good once.
pub const A_SPENT_CODE: &[&str] = &[WRONG_CODE, WRONG_EMAIL_CODE, WRONG_PHONE_CODE, TOO_MANY_CODES];
/// What is said of something that is no e-mail address.
pub const NO_EMAIL_ADDRESS: &[&str] = &[EMAIL_MALFORMED, EMAIL_TOO_LONG, FIELD_WRONG];
