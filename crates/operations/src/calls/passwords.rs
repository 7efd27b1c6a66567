//! Login and fund passwords.

use super::step::{self, code, google, own_by};
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::{Int, Text};
use crate::operation::{Class, Customer, Guest, Operation};
use crate::request;
use crate::shape::Done;
use custos_customers::Code;
use custos_customers::changes::By;
use custos_customers::customer::Name;
use custos_customers::hashing::Md5Secret;
use custos_customers::passwords::{self, Manner, Verified, Which, Whose};
use custos_customers::step_up::{self, Given, Need, Warrant};

/// A password that is to be set.
struct Wanted {
    which: Which,
    manner: Manner,
    whose: Whose,
    new: String,
    old: Option<String>,
    given: Given,
    by: By,
}

/// Checks, hashes away from the store, then sets.
async fn set<W: Warrant + 'static>(cx: Context, wanted: Wanted) -> Result<Done> {
    let Wanted { which, manner, whose, new, old, mut given, by } = wanted;
    let what = (which, manner);
    let secret = which.strong(&new)?;
    let weak = || Error::from(Code::WeakPassword.refuse());
    let old = old.map(|old| Md5Secret::parse(&old).ok_or_else(weak)).transpose()?;
    let (company, first, whose) = (cx.company.clone(), given.clone(), whose);
    let plan = cx.write(move |tx| Ok(passwords::plan::<W>(tx, &company, &whose, what, &first)?)).await?;
    let hasher = &cx.app.hasher;
    if let Some(old) = old {
        let same = old == secret;
        let compared = match Verified::compare(hasher, which, &plan, old).await {
            Ok(compared) => compared,
            Err(error) => {
                cx.write(move |tx| Ok(passwords::give_back(tx, &plan)?)).await?;
                return Err(error.into());
            }
        };
        let (company, plan, by) = (cx.company.clone(), plan.clone(), by.clone());
        if compared.is_none() {
            cx.write(move |tx| Ok(passwords::wrong_old(tx, &company, &plan, which, &by)?)).await?;
            return Err(Code::WrongOldPassword.refuse().into());
        }
        if same {
            cx.write(move |tx| Ok(passwords::right_old(tx, &plan)?)).await?;
            return Err(Code::SamePassword.refuse().into());
        }
        given.old_password = compared;
    } else if plan.own.is_some() && hasher.verify(secret.clone(), plan.own.as_deref()).await?.matches {
        return Err(Code::SamePassword.refuse().into());
    }
    let hash = match hash_new(&cx, &plan, secret).await {
        Ok(hash) => hash,
        Err(error) => {
            if given.old_password.is_some() {
                // The old password was right, whatever is wrong with the new one.
                cx.write(move |tx| Ok(passwords::right_old(tx, &plan)?)).await?;
            }
            return Err(error);
        }
    };
    let company = cx.company.clone();
    let is_set =
        cx.write(move |tx| Ok(passwords::set::<W>(tx, &company, what, &plan, &given, (&hash, &by))?)).await?;
    // Two changes at once: the other one went first, and this one is to be tried again.
    if is_set { Ok(Done {}) } else { Err(Gate::TooFrequent.refuse()) }
}

/// The hash of a new password, which must not be the customer's other one.
async fn hash_new(cx: &Context, plan: &passwords::Plan, secret: Md5Secret) -> Result<String> {
    if plan.other.is_some() && cx.app.hasher.verify(secret.clone(), plan.other.as_deref()).await?.matches {
        return Err(Code::WeakPassword.refuse().into());
    }
    cx.app.hash(secret).await
}

/// A password of the signed-in customer.
fn own(caller: &Customer, cx: &Context, what: (Which, Manner), new: String, given: Given) -> Wanted {
    let session = if what.1 == Manner::Reset { None } else { Some(caller.0.session.id) };
    Wanted {
        which: what.0,
        manner: what.1,
        whose: Whose::Own(caller.0.customer_id()),
        new,
        old: None,
        given: step::of(caller, given),
        by: By { session_id: session, origin: cx.origin.clone() },
    }
}

macro_rules! password_operation {
    ($name:ident, $wire:literal, $what:expr, [$($need:ident),*], |$request:ident| ($new:expr, $old:expr, $given:expr)) => {
        impl Warrant for $name {
            const NEEDS: &'static [Need] = &[$(Need::$need),*];
        }

        impl Operation for $name {
            const NAME: &'static str = concat!("customer.app.CustomerWebApiService.", $wire);
            const TOPIC: &'static str = "Credentials";
            const CLASS: Class = Class::SignIn;
            const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
            type Caller = Customer;
            type Reply = Done;

            async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
                let $request = self;
                let wanted = Wanted { old: $old, ..own(&caller, &cx, $what, $new, $given) };
                set::<Self>(cx, wanted).await
            }
        }
    };
}

