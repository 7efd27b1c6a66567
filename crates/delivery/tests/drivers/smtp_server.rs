//! An SMTP server that plays one conversation after the other from a script, and keeps what it got.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::JoinHandle;

/// What was said and received on one connection.
#[derive(Debug, Default)]
pub(crate) struct Session {
    pub(crate) commands: Vec<String>,
    pub(crate) messages: Vec<String>,
}

pub(crate) struct SmtpServer {
    pub(crate) host: String,
    thread: JoinHandle<Session>,
}

impl SmtpServer {
    /// Serves one connection until the client hangs up. `answers` replaces the usual answer to a
    /// verb (`MAIL`, `RCPT`, `DATA`, `.` for the end of the data, `EHLO`, `AUTH`, `NOOP`, or
    /// `greeting`).
    pub(crate) fn start(answers: &[(&'static str, &'static str)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let answers: HashMap<_, _> = answers.iter().copied().collect();
        let thread = std::thread::spawn(move || converse(listener.accept().unwrap().0, &answers));
        Self { host, thread }
    }

    /// The conversation; the client must have hung up, which dropping the mailer does.
    pub(crate) fn session(self) -> Session {
        self.thread.join().unwrap()
    }
}

fn converse(stream: TcpStream, answers: &HashMap<&str, &str>) -> Session {
    let mut session = Session::default();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let say = |key: &str, usual: &str| {
        let answer = answers.get(key).copied().unwrap_or(usual);
        // The client may be gone already.
        let _ = (&stream).write_all(format!("{answer}\r\n").as_bytes());
        answer.to_owned()
    };
    say("greeting", "220 test ESMTP");
    while let Some(line) = next_line(&mut reader) {
        let verb = line.split([' ', ':']).next().unwrap().to_ascii_uppercase();
        session.commands.push(line);
        let answer = match verb.as_str() {
            "EHLO" => say("EHLO", "250-test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"),
            "AUTH" => say("AUTH", "235 2.7.0 welcome"),
            "DATA" => say("DATA", "354 go on"),
            "QUIT" => say("QUIT", "221 bye"),
            verb => say(verb, "250 2.1.0 fine"),
        };
        if verb == "DATA" && answer.starts_with("354") {
            let mut message = String::new();
            while let Some(line) = next_line(&mut reader).filter(|line| line != ".") {
                message.push_str(line.strip_prefix('.').unwrap_or(&line));
                message.push('\n');
            }
            session.messages.push(message);
            say(".", "250 2.0.0 queued");
        }
        if verb == "QUIT" {
            break;
        }
    }
    session
}

fn next_line(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(line.trim_end_matches(['\r', '\n']).to_owned()),
    }
}
