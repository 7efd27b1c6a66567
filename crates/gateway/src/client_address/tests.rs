use super::*;
use axum::http::HeaderValue;
use proptest::prelude::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn headers(name: &'static str, lines: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(name, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    headers
}

fn proxies(header: ForwardHeader) -> TrustedProxies {
    TrustedProxies::parse(&["127.0.0.1", "10.0.0.0/8", "fd00::/8"], header).unwrap()
}

fn by_x_forwarded_for(peer: &str, lines: &[&str]) -> IpAddr {
    proxies(ForwardHeader::XForwardedFor).client_address(ip(peer), &headers("x-forwarded-for", lines))
}

fn by_forwarded(peer: &str, lines: &[&str]) -> IpAddr {
    proxies(ForwardHeader::Forwarded).client_address(ip(peer), &headers("forwarded", lines))
}

#[test]
fn an_untrusted_peer_speaks_for_itself_only() {
    assert_eq!(by_x_forwarded_for("192.0.2.1", &["198.51.100.7"]), ip("192.0.2.1"));
    assert_eq!(by_forwarded("192.0.2.1", &["for=198.51.100.7"]), ip("192.0.2.1"));
}

#[test]
fn trusted_hops_are_skipped_from_the_right() {
    assert_eq!(by_x_forwarded_for("127.0.0.1", &["198.51.100.7"]), ip("198.51.100.7"));
    assert_eq!(by_x_forwarded_for("127.0.0.1", &["6.6.6.6, 198.51.100.7, 10.1.1.1"]), ip("198.51.100.7"));
    assert_eq!(
        by_x_forwarded_for("127.0.0.1", &["6.6.6.6, 198.51.100.7", "fd00::5,10.1.1.1"]),
        ip("198.51.100.7")
    );
    assert_eq!(by_x_forwarded_for("127.0.0.1", &["10.0.0.3, 10.0.0.2"]), ip("10.0.0.3"), "all trusted");
    assert_eq!(by_x_forwarded_for("127.0.0.1", &[]), ip("127.0.0.1"));
    assert_eq!(by_x_forwarded_for("::ffff:127.0.0.1", &["198.51.100.7"]), ip("198.51.100.7"));
}

