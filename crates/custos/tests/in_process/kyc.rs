//! Knowing who a customer is: applying, deciding, and moving to another country meanwhile.

use crate::common::{BAD_FIELD, Backend, Customer, DAY, House, NOT_FOUND, Reply, on_both};
use crate::files::picture_of;
use custos_customers::customer::Status;
use custos_customers::kyc::{self, Rejection, State};
use custos_operations::error::Error;
use custos_store::{Tx, params};
use serde_json::{Value, json};

on_both!(
    a_level_goes_from_draft_to_passed_and_the_record_follows,
    a_rejection_says_why_and_may_be_final,
    levels_are_not_skipped_and_values_must_fit,
    a_document_without_its_kind_is_not_enough,
    deciding_needs_what_was_seen,
    the_same_document_under_two_customers_raises_an_alarm,
    a_document_that_expires_is_asked_for_again,
    no_one_sees_or_moves_what_is_anothers,
    moving_rejects_what_waits_and_is_refused_once_passed,
    an_approval_and_a_move_never_both_win,
    account_opening_asks_where_the_company_does,
    who_is_asked_nothing_is_let_into_nothing,
    a_text_that_looks_like_a_file_is_not_signed,
    random_decisions_follow_the_model,
);

const IN_REVIEW: &str = "CUSTOMER_API_0000601";
const NOT_ASKED: &str = "CUSTOMER_API_0000602";
const PASSED: &str = "CUSTOMER_API_0000604";
const FOR_GOOD: &str = "CUSTOMER_API_0000606";
const NOT_PENDING: &str = "CUSTOMER_API_0000608";
const SKIPPED: &str = "CUSTOMER_API_0000616";
const ELEMENT: &str = "CUSTOMER_API_0000620";
const CHANGED: &str = "CUSTOMER_API_0001631";
const CLAIMED: &str = "CUSTOMER_API_0001632";

const ANN: &str = "operator:ann";
const BOB: &str = "operator:bob";

fn elements(pairs: &[(&str, &str)]) -> Value {
    pairs.iter().map(|(code, value)| json!({ "elementCode": code, "elementValue": value })).collect()
}

pub(crate) fn names() -> Value {
    elements(&[("first_name", "Ada"), ("last_name", "Lovelace"), ("birthday", "-1000")])
}

pub(crate) fn passport(house: &House, whose: &Customer, number: &str, days: i64) -> Value {
    let until = (house.now() + days * DAY).to_string();
    let file = picture_of(&whose.home);
    elements(&[("passport", number), ("expiry_date", &until), ("proof_of_passpord", &file)])
}

impl Customer {
    pub(crate) fn applies(&self, level: &str, list: Value) -> Reply {
        self.home.call("kycLevelApply", json!({ "levelCode": level, "elementList": list }))
    }

    fn record(&self) -> Value {
        self.home.call("findCustomerInfo", json!({})).data().clone()
    }

    pub(crate) fn kyc_status(&self) -> i64 {
        self.record()["kycStatus"].as_i64().unwrap()
    }
}

pub(crate) fn id_of(reply: &Reply) -> i64 {
    reply.data().as_str().unwrap().parse().unwrap()
}

