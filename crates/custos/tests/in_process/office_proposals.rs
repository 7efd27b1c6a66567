//! Four eyes.

use crate::common::{
    Backend, CANNOT_BE, DAY, DEAD_TOKEN, House, NOT_FOUND, NOT_PERMITTED, WRONG_SIGN_IN, eventually, on_both,
};
use custos_customers::staff::apps::{self, New};
use custos_customers::staff::members::Giver;
use custos_customers::staff::roles;
use serde_json::{Value, json};

on_both! {
    one_proposes_and_another_approves,
    what_is_approved_is_what_was_proposed,
    a_proposal_is_decided_once_and_lapses,
    one_person_suffices_where_the_company_says_so,
    nobody_gives_more_than_they_may_do_themselves,
    an_invitation_takes_two,
    a_new_member_is_told_the_code_alone,
    who_holds_a_program_approves_nothing_of_it,
}

fn promote(name: &str) -> Value {
    json!({ "name": name, "roles": ["finance"], "reason": "takes over the ledger" })
}

fn roles_of(house: &House, name: &'static str) -> String {
    house.read(move |tx| Ok(custos_customers::staff::members::by_name(tx, 1, name)?.unwrap().roles))
}

fn one_proposes_and_another_approves(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]));
    let viewer = house.member("vic", &["viewer"]);
    let reply = ada.desk.office("StaffService.setRoles", promote("vic"));
    assert_eq!(reply.data()["done"], false);
    let id = reply.data()["proposalId"].clone();
    assert_eq!(roles_of(&house, "vic"), "viewer", "nothing is done yet");

    let listed = viewer.desk.office("ProposalService.list", json!({ "onlyOpen": true }));
    let proposal = listed.data()[0].clone();
    assert_eq!(proposal["id"], id);
    assert_eq!(proposal["action"], "staff.roles");
    assert_eq!(proposal["payload"], json!({ "name": "vic", "roles": ["finance"] }));
    assert_eq!(proposal["maker"], "staff:ada");
    assert_eq!(proposal["state"], "open");

    let approve = json!({ "id": id });
    ada.desk.office("ProposalService.approve", approve.clone()).is(NOT_PERMITTED);
    viewer.desk.office("ProposalService.approve", approve.clone()).is(NOT_PERMITTED);
    let new = New {
        name: "p".to_owned(),
        roles: vec!["owner".to_owned()],
        networks: Vec::new(),
        days: 1,
        owner: None,
    };
    let told = house.write(move |tx| Ok(apps::add(tx, 1, &new, Giver::at_the_keyboard("operator:test"))?));
    let auth = json!({ "appId": told.app_id, "appSecret": told.secret });
    let program = house.visitor().with_token(&house.visitor().office("auth", auth).text("token"));
    program.office("ProposalService.approve", approve.clone()).is(NOT_PERMITTED);
    let other = house.add_company(true);
    let next_door = house.member_of(other, "own", &["owner"]);
    next_door.desk.office("ProposalService.approve", approve.clone()).is(NOT_FOUND);
    assert_eq!(roles_of(&house, "vic"), "viewer");

    bob.desk.office("ProposalService.approve", approve.clone()).is("0");
    assert_eq!(roles_of(&house, "vic"), "finance");
    bob.desk.office("ProposalService.approve", approve).is(NOT_FOUND);
    let entries = "SELECT count(*) FROM audit_log WHERE \
         (action = 'proposal.make' AND actor = 'staff:ada' AND address <> '') \
         OR (action = 'proposal.approve' AND actor = 'staff:bob' AND address <> '') \
         OR (action = 'staff.roles' AND actor = 'staff:bob' AND address <> '')";
    assert_eq!(house.number(entries), 3);
}

