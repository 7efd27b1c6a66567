//! (e) Whether the time of an answer tells that an account exists: what a stranger may ask of a name, asked of accounts
//! and of names that are none, in random order.

use super::Setting;
use crate::custos::{self, LOGIN, SEND_CODE, asks_for_code, code_form, data_of};
use crate::http::{call, connect, exchange};
use crate::samples::{Samples, distance, distance_by_chance};
use crate::{Outcome, report};
use serde_json::{Value, json};
use std::hash::{BuildHasher as _, RandomState};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// Accounts, and as many names that are none.
const NAMES: u16 = 200;
/// The longest that one question is asked; what was asked by then is in random order, and counts.
const LONGEST: Duration = Duration::from_secs(6);
/// Requests from one client address; fewer than any limit by address.
const FROM_ONE_ADDRESS: usize = 10;
/// A message that an answer left to be delivered is delivered after this.
const SETTLED: Duration = Duration::from_millis(4);
/// The hex digest of no one's password, and no one's code.
const WRONG_PASSWORD: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90";
const WRONG_CODE: &str = "0000000";

const CHECK_EXIST: &str = "/global/customer.app.CustomerWebApiService.checkCustomerExist";
const CHECK_STATUS: &str = "/global/customer.app.CustomerWebApiService.checkStatus";
const CHECK_MFA: &str = "/global/customer.app.CustomerWebApiService.checkGoogleMFAStatus";
const CHECK_CODE: &str = "/global/message.app.VerificationApiService.verifyCodeCheck";
const FORGET: &str = "/global/customer.app.CustomerWebApiService.forgetLoginPwd";

/// Someone who may have an account, as a stranger knows them.
struct Name {
    email: String,
    is_account: bool,
    /// Tickets of the newest codes for signing in and for resetting.
    login_ticket: String,
    reset_ticket: String,
}

/// Stands for a ticket of a name that was not reached in time.
const NO_TICKET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Something that a stranger asks of a name.
struct Question {
    name: &'static str,
    /// The code of the answer, whatever there is of that name.
    code: &'static str,
    /// How often of each name. Five codes in half an hour are sent to one recipient, and the first was for signing up;
    /// five passwords are looked at; five tries are allowed for one code.
    times: usize,
    path: &'static str,
    form: fn(&Name) -> Value,
    /// Puts the answer's ticket where the questions about codes find it.
    keep: fn(&mut Name, String),
}

const QUESTIONS: [Question; 9] = [
    Question {
        name: "checkCustomerExist",
        code: "0",
        times: 5,
        path: CHECK_EXIST,
        form: named,
        keep: nothing,
    },
    Question { name: "checkStatus", code: "0", times: 5, path: CHECK_STATUS, form: named, keep: nothing },
    Question {
        name: "checkGoogleMFAStatus",
        code: "0",
        times: 5,
        path: CHECK_MFA,
        form: named,
        keep: nothing,
    },
    Question {
        name: "login, wrong password",
        code: "CUSTOMER_API_0000112",
        times: 2,
        path: LOGIN,
        form: |name| json!({"type": 1, "loginName": name.email, "loginPwd": WRONG_PASSWORD, "device": 2}),
        keep: nothing,
    },
    Question {
        name: "verifyCodeSend, LOGIN",
        code: "0",
        times: 2,
        path: SEND_CODE,
        form: |name| code_form("LOGIN", &name.email),
        keep: |name, ticket| name.login_ticket = ticket,
    },
    Question {
        name: "verifyCodeSend, PASSWORD",
        code: "0",
        times: 2,
        path: SEND_CODE,
        form: |name| code_form("PASSWORD", &name.email),
        keep: |name, ticket| name.reset_ticket = ticket,
    },
    Question {
        name: "verifyCodeCheck, wrong code",
        code: "CUSTOMER_API_0000511",
        times: 2,
        path: CHECK_CODE,
        form: |name| {
            json!({"bizType": "EMAIL_LOGIN_VERIFICATION_CODE", "toUser": name.email,
                              "code": WRONG_CODE, "sendToken": name.login_ticket})
        },
        keep: nothing,
    },
    Question {
        name: "login, wrong code",
        code: "CUSTOMER_API_0000511",
        times: 2,
        path: LOGIN,
        form: |name| {
            json!({"type": 1, "loginName": name.email, "device": 2,
                              "verifyCode": WRONG_CODE, "sendToken": name.login_ticket})
        },
        keep: nothing,
    },
    Question {
        name: "forgetLoginPwd, wrong code",
        code: "CUSTOMER_API_0000511",
        times: 2,
        path: FORGET,
        form: |name| {
            json!({"type": 1, "loginName": name.email, "newPwd": WRONG_PASSWORD,
                              "verifyCode": WRONG_CODE, "sendToken": name.reset_ticket})
        },
        keep: nothing,
    },
];

