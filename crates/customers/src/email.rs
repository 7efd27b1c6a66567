//! E-mail addresses, in the one spelling that is stored and compared.

use std::fmt;

use email_address::{EmailAddress, Options};

/// The longest address that is accepted, in characters.
const MAX_LENGTH: usize = 50;

/// A valid e-mail address: trimmed, lower case, ASCII, at most 50 characters.
///
/// `Debug` prints the masked form, so that an address does not reach the logs by way of a structure around it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

impl Email {
    /// Reads an address of the form that RFC 5321 gives a mailbox, less what no person's address uses and mail
    /// systems disagree about: quoted names, address literals, domains of one label, letters beyond ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        // The syntax check is spared texts that are too long or contain what is refused anyhow. Spaces and angle
        // brackets would be taken for a display name.
        if text.len() > MAX_LENGTH || !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('"')
        {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let options =
            Options { minimum_sub_domains: 2, allow_domain_literal: false, allow_display_text: false };
        EmailAddress::parse_with_options(&text, options).ok()?;
        let (_, domain) = text.rsplit_once('@')?;
        is_host_name(domain).then_some(Self(text))
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address for others' eyes and for logs, such as `a***z@x.com`. The last letter is shown only where
    /// something is left to hide.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or_default();
        let mut letters = local.chars();
        let first = letters.next().unwrap_or('*');
        match letters.next_back() {
            Some(last) if letters.next().is_some() => format!("{first}***{last}@{domain}"),
            _ => format!("{first}***@{domain}"),
        }
    }
}

/// Whether the domain is a host name: the syntax of addresses alone would allow `a@b!c.d` and `a@10.0.0.1`.
fn is_host_name(domain: &str) -> bool {
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
        && top.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl fmt::Display for Email {
    /// The whole address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    #[test]
    fn addresses_are_brought_to_one_spelling() {
        assert_eq!(email(" Alice.B+Tag@Example.COM\t").as_str(), "alice.b+tag@example.com");
        assert_eq!(email("o'neil_9@mail.x-y.co.uk").to_string(), "o'neil_9@mail.x-y.co.uk");
        assert_eq!(email("a@xn--fiqs8s.xn--fiqs8s").as_str(), "a@xn--fiqs8s.xn--fiqs8s");
    }

    #[test]
    fn other_texts_are_refused() {
        let refused = [
            "",
            "alice",
            "@x.com",
            "alice@",
            "alice@localhost",
            "alice@x..com",
            "alice@.com",
            "alice@x.com.",
            "alice@-x.com",
            ".alice@x.com",
            "al..ice@x.com",
            "alice.@x.com",
            "al ice@x.com",
            "alice@x.com\r\nbcc: bob@x.com",
            "alice@x.com\0",
            "alice@x.com,bob@x.com",
            "alice@bob@x.com",
            "\"alice\"@x.com",
            "alice@[10.0.0.1]",
            "alice@10.0.0.1",
            "alice@x!y.com",
            "alice@x_y.com",
            "Alice <alice@x.com>",
            "<alice@x.com>",
            "mailto:alice@x.com",
            "älice@x.com",
            "alice@bücher.example",
            "ＡＬＩＣＥ@x.com",
        ];
        for text in refused {
            assert_eq!(Email::parse(text), None, "{text}");
        }
    }

    #[test]
    fn fifty_characters_are_the_limit() {
        let longest = format!("{}@example.com", "a".repeat(38));
        assert_eq!(email(&longest).as_str().len(), 50);
        assert_eq!(Email::parse(&format!("a{longest}")), None);
        assert_eq!(email(&format!("  {longest}  ")).as_str(), longest);
    }

    #[test]
    fn masks_hide_the_name() {
        assert_eq!(email("alcaraz@x.com").masked(), "a***z@x.com");
        assert_eq!(email("abc@x.com").masked(), "a***c@x.com");
        assert_eq!(email("ab@x.com").masked(), "a***@x.com");
        assert_eq!(email("a@x.com").masked(), "a***@x.com");
        assert_eq!(format!("{:?}", Some(email("alcaraz@x.com"))), "Some(Email(a***z@x.com))");
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in any::<String>()) {
            let _ = Email::parse(&text);
        }

        #[test]
        fn parsing_again_changes_nothing(text in "[ -~]{0,12}@[!-~]{1,8}\\.[a-zA-Z0-9-]{1,5} ?") {
            if let Some(email) = Email::parse(&text) {
                prop_assert_eq!(Email::parse(email.as_str()), Some(email.clone()));
                prop_assert!(email.as_str().len() <= MAX_LENGTH);
                prop_assert!(email.masked().contains("***"));
                prop_assert!(!email.as_str().bytes().any(|byte| byte.is_ascii_uppercase() || byte <= b' '));
            }
        }
    }
}
