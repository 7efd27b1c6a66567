//! E-mail addresses and phone numbers.

use super::step::{self, Long, channel, google, ticketed};
use crate::context::Context;
use crate::error::{Error, Result};
use crate::fields::{Int, Text};
use crate::operation::{Class, Customer, Operation};
use crate::request;
use crate::shape::Done;
use custos_customers::changes::By;
use custos_customers::contacts::{self, Manner};
use custos_customers::email::Email;
use custos_customers::phone::Phone;
use custos_customers::step_up::{Given, Need, Warrant};
use custos_customers::verification::{Recipient, phone_refusal};
use custos_customers::{Code, third_party};

/// The new address of a request.
enum New<'a> {
    Email(&'a str),
    Phone { area: &'a str, number: &'a str },
}

impl New<'_> {
    fn parse(&self) -> Result<Recipient> {
        let bad = || Error::from(Code::BadEmail.refuse());
        match self {
            Self::Email(text) => Email::parse(text).map(Recipient::Email).ok_or_else(bad),
            Self::Phone { area, number } => {
                Ok(Recipient::Phone(Phone::parse(area, number).map_err(phone_refusal)?))
            }
        }
    }
}

/// Proves, then binds: one transaction.
async fn set<W: Warrant + 'static>(
    caller: Customer,
    cx: Context,
    manner: Manner,
    new: New<'_>,
    given: Given,
) -> Result<Done> {
    let given = Given {
        new_address: Some(new.parse()?),
        changing: manner == Manner::Change,
        ..step::of(&caller, given)
    };
    let by = By { session_id: Some(caller.0.session.id), origin: cx.origin.clone() };
    let (company, id) = (cx.company.clone(), caller.0.customer_id());
    cx.write(move |tx| Ok(contacts::set::<W>(tx, &company, id, manner, (&given, &by))?)).await?;
    Ok(Done {})
}

macro_rules! contact_operation {
    ($name:ident, $wire:literal, $manner:expr, [$($need:ident),*], |$r:ident| ($new:expr, $given:expr)) => {
        impl Warrant for $name {
            const NEEDS: &'static [Need] = &[$(Need::$need),*];
        }

        impl Operation for $name {
            const NAME: &'static str = concat!("customer.app.CustomerWebApiService.", $wire);
            const TOPIC: &'static str = "Contacts";
            const CLASS: Class = Class::Write;
            const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
            type Caller = Customer;
            type Reply = Done;

            async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
                let $r = &self;
                set::<Self>(caller, cx, $manner, $new, $given).await
            }
        }
    };
}

/// The code of the new address.
fn with_new(code: &Long, ticket: &Long, given: Given) -> Given {
    Given { new: ticketed(code.clone(), ticket.clone()), ..given }
}

/// The code of an old address, as far as the request carries one.
fn with_old(code: Option<&Long>, ticket: Option<&Long>, given: Given) -> Given {
    let mut given = given;
    given.old.code = code.map(|text| text.0.clone());
    given.old.ticket = ticket.map(|text| text.0.clone());
    given
}