fn named(name: &Name) -> Value {
    json!({"type": 1, "loginName": name.email})
}

fn nothing(_: &mut Name, _: String) {}

pub(super) fn run(setting: &Setting) -> Outcome<()> {
    let server = setting.server("timing", None)?;
    on("SQLite", setting, server.address)?;
    drop(server);
    match setting.server_on_postgres("timing")? {
        Some(server) => on("PostgreSQL", setting, server.address),
        None => Ok(()),
    }
}

fn on(engine: &str, setting: &Setting, server: SocketAddrV4) -> Outcome<()> {
    let mut stranger = Stranger { server, asked: 0, stream: None };
    let accounts = custos::people(server, NAMES)?.into_iter().map(|person| (person.email, true));
    let others = (NAMES + 1..=2 * NAMES).map(|number| (custos::email(number), false));
    let mut names: Vec<Name> = accounts
        .chain(others)
        .map(|(email, is_account)| Name {
            email,
            is_account,
            login_ticket: NO_TICKET.to_owned(),
            reset_ticket: NO_TICKET.to_owned(),
        })
        .collect();
    // Those without an account have a history of codes like those with one: who has signed up was sent one for it.
    for name in names.iter().filter(|name| !name.is_account) {
        data_of(&stranger.asks(&asks_for_code("REGISTER", &name.email))?.1, "0")?;
    }
    setting.wait_for_quiet()?;
    report::distributions_heading(&format!("(e) time of an answer on {engine}, accounts and other names"));
    for question in &QUESTIONS {
        let (known, unknown) = ask(question, &mut names, &mut stranger)?;
        let chance = distance_by_chance(known.len(), unknown.len());
        report::distributions(question.name, &known, &unknown, distance(&known, &unknown), chance);
    }
    Ok(())
}

/// Asks of every name, in random order; how many microseconds it took for accounts, and for others.
fn ask(question: &Question, names: &mut [Name], stranger: &mut Stranger) -> Outcome<(Samples, Samples)> {
    let mut order: Vec<usize> = (0..question.times).flat_map(|_| 0..names.len()).collect();
    let chance = RandomState::new();
    let mut place = 0_usize;
    order.sort_by_cached_key(|number| {
        place += 1;
        chance.hash_one((place, number))
    });
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    let began = Instant::now();
    for number in order {
        if began.elapsed() > LONGEST {
            break;
        }
        let name = names.get_mut(number).ok_or("no such name")?;
        let (took, body) = stranger.asks(&call(question.path, None, &(question.form)(name).to_string()))?;
        let data = data_of(&body, question.code)?;
        if let Some(ticket) = data.get("token").and_then(Value::as_str) {
            (question.keep)(name, ticket.to_owned());
            std::thread::sleep(SETTLED);
        }
        if name.is_account { &mut known } else { &mut unknown }.push(took.as_secs_f64() * 1e6);
    }
    Ok((Samples::of(known), Samples::of(unknown)))
}

/// Who asks, from ever new addresses.
struct Stranger {
    server: SocketAddrV4,
    asked: usize,
    stream: Option<TcpStream>,
}

impl Stranger {
    /// How long the answer took, and its body.
    fn asks(&mut self, request: &[u8]) -> Outcome<(Duration, Vec<u8>)> {
        if self.asked.is_multiple_of(FROM_ONE_ADDRESS) {
            let [high, low] = u16::try_from(self.asked / FROM_ONE_ADDRESS)?.to_be_bytes();
            let mut stream = connect(Ipv4Addr::new(127, 20, high, low), self.server)?;
            // The first request of a connection takes longer than the others; whose it was would be chance.
            exchange(&mut stream, &crate::http::get("/livez"))?;
            self.stream = Some(stream);
        }
        self.asked += 1;
        let stream = self.stream.as_mut().ok_or("no connection")?;
        let began = Instant::now();
        let (_, body) = exchange(stream, request)?;
        Ok((began.elapsed(), body))
    }
}