impl House {
    /// What a rule makes of it: `0`, or its refusal.
    fn rule(
        &self,
        work: impl FnMut(&mut Tx<'_>) -> Result<(), custos_customers::Error> + Send + 'static,
    ) -> String {
        let mut work = work;
        match self.store().write_blocking(move |tx| work(tx).map_err(Error::from)) {
            Ok(()) => "0".to_owned(),
            Err(error) => error.code().to_owned(),
        }
    }

    pub(crate) fn revision(&self, id: i64) -> i64 {
        self.read(move |tx| Ok(kyc::find(tx, 1, id)?.revision))
    }

    pub(crate) fn approves(&self, id: i64) -> String {
        let revision = self.revision(id);
        self.rule(move |tx| kyc::approve(tx, 1, id, revision, (ANN, "seen")))
    }

    fn rejects(&self, id: i64, is_final: bool) -> String {
        let revision = self.revision(id);
        self.rule(move |tx| kyc::reject(tx, 1, id, revision, (ANN, &rejection(is_final))))
    }

    pub(crate) fn passes(&self, customer: &Customer, level: &str, list: Value) -> i64 {
        let id = id_of(&customer.applies(level, list));
        assert_eq!(self.approves(id), "0");
        id
    }
}

fn rejection(is_final: bool) -> Rejection {
    let elements = [("first_name".to_owned(), "Not as on the document".to_owned())].into_iter().collect();
    Rejection { remark: "Please look again".to_owned(), staff_remark: "odd".to_owned(), elements, is_final }
}

fn a_level_goes_from_draft_to_passed_and_the_record_follows(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    assert_eq!((ada.kyc_status(), ada.record()["kycAuditStatus"].clone()), (1, json!(2)));
    let scene = |customer: &Customer| {
        customer.home.call("checkKycApply", json!({ "businessCode": "cashin" })).data().clone()
    };
    assert_eq!(scene(&ada), 0);
    // A draft may lack something, and no one is to decide on it.
    let draft = json!({
        "businessCode": "cashin", "commitTag": false, "elementList": elements(&[("first_name", "Ada")]),
    });
    ada.home.call("kycApply", draft).is("0");
    assert_eq!((ada.kyc_status(), house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 9)?.len()))), (1, 0));
    let kept = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data().clone();
    assert_eq!(kept[0]["elementList"][0]["elementValue"], "Ada");

    let id = id_of(&ada.applies("level_1", names()));
    assert_eq!((ada.kyc_status(), scene(&ada)), (2, json!(1)));
    assert_eq!(ada.record()["kycRemark"], "In review");
    ada.applies("level_1", names()).is(IN_REVIEW);
    house.rule(move |tx| kyc::claim(tx, 1, id, ANN, false).map(|_| ()));
    assert_eq!(house.approves(id), "0");
    assert_eq!((ada.kyc_status(), scene(&ada)), (-1, json!(2)));
    assert_eq!(ada.record()["kycRemark"], "");
    ada.applies("level_1", names()).is(PASSED);
    assert_eq!(house.approves(id), NOT_PENDING);

    house.passes(&ada, "level_2", passport(&house, &ada, "E12345678", 400));
    let shown = ada.home.call("findAllCusKycListByBiz", json!({ "businessCode": "withdraw" })).data().clone();
    let told = shown[1]["elementList"].as_array().unwrap();
    let image = told.iter().find(|one| one["elementCode"] == "proof_of_passpord").unwrap();
    assert_eq!(ada.home.fetch(image["elementValue"].as_str().unwrap()).0, 200, "a link that is good now");
    let record = ada.record();
    assert_eq!((&record["idCardType"], &record["idCard"]), (&json!("passport"), &json!("E12345678")));
    let shown = ada.home.call("findAllCusKycListByBiz", json!({ "businessCode": "withdraw" })).data().clone();
    assert_eq!(shown[1]["elementList"][0]["elementCodeInputGroup"], "passport");
    assert_eq!(shown[1]["elementList"][0]["elementValueInputGroup"], "E12345678");
    house.passes(&ada, "level_3", elements(&[("face_photo", &picture_of(&ada.home))]));
    assert_eq!((ada.kyc_status(), ada.record()["kycRemark"].clone()), (4, json!("Passed")));
    let list = ada.home.call("findAllBizKycList", json!({})).data().clone();
    assert_eq!(list[1]["preLevelName"], list[0]["levelName"]);
    assert_eq!(list[1]["businessCodeList"], json!(["withdraw"]));
    assert!(
        ada.home
            .call("findAllBizKyc", json!({ "businessCode": "withdraw" }))
            .data()
            .as_array()
            .unwrap()
            .is_empty()
    );
    // Nothing told lies about in the open.
    for word in ["Lovelace", "E12345678"] {
        assert_eq!(house.number(&format!("SELECT count(*) FROM audit_log WHERE detail LIKE '%{word}%'")), 0);
    }
}