#[test]
fn every_spelling_of_an_address_is_read() {
    for (written, meant) in [
        ("198.51.100.7:5123", "198.51.100.7"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        (" , 198.51.100.7 ,, ", "198.51.100.7"),
    ] {
        assert_eq!(by_x_forwarded_for("127.0.0.1", &[written]), ip(meant), "{written}");
    }
}

#[test]
fn a_malformed_element_ends_the_walk() {
    for garbage in
        ["unknown", "1.2.3", "1.2.3.4:", "1.2.3.4:x", "[::1", "[1.2.3.4]", "1.2.3.4 5.6.7.8", "\u{fc}"]
    {
        let line = format!("198.51.100.7, {garbage}");
        assert_eq!(by_x_forwarded_for("127.0.0.1", &[&line]), ip("127.0.0.1"), "{garbage}");
        let line = format!("198.51.100.7, {garbage}, 10.0.0.2");
        assert_eq!(by_x_forwarded_for("127.0.0.1", &[&line]), ip("10.0.0.2"), "{garbage}");
        let line = format!("{garbage}, 198.51.100.7");
        assert_eq!(by_x_forwarded_for("127.0.0.1", &[&line]), ip("198.51.100.7"), "{garbage}");
    }
}

#[test]
fn forwarded_is_read_with_quotes_ports_and_other_parameters() {
    for (written, meant) in [
        ("for=198.51.100.7", "198.51.100.7"),
        ("For=\"198.51.100.7:4711\"", "198.51.100.7"),
        ("for=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
        ("for=\"[2001:db8:cafe::17]:_port\"", "2001:db8:cafe::17"),
        ("proto=https;host=\"a,b;c\" ; for=198.51.100.7;by=10.0.0.1", "198.51.100.7"),
        ("for=6.6.6.6, for=198.51.100.7;by=\"\\\",\", for=10.0.0.2", "198.51.100.7"),
        ("for=\"198.51.\\100.7\"", "198.51.100.7"),
    ] {
        assert_eq!(by_forwarded("127.0.0.1", &[written]), ip(meant), "{written}");
    }
}

#[test]
fn forwarded_without_an_address_ends_the_walk() {
    for garbage in
        ["for=_hidden", "for=unknown", "proto=https", "for=1.1.1.1;for=2.2.2.2", "for=\"1.1.1.1\"x", "for"]
    {
        let line = format!("for=6.6.6.6, {garbage}");
        assert_eq!(by_forwarded("127.0.0.1", &[&line]), ip("127.0.0.1"), "{garbage}");
    }
}

#[test]
fn a_client_s_open_quote_spoils_nothing() {
    assert_eq!(by_forwarded("127.0.0.1", &["for=\"6.6.6.6, for=198.51.100.7"]), ip("198.51.100.7"));
    assert_eq!(by_forwarded("127.0.0.1", &["for=\"x\\, for=\"[2001:db8::1]:1\""]), ip("2001:db8::1"));
}

#[test]
fn only_the_chosen_header_counts() {
    let mut both = headers("x-forwarded-for", &["198.51.100.7"]);
    both.insert("forwarded", HeaderValue::from_static("for=6.6.6.6"));
    let peer = ip("127.0.0.1");
    assert_eq!(proxies(ForwardHeader::XForwardedFor).client_address(peer, &both), ip("198.51.100.7"));
    assert_eq!(proxies(ForwardHeader::Forwarded).client_address(peer, &both), ip("6.6.6.6"));
}

#[test]
fn a_trusted_header_needs_a_trusted_peer_and_one_value() {
    let country = HeaderName::from_static("cf-ipcountry");
    let proxies = proxies(ForwardHeader::XForwardedFor);
    let one = headers("cf-ipcountry", &[" DE "]);
    assert_eq!(proxies.trusted_header(ip("10.9.9.9"), &one, &country), Some("DE"));
    assert_eq!(proxies.trusted_header(ip("192.0.2.1"), &one, &country), None);
    for bad in [&["DE", "FR"][..], &[""], &["\u{fc}"], &[]] {
        assert_eq!(proxies.trusted_header(ip("10.9.9.9"), &headers("cf-ipcountry", bad), &country), None);
    }
}

#[test]
fn networks_are_read_strictly() {
    for bad in [
        "",
        "localhost",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/+8",
        "::/129",
        "1.2.3.4/8/8",
        "::ffff:0.0.0.0/95",
    ] {
        let refused = TrustedProxies::parse(&[bad], ForwardHeader::default());
        assert_eq!(refused.unwrap_err(), NetworkError::Malformed(bad.to_owned()));
    }
    let stray = TrustedProxies::parse(&["10.1.2.3/8"], ForwardHeader::default());
    assert_eq!(stray.unwrap_err(), NetworkError::StrayBits("10.1.2.3/8".to_owned()));

    let list = ["192.0.2.0/25", "::ffff:10.0.0.0/104", "2001:db8::/33", " 203.0.113.9 "];
    let proxies = TrustedProxies::parse(&list, ForwardHeader::default()).unwrap();
    for inside in ["192.0.2.127", "10.255.0.1", "::ffff:10.0.0.1", "2001:db8:7fff::1", "203.0.113.9"] {
        assert!(proxies.trusts(ip(inside)), "{inside}");
    }
    for outside in ["192.0.2.128", "11.0.0.0", "2001:db8:8000::1", "203.0.113.8", "::c000:200"] {
        assert!(!proxies.trusts(ip(outside)), "{outside}");
    }
    let everyone = TrustedProxies::parse(&["0.0.0.0/0"], ForwardHeader::default()).unwrap();
    assert!(everyone.trusts(ip("8.8.8.8")) && !everyone.trusts(ip("2001:db8::1")));
}

/// Lines as hostile as they come, often near to well-formed ones.
fn lines() -> impl Strategy<Value = Vec<String>> {
    let element = prop_oneof![
        "[ -~]{0,20}",
        "for=\"?[0-9a-f.:\\[\\]\\\\]{0,20}\"?",
        "10\\.0\\.[0-9]\\.[0-9]{1,2}",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]\\.[0-9](:[0-9]{1,6})?",
        "[\";,\\\\=]{0,9}",
    ];
    prop::collection::vec(prop::collection::vec(element, 0..6).prop_map(|parts| parts.join(",")), 0..4)
}

proptest! {
    #[test]
    fn never_panics_and_an_untrusted_peer_stays_itself(lines in lines(), peer: [u8; 4], forwarded: bool) {
        let peer = IpAddr::from(peer);
        let name = if forwarded { "forwarded" } else { "x-forwarded-for" };
        let header = if forwarded { ForwardHeader::Forwarded } else { ForwardHeader::XForwardedFor };
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let headers = headers(name, &lines);
        let proxies = proxies(header);
        if !proxies.trusts(peer) {
            prop_assert_eq!(proxies.client_address(peer, &headers), peer);
        }
        let _ = proxies.client_address(ip("127.0.0.1"), &headers);
    }

    #[test]
    fn nothing_sent_by_the_client_outweighs_what_the_proxy_appends(
        mut sent in lines(), client: [u8; 4], forwarded: bool, own_line: bool,
    ) {
        let client = IpAddr::from(client);
        let header = if forwarded { ForwardHeader::Forwarded } else { ForwardHeader::XForwardedFor };
        let proxies = proxies(header);
        prop_assume!(!proxies.trusts(client));
        let appended = if forwarded { format!("for=\"{client}:80\";proto=https") } else { client.to_string() };
        match sent.last_mut() {
            Some(line) if !own_line => *line = format!("{line}, {appended}"),
            _ => sent.push(appended),
        }
        let sent: Vec<&str> = sent.iter().map(String::as_str).collect();
        let name = if forwarded { "forwarded" } else { "x-forwarded-for" };
        prop_assert_eq!(proxies.client_address(ip("10.0.0.1"), &headers(name, &sent)), client);
    }
}
