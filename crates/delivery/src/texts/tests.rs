use super::*;

fn text(texts: &Texts, lang: &str, key: &str, vars: &[(&str, &str)]) -> String {
    texts.get(lang, key, vars).unwrap()
}

#[test]
fn every_shipped_text_can_be_read() {
    for (tag, sources) in SOURCES {
        for source in sources {
            let errors = FluentResource::try_new(source.to_owned()).err().map(|(_, errors)| errors);
            assert!(errors.is_none(), "{tag}: {errors:?}");
            for (key, pattern) in pattern::messages(source) {
                assert!(pattern::variables(&pattern).is_ok(), "{tag} {key}");
            }
        }
        let keys: Vec<_> =
            sources.into_iter().flat_map(|source| pattern::messages(source).into_keys()).collect();
        let unique: BTreeSet<_> = keys.iter().collect();
        assert_eq!(keys.len(), unique.len(), "{tag} has a key twice");
        let lines = sources.into_iter().flat_map(str::lines);
        let heads = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_alphabetic())).count();
        assert_eq!(heads, keys.len(), "{tag} has a key twice or an unreadable line");
    }
}

#[test]
fn every_language_has_the_same_keys_and_variables() {
    let texts = Texts::builtin();
    let [first, others @ ..] = &texts.builtin.patterns[..] else { panic!("no languages") };
    for (lang, patterns) in LANGUAGES.iter().skip(1).zip(others) {
        assert_eq!(texts.keys(DEFAULT_LANGUAGE), texts.keys(lang));
        for (key, pattern) in patterns {
            assert_eq!(pattern::variables(pattern), pattern::variables(&first[key]), "{lang} {key}");
        }
    }
    assert!(texts.keys("en-US").contains(&"error-CUSTOMER_API_0000112"));
    assert!(texts.keys("fr-FR").is_empty());
}

#[test]
fn error_texts_take_only_the_positional_variables() {
    let texts = Texts::builtin();
    let used = texts.builtin_variables(|key| key.starts_with("error-"));
    assert!(used.iter().all(|name| matches!(name.as_str(), "p1" | "p2")), "{used:?}");
    for lang in LANGUAGES {
        for key in texts.keys(lang).into_iter().filter_map(|key| key.strip_prefix("error-")) {
            let shown = texts.error_text(lang, key, &["3".to_owned(), "24".to_owned()]);
            assert!(
                !shown.trim().is_empty() && !shown.contains('{') && !shown.contains('\n'),
                "{key}: {shown}"
            );
        }
    }
}

#[test]
fn languages_fall_back_to_the_nearest() {
    let texts = Texts::builtin();
    let of = |lang: &str| text(&texts, lang, "purpose-login", &[]);
    for lang in ["zh-CN", "zh", "zh-SG", "zh-Hans-HK", "zh_CN", "ZH-cn"] {
        assert_eq!(of(lang), "登录", "{lang}");
    }
    for lang in ["zh-HK", "zh-TW", "zh-MO", "zh-Hant", "zh-Hant-CN"] {
        assert_eq!(of(lang), "登入", "{lang}");
    }
    for lang in ["en-US", "en-GB", "en", "fr-FR", "null", "", "not a language", "\u{0}"] {
        assert_eq!(of(lang), "sign in", "{lang}");
    }
    assert_eq!(texts.get("en-US", "no-such-key", &[]), None);
}

#[test]
fn error_texts_are_filled_and_never_empty() {
    let texts = Texts::builtin();
    let params = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>();
    let shown = texts.error_text("en-US", "CUSTOMER_API_0000132", &params(&["1", "24"]));
    assert_eq!(
        shown,
        "The fund password is not right. After 1 more wrong try it will be locked for 24 hours, \
         and you will not be able to withdraw."
    );
    let shown = texts.error_text("zh-CN", "CUSTOMER_API_0000134", &params(&["5", "1"]));
    assert_eq!(shown, "资金密码已连续输错 5 次，请 1 小时后再试，或联系客服。");
    let shown = texts.error_text("en-US", "GATEWAY_CODE_104", &params(&["newLang"]));
    assert_eq!(shown, "Please check this entry and try again: newLang");
    assert!(!texts.error_text("en-US", "CUSTOMER_API_0000132", &[]).contains('{'));
    for code in ["FUND_1", "", "{ $p1 }", "500 ", "\n"] {
        assert_eq!(texts.error_text("zh-TW", code, &[]), "操作未能完成，請稍後再試，或聯絡客戶服務。");
    }
}