fn a_rejection_says_why_and_may_be_final(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    assert_eq!(house.rejects(id, false), "0");
    assert_eq!((ada.kyc_status(), ada.record()["kycRemark"].clone()), (3, json!("Rejected")));
    let shown = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data()[0].clone();
    assert_eq!((&shown["status"], &shown["remark"]), (&json!(3), &json!("Please look again")));
    assert_eq!(shown["elementList"][0]["remark"], "Not as on the document");
    assert!(!shown.to_string().contains("odd"), "what only staff read: {shown}");
    // Mended and submitted again, under the same id.
    assert_eq!(id_of(&ada.applies("level_1", names())), id);
    assert_eq!(house.rejects(id, true), "0");
    ada.applies("level_1", names()).is(FOR_GOOD);
    // Moving does not wash it off.
    ada.home.call("changeCountry", json!({ "newCountry": "FR" })).is("0");
    ada.applies("level_1", names()).is(FOR_GOOD);
    let revision = house.revision(id);
    assert_eq!(house.rule(move |tx| kyc::ask_again(tx, 1, id, revision, (BOB, &rejection(false)))), "0");
    assert_eq!(id_of(&ada.applies("level_1", names())), id);
}

fn levels_are_not_skipped_and_values_must_fit(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    ada.applies("level_2", passport(&house, &ada, "E12345678", 400)).is(SKIPPED);
    ada.applies("level_9", names()).is(NOT_ASKED);
    for (list, code) in [
        (elements(&[]), "first_name"),
        (elements(&[("first_name", "Ada"), ("last_name", "L"), ("birthday", "1815-12-10")]), "birthday"),
        (
            elements(&[("first_name", "A"), ("first_name", "B"), ("last_name", "L"), ("birthday", "1")]),
            "first_name",
        ),
    ] {
        ada.applies("level_1", list).is(ELEMENT).naming(code);
    }
    let business = json!({ "levelCode": "level_1", "elementList": names(), "openAccountType": 1 });
    ada.home.call("kycLevelApply", business).is(NOT_ASKED);
    ada.home.call("kycApply", json!({ "businessCode": "party", "elementList": [] })).is(BAD_FIELD);
    assert_eq!(house.number("SELECT count(*) FROM kyc_applications"), 0, "nothing of it was kept");
    house.passes(&ada, "level_1", names());
    let file = picture_of(&ada.home);
    let file = file.as_str();
    let until = (house.now() + DAY).to_string();
    let past = (house.now() - DAY).to_string();
    let eve = house.customer();
    for (list, code) in [
        (passport(&house, &eve, "E123456", 400), "proof_of_passpord"),
        (passport(&house, &ada, "E1!", 400), "passport"),
        (elements(&[("expiry_date", &until), ("proof_of_passpord", file)]), "id_card"),
        (
            elements(&[("passport", "E123456"), ("identity_card", "E123456"), ("expiry_date", &until)]),
            "identity_card",
        ),
        (
            elements(&[("passport", "E123456"), ("expiry_date", &past), ("proof_of_passpord", file)]),
            "expiry_date",
        ),
        (
            elements(&[
                ("passport", "E123456"),
                ("expiry_date", &until),
                ("proof_of_passpord", "https://evil"),
            ]),
            "proof_of_passpord",
        ),
        (
            elements(&[("passport", "E123456"), ("expiry_date", &until), ("proof_of_drive", file)]),
            "proof_of_passpord",
        ),
    ] {
        ada.applies("level_2", list).is(ELEMENT).naming(code);
    }
}