request! {
    /// Binds a first e-mail address.
    pub struct BindEmail {
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The address.
        email: Text<50> = "email",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// Not looked at.
        email_area: Option<Text<15>> = "emailArea",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
contact_operation!(BindEmail, "bindEmail", Manner::Bind, [FreshSignIn, NewAddress, Authenticator], |r| (
    New::Email(&r.email),
    with_new(&r.verify_code, &r.send_token, google(r.google_code.clone()))
));

request! {
    /// Binds a first phone number.
    pub struct BindPhone {
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
        /// The number.
        phone: Text<50> = "phone",
        /// Its calling code; +86 by default.
        phone_area: Option<Text<15>> = "phoneArea",
    }
}
contact_operation!(BindPhone, "bindPhone", Manner::Bind, [FreshSignIn, NewAddress, Authenticator], |r| (
    New::Phone { area: step::area(&r.phone_area), number: &r.phone },
    with_new(&r.verify_code, &r.send_token, google(r.google_code.clone()))
));

request! {
    /// Replaces the e-mail address; for customers without MFA.
    pub struct ChangeEmail {
        /// A code of kind COMMON that went to the new address.
        verify_code: Text<4096> = "verifyCode",
        /// The new address.
        email: Text<50> = "email",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// Not looked at.
        email_area: Option<Text<15>> = "emailArea",
    }
}
contact_operation!(ChangeEmail, "changeEmail", Manner::Change, [MfaOff, FreshSignIn, NewAddress], |r| (
    New::Email(&r.email),
    with_new(&r.verify_code, &r.send_token, Given::default())
));

request! {
    /// Replaces the phone number; for customers without MFA.
    pub struct ChangePhone {
        /// The new number's calling code.
        phone_area: Option<Text<15>> = "phoneArea",
        /// The new number.
        phone: Text<50> = "phone",
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
    }
}
contact_operation!(ChangePhone, "changePhone", Manner::Change, [MfaOff, FreshSignIn, NewAddress], |r| (
    New::Phone { area: step::area(&r.phone_area), number: &r.phone },
    with_new(&r.verify_code, &r.send_token, Given::default())
));

request! {
    /// Replaces the e-mail address; by the authenticator where MFA is on, else by a code to the old address.
    pub struct ChangeEmailV2 {
        /// A code of kind COMMON that went to the new address.
        verify_code: Text<4096> = "verifyCode",
        /// The new address.
        email: Text<50> = "email",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// Not looked at.
        email_area: Option<Text<15>> = "emailArea",
        /// A code of kind LOGINED that went to the old address.
        verify_code_old: Option<Text<4096>> = "verifyCodeOld",
        /// That code's ticket.
        send_token_old: Option<Text<4096>> = "sendTokenOld",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
contact_operation!(
    ChangeEmailV2,
    "changeEmailV1v1v2",
    Manner::Change,
    [NewAddress, OldAddressOrAuthenticator],
    |r| (
        New::Email(&r.email),
        with_old(
            r.verify_code_old.as_ref(),
            r.send_token_old.as_ref(),
            with_new(&r.verify_code, &r.send_token, google(r.google_code.clone()))
        )
    )
);

request! {
    /// Replaces the phone number; by the authenticator where MFA is on, else by a code to the old number.
    pub struct ChangePhoneV2 {
        /// The new number's calling code.
        phone_area: Option<Text<15>> = "phoneArea",
        /// The new number.
        phone: Text<50> = "phone",
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// A code of kind LOGINED that went to the old number.
        verify_code_old: Option<Text<4096>> = "verifyCodeOld",
        /// That code's ticket.
        send_token_old: Option<Text<4096>> = "sendTokenOld",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
contact_operation!(
    ChangePhoneV2,
    "changePhoneV1v1v2",
    Manner::Change,
    [NewAddress, OldAddressOrAuthenticator],
    |r| (
        New::Phone { area: step::area(&r.phone_area), number: &r.phone },
        with_old(
            r.verify_code_old.as_ref(),
            r.send_token_old.as_ref(),
            with_new(&r.verify_code, &r.send_token, google(r.google_code.clone()))
        )
    )
);

request! {
    /// Replaces the e-mail address; by a code to an own address of the customer's choice, and the authenticator.
    pub struct ChangeEmailMfa {
        /// The new address.
        email: Text<50> = "email",
        /// A code of kind COMMON that went to it.
        verify_code_new: Text<4096> = "verifyCodeNew",
        /// That code's ticket.
        send_token_new: Text<4096> = "sendTokenNew",
        /// Where the other code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// A code of kind LOGINED.
        verify_code_old: Text<4096> = "verifyCodeOld",
        /// That code's ticket.
        send_token_old: Text<4096> = "sendTokenOld",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
contact_operation!(
    ChangeEmailMfa,
    "changeEmailMFA",
    Manner::Change,
    [NewAddress, OwnAddress, Authenticator],
    |r| (
        New::Email(&r.email),
        Given {
            own_channel: Some(channel(r.kind.0)),
            ..with_old(
                Some(&r.verify_code_old),
                Some(&r.send_token_old),
                with_new(&r.verify_code_new, &r.send_token_new, google(r.google_code.clone()))
            )
        }
    )
);

request! {
    /// Replaces the phone number; by a code to an own address of the customer's choice, and the authenticator.
    pub struct ChangePhoneMfa {
        /// The new number's calling code.
        phone_area: Option<Text<15>> = "phoneArea",
        /// The new number.
        phone: Text<50> = "phone",
        /// A code of kind COMMON that went to it.
        verify_code_new: Text<4096> = "verifyCodeNew",
        /// That code's ticket.
        send_token_new: Text<4096> = "sendTokenNew",
        /// Where the other code went: 1 e-mail, 2 phone.
        kind: Int<1, 2> = "type",
        /// A code of kind LOGINED.
        verify_code_old: Text<4096> = "verifyCodeOld",
        /// That code's ticket.
        send_token_old: Text<4096> = "sendTokenOld",
        /// Code of the authenticator, when MFA is on.
        google_code: Option<Text<4096>> = "googleCode",
    }
}
contact_operation!(
    ChangePhoneMfa,
    "changePhoneMFA",
    Manner::Change,
    [NewAddress, OwnAddress, Authenticator],
    |r| (
        New::Phone { area: step::area(&r.phone_area), number: &r.phone },
        Given {
            own_channel: Some(channel(r.kind.0)),
            ..with_old(
                Some(&r.verify_code_old),
                Some(&r.send_token_old),
                with_new(&r.verify_code_new, &r.send_token_new, google(r.google_code.clone()))
            )
        }
    )
);

/// Only Telegram stands for a customer who has no contact of their own.
fn only_telegram(source: &str) -> Result<()> {
    if source == third_party::TELEGRAM {
        return Ok(());
    }
    Err(Code::ThirdPartyUnknown.with(&[third_party::TELEGRAM]).into())
}

/// The codes of the new address and of the Telegram account.
fn with_telegram(given: Given, code: &Long, ticket: &Long) -> Given {
    Given { telegram: ticketed(code.clone(), ticket.clone()), ..given }
}

request! {
    /// Sets the first phone number of a customer who came by Telegram.
    pub struct FirstSetPhone {
        /// Its calling code; +86 by default.
        phone_area: Option<Text<15>> = "phoneArea",
        /// The number.
        phone: Text<50> = "phone",
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// `telegram`.
        third_source: Text<32> = "thirdSource",
        /// A code of kind TELEGRAM that went to the bound account.
        verify_code_third: Text<4096> = "verifyCodeThirdType",
        /// That code's ticket.
        send_token_third: Text<4096> = "sendTokenThirdType",
    }
}

impl Warrant for FirstSetPhone {
    const NEEDS: &'static [Need] = &[Need::NewAddress, Need::Telegram];
}

impl Operation for FirstSetPhone {
    const NAME: &'static str = "customer.app.CustomerWebApiService.firstSetPhone";
    const TOPIC: &'static str = "Contacts";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
        only_telegram(&self.third_source)?;
        let given = with_new(&self.verify_code, &self.send_token, Given::default());
        let given = with_telegram(given, &self.verify_code_third, &self.send_token_third);
        let new = New::Phone { area: step::area(&self.phone_area), number: &self.phone };
        set::<Self>(caller, cx, Manner::First, new, given).await
    }
}

request! {
    /// Sets the first e-mail address of a customer who came by Telegram.
    pub struct FirstSetEmail {
        /// The address.
        email: Text<50> = "email",
        /// A code of kind COMMON that went to it.
        verify_code: Text<4096> = "verifyCode",
        /// The code's ticket.
        send_token: Text<4096> = "sendToken",
        /// `telegram`.
        third_source: Text<32> = "thirdSource",
        /// A code of kind TELEGRAM that went to the bound account.
        verify_code_third: Text<4096> = "verifyCodeThirdType",
        /// That code's ticket.
        send_token_third: Text<4096> = "sendTokenThirdType",
    }
}

impl Warrant for FirstSetEmail {
    const NEEDS: &'static [Need] = &[Need::NewAddress, Need::Telegram];
}

impl Operation for FirstSetEmail {
    const NAME: &'static str = "customer.app.CustomerWebApiService.firstSetEmail";
    const TOPIC: &'static str = "Contacts";
    const CLASS: Class = Class::Write;
    const PROOFS: &'static [Need] = <Self as Warrant>::NEEDS;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, caller: Customer, cx: Context) -> Result<Done> {
        only_telegram(&self.third_source)?;
        let given = with_new(&self.verify_code, &self.send_token, Given::default());
        let given = with_telegram(given, &self.verify_code_third, &self.send_token_third);
        set::<Self>(caller, cx, Manner::First, New::Email(&self.email), given).await
    }
}

request! {
    /// Sets where the customer's post goes.
    pub struct ChangePostalAddress {
        /// The address.
        address: Text<500> = "address",
        /// The postal code.
        postal_code: Text<20> = "postalCode",
    }
}

impl Operation for ChangePostalAddress {
    const NAME: &'static str = "customer.app.CustomerWebApiService.changeCustomerAddressAndPostalCode";
    const TOPIC: &'static str = "Profile";
    const CLASS: Class = Class::Write;
    type Caller = Customer;
    type Reply = Done;

    async fn run(self, Customer(live): Customer, cx: Context) -> Result<Done> {
        cx.write(move |tx| {
            let (company, id) = (live.company_id(), live.customer_id());
            Ok(contacts::set_postal(tx, company, id, &self.address, &self.postal_code)?)
        })
        .await?;
        Ok(Done {})
    }
}
