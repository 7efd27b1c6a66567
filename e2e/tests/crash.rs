//! SIGKILL at any instant: what was acknowledged is there afterwards, and nothing works twice.

use std::sync::{Mutex, PoisonError};

use e2e::codes::DEAD_TOKEN;
use e2e::patience::Patience;
use e2e::{Backend, Client, Code, Server, fresh, text_of};
use serde_json::{Value, json};

const WRITERS: usize = 3;

/// A customer whose registration was acknowledged.
struct Known {
    token: String,
    number: String,
    /// What the language may be: the last acknowledged one, and one whose answer never came.
    langs: Vec<&'static str>,
}

/// What the server has acknowledged so far, and what it has left open.
#[derive(Default)]
struct Facts {
    customers: Vec<Known>,
    /// Codes that signed someone in.
    spent: Vec<(String, Code)>,
    /// Codes that signed someone up.
    spent_at_sign_up: Vec<(String, Code)>,
    /// Tokens that were signed out.
    dead: Vec<String>,
    /// Codes that were promised, and not read yet.
    promised: Vec<(String, String)>,
    /// Registrations whose answer never came.
    open: Vec<(String, Code)>,
}

/// One writer's facts; lives as long as its round.
struct Writer {
    client: Client,
    facts: Facts,
}

impl Writer {
    /// Calls, or learns that the server is dead.
    fn call(&self, operation: &str, body: Value) -> Option<Value> {
        self.client.try_call(operation, body).ok().map(e2e::Reply::data)
    }

    fn code(&mut self, kind: &str, email: &str) -> Option<Code> {
        let body = json!({"bizType": format!("{kind}_VERIFICATION_CODE"), "toUser": email});
        let ticket = text_of(&self.call("verifyCodeSend", body)?["token"]);
        // A code for signing in can't be asked for twice without making the first one void, so only the
        // promise to strangers is followed up.
        let promise = (email.to_owned(), ticket.clone());
        self.facts.promised.extend((kind == "EMAIL_REGISTER").then_some(promise));
        let digits = self.client.digits_or_killed(email)?;
        self.facts.promised.retain(|(to, _)| to != email);
        Some(Code { ticket, digits })
    }

    /// Signs up, changes the language, signs in once more and out again; until the server dies.
    fn one_life(&mut self) -> Option<()> {
        self.client = self.client.elsewhere();
        let email = fresh::email();
        let code = self.code("EMAIL_REGISTER", &email)?;
        let Some(profile) = self.call("register", code.email_sign_up(&email)) else {
            self.facts.open.push((email, code));
            return None;
        };
        self.facts.spent_at_sign_up.push((email.clone(), code));
        let (token, number) = (text_of(&profile["token"]), text_of(&profile["customerNo"]));
        self.facts.customers.push(Known { token: token.clone(), number, langs: vec!["en-US"] });
        self.client = self.client.with_token(&token);
        for lang in ["zh-CN", "zh-HK", "en-US"] {
            let known = self.facts.customers.last_mut().expect("just added");
            known.langs.push(lang);
            self.call("changeLang", json!({"newLang": lang}))?;
            self.facts.customers.last_mut().expect("just added").langs = vec![lang];
        }
        let code = self.code("EMAIL_LOGIN", &email)?;
        let session = self.call("login", code.email_sign_in(&email))?;
        self.facts.spent.push((email, code));
        self.client = self.client.with_token(&text_of(&session["token"]));
        self.call("/logout", json!({}))?;
        self.facts.dead.push(self.client.token().to_owned());
        Some(())
    }
}

fn is_there(client: &Client, known: &Known) {
    let client = client.elsewhere().with_token(&known.token);
    let record = client.record();
    assert_eq!(record["customerNo"], known.number);
    assert!(record["accountList"].as_array().is_some_and(|accounts| !accounts.is_empty()), "{record}");
    let lang = client.lang_on_file();
    assert!(known.langs.iter().any(|known| lang == *known), "{lang} where {:?} was due", known.langs);
}

/// Checks what one round has added.
fn check(client: &Client, facts: &Facts) {
    for known in &facts.customers {
        is_there(client, known);
    }
    for (email, code) in &facts.spent {
        let again = client.elsewhere().tries_email_code(email, code);
        assert!(!again.is_ok(), "{email} has signed in twice with one code");
    }
    for (email, code) in &facts.spent_at_sign_up {
        let again = client.elsewhere().call("register", code.email_sign_up(email));
        assert!(!again.is_ok(), "{email} has signed up twice");
    }
    for token in &facts.dead {
        client.elsewhere().with_token(token).call("findCustomerInfo", json!({})).refused(DEAD_TOKEN);
    }
    for (email, code) in &facts.open {
        all_or_nothing(&client.elsewhere(), email, code);
    }
}

/// A registration whose answer never came has happened altogether, or not at all.
fn all_or_nothing(client: &Client, email: &str, code: &Code) {
    let exists = client.call("checkCustomerExist", json!({"type": 1, "loginName": email})).data();
    let again = client.call("register", code.email_sign_up(email));
    if exists == 2 {
        // Then its code was not used up either.
        again.data();
        return;
    }
    assert!(!again.is_ok(), "{email} has signed up twice");
    let session = client.tries_email_code(email, &client.code("EMAIL_LOGIN", email)).data();
    assert!(session["accountList"].as_array().is_some_and(|accounts| !accounts.is_empty()), "{session}");
}

fn survive(backend: Backend, rounds: u32) {
    let server = Server::start(backend);
    let (mut customers, mut promised, mut lives) = (Vec::new(), Vec::new(), 0);
    let mut patience = Patience::of(160);
    while patience.asks_for_more(rounds, customers.len(), rounds as usize / 4) {
        let finished = Mutex::new(Vec::new());
        let visitor = server.visitor();
        std::thread::scope(|scope| {
            for _ in 0..WRITERS {
                scope.spawn(|| {
                    let mut writer = Writer { client: visitor.clone(), facts: Facts::default() };
                    while writer.one_life().is_some() {}
                    finished.lock().unwrap_or_else(PoisonError::into_inner).push(writer.facts);
                });
            }
            patience.wait();
            server.kill();
        });
        server.restart();
        let visitor = server.visitor();
        for facts in finished.into_inner().unwrap_or_else(PoisonError::into_inner) {
            check(&visitor, &facts);
            lives += facts.dead.len();
            customers.extend(facts.customers);
            promised.extend(facts.promised);
        }
    }

    let visitor = server.visitor();
    for known in &customers {
        is_there(&visitor, known);
    }
    // What was promised has been sent, if not by the server that promised it then by a later one.
    for (email, ticket) in &promised {
        let code = Code { ticket: ticket.clone(), digits: visitor.digits_sent_to(email) };
        visitor.elsewhere().call("register", code.email_sign_up(email)).data();
    }
    let found = server.verify_audit();
    assert_eq!(found.code, 0, "the audit log has no holes: {found:?}");
    println!(
        "{} crashes: {} customers, {lives} whole lives, {} late codes",
        patience.crashes(),
        customers.len(),
        promised.len()
    );
}

#[test]
fn sqlite_survives_two_hundred_kills() {
    survive(Backend::Sqlite, 200);
}

#[test]
fn postgres_survives_sixty_kills() {
    survive(Backend::Postgres, 60);
}
