//! What an operation asks for, from what it declares.

use custos_customers::step_up::Need;
use custos_delivery::Channel;
use custos_operations::api::entries;
use custos_operations::operation::Entry;

pub(super) const MFA_IS_ON: &str = "CUSTOMER_API_0000138";
pub(super) const MFA_IS_OFF: &str = "CUSTOMER_API_0001040";
const WRONG_CODE: &str = crate::common::WRONG_CODE;

/// To whom a code goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// An address that no one has yet.
    New,
    /// The customer's own address.
    Own,
    /// The customer's Telegram account.
    Telegram,
}

/// A verification code that a request must show.
#[derive(Clone, Debug)]
pub(super) struct CodeAsk {
    pub(super) code: &'static str,
    pub(super) ticket: &'static str,
    /// Where the proof of a code may stand instead.
    pub(super) proof: Option<&'static str>,
    pub(super) channel: Channel,
    /// The kinds that are accepted, such as `LOGINED`; the first is the one that is used.
    pub(super) purposes: &'static [&'static str],
    pub(super) to: To,
    /// The refusal of a wrong one.
    pub(super) wrong: &'static str,
}

/// One thing that a request must show, or that must be so.
#[derive(Clone, Debug)]
pub(super) enum Ask {
    FreshSignIn,
    MfaOff,
    /// A code of the authenticator, of a step not older than this.
    Google {
        oldest: i64,
    },
    OldPassword,
    Code(CodeAsk),
    ThirdParty,
}

/// What an operation sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sets {
    Email,
    Phone,
    LoginPassword,
    FundPassword,
    Telegram,
    Mfa,
    RecoveryCodes,
    /// Nothing of a customer who is there already.
    Nothing,
}

/// An operation, with MFA on or off.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) entry: &'static Entry,
    pub(super) mfa: bool,
    /// Which own address the field `type` names.
    pub(super) channel: Channel,
    pub(super) sets: Sets,
    pub(super) asks: Vec<Ask>,
}

/// The last part of an operation's name.
pub(super) fn short(entry: &Entry) -> &'static str {
    entry.name.rsplit(['.', '/']).next().unwrap()
}

fn has(entry: &Entry, field: &str) -> bool {
    entry.fields.iter().any(|known| known.names.contains(&field))
}

/// Fields that hold a secret, by their names.
pub(super) fn secrets(entry: &Entry) -> Vec<&'static str> {
    const NONE: [&str; 5] = ["postalCode", "thirdServerCode", "parentCode", "levelCode", "businessCode"];
    let names = entry.fields.iter().map(|field| field.names[0]);
    names
        .filter(|name| {
            let lower = name.to_lowercase();
            let telling = ["pwd", "password", "code", "token", "secret", "otp"];
            !NONE.contains(name) && telling.iter().any(|part| lower.contains(part))
        })
        .collect()
}

impl Sets {
    fn of(entry: &Entry) -> Self {
        let name = short(entry);
        match () {
            () if entry.proofs.is_empty() => Self::Nothing,
            // Leaving is no change of a credential: what it ends is tried in `closure`.
            () if name == "destroy" => Self::Nothing,
            () if has(entry, "email") => Self::Email,
            () if has(entry, "phone") => Self::Phone,
            () if has(entry, "thirdUserId") => Self::Telegram,
            () if has(entry, "googleId") => Self::Mfa,
            () if (has(entry, "pwd") || has(entry, "newPwd")) && name.contains("Asserts") => {
                Self::FundPassword
            }
            () if has(entry, "pwd") || has(entry, "newPwd") => Self::LoginPassword,
            () if name == "recoveryCodes" => Self::RecoveryCodes,
            () => panic!("say in matrix/asks.rs, `Sets::of`, what {name} sets"),
        }
    }

    /// The channel of the address that is set.
    fn channel(self) -> Channel {
        if self == Self::Phone { Channel::Sms } else { Channel::Email }
    }
}

/// `0517` and `0518`, or those of the old address where one is being changed.
fn wrong_own(channel: Channel, changing: bool) -> &'static str {
    match (channel, changing) {
        (Channel::Email, true) => "CUSTOMER_API_0000516",
        (_, true) => "CUSTOMER_API_0000514",
        (Channel::Email, false) => "CUSTOMER_API_0000517",
        (_, false) => "CUSTOMER_API_0000518",
    }
}

fn wrong_new(channel: Channel, changing: bool) -> &'static str {
    match (channel, changing) {
        (Channel::Email, true) => "CUSTOMER_API_0000515",
        (_, true) => "CUSTOMER_API_0000513",
        (channel, false) => wrong_own(channel, false),
    }
}

