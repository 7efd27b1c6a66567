//! The server under measurement, and people with accounts on it.

use crate::Outcome;
use crate::http::{call, connect, exchange, get};
use crate::machine::Cores;
use serde_json::{Value, json};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(30);
/// Politeness would be all that is measured.
const NO_LIMITS: &str = "{ read = 1000000000, write = 1000000000, sign_in = 1000000000, send = 1000000000, \
                         customer = 1000000000, flood = 1000000000 }";

/// `program`, to be killed by the system when this process ends, however it ends.
pub(crate) fn bound_to_us(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.arg("--pdeathsig=KILL").arg(program);
    command
}

/// A child that ends when this is dropped.
pub(crate) struct Running {
    child: Child,
    /// Where it answers.
    pub(crate) address: SocketAddrV4,
}

impl Running {
    /// Starts a server on the server's core and waits until it says `listening on http://ADDRESS`.
    pub(crate) fn start(cores: Cores, command: &mut Command) -> Outcome<Self> {
        let mut child = cores.serve(command.stdin(Stdio::null()).stdout(Stdio::piped()))?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        let address = loop {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                let _ = child.kill();
                return Err(format!("the server did not start ({})", child.wait()?).into());
            }
            if let Some((_, address)) = line.trim_end().split_once("listening on http://") {
                break address.parse()?;
            }
        };
        // A server whose output nobody reads stops at its next word.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Ok(Self { child, address })
    }

    /// Its process number.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `custos demo` with everything in `data`, or in the database of `database_url`.
pub(crate) fn command(program: &Path, data: &Path, database_url: Option<&str>) -> Command {
    let mut command = bound_to_us(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CUSTOS_") {
            command.env_remove(name);
        }
    }
    command
        .args(["demo", "--data"])
        .arg(data)
        .env("CUSTOS_LISTEN", "127.0.0.1:0")
        .env("CUSTOS_METRICS_LISTEN", "")
        .env("CUSTOS_HASH_THREADS", "1")
        .env("CUSTOS_LIMITS", NO_LIMITS);
    if let Some(url) = database_url {
        command.env("CUSTOS_DATABASE_URL", url);
    }
    command
}

