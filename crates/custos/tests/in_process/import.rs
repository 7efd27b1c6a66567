//! Taking customers over, and handing out what is kept of one.

use crate::common::{Backend, House, PASSWORD, WRONG_SIGN_IN, md5, on_both};
use custos::import::{self, Failure, Report, Wish};
use custos_customers::customer::{self, Name};
use custos_customers::freezes::Scope;
use custos_customers::hashing::{Hasher, HasherConfig, PasswordParams, Peppers};
use custos_customers::import::Over;
use custos_customers::operator;
use custos_ledger::accounts;
use custos_operations::portability;
use serde_json::json;
use std::path::PathBuf;

on_both!(
    every_kind_of_password_signs_in,
    a_bad_row_keeps_all_from_being_written,
    bad_rows_are_left_out_on_wish,
    a_run_goes_on_where_the_last_one_stood,
    a_persons_data_is_theirs_alone,
    an_export_has_nothing_that_staff_wrote_for_staff,
);

/// PBKDF2 over the digits of the MD5 of [`PASSWORD`], made by Python's hashlib.
const PBKDF2: &str = "$pbkdf2-sha256$1000$AAECAwQFBgcICQoLDA0ODw$nErzk5ybtuY.9vIGfXJx1hFcwLegnr64ejhjnYk6HMk";
const BCRYPT: &str = "$2b$04$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn8C";

struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn wish(&self, name: &str, text: &str) -> Wish {
        let file: PathBuf = self.directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        Wish {
            file,
            company_id: 1,
            over: Over::Md5,
            skips_refused: false,
            only_checks: false,
            actor: "operator:test".to_owned(),
        }
    }
}

impl House {
    fn imports(&self, wish: &Wish) -> Result<Report, Failure> {
        let params = PasswordParams { memory_kib: 64, iterations: 1, lanes: 1 };
        let peppers = Peppers::new(self.store().keys().peppers()).unwrap();
        let hasher =
            Hasher::new(HasherConfig { threads: 2, queue_limit: import::MOST_HASHES, params }, peppers)
                .unwrap();
        import::run(self.store(), &hasher, wish, &mut |_, _, _| ())
    }

    fn customers(&self) -> i64 {
        self.number("SELECT count(*) FROM customers")
    }
}

fn every_kind_of_password_signs_in(backend: Backend) {
    let (house, files) = (House::open(backend), Files::new());
    let mut text =
        "Email,phone_area,phone,country,login_password,fund_password,number,lang,created_at,address\n"
            .to_owned();
    for (name, login) in [
        ("md5", md5(PASSWORD)),
        ("upper", md5(PASSWORD).to_uppercase()),
        ("pbkdf2", PBKDF2.to_owned()),
        ("bcrypt", BCRYPT.to_owned()),
    ] {
        text.push_str(&format!("{name}@import.example.com,,,CN,{login},,,,,\n"));
    }
    text.push_str("unix@import.example.com,,,CN,$6$salt$hash,,,,,\n");
    text.push_str(&format!("common@import.example.com,,,CN,{},,,,,\n", md5("password")));
    text.push_str(&format!(
        "all@import.example.com,+86,13912345678,ISO_3166_156,{},{},5000001,zh-CN,2019-03-31,\"1, Lane\"\n",
        md5(PASSWORD),
        md5("271828"),
    ));
    let report = house.imports(&files.wish("a.csv", &text)).unwrap();
    let passwords = import::Passwords { kept: 5, absent: 0, common: 1, uncheckable: 1 };
    assert_eq!(report, Report { rows: 7, added: 7, passwords, ..Report::default() });

    let signs_in = |kind: i64, name: &str, password: &str| {
        let body = json!({ "type": kind, "loginName": name, "loginPwd": md5(password), "device": 2 });
        house.visitor().call("login", body)
    };
    for name in ["md5", "upper", "pbkdf2", "bcrypt"] {
        let address = format!("{name}@import.example.com");
        signs_in(1, &address, "not this").is(WRONG_SIGN_IN);
        let reply = signs_in(1, &address, PASSWORD);
        reply.is("0");
        // With accounts, as clients need them.
        assert!(reply.data()["accountList"].as_array().unwrap().len() > 1, "{name}");
        // The first sign-in has remade it.
        let stored = house.texts(&format!("SELECT login_password FROM customers WHERE email = '{address}'"));
        assert!(stored[0].contains("$argon2id$"), "{}", stored[0]);
        signs_in(1, &address, PASSWORD).is("0");
        signs_in(1, &address, "not this").is(WRONG_SIGN_IN);
    }
    for name in ["unix", "common"] {
        let address = format!("{name}@import.example.com");
        signs_in(1, &address, "password").is(WRONG_SIGN_IN);
        let (visitor, code) = (house.visitor(), house.visitor().code("EMAIL_PASSWORD", &address));
        let reset = json!({
            "type": 1, "loginName": address, "newPwd": md5(PASSWORD), "verifyCode": code.digits,
            "sendToken": code.ticket, "pwd": md5(PASSWORD),
        });
        visitor.call("forgetLoginPwd", reset).is("0");
        signs_in(1, &address, PASSWORD).is("0");
    }
    let all = signs_in(3, "5000001", PASSWORD);
    assert_eq!(all.data()["country"], "ISO_3166_156");
    assert_eq!((&all.data()["loginPassStatus"], &all.data()["assertPassStatus"]), (&json!("2"), &json!("2")));
    assert_eq!(house.texts("SELECT address FROM customers WHERE number = '5000001'"), ["1, Lane"]);
    assert_eq!(house.number("SELECT created_at FROM customers WHERE number = '5000001'"), 1_553_990_400_000);
    signs_in(2, "13912345678", PASSWORD).is("0");
    // New customers get other numbers.
    let next = house.customer();
    assert_ne!(next.number, "5000001");
    custos_ledger::verify::verify(house.store(), 1, |_| ()).unwrap().unwrap();
}

