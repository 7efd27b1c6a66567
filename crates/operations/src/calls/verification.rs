//! Verification codes: sending one, and checking one ahead of what it is for.

use crate::context::Context;
use crate::error::{Error, Gate, Result};
use crate::fields::Text;
use crate::operation::{Anyone, Class, Operation};
use crate::{reply, request};
use custos_customers::verification::{self, Kind, Purpose, Recipient, Send, Shown};
use custos_customers::{Code, customer, third_party};
use custos_delivery::Channel;
use custos_store::Tx;

reply! {
    /// A ticket or proof.
    pub struct Ticket {
        /// To be sent along with the code, or later instead of it.
        token: String = "token",
    }
}

/// The signed-in customer, for the kinds that go to their own address: the LOGINED ones, and the Telegram one when the
/// request names no one.
fn own_customer(kind: Kind, caller: Anyone, unnamed: bool) -> Result<Option<i64>> {
    let own = kind.purpose == Purpose::SignedIn || (kind.channel == Channel::Telegram && unnamed);
    if own { Ok(Some(caller.customer()?.0.customer_id())) } else { Ok(None) }
}

fn own_recipient(tx: &mut Tx<'_>, kind: Kind, customer: &customer::Customer) -> Result<Recipient> {
    Ok(match kind.channel {
        Channel::Telegram => third_party::telegram_recipient(tx, customer)?,
        channel => Recipient::own(channel, customer)?,
    })
}

fn kind_of(name: &str) -> Result<Kind> {
    Kind::parse(name).ok_or_else(|| Gate::BadField.field("bizType"))
}

request! {
    /// Makes a six-digit code, sends it, and returns its ticket. Kinds: EMAIL_ or SMS_ with COMMON, LOGIN, REGISTER,
    /// PASSWORD or LOGINED, each followed by _VERIFICATION_CODE. The LOGINED ones go to the signed-in customer.
    pub struct SendCode {
        /// The kind of code.
        biz_type: Text<64> = "bizType",
        /// E-mail address, or calling code and phone number such as `+86 13800000000`.
        to_user: Option<Text<64>> = "toUser",
    }
}

impl Operation for SendCode {
    const NAME: &'static str = "message.app.VerificationApiService.verifyCodeSend";
    const TOPIC: &'static str = "Verification";
    const CLASS: Class = Class::Send;
    type Caller = Anyone;
    type Reply = Ticket;

    async fn run(self, caller: Anyone, cx: Context) -> Result<Ticket> {
        let kind = kind_of(&self.biz_type)?;
        let customer_id = own_customer(kind, caller, self.to_user.is_none())?;
        let stated = match (customer_id, &self.to_user) {
            (Some(_), _) => None,
            (None, Some(to)) => Some(Recipient::parse(kind.channel, to)?),
            (None, None) => return Err(Gate::MissingField.field("toUser")),
        };
        let token = cx
            .clone()
            .write(move |tx| {
                let (recipient, lang) = match (&stated, customer_id) {
                    (Some(recipient), _) => (recipient.clone(), cx.lang.clone()),
                    (None, id) => {
                        let found = customer::find(tx, cx.company.id, id.unwrap_or(0))?;
                        let found = found.ok_or_else(|| Gate::DeadToken.refuse())?;
                        (own_recipient(tx, kind, &found)?, found.lang)
                    }
                };
                Ok(verification::send(
                    tx,
                    &Send {
                        company: &cx.company,
                        kind,
                        recipient: &recipient,
                        customer_id,
                        lang: &lang,
                        from: &cx.origin.address,
                    },
                )?)
            })
            .await?;
        Ok(Ticket { token })
    }
}

request! {
    /// Checks a code and returns a proof that may be shown instead of it once, within ten minutes. Given such a proof,
    /// says whether it still stands.
    pub struct CheckCode {
        /// The kind of code.
        biz_type: Text<64> = "bizType",
        /// The recipient; of the LOGINED kinds it is the signed-in customer.
        to_user: Option<Text<64>> = "toUser",
        /// The code's ticket.
        send_token: Option<Text<4096>> = "sendToken",
        /// The code.
        code: Option<Text<4096>> = "code",
        /// A proof that was returned before.
        verify_code_token: Option<Text<4096>> = "verifyCodeToken",
    }
}

impl Operation for CheckCode {
    const NAME: &'static str = "message.app.VerificationApiService.verifyCodeCheck";
    const TOPIC: &'static str = "Verification";
    const CLASS: Class = Class::Write;
    type Caller = Anyone;
    type Reply = Ticket;

    async fn run(self, caller: Anyone, cx: Context) -> Result<Ticket> {
        let kind = kind_of(&self.biz_type)?;
        if self.code.is_none() && self.verify_code_token.is_none() {
            return Err(Gate::MissingField.field("code"));
        }
        let customer_id = own_customer(kind, caller, self.to_user.is_none())?;
        let stated = match (customer_id, &self.to_user) {
            (Some(_), _) => None,
            (None, Some(to)) => Some(Recipient::parse(kind.channel, to)?),
            (None, None) => return Err(Gate::MissingField.field("toUser")),
        };
        let company_id = cx.company.id;
        let token = cx
            .write(move |tx| {
                let recipient = match (&stated, customer_id) {
                    (Some(recipient), _) => recipient.clone(),
                    (None, id) => {
                        let found = customer::find(tx, company_id, id.unwrap_or(0))?;
                        own_recipient(tx, kind, &found.ok_or_else(|| Gate::DeadToken.refuse())?)?
                    }
                };
                let check = |tx: &mut Tx<'_>, shown: Shown<'_>| {
                    verification::check(tx, company_id, &[kind], &recipient, shown, Code::WrongCode)
                };
                if let Some(proof) = self.verify_code_token.as_deref() {
                    let stands = check(tx, Shown { proof: Some(proof), ..Shown::default() });
                    if stands.is_ok() || self.code.is_none() {
                        // Looked at, not used up.
                        return stands.map(|_| proof.to_owned()).map_err(Error::from);
                    }
                }
                let shown =
                    Shown { proof: None, ticket: self.send_token.as_deref(), code: self.code.as_deref() };
                Ok(check(tx, shown)?.into_token(tx, customer_id)?)
            })
            .await?;
        Ok(Ticket { token })
    }
}