impl Case {
    fn new(entry: &'static Entry, mfa: bool) -> Self {
        // Both channels are tried over the two states of MFA.
        let channel = if mfa { Channel::Sms } else { Channel::Email };
        let mut case = Self { entry, mfa, channel, sets: Sets::of(entry), asks: Vec::new() };
        for need in entry.proofs {
            case.add(*need);
        }
        if entry.proofs.is_empty() {
            case.add_undeclared();
        }
        case
    }

    /// Without an entry it is set for the first time.
    pub(super) fn is_first(&self) -> bool {
        ["bind", "first"].iter().any(|start| short(self.entry).starts_with(start))
    }

    /// All sessions end, not only the others.
    pub(super) fn is_reset(&self) -> bool {
        short(self.entry).starts_with("forget")
    }

    fn is_changing(&self) -> bool {
        short(self.entry).starts_with("change")
    }

    fn field(&self, need: &str, candidates: &[&'static str]) -> &'static str {
        let of = |name: &&'static str| self.entry.fields.iter().find(|field| field.names.contains(name));
        candidates.iter().find_map(of).map(|field| field.names[0]).unwrap_or_else(|| {
            panic!(
                "{} asks for {need} and has none of {candidates:?}: say in matrix/asks.rs which field shows it",
                self.entry.name
            )
        })
    }

    fn code(&self, need: &str, fields: [&[&'static str]; 2]) -> CodeAsk {
        CodeAsk {
            code: self.field(need, fields[0]),
            ticket: self.field(need, fields[1]),
            proof: has(self.entry, "verifyCodeToken").then_some("verifyCodeToken"),
            channel: self.channel,
            purposes: &["LOGINED"],
            to: To::Own,
            wrong: wrong_own(self.channel, self.is_changing()),
        }
    }

    fn google(&mut self, oldest: i64) {
        self.field("the authenticator", &["googleCode", "code"]);
        self.asks.push(Ask::Google { oldest });
    }

    fn add(&mut self, need: Need) {
        const PLAIN: [&[&str]; 2] = [&["verifyCode"], &["sendToken"]];
        let told = need.describe();
        // Whoever adds a need says here which fields show it, and in which ways it can be bad.
        match need {
            Need::FreshSignIn => self.asks.push(Ask::FreshSignIn),
            Need::MfaOff => self.asks.push(Ask::MfaOff),
            // Switching MFA on asks for a code of the secret that waits.
            Need::Authenticator if self.mfa || self.sets == Sets::Mfa => self.google(-1),
            Need::LateAuthenticator if self.mfa => self.google(-4),
            Need::Authenticator | Need::LateAuthenticator => {}
            Need::OldPassword => {
                self.field(told, &["oldPwd"]);
                self.asks.push(Ask::OldPassword);
            }
            Need::NewAddress => {
                let channel = self.sets.channel();
                let fields: [&[&str]; 2] = [&["verifyCodeNew", "verifyCode"], &["sendTokenNew", "sendToken"]];
                let wrong = wrong_new(channel, self.is_changing());
                let ask =
                    CodeAsk { channel, purposes: &["COMMON"], to: To::New, wrong, ..self.code(told, fields) };
                self.asks.push(Ask::Code(ask));
            }
            Need::OwnAddress => {
                let fields: [&[&str]; 2] = [&["verifyCodeOld", "verifyCode"], &["sendTokenOld", "sendToken"]];
                self.asks.push(Ask::Code(self.code(told, fields)));
            }
            Need::OwnAddressNamed => {
                let purposes = &["PASSWORD", "LOGINED"];
                let ask = CodeAsk { purposes, wrong: WRONG_CODE, ..self.code(told, PLAIN) };
                self.asks.push(Ask::Code(ask));
            }
            Need::Reset => {
                let ask = CodeAsk { purposes: &["PASSWORD"], wrong: WRONG_CODE, ..self.code(told, PLAIN) };
                self.asks.push(Ask::Code(ask));
            }
            Need::OldAddressOrAuthenticator if self.mfa => self.google(-1),
            Need::OldAddressOrAuthenticator => {
                let channel = self.sets.channel();
                let fields: [&[&str]; 2] = [&["verifyCodeOld"], &["sendTokenOld"]];
                let ask = CodeAsk { channel, wrong: wrong_own(channel, true), ..self.code(told, fields) };
                self.asks.push(Ask::Code(ask));
            }
            Need::EveryContact => {
                let of: [(Channel, [&[&'static str]; 2]); 2] = [
                    (Channel::Sms, [&["verifyCodeSMS"], &["sendTokenSMS"]]),
                    (Channel::Email, [&["verifyCodeEmail"], &["sendTokenEmail"]]),
                ];
                for (channel, fields) in of {
                    let wrong = wrong_own(channel, false);
                    self.asks.push(Ask::Code(CodeAsk { channel, wrong, ..self.code(told, fields) }));
                }
            }
            Need::Telegram => {
                let fields: [&[&str]; 2] = [&["verifyCodeThirdType"], &["sendTokenThirdType"]];
                let ask = CodeAsk {
                    channel: Channel::Telegram,
                    purposes: &["TELEGRAM"],
                    to: To::Telegram,
                    wrong: WRONG_CODE,
                    ..self.code(told, fields)
                };
                self.asks.push(Ask::Code(ask));
            }
            Need::ThirdParty => {
                self.field(told, &["thirdIntactMsg"]);
                self.asks.push(Ask::ThirdParty);
            }
        }
    }

    /// The few that change no one's credentials, and so declare no proofs.
    fn add_undeclared(&mut self) {
        let plain: [&[&str]; 2] = [&["verifyCode", "code"], &["sendToken"]];
        let code = |case: &Self, purposes: &'static [&'static str], to: To| {
            Ask::Code(CodeAsk { purposes, to, wrong: WRONG_CODE, ..case.code("a code", plain) })
        };
        match short(self.entry) {
            "register" => self.asks.push(code(self, &["REGISTER", "COMMON"], To::New)),
            "verifyCodeCheck" => self.asks.push(code(self, &["COMMON"], To::Own)),
            "login" => {
                self.asks.push(code(self, &["LOGIN"], To::Own));
                if self.mfa {
                    self.google(-1);
                }
            }
            // Answers yes or no: `cells::the_authenticators_own_check`.
            "checkGoogleCode" => {}
            name => panic!(
                "{name} takes {:?} and declares no proofs: declare them, or say in matrix/asks.rs what it asks for",
                secrets(self.entry)
            ),
        }
    }

    /// The refusal of every request, when the state of MFA rules the operation out.
    pub(super) fn ruled_out(&self) -> Option<&'static str> {
        match self.sets {
            _ if self.mfa && self.asks.iter().any(|ask| matches!(ask, Ask::MfaOff)) => Some(MFA_IS_ON),
            Sets::RecoveryCodes if !self.mfa => Some(MFA_IS_OFF),
            _ => None,
        }
    }

    /// Whether a field is one of those that show something.
    pub(super) fn shows(&self, field: &str) -> bool {
        self.asks.iter().any(|ask| match ask {
            Ask::Code(ask) => [ask.code, ask.ticket].contains(&field) || ask.proof == Some(field),
            Ask::Google { .. } => ["googleCode", "code"].contains(&field),
            Ask::OldPassword => field == "oldPwd",
            Ask::ThirdParty => field == "thirdIntactMsg",
            Ask::FreshSignIn | Ask::MfaOff => false,
        })
    }

    pub(super) fn told(&self) -> String {
        format!("{}, MFA {}", self.entry.name, if self.mfa { "on" } else { "off" })
    }
}

/// Every operation that declares proofs or takes a secret.
pub(super) fn cases(mfa: bool) -> Vec<Case> {
    let takes = |entry: &&Entry| !entry.proofs.is_empty() || !secrets(entry).is_empty();
    entries().iter().filter(takes).map(|entry| Case::new(entry, mfa)).collect()
}

/// Secrets that no case shows, each with where it is tried instead.
const TRIED_ELSEWHERE: [(&str, &str); 2] = [
    // The other way to sign in: `lockout`, `refusals`, `standing`.
    ("login", "loginPwd"),
    // `cells::the_authenticators_own_check`.
    ("checkGoogleCode", "code"),
];

#[test]
fn every_secret_of_every_operation_is_tried() {
    let (off, on) = (cases(false), cases(true));
    assert!(off.len() > 25, "{} operations take a secret", off.len());
    for (off, on) in off.iter().zip(&on) {
        let name = short(off.entry);
        for secret in secrets(off.entry) {
            let is_set = ["pwd", "newPwd"].contains(&secret);
            assert!(
                is_set || off.shows(secret) || on.shows(secret) || TRIED_ELSEWHERE.contains(&(name, secret)),
                "{name} takes `{secret}`, and no proof that it declares is shown by it: declare the proof in the \
                 operation's block, or name the field in matrix/asks.rs"
            );
        }
    }
}
