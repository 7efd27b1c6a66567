//! A small SMTP server that keeps every message it is given.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::inbox::{Addressed, Inbox, six_digits};
use crate::mime::Part;

/// A received e-mail.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The envelope's recipient.
    pub to: String,
    /// The envelope's sender.
    pub from: String,
    /// The subject in plain text.
    pub subject: String,
    /// The plain text part.
    pub text: String,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// Every header with its decoded value.
    pub headers: Vec<(String, String)>,
}

impl Addressed for Mail {
    fn to(&self) -> &str {
        &self.to
    }
    fn code(&self) -> Option<String> {
        six_digits(&self.text)
    }
    fn text(&self) -> &str {
        &self.text
    }
}

/// The mail server. It accepts any user and any recipient.
pub struct MailReceiver {
    address: SocketAddr,
    inbox: Arc<Inbox<Mail>>,
    refusals: Arc<AtomicU32>,
}

impl MailReceiver {
    /// Starts on a free loopback port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for mail");
        let address = listener.local_addr().expect("an address");
        let inbox = Arc::new(Inbox::default());
        let refusals = Arc::new(AtomicU32::new(0));
        let (files, refuses) = (Arc::clone(&inbox), Arc::clone(&refusals));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (files, refuses) = (Arc::clone(&files), Arc::clone(&refuses));
                // A peer that vanishes in mid-conversation is killed servers' daily bread.
                std::thread::spawn(move || Session { refuses, files }.talk(stream).ok());
            }
        });
        Self { address, inbox, refusals }
    }

    /// `host:port`.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What arrived.
    pub fn inbox(&self) -> &Arc<Inbox<Mail>> {
        &self.inbox
    }

    /// Answers the next `count` messages with a temporary failure.
    pub fn refuse_next(&self, count: u32) {
        self.refusals.store(count, Ordering::SeqCst);
    }
}

struct Session {
    files: Arc<Inbox<Mail>>,
    refuses: Arc<AtomicU32>,
}

impl Session {
    fn talk(&self, stream: TcpStream) -> std::io::Result<()> {
        stream.set_nodelay(true)?;
        let mut out = stream.try_clone()?;
        let mut lines = BufReader::new(stream);
        out.write_all(b"220 mail.test ESMTP\r\n")?;
        let (mut from, mut to) = (String::new(), Vec::new());
        while let Some(line) = read_line(&mut lines)? {
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            let answer: &[u8] = match verb.as_str() {
                "EHLO" => b"250-mail.test\r\n250-AUTH PLAIN LOGIN\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
                "HELO" | "NOOP" => b"250 OK\r\n",
                "AUTH" => {
                    authenticate(&line, &mut lines, &mut out)?;
                    b"235 welcome\r\n"
                }
                "MAIL" => {
                    from = angle_address(&line);
                    b"250 OK\r\n"
                }
                "RCPT" => {
                    to.push(angle_address(&line));
                    b"250 OK\r\n"
                }
                "DATA" => {
                    out.write_all(b"354 go ahead\r\n")?;
                    let raw = read_data(&mut lines)?;
                    self.file(&from, std::mem::take(&mut to), &raw)
                }
                "RSET" => {
                    to.clear();
                    b"250 OK\r\n"
                }
                "QUIT" => {
                    out.write_all(b"221 bye\r\n")?;
                    return Ok(());
                }
                _ => b"502 what?\r\n",
            };
            out.write_all(answer)?;
        }
        Ok(())
    }

    fn file(&self, from: &str, recipients: Vec<String>, raw: &[u8]) -> &'static [u8] {
        let refuse =
            self.refuses.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if refuse.is_ok() {
            return b"451 try again later\r\n";
        }
        for to in recipients {
            self.files.deliver(read_mail(from, to, raw));
        }
        b"250 kept\r\n"
    }
}

fn read_mail(from: &str, to: String, raw: &[u8]) -> Mail {
    let part = Part::parse(raw);
    let html = part.text("text/html");
    Mail {
        to,
        from: from.to_owned(),
        subject: part.header("subject").unwrap_or_default().to_owned(),
        text: part.text("text/plain").or_else(|| html.clone()).unwrap_or_default(),
        html,
        headers: part.headers,
    }
}

fn read_line(lines: &mut impl BufRead) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let length = lines.by_ref().take(1 << 20).read_until(b'\n', &mut line)?;
    Ok((length > 0).then(|| String::from_utf8_lossy(&line).trim_end().to_owned()))
}

/// PLAIN with or without an initial response, and LOGIN. Whoever they say they are, they are welcome.
fn authenticate(line: &str, lines: &mut impl BufRead, out: &mut impl Write) -> std::io::Result<()> {
    let mut words = line.split(' ').skip(1);
    let mechanism = words.next().unwrap_or_default().to_ascii_uppercase();
    let asked = usize::from(words.next().is_none());
    // LOGIN asks for the user name (unless given) and for the password.
    let questions = if mechanism == "LOGIN" { asked + 1 } else { asked };
    for question in ["334 VXNlcm5hbWU6\r\n", "334 UGFzc3dvcmQ6\r\n"].iter().rev().take(questions).rev() {
        out.write_all(question.as_bytes())?;
        read_line(lines)?;
    }
    Ok(())
}

fn angle_address(line: &str) -> String {
    let inside = line.split_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inside.map_or_else(String::new, |(address, _)| address.to_owned())
}

fn read_data(lines: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let mut line = Vec::new();
        if lines.read_until(b'\n', &mut line)? == 0 || line == b".\r\n" {
            return Ok(data);
        }
        data.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converse(script: &[&str]) -> Vec<Mail> {
        let receiver = MailReceiver::start();
        let stream = TcpStream::connect(receiver.address()).unwrap();
        let mut answers = BufReader::new(stream.try_clone().unwrap());
        let mut out = stream;
        assert!(read_line(&mut answers).unwrap().unwrap().starts_with("220"));
        for line in script {
            out.write_all(line.as_bytes()).unwrap();
            while read_line(&mut answers).unwrap().unwrap().as_bytes()[3] == b'-' {}
        }
        receiver.inbox().everything()
    }

    #[test]
    fn a_whole_conversation() {
        let mails = converse(&[
            "EHLO me\r\n",
            "AUTH PLAIN AGEAYg==\r\n",
            "MAIL FROM:<custos@x.com>\r\n",
            "RCPT TO:<a@x.com>\r\n",
            "RCPT TO:<b@x.com>\r\n",
            "DATA\r\n",
            "Subject: Hi\r\n\r\n..dots\r\nyour code: 654321\r\n.\r\n",
            "QUIT\r\n",
        ]);
        assert_eq!(mails.len(), 2);
        assert_eq!((mails[0].to.as_str(), mails[1].to.as_str()), ("a@x.com", "b@x.com"));
        assert_eq!(mails[0].text, ".dots\r\nyour code: 654321\r\n");
        assert_eq!(mails[0].code().as_deref(), Some("654321"));
    }

    #[test]
    fn signing_in_by_login_and_starting_over() {
        let mails =
            converse(&["HELO me\r\n", "AUTH LOGIN\r\n", "YQ==\r\n", "Yg==\r\n", "NOOP\r\n", "RSET\r\n"]);
        assert!(mails.is_empty());
    }
}
