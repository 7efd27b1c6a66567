use std::collections::BTreeSet;

use super::*;
use crate::texts::LANGUAGES;

const LINK: &str = "https://accounts.example.com/freeze/Zk3v9QbT1mXw7rLs5yHc8dNf2pGj4aKe";

const VARS: [(&str, &str); 10] = [
    ("code", "012345"),
    ("minutes", "10"),
    ("purpose", "password"),
    ("time", "2026-11-24T08:15:00Z"),
    ("device", "Firefox on Windows"),
    ("country", "HK"),
    ("address", "a***z@x.com"),
    ("ip", "2001:db8::/64"),
    ("what", "mfa-off"),
    ("link", LINK),
];

fn rendered(template: Template, channel: Channel, lang: &str, company: &str) -> Rendered {
    let mut vars = VARS.to_vec();
    vars.push(("count", "3"));
    render(&Texts::builtin(), template, channel, lang, company, &vars)
}

#[test]
fn every_message_is_whole_in_every_language_and_channel() {
    for lang in LANGUAGES {
        for template in Template::ALL {
            for channel in Channel::ALL {
                let message = rendered(template, channel, lang, "Acme");
                let about = format!("{lang} {template:?} {channel:?}: {message:?}");
                assert!(message.text.contains("Acme"), "{about}");
                assert!(!message.text.contains(['{', '}']), "{about}");
                let email = channel == Channel::Email;
                assert_eq!(message.subject.is_some(), email, "{about}");
                assert_eq!(message.html.is_some(), email, "{about}");
                if let Some(subject) = message.subject {
                    assert!(subject.contains("Acme") && !subject.contains(['{', '\n']), "{about}");
                }
            }
        }
    }
}

#[test]
fn the_texts_and_the_code_name_the_same_things() {
    let texts = Texts::builtin();
    let mut expected = BTreeSet::new();
    expected.extend(Purpose::ALL.map(|purpose| format!("purpose-{}", purpose.as_str())));
    expected.extend(Change::ALL.map(|change| format!("change-{}", change.as_str())));
    for template in Template::ALL {
        for part in ["email-subject", "email-text", "sms"] {
            expected.insert(format!("message-{}-{part}", template.as_str()));
        }
        if template.variables().contains(&"link") {
            expected.insert(format!("message-{}-app", template.as_str()));
        }
    }
    for lang in LANGUAGES {
        let keys = texts.keys(lang).into_iter().filter(|key| !key.starts_with("error-"));
        assert_eq!(keys.map(str::to_owned).collect::<BTreeSet<_>>(), expected, "{lang}");
    }
}

#[test]
fn names_are_read_back() {
    for template in Template::ALL {
        assert_eq!(Template::parse(template.as_str()), Some(template));
    }
    for channel in Channel::ALL {
        assert_eq!(Channel::parse(channel.as_str()), Some(channel));
    }
    assert_eq!(Template::parse("other"), None);
}

#[test]
fn code_messages_fit_one_part_of_an_sms() {
    let texts = Texts::builtin();
    let code = |lang: &str, company: &str, purpose: Purpose| {
        let vars = [("code", "012345"), ("minutes", "10"), ("purpose", purpose.as_str())];
        render(&texts, Template::Code, Channel::Sms, lang, company, &vars).text
    };
    for purpose in Purpose::ALL {
        for (lang, company) in [
            ("en-US", "Acme Financial Services Holdings International Limited (Hong Kong and Macao) Company"),
            ("zh-CN", "环球数字资产交易与财富管理服务有限公司（香港）"),
            ("zh-CN", "Acme Financial Services Holdings International Limited"),
            ("zh-HK", "環球數碼資產交易與財富管理服務有限公司（香港）"),
        ] {
            let text = code(lang, company, purpose);
            assert_eq!(sms_text::parts(&text), 1, "{} {text}", sms_text::length(&text));
            assert!(text.starts_with("012345 "), "{text}");
            assert!(!text.contains('\n'), "{text}");
            assert_eq!(sms_text::is_gsm(&text), lang == "en-US", "{text}");
        }
    }
    assert!(code("en-US", "Acme Financial Services", Purpose::Login).contains("Acme Financial Services"));
}

#[test]
fn notices_by_sms_are_short_and_a_link_stands_alone_on_the_last_line() {
    for lang in LANGUAGES {
        for template in Template::ALL {
            let text = rendered(template, Channel::Sms, lang, "Acme").text;
            let most = if template == Template::CredentialChanged { 2 } else { 1 };
            assert!(sms_text::parts(&text) <= most, "{lang} {} {text}", sms_text::length(&text));
        }
        let text = rendered(Template::CredentialChanged, Channel::Sms, lang, "Acme").text;
        assert_eq!(text.lines().last(), Some(LINK));
    }
}

#[test]
fn purposes_and_changes_are_put_into_words() {
    assert!(rendered(Template::Code, Channel::Sms, "en-US", "A").text.contains("reset your password"));
    assert!(
        rendered(Template::CredentialChanged, Channel::Telegram, "zh-CN", "A").text.contains("关闭两步验证")
    );
    let missing =
        render(&Texts::builtin(), Template::NewDevice, Channel::Sms, "en-US", "A", &[("country", "")]);
    assert!(missing.text.contains("sign-in at -, country -."), "{}", missing.text);
}

#[test]
fn html_escapes_values_and_shows_code_and_link() {
    let hostile = "<img src=x onerror=alert(1)>\r\nBcc: a@b.c\u{202E}";
    let vars = [("device", hostile), ("country", "<b>"), ("ip", "\"'&")];
    let message = render(&Texts::builtin(), Template::NewDevice, Channel::Email, "en-US", hostile, &vars);
    let html = message.html.unwrap();
    assert!(!html.contains("<img") && !html.contains("<b>") && html.contains("&quot;&#39;&amp;"), "{html}");
    assert!(!message.subject.unwrap().contains(['\r', '\n']));
    assert!(message.text.lines().all(|line| !line.starts_with("Bcc")));
    assert!(!message.text.contains('\u{202E}'));
    let code = rendered(Template::Code, Channel::Email, "en-US", "Acme").html.unwrap();
    assert!(code.contains("letter-spacing:6px;color:#111827\">012345</p>"));
    let changed = rendered(Template::CredentialChanged, Channel::Email, "zh-HK", "Acme").html.unwrap();
    assert!(changed.contains(&format!("<a href=\"{LINK}\"")) && changed.contains("lang=\"zh-HK\""));
}
