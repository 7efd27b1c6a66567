//! What is said of NATS in the configuration, looked at before anything is done with it.

use async_nats::{ConnectOptions, ServerAddr};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use std::path::PathBuf;

/// Where events are pushed to. `Debug` shows no secret.
#[derive(Clone)]
pub struct Settings {
    /// The servers, by commas: all `nats://HOST:PORT`, or all `tls://HOST:PORT`.
    pub url: String,
    /// The file with the credentials, read anew for each connection; empty for none.
    pub credentials_file: PathBuf,
    /// The credentials themselves; empty for none.
    pub credentials: SecretString,
    /// The certificates, PEM, that the servers' are signed with; those of the system when empty.
    pub ca_file: PathBuf,
    /// The stream.
    pub stream: String,
    /// What subjects begin with.
    pub subject_prefix: String,
    /// Whether the stream is made when it is missing.
    pub creates_stream: bool,
}

impl fmt::Debug for Settings {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Settings(stream {})", self.stream)
    }
}

impl Settings {
    /// The servers' addresses, and whether TLS is meant. No error repeats an address: there may be a password in it.
    pub(crate) fn servers(&self) -> Result<(Vec<ServerAddr>, bool), String> {
        const FORM: &str = "nats_url is nats://HOST:PORT or tls://HOST:PORT, several by commas";
        let mut servers = Vec::new();
        let (mut plain, mut tls) = (false, false);
        for url in self.url.split(',').map(str::trim) {
            let Some((scheme, rest)) = url.split_once("://") else { return Err(FORM.to_owned()) };
            match scheme {
                "nats" => plain = true,
                "tls" => tls = true,
                _ => return Err(FORM.to_owned()),
            }
            if rest.contains('@') {
                return Err(
                    "nats_url holds no user and no password: nats_credentials_file does, or the variable \
                     CUSTOS_NATS_CREDENTIALS"
                        .to_owned(),
                );
            }
            if rest.is_empty() || rest.contains(['/', '?', '#']) {
                return Err(FORM.to_owned());
            }
            servers.push(url.parse::<ServerAddr>().map_err(|_| FORM.to_owned())?);
        }
        if plain && tls {
            return Err("nats_url: either all servers are tls:// or none is".to_owned());
        }
        Ok((servers, tls))
    }

    /// Says what is wrong with the names and the credentials' place.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_word = |word: &str| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
        };
        if self.stream.len() > 100 || !is_word(&self.stream) {
            return Err("nats_stream is made of letters, digits, _ and -".to_owned());
        }
        if self.subject_prefix.len() > 100 || !self.subject_prefix.split('.').all(is_word) {
            return Err(
                "nats_subject_prefix is words of letters, digits, _ and -, with dots between".to_owned()
            );
        }
        if !self.credentials_file.as_os_str().is_empty() && !self.credentials.expose_secret().is_empty() {
            return Err("nats_credentials_file and nats_credentials: only one of the two".to_owned());
        }
        Ok(())
    }

    /// The credentials as they are now. What is wrong is told without them.
    fn secret(&self) -> Result<SecretString, String> {
        if self.credentials_file.as_os_str().is_empty() {
            return Ok(self.credentials.clone());
        }
        let text = std::fs::read_to_string(&self.credentials_file)
            .map_err(|error| format!("nats_credentials_file can't be read: {}", error.kind()))?;
        if text.trim().is_empty() {
            return Err("nats_credentials_file is empty".to_owned());
        }
        Ok(SecretString::from(text))
    }

    /// The options with the credentials of now: a `.creds` file of NATS (JWT and seed), a seed of a user's NKey
    /// (`SU…`), `USER:PASSWORD`, or a token.
    pub(crate) fn options(&self) -> Result<ConnectOptions, String> {
        let secret = self.secret()?;
        let text = secret.expose_secret().trim();
        let options = ConnectOptions::new();
        if text.is_empty() {
            return Ok(options);
        }
        if text.contains("-----BEGIN") {
            return options
                .credentials(text)
                .map_err(|_| "the credentials are no .creds file: a JWT and a seed".to_owned());
        }
        if text.contains(char::is_control) {
            return Err("the credentials are a .creds file, or one line".to_owned());
        }
        if text.len() == 58 && text.starts_with("SU") {
            return Ok(options.nkey(text.to_owned()));
        }
        Ok(match text.split_once(':') {
            Some((user, password)) => options.user_and_password(user.to_owned(), password.to_owned()),
            None => options.token(text.to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> Settings {
        Settings {
            url: url.to_owned(),
            credentials_file: PathBuf::new(),
            credentials: SecretString::default(),
            ca_file: PathBuf::new(),
            stream: "EVENTS".to_owned(),
            subject_prefix: "custos.events".to_owned(),
            creates_stream: false,
        }
    }

    #[test]
    fn addresses_are_looked_at_and_no_password_is_repeated() {
        let (servers, tls) = settings("nats://a:4222, nats://[::1]:4223").servers().unwrap();
        assert_eq!((servers.len(), tls), (2, false));
        assert!(settings("tls://a,tls://b:1").servers().unwrap().1);
        for bad in [
            "",
            "a:4222",
            "http://a",
            "nats://",
            "nats://a,",
            "nats://a:4222,tls://b",
            "nats://user:hunter2@a",
            "nats://hunter2@a",
            "nats://a/hunter2",
            "nats://a:hunter2",
            "wss://a",
        ] {
            let told = settings(bad).servers().unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn names_that_mean_more_than_themselves_are_refused() {
        assert_eq!(settings("nats://a").check(), Ok(()));
        for bad in ["", "a.b", "a b", "a*", ">", "a\r\nPUB x"] {
            assert!(Settings { stream: bad.to_owned(), ..settings("nats://a") }.check().is_err(), "{bad}");
        }
        for bad in ["", ".", "a..b", "a.*", "a.>", "$JS.API", "a b", "a.b\r\nPUB x"] {
            let bad = Settings { subject_prefix: bad.to_owned(), ..settings("nats://a") };
            assert!(bad.check().is_err(), "{}", bad.subject_prefix);
        }
    }

    #[test]
    fn what_is_wrong_with_credentials_is_told_without_them() {
        let with = |text: &str| Settings { credentials: text.into(), ..settings("nats://a") };
        for good in
            ["", "user:pass:word", "token\n", "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY"]
        {
            assert!(with(good).options().is_ok());
        }
        for bad in ["two\nlines hunter2", "-----BEGIN NATS USER JWT-----\nhunter2\n"] {
            let told = with(bad).options().unwrap_err();
            assert!(!told.contains("hunter2"), "{told}");
        }
        let missing =
            Settings { credentials_file: PathBuf::from("/nowhere/hunter2"), ..settings("nats://a") };
        assert!(missing.options().unwrap_err().contains("can't be read"));
        assert!(Settings { credentials: "a:b".into(), ..missing }.check().is_err());
        assert!(!format!("{:?}", with("user:hunter2")).contains("hunter2"));
    }
}
