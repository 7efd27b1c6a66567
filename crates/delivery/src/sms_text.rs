//! How long a text message is. A text that fits the GSM alphabet counts 7 bits a character, any
//! other is sent as UCS-2; what exceeds one part is split, and each part is paid for.

const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";

/// Characters that cost two in the GSM alphabet.
const GSM_EXTENDED: &str = "^{}\\[~]|€";

/// Whether the text can be sent in the GSM alphabet.
pub fn is_gsm(text: &str) -> bool {
    text.chars().all(|c| GSM.contains(c) || GSM_EXTENDED.contains(c))
}

/// Length in the units of the alphabet that the text needs: septets, or UTF-16 units.
pub fn length(text: &str) -> usize {
    if is_gsm(text) {
        text.chars().map(|c| if GSM_EXTENDED.contains(c) { 2 } else { 1 }).sum()
    } else {
        text.encode_utf16().count()
    }
}

/// How many parts the text is sent in; at least one.
pub fn parts(text: &str) -> usize {
    let (single, part) = if is_gsm(text) { (160, 153) } else { (70, 67) };
    let length = length(text);
    if length <= single { 1 } else { length.div_ceil(part) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_parts_as_networks_do() {
        assert_eq!(parts(""), 1);
        assert_eq!(parts(&"a".repeat(160)), 1);
        assert_eq!(parts(&"a".repeat(161)), 2);
        assert_eq!(parts(&"a".repeat(306)), 2);
        assert_eq!(parts(&"a".repeat(307)), 3);
        assert_eq!(length("{€}"), 6);
        assert_eq!(parts(&"码".repeat(70)), 1);
        assert_eq!(parts(&"码".repeat(71)), 2);
        assert_eq!(length("a😀"), 3);
        assert!(is_gsm("Valid 5 min. Üñé@"));
        assert!(!is_gsm("it\u{2019}s"));
    }
}
