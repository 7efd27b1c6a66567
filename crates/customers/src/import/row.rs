//! What a row of a file must be.

use crate::company::{Company, Group};
use crate::email::Email;
use crate::hashing::{Foreign, Md5Secret, Unfit};
use crate::phone::Phone;
use crate::{common_passwords, countries};

/// The columns that a file may have, each with the most characters of a cell.
pub const COLUMNS: [(&str, usize); 17] = [
    ("number", 20),
    ("email", 50),
    ("phone_area", 8),
    ("phone", 30),
    ("country", 20),
    ("lang", 35),
    ("name", 100),
    ("first_name", 100),
    ("last_name", 100),
    ("address", 500),
    ("postal_code", 20),
    ("login_password", 256),
    ("fund_password", 256),
    ("group", 100),
    ("created_at", 30),
    ("third_server_code", 200),
    ("third_server_source", 200),
];

/// What is known of a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// Nothing, or nothing that can be used: its owner starts by a reset.
    None(Why),
    /// What clients send: it is hashed before it is written.
    Md5(Md5Secret),
    /// A hash over it, taken over as it is.
    Foreign(Box<Foreign>),
}

/// Why a customer starts by a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The file has no password.
    Absent,
    /// One that everybody guesses.
    Common,
    /// A hash that can't be checked by what clients send.
    Uncheckable,
}

/// A row that may be written.
#[derive(Debug, Clone)]
pub struct Row {
    /// The number that the customer has already; a new one for `None`.
    pub number: Option<String>,
    /// The e-mail address.
    pub email: Option<Email>,
    /// The phone number.
    pub phone: Option<Phone>,
    /// The login password.
    pub login: Secret,
    /// The fund password.
    pub fund: Secret,
    /// The group.
    pub group_id: i64,
    pub(super) country: String,
    pub(super) lang: String,
    /// name, first_name, last_name, address, postal_code, third_server_code, third_server_source
    pub(super) words: [String; 7],
    pub(super) created_at: Option<i64>,
}

/// What hashes of a file were made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// The 32 hex digits that clients send.
    Md5,
    /// What people type, which never comes to this server.
    Plain,
}

/// What rows are held against.
#[derive(Debug)]
pub struct Checks<'a> {
    /// The company.
    pub company: &'a Company,
    /// Its groups.
    pub groups: &'a [Group],
    /// What hashes were made over.
    pub over: Over,
}

impl Checks<'_> {
    /// Reads a row; `cell` gives the text of a column, empty where there is none.
    ///
    /// # Errors
    /// Words that say what is wrong with it. They name no cell's content: it is personal.
    pub fn row(&self, cell: impl Fn(&str) -> String) -> std::result::Result<Row, String> {
        for (name, most) in COLUMNS {
            let text = cell(name);
            if text.chars().count() > most {
                return Err(format!("{name}: more than {most} characters"));
            }
            if text.chars().any(char::is_control) {
                return Err(format!("{name}: a control character"));
            }
        }
        let given = |name: &str| Some(cell(name).trim().to_owned()).filter(|text| !text.is_empty());
        let email = match given("email") {
            Some(text) => Some(Email::parse(&text).ok_or("email: no e-mail address")?),
            None => None,
        };
        let phone = match (given("phone_area"), given("phone")) {
            (_, None) => None,
            (None, Some(whole)) => Some(Phone::parse_recipient(&whole)),
            (Some(area), Some(number)) => Some(Phone::parse(&area, &number)),
        };
        let phone = phone.transpose().map_err(|_| "phone: no phone number of that area")?;
        if email.is_none() && phone.is_none() {
            return Err("neither an e-mail address nor a phone number".to_owned());
        }
        let country = given("country").ok_or("country: missing")?;
        let country = countries::parse(&country).ok_or("country: no ISO 3166 country")?.code();
        let settings = &self.company.settings;
        let lang = match given("lang") {
            Some(tag) => settings.language(&tag).ok_or("lang: none of the company's languages")?,
            None => settings.default_language(),
        };
        let words = ["name", "first_name", "last_name", "address", "postal_code"];
        let [name, first_name, last_name, address, postal_code] =
            words.map(|name| cell(name).trim().to_owned());
        let [code, source] =
            ["third_server_code", "third_server_source"].map(|name| cell(name).trim().to_owned());
        let same =
            |login: String| given("fund_password").is_some_and(|fund| fund.eq_ignore_ascii_case(&login));
        if given("login_password").is_some_and(same) {
            return Err("fund_password: the same as the login password".to_owned());
        }
        Ok(Row {
            number: given("number").map(|number| self.number(number)).transpose()?,
            email,
            phone,
            login: self.secret("login_password", given("login_password"), common_passwords::is_common)?,
            fund: self.secret(
                "fund_password",
                given("fund_password"),
                common_passwords::is_common_fund_password,
            )?,
            group_id: self.group(given("group"))?,
            country,
            lang: lang.to_owned(),
            words: [name, first_name, last_name, address, postal_code, code, source],
            created_at: given("created_at").map(|text| instant(&text)).transpose()?,
        })
    }

    /// New numbers must never meet old ones.
    fn number(&self, text: String) -> std::result::Result<String, String> {
        let value: i64 = Some(&text)
            .filter(|text| !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .ok_or("number: no whole number")?;
        let settings = &self.company.settings;
        if (settings.number_first..=settings.number_last).contains(&value) {
            return Err(format!(
                "number: within {} to {}, which the company gives to new customers",
                settings.number_first, settings.number_last
            ));
        }
        Ok(text)
    }

    fn secret(
        &self,
        column: &str,
        text: Option<String>,
        is_common: fn(&[u8; 16]) -> bool,
    ) -> std::result::Result<Secret, String> {
        let Some(text) = text else { return Ok(Secret::None(Why::Absent)) };
        if let Some(secret) = Md5Secret::parse(&text) {
            let common = is_common(secret.as_bytes()) || common_passwords::is_common(secret.as_bytes());
            return Ok(if common { Secret::None(Why::Common) } else { Secret::Md5(secret) });
        }
        match Foreign::parse(&text) {
            Ok(_) if self.over == Over::Plain => Ok(Secret::None(Why::Uncheckable)),
            Ok(foreign) => Ok(Secret::Foreign(Box::new(foreign))),
            Err(Unfit::Unknown) => Ok(Secret::None(Why::Uncheckable)),
            Err(unfit) => Err(format!("{column}: {unfit}")),
        }
    }

    fn group(&self, text: Option<String>) -> std::result::Result<i64, String> {
        let found = match text {
            Some(text) => self.groups.iter().find(|group| group.name == text || group.id.to_string() == text),
            None => self.groups.iter().find(|group| group.is_default),
        };
        found.map(|group| group.id).ok_or_else(|| "group: none of the company's groups".to_owned())
    }
}

/// Milliseconds since 1970, or a day such as 2019-03-31.
fn instant(text: &str) -> std::result::Result<i64, String> {
    let parsed = match text.parse::<i64>() {
        Ok(number) => Some(number).filter(|ms| *ms > 0),
        Err(_) => crate::time::utc_midnight(text),
    };
    parsed
        .filter(|at| *at < 4_102_444_800_000)
        .ok_or_else(|| "created_at: neither milliseconds since 1970 nor a day such as 2019-03-31".to_owned())
}
