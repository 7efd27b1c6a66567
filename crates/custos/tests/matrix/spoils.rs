//! The ways in which what is shown can be bad, and the refusal of each.

use super::asks::{Ask, CodeAsk, Sets, To};
use super::body::{Instead, Shown};
use super::scene::{BOTS, FUND_PASSWORD, Scene, kind};
use super::shared::widget;
use crate::common::{
    Client, Code, DEAD_TOKEN, MINUTE, MISSING_FIELD, NO_GOOGLE, PASSWORD, SECOND, TOO_MANY_CODES,
    WRONG_GOOGLE,
};
use custos_delivery::Channel;
use serde_json::json;

const MISSING_CONTACT_CODE: &str = "CUSTOMER_API_0000521";
pub(super) const WRONG_OLD_PASSWORD: &str = "CUSTOMER_API_0000124";
pub(super) const FUND_PASSWORD_LOCKED: &str = "CUSTOMER_API_0000134";
pub(super) const LOGIN_LOCKED: &str = crate::common::LOCKED;
const THIRD_PARTY: &str = "CUSTOMER_API_0000902";
const NOT_OPEN: &str = "GATEWAY_CODE_201";

/// How long a wrong row of anything may lock.
const LONGEST_FIRST_LOCK: i64 = 30 * MINUTE;

/// One bad way: its name, the refusal, and what is shown. `None` where it can't be had for this ask.
pub(super) struct Spoil {
    pub(super) name: String,
    pub(super) due: &'static str,
    pub(super) make: Make,
    /// It closes what is asked for a while, which must be over before the next is tried.
    pub(super) locks: bool,
    /// The session that asks is ended by it.
    pub(super) ends_session: bool,
}

