//! Credentials changed and used at the same time, two hundred times each: whatever the order, it was one order.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::codes::{DEAD_TOKEN, NO_GOOGLE_CODE, WRONG_ACCOUNT_OR_PASSWORD, WRONG_GOOGLE_CODE};
use e2e::{
    Backend, Client, Code, PASSWORD, Person, Reply, Server, all_at_once, fresh, md5, on_both, spread_over,
    text_of,
};
use serde_json::{Value, json};

on_both!(
    one_code_signs_in_once_of_thirty,
    one_code_works_once_whatever_for,
    one_address_is_bound_once_of_five,
    a_password_is_changed_while_it_signs_in,
    a_password_is_changed_while_a_session_is_swapped,
    mfa_is_switched_off_while_someone_signs_in,
);

const ROUNDS: usize = 200;
/// How many things get ready at the same time.
const HANDS: usize = 8;

/// A server that hashes quickly and leaves counting calls to other tests.
fn server(backend: Backend) -> Server {
    const LIMITS: &str = "{ read = 10000000, write = 10000000, sign_in = 10000000, send = 10000000, \
        customer = 10000000, flood = 10000000 }";
    let cheap = [
        ("CUSTOS_HASH_MEMORY_KIB", "512"),
        ("CUSTOS_HASH_ITERATIONS", "1"),
        ("CUSTOS_LIMITS", LIMITS),
        ("CUSTOS_LOG", "warn"),
    ];
    let server = Server::start_with(backend, &cheap);
    let settings = ["sms.per_prefix_hour", "sms.per_country_hour", "sms.budget_per_day_milli"];
    let settings = settings.map(|name| format!("{name}=1000000"));
    let mut command = vec!["company", "set", "1"];
    command.extend(settings.iter().flat_map(|setting| ["--setting", setting.as_str()]));
    server.cli(&command).succeeds();
    server
}

fn successes(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| reply.is_ok()).count()
}

fn is_alive(client: &Client) -> bool {
    let reply = client.call("findCustomerInfo", json!({}));
    if !reply.is_ok() {
        reply.clone().refused(DEAD_TOKEN);
    }
    reply.is_ok()
}

fn exists(server: &Server, email: &str) -> bool {
    let asked = json!({"type": 1, "loginName": email});
    server.visitor().call("checkCustomerExist", asked).data() == 1
}

/// Clients that keep their connections.
fn crowd(server: &Server, count: usize) -> Vec<Client> {
    (0..count).map(|_| server.visitor()).collect()
}

fn one_code_signs_in_once_of_thirty(backend: Backend) {
    let server = server(backend);
    let ready = spread_over(HANDS, ROUNDS, |_| {
        let person = Person::without_password(&server);
        let code = server.visitor().code("EMAIL_LOGIN", person.email());
        (person, code)
    });
    let crowd = crowd(&server, 30);
    for (person, code) in ready {
        let replies = all_at_once(30, |n| crowd[n].tries_email_code(person.email(), &code));
        assert_eq!(successes(&replies), 1);
        let winner = replies.into_iter().find(Reply::is_ok).expect("the one").data();
        let winner = crowd[0].with_token(&text_of(&winner["token"]));
        // The registration's session and the winner's, and none of a loser.
        assert_eq!(winner.call("list", json!({})).data().as_array().map(Vec::len), Some(2));
    }
}

