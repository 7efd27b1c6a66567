//! Signing in.

use super::record::{self, CustomerRecord};
use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::{Flag, Int, Text};
use crate::operation::{Class, Guest, Operation, Prefix};
use crate::{reply, request};
use custos_customers::Code;
use custos_customers::customer::Name;
use custos_customers::hashing::Md5Secret;
use custos_customers::sign_in::{self, Attempt, Finished, SignedIn};

reply! {
    /// The customer record, with the new session's token.
    pub struct SignInReply {
        /// The session's token: opaque, told once.
        token: String = "token",
        ;
        /// Everything of `findCustomerInfo`.
        ..record: CustomerRecord
    }
}

request! {
    /// Signs in by password, or by a code of kind LOGIN; with the authenticator code where MFA is on.
    pub struct Login {
        /// 1 e-mail, 2 phone, 3 customer number.
        kind: Int<1, 3> = "type",
        /// Calling code of a phone number; without it the number is looked up in any.
        phone_area: Option<Text<15>> = "phoneArea",
        /// E-mail address, phone number or customer number.
        login_name: Text<64> = "loginName",
        /// 1 mobile web, 2 desktop web, 3 system, 4 Android, 5 iOS.
        device: Option<Int<0, 99>> = "device",
        /// Not looked at.
        is_third: Option<Flag> = "isThird",
        /// Verification code. When it is there, the password is not looked at.
        verify_code: Option<Text<4096>> = "verifyCode",
        /// The code's ticket.
        send_token: Option<Text<4096>> = "sendToken",
        /// Password, as the hex MD5 of what was typed.
        login_pwd: Option<Text<64>> = "loginPwd",
        /// The id at a third party that was proved a moment ago.
        bind_third_user_id: Option<Text<128>> = "bindThirdUserId",
        /// Which third party.
        third_source: Option<Text<32>> = "thirdSource",
        /// Code of the authenticator, or a recovery code.
        google_code: Option<Text<4096>> = "googleCode",
    }
}

impl Operation for Login {
    const NAME: &'static str = "customer.app.CustomerWebApiService.login";
    const PREFIX: Prefix = Prefix::Login;
    const TOPIC: &'static str = "Sign-in";
    const CLASS: Class = Class::SignIn;
    type Caller = Guest;
    type Reply = SignInReply;

    async fn run(self, _: Guest, cx: Context) -> Result<SignInReply> {
        let mut origin = cx.origin.clone();
        origin.device = self.device.map_or(0, |device| device.0);
        let attempt = Attempt {
            name: Name::parse(
                self.kind.0,
                &self.login_name,
                self.phone_area.as_deref().filter(|_| self.kind.0 == 2),
            ),
            google_code: self.google_code.map(|code| code.0),
            origin,
        };
        match (self.verify_code, self.login_pwd) {
            (Some(code), _) => by_code(&cx, attempt, self.send_token.map(|ticket| ticket.0), code.0).await,
            (None, Some(password)) => {
                let secret =
                    Md5Secret::parse(&password).ok_or_else(|| Error::from(Code::WeakPassword.refuse()))?;
                by_password(&cx, attempt, secret).await
            }
            // Only what was proved to the third party a moment ago could stand for a password.
            (None, None) if self.bind_third_user_id.is_some() => Err(Code::WrongSignIn.refuse().into()),
            (None, None) => Err(Gate::MissingField.field("loginPwd")),
        }
    }
}

async fn by_code(
    cx: &Context,
    attempt: Attempt,
    ticket: Option<String>,
    code: String,
) -> Result<SignInReply> {
    let company = cx.company.clone();
    cx.write(move |tx| {
        let signed_in = sign_in::by_code(tx, &company, &attempt, ticket.as_deref(), &code)?;
        let record = record::read(tx, &company, &signed_in.customer)?;
        Ok(SignInReply { token: signed_in.token, record })
    })
    .await
}

/// Reserves the try, computes the hash away from the store, then ends the try.
async fn by_password(cx: &Context, attempt: Attempt, secret: Md5Secret) -> Result<SignInReply> {
    let (company, first) = (cx.company.clone(), attempt.clone());
    let begun = cx.write(move |tx| Ok(sign_in::begin(tx, &company, &first)?)).await?;
    cx.app.verifications.inc();
    let verdict = match cx.app.hasher.verify(secret.clone(), begun.stored.as_deref()).await {
        Ok(verdict) => verdict,
        Err(error) => {
            // Nothing was compared, so it was no try.
            cx.write(move |tx| Ok(sign_in::give_back(tx, &begun)?)).await?;
            return Err(error.into());
        }
    };
    let remade = if verdict.matches && verdict.remake {
        // Where the hasher has no time the old hash stays: the password was right all the same.
        cx.app.hash(secret).await.ok()
    } else {
        None
    };
    let company = cx.company.clone();
    cx.write(move |tx| {
        let finished =
            sign_in::finish_by_password(tx, &company, &attempt, &begun, verdict, remade.as_deref())?;
        Ok(match finished {
            Finished::Wrong => Err(Code::WrongSignIn.refuse()),
            Finished::WrongFactor(refused) => Err(refused),
            Finished::In(signed_in) => {
                let SignedIn { customer, token } = *signed_in;
                Ok(SignInReply { token, record: record::read(tx, &company, &customer)? })
            }
        })
    })
    .await?
    .map_err(Error::from)
}