#[test]
fn codes_keep_their_zeros_and_no_isolation_marks_appear() {
    let texts = Texts::builtin();
    let vars = [("code", "001234"), ("company", "Acme"), ("purpose", "sign in"), ("minutes", "5")];
    let shown = text(&texts, "en-US", "message-code-sms", &vars);
    assert_eq!(shown, "001234 is your Acme code to sign in. Valid 5 min. Never share it.");
}

#[test]
fn values_are_not_read_as_fluent() {
    let texts = Texts::builtin();
    let shown = texts.error_text("en-US", "GATEWAY_CODE_104", &["{ $p2 } { error-500 }".to_owned()]);
    assert_eq!(shown, "Please check this entry and try again: { $p2 } { error-500 }");
}

#[test]
fn overrides_stand_before_the_builtin_texts_of_their_language() {
    let base = Texts::builtin();
    let texts = base.with_overrides([
        ("en-US", "purpose-login", "enter"),
        ("fr-FR", "purpose-login", "vous connecter"),
        ("zh-TW", "purpose-login", "登錄"),
        ("fr-FR", "message-code-sms", "{ $nothing }"),
        ("no such tag", "purpose-login", "x"),
    ]);
    let of = |lang: &str| text(&texts, lang, "purpose-login", &[]);
    assert_eq!(of("en-GB"), "enter");
    assert_eq!(of("de"), "enter");
    assert_eq!(of("fr-CA"), "vous connecter");
    assert_eq!(of("zh-TW"), "登錄");
    assert_eq!(of("zh-HK"), "登入");
    assert!(text(&texts, "fr-FR", "message-code-sms", &[("code", "1")]).starts_with("1 is your"));
    assert_eq!(text(&base, "en-US", "purpose-login", &[]), "sign in");
}

#[test]
fn overrides_may_have_several_lines() {
    let pattern = "Hello,\r\n\r\nuse { $code }\nfor { $purpose } = now";
    let texts = Texts::builtin().with_overrides([("en-US", "message-code-email-text", pattern)]);
    let shown = text(&texts, "en-US", "message-code-email-text", &[("code", "012345"), ("purpose", "x")]);
    assert_eq!(shown, "Hello,\n\nuse 012345\nfor x = now");
}

#[test]
fn overrides_are_checked() {
    let texts = Texts::builtin();
    let check = |key: &str, pattern: &str| texts.check_override(key, pattern);
    assert_eq!(check("message-code-sms", "{ $code }, { $company }: { $purpose }"), Ok(()));
    assert_eq!(check("error-CUSTOMER_API_0000132", "{ $p1 ->\n [one] x\n *[other] y\n }"), Ok(()));
    let refused = [
        ("no-such-key", "x"),
        ("message-code-sms", "no code"),
        ("message-code-email-text", "{ $company }"),
        ("message-credential-changed-sms", "{ $what }"),
        ("message-code-sms", "{ $code } { $link }"),
        ("error-500", "{ $p1 }"),
        ("error-500", ""),
        ("error-500", "  \n "),
        ("error-500", "{ \"\" }"),
        ("error-500", "{ error-500 }"),
        ("error-500", "{ $company"),
        ("error-500", "a }"),
        ("error-500", ".attribute = x"),
        ("error-500", "text\n.attribute = x"),
        ("error-500", "bell \u{7}"),
        ("message-code-email-subject", "two\nlines"),
        ("message-code-sms", &"{ $code }".repeat(500)),
    ];
    for (key, pattern) in refused {
        assert!(check(key, pattern).is_err(), "{key}: {pattern}");
    }
    // A line that looks like another message stays inside this one.
    assert_eq!(check("error-500", "x\npurpose-login = y"), Ok(()));
}

#[test]
fn texts_can_be_shared_between_threads() {
    fn assert_shared<T: Send + Sync + Clone>() {}
    assert_shared::<Texts>();
}