fn a_bad_row_keeps_all_from_being_written(backend: Backend) {
    let (house, files) = (House::open(backend), Files::new());
    let ada = house.customer();
    let text = format!(
        "email,country,login_password,number,phone,name\n\
         good@import.example.com,CN,,,,\n\
         no address,CN,,,,\n\
         b@import.example.com,XX,,,,\n\
         c@import.example.com,CN,$2b$15$abcdefghijklmnopqrstuuSgeLfFnbSe4A9YsGHdiQdOUmEWLOn8C,,,\n\
         {},CN,,,,\n\
         GOOD@import.example.com,CN,,,,\n\
         ,CN,,,,nobody\n\
         d@import.example.com,CN,,12345678,,\n\
         e@import.example.com,CN,,0123,,\n\
         f@import.example.com,CN,,,,,one too many\n\
         g@import.example.com,CN,,,13912345678,\n\
         h@import.example.com,CN,,,,\"a\nb\"\n\
         {},CN,,,,\n",
        ada.email,
        "x".repeat(60),
    );
    let before = house.snapshot();
    let mut wish = files.wish("bad.csv", &text);
    let Err(Failure::Refused(report)) = house.imports(&wish) else { panic!("it was written") };
    before.is_still(&house.snapshot(), "a refused import");
    let told: Vec<&str> = report.refused.values().map(String::as_str).collect();
    let words = [
        "email: no e-mail",
        "country: no ISO",
        "login_password: a password hash that is too costly",
        "email: another customer's",
        "email: on an earlier line",
        "neither an e-mail",
        "number: within",
        "number: no whole number",
        "7 cells",
        "phone: no phone",
        "name: a control",
        "email: more than 50",
    ];
    assert_eq!(told.len(), words.len(), "{told:?}");
    for (told, word) in told.iter().zip(words) {
        assert!(told.starts_with(word), "{told}, not {word}");
    }
    // Nobody's address is in it.
    assert!(!told.iter().any(|words| words.contains("@import") || words.contains(&ada.email)));
    wish.only_checks = true;
    assert_eq!(house.imports(&wish).unwrap().refused.len(), words.len());
    before.is_still(&house.snapshot(), "a check");
    let (login, fund) = (md5(PASSWORD), md5(PASSWORD).to_uppercase());
    let text =
        format!("email,country,login_password,fund_password\ni@import.example.com,CN,{login},{fund}\n");
    let Err(Failure::Refused(report)) = house.imports(&files.wish("same.csv", &text)) else {
        panic!("written")
    };
    assert_eq!(report.refused.values().next().unwrap(), "fund_password: the same as the login password");
    for (name, text) in [("heads.csv", "email,passwort\n"), ("twice.csv", "email,email\n")] {
        assert!(matches!(house.imports(&files.wish(name, text)), Err(Failure::Said(_))), "{name}");
    }
}

