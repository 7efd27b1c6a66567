//! HTTP written by hand, for what no HTTP library would send.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use crate::envelope::{Expected, Reply};
use crate::fresh;
use crate::loopback::connect;

/// Writes `pieces` one after the other, stopping as soon as the server has answered, and reads the answer.
pub fn exchange(server: SocketAddr, pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut stream = connect(fresh::client_address(), server)?;
    let mut answer = Vec::new();
    let patience = stream.read_timeout()?;
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 && answers_within(&mut stream, Duration::from_millis(300), &mut answer)? {
            break;
        }
        if stream.write_all(piece).is_err() {
            break;
        }
    }
    stream.set_read_timeout(patience)?;
    let mut buffer = [0; 65536];
    while !is_complete(&answer) {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(length) => answer.extend_from_slice(&buffer[..length]),
            // A server that gives up on a body may reset the connection once it has answered.
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => break,
            Err(error) => return Err(error),
        }
    }
    Ok(answer)
}

fn answers_within(
    stream: &mut std::net::TcpStream,
    wait: Duration,
    answer: &mut Vec<u8>,
) -> io::Result<bool> {
    stream.set_read_timeout(Some(wait))?;
    let mut buffer = [0; 4096];
    match stream.read(&mut buffer) {
        Ok(length) => {
            answer.extend_from_slice(&buffer[..length]);
            Ok(true)
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn split(answer: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    Some((&answer[..end], &answer[end + 4..]))
}

fn is_complete(answer: &[u8]) -> bool {
    let Some((head, body)) = split(answer) else {
        return false;
    };
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
    match length.and_then(|length| length.trim().parse::<usize>().ok()) {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

/// The status of an answer.
pub fn status(answer: &[u8]) -> u16 {
    let line = String::from_utf8_lossy(answer.get(..12).unwrap_or(answer)).into_owned();
    line.split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .unwrap_or_else(|| panic!("no HTTP: {line:?}"))
}

/// Reads an answer as an envelope.
#[track_caller]
pub fn envelope(answer: &[u8]) -> Reply {
    let (head, body) = split(answer).expect("a whole HTTP answer");
    let mut headers = ureq::http::HeaderMap::new();
    for line in String::from_utf8_lossy(head).lines().skip(1) {
        let (name, value) = line.split_once(':').expect("a header");
        let name: ureq::http::HeaderName = name.parse().expect("a header name");
        headers.append(name, value.trim().parse().expect("a header value"));
    }
    Reply::read(status(answer), headers, body, &Expected { trace: None, biz_type: None })
}
