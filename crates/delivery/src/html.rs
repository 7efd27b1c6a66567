//! The one HTML layout of all e-mails, made from their plain text. It needs nothing remote and no
//! style sheet, and every value is escaped.

const BODY: &str = "margin:0;padding:24px 12px;background:#f3f4f6;color:#1f2937;\
     font:16px/1.6 -apple-system,'Segoe UI',Roboto,'PingFang SC','Microsoft YaHei',sans-serif";
const CARD: &str = "max-width:520px;margin:0 auto;background:#ffffff;border:1px solid #e5e7eb;\
     border-radius:8px;padding:28px 32px";
const BRAND: &str = "margin:0 0 20px;font-size:18px;font-weight:600;color:#111827";
const PARAGRAPH: &str = "margin:0 0 16px";
const CODE: &str = "margin:0 0 16px;padding:12px 0;background:#f3f4f6;border-radius:6px;text-align:center;\
     font:600 28px/1.4 Menlo,Consolas,monospace;letter-spacing:6px;color:#111827";
const LINK: &str = "margin:0 0 16px;word-break:break-all";

/// What stands out in the text when it is a paragraph of its own.
#[derive(Clone, Copy, Default)]
pub(crate) struct Highlights<'a> {
    /// Shown large.
    pub(crate) code: Option<&'a str>,
    /// Made clickable; nothing else is.
    pub(crate) link: Option<&'a str>,
}

/// The page for `text`: a blank line ends a paragraph, other line breaks are kept.
pub(crate) fn page(lang: &str, company: &str, title: &str, text: &str, highlights: Highlights<'_>) -> String {
    let paragraphs: String = text.split("\n\n").map(|part| paragraph(part.trim(), highlights)).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n</head>\n\
         <body style=\"{BODY}\">\n<div style=\"{CARD}\">\n<p style=\"{BRAND}\">{company}</p>\n\
         {paragraphs}</div>\n</body>\n</html>\n",
        lang = escape(lang),
        title = escape(title),
        company = escape(company),
    )
}

fn paragraph(text: &str, highlights: Highlights<'_>) -> String {
    if text.is_empty() {
        return String::new();
    }
    let shown = escape(text).replace('\n', "<br>\n");
    if highlights.code == Some(text) {
        return format!("<p style=\"{CODE}\">{shown}</p>\n");
    }
    let is_web = text.starts_with("https://") || text.starts_with("http://");
    if highlights.link == Some(text) && is_web {
        return format!("<p style=\"{LINK}\"><a href=\"{shown}\" rel=\"noreferrer\">{shown}</a></p>\n");
    }
    format!("<p style=\"{PARAGRAPH}\">{shown}</p>\n")
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_everything() {
        let hostile = "\"><script>alert('x')</script>&";
        let page = page(hostile, hostile, hostile, hostile, Highlights::default());
        assert!(!page.contains("<script"));
        assert!(!page.contains("alert('"));
        assert_eq!(page.matches("&lt;script&gt;").count(), 4);
    }

    #[test]
    fn only_the_given_web_link_is_clickable() {
        let text = "see\n\nhttps://a.example/?x=1&y=2\n\nhttps://evil.example/\n\njavascript:alert(1)";
        let link = |link| Highlights { link: Some(link), code: None };
        let good = page("en", "A", "T", text, link("https://a.example/?x=1&y=2"));
        assert_eq!(good.matches("<a href").count(), 1);
        assert!(good.contains("<a href=\"https://a.example/?x=1&amp;y=2\""));
        let bad = page("en", "A", "T", text, link("javascript:alert(1)"));
        assert_eq!(bad.matches("<a href").count(), 0);
    }

    #[test]
    fn keeps_lines_and_needs_nothing_remote() {
        let page =
            page("en", "A", "T", "one\ntwo\n\n123456", Highlights { code: Some("123456"), link: None });
        assert!(page.contains("one<br>\ntwo</p>"));
        assert!(page.contains("letter-spacing:6px;color:#111827\">123456</p>"));
        for remote in ["http", "src=", "url(", "@import"] {
            assert!(!page.contains(remote), "{remote}");
        }
    }
}
