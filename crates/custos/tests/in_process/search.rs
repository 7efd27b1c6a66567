//! Operators find customers: exactly, by what many share, page by page, and by the indexes.

use crate::common::{Backend, DAY, House, leaked, on_both};
use custos_customers::customer::Status;
use custos_customers::operator::search::{Found, MOST_COUNTED, Page, Wanted};
use custos_customers::operator::{self, search};
use custos_store::dialect::Engine;
use custos_store::{Param, params};

on_both!(
    one_is_found_by_what_names_one,
    many_are_found_page_by_page,
    names_are_found_by_how_they_begin,
    statuses_are_those_that_the_outside_sees,
    what_is_shown_is_masked,
    totals_are_capped_and_every_way_walks_an_index,
);

fn search(house: &House, company: i64, wanted: &Wanted, cursor: Option<String>, size: i64) -> Page {
    let wanted = wanted.clone();
    house
        .store()
        .read_blocking(move |tx| search::search(tx, company, &wanted, cursor.as_deref(), size))
        .unwrap()
}

fn numbers(page: &Page) -> Vec<&str> {
    page.found.iter().map(|one| one.number.as_str()).collect()
}

fn exact(text: &str) -> Wanted {
    Wanted { exact: Some(text.to_owned()), ..Wanted::default() }
}

fn one_is_found_by_what_names_one(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let (ada, bob, eve) = (house.customer(), house.customer(), house.customer_of(other));
    house.bind_phone(&ada, "13900000001");
    for text in [
        &ada.number,
        &ada.email,
        &ada.email.to_uppercase(),
        "+86 13900000001",
        "13900000001",
        "86 139 0000 0001",
    ] {
        assert_eq!(numbers(&search(&house, 1, &exact(text), None, 10)), [ada.number.as_str()], "{text}");
    }
    for text in ["", "%", "person", "'", &eve.email, &bob.email[1..], "+86 13900000002"] {
        let found = search(&house, 1, &exact(text), None, 10);
        assert_eq!(numbers(&found), [""; 0], "{text}");
    }
    assert_eq!(search(&house, other, &exact(&eve.email), None, 10).found.len(), 1);
    // What else is asked for must be true, too.
    let wrong = Wanted { status: Some(2), ..exact(&ada.number) };
    assert_eq!(search(&house, 1, &wrong, None, 10).found, []);
}

