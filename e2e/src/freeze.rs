//! The link in a notice: "this was not me".

use crate::Server;

/// A page that the server shows to people.
#[derive(Debug)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// What it says.
    pub html: String,
}

/// A link that freezes an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreezeLink {
    path: String,
}

impl FreezeLink {
    /// The link in a message.
    #[track_caller]
    pub fn in_text(text: &str) -> Self {
        let at = text.find("/freeze/").unwrap_or_else(|| panic!("no link in {text:?}"));
        let token = text[at + 8..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c));
        let token: String = token.collect();
        assert!(token.len() >= 22, "128 bits need 22 characters: {text:?}");
        Self { path: format!("/freeze/{token}") }
    }

    /// A link that no one was sent.
    pub fn made_up() -> Self {
        Self { path: format!("/freeze/{}", "A".repeat(32)) }
    }

    /// Opens it, as people and mail scanners do.
    #[track_caller]
    pub fn opens(&self, server: &Server) -> Page {
        let url = self.url(server);
        read(agent().get(url).call())
    }

    /// Presses the button on its page.
    #[track_caller]
    pub fn presses(&self, server: &Server) -> Page {
        let url = self.url(server);
        read(agent().post(url).header("content-type", "application/x-www-form-urlencoded").send(""))
    }

    fn url(&self, server: &Server) -> String {
        format!("http://{}{}", server.address(), self.path)
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).proxy(None).build().into()
}

#[track_caller]
fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Page {
    let mut answer = answer.expect("a page");
    let status = answer.status().as_u16();
    let kind = answer.headers().get("content-type").and_then(|value| value.to_str().ok());
    assert!(kind.is_some_and(|kind| kind.starts_with("text/html")), "{kind:?}");
    Page { status, html: answer.body_mut().read_to_string().expect("text") }
}

#[cfg(test)]
mod tests {
    use super::FreezeLink;

    #[test]
    fn a_link_is_found_in_its_sentence() {
        let token = "a-B_".repeat(8);
        let text = format!("Not you? (http://h:1/freeze/{token}). Bye");
        assert_eq!(FreezeLink::in_text(&text).path, format!("/freeze/{token}"));
    }
}
