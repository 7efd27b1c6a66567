//! HTTP as the providers that the tests play speak it.

use std::io::{self, BufRead, Write};

/// A request that was posted.
pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// The next request, or `None` at the end of the connection.
pub(crate) fn read(input: &mut impl BufRead) -> io::Result<Option<Posted>> {
    let (mut length, mut chunked, mut line) = (0, false, String::new());
    if input.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        line.clear();
        input.read_line(&mut line)?;
        let header = line.trim_end().to_ascii_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    let mut body = vec![0; length];
    input.read_exact(&mut body)?;
    while chunked {
        line.clear();
        input.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
        let mut chunk = vec![0; size + 2];
        input.read_exact(&mut chunk)?;
        body.extend_from_slice(&chunk[..size]);
        chunked = size > 0;
    }
    Ok(Some(Posted { path, body }))
}

/// Answers it.
pub(crate) fn answer(out: &mut impl Write, status: &str, body: &str) -> io::Result<()> {
    write!(
        out,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}