fn many_are_found_page_by_page(backend: Backend) {
    let house = House::open(backend);
    let other = house.add_company(true);
    let mut all = Vec::new();
    for _ in 0..7 {
        all.push(house.customer());
    }
    let stranger = house.customer_of(other);
    all.reverse();
    let expected: Vec<&str> = all.iter().map(|one| one.number.as_str()).collect();
    for size in [1, 2, 3, 7, 50] {
        let (mut told, mut cursor) = (Vec::new(), None);
        loop {
            let page = search(&house, 1, &Wanted::default(), cursor, size);
            assert_eq!(page.total(), "7");
            told.extend(page.found.into_iter().map(|one| one.number));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(told, expected, "{size} a page");
    }
    // A cursor of another company's search is none.
    let cursor = data_encoding::BASE64URL_NOPAD.encode(&stranger.id.to_be_bytes());
    for bad in [cursor.as_str(), "", "zzz", "!"] {
        let bad = bad.to_owned();
        let told =
            house.store().read_blocking(move |tx| search::search(tx, 1, &Wanted::default(), Some(&bad), 5));
        assert!(matches!(told, Err(operator::Error::Said(_))));
    }
    // By the time of registration.
    house.advance(DAY);
    let late = house.customer();
    let since = Wanted { from: Some(house.now() - 1), ..Wanted::default() };
    assert_eq!(numbers(&search(&house, 1, &since, None, 10)), [late.number.as_str()]);
    let until = Wanted { until: Some(house.now() - 1), ..Wanted::default() };
    assert_eq!(search(&house, 1, &until, None, 10).total(), "7");
    // By tag.
    let number = all[2].number.clone();
    house
        .store()
        .write_blocking(move |tx| operator::set_tag(tx, (1, &number), "vip", true, "operator:test"))
        .unwrap();
    let tagged = Wanted { tag: Some("vip".to_owned()), ..Wanted::default() };
    assert_eq!(numbers(&search(&house, 1, &tagged, None, 10)), [all[2].number.as_str()]);
    assert_eq!(search(&house, other, &tagged, None, 10).found, []);
}

fn names_are_found_by_how_they_begin(backend: Backend) {
    let house = House::open(backend);
    let people = [
        ("Smith", "John", ""),
        ("Smith", "Anna", ""),
        ("Smithers", "", ""),
        ("王", "芳", ""),
        ("", "", "smi"),
    ];
    let mut all = Vec::new();
    for (last, first, name) in people {
        let one = house.customer();
        let id = one.id;
        house.write(move |tx| {
            let sql = "UPDATE customers SET last_name = $2, first_name = $3, name = $4 WHERE id = $1";
            tx.execute(sql, params![id, last, first, name])?;
            Ok(())
        });
        all.push(one.number);
    }
    let named = |name: &str| Wanted { name: Some(name.to_owned()), ..Wanted::default() };
    for (text, places) in [
        ("smith", &[1, 0, 2][..]),
        ("SMITH J", &[0][..]),
        ("smi", &[4, 1, 0, 2][..]),
        ("王", &[3][..]),
        ("john", &[][..]),
        ("%", &[][..]),
    ] {
        let expected: Vec<&str> = places.iter().map(|place| all[*place].as_str()).collect();
        let page = search(&house, 1, &named(text), None, 10);
        assert_eq!(numbers(&page), expected, "{text}");
        assert_eq!(page.total(), places.len().to_string());
        // The same page by page.
        let (mut told, mut cursor) = (Vec::new(), None);
        loop {
            let page = search(&house, 1, &named(text), cursor, 1);
            told.extend(page.found.into_iter().map(|one| one.number));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(told, expected, "{text}");
    }
}

fn statuses_are_those_that_the_outside_sees(backend: Backend) {
    let house = House::open(backend);
    let statuses =
        [Status::Normal, Status::Disabled, Status::Deleted, Status::Closed, Status::Locked, Status::Closing];
    let all: Vec<_> = statuses.iter().map(|status| (house.customer(), *status)).collect();
    for (customer, status) in &all {
        house.put_into_status(customer, *status);
    }
    let group = house.number("SELECT group_id FROM customers LIMIT 1");
    for (customer, status) in &all {
        for group_id in [None, Some(group)] {
            let wanted = Wanted { status: Some(*status as i64), group_id, ..Wanted::default() };
            let page = search(&house, 1, &wanted, None, 10);
            assert_eq!(numbers(&page), [customer.number.as_str()], "{status:?}");
            assert_eq!((page.counted, page.found[0].status), (1, *status as i64), "{status:?}");
        }
        let wanted = Wanted { status: Some(*status as i64), group_id: Some(group + 1), ..Wanted::default() };
        assert_eq!(search(&house, 1, &wanted, None, 10).counted, 0);
    }
}

fn what_is_shown_is_masked(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.bind_phone(&ada, "13900000001");
    let found = search(&house, 1, &exact(&ada.number), None, 1).found.remove(0);
    assert_eq!((found.email.as_str(), found.phone.as_str()), (ada.email.as_str(), "+86 13900000001"));
    let shown = Found { name: "Smith John".to_owned(), ..found }.masked();
    assert!(shown.email.contains("***") && !shown.email.contains("person"), "{}", shown.email);
    assert_eq!((shown.phone.as_str(), shown.name.as_str()), ("+86 139****0001", "S***"));
    // Unmasking leaves a trace, and needs a reason.
    let id = ada.id;
    let unmask = |reason: &'static str| {
        house
            .store()
            .write_blocking(move |tx| operator::addresses_shown_because(tx, (1, id), reason, "operator:test"))
    };
    assert!(unmask(" ").is_err());
    unmask("ticket 17").unwrap();
    let kept =
        "SELECT count(*) FROM audit_log WHERE action = 'customer.unmask' AND detail LIKE '%ticket 17%'";
    assert_eq!(house.number(kept), 1);
}

/// So many that no planner would read them all.
const CROWD: i64 = 12_000;

fn crowd(house: &House) {
    let rows = match house.store().engine() {
        Engine::Sqlite => format!(
            "WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < {CROWD}) "
        ),
        Engine::Postgres => format!("WITH n (value) AS (SELECT generate_series(1, {CROWD})) "),
    };
    let sql = leaked(format!(
        "INSERT INTO customers (company_id, id, number, group_id, status, email, phone_area, phone, country, lang, \
         name, first_name, last_name, address, postal_code, login_password, fund_password, mfa_id, \
         open_account_type, register_source, register_device, utm, third_server_code, third_server_source, \
         locked_until, cool_off_until, signed_in_at, created_at) {rows} SELECT 1, value, CAST(value AS TEXT), CASE WHEN value % 50 = 0 THEN 2 ELSE 1 END, \
         CASE WHEN value % 100 = 0 THEN 2 ELSE 1 END, 'n' || value || '@x.com', '+86', '1' || value, '', '', '', '', \
         'n' || value, '', '', NULL, NULL, 0, 0, 0, '', '', '', '', 0, 0, 0, value FROM n"
    ));
    house.write(move |tx| {
        tx.execute(sql, &[])?;
        tx.execute("INSERT INTO customer_tags (company_id, customer_id, tag, actor, created_at) VALUES (1, 7, 'a', '', 0)", &[])?;
        tx.execute("ANALYZE customers", &[])?;
        Ok(())
    });
}

fn totals_are_capped_and_every_way_walks_an_index(backend: Backend) {
    let house = House::open(backend);
    crowd(&house);
    let page = search(&house, 1, &Wanted::default(), None, 50);
    assert_eq!((page.counted, page.total().as_str(), page.found.len()), (MOST_COUNTED + 1, "10,000+", 50));
    assert_eq!(page.found[0].number, CROWD.to_string());
    let disabled = Wanted { status: Some(2), ..Wanted::default() };
    assert_eq!(search(&house, 1, &disabled, None, 50).total(), (CROWD / 100).to_string());
    for (name, sql) in search::statements() {
        let plan = plan(&house, name, sql);
        let all = plan.join("\n");
        let index = match name {
            "all" => "customers_registered",
            "status" => "customers_by_status",
            "group" => "customers_by_group",
            "locked" => "customers_locked",
            "tag" => "customer_tags",
            "name" => "customers_name",
            _ => "customers",
        };
        assert!(all.contains(index), "{name}:\n{all}");
        let whole = match house.store().engine() {
            Engine::Sqlite => plan.iter().any(|line| line.trim().starts_with("SCAN")),
            Engine::Postgres => all.contains("Seq Scan on customers"),
        };
        assert!(!whole, "{name}:\n{all}");
        // Those in the order of the answer stop when the page is full.
        if ["all", "status", "group", "name"].contains(&name) {
            assert!(!all.contains("TEMP B-TREE") && !all.contains("Sort "), "{name}:\n{all}");
        }
    }
}

fn plan(house: &House, name: &str, sql: &'static str) -> Vec<String> {
    let engine = house.store().engine();
    let (words, column) = match engine {
        Engine::Sqlite => ("EXPLAIN QUERY PLAN ", 3),
        Engine::Postgres => ("EXPLAIN ", 0),
    };
    let (sql, name) = (leaked(format!("{words}{sql}")), name.to_owned());
    house.read(move |tx| {
        // As the search itself asks by these ways: many are in a group, and fewer in a status.
        let (status, group) = match name.as_str() {
            "locked" => (5, 0),
            "group" => (0, 2),
            "status" => (2, 0),
            _ => (0, 0),
        };
        let mut all: Vec<Param<'_>> = match name.as_str() {
            "name" => params![1, i64::MIN, i64::MAX, "", 0_i64, 0_i64, 0_i64, 51, 1].to_vec(),
            _ => params![1, i64::MIN, i64::MAX, i64::MAX, i64::MAX, status, group, 51, 1].to_vec(),
        };
        match name.as_str() {
            "name" => all.extend_from_slice(params!["n77", "n77\u{10ffff}"]),
            "phone" => all.extend_from_slice(params!["17", "+86"]),
            "all" | "status" | "group" | "locked" => {}
            _ => all.extend_from_slice(params!["17"]),
        }
        Ok(tx.query(sql, &all, |row| row.get::<String>(column))?)
    })
}
