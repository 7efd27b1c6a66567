//! Just enough of RFC 5322 and MIME to read what a server sends: folded headers, encoded words, nested
//! multiparts, quoted-printable and base64 bodies.

use data_encoding::BASE64;

/// One message or one part of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    pub(crate) headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Part {
    pub(crate) fn parse(raw: &[u8]) -> Self {
        let (head, body) = split_head(raw);
        let mut headers: Vec<(String, String)> = Vec::new();
        for line in String::from_utf8_lossy(head).split("\r\n").flat_map(|line| line.split('\n')) {
            match (line.starts_with([' ', '\t']), headers.last_mut()) {
                (true, Some((_, value))) => {
                    value.push(' ');
                    value.push_str(line.trim());
                }
                _ => {
                    if let Some((name, value)) = line.split_once(':') {
                        headers.push((name.trim().to_owned(), value.trim().to_owned()));
                    }
                }
            }
        }
        for (_, value) in &mut headers {
            *value = decode_words(value);
        }
        Self { headers, body: body.to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The text of the first leaf of this media type (`text/plain`, `text/html`).
    pub(crate) fn text(&self, media_type: &str) -> Option<String> {
        let content_type = self.header("content-type").unwrap_or("text/plain");
        if content_type.to_ascii_lowercase().starts_with("multipart/") {
            let boundary = parameter(content_type, "boundary")?;
            return self.parts(&boundary).iter().find_map(|part| part.text(media_type));
        }
        content_type
            .to_ascii_lowercase()
            .starts_with(media_type)
            .then(|| String::from_utf8_lossy(&self.decoded()).into_owned())
    }

    fn parts(&self, boundary: &str) -> Vec<Part> {
        let text = String::from_utf8_lossy(&self.body);
        let delimiter = format!("--{boundary}");
        let pieces = text.split(delimiter.as_str()).skip(1).take_while(|piece| !piece.starts_with("--"));
        pieces
            .map(|piece| Part::parse(piece.trim_start_matches("\r\n").trim_start_matches('\n').as_bytes()))
            .collect()
    }

    fn decoded(&self) -> Vec<u8> {
        match self.header("content-transfer-encoding").map(str::to_ascii_lowercase).as_deref() {
            Some("quoted-printable") => quoted_printable(&self.body),
            Some("base64") => base64(&self.body),
            _ => self.body.clone(),
        }
    }
}

fn split_head(raw: &[u8]) -> (&[u8], &[u8]) {
    // A part may have no headers at all: then it begins with the empty line.
    if let Some(body) = raw.strip_prefix(b"\r\n") {
        return (b"", body);
    }
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n").map(|at| (at, at + 4));
    let end = end.or_else(|| raw.windows(2).position(|window| window == b"\n\n").map(|at| (at, at + 2)));
    match end {
        Some((head, body)) => (&raw[..head], &raw[body..]),
        None => (raw, b""),
    }
}

fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|parameter| {
        let (key, value) = parameter.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}

fn base64(text: &[u8]) -> Vec<u8> {
    let compact: Vec<u8> = text.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    BASE64.decode(&compact).expect("a base64 body")
}

fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'=' {
            out.push(byte);
        } else if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            rest = after;
        } else if let Some(byte) = rest.get(..2).and_then(hex) {
            out.push(byte);
            rest = &rest[2..];
        } else {
            out.push(b'=');
        }
    }
    out
}

fn hex(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// `=?utf-8?b?…?=` and `=?utf-8?q?…?=`; the space between two encoded words is not part of the text.
fn decode_words(value: &str) -> String {
    let mut out = String::new();
    let mut bytes: Vec<u8> = Vec::new();
    let mut rest = value;
    while let Some(start) = rest.find("=?") {
        let (before, word) = rest.split_at(start);
        let mut fields = word[2..].splitn(4, '?');
        let (Some(_charset), Some(encoding), Some(text), Some(tail)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        else {
            break;
        };
        let Some(after) = tail.strip_prefix('=') else {
            break;
        };
        if bytes.is_empty() || !before.trim().is_empty() {
            out.push_str(&String::from_utf8_lossy(&std::mem::take(&mut bytes)));
            out.push_str(before);
        }
        match encoding.to_ascii_lowercase().as_str() {
            "b" => bytes.extend(base64(text.as_bytes())),
            _ => bytes.extend(quoted_printable(text.replace('_', " ").as_bytes())),
        }
        rest = after;
    }
    out.push_str(&String::from_utf8_lossy(&bytes));
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_message() {
        let part = Part::parse(b"Subject: Hello\r\nTo: a@x.com\r\n\r\nYour code is 123456\r\n");
        assert_eq!(part.header("subject"), Some("Hello"));
        assert_eq!(part.text("text/plain").as_deref(), Some("Your code is 123456\r\n"));
        assert_eq!(part.text("text/html"), None);
    }

    #[test]
    fn folded_headers_and_encoded_words() {
        let raw = "Subject: =?utf-8?b?6aqM6K+B?=\r\n =?utf-8?q?=E7=A0=81_!?=\r\nX-A: b\r\n c\r\n\r\n";
        let part = Part::parse(raw.as_bytes());
        assert_eq!(part.header("subject"), Some("验证码 !"));
        assert_eq!(part.header("x-a"), Some("b c"));
        assert_eq!(decode_words("plain =?broken"), "plain =?broken");
    }

    #[test]
    fn quoted_printable_with_soft_breaks() {
        assert_eq!(quoted_printable("=E7=A0=\r\n=81 a=3Db =zz".as_bytes()), "码 a=b =zz".as_bytes());
    }

    #[test]
    fn multipart_alternative_in_both_encodings() {
        let raw = "Content-Type: multipart/alternative; boundary=\"b1\"\r\n\r\n--b1\r\n\
                   Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
                   Y29kZSAx\r\nMjM0NTY=\r\n--b1\r\n\
                   Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
                   <p class=3D\"a\">123456</p>\r\n--b1--\r\n";
        let part = Part::parse(raw.as_bytes());
        assert_eq!(part.text("text/plain").as_deref(), Some("code 123456"));
        assert_eq!(part.text("text/html").as_deref(), Some("<p class=\"a\">123456</p>\r\n"));
    }

    #[test]
    fn a_multipart_within_a_multipart() {
        let raw = "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/related; boundary=i\n\n\
                   --i\nContent-Type: text/plain\n\ninner\n--i--\n--o--\n";
        assert_eq!(Part::parse(raw.as_bytes()).text("text/plain").as_deref(), Some("inner\n"));
    }
}