fn bad_rows_are_left_out_on_wish(backend: Backend) {
    let (house, files) = (House::open(backend), Files::new());
    let text = "email,country,login_password\na@import.example.com,CN,\nbad,CN,\nb@import.example.com,CN,";
    let text = format!("{text}{PBKDF2}\n");
    let before = house.customers();
    let wish = Wish { skips_refused: true, over: Over::Plain, ..files.wish("some.csv", &text) };
    let report = house.imports(&wish).unwrap();
    assert_eq!((report.added, report.refused.keys().copied().collect::<Vec<_>>()), (2, vec![3]));
    // Made over what people type, it can't be checked.
    assert_eq!((report.passwords.kept, report.passwords.uncheckable, report.passwords.absent), (0, 1, 1));
    assert_eq!(house.customers(), before + 2);
    assert!(matches!(house.imports(&wish), Err(Failure::Said(_))), "once is enough");
    assert_eq!(house.customers(), before + 2);
}

fn a_run_goes_on_where_the_last_one_stood(backend: Backend) {
    let (house, files) = (House::open(backend), Files::new());
    let mut text = "email,country\n".to_owned();
    for row in 0..1_200 {
        text.push_str(&format!("row{row}@import.example.com,CN\n"));
    }
    let before = house.customers();
    let wish = files.wish("long.csv", &text);
    // Dies after the first piece that is written.
    let died = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let params = PasswordParams { memory_kib: 64, iterations: 1, lanes: 1 };
        let peppers = Peppers::new(house.store().keys().peppers()).unwrap();
        let hasher = Hasher::new(HasherConfig { threads: 1, queue_limit: 1, params }, peppers).unwrap();
        import::run(house.store(), &hasher, &wish, &mut |stage, done, _| {
            assert!(stage == import::Stage::Checking || done < 500, "the plug is pulled");
        })
        .map(|_| ())
    }));
    assert!(died.is_err());
    assert_eq!(house.customers(), before + 500);
    let report = house.imports(&wish).unwrap();
    assert_eq!((report.rows, report.done_before, report.added), (1_200, 500, 700));
    assert_eq!(house.customers(), before + 1_200);
    assert_eq!(house.number("SELECT count(DISTINCT number) FROM customers"), before + 1_200);
    let accounts_each = house.read(|tx| {
        let one = customer::by_name(tx, 1, &Name::parse(1, "row1199@import.example.com", None))?.unwrap();
        Ok(accounts::list(tx, 1, one.id)?.len())
    });
    assert!(accounts_each > 1);
    assert_eq!(
        house.number("SELECT count(*) FROM accounts a JOIN customers c ON c.id = a.customer_id WHERE c.email LIKE 'row%'"),
        1_200 * i64::try_from(accounts_each).unwrap()
    );
}

fn a_persons_data_is_theirs_alone(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    house.gives(&ada, (8, "USD"), "12.50");
    house.gives(&bob, (8, "USD"), "99");
    ada.home
        .call("changeCustomerAddressAndPostalCode", json!({ "address": "1 Lane", "postalCode": "7" }))
        .is("0");
    let (id, company) = (ada.id, house.add_company(true));
    house.write(move |tx| {
        let customer = customer::find(tx, 1, id)?.unwrap();
        portability::noted(tx, &customer, "operator:test");
        Ok(())
    });
    let whole = house.read(move |tx| portability::export(tx, 1, id));
    assert_eq!(whole["contacts"]["email"], ada.email.as_str());
    assert_eq!(whole["record"]["address"], "1 Lane");
    assert_eq!(whole["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(whole["statement"].as_array().unwrap().len(), 1);
    assert_eq!(whole["statement"][0]["amount"], "12.50");
    let log: Vec<&str> =
        whole["audit"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert!(log.contains(&"customer.exported") && log.contains(&"register"), "{log:?}");
    let text = whole.to_string();
    for foreign in [bob.email.as_str(), bob.number.as_str(), "argon2", ada.home.token()] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
    assert!(house.store().read_blocking(move |tx| portability::export(tx, company, id)).is_err());
}

fn an_export_has_nothing_that_staff_wrote_for_staff(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    for customer in [&bob, &ada] {
        house.passes(customer, "level_1", crate::kyc::names());
        let document = crate::kyc::passport(&house, customer, "E12345678", 400);
        customer.applies("level_2", document).is("0");
    }
    let (id, number) = (ada.id, ada.number.clone());
    let froze = house.store().write_blocking(move |tx| {
        operator::freeze(
            tx,
            (1, &number),
            Scope::Withdraw,
            None,
            "suspected of fraud",
            "operator:zoe-of-staff",
        )
    });
    froze.unwrap();
    let text = house.read(move |tx| portability::export(tx, 1, id)).to_string();
    for hidden in ["suspected", "zoe-of-staff", "\"reason\"", &bob.id.to_string()] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
    assert!(text.contains("customer.freeze"), "that it happened is told");
}