type MakeProof = Box<dyn Fn(&mut Scene<'_>, &CodeAsk) -> Shown>;
type Make = Box<dyn Fn(&mut Scene<'_>) -> Option<Instead>>;

fn spoil(
    name: impl Into<String>,
    due: &'static str,
    make: impl Fn(&mut Scene<'_>) -> Option<Instead> + 'static,
) -> Spoil {
    Spoil { name: name.into(), due, make: Box::new(make), locks: false, ends_session: false }
}

/// Everything that can be bad about one ask of the scene's case.
pub(super) fn spoils(scene: &Scene<'_>, number: usize) -> Vec<Spoil> {
    match &scene.case.asks[number] {
        Ask::Code(ask) => {
            let mut all = codes(number, ask);
            let required = |name: &str| {
                scene.case.entry.fields.iter().any(|field| field.required && field.names[0] == name)
            };
            // A required one that is missing is refused at the gate.
            if !required(ask.code) {
                let due = match scene.case.sets {
                    Sets::Mfa => MISSING_CONTACT_CODE,
                    Sets::Email | Sets::Phone => ask.wrong,
                    _ => MISSING_FIELD,
                };
                let missing = Instead::Code(number, Shown::Nothing);
                all.push(spoil("code, missing", due, move |_| Some(missing.clone())));
            }
            all
        }
        Ask::Google { oldest } => google(*oldest, scene.case.mfa),
        Ask::OldPassword => old_password(scene.case.sets == Sets::FundPassword),
        Ask::FreshSignIn => fresh(),
        Ask::ThirdParty => third_party(),
        // With MFA on the whole case is ruled out.
        Ask::MfaOff => Vec::new(),
    }
}

/// Where a code of a kind is asked for and checked.
fn client<'s>(scene: &'s Scene<'_>, purpose: &str) -> &'s Client {
    if purpose == "LOGINED" { &scene.acting } else { &scene.guest }
}

fn life(channel: Channel) -> i64 {
    if channel == Channel::Email { 10 * MINUTE } else { 5 * MINUTE }
}

/// A code that went somewhere else.
fn elsewhere(scene: &Scene<'_>, ask: &CodeAsk, purpose: &str) -> Code {
    let ben = &scene.stage.ben;
    match (ask.to, purpose) {
        (To::New, _) => {
            let to = match ask.channel {
                Channel::Email => crate::common::fresh_email(),
                _ => crate::common::fresh_phone(),
            };
            scene.guest.code(&kind(ask.channel, purpose), &to)
        }
        (_, "LOGINED") => ben.customer.home.code(&kind(ask.channel, purpose), ben.address(ask.channel)),
        _ => scene.guest.code(&kind(ask.channel, purpose), ben.address(ask.channel)),
    }
}

/// A code to the same address, for the other company.
fn abroad(scene: &Scene<'_>, ask: &CodeAsk, purpose: &str) -> Option<Code> {
    let cam = &scene.stage.cam.customer.home;
    match (ask.to, purpose) {
        // A Telegram account writes to one bot: that of Cam is another.
        (To::Telegram, _) => {
            let cam = &scene.stage.cam;
            Some(cam.customer.home.code(&kind(ask.channel, purpose), &cam.telegram))
        }
        (To::Own, "LOGINED") => Some(cam.code(&kind(ask.channel, purpose), scene.recipient(ask))),
        _ => Some(scene.other_guest().code(&kind(ask.channel, purpose), scene.recipient(ask))),
    }
}

/// The other kinds of codes that can reach the same recipient.
fn other_purposes(ask: &CodeAsk) -> Vec<&'static str> {
    let deliverable: &[&str] = match ask.to {
        // Nobody can sign in as a new address yet.
        To::New => &["COMMON", "REGISTER"],
        To::Own => &["COMMON", "REGISTER", "LOGIN", "PASSWORD", "LOGINED"],
        To::Telegram => &[],
    };
    deliverable.iter().copied().filter(|purpose| !ask.purposes.contains(purpose)).collect()
}

fn codes(number: usize, ask: &CodeAsk) -> Vec<Spoil> {
    let mut all = Vec::new();
    for purpose in ask.purposes.iter().copied() {
        let mut add =
            |name: &str, due: &'static str, make: fn(&mut Scene<'_>, &CodeAsk, &str) -> Option<Code>| {
                let ask = ask.clone();
                all.push(spoil(format!("{purpose} code, {name}"), due, move |scene: &mut Scene<'_>| {
                    Some(Instead::Code(number, Shown::Code(make(scene, &ask, purpose)?)))
                }));
            };
        add("wrong", ask.wrong, |scene, ask, purpose| Some(scene.code(ask, purpose).wrong()));
        add("a placeholder for its ticket", ask.wrong, |scene, ask, purpose| {
            Some(Code { ticket: "11".to_owned(), ..scene.code(ask, purpose) })
        });
        add("used", ask.wrong, |scene, ask, purpose| {
            let code = scene.code(ask, purpose);
            let client = client(scene, purpose);
            client.checks(&kind(ask.channel, purpose), scene.recipient(ask), &code).is("0");
            Some(code)
        });
        add("replaced by a newer one", ask.wrong, |scene, ask, purpose| {
            let code = scene.code(ask, purpose);
            let newer = scene.code(ask, purpose);
            assert_ne!(code.ticket, newer.ticket);
            Some(code)
        });
        add("expired", ask.wrong, |scene, ask, purpose| {
            let code = scene.code(ask, purpose);
            scene.waits(life(ask.channel));
            Some(code)
        });
        add("of another recipient", ask.wrong, |scene, ask, purpose| Some(elsewhere(scene, ask, purpose)));
        add("of another company", ask.wrong, |scene, ask, purpose| abroad(scene, ask, purpose));
        add("worn out by five wrong tries", TOO_MANY_CODES, |scene, ask, purpose| {
            let code = scene.code(ask, purpose);
            let (client, kind) = (client(scene, purpose), kind(ask.channel, purpose));
            for _ in 0..5 {
                client.checks(&kind, scene.recipient(ask), &code.wrong()).is(crate::common::WRONG_CODE);
            }
            Some(code)
        });
        if ask.to == To::Own && purpose == "LOGINED" {
            add("of the other own address", ask.wrong, |scene, ask, purpose| {
                let (channel, has) = match ask.channel {
                    Channel::Email => (Channel::Sms, scene.has_phone),
                    _ => (Channel::Email, scene.has_email),
                };
                has.then(|| scene.acting.code(&kind(channel, purpose), scene.ada.address(channel)))
            });
        }
    }
    for purpose in other_purposes(ask) {
        let other = ask.clone();
        all.push(spoil(format!("a code of kind {purpose}"), ask.wrong, move |scene: &mut Scene<'_>| {
            Some(Instead::Code(number, Shown::Code(scene.code(&other, purpose))))
        }));
    }
    if ask.proof.is_some() {
        all.extend(proofs(number, ask));
    }
    all
}

