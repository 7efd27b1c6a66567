//! From a kind of message to the finished subject, text and HTML of one channel.

use crate::Channel;
use crate::html::{self, Highlights};
use crate::sms_text;
use crate::texts::Texts;

/// Longest value that is taken over from outside, such as a device's description.
const VALUE_MAX_CHARS: usize = 120;

/// Longest link.
const LINK_MAX_CHARS: usize = 500;

/// What a company's name is cut to where the whole would cost another part of an SMS.
const COMPANY_SHORT_CHARS: usize = 12;

/// The kinds of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Template {
    /// A verification code.
    Code,
    /// A sign-in from a new device or country.
    NewDevice,
    /// The right password came with a wrong authenticator code.
    WrongGoogleCode,
    /// A credential or contact was changed.
    CredentialChanged,
    /// Few recovery codes are left.
    RecoveryCodesLow,
    /// The identity document expires soon, or has.
    DocumentExpires,
    /// The account is closed at the customer's wish.
    ClosureApproved,
    /// The account stays open.
    ClosureRejected,
    /// A member of staff is invited to the back office.
    StaffInvitation,
    /// An operator tries out a channel.
    Test,
}

impl Template {
    /// Every template.
    pub const ALL: [Self; 10] = [
        Self::Code,
        Self::NewDevice,
        Self::WrongGoogleCode,
        Self::CredentialChanged,
        Self::RecoveryCodesLow,
        Self::DocumentExpires,
        Self::ClosureApproved,
        Self::ClosureRejected,
        Self::StaffInvitation,
        Self::Test,
    ];

    /// The name kept in the outbox; texts are named `message-<name>-email-subject`,
    /// `message-<name>-email-text` and `message-<name>-sms`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::NewDevice => "new-device",
            Self::WrongGoogleCode => "wrong-google-code",
            Self::CredentialChanged => "credential-changed",
            Self::RecoveryCodesLow => "recovery-codes-low",
            Self::DocumentExpires => "document-expires",
            Self::ClosureApproved => "closure-approved",
            Self::ClosureRejected => "closure-rejected",
            Self::StaffInvitation => "staff-invitation",
            Self::Test => "test",
        }
    }

    /// The template of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|template| template.as_str() == name)
    }

    /// The variables that `render` is to be given, besides the company's name.
    pub const fn variables(self) -> &'static [&'static str] {
        match self {
            Self::Code => &["code", "minutes", "purpose"],
            Self::NewDevice | Self::WrongGoogleCode => &["time", "device", "country", "address", "ip"],
            Self::CredentialChanged => &["what", "link"],
            Self::RecoveryCodesLow => &["count"],
            Self::DocumentExpires => &["days"],
            Self::ClosureApproved => &[],
            Self::ClosureRejected => &["reason"],
            Self::StaffInvitation => &["name", "code", "hours"],
            Self::Test => &["time"],
        }
    }
}

/// What a verification code is for: the values of the variable `purpose`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Proving an address.
    Common,
    /// Signing in.
    Login,
    /// Opening an account.
    Register,
    /// Resetting a password.
    Password,
    /// Confirming something while signed in.
    Logined,
    /// Proving a Telegram account.
    Telegram,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 6] =
        [Self::Common, Self::Login, Self::Register, Self::Password, Self::Logined, Self::Telegram];

    /// The value of the variable; its words are the text `purpose-<value>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Common => "common",
            Self::Login => "login",
            Self::Register => "register",
            Self::Password => "password",
            Self::Logined => "logined",
            Self::Telegram => "telegram",
        }
    }
}

/// What was changed in an account: the values of the variable `what`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// The login password.
    LoginPassword,
    /// The fund password.
    FundPassword,
    /// The e-mail address.
    Email,
    /// The mobile number.
    Phone,
    /// Two-step verification switched on.
    MfaOn,
    /// Two-step verification switched off.
    MfaOff,
    /// The recovery codes.
    RecoveryCodes,
    /// A linked third-party account.
    ThirdParty,
    /// Closure is asked for.
    Closure,
}

impl Change {
    /// Every change.
    pub const ALL: [Self; 9] = [
        Self::LoginPassword,
        Self::FundPassword,
        Self::Email,
        Self::Phone,
        Self::MfaOn,
        Self::MfaOff,
        Self::RecoveryCodes,
        Self::ThirdParty,
        Self::Closure,
    ];

