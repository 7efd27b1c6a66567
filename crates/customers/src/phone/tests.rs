use proptest::prelude::*;

use super::*;

fn phone(area: &str, number: &str) -> Phone {
    Phone::parse(area, number).unwrap()
}

fn chinese() -> Phone {
    Phone { area: "+86".to_owned(), national: "13800000000".to_owned() }
}

#[test]
fn every_spelling_of_area_and_number_reads_the_same() {
    for area in ["86", "+86", "0086", " +86 ", "+ 86"] {
        for number in [
            "13800000000",
            "138 0000 0000",
            "138-0000-0000",
            "(138) 0000.0000",
            " 13800000000 ",
            "013800000000",
            "+8613800000000",
            "+86 138 0000 0000",
            "8613800000000",
            "008613800000000",
        ] {
            assert_eq!(phone(area, number), chinese(), "{area} {number}");
        }
    }
}

#[test]
fn trunk_prefixes_are_taken_off_and_leading_zeros_kept() {
    for (area, number, expected) in [
        ("+44", "07911 123456", "+447911123456"),
        ("+44", "(0)20 7946 0018", "+442079460018"),
        ("+7", "8 912 345-67-89", "+79123456789"),
        // An 8 that belongs to the number.
        ("+7", "8005553535", "+78005553535"),
        ("+36", "06 20 123 4567", "+36201234567"),
        ("+1", "1 (650) 253-0000", "+16502530000"),
        ("+39", "06 6982", "+39066982"),
        ("+39", "312 345 6789", "+393123456789"),
        ("+225", "01 23 45 67 89", "+2250123456789"),
        ("+54", "011 15 2345 6789", "+5491123456789"),
        ("+55", "0 15 11 96123 4567", "+5511961234567"),
        ("+49", "0151 23456789", "+4915123456789"),
        ("+852", "5123 4567", "+85251234567"),
    ] {
        assert_eq!(phone(area, number).e164(), expected, "{area} {number}");
    }
}

#[test]
fn unknown_areas_are_refused() {
    for area in [
        "",
        "+",
        "0",
        "00",
        "999",
        "+999",
        "086",
        "+8a",
        "８６",
        "-86",
        "+-6",
        "86 86",
        "8613800000000",
        "CN",
    ] {
        assert_eq!(Phone::parse(area, "13800000000"), Err(PhoneError::UnknownArea), "{area}");
    }
}

#[test]
fn impossible_numbers_are_refused() {
    for number in [
        "",
        "-",
        "+",
        "1",
        "138",
        "1380000000000000",
        "+1 6502530000",
        "+138 00000000",
        "0016502530000",
        "1380000000O",
        "138CALLNOW",
        "138\u{a0}0000\u{a0}0000",
        "１３８００００００００",
        "١٣٨٠٠٠٠٠٠٠٠",
        "13800000000;ext=1",
        "13800000000#1",
        "13800000000,1",
        "*13800000000",
        "tel:13800000000",
        "++8613800000000",
        "a@x.com",
    ] {
        assert_eq!(Phone::parse("+86", number), Err(PhoneError::Impossible), "{number}");
    }
    // Dialled in town only.
    assert_eq!(Phone::parse("+1", "2530000"), Err(PhoneError::Impossible));
    assert_eq!(Phone::parse("+86", &format!("13800000000{}", " ".repeat(50))), Err(PhoneError::Impossible));
}

#[test]
fn recipients_begin_with_their_area() {
    for text in [
        "+86 13800000000",
        "86 13800000000",
        "+8613800000000",
        "86-13800000000",
        "+86-138-0000-0000",
        "0086 13800000000",
        "008613800000000",
        "+86 (138) 0000 0000",
        "+86 +8613800000000",
        " 86  013800000000 ",
    ] {
        assert_eq!(Phone::parse_recipient(text), Ok(chinese()), "{text}");
    }
    assert_eq!(Phone::parse_recipient("+1 650 253 0000").unwrap().e164(), "+16502530000");
    assert_eq!(Phone::parse_recipient("+1868 291 1234").unwrap().e164(), "+18682911234");
    assert_eq!(Phone::parse_recipient("+80012345678").unwrap().e164(), "+80012345678");
}

#[test]
fn recipients_without_an_area_are_refused() {
    for (text, error) in [
        ("13800000000", PhoneError::UnknownArea),
        ("138 0000 0000", PhoneError::UnknownArea),
        ("8613800000000", PhoneError::UnknownArea),
        ("+999 13800000000", PhoneError::UnknownArea),
        ("+86", PhoneError::Impossible),
        ("86", PhoneError::UnknownArea),
        ("86 ", PhoneError::UnknownArea),
        ("+86 138", PhoneError::Impossible),
        ("", PhoneError::Impossible),
        ("+", PhoneError::Impossible),
        ("alice@x.com", PhoneError::Impossible),
        ("+86 1380000ABCD", PhoneError::Impossible),
    ] {
        assert_eq!(Phone::parse_recipient(text), Err(error), "{text}");
    }
}