/// The proof of a code that a client gets ahead.
pub(super) fn proof(scene: &Scene<'_>, ask: &CodeAsk, purpose: &str) -> (String, Code) {
    let code = scene.code(ask, purpose);
    let client = client(scene, purpose);
    (client.checks(&kind(ask.channel, purpose), scene.recipient(ask), &code).text("token"), code)
}

fn proofs(number: usize, ask: &CodeAsk) -> Vec<Spoil> {
    let mut all = Vec::new();
    let mut add = |name: String, make: MakeProof| {
        let ask_of = ask.clone();
        all.push(spoil(name, ask.wrong, move |scene: &mut Scene<'_>| {
            Some(Instead::Code(number, make(scene, &ask_of)))
        }));
    };
    add("a proof that is none".to_owned(), Box::new(|_, _| Shown::Proof("no proof".to_owned())));
    add(
        "the code used for a proof, with a proof that is none".to_owned(),
        Box::new(|scene, ask| Shown::Both("no proof".to_owned(), proof(scene, ask, ask.purposes[0]).1)),
    );
    add(
        "an expired proof".to_owned(),
        Box::new(|scene, ask| {
            let (proof, _) = proof(scene, ask, ask.purposes[0]);
            scene.waits(10 * MINUTE);
            Shown::Proof(proof)
        }),
    );
    add(
        "the proof of another recipient".to_owned(),
        Box::new(|scene, ask| {
            let purpose = ask.purposes[0];
            let (code, ben) = (elsewhere(scene, ask, purpose), &scene.stage.ben);
            let checked = scene.guest.checks(&kind(ask.channel, purpose), ben.address(ask.channel), &code);
            Shown::Proof(checked.text("token"))
        }),
    );
    add(
        "the proof of another company".to_owned(),
        Box::new(|scene, ask| {
            let purpose = ask.purposes[0];
            let code = abroad(scene, ask, purpose).unwrap();
            let checked =
                scene.other_guest().checks(&kind(ask.channel, purpose), scene.recipient(ask), &code);
            Shown::Proof(checked.text("token"))
        }),
    );
    for purpose in other_purposes(ask) {
        add(
            format!("the proof of a code of kind {purpose}"),
            Box::new(move |scene, ask| Shown::Proof(proof(scene, ask, purpose).0)),
        );
    }
    all
}

/// Codes of an authenticator that are refused; of a secret that only waits none is ever used.
pub(super) fn google(oldest: i64, active: bool) -> Vec<Spoil> {
    fn of_step(scene: &Scene<'_>, steps: i64) -> Option<Instead> {
        Some(Instead::Google(Some(scene.house.google_code(&scene.ada.secret, steps))))
    }
    fn of(scene: &Scene<'_>, secret: &[u8]) -> Option<Instead> {
        let code = scene.house.google_code(secret, 0);
        // Six digits can be alike by chance.
        let alike = (-5..=5).any(|steps| scene.house.google_code(&scene.ada.secret, steps) == code);
        (!alike).then_some(Instead::Google(Some(code)))
    }
    let mut all = vec![
        spoil("google code, missing", NO_GOOGLE, |_| Some(Instead::Google(None))),
        spoil("google code, wrong", WRONG_GOOGLE, |scene| {
            Some(Instead::Google(Some(scene.house.wrong_google_code(&scene.ada.secret))))
        }),
        spoil("google code, expired", WRONG_GOOGLE, move |scene| of_step(scene, oldest - 1)),
        spoil("google code, too early", WRONG_GOOGLE, |scene| of_step(scene, 2)),
        spoil("google code, of another customer", WRONG_GOOGLE, |scene| of(scene, &scene.stage.ben.secret)),
        spoil("google code, of another company's customer", WRONG_GOOGLE, |scene| {
            of(scene, &scene.stage.cam.secret)
        }),
        spoil("google code, a recovery code that is none", WRONG_GOOGLE, |_| {
            Some(Instead::Google(Some("ABCD-EFGH-IJKL-MNOP".to_owned())))
        }),
    ];
    if active {
        all.push(spoil("google code, used", WRONG_GOOGLE, |scene| {
            let google = scene.house.google_code(&scene.ada.secret, 0);
            scene.signs_in_with(&google);
            Some(Instead::Google(Some(google)))
        }));
    }
    all.push(Spoil {
        locks: true,
        ..spoil("google code, after five wrong ones", WRONG_GOOGLE, |scene| {
            let wrong = scene.house.wrong_google_code(&scene.ada.secret);
            for _ in 0..5 {
                let body = json!({ "code": wrong });
                assert_eq!(*scene.acting.call("checkGoogleCode", body).data(), false);
            }
            of_step(scene, 0)
        })
    });
    all
}