const LOGIN_FIRST: (Which, Manner) = (Which::Login, Manner::First);
const LOGIN_CHANGE: (Which, Manner) = (Which::Login, Manner::Change);
const FUND_FIRST: (Which, Manner) = (Which::Fund, Manner::First);
const FUND_CHANGE: (Which, Manner) = (Which::Fund, Manner::Change);
const FUND_RESET: (Which, Manner) = (Which::Fund, Manner::Reset);

request! {
    /// Sets the first login password.
    pub struct BindLoginPassword {
        /// The password, as the hex MD5 of what was typed.
        pwd: Text<64> = "pwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(BindLoginPassword, "bindLoginPwd", LOGIN_FIRST, [FreshSignIn, Authenticator], |r| (
    r.pwd.0,
    None,
    google(r.google_code)
));

request! {
    /// Sets the first login password.
    pub struct FirstLoginPassword {
        /// The password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(
    FirstLoginPassword,
    "firstTimeSettingLoginPassword",
    LOGIN_FIRST,
    [FreshSignIn, Authenticator],
    |r| (r.new_pwd.0, None, google(r.google_code))
);

request! {
    /// Changes the login password; the old one is asked for.
    pub struct UpdateLoginPassword {
        /// The old password, as the hex MD5 of what was typed.
        old_pwd: Text<64> = "oldPwd",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(UpdateLoginPassword, "updateLoginPwd", LOGIN_CHANGE, [OldPassword, Authenticator], |r| (
    r.new_pwd.0,
    Some(r.old_pwd.0),
    google(r.google_code)
));

request! {
    /// Changes the login password; the old one and a code to an own address are asked for.
    pub struct UpdateLoginPasswordMfa {
        /// The old password, as the hex MD5 of what was typed.
        old_pwd: Text<64> = "oldPwd",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
        /// A code of kind LOGINED.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken" | "sendToken6",
        /// Where the code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
    }
}
password_operation!(
    UpdateLoginPasswordMfa,
    "updateLoginPwdMFA",
    LOGIN_CHANGE,
    [OldPassword, OwnAddress, Authenticator],
    |r| (r.new_pwd.0, Some(r.old_pwd.0), own_by(r.kind.0, r.verify_code, r.send_token, r.google_code))
);

request! {
    /// Sets the first fund password.
    pub struct BindFundPassword {
        /// The password, as the hex MD5 of what was typed.
        pwd: Text<64> = "pwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(BindFundPassword, "bindAssertsPwd", FUND_FIRST, [FreshSignIn, Authenticator], |r| (
    r.pwd.0,
    None,
    google(r.google_code)
));

request! {
    /// Sets the first fund password; a code to an own address is asked for.
    pub struct BindFundPasswordMfa {
        /// The password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// A code of kind LOGINED.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken6" | "sendToken",
        /// Where the code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(BindFundPasswordMfa, "bindAssertsPwdMFA", FUND_FIRST, [OwnAddress, Authenticator], |r| (
    r.new_pwd.0,
    None,
    own_by(r.kind.0, r.verify_code, r.send_token, r.google_code)
));

request! {
    /// Changes the fund password; the old one is asked for.
    pub struct UpdateFundPassword {
        /// The old password, as the hex MD5 of what was typed.
        old_pwd: Text<64> = "oldPwd",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(UpdateFundPassword, "updateAssertsPwd", FUND_CHANGE, [OldPassword, Authenticator], |r| (
    r.new_pwd.0,
    Some(r.old_pwd.0),
    google(r.google_code)
));

request! {
    /// Changes the fund password; the old one and a code to an own address are asked for.
    pub struct UpdateFundPasswordMfa {
        /// The old password, as the hex MD5 of what was typed.
        old_pwd: Text<64> = "oldPwd",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
        /// A code of kind LOGINED.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken" | "sendToken6",
        /// Where the code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
    }
}
password_operation!(
    UpdateFundPasswordMfa,
    "updateAssertsPwdMFA",
    FUND_CHANGE,
    [OldPassword, OwnAddress, Authenticator],
    |r| (r.new_pwd.0, Some(r.old_pwd.0), own_by(r.kind.0, r.verify_code, r.send_token, r.google_code))
);

request! {
    /// Resets the fund password by a code to an own address; for customers without MFA.
    pub struct ForgetFundPassword {
        /// Calling code of a phone number; +86 by default.
        phone_area: Option<Text<15>> = "phoneArea",
        /// The own address that the code went to.
        login_name: Text<64> = "loginName",
        /// 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// A code of kind PASSWORD or LOGINED.
        verify_code: Option<Text<4096>> = "verifyCode",
        /// The code's ticket.
        send_token: Option<Text<4096>> = "sendToken" | "sendToken6",
        /// The proof of a code, looked at first.
        verify_code_token: Option<Text<4096>> = "verifyCodeToken",
    }
}

impl Warrant for ForgetFundPassword {
    const NEEDS: &'static [Need] = &[Need::MfaOff, Need::OwnAddressNamed];
}

impl Operation for ForgetFundPassword {
    const NAME: &'static str = "customer.app.CustomerWebApiService.forgetAssertsPwd";
    const TOPIC: &'static str = "Credentials";
    const CLASS: Class = Class::SignIn;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
        let not_own = if self.kind.0 == 1 { Code::NotOwnEmail } else { Code::NoPhone };
        // What can't be an address can't be the customer's own.
        let named = step_up::named(self.kind.0, &self.login_name, self.phone_area.as_deref())
            .map_err(|_| Error::from(not_own.refuse()))?;
        let old = code(self.verify_code, self.send_token, self.verify_code_token)?;
        let given = Given { old, named: Some(named), ..Given::default() };
        let wanted = own(&caller, &cx, FUND_RESET, self.new_pwd.0, given);
        set::<Self>(cx, wanted).await
    }
}

request! {
    /// Resets the fund password by a code to an own address.
    pub struct ForgetFundPasswordV2 {
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// A code of kind LOGINED.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken" | "sendToken6",
        /// Where the code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(
    ForgetFundPasswordV2,
    "forgetAssertsPwdV1v1v2",
    FUND_RESET,
    [OwnAddress, LateAuthenticator],
    |r| (r.new_pwd.0, None, own_by(r.kind.0, r.verify_code, r.send_token, r.google_code))
);

request! {
    /// Resets the fund password by a code to an own address.
    pub struct ForgetFundPasswordMfa {
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// A code of kind LOGINED.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken" | "sendToken6",
        /// Where the code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
password_operation!(
    ForgetFundPasswordMfa,
    "forgetAssertsPwdMFA",
    FUND_RESET,
    [OwnAddress, LateAuthenticator],
    |r| (r.new_pwd.0, None, own_by(r.kind.0, r.verify_code, r.send_token, r.google_code))
);

request! {
    /// Resets a forgotten login password by a code of kind PASSWORD, or the proof of one. Ends every session and lifts
    /// a lock on signing in; MFA stays on.
    pub struct ForgetLoginPassword {
        /// E-mail address or phone number.
        login_name: Text<64> = "loginName",
        /// Calling code of a phone number; without it the number is looked up in any.
        phone_area: Option<Text<15>> = "phoneArea",
        /// 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// The new password, as the hex MD5 of what was typed.
        new_pwd: Text<64> = "newPwd",
        /// A code of kind PASSWORD.
        verify_code: Option<Text<4096>> = "verifyCode",
        /// The code's ticket.
        send_token: Option<Text<4096>> = "sendToken" | "sendToken6",
        /// The proof of a code, looked at first.
        verify_code_token: Option<Text<4096>> = "verifyCodeToken",
        /// Code of the authenticator, up to two minutes old, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}

impl Warrant for ForgetLoginPassword {
    const NEEDS: &'static [Need] = &[Need::Reset, Need::LateAuthenticator];
}

impl Operation for ForgetLoginPassword {
    const NAME: &'static str = "customer.app.CustomerWebApiService.forgetLoginPwd";
    const TOPIC: &'static str = "Credentials";
    const CLASS: Class = Class::SignIn;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Guest;
    type Reply = Done;

    async fn run(self, _: Guest, cx: Context) -> Result<Done> {
        let old = code(self.verify_code, self.send_token, self.verify_code_token)?;
        let area = self.phone_area.as_deref().filter(|_| self.kind.0 == 2);
        let name = Name::parse(self.kind.0, &self.login_name, area);
        let given = Given { named: step::recipient_of(&cx, &name).await?, old, ..google(self.google_code) };
        let wanted = Wanted {
            which: Which::Login,
            manner: Manner::Reset,
            whose: Whose::Named(name),
            new: self.new_pwd.0,
            old: None,
            given,
            by: By { session_id: None, origin: cx.origin.clone() },
        };
        set::<Self>(cx, wanted).await
    }
}