/// A number alone would otherwise be all that is asked: pictures come with a kind of document.
fn a_document_without_its_kind_is_not_enough(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.passes(&ada, "level_1", names());
    let until = (house.now() + 400 * DAY).to_string();
    let bare = [("id_card", "E12345678"), ("expiry_date", until.as_str())];
    ada.applies("level_2", elements(&bare)).is(ELEMENT).naming("id_card");
    let file = picture_of(&ada.home);
    let whole = [bare[0], bare[1], ("proof_of_passpord", file.as_str())];
    ada.applies("level_2", elements(&whole)).is(ELEMENT).naming("id_card");
    let apply = |kind: &str, list: &[(&str, &str)], commit: bool| {
        ada.home.call(
            "kycApply",
            json!({
                "levelCode": "level_2", "cardType": kind, "commitTag": commit, "elementList": elements(list),
            }),
        )
    };
    apply("passport", &bare, true).is(ELEMENT).naming("proof_of_passpord");
    apply("identity_card", &whole, true).is(ELEMENT).naming("front_identity_card");
    apply("library_card", &whole, true).is(ELEMENT).naming("id_card");
    // A draft may leave the kind for later, and loses nothing by it.
    apply("", &whole, false).is("0");
    let kept = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_2" })).data()[0].clone();
    let told = |code: &str| {
        let list = kept["elementList"].as_array().unwrap();
        list.iter().find(|one| one["elementCode"] == code).unwrap()["elementValue"].clone()
    };
    assert_eq!(told("id_card"), "E12345678");
    assert_eq!(ada.home.fetch(told("proof_of_passpord").as_str().unwrap()).0, 200);
    // The kind named beside the values counts, unless the values name one themselves.
    apply("passport", &whole, true).is("0");
    let id = house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 9)?[0].id));
    house.write(move |tx| {
        Ok(kyc::look(tx, 1, id, ANN).map(|case| assert_eq!(case.values["passport"], "E12345678"))?)
    });
    assert_eq!(house.rejects(id, false), BAD_FIELD, "of a name that this level does not ask for");
    let revision = house.revision(id);
    let elements = [("passport".to_owned(), "Not as on the picture".to_owned())].into_iter().collect();
    let why = Rejection { elements, ..rejection(false) };
    assert_eq!(house.rule(move |tx| kyc::reject(tx, 1, id, revision, (ANN, &why))), "0");
    let said = [("passport", "E7654321"), bare[1], whole[2]];
    apply("identity_card", &said, true).is("0");
    house.write(move |tx| {
        Ok(kyc::look(tx, 1, id, ANN).map(|case| assert_eq!(case.values["passport"], "E7654321"))?)
    });
}

fn deciding_needs_what_was_seen(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    let seen = house.revision(id);
    assert_eq!(house.rejects(id, false), "0");
    ada.applies("level_1", elements(&[("first_name", "Eve"), ("last_name", "L"), ("birthday", "1")])).is("0");
    assert_eq!(house.rule(move |tx| kyc::approve(tx, 1, id, seen, (ANN, "seen"))), CHANGED);
    assert_eq!(house.rule(move |tx| kyc::claim(tx, 1, id, ANN, false).map(|_| ())), "0");
    let revision = house.revision(id);
    assert_eq!(house.rule(move |tx| kyc::claim(tx, 1, id, BOB, false).map(|_| ())), CLAIMED);
    assert_eq!(house.rule(move |tx| kyc::approve(tx, 1, id, revision, (BOB, "seen"))), CLAIMED);
    assert_eq!(house.rule(move |tx| kyc::approve(tx, 1, id, revision, (ANN, " "))), BAD_FIELD);
    assert_eq!(house.rule(move |tx| kyc::approve(tx, 2, id, revision, (ANN, "seen"))), NOT_FOUND);
    assert_eq!(house.rule(move |tx| kyc::claim(tx, 1, id, BOB, true).map(|_| ())), "0");
    assert_eq!(house.rule(move |tx| kyc::approve(tx, 1, id, revision, (BOB, "seen"))), CHANGED);
    house.put_into_status(&ada, Status::Disabled);
    let revision = house.revision(id);
    assert_eq!(
        house.rule(move |tx| kyc::approve(tx, 1, id, revision, (BOB, "seen"))),
        "CUSTOMER_API_0000103"
    );
    let looks = "SELECT count(*) FROM audit_log WHERE action = 'kyc.look'";
    let before = house.number(looks);
    house.write(move |tx| {
        Ok(kyc::look(tx, 1, id, ANN).map(|case| assert_eq!(case.values["first_name"], "Eve"))?)
    });
    assert_eq!(house.number(looks), before + 1);
}

