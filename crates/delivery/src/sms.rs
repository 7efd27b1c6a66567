//! Text messages: a generic webhook, Twilio and Vonage.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::SendError;
use crate::http::{Answer, HttpClient, basic_auth};
use crate::sms_text;
use crate::url::SettingUrl;

const TWILIO_BASE_URL: &str = "https://api.twilio.com";
const VONAGE_BASE_URL: &str = "https://rest.nexmo.com";

/// One text message.
#[derive(Clone, Copy)]
pub struct Sms<'a> {
    /// The number in international form: `+8613800000000`.
    pub to: &'a str,
    /// The verification code, if the message is about one.
    pub code: Option<&'a str>,
    /// The whole text.
    pub text: &'a str,
    /// BCP 47 tag of the text.
    pub lang: &'a str,
    /// The company's id.
    pub company: i64,
}

/// A way to send text messages. Cloning shares the connections.
#[derive(Clone)]
pub enum SmsDriver {
    /// A webhook of the operator's.
    Generic(Generic),
    /// Twilio's Messages resource.
    Twilio(Twilio),
    /// Vonage's SMS API.
    Vonage(Vonage),
}

/// `POST` of the JSON object `{to, code, text, lang, company}`; any 2xx means delivered.
#[derive(Clone)]
pub struct Generic {
    url: String,
    headers: Vec<(String, SecretString)>,
    http: HttpClient,
}

/// Twilio account and sender.
#[derive(Clone)]
pub struct Twilio {
    account_sid: String,
    auth: (String, SecretString),
    from: String,
    base_url: String,
    http: HttpClient,
}

/// Vonage account and sender.
#[derive(Clone)]
pub struct Vonage {
    api_key: String,
    api_secret: SecretString,
    from: String,
    base_url: String,
    http: HttpClient,
}

impl std::fmt::Debug for SmsDriver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl SmsDriver {
    /// Reads a driver from its setting:
    /// - `http://…` or `https://…`: the generic webhook; user and password in the URL become basic
    ///   authentication;
    /// - `twilio://ACCOUNT_SID:AUTH_TOKEN@FROM`, FROM being a number (`+15551230000`), a sender name
    ///   or a messaging service (`MG…`);
    /// - `vonage://API_KEY:API_SECRET@FROM`.
    ///
    /// The last two take `?base_url=…` for another address of the same API. User, password, sender
    /// and parameters are percent-decoded.
    pub fn from_url(url: &str) -> Result<Self, String> {
        let url = SettingUrl::parse(url)?;
        match url.scheme.as_str() {
            "http" | "https" => Ok(Self::Generic(Generic::new(&url))),
            "twilio" => {
                let (user, password, from) = account(&url)?;
                let (base_url, http) = base(&url, TWILIO_BASE_URL)?;
                if !user.bytes().all(|b| b.is_ascii_alphanumeric()) {
                    return Err("the Twilio account SID holds only letters and digits".to_owned());
                }
                let auth = basic_auth(&user, &password);
                Ok(Self::Twilio(Twilio { account_sid: user, auth, from, base_url, http }))
            }
            "vonage" => {
                let (user, password, from) = account(&url)?;
                let (base_url, http) = base(&url, VONAGE_BASE_URL)?;
                let api_secret = SecretString::from(password);
                Ok(Self::Vonage(Vonage { api_key: user, api_secret, from, base_url, http }))
            }
            _ => Err("an SMS URL begins with http://, https://, twilio:// or vonage://".to_owned()),
        }
    }

    /// Adds a header, such as an `authorization` of the operator's, to the generic webhook's requests.
    pub fn with_header(self, name: &str, value: &str) -> Result<Self, String> {
        let Self::Generic(mut generic) = self else {
            return Err("only the generic SMS webhook takes headers".to_owned());
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(is_name) || !value.bytes().all(|b| (b' '..=b'~').contains(&b))
        {
            return Err("a header needs a plain name and a value of visible ASCII characters".to_owned());
        }
        generic.headers.retain(|(existing, _)| !existing.eq_ignore_ascii_case(name));
        generic.headers.push((name.to_ascii_lowercase(), SecretString::from(value)));
        Ok(Self::Generic(generic))
    }

    /// The driver's name, for logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Generic(_) => "generic",
            Self::Twilio(_) => "twilio",
            Self::Vonage(_) => "vonage",
        }
    }

    /// Hands a message over to the provider.
    pub fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        match self {
            Self::Generic(driver) => driver.send(sms),
            Self::Twilio(driver) => driver.send(sms),
            Self::Vonage(driver) => driver.send(sms),
        }
    }
}

impl Generic {
    fn new(url: &SettingUrl) -> Self {
        let password = url.password.as_deref().unwrap_or_default();
        let headers = url.user.as_deref().map(|user| basic_auth(user, password));
        Self {
            url: url.plain.clone(),
            headers: headers.into_iter().collect(),
            http: HttpClient::new(url.is_loopback()),
        }
    }

    fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let body = serde_json::json!({
            "to": sms.to,
            "code": sms.code,
            "text": sms.text,
            "lang": sms.lang,
            "company": sms.company,
        });
        let answer = self.http.post_json(&self.url, &self.headers, &body)?;
        if answer.is_success() { Ok(()) } else { Err(answer.refusal("")) }
    }
}

/// What Twilio answers: the message, or an error with a number of its own.
#[derive(Deserialize)]
struct TwilioReply {
    sid: Option<String>,
    code: Option<u32>,
    error_code: Option<u32>,
}