/// A code of the COMMON kind proves an address, registers with it, or binds it: one of these, once.
fn one_code_works_once_whatever_for(backend: Backend) {
    let server = server(backend);
    let ready = spread_over(HANDS, ROUNDS, |_| {
        let email = fresh::email();
        (server.visitor().code("EMAIL_COMMON", &email), email)
    });
    let crowd = crowd(&server, 20);
    let mut binders = spread_over(HANDS, 10, |_| phone_owner(&server));
    for (code, email) in ready {
        let replies = all_at_once(30, |n| match n % 3 {
            0 => crowd[n / 3].check_code("EMAIL_COMMON", &email, &code),
            1 => crowd[10 + n / 3].call("register", code.email_sign_up(&email)),
            _ => binders[n / 3].call("bindEmail", code.for_email(&email)),
        });
        assert_eq!(successes(&replies), 1);
        let winner = replies.iter().position(Reply::is_ok).expect("the one");
        let customer_made = winner % 3 > 0;
        assert_eq!(exists(&server, &email), customer_made);
        for (n, binder) in binders.iter_mut().enumerate() {
            let told = binder.call("findPhoneAndEmail", json!({})).data()["email"].clone();
            let has_it = told == email.as_str();
            assert_eq!(has_it, winner == 3 * n + 2, "{told}");
            if has_it {
                *binder = phone_owner(&server);
            }
        }
    }
}

/// A customer without an e-mail address.
fn phone_owner(server: &Server) -> Client {
    let number = fresh::chinese_phone();
    let code = server.visitor().code("SMS_REGISTER", &format!("+86 {number}"));
    let reply = server.visitor().call("register", code.phone_sign_up("+86", &number));
    server.visitor().becomes(&number, reply).client
}

/// Two good codes and five who want the address: two bind it, two change to it, one registers with it.
fn one_address_is_bound_once_of_five(backend: Backend) {
    let server = server(backend);
    let ready = spread_over(HANDS, ROUNDS, |_| {
        let email = fresh::email();
        let common = server.visitor().code("EMAIL_COMMON", &email);
        let register = server.visitor().code("EMAIL_REGISTER", &email);
        (email, common, register)
    });
    let mut binders = spread_over(2, 2, |_| phone_owner(&server));
    let mut changers = spread_over(2, 2, |_| Person::without_password(&server).client);
    let newcomer = server.visitor();
    for (round, (email, common, register)) in ready.into_iter().enumerate() {
        let before: Vec<_> = binders.iter().chain(&changers).map(email_of).collect();
        let replies = all_at_once(5, |n| match (n + round) % 5 {
            0 | 1 => binders[(n + round) % 5].call("bindEmail", common.for_email(&email)),
            2 | 3 => changers[(n + round) % 5 - 2].call("changeEmail", common.for_email(&email)),
            _ => newcomer.call("register", register.email_sign_up(&email)),
        });
        assert_eq!(successes(&replies), 1);
        let winner = (replies.iter().position(Reply::is_ok).expect("the one") + round) % 5;
        for (n, (client, before)) in binders.iter().chain(&changers).zip(before).enumerate() {
            let expected = if n == winner { email.as_str().into() } else { before };
            assert_eq!(email_of(client), expected);
        }
        assert!(exists(&server, &email));
        if let Some(bound) = binders.get_mut(winner) {
            *bound = phone_owner(&server);
        }
        changers.rotate_left(1);
        binders.rotate_left(1);
    }
}

fn email_of(client: &Client) -> Value {
    client.call("findPhoneAndEmail", json!({})).data()["email"].clone()
}

/// Tokens that were handed out, in no order.
#[derive(Default)]
struct Tokens(Mutex<Vec<String>>);

impl Tokens {
    fn add(&self, token: &Value) {
        self.0.lock().expect("no panic").push(text_of(token));
    }

    fn all(self) -> Vec<String> {
        self.0.into_inner().expect("no panic")
    }
}

/// While the password is changed, the old one signs in again and again: nothing of that outlives the change.
fn a_password_is_changed_while_it_signs_in(backend: Backend) {
    changes_passwords(backend, |scene| {
        all_at_once(3, |n| match n {
            0 => scene.changes(),
            _ => scene.signs_in_until_refused(n - 1),
        });
    });
}