    /// The value of the variable; its words are the text `change-<value>`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LoginPassword => "login-password",
            Self::FundPassword => "fund-password",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::MfaOn => "mfa-on",
            Self::MfaOff => "mfa-off",
            Self::RecoveryCodes => "recovery-codes",
            Self::ThirdParty => "third-party",
            Self::Closure => "closure",
        }
    }
}

/// A finished message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// E-mail only.
    pub subject: Option<String>,
    /// Plain text, on every channel.
    pub text: String,
    /// E-mail only.
    pub html: Option<String>,
}

/// Fills in a template for one channel. `vars` are the template's variables; `purpose` and `what`
/// are given as the values of [`Purpose`] and [`Change`] and put into words here. A variable that
/// is missing or empty is shown as `-`. Telegram gets the e-mail's text.
pub fn render(
    texts: &Texts,
    template: Template,
    channel: Channel,
    lang: &str,
    company_name: &str,
    vars: &[(&str, &str)],
) -> Rendered {
    let name = template.as_str();
    let company = clean(company_name, VALUE_MAX_CHARS);
    let values = values(texts, template, lang, vars);
    let say = |part: &str, company: &str| {
        let mut all: Vec<(&str, &str)> = vec![("company", company)];
        all.extend(values.iter().map(|(name, value)| (*name, value.as_str())));
        texts.get(lang, &format!("message-{name}-{part}"), &all).unwrap_or_default().trim().to_owned()
    };
    match channel {
        Channel::Sms => {
            let whole = say("sms", &company);
            let short: String = company.chars().take(COMPANY_SHORT_CHARS).collect();
            let shorter = say("sms", short.trim_end());
            let text = if sms_text::parts(&shorter) < sms_text::parts(&whole) { shorter } else { whole };
            Rendered { subject: None, text, html: None }
        }
        Channel::Telegram | Channel::Wallet => {
            Rendered { subject: None, text: say("email-text", &company), html: None }
        }
        Channel::Email => {
            let subject = say("email-subject", &company);
            let text = say("email-text", &company);
            let value = |wanted: &str| {
                values.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
            };
            let highlights = Highlights { code: value("code"), link: value("link") };
            let html = html::page(lang, &company, &subject, &text, highlights);
            Rendered { subject: Some(subject), text, html: Some(html) }
        }
    }
}

/// The template as it is read in the application: the e-mail's subject and text, or a text without the link that only a
/// contact is to get.
pub fn render_in_app(
    texts: &Texts,
    template: Template,
    lang: &str,
    company_name: &str,
    vars: &[(&str, &str)],
) -> Rendered {
    let name = template.as_str();
    let company = clean(company_name, VALUE_MAX_CHARS);
    let values = values(texts, template, lang, vars);
    let mut all: Vec<(&str, &str)> = vec![("company", &company)];
    all.extend(values.iter().map(|(name, value)| (*name, value.as_str())));
    let say = |part: &str| texts.get(lang, &format!("message-{name}-{part}"), &all);
    let part = if template.variables().contains(&"link") { "app" } else { "email-text" };
    let text = say(part).unwrap_or_default().trim().to_owned();
    Rendered { subject: say("email-subject").map(|subject| subject.trim().to_owned()), text, html: None }
}

fn values(
    texts: &Texts,
    template: Template,
    lang: &str,
    vars: &[(&str, &str)],
) -> Vec<(&'static str, String)> {
    let value_of = |name: &'static str| {
        let given = vars.iter().find(|(given, _)| *given == name).map_or("", |(_, value)| *value);
        let max = if name == "link" { LINK_MAX_CHARS } else { VALUE_MAX_CHARS };
        let value = clean(given, max);
        let words = match name {
            "purpose" => texts.get(lang, &format!("purpose-{value}"), &[]),
            "what" => texts.get(lang, &format!("change-{value}"), &[]),
            _ => None,
        };
        let value = words.unwrap_or(value);
        if value.is_empty() { "-".to_owned() } else { value }
    };
    template.variables().iter().map(|name| (*name, value_of(name))).collect()
}

/// One line of bounded length: a value from outside can neither add lines nor turn the direction
/// of writing around.
fn clean(value: &str, max_chars: usize) -> String {
    let turns =
        |c: char| matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let line: String = value
        .chars()
        .filter(|c| !turns(*c))
        .map(|c| if breaks(c) { ' ' } else { c })
        .take(max_chars)
        .collect();
    line.trim().to_owned()
}

#[cfg(test)]
mod tests;