/// Waits for the first 200 of `/readyz`.
pub(crate) fn wait_until_ready(server: SocketAddrV4) -> Outcome<()> {
    let began = Instant::now();
    let mut stream = connect(Ipv4Addr::LOCALHOST, server)?;
    while began.elapsed() < PATIENCE {
        if exchange(&mut stream, &get("/readyz"))?.0 == 200 {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Err("the server does not get ready".into())
}

/// Someone with an account and a session.
pub(crate) struct Person {
    pub(crate) email: String,
    password: String,
    pub(crate) token: String,
}

/// Spreads numbers, so that what is made of them has no order.
fn spread(number: u16) -> u128 {
    (u128::from(number) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
}

/// The address of a number: all are equally long, and neighbours are far apart.
pub(crate) fn email(number: u16) -> String {
    format!("{:016x}@example.com", spread(number) >> 64)
}

/// The body of a reply, which must have this `code`: its `data`.
pub(crate) fn data_of(body: &[u8], code: &str) -> Outcome<Value> {
    let mut reply: Value = serde_json::from_slice(body)?;
    if reply.get("code").and_then(Value::as_str) != Some(code) {
        return Err(format!("not the expected answer: {reply}").into());
    }
    Ok(reply.get_mut("data").map(Value::take).unwrap_or_default())
}

/// The form that asks for a code of this kind.
pub(crate) fn code_form(kind: &str, email: &str) -> Value {
    json!({"bizType": format!("EMAIL_{kind}_VERIFICATION_CODE"), "toUser": email})
}

/// Asks for a code of this kind.
pub(crate) fn asks_for_code(kind: &str, email: &str) -> Vec<u8> {
    call(SEND_CODE, None, &code_form(kind, email).to_string())
}

const INFO: &str = "/global/customer.app.CustomerWebApiService.findCustomerInfo";
/// Reads of a balance: where they are asked for, and with what.
pub(crate) type Read = (&'static str, &'static str);
/// One account.
pub(crate) const ACCOUNT: Read =
    ("/global/customer.app.CustomerWebApiService.queryAccountById", r#"{"tradeType":5,"currency":"USDT"}"#);
/// Sums by asset.
pub(crate) const ASSETS: Read = ("/global/customer.app.CustomerWebApiService.queryCustomerAssets", "{}");
/// Totals in the company's valuation currency, with loans and rates.
pub(crate) const TOTALS: Read =
    ("/global/customer.app.CustomerWebApiService.queryCustomerAssetsInfo", r#"{"tradeType":3}"#);
const CHANGE_LANG: &str = "/global/customer.app.CustomerWebApiService.changeLang";
pub(crate) const LOGIN: &str = "/login/customer.app.CustomerWebApiService.login";
const REGISTER: &str = "/register/customer.app.CustomerWebApiService.register";
pub(crate) const SEND_CODE: &str = "/global/message.app.VerificationApiService.verifyCodeSend";

impl Person {
    /// Reads their record.
    pub(crate) fn reads(&self) -> Vec<u8> {
        call(INFO, Some(&self.token), "{}")
    }

    /// Reads something about their money.
    pub(crate) fn asks(&self, (path, body): Read) -> Vec<u8> {
        call(path, Some(&self.token), body)
    }

    /// Signs in once more.
    pub(crate) fn signs_in(&self) -> Vec<u8> {
        let body =
            json!({"type": 1, "loginName": self.email, "loginPwd": self.password, "device": 2}).to_string();
        call(LOGIN, None, &body)
    }

    /// Changes their language; two different ones in turn make each a change.
    pub(crate) fn changes_language(&self, lang: &str) -> Vec<u8> {
        call(CHANGE_LANG, Some(&self.token), &json!({ "newLang": lang }).to_string())
    }

    /// Signs up by e-mail, from an address of their own.
    fn signs_up(server: SocketAddrV4, number: u16) -> Outcome<Self> {
        let [high, low] = number.to_be_bytes();
        let mut stream = connect(Ipv4Addr::new(127, 9, high, low), server)?;
        let mut asks =
            |request: &[u8]| -> Outcome<Value> { data_of(&exchange(&mut stream, request)?.1, "0") };
        let email = email(number);
        // What clients send is the hex of a digest; any 32 digits that are no common password's will do.
        let password = format!("{:032x}", spread(number));
        let sent = asks(&asks_for_code("REGISTER", &email))?;
        let code = code_sent_to(server, &email)?;
        let form = json!({"type": 1, "loginName": email, "country": "ISO_3166_156", "registerSource": 2,
                          "pwd": password, "verifyCode": code, "sendToken": sent.get("token")});
        let profile = asks(&call(REGISTER, None, &form.to_string()))?;
        let token = profile.get("token").and_then(Value::as_str).ok_or("no token")?.to_owned();
        Ok(Self { email, password, token })
    }
}

/// The code in the demo's mailbox, once it has been delivered there.
fn code_sent_to(server: SocketAddrV4, email: &str) -> Outcome<String> {
    let began = Instant::now();
    let mut stream = connect(Ipv4Addr::LOCALHOST, server)?;
    while began.elapsed() < PATIENCE {
        let (_, mailbox) = exchange(&mut stream, &get("/dev/mailbox"))?;
        let mails: Vec<Value> = serde_json::from_slice(&mailbox)?;
        let mine = mails.iter().find(|mail| mail.get("to").and_then(Value::as_str) == Some(email));
        if let Some(code) = mine.and_then(|mail| mail.get("code")).and_then(Value::as_str) {
            return Ok(code.to_owned());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Err(format!("no code came for {email}").into())
}

/// So many people sign up: those of the numbers from 1 on.
pub(crate) fn people(server: SocketAddrV4, count: u16) -> Outcome<Vec<Person>> {
    (1..=count).map(|number| Person::signs_up(server, number)).collect()
}
