//! What a client says of itself, made fit for a message.

/// Browsers by the mark that tells them, the more particular first: most name others beside themselves.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
/// Systems likewise.
const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// The browser and system of a `User-Agent`, such as `Chrome, Windows`; `-` when neither is known. Nothing of the text
/// itself gets into a message: whoever signs in writes it, and the company's own mail would carry their words.
#[must_use]
pub fn describe(agent: &str) -> String {
    let named = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (named(&BROWSERS), named(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser}, {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::describe;

    #[test]
    fn browsers_and_systems_are_told_and_nothing_else() {
        let chrome =
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36";
        assert_eq!(describe(chrome), "Chrome, Windows");
        assert_eq!(describe(&format!("{chrome} Edg/140.0")), "Edge, Windows");
        assert_eq!(
            describe("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Version/18.0 Safari/604.1"),
            "Safari, iPhone"
        );
        assert_eq!(describe("okhttp/4.12 (Android 15)"), "Android");
        assert_eq!(describe("verify at https://evil.example/x or lose your funds"), "-");
        assert_eq!(describe(""), "-");
    }
}
