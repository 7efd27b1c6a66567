//! Just enough of URLs for the settings of drivers. Errors never repeat the URL: it holds secrets.

/// The parts of `scheme://user:password@host:port/path?key=value`. User, password and query are
/// percent-decoded, the host is kept as written.
pub(crate) struct SettingUrl {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) host: String,
    pub(crate) port: Option<u16>,
    pub(crate) query: Vec<(String, String)>,
    /// The same URL without user and password.
    pub(crate) plain: String,
}

impl SettingUrl {
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        if url.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("the URL holds a space or a control character".to_owned());
        }
        let (scheme, rest) =
            url.split_once("://").ok_or("the URL does not begin with a scheme like smtp://")?;
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).ok_or("the URL cannot be read")?;
        let (credentials, place) = match authority.rsplit_once('@') {
            Some((credentials, place)) => (Some(credentials), place),
            None => (None, authority),
        };
        let (host, port) = split_port(place)?;
        if host.is_empty() {
            return Err("the URL has no host".to_owned());
        }
        let (user, password) =
            match credentials.map(|text| text.split_once(':').map_or((text, None), |(u, p)| (u, Some(p)))) {
                Some((user, password)) => {
                    (Some(percent_decode(user)?), password.map(percent_decode).transpose()?)
                }
                None => (None, None),
            };
        let query = tail.split_once('?').map_or("", |(_, query)| query);
        let query = query.split_once('#').map_or(query, |(query, _)| query);
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((percent_decode(key)?, percent_decode(value)?))
        });
        Ok(Self {
            scheme: scheme.to_ascii_lowercase(),
            user,
            password,
            host: host.to_owned(),
            port,
            query: query.collect::<Result<_, String>>()?,
            plain: format!("{scheme}://{place}{tail}"),
        })
    }

    /// The value of a query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Refuses parameters that are not among `known`: a misspelt setting must not pass in silence.
    pub(crate) fn only_params(&self, known: &[&str]) -> Result<(), String> {
        match self.query.iter().find(|(key, _)| !known.contains(&key.as_str())) {
            Some(_) => Err(format!("unknown parameter in the URL; known are: {}", known.join(", "))),
            None => Ok(()),
        }
    }

    pub(crate) fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare.eq_ignore_ascii_case("localhost")
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

fn split_port(place: &str) -> Result<(&str, Option<u16>), String> {
    let after_host = place.rfind(']').map_or(0, |at| at + 1);
    match place.get(after_host..).and_then(|rest| rest.rfind(':')).map(|at| after_host + at) {
        Some(colon) => {
            let port = place.get(colon + 1..).unwrap_or_default();
            let port = port.parse().map_err(|_| "the port in the URL is not a number".to_owned())?;
            Ok((place.get(..colon).unwrap_or_default(), Some(port)))
        }
        None => Ok((place, None)),
    }
}

/// Decodes `%XX`; a plus sign stays a plus sign.
pub(crate) fn percent_decode(text: &str) -> Result<String, String> {
    let broken = || "a percent sign in the URL must be followed by two hex digits".to_owned();
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next().ok_or_else(broken)?, rest.next().ok_or_else(broken)?];
        let decoded = data_encoding::HEXLOWER_PERMISSIVE.decode(&digits).map_err(|_| broken())?;
        bytes.extend(decoded);
    }
    String::from_utf8(bytes).map_err(|_| "the URL is not UTF-8 once decoded".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_part() {
        let url =
            SettingUrl::parse("SMTP://us%40er:p%3Aw%2F@[::1]:2525/x?tls=none&from=a%20b%3Cc@d%3E#f").unwrap();
        assert_eq!(url.scheme, "smtp");
        assert_eq!(url.user.as_deref(), Some("us@er"));
        assert_eq!(url.password.as_deref(), Some("p:w/"));
        assert_eq!((url.host.as_str(), url.port), ("[::1]", Some(2525)));
        assert!(url.is_loopback());
        assert_eq!(url.param("from"), Some("a b<c@d>"));
        assert_eq!(url.plain, "SMTP://[::1]:2525/x?tls=none&from=a%20b%3Cc@d%3E#f");
        assert!(url.only_params(&["tls", "from"]).is_ok());
        assert!(url.only_params(&["tls"]).is_err());
    }

    #[test]
    fn reads_urls_with_little_in_them() {
        let url = SettingUrl::parse("twilio://AC1:tok@+15550001").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("+15550001", None));
        let url = SettingUrl::parse("http://10.0.0.1").unwrap();
        assert!(url.user.is_none() && url.password.is_none() && !url.is_loopback());
        let url = SettingUrl::parse("http://key@host?a").unwrap();
        assert_eq!((url.user.as_deref(), url.password, url.query.len()), (Some("key"), None, 1));
    }

    #[test]
    fn errors_do_not_repeat_the_url() {
        for bad in [
            "hunter2",
            "smtp://u:hunter2@",
            "smtp://u:hunter2@h:x",
            "smtp://u:hunter2%@h",
            "smtp://u:hunter2%zz@h",
            "smtp://u: hunter2@h",
            "smtp://u:hunter2%ff@h",
        ] {
            let error = SettingUrl::parse(bad).err().unwrap();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
