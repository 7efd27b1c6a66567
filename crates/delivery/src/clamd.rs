//! A virus scanner that speaks clamd's protocol (clamd(8), command `INSTREAM`).

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

/// The whole of one step; a scan of ten MiB takes a second or two.
const TIMEOUT: Duration = Duration::from_secs(20);
const CONNECT: Duration = Duration::from_secs(3);
const PIECE: usize = 64 * 1024;
/// clamd answers with a line.
const LONGEST_ANSWER: u64 = 4_096;

/// What a scanner says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing was found.
    Clean,
    /// The name of what was found.
    Found(String),
}

/// Why it says nothing.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// It can't be reached, or broke off.
    #[error("the virus scanner: {0}")]
    Io(#[from] std::io::Error),
    /// It did not say what it should.
    #[error("the virus scanner gave no verdict")]
    Unusable,
}

/// Has the scanner at `address` (`host:port`) look at a file.
///
/// # Errors
/// It can't be reached, is slow, or gives no verdict: then the file is not known to be clean.
pub fn scan(address: &str, bytes: &[u8]) -> Result<Verdict, ScanError> {
    let place = address.to_socket_addrs()?.next().ok_or(ScanError::Unusable)?;
    let mut stream = TcpStream::connect_timeout(&place, CONNECT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    stream.write_all(b"zINSTREAM\0")?;
    for piece in bytes.chunks(PIECE) {
        let length = u32::try_from(piece.len()).map_err(|_| ScanError::Unusable)?;
        stream.write_all(&length.to_be_bytes())?;
        stream.write_all(piece)?;
    }
    stream.write_all(&0_u32.to_be_bytes())?;
    let mut answer = String::new();
    stream.take(LONGEST_ANSWER).read_to_string(&mut answer)?;
    verdict(&answer)
}

fn verdict(answer: &str) -> Result<Verdict, ScanError> {
    let answer = answer.trim_matches(['\0', '\n', ' ']);
    let said = answer.strip_prefix("stream: ").ok_or(ScanError::Unusable)?;
    match said.strip_suffix(" FOUND") {
        Some(name) => Ok(Verdict::Found(name.to_owned())),
        None if said == "OK" => Ok(Verdict::Clean),
        None => Err(ScanError::Unusable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verdict_is_one() {
        assert_eq!(verdict("stream: OK\0").unwrap(), Verdict::Clean);
        assert_eq!(verdict("stream: Eicar-Test FOUND\0").unwrap(), Verdict::Found("Eicar-Test".to_owned()));
        for none in
            ["", "OK", "stream: ", "INSTREAM size limit exceeded. ERROR", "stream: OK FOUND?", "stream: ok"]
        {
            assert!(verdict(none).is_err(), "{none}");
        }
    }
}