fn what_is_approved_is_what_was_proposed(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]));
    house.member("vic", &["viewer"]);
    for sql in [
        "UPDATE office_proposals SET payload = CAST('{\"name\":\"vic\",\"roles\":[\"owner\"]}' AS {bytes})",
        "UPDATE office_proposals SET maker_id = 7",
        "UPDATE office_proposals SET open_until = open_until + 1",
        "UPDATE office_proposals SET reason = 'another'",
    ] {
        let id = ada.desk.office("StaffService.setRoles", promote("vic")).data()["proposalId"].clone();
        let kind = if backend == Backend::Sqlite { "BLOB" } else { "BYTEA" };
        let sql = crate::common::leaked(format!("{} WHERE state = 'open'", sql.replace("{bytes}", kind)));
        house.write(move |tx| Ok(tx.execute(sql, &[])?));
        bob.desk.office("ProposalService.approve", json!({ "id": id })).is(NOT_FOUND);
        bob.desk.office("ProposalService.reject", json!({ "id": id, "remark": "odd" })).is("0");
        assert_eq!(roles_of(&house, "vic"), "viewer", "{sql}");
    }
}

fn a_proposal_is_decided_once_and_lapses(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]));
    let viewer = house.member("vic", &["viewer"]);
    let propose = || ada.desk.office("StaffService.setRoles", promote("vic")).data()["proposalId"].clone();
    // Taken back by who made it; not by a third who may not decide.
    let id = propose();
    viewer.desk.office("ProposalService.reject", json!({ "id": id, "remark": "no" })).is(NOT_PERMITTED);
    ada.desk.office("ProposalService.reject", json!({ "id": id, "remark": "a slip" })).is("0");
    bob.desk.office("ProposalService.approve", json!({ "id": id })).is(NOT_FOUND);
    // Two who approve at once do it once.
    let id = propose();
    let eve = house.member("eve", &["owner"]);
    let codes: Vec<String> = std::thread::scope(|scope| {
        let tries = [&bob, &eve].map(|member| {
            let body = json!({ "id": id });
            scope.spawn(move || member.desk.office("ProposalService.approve", body).code().to_owned())
        });
        tries.map(|one| one.join().unwrap()).to_vec()
    });
    assert_eq!(codes.iter().filter(|code| *code == "0").count(), 1, "{codes:?}");
    assert_eq!(house.number("SELECT count(*) FROM audit_log WHERE action = 'staff.roles'"), 1);
    // One that nobody decides lapses.
    let id = propose();
    house.advance(3 * DAY);
    let fresh = house.member("fay", &["owner"]);
    fresh.desk.office("ProposalService.approve", json!({ "id": id })).is(NOT_FOUND);
    let listed = fresh.desk.office("ProposalService.list", json!({ "limit": 1 }));
    assert_eq!(listed.data()[0]["state"], "lapsed");
    let open = fresh.desk.office("ProposalService.list", json!({ "onlyOpen": true }));
    assert_eq!(open.data(), &json!([]));
}

fn one_person_suffices_where_the_company_says_so(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| settings.office.one_person = vec!["staff.roles".to_owned()]);
    let ada = house.member("ada", &["owner"]);
    house.member("vic", &["viewer"]);
    assert_eq!(ada.desk.office("StaffService.setRoles", promote("vic")).data()["done"], true);
    assert_eq!(roles_of(&house, "vic"), "finance");
    // Others still take two.
    let add = json!({ "name": "new", "email": "n@example.com", "roles": ["viewer"], "reason": "hired" });
    assert_eq!(ada.desk.office("StaffService.add", add).data()["done"], false);
}

fn nobody_gives_more_than_they_may_do_themselves(backend: Backend) {
    let house = House::open(backend);
    house.set(1, |settings| {
        settings.office.one_person = vec!["staff.roles".to_owned(), "staff.add".to_owned()]
    });
    house.write(|tx| {
        let allows = ["staff.grant", "staff.manage", "customers.view"].map(str::to_owned);
        Ok(roles::set(tx, 1, "hiring", &allows, "operator:test")?)
    });
    let hiring = house.member("hal", &["hiring"]);
    house.member("own", &["owner"]);
    house.member("vic", &["hiring"]);
    let set = |name: &str, roles: &[&str]| {
        let body = json!({ "name": name, "roles": roles, "reason": "r" });
        hiring.desk.office("StaffService.setRoles", body)
    };
    set("vic", &["owner"]).is(CANNOT_BE);
    set("hal", &["hiring"]).is(CANNOT_BE);
    set("own", &["hiring"]).is(CANNOT_BE);
    set("vic", &["no_such_role"]).is(CANNOT_BE);
    let add = |roles: &[&str]| {
        let body = json!({ "name": "new", "email": "new@example.com", "roles": roles, "reason": "r" });
        hiring.desk.office("StaffService.add", body)
    };
    add(&["finance"]).is(CANNOT_BE);
    for operation in ["StaffService.setEnabled", "StaffService.unlock", "StaffService.invite"] {
        let body = json!({ "name": "own", "enabled": false, "reason": "r" });
        hiring.desk.office(operation, body).is(CANNOT_BE);
    }
    add(&["hiring"]).is("0");
}

