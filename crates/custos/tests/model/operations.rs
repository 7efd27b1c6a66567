//! What each change asks for, in the model's own words.

/// What is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Login,
    Fund,
    Email,
    Phone,
}

/// How.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    /// There must be none.
    First,
    /// The same for who came by Telegram.
    FirstByTelegram,
    /// In place of the old one.
    Change,
    /// The old one is forgotten.
    Reset,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Fresh,
    MfaOff,
    Google,
    LateGoogle,
    OldPassword,
    /// A COMMON code to the new address.
    New,
    /// A LOGINED code to the own address of `type`.
    Own,
    /// A PASSWORD or LOGINED code to the named address, which must be the own one.
    Named,
    /// A PASSWORD code to the named address.
    Reset,
    /// The authenticator's code, or else a LOGINED code to the old address of that kind.
    GoogleOrOld,
    Telegram,
}

impl Ask {
    /// A code that goes to where the customer is reached already.
    pub(crate) fn is_of_own_address(self) -> bool {
        matches!(self, Self::Own | Self::Named | Self::Reset | Self::GoogleOrOld | Self::Telegram)
    }
}

pub(crate) struct Operation {
    pub(crate) name: &'static str,
    pub(crate) what: What,
    pub(crate) how: How,
    pub(crate) asks: &'static [Ask],
    /// Fields of a code to the new address, or the only code.
    pub(crate) code: [&'static str; 2],
    /// Fields of a code to an old or own address, or to Telegram.
    pub(crate) old: [&'static str; 2],
}

const PLAIN: [&str; 2] = ["verifyCode", "sendToken"];
const OLD: [&str; 2] = ["verifyCodeOld", "sendTokenOld"];
const THIRD: [&str; 2] = ["verifyCodeThirdType", "sendTokenThirdType"];

const fn of(name: &'static str, what: What, how: How, asks: &'static [Ask]) -> Operation {
    Operation { name, what, how, asks, code: PLAIN, old: PLAIN }
}

const fn with(code: [&'static str; 2], old: [&'static str; 2], operation: Operation) -> Operation {
    Operation { code, old, ..operation }
}

pub(crate) const OPERATIONS: [Operation; 23] = {
    use Ask::{Fresh, Google, GoogleOrOld, LateGoogle, MfaOff, Named, New, OldPassword, Own, Telegram};
    use How::{Change, First, FirstByTelegram, Reset};
    use What::{Email, Fund, Login, Phone};
    const NEW: [&str; 2] = ["verifyCodeNew", "sendTokenNew"];
    const SIX: [&str; 2] = ["verifyCode", "sendToken6"];
    [
        of("bindLoginPwd", Login, First, &[Fresh, Google]),
        of("firstTimeSettingLoginPassword", Login, First, &[Fresh, Google]),
        of("updateLoginPwd", Login, Change, &[OldPassword, Google]),
        of("updateLoginPwdMFA", Login, Change, &[OldPassword, Own, Google]),
        of("forgetLoginPwd", Login, Reset, &[Ask::Reset, LateGoogle]),
        of("bindAssertsPwd", Fund, First, &[Fresh, Google]),
        with(SIX, SIX, of("bindAssertsPwdMFA", Fund, First, &[Own, Google])),
        of("updateAssertsPwd", Fund, Change, &[OldPassword, Google]),
        of("updateAssertsPwdMFA", Fund, Change, &[OldPassword, Own, Google]),
        of("forgetAssertsPwd", Fund, Reset, &[MfaOff, Named]),
        of("forgetAssertsPwdV1v1v2", Fund, Reset, &[Own, LateGoogle]),
        of("forgetAssertsPwdMFA", Fund, Reset, &[Own, LateGoogle]),
        of("bindEmail", Email, First, &[Fresh, New, Google]),
        of("bindPhone", Phone, First, &[Fresh, New, Google]),
        of("changeEmail", Email, Change, &[MfaOff, Fresh, New]),
        of("changePhone", Phone, Change, &[MfaOff, Fresh, New]),
        with(PLAIN, OLD, of("changeEmailV1v1v2", Email, Change, &[New, GoogleOrOld])),
        with(PLAIN, OLD, of("changePhoneV1v1v2", Phone, Change, &[New, GoogleOrOld])),
        with(NEW, OLD, of("changeEmailMFA", Email, Change, &[New, Own, Google])),
        with(NEW, OLD, of("changePhoneMFA", Phone, Change, &[New, Own, Google])),
        with(PLAIN, THIRD, of("firstSetEmail", Email, FirstByTelegram, &[New, Telegram])),
        with(PLAIN, THIRD, of("firstSetPhone", Phone, FirstByTelegram, &[New, Telegram])),
        of("firstSetLoginPwd", Login, First, &[Fresh, Google]),
    ]
};