/// While the password is changed, another session swaps its token again and again: it ends all the same.
fn a_password_is_changed_while_a_session_is_swapped(backend: Backend) {
    changes_passwords(backend, |scene| {
        all_at_once(2, |n| match n {
            0 => scene.changes(),
            _ => scene.swaps_until_refused(),
        });
    });
}

/// One change of a password.
struct Scene<'a> {
    person: &'a Person,
    /// Two browsers that signed in before, without a token.
    known: &'a [Client],
    changer: &'a Client,
    bystander: &'a Client,
    old: &'a str,
    new: &'a str,
    tokens: Tokens,
    changed: AtomicBool,
}

impl Scene<'_> {
    fn changes(&self) {
        let form = json!({"oldPwd": md5(self.old), "newPwd": md5(self.new)});
        self.changer.call("updateLoginPwd", form).data();
        self.changed.store(true, Ordering::SeqCst);
    }

    fn signs_in_until_refused(&self, n: usize) {
        loop {
            let was_changed = self.changed.load(Ordering::SeqCst);
            let reply = self.known[n].call("login", self.person.login_form(self.old));
            if !reply.is_ok() {
                reply.refused(WRONG_ACCOUNT_OR_PASSWORD);
                return;
            }
            assert!(!was_changed, "the old password signs in after the change was acknowledged");
            self.tokens.add(&reply.data()["token"]);
        }
    }

    fn swaps_until_refused(&self) {
        let mut session = self.bystander.clone();
        loop {
            let was_changed = self.changed.load(Ordering::SeqCst);
            let reply = session.call("/global/thirdExt/randomKey", json!({}));
            if !reply.is_ok() {
                reply.refused(DEAD_TOKEN);
                return;
            }
            assert!(!was_changed, "a session of before is swapped after the change was acknowledged");
            let token = reply.data();
            self.tokens.add(&token);
            session = session.with_token(&text_of(&token));
        }
    }
}