fn an_invitation_takes_two(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["security_admin"]));
    let vic = house.member("vic", &["viewer"]);
    let body = json!({ "name": "vic", "reason": "lost the phone" });
    let id = ada.desk.office("StaffService.invite", body).data()["proposalId"].clone();
    vic.desk.office("whoAmI", json!({})).is("0");
    let told = bob.desk.office("ProposalService.approve", json!({ "id": id }));
    vic.desk.office("whoAmI", json!({})).is(DEAD_TOKEN);
    // Neither who asked nor who agreed learns the code, and could so come in as Vic: it goes to Vic.
    assert_eq!(told.data(), &json!({ "name": "vic", "sentTo": told.data()["sentTo"] }));
    let code = sent_code(&house, "vic@office.example");
    let seen = bob.desk.office("ProposalService.list", json!({})).data().to_string();
    assert!(!told.data().to_string().contains(&code) && !seen.contains(&code));
    let visitor = house.visitor();
    let begin = |code: &str| visitor.office("beginEnrolment", json!({ "name": "vic", "code": code }));
    begin("AAAA").is(WRONG_SIGN_IN);
    begin(&code).is("0");
}

/// The code of the invitation that was sent to an address.
fn sent_code(house: &House, to: &str) -> String {
    eventually("an invitation", || {
        let mail = house.mails().into_iter().find(|mail| mail.to == to && mail.text.contains("invited"))?;
        let is_code = |word: &&str| word.len() == 32 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
        mail.text.split_whitespace().find(is_code).map(str::to_owned)
    })
}

fn a_new_member_is_told_the_code_alone(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]));
    let body =
        json!({ "name": "new", "email": "new@office.example", "roles": ["viewer"], "reason": "hired" });
    let id = ada.desk.office("StaffService.add", body).data()["proposalId"].clone();
    let told = bob.desk.office("ProposalService.approve", json!({ "id": id }));
    let code = sent_code(&house, "new@office.example");
    assert!(!told.data().to_string().contains(&code));
    house.visitor().office("beginEnrolment", json!({ "name": "new", "code": code })).is("0");
}

fn who_holds_a_program_approves_nothing_of_it(backend: Backend) {
    let house = House::open(backend);
    let [ada, bob] = ["ada", "bob"].map(|name| house.member(name, &["owner"]));
    house.member("vic", &["viewer"]);
    let program = |owner: Option<&str>| {
        let owner = owner.map(str::to_owned);
        let new = New {
            name: "p".to_owned(),
            roles: vec!["owner".to_owned()],
            networks: Vec::new(),
            days: 1,
            owner,
        };
        let told =
            house.write(move |tx| Ok(apps::add(tx, 1, &new, Giver::at_the_keyboard("operator:test"))?));
        let auth = json!({ "appId": told.app_id, "appSecret": told.secret });
        house.visitor().with_token(&house.visitor().office("auth", auth).text("token"))
    };
    // Nobody could be kept from approving what a program of nobody proposes.
    program(None).office("StaffService.setRoles", promote("vic")).is(NOT_PERMITTED);
    let of_ada = program(Some("ada"));
    let id = of_ada.office("StaffService.setRoles", promote("vic")).data()["proposalId"].clone();
    ada.desk.office("ProposalService.approve", json!({ "id": id })).is(NOT_PERMITTED);
    assert_eq!(roles_of(&house, "vic"), "viewer");
    bob.desk.office("ProposalService.approve", json!({ "id": id })).is("0");
    assert_eq!(roles_of(&house, "vic"), "finance");
}