fn old_password(fund: bool) -> Vec<Spoil> {
    let (of_the_other_kind, locked) =
        if fund { (PASSWORD, FUND_PASSWORD_LOCKED) } else { (FUND_PASSWORD, LOGIN_LOCKED) };
    let typed = |typed: &'static str| move |_: &mut Scene<'_>| Some(Instead::OldPassword(typed.to_owned()));
    vec![
        spoil("old password, wrong", WRONG_OLD_PASSWORD, typed("not this")),
        spoil("old password, of the other kind", WRONG_OLD_PASSWORD, typed(of_the_other_kind)),
        spoil("old password, empty", WRONG_OLD_PASSWORD, typed("")),
        Spoil {
            locks: true,
            ..spoil("old password, after five wrong ones", locked, |scene| {
                for _ in 0..5 {
                    let body = scene.body(&Instead::OldPassword("not this".to_owned()));
                    scene.sends(&body).is(WRONG_OLD_PASSWORD);
                }
                Some(Instead::Nothing)
            })
        },
    ]
}

fn fresh() -> Vec<Spoil> {
    vec![
        spoil("plain forms closed by the company", NOT_OPEN, |scene| {
            scene.house.set(1, |settings| settings.plain_forms = false);
            Some(Instead::Nothing)
        }),
        Spoil {
            ends_session: true,
            ..spoil("a stale sign-in", DEAD_TOKEN, |scene| {
                scene.waits(30 * MINUTE + 1);
                Some(Instead::Nothing)
            })
        },
    ]
}

fn third_party() -> Vec<Spoil> {
    const DAY: i64 = crate::common::DAY;
    type Message = fn(&Scene<'_>) -> String;
    let says = |name: &str, message: Message| {
        spoil(name, THIRD_PARTY, move |scene: &mut Scene<'_>| Some(Instead::Message(message(scene))))
    };
    vec![
        says("signature, wrong", |scene| {
            widget(BOTS[0], &scene.ada.telegram, scene.house.now()).replace("\"id\":\"", "\"id\":\"0")
        }),
        says("signature, missing", |_| "{}".to_owned()),
        says("signature, of another user", |scene| {
            widget(BOTS[0], &scene.stage.ben.telegram, scene.house.now())
        }),
        says("signature, of another company's bot", |scene| {
            widget(BOTS[1], &scene.ada.telegram, scene.house.now())
        }),
        says("signature, a day old", |scene| {
            widget(BOTS[0], &scene.ada.telegram, scene.house.now() - DAY - SECOND)
        }),
        says("signature, of tomorrow", |scene| widget(BOTS[0], &scene.ada.telegram, scene.house.now() + DAY)),
    ]
}

impl Scene<'_> {
    /// Signs in elsewhere, which uses an authenticator's code up.
    fn signs_in_with(&self, google: &str) {
        let channel = if self.has_email { Channel::Email } else { Channel::Sms };
        let code = self.guest.code(&kind(channel, "LOGIN"), self.ada.address(channel));
        let (number, name) = match channel {
            Channel::Email => (1, self.ada.customer.email.as_str()),
            _ => (2, super::scene::national(&self.ada.phone)),
        };
        let body = json!({
            "type": number, "loginName": name, "phoneArea": "+86", "verifyCode": code.digits,
            "sendToken": code.ticket, "googleCode": google,
        });
        self.guest.call("login", body).is("0");
    }

    /// Undoes what a spoil has closed.
    pub(super) fn reopens(&mut self, spoil: &Spoil) {
        if spoil.due == NOT_OPEN {
            self.house.set(1, |settings| settings.plain_forms = true);
        }
        if spoil.locks {
            self.waits(LONGEST_FIRST_LOCK);
        }
    }
}