fn the_same_document_under_two_customers_raises_an_alarm(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve, bob) = (house.customer(), house.customer(), house.customer());
    let mut ids = Vec::new();
    for (who, number) in [(&ada, "e-1234 5678"), (&eve, "E12345678"), (&bob, "E99999999")] {
        house.passes(who, "level_1", names());
        ids.push(id_of(&who.applies("level_2", passport(&house, who, number, 400))));
        house.advance(1);
    }
    let alarms: Vec<bool> =
        house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 9)?.iter().map(|one| one.is_shared).collect()));
    assert_eq!(alarms, [true, true, false]);
    let second = house.read(|tx| {
        let first = kyc::queue(tx, 1, (0, 0), 1)?;
        Ok(kyc::queue(tx, 1, (first[0].queue_at, first[0].id), 1)?[0].id)
    });
    assert_eq!(second, ids[1], "page by page");
    let (id, other) = (ids[1], ada.id);
    house.write(move |tx| Ok(kyc::look(tx, 1, id, ANN).map(|case| assert_eq!(case.others, [other]))?));
    assert_eq!(house.number("SELECT count(*) FROM audit_log WHERE action = 'kyc.document_shared'"), 1);
    assert_eq!(
        house.number(
            "SELECT count(*) FROM kyc_applications WHERE level = 'level_2' AND document_hash IS NULL"
        ),
        0
    );
}

fn a_document_that_expires_is_asked_for_again(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    house.passes(&ada, "level_1", names());
    let id = house.passes(&ada, "level_2", passport(&house, &ada, "E12345678", 100));
    let told = "SELECT count(*) FROM outbox WHERE template = 'document-expires'";
    let standing = |house: &House| house.read(move |tx| Ok(kyc::find(tx, 1, id)?.state));
    for (days, notices) in [(39, 0), (1, 1), (30, 2), (23, 3), (7, 4)] {
        house.advance(days * DAY);
        // The program's own worker may have been faster.
        house.write(|tx| Ok(kyc::remind_some(tx, 50).map(|_| ())?));
        house.write(|tx| Ok(kyc::remind_some(tx, 50).map(|_| ())?));
        assert_eq!(house.number(told), notices, "after {days} more days");
        assert_eq!(standing(&house) == State::Expired, notices == 4);
    }
    let ada = Customer { home: ada.home.with_token(&ada.signs_in_from(&ada.home).text("token")), ..ada };
    assert_eq!(ada.home.call("checkKycApply", json!({ "businessCode": "withdraw" })).data(), 0);
    assert_eq!(id_of(&ada.applies("level_2", passport(&house, &ada, "E87654321", 4_000))), id);
    assert_eq!(house.approves(id), "0");
    assert_eq!(ada.home.call("checkKycApply", json!({ "businessCode": "withdraw" })).data(), 2);
}

fn no_one_sees_or_moves_what_is_anothers(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve) = (house.customer(), house.customer());
    ada.applies("level_1", names()).is("0");
    ada.home.call("saveCustomerExtend", json!({ "type": 1, "value": "mine" })).is("0");
    for operation in ["findAllLevelKyc", "findAllBizKycList"] {
        let body = json!({ "customerNo": ada.number, "customerId": ada.id });
        assert!(!eve.home.call(operation, body).data().to_string().contains("Lovelace"));
    }
    let body = json!({ "businessCode": "cashin", "customerNo": ada.number });
    assert!(eve.home.call("findAllCusKycListByBiz", body).data().as_array().unwrap().is_empty());
    assert_eq!(eve.home.call("findCustomerExtend", json!({ "type": 1 })).data()["value"], "");
    assert_eq!(ada.home.call("findCustomerExtend", json!({ "type": 1 })).data()["value"], "mine");
    assert_eq!(eve.kyc_status(), 1);
    eve.home.call("changeCountry", json!({ "newCountry": "FR" })).is("0");
    assert_eq!(ada.kyc_status(), 2);
    // A company that asks nothing.
    let other = house.add_company(true);
    let una = house.customer_of(other);
    una.applies("level_1", names()).is(NOT_ASKED);
    assert_eq!((una.kyc_status(), una.record()["companyKycStatus"].clone()), (-1, json!(2)));
    // What is sealed is gone with the customer's key.
    let (company, id) = (ada.company, ada.id);
    house.write(move |tx| {
        custos_customers::data_key::shred(tx, company, id)?;
        tx.touch(id);
        Ok(())
    });
    assert!(!ada.home.call("findAllLevelKyc", json!({})).data().to_string().contains("Lovelace"));
}

