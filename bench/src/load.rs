//! A closed load: each connection sends its next request when the reply to the last has come. One thread for all.

use crate::http::{Reply, connect};
use crate::{Outcome, machine};
use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::time::{Duration, Instant};

/// Every reply that is counted begins so.
const SUCCESS: &[u8] = br#"{"bizCode":"US","code":"0""#;
/// How often the clock is looked at when no reply comes.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };

/// The requests of one connection, sent in turn, over and over.
pub(crate) type Script = Vec<Vec<u8>>;

/// What came of a load.
#[derive(Debug)]
pub(crate) struct Load {
    /// Replies a second.
    pub(crate) rate: f64,
    /// Replies.
    pub(crate) replies: u64,
    /// How long each took, sorted.
    latencies_us: Vec<u32>,
    /// The share of its core that making the load took; near 1, the load is what is measured.
    pub(crate) busy: f64,
}

impl Load {
    /// The latency in microseconds that so many of a hundred replies kept to.
    pub(crate) fn percentile_us(&self, percent: usize) -> f64 {
        let last = self.latencies_us.len().saturating_sub(1);
        self.latencies_us.get(last * percent / 100).copied().map_or(f64::NAN, f64::from)
    }
}

struct Connection<'a> {
    stream: TcpStream,
    script: &'a Script,
    next: usize,
    sent_at: Instant,
    buffer: Vec<u8>,
    filled: usize,
    /// Where the reply that is coming ends, once its head is here.
    expected: Option<Reply>,
}

impl<'a> Connection<'a> {
    fn open(server: SocketAddrV4, script: &'a Script) -> Outcome<Self> {
        let stream = connect(Ipv4Addr::LOCALHOST, server)?;
        stream.set_nonblocking(true)?;
        let (sent_at, buffer) = (Instant::now(), vec![0; 64 * 1024]);
        Ok(Self { stream, script, next: 0, sent_at, buffer, filled: 0, expected: None })
    }

    fn send(&mut self) -> Outcome<()> {
        let request = self.script.get(self.next % self.script.len().max(1)).ok_or("an empty script")?;
        self.next += 1;
        self.sent_at = Instant::now();
        // A request is smaller than any socket's buffer, and there is only one on its way.
        if self.stream.write(request)? < request.len() {
            return Err("a request did not go out at once".into());
        }
        Ok(())
    }

    /// Takes what has come; true when the reply is whole.
    fn receive(&mut self) -> Outcome<bool> {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        match self.stream.read(room) {
            Ok(0) => return Err("the server closed a connection, or its reply is too long".into()),
            Ok(count) => self.filled += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        if self.expected.is_none() {
            self.expected = Reply::read(bytes)?;
        }
        let Some(reply) = self.expected.as_ref().filter(|reply| bytes.len() >= reply.length) else {
            return Ok(false);
        };
        let body = bytes.get(reply.body_at..).unwrap_or_default();
        if reply.status != 200 || !body.starts_with(SUCCESS) {
            return Err(format!("refused: {} {}", reply.status, String::from_utf8_lossy(body)).into());
        }
        (self.filled, self.expected) = (0, None);
        Ok(true)
    }
}

/// Loads `server` for `warm_up`, uncounted, and `measured`. Any refusal is an error: it would be cheaper than a success.
pub(crate) fn run(
    server: SocketAddrV4,
    scripts: &[Script],
    warm_up: Duration,
    measured: Duration,
) -> Outcome<Load> {
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut connections = Vec::with_capacity(scripts.len());
    for (number, script) in scripts.iter().enumerate() {
        let connection = Connection::open(server, script)?;
        let data = epoll::EventData::new_u64(u64::try_from(number)?);
        epoll::add(&epoll, &connection.stream, data, epoll::EventFlags::IN)?;
        connections.push(connection);
    }
    for connection in &mut connections {
        connection.send()?;
    }
    let counted_from = Instant::now() + warm_up;
    let mut latencies_us = Vec::with_capacity(1 << 20);
    let mut events = Vec::with_capacity(scripts.len().max(1));
    let mut first_counted: Option<(Instant, Duration)> = None;
    loop {
        epoll::wait(&epoll, spare_capacity(&mut events), Some(&TICK))?;
        for event in events.drain(..) {
            let number = usize::try_from(event.data.u64())?;
            let connection = connections.get_mut(number).ok_or("an event of no connection")?;
            if connection.receive()? {
                if first_counted.is_some() {
                    latencies_us.push(u32::try_from(connection.sent_at.elapsed().as_micros())?);
                }
                connection.send()?;
            }
        }
        let now = Instant::now();
        match first_counted {
            None if now >= counted_from => first_counted = Some((now, machine::worked("thread-self")?)),
            Some((began, worked)) if now - began >= measured => {
                let seconds = (now - began).as_secs_f64();
                let busy = (machine::worked("thread-self")? - worked).as_secs_f64() / seconds;
                let replies = u64::try_from(latencies_us.len())?;
                latencies_us.sort_unstable();
                return Ok(Load { rate: replies as f64 / seconds, replies, latencies_us, busy });
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_counted_and_timed() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let std::net::SocketAddr::V4(address) = listener.local_addr().unwrap() else { panic!() };
        std::thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                std::thread::spawn(move || {
                    let mut bytes = [0; 4096];
                    while stream.read(&mut bytes).is_ok_and(|count| count > 0) {
                        let body = r#"{"bizCode":"US","code":"0"}"#;
                        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
                            .unwrap();
                    }
                });
            }
        });
        let scripts = vec![vec![b"POST".to_vec()]; 3];
        let load = run(address, &scripts, Duration::ZERO, Duration::from_millis(50)).unwrap();
        assert!(load.replies > 0 && load.rate > 0.0);
        assert!(load.percentile_us(50) <= load.percentile_us(99));
    }
}
