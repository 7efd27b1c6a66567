//! A request with everything right, or with one thing in it replaced.

use super::asks::{Ask, CodeAsk, Sets, To, short};
use super::scene::{BOTS, FUND_PASSWORD, NEW_PASSWORD, Scene, national};
use super::shared::widget;
use crate::common::{Code, PASSWORD, biz_type, md5};
use custos_delivery::Channel;
use serde_json::{Map, Value};

/// What is shown for a code.
#[derive(Clone, Debug)]
pub(super) enum Shown {
    Nothing,
    /// It and its ticket.
    Code(Code),
    /// The proof of it.
    Proof(String),
    /// The proof of it, with the code and the ticket that were used up for it.
    Both(String, Code),
}

/// What is not as it should be.
#[derive(Clone, Debug)]
pub(super) enum Instead {
    Nothing,
    /// Of the ask with this number.
    Code(usize, Shown),
    /// `None`: it is missing.
    Google(Option<String>),
    OldPassword(String),
    Message(String),
}

impl Scene<'_> {
    /// The body of a request; codes are asked for as it is made.
    pub(super) fn body(&self, instead: &Instead) -> Value {
        let mut body = self.frame();
        let put = |body: &mut Map<String, Value>, field: &str, value: &str| {
            body.insert(field.to_owned(), value.into());
        };
        for (number, ask) in self.case.asks.iter().enumerate() {
            match (ask, instead) {
                (Ask::FreshSignIn | Ask::MfaOff, _) => {}
                (Ask::Google { .. }, Instead::Google(None)) => {}
                (Ask::Google { .. }, Instead::Google(Some(code))) => put(&mut body, "googleCode", code),
                (Ask::Google { oldest }, _) => {
                    // The oldest one that is taken, where older ones are.
                    let steps = if *oldest < -1 { *oldest } else { 0 };
                    put(&mut body, "googleCode", &self.house.google_code(&self.ada.secret, steps));
                }
                (Ask::OldPassword, Instead::OldPassword(typed)) => put(&mut body, "oldPwd", &md5(typed)),
                (Ask::OldPassword, _) => {
                    let fund = self.case.sets == Sets::FundPassword;
                    put(&mut body, "oldPwd", &md5(if fund { FUND_PASSWORD } else { PASSWORD }));
                }
                (Ask::ThirdParty, Instead::Message(message)) => put(&mut body, "thirdIntactMsg", message),
                (Ask::ThirdParty, _) => {
                    let message = widget(BOTS[0], &self.ada.telegram, self.house.now());
                    put(&mut body, "thirdIntactMsg", &message);
                }
                (Ask::Code(ask), Instead::Code(which, shown)) if *which == number => {
                    show(&mut body, ask, shown);
                }
                (Ask::Code(ask), _) => {
                    let code = self.code(ask, ask.purposes[0]);
                    show(&mut body, ask, &Shown::Code(code));
                }
            }
        }
        let google = self.case.entry.fields.iter().any(|field| field.names[0] == "googleCode");
        if google && !self.case.mfa && !body.contains_key("googleCode") && self.case.sets != Sets::Mfa {
            // It is not looked at.
            put(&mut body, "googleCode", "no code");
        }
        Value::Object(body)
    }

    /// The fields that show nothing.
    fn frame(&self) -> Map<String, Value> {
        let case = self.case;
        let fields = case.entry.fields.iter();
        let wanted = fields.filter(|field| {
            (field.required || ["phoneArea", "toUser"].contains(&field.names[0]))
                && !case.shows(field.names[0])
        });
        wanted.map(|field| (field.names[0].to_owned(), self.value(field.names[0]))).collect()
    }

    fn value(&self, field: &str) -> Value {
        let case = self.case;
        let to_new = case.asks.iter().any(|ask| matches!(ask, Ask::Code(CodeAsk { to: To::New, .. })));
        let named = match (to_new, case.channel) {
            (true, Channel::Email) => &self.new_email,
            (true, _) => &self.new_phone,
            (false, Channel::Email) => &self.ada.customer.email,
            (false, _) => &self.ada.phone,
        };
        match field {
            "pwd" | "newPwd" => md5(NEW_PASSWORD).into(),
            "email" => self.new_email.as_str().into(),
            "phone" => national(&self.new_phone).into(),
            "phoneArea" => "+86".into(),
            "loginName" if case.channel == Channel::Email => named.as_str().into(),
            "loginName" => national(named).into(),
            "toUser" => named.as_str().into(),
            "bizType" => biz_type(&super::scene::kind(case.channel, "COMMON")).into(),
            "type" if case.sets == Sets::Mfa => if case.mfa { 2 } else { 1 }.into(),
            "type" => if case.channel == Channel::Email { 1 } else { 2 }.into(),
            "googleId" => self.google_id.into(),
            "thirdSource" | "thirdLoginSource" => "telegram".into(),
            "thirdUserId" => self.ada.telegram.as_str().into(),
            "country" => "ISO_3166_156".into(),
            "registerSource" => 2.into(),
            _ => panic!("say in matrix/body.rs what a good `{field}` of {} is", short(case.entry)),
        }
    }
}

fn show(body: &mut Map<String, Value>, ask: &CodeAsk, shown: &Shown) {
    let (code, proof) = match shown {
        Shown::Nothing => (None, None),
        Shown::Code(code) => (Some(code), None),
        Shown::Proof(proof) => (None, Some(proof)),
        Shown::Both(proof, code) => (Some(code), Some(proof)),
    };
    if let Some(code) = code {
        body.insert(ask.code.to_owned(), code.digits.as_str().into());
        body.insert(ask.ticket.to_owned(), code.ticket.as_str().into());
    }
    if let (Some(proof), Some(field)) = (proof, ask.proof) {
        body.insert(field.to_owned(), proof.as_str().into());
    }
}
