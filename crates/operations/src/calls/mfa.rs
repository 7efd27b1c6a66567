//! The authenticator, and the recovery codes that stand in for it.

use super::step::{self, google};
use crate::context::Context;
use crate::error::Result;
use crate::fields::{Id, Int, Text};
use crate::operation::{Class, Customer, Operation};
use crate::{reply, request};
use custos_customers::changes::By;
use custos_customers::enrolment;
use custos_customers::step_up::{CodeGiven, Given, Need, Warrant};

reply! {
    /// A secret that waits to be switched on.
    pub struct PendingAuthenticator {
        /// Its id, sent back to switch it on.
        id: i64 = "id",
        /// The secret in base 32.
        secret: String = "secret",
        /// The `otpauth://` URI, to be drawn as a QR code.
        qrcode: String = "qrcode",
    }
}

request! {
    /// Makes a secret for an authenticator. It waits 15 minutes to be switched on.
    pub struct GenerateAuthenticator {}
}

impl Operation for GenerateAuthenticator {
    const NAME: &'static str = "customer.app.GoogleVerifyApiService.generateGoogleAccount";
    const TOPIC: &'static str = "Authenticator";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = PendingAuthenticator;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<PendingAuthenticator> {
        let company = cx.company.clone();
        let pending = cx.write(move |tx| Ok(enrolment::generate(tx, &company, live.customer_id())?)).await?;
        Ok(PendingAuthenticator { id: pending.id, secret: pending.secret, qrcode: pending.uri })
    }
}

request! {
    /// Tells whether a code fits the authenticator that is on, or the one that waits. Counts as a try.
    pub struct CheckAuthenticator {
        /// The code.
        code: Text<4096> = "code",
    }
}

impl Operation for CheckAuthenticator {
    const NAME: &'static str = "customer.app.GoogleVerifyApiService.checkGoogleCode";
    const TOPIC: &'static str = "Authenticator";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = bool;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<bool> {
        let company = cx.company.clone();
        cx.write(move |tx| Ok(enrolment::check(tx, &company, live.customer_id(), &self.code)?)).await
    }
}

reply! {
    /// Recovery codes, told once.
    pub struct RecoveryCodes {
        /// Ten codes when MFA was switched on; none when it was switched off.
        recovery_codes: Vec<String> = "recoveryCodes",
    }
}

request! {
    /// Switches MFA on or off. A code from each bound contact is asked for; on: a code that fits the waiting secret,
    /// off: a code of the authenticator or a recovery code.
    pub struct SwitchMfa {
        /// Code of kind LOGINED that went to the phone.
        verify_code_sms: Option<Text<4096>> = "verifyCodeSMS",
        /// Its ticket.
        send_token_sms: Option<Text<4096>> = "sendTokenSMS",
        /// Code of kind LOGINED that went to the e-mail address.
        verify_code_email: Option<Text<4096>> = "verifyCodeEmail",
        /// Its ticket.
        send_token_email: Option<Text<4096>> = "sendTokenEmail",
        /// Code of the authenticator, or (to switch off) a recovery code.
        google_code: Option<Text<4096>> = "googleCode",
        /// 1 on, 2 off.
        kind: Int<1, 2> = "type",
        /// The id of the authenticator.
        google_id: Id = "googleId",
    }
}

/// Switching on: the waiting secret's code is checked by the rule.
struct On;
impl Warrant for On {
    const NEEDS: &'static [Need] = &[Need::EveryContact];
}

impl Warrant for SwitchMfa {
    const NEEDS: &'static [Need] = &[Need::EveryContact, Need::Authenticator];
}

impl Operation for SwitchMfa {
    const NAME: &'static str = "customer.app.CustomerWebApiService.enableOrForbidMFA";
    const TOPIC: &'static str = "Authenticator";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = RecoveryCodes;

    async fn run(self, caller: Customer, cx: Context) -> Result<RecoveryCodes> {
        let text = |text: Option<Text<4096>>| text.map(|text| text.0);
        let given = Given {
            sms: CodeGiven {
                proof: None,
                ticket: text(self.send_token_sms),
                code: text(self.verify_code_sms),
            },
            old: CodeGiven {
                proof: None,
                ticket: text(self.send_token_email),
                code: text(self.verify_code_email),
            },
            ..step::of(&caller, google(self.google_code))
        };
        let by = By { session_id: Some(caller.0.session.id), origin: cx.origin.clone() };
        let (company, id) = (cx.company.clone(), caller.0.customer_id());
        let recovery_codes = cx
            .write(move |tx| {
                let how = (&given, &by);
                if self.kind.0 == 1 {
                    return Ok(enrolment::switch_on::<On>(tx, &company, id, self.google_id.0, how)?);
                }
                enrolment::switch_off::<Self>(tx, &company, id, self.google_id.0, how)?;
                Ok(Vec::new())
            })
            .await?;
        Ok(RecoveryCodes { recovery_codes })
    }
}

request! {
    /// Makes new recovery codes; the old ones stop working. Needs MFA.
    pub struct RenewRecoveryCodes {
        /// Code of the authenticator, or a recovery code.
        google_code: Option<Text<4096>> = "googleCode",
    }
}

impl Warrant for RenewRecoveryCodes {
    const NEEDS: &'static [Need] = &[Need::Authenticator];
}

impl Operation for RenewRecoveryCodes {
    const NAME: &'static str = "custos.app.SecurityService.recoveryCodes";
    const TOPIC: &'static str = "Authenticator";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = RecoveryCodes;

    async fn run(self, caller: Customer, cx: Context) -> Result<RecoveryCodes> {
        let given = step::of(&caller, google(self.google_code));
        let by = By { session_id: Some(caller.0.session.id), origin: cx.origin.clone() };
        let (company, id) = (cx.company.clone(), caller.0.customer_id());
        let recovery_codes = cx
            .write(move |tx| Ok(enrolment::renew_recovery_codes::<Self>(tx, &company, id, (&given, &by))?))
            .await?;
        Ok(RecoveryCodes { recovery_codes })
    }
}