fn moving_rejects_what_waits_and_is_refused_once_passed(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    for wrong in ["XX", "ISO_3166_999", "FRANCE"] {
        ada.home.call("changeCountry", json!({ "newCountry": wrong })).is(BAD_FIELD);
    }
    house.set(1, |settings| settings.restricted_countries = vec!["KP".to_owned()]);
    ada.home.call("changeCountry", json!({ "newCountry": "ISO_3166_408" })).is("CUSTOMER_API_0001003");
    assert_eq!(ada.kyc_status(), 2);
    ada.home.call("changeCountry", json!({ "newCountry": "fr" })).is("0");
    assert_eq!((ada.record()["country"].clone(), ada.kyc_status()), (json!("ISO_3166_250"), 3));
    let shown = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data()[0].clone();
    assert!(shown["remark"].as_str().unwrap().contains("country"), "{shown}");
    assert_eq!(house.approves(id), NOT_PENDING);
    house.passes(&ada, "level_1", names());
    ada.home.call("changeCountry", json!({ "newCountry": "DE" })).is(PASSED);
    assert_eq!(ada.record()["country"], "ISO_3166_250");
}

/// Whoever comes first wins; never is a KYC of the old country passed for a customer who lives in the new one.
fn an_approval_and_a_move_never_both_win(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let (mut moved, mut passed) = (0, 0);
    for round in 0..500 {
        let id = id_of(&ada.applies("level_1", names()));
        let revision = house.revision(id);
        let to = if ada.record()["country"] == "ISO_3166_250" { "DE" } else { "FR" };
        let (approved, answer) = std::thread::scope(|scope| {
            let approving =
                scope.spawn(|| house.rule(move |tx| kyc::approve(tx, 1, id, revision, (ANN, "seen"))));
            let moving = scope.spawn(|| ada.home.call("changeCountry", json!({ "newCountry": to })));
            (approving.join().unwrap(), moving.join().unwrap())
        });
        let is_passed = house.read(move |tx| Ok(kyc::find(tx, 1, id)?.state)) == State::Passed;
        match (approved.as_str(), answer.code()) {
            ("0", PASSED) => passed += 1,
            (NOT_PENDING, "0") => moved += 1,
            both => panic!("round {round}: {both:?}"),
        }
        assert_eq!(is_passed, approved == "0", "round {round}");
        // As if nothing had been decided.
        house.write(move |tx| {
            tx.execute(
                "UPDATE kyc_applications SET state = 4 WHERE company_id = 1 AND id = $1",
                params![id],
            )?;
            Ok(())
        });
    }
    assert_eq!(moved + passed, 500);
}

fn account_opening_asks_where_the_company_does(backend: Backend) {
    let house = House::open(backend);
    house.write(|tx| {
        let mut plan = kyc::find_plan(tx, 1)?;
        plan.paths[0].levels[0].scenes.push("open_account".to_owned());
        Ok(kyc::set_plan(tx, 1, &plan, ANN)?)
    });
    let (visitor, email) = (house.visitor(), crate::common::fresh_email());
    let code = visitor.code("EMAIL_REGISTER", &email);
    let reply = visitor.call("register", crate::common::registration(&email, &code)).data().clone();
    assert_eq!((&reply["companyKycStatus"], &reply["list"][0]["levelCode"]), (&json!(1), &json!("level_1")));
    assert_eq!(reply["list"][0]["elementList"][0]["elementCode"], "first_name");
    assert_eq!(reply["list"].as_array().unwrap().len(), 1);
    let ada = house.customer();
    let audit = |ada: &Customer| {
        let record = ada.record();
        (record["kycAuditStatus"].as_i64().unwrap(), record["kycAuditRemark"].as_str().unwrap().to_owned())
    };
    assert_eq!(audit(&ada), (0, String::new()));
    let id = id_of(&ada.home.call("kycLevelApply", json!({ "elementList": names() })));
    assert_eq!(audit(&ada), (1, String::new()));
    house.rejects(id, false);
    assert_eq!(audit(&ada), (3, "Please look again".to_owned()));
    ada.applies("level_1", names()).is("0");
    assert_eq!(house.approves(id), "0");
    assert_eq!(audit(&ada), (2, String::new()));
}

