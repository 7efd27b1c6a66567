//! What the company's customers read: its own words, and how a message looks with them.

use crate::context::Context;
use crate::error::{Gate, Result};
use crate::fields::Text;
use crate::office::Staff;
use crate::operation::{Class, Operation, Prefix};
use crate::proposals::{self, Action, Desk, Submitted};
use crate::{reply, request};
use custos_customers::company::Company;
use custos_customers::operator::{self, OwnText};
use custos_customers::staff::{Permission, may};
use custos_delivery::Channel;
use custos_delivery::templates::{self, Template};
use custos_delivery::texts::Texts;
use custos_store::Tx;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

const TOPIC: &str = "Texts";

reply! {
    /// A text of a message.
    pub struct TextView {
        /// Which.
        key: String = "key",
        /// The company's own pattern; empty for the product's.
        pattern: String = "pattern",
    }
}

request! {
    /// Lists the texts of messages in a language, with the company's own patterns.
    pub struct ListTexts {
        /// The language, such as `en-US`.
        lang: Text<20> = "lang",
    }
}

impl Operation for ListTexts {
    const NAME: &'static str = "custos.admin.TextService.list";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::SetCompany>;
    type Reply = Vec<TextView>;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<Vec<TextView>> {
        let company_id = cx.company.id;
        let company = cx.read(move |tx| Ok(operator::company(tx, company_id)?)).await?;
        let lang = language(&company, &self.lang)?;
        // A language that the product has no texts of is written in the company's own words, key by key.
        let builtin = Texts::builtin();
        let view = |key: &str| TextView { key: key.to_owned(), pattern: own(&company, &lang, key) };
        Ok(builtin.keys("en-US").into_iter().filter(|key| key.starts_with("message-")).map(view).collect())
    }
}

/// One of the company's languages, as it spells it.
fn language(company: &Company, lang: &str) -> Result<String> {
    company.settings.language(lang).map(str::to_owned).ok_or_else(|| Gate::BadField.field("lang"))
}

/// The company's own pattern of a text; empty for none.
fn own(company: &Company, lang: &str, key: &str) -> String {
    let mut all = company.texts.iter();
    let found = all.find(|(of, named, _)| of == lang && named == key);
    found.map_or_else(String::new, |(_, _, pattern)| pattern.clone())
}

/// Another text, as it is proposed: what customers are told, perhaps with a link, is worth four eyes.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SetText {
    lang: String,
    key: String,
    /// Empty for the product's again.
    pattern: String,
    /// What it was when it was proposed.
    before: String,
}

impl Action for SetText {
    const NAME: &'static str = "texts.set";
    const CHECK: Permission = Permission::SetCompany;

    fn check(&self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<()> {
        let company = operator::company(tx, desk.cx.company.id)?;
        language(&company, &self.lang)?;
        if own(&company, &self.lang, &self.key) != self.before {
            return Err(Gate::CannotBe.field("the text has changed since"));
        }
        let builtin = Texts::builtin();
        if !self.key.starts_with("message-") || !builtin.keys("en-US").contains(&self.key.as_str()) {
            return Err(Gate::BadField.field("key"));
        }
        if self.pattern.is_empty() {
            return Ok(());
        }
        builtin.check_override(&self.key, &self.pattern).map_err(|words| Gate::CannotBe.field(&words))
    }

    fn carry_out(self, tx: &mut Tx<'_>, desk: Desk<'_>) -> Result<Value> {
        self.check(tx, desk)?;
        let pattern = (!self.pattern.is_empty()).then(|| self.pattern.clone());
        let text = OwnText { lang: self.lang.clone(), key: self.key.clone(), pattern };
        let actor = desk.officer.actor();
        operator::change_company(tx, desk.cx.company.id, &[text], &actor, |_| Ok(()))?;
        Ok(json!({}))
    }
}

request! {
    /// Sets a text of messages in the company's own words, or the product's again. Takes two.
    pub struct SetOwnText {
        /// The language, such as `en-US`.
        lang: Text<20> = "lang",
        /// Which text, as `list` names it.
        key: Text<100> = "key",
        /// The pattern, with `\n` between lines as two characters; without it the product's.
        pattern: Option<Text<5000>> = "pattern",
        /// Why.
        reason: Text<500> = "reason",
    }
}

/// Control characters are no part of a field, so lines are told apart as the command line does.
fn lines(pattern: Option<Text<5000>>) -> String {
    pattern.map_or_else(String::new, |pattern| pattern.0.replace("\\n", "\n"))
}

impl Operation for SetOwnText {
    const NAME: &'static str = "custos.admin.TextService.set";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Write;
    type Caller = Staff<may::SetCompany>;
    type Reply = Submitted;