#[test]
fn lines_are_told_apart() {
    for (area, number, line_type, region) in [
        ("+86", "13800000000", LineType::Mobile, Some("CN")),
        ("+86", "01012345678", LineType::FixedLine, Some("CN")),
        ("+1", "6502530000", LineType::FixedLineOrMobile, Some("US")),
        ("+1", "5062345678", LineType::FixedLineOrMobile, Some("CA")),
        ("+1", "9002345678", LineType::Premium, Some("US")),
        ("+1", "0000000000", LineType::Unknown, None),
        ("+44", "7400123456", LineType::Mobile, Some("GB")),
        ("+44", "9012345678", LineType::Premium, Some("GB")),
        ("+44", "7640123456", LineType::Other, Some("GB")),
        // Leading zeros belong to these numbers.
        ("+225", "0123456789", LineType::Mobile, Some("CI")),
        ("+39", "0669812345", LineType::FixedLine, Some("VA")),
        ("+7", "7710009998", LineType::Mobile, Some("KZ")),
        ("+800", "12345678", LineType::Other, None),
    ] {
        let phone = phone(area, number);
        assert_eq!((phone.line_type(), phone.region()), (line_type, region), "{area} {number}");
        let mobile = matches!(line_type, LineType::Mobile | LineType::FixedLineOrMobile);
        assert_eq!(phone.is_mobile(), mobile, "{area} {number}");
    }
}

#[test]
fn every_calling_code_of_the_countries_is_an_area() {
    warm_up();
    for country in crate::countries::all().iter().filter(|country| country.calling_code != 0) {
        assert_eq!(plan::calling_code(&country.calling_code.to_string()), Some(country.calling_code));
    }
}

#[test]
fn masks_hide_at_least_four_digits() {
    let masked = |national: &str| Phone { area: "+86".to_owned(), national: national.to_owned() }.masked();
    assert_eq!(masked("13800000000"), "138****0000");
    assert_eq!(masked("1380000123456"), "138****3456");
    assert_eq!(masked("6502530123"), "650****123");
    assert_eq!(masked("912345678"), "91****678");
    assert_eq!(masked("51234567"), "51****67");
    assert_eq!(masked("12345"), "****5");
    assert_eq!(masked("1234"), "****");
    assert_eq!(masked(""), "****");
    assert_eq!(format!("{:?}", chinese()), "Phone(+86 138****0000)");
}

#[test]
fn other_forms_are_plain() {
    assert_eq!(chinese().to_string(), "+8613800000000");
    assert_eq!(chinese().prefix(), "+86138");
    assert_eq!(national_digits(" (138) 0000-0000 ").as_deref(), Some("13800000000"));
    for text in ["", " ", "138a", "+8613800000000", "１３８", "123456789012345678901", "alice@x.com"] {
        assert_eq!(national_digits(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(area in any::<String>(), text in any::<String>()) {
        let _ = Phone::parse(&area, &text);
        let _ = Phone::parse("+86", &text);
        let _ = Phone::parse_recipient(&text);
        let _ = national_digits(&text);
        let stored = Phone { area, national: text };
        let _ = (stored.masked(), stored.prefix(), stored.e164(), stored.region(), stored.is_mobile());
    }

    #[test]
    fn what_is_read_reads_as_itself(area in 1_u16..1000, number in "[+0]{0,2}[0-9]{1,17}") {
        if let Ok(phone) = Phone::parse(&area.to_string(), &number) {
            prop_assert!(phone.national.bytes().all(|byte| byte.is_ascii_digit()));
            prop_assert!(phone.national.len() <= MAX_DIGITS);
            prop_assert_eq!(&Phone::parse(&phone.area, &phone.national), &Ok(phone.clone()));
            let recipient = format!("{} {}", phone.area, phone.national);
            prop_assert_eq!(&Phone::parse_recipient(&recipient), &Ok(phone.clone()));
            let _ = (phone.line_type(), phone.region());
        }
    }

    #[test]
    fn grouping_does_not_matter(text in "[0-9 ().-]{1,30}") {
        let plain: String = text.chars().filter(char::is_ascii_digit).collect();
        for area in ["+86", "+1", "+39", "+852"] {
            prop_assert_eq!(Phone::parse(area, &text), Phone::parse(area, &plain));
        }
    }
}