impl Twilio {
    fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let url = format!("{}/2010-04-01/Accounts/{}/Messages.json", self.base_url, self.account_sid);
        let sender = if self.is_messaging_service() { "MessagingServiceSid" } else { "From" };
        let form = [("To", sms.to), (sender, self.from.as_str()), ("Body", sms.text)];
        let answer = self.http.post_form(&url, std::slice::from_ref(&self.auth), &form)?;
        let reply: Option<TwilioReply> = answer.json();
        if !answer.is_success() {
            let code = reply.and_then(|reply| reply.code);
            return Err(
                answer.refusal(&code.map(|code| format!(", Twilio error {code}")).unwrap_or_default())
            );
        }
        match reply {
            Some(TwilioReply { error_code: Some(code), .. }) => {
                Err(SendError::Permanent(format!("refused, Twilio error {code}")))
            }
            Some(TwilioReply { sid: Some(_), .. }) => Ok(()),
            _ => Err(unreadable(&answer)),
        }
    }

    fn is_messaging_service(&self) -> bool {
        let digits = self.from.strip_prefix("MG");
        digits.is_some_and(|digits| digits.len() == 32 && digits.bytes().all(|b| b.is_ascii_hexdigit()))
    }
}

#[derive(Deserialize)]
struct VonageReply {
    messages: Vec<VonagePart>,
}

#[derive(Deserialize)]
struct VonagePart {
    status: String,
}

impl Vonage {
    fn send(&self, sms: &Sms<'_>) -> Result<(), SendError> {
        let url = format!("{}/sms/json", self.base_url);
        let mut form = vec![
            ("api_key", self.api_key.as_str()),
            ("api_secret", self.api_secret.expose_secret()),
            ("from", self.from.trim_start_matches('+')),
            ("to", sms.to.trim_start_matches('+')),
            ("text", sms.text),
        ];
        if !sms_text::is_gsm(sms.text) {
            form.push(("type", "unicode"));
        }
        let answer = self.http.post_form(&url, &[], &form)?;
        if !answer.is_success() {
            return Err(answer.refusal(""));
        }
        let reply: VonageReply = answer.json().ok_or_else(|| unreadable(&answer))?;
        if reply.messages.is_empty() {
            return Err(unreadable(&answer));
        }
        // A long text has several parts; one refused part makes the message unreadable.
        let Some(part) = reply.messages.iter().find(|part| part.status != "0") else {
            return Ok(());
        };
        let number: Option<u16> = part.status.parse().ok();
        let reason = number.map_or("refused, unknown Vonage status".to_owned(), |number| {
            format!("refused, Vonage status {number}")
        });
        // 1: too fast; 4: credentials refused; 5: trouble on Vonage's side.
        let temporary = matches!(number, Some(1 | 4 | 5));
        Err(if temporary { SendError::Temporary(reason) } else { SendError::Permanent(reason) })
    }
}

/// Success in the status line, but not what the provider's API answers: some other server.
fn unreadable(answer: &Answer) -> SendError {
    SendError::Temporary(format!("the answer (HTTP status {}) cannot be read", answer.status))
}

fn account(url: &SettingUrl) -> Result<(String, String, String), String> {
    url.only_params(&["base_url"])?;
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let user = filled(&url.user).ok_or("the SMS URL lacks the account")?;
    let password = filled(&url.password).ok_or("the SMS URL lacks the account's secret")?;
    Ok((user, password, crate::url::percent_decode(&url.host)?))
}

fn base(url: &SettingUrl, default: &str) -> Result<(String, HttpClient), String> {
    let base_url = url.param("base_url").unwrap_or(default).trim_end_matches('/').to_owned();
    let parsed = SettingUrl::parse(&base_url)?;
    if !matches!(parsed.scheme.as_str(), "http" | "https")
        || !parsed.query.is_empty()
        || parsed.user.is_some()
    {
        return Err("base_url must be a plain http:// or https:// URL".to_owned());
    }
    Ok((base_url, HttpClient::new(parsed.is_loopback())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_settings_it_cannot_use_without_repeating_them() {
        for url in [
            "hunter2",
            "sms://a:hunter2@b",
            "twilio://hunter2@+1",
            "twilio://AC:@+1",
            "twilio://a/b:hunter2@+1",
            "twilio://A-C:hunter2@+1",
            "twilio://AC:hunter2@+1?base=https://x",
            "twilio://AC:hunter2@+1?base_url=ftp://x",
            "vonage://:hunter2@Acme",
            "vonage://k:hunter2@",
        ] {
            let error = SmsDriver::from_url(url).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn reads_senders_and_hides_secrets() {
        let sid = "MG0123456789abcdef0123456789abcdef";
        let SmsDriver::Twilio(twilio) = SmsDriver::from_url(&format!("twilio://AC1:s%2Ft@{sid}")).unwrap()
        else {
            panic!("not Twilio")
        };
        assert!(twilio.is_messaging_service());
        assert_eq!(twilio.base_url, TWILIO_BASE_URL);
        let driver = SmsDriver::from_url("vonage://key:hunter2@Acme%20Co").unwrap();
        assert_eq!(format!("{driver:?}"), "vonage");
        let SmsDriver::Vonage(vonage) = driver else { panic!("not Vonage") };
        assert_eq!(vonage.from, "Acme Co");
    }

    #[test]
    fn only_the_webhook_takes_headers_and_only_sound_ones() {
        let webhook = || SmsDriver::from_url("https://sms.example/").unwrap();
        assert!(webhook().with_header("X-Key", "abc").is_ok());
        assert!(webhook().with_header("X-Key", "a\r\nb: c").is_err());
        assert!(webhook().with_header("X Key", "a").is_err());
        assert!(SmsDriver::from_url("vonage://k:s@A").unwrap().with_header("a", "b").is_err());
    }
}
