//! What a file is by its bytes: its name and what the client says of it count for nothing.

/// The kinds that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// JPEG.
    Jpeg,
    /// PNG.
    Png,
    /// WebP, which is kept as PNG.
    Webp,
    /// PDF.
    Pdf,
}

/// The formats, as people are told them.
pub const FORMATS: &str = "JPEG/PNG/WebP/PDF";

impl Kind {
    /// The kind that the first bytes tell of.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            [b'%', b'P', b'D', b'F', b'-', ..] => Some(Self::Pdf),
            _ => None,
        }
    }

    /// The media type that it is served as.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png | Self::Webp => "image/png",
            Self::Pdf => "application/pdf",
        }
    }
}

/// Names in a PDF by which it would act when it is opened (ISO 32000-1 §7.5, §12.6).
const ACTIVE: [&[u8]; 9] = [
    b"/JavaScript",
    b"/JS",
    b"/Launch",
    b"/EmbeddedFile",
    b"/RichMedia",
    b"/XFA",
    b"/OpenAction",
    b"/AA",
    b"/SubmitForm",
];

/// Whether a PDF is one from its first byte to its last and does nothing by itself. What lies in compressed streams is
/// not looked into: a PDF is served to be saved, never to be shown in a page.
#[must_use]
pub fn is_quiet_pdf(bytes: &[u8]) -> bool {
    let trimmed = bytes.trim_ascii_end();
    trimmed.ends_with(b"%%EOF") && Kind::of(bytes) == Some(Kind::Pdf) && !acts(bytes)
}

fn acts(bytes: &[u8]) -> bool {
    // A name may be written with `#xx` for any of its letters.
    let plain = unescaped(bytes);
    ACTIVE.iter().any(|name| {
        plain.windows(name.len() + 1).any(|window| {
            window.starts_with(name) && window.last().is_some_and(|next| !next.is_ascii_alphanumeric())
        })
    })
}

fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&first, after)) = rest.split_first() {
        let hex = |digit: &u8| char::from(*digit).to_digit(16);
        let escaped = match after {
            [high, low, ..] if first == b'#' => hex(high).zip(hex(low)).map(|(high, low)| high * 16 + low),
            _ => None,
        };
        match escaped.and_then(|byte| u8::try_from(byte).ok()) {
            Some(byte) => {
                plain.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                plain.push(first);
                rest = after;
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_say_what_it_is() {
        assert_eq!(Kind::of(b"\xff\xd8\xff\xe0rest"), Some(Kind::Jpeg));
        assert_eq!(Kind::of(b"\x89PNG\r\n\x1a\n"), Some(Kind::Png));
        assert_eq!(Kind::of(b"RIFF\0\0\0\0WEBPVP8 "), Some(Kind::Webp));
        assert_eq!(Kind::of(b"%PDF-1.7"), Some(Kind::Pdf));
        for none in [
            &b""[..],
            b"GIF89a",
            b"<svg",
            b"PK\x03\x04",
            b"MZ",
            b" %PDF-1.7",
            b"\xff\xd8",
            b"RIFF\0\0\0\0WAVE",
        ] {
            assert_eq!(Kind::of(none), None);
        }
    }

    #[test]
    fn a_pdf_that_acts_or_goes_on_is_refused() {
        assert!(is_quiet_pdf(b"%PDF-1.4\n1 0 obj <</Type /Catalog>> endobj\n%%EOF\n"));
        assert!(is_quiet_pdf(b"%PDF-1.4\n<</AAA 1 /JSON 2>>\n%%EOF"));
        for bad in [
            &b"%PDF-1.4\n"[..],
            b"%PDF-1.4\n%%EOF\nPK\x05\x06",
            b"%PDF-1.4\n<</OpenAction 2 0 R>>\n%%EOF",
            b"%PDF-1.4\n<</S /JavaScript /JS (x)>>\n%%EOF",
            b"%PDF-1.4\n<</S /J#61vaScript>>\n%%EOF",
            b"%PDF-1.4\n<</S /#4aS (x)>>\n%%EOF",
        ] {
            assert!(!is_quiet_pdf(bad), "{}", String::from_utf8_lossy(bad));
        }
    }
}