    async fn run(self, caller: Self::Caller, cx: Context) -> Result<Submitted> {
        let (at, pattern) = (cx.clone(), lines(self.pattern));
        cx.write(move |tx| {
            let company = operator::company(tx, at.company.id)?;
            let lang = language(&company, &self.lang)?;
            let before = own(&company, &lang, &self.key);
            let action = SetText { lang, key: self.key.0.clone(), pattern: pattern.clone(), before };
            proposals::submit(tx, Desk { cx: &at, officer: &caller }, action, &self.reason)
        })
        .await
    }
}

reply! {
    /// How a message would look.
    pub struct PreviewView {
        /// Of an e-mail.
        subject: String = "subject",
        /// The text.
        text: String = "text",
        /// Of an e-mail.
        html: String = "html",
    }
}

request! {
    /// Shows how a message would look, with the company's texts or with one that is not set yet. Values are made up.
    pub struct PreviewText {
        /// Which message, such as `new-device`.
        template: Text<40> = "template",
        /// `email` or `sms`.
        channel: Text<10> = "channel",
        /// The language, such as `en-US`.
        lang: Text<20> = "lang",
        /// A text to try, as `list` names it.
        key: Option<Text<100>> = "key",
        /// Its pattern.
        pattern: Option<Text<5000>> = "pattern",
    }
}

impl Operation for PreviewText {
    const NAME: &'static str = "custos.admin.TextService.preview";
    const PREFIX: Prefix = Prefix::Office;
    const TOPIC: &'static str = TOPIC;
    const CLASS: Class = Class::Read;
    type Caller = Staff<may::SetCompany>;
    type Reply = PreviewView;

    async fn run(self, _: Self::Caller, cx: Context) -> Result<PreviewView> {
        let template = Template::parse(&self.template).ok_or_else(|| Gate::BadField.field("template"))?;
        let channel = match self.channel.0.as_str() {
            "email" => Channel::Email,
            "sms" => Channel::Sms,
            _ => return Err(Gate::BadField.field("channel")),
        };
        let company_id = cx.company.id;
        let company = cx.read(move |tx| Ok(operator::company(tx, company_id)?)).await?;
        let lang = language(&company, &self.lang)?;
        let mut all = company.texts.clone();
        if let Some(key) = self.key {
            let pattern = lines(self.pattern);
            Texts::builtin().check_override(&key, &pattern).map_err(|words| Gate::CannotBe.field(&words))?;
            all.retain(|(of, named, _)| !(*of == lang && *named == key.0));
            all.push((lang.clone(), key.0, pattern));
        }
        let own = all.iter().map(|(lang, key, pattern)| (lang.as_str(), key.as_str(), pattern.as_str()));
        let texts = Texts::builtin().with_overrides(own);
        let vars: Vec<(&str, &str)> =
            template.variables().iter().map(|name| (*name, example(name))).collect();
        let shown = templates::render(&texts, template, channel, &lang, &company.name, &vars);
        Ok(PreviewView {
            subject: shown.subject.unwrap_or_default(),
            text: shown.text,
            html: shown.html.unwrap_or_default(),
        })
    }
}

/// A made-up value of a variable.
fn example(name: &str) -> &'static str {
    match name {
        "code" => "123456",
        "minutes" | "days" | "count" | "hours" => "10",
        "purpose" => "login",
        "what" => "email",
        "time" => "2026-01-01 00:00 UTC",
        "device" => "Chrome",
        "country" => "DE",
        "address" => "a***@example.com",
        "ip" => "192.0.2.1",
        "link" => "https://example.com/freeze/example",
        _ => "example",
    }
}
