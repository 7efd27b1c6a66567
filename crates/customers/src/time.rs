//! Instants as people read them.

/// `2026-11-24 08:20 UTC`, by the civil-calendar arithmetic of Howard Hinnant's *chrono-Compatible Low-Level Date
/// Algorithms*.
#[must_use]
pub fn utc_text(at_ms: i64) -> String {
    let minutes = at_ms.div_euclid(60_000);
    let (days, minute) = (minutes.div_euclid(1_440), minutes.rem_euclid(1_440));
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minute / 60, minute % 60)
}

/// The instant for programs, such as `2027-01-15T08:00:00.123Z` (RFC 3339).
#[must_use]
pub fn utc_iso(at_ms: i64) -> String {
    let text = utc_text(at_ms);
    let (day, rest) = text.split_once(' ').unwrap_or_default();
    let minute = rest.trim_end_matches(" UTC");
    let ms = at_ms.rem_euclid(60_000);
    format!("{day}T{minute}:{:02}.{:03}Z", ms / 1_000, ms % 1_000)
}

/// The instant at which a day such as `2026-11-24` begins, in UTC; `None` for what is no day.
#[must_use]
pub fn utc_midnight(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let mut next = || parts.next()?.parse::<i64>().ok();
    let (year, month, day) = (next()?, next()?, next()?);
    if !(0..=9_999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // The inverse of the above.
    let shifted = year - i64::from(month <= 2);
    let (era, month_index) = (shifted.div_euclid(400), (month + 9) % 12);
    let (of_era, of_year) = (shifted.rem_euclid(400), (153 * month_index + 2) / 5 + day - 1);
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    let at_ms = days * 86_400_000;
    // There is no 30th of February: it would come out as another day.
    (utc_text(at_ms).split(' ').next() == Some(text)).then_some(at_ms)
}

#[cfg(test)]
mod tests {
    #[test]
    fn days_begin_at_midnight_and_only_those_that_exist() {
        for (text, ms) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400_000)),
            ("2026-11-24", Some(1_795_478_400_000)),
            ("1969-12-31", Some(-86_400_000)),
            ("1900-02-29", None),
            ("2026-02-30", None),
            ("2026-13-01", None),
            ("2026-1-1", None),
            ("2026-11-24x", None),
            ("+026-11-24", None),
            ("today", None),
        ] {
            assert_eq!(super::utc_midnight(text), ms, "{text}");
        }
    }

    #[test]
    fn known_instants() {
        for (ms, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00 UTC"),
            (1_795_508_459_000, "2026-11-24 08:20 UTC"),
            (4_102_444_799_999, "2099-12-31 23:59 UTC"),
        ] {
            assert_eq!(super::utc_text(ms), text);
        }
        assert_eq!(super::utc_iso(1_795_508_459_017), "2026-11-24T08:20:59.017Z");
    }
}
