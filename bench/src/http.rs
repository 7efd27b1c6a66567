//! As much HTTP/1.1 as the load needs.

use crate::Outcome;
use rustix::net::{AddressFamily, SocketType};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::Duration;

/// The largest reply that is taken.
const MAX_REPLY_BYTES: usize = 1 << 20;

/// A call of an operation as a front-end sends it.
pub(crate) fn call(path: &str, token: Option<&str>, body: &str) -> Vec<u8> {
    let token = token.map_or_else(String::new, |token| format!("token: {token}\r\n"));
    format!(
        "POST /api{path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncompanyId: 1\r\n\
         trace: 5f1d7a84b2c94e0c\r\nlang: en-US\r\nversion: 0.0.1\r\n{token}content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A GET.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n").into_bytes()
}

/// Where a reply's parts are in the bytes that hold it from their beginning.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body_at: usize,
    pub(crate) length: usize,
}

impl Reply {
    /// `None` while the head is not whole.
    pub(crate) fn read(bytes: &[u8]) -> Outcome<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(bytes.get(..end).unwrap_or_default())?;
        let status = head.get(9..12).ok_or("no status")?.parse()?;
        let length = head
            .lines()
            .find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>())
            })
            .ok_or("a reply without a length")??;
        Ok(Some(Self { status, body_at: end + 4, length: end + 4 + length }))
    }
}

/// Connects as one of the loopback's many addresses: the server limits each by itself.
pub(crate) fn connect(from: Ipv4Addr, server: SocketAddrV4) -> Outcome<TcpStream> {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
    rustix::net::bind(&socket, &SocketAddrV4::new(from, 0))?;
    rustix::net::connect(&socket, &server)?;
    let stream = TcpStream::from(socket);
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    Ok(stream)
}

/// Sends a request and waits for its reply: the status and the body.
pub(crate) fn exchange(stream: &mut TcpStream, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
    stream.write_all(request)?;
    let mut bytes = Vec::new();
    let mut piece = [0; 16 * 1024];
    while bytes.len() < MAX_REPLY_BYTES {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Err("the connection was closed".into());
        }
        bytes.extend_from_slice(piece.get(..count).unwrap_or_default());
        if let Some(reply) = Reply::read(&bytes)?
            && bytes.len() >= reply.length
        {
            return Ok((reply.status, bytes.split_off(reply.body_at)));
        }
    }
    Err("a reply that never ends".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_found() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(Reply::read(&bytes[..20]).unwrap(), None);
        let whole = Reply { status: 200, body_at: bytes.len() - 2, length: bytes.len() };
        assert_eq!(Reply::read(bytes).unwrap(), Some(whole));
        assert!(Reply::read(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").is_err());
    }
}