/// Any sequence of submitting, deciding and moving does what a table of states says.
fn random_decisions_follow_the_model(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let mut state = State::Draft;
    let draft = json!({ "levelCode": "level_1", "commitTag": false, "elementList": [] });
    let id = id_of(&ada.home.call("kycLevelApply", draft));
    let mut seed: u64 = 0x9e37_79b9_7f4a_7c15;
    for step in 0..150 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let revision = house.revision(id);
        let (code, due, next) = match (seed >> 33) % 6 {
            0 => {
                let code = ada.applies("level_1", names()).code().to_owned();
                match state {
                    State::Submitted | State::InReview => (code, IN_REVIEW, state),
                    State::Passed => (code, PASSED, state),
                    State::RejectedForGood => (code, FOR_GOOD, state),
                    _ => (code, "0", State::Submitted),
                }
            }
            1 => {
                let code = house.rule(move |tx| kyc::claim(tx, 1, id, ANN, false).map(|_| ()));
                if state.is_pending() { (code, "0", State::InReview) } else { (code, NOT_PENDING, state) }
            }
            2 => {
                let code = house.approves(id);
                if state.is_pending() { (code, "0", State::Passed) } else { (code, NOT_PENDING, state) }
            }
            3 | 4 => {
                let is_final = (seed >> 40).is_multiple_of(2);
                let next = if is_final { State::RejectedForGood } else { State::Rejected };
                let code = house.rejects(id, is_final);
                if state.is_pending() { (code, "0", next) } else { (code, NOT_PENDING, state) }
            }
            _ => {
                let code =
                    house.rule(move |tx| kyc::ask_again(tx, 1, id, revision, (BOB, &rejection(false))));
                match state {
                    State::Passed | State::RejectedForGood => (code, "0", State::Rejected),
                    _ => (code, NOT_PENDING, state),
                }
            }
        };
        assert_eq!(code, due, "step {step} in {state:?}");
        state = next;
        assert_eq!(house.read(move |tx| Ok(kyc::find(tx, 1, id)?.state)), state, "step {step}");
        let waits = house.number("SELECT count(*) FROM kyc_applications WHERE queue_at IS NOT NULL");
        assert_eq!(waits == 1, state.is_pending(), "step {step}");
        assert_eq!(house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 9)?.len())), usize::from(state.is_pending()));
    }
}

/// The demo asks persons only.
fn who_is_asked_nothing_is_let_into_nothing(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let scene = |kind: i64| {
        let body = json!({ "businessCode": "withdraw", "openAccountType": kind });
        ada.home.call("checkKycApply", body).data().clone()
    };
    assert_eq!((scene(0), scene(1)), (json!(0), json!(0)));
}

/// A code may ask for a text in one country and for a picture in another.
fn a_text_that_looks_like_a_file_is_not_signed(backend: Backend) {
    let house = House::open(backend);
    let (ada, eve) = (house.customer(), house.customer());
    let link = picture_of(&ada.home);
    let bare = link[link.find("/api/").unwrap()..].split('?').next().unwrap().to_owned();
    house.write(|tx| {
        let mut plan = kyc::find_plan(tx, 1)?;
        let mut path = plan.paths[0].clone();
        (path.code, path.countries) = ("france".to_owned(), vec!["FR".to_owned()]);
        let element = &mut path.levels[0].elements[0];
        (element.show, element.extend) = (kyc::Show::Image, String::new());
        plan.paths.push(path);
        Ok(kyc::set_plan(tx, 1, &plan, ANN)?)
    });
    let draft = json!({ "levelCode": "level_1", "commitTag": false, "elementList": elements(&[("first_name", &bare)]) });
    let kept = eve.home.call("kycLevelApply", draft);
    eve.home.call("changeCountry", json!({ "newCountry": "FR" })).is("0");
    let told = eve.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data().to_string();
    assert!(!told.contains("sign="), "{} {told}", kept.code());
}