/// Plays this scene two hundred times, and looks at what is left of the old password after each.
fn changes_passwords(backend: Backend, play: impl Fn(&Scene<'_>) + Sync) {
    let server = server(backend);
    spread_over(4, 4, |_| {
        let person = Person::by_email(&server);
        let known = crowd(&server, 2);
        let (mut old, mut new) = (PASSWORD.to_owned(), "n3w-Passw0rd!".to_owned());
        let mut changer = person.client.clone();
        for _ in 0..ROUNDS / 4 {
            let bystander = signs_in(&server, &person, &old);
            let scene = Scene {
                person: &person,
                known: &known,
                changer: &changer,
                bystander: &bystander,
                old: &old,
                new: &new,
                tokens: Tokens::default(),
                changed: AtomicBool::new(false),
            };
            play(&scene);
            for token in scene.tokens.all() {
                assert!(!is_alive(&known[0].with_token(&token)), "a session of the old password is alive");
            }
            assert!(!is_alive(&bystander));
            assert!(is_alive(&changer));
            person.tries(&server, &old).refused(WRONG_ACCOUNT_OR_PASSWORD);
            changer = signs_in(&server, &person, &new);
            // Wrong tries at known places are forgiven there only.
            let again = known[0].call("login", person.login_form(&new)).data();
            known[0].with_token(&text_of(&again["token"])).signs_out();
            let sessions = changer.call("list", json!({})).data();
            assert_eq!(sessions.as_array().map(Vec::len), Some(2), "{sessions}");
            changer.call("revokeOthers", json!({})).data();
            std::mem::swap(&mut old, &mut new);
        }
    });
}

fn signs_in(server: &Server, person: &Person, typed: &str) -> Client {
    let data = person.tries(server, typed).data();
    server.visitor().with_token(&text_of(&data["token"]))
}

/// Someone with MFA, and the codes that switch it off.
struct Ready {
    person: Person,
    off: Value,
}

impl Ready {
    fn make(server: &Server) -> Self {
        let person = Person::by_email(server).with_mfa(server);
        let Code { digits, ticket } = person.client.elsewhere().own_code("EMAIL_LOGINED", person.email());
        let off = json!({"type": 2, "googleId": person.device().id, "verifyCodeEmail": digits,
            "sendTokenEmail": ticket});
        Self { person, off }
    }
}

/// One authenticator's code is shown to switch MFA off and to sign in; others sign in with a recovery code and
/// with none at all. A session is alive afterwards if and only if it was opened after the change.
fn mfa_is_switched_off_while_someone_signs_in(backend: Backend) {
    let server = server(backend);
    let crowd = crowd(&server, 3);
    let mut switched_off = 0;
    for _ in 0..ROUNDS / 50 {
        for Ready { person, mut off } in spread_over(HANDS, 50, |_| Ready::make(&server)) {
            let device = person.device();
            let (code, recovery) = (device.code(), device.recovery_code());
            off["googleCode"] = code.as_str().into();
            let sign_in = |client: &Client, google: &str| {
                let mut form = person.login_form(PASSWORD);
                form["googleCode"] = google.into();
                client.call("login", form)
            };
            let replies = all_at_once(4, |n| match n {
                0 => person.client.elsewhere().call("enableOrForbidMFA", off.clone()),
                1 => sign_in(&crowd[0], &code),
                2 => sign_in(&crowd[1], &recovery),
                _ => sign_in(&crowd[2], ""),
            });
            let is_off = replies[0].is_ok();
            switched_off += usize::from(is_off);
            match is_off {
                true => {}
                // The sign-in has used the code.
                false => {
                    replies[0].clone().refused(WRONG_GOOGLE_CODE);
                    assert!(replies[1].is_ok(), "one code, and none could use it");
                    assert!(replies[2].is_ok());
                    replies[3].clone().refused(NO_GOOGLE_CODE);
                }
            }
            let record = person.client.record();
            assert_eq!(record["googleId"].as_i64().expect("a number") > 0, !is_off, "{record}");

            let mut alive = 0;
            for (reply, refusal) in
                replies[1..].iter().zip([WRONG_GOOGLE_CODE, WRONG_GOOGLE_CODE, NO_GOOGLE_CODE])
            {
                match reply.is_ok() {
                    false => drop(reply.clone().refused(refusal)),
                    true => {
                        let client = crowd[0].with_token(&text_of(&reply.clone().data()["token"]));
                        alive += usize::from(is_alive(&client));
                    }
                }
            }
            if replies[3].is_ok() {
                let client = crowd[0].with_token(&text_of(&replies[3].clone().data()["token"]));
                assert!(is_alive(&client), "without a code one signs in only after the change");
            }
            if is_off && replies[1].is_ok() {
                let client = crowd[0].with_token(&text_of(&replies[1].clone().data()["token"]));
                assert!(is_alive(&client), "a code that was used by the change opened a session before it");
            }
            assert_eq!(alive, signed_in_since(&person.client, is_off));
            if is_off {
                person.tries(&server, PASSWORD).data();
                assert!(!person.client.call("enableOrForbidMFA", off).is_ok());
            }
        }
    }
    // Otherwise the codes were all used up by those who signed in, and nothing was tried.
    assert!(switched_off > 0);
}

/// How many signed in since MFA was switched off, or in all if it was not.
fn signed_in_since(client: &Client, switched_off: bool) -> usize {
    let history = client.call("history", json!({"size": 100})).data();
    let records = history["records"].as_array().expect("records").clone();
    let is = |record: &Value, action: &str| record["action"] == action && record["outcome"] == "ok";
    let signed_in = |records: &[Value]| records.iter().filter(|record| is(record, "sign_in")).count();
    if !switched_off {
        return signed_in(&records);
    }
    let change = records
        .iter()
        .position(|record| text_of(&record["action"]).contains("mfa") && record["outcome"] == "ok");
    let change = change.unwrap_or_else(|| panic!("no change in {history}"));
    signed_in(&records[..change])
}
