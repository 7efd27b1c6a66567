//! What a company's KYC provider is told and says, over HTTP.

use crate::common::{Backend, Client, Customer, House, MINUTE, Reply, on_both};
use crate::kyc::{id_of, names, passport};
use custos_customers::kyc;
use custos_customers::third_party;
use custos_delivery::webhook;
use serde_json::{Value, json};

on_both!(
    a_verdict_is_advice_where_the_company_does_not_let_it_decide,
    a_verdict_decides_where_the_company_lets_it,
    a_verdict_that_must_be_looked_at_by_someone_decides_nothing,
    only_the_provider_is_believed,
    what_is_no_verdict_changes_nothing,
    other_systems_are_told_of_every_step,
    a_business_of_another_country_waits_on,
);

const SECRET: &[u8] = b"a secret of thirty-two bytes ...";
const NOT_PENDING: &str = "CUSTOMER_API_0000608";
const CHANGED: &str = "CUSTOMER_API_0001631";
const ANN: &str = "operator:ann";

fn open(backend: Backend, decides: bool) -> House {
    let house = House::open(backend);
    let secret = webhook::secret_text(SECRET);
    house.write(move |tx| Ok(third_party::set_secret(tx, 1, third_party::KYC_PROVIDER, Some(&secret))?));
    house.set(1, move |settings| settings.kyc_provider_decides = decides);
    house
}

/// A message as the provider signs it, with what is to be changed about it.
struct Message<'a> {
    id: &'a str,
    secret: &'a [u8],
    at_ms: i64,
    company: i64,
    signed_body: Option<&'a str>,
}

impl Message<'_> {
    fn new(house: &House) -> Message<'static> {
        Message { id: "msg_1", secret: SECRET, at_ms: house.now(), company: 1, signed_body: None }
    }

    fn sends(&self, client: &Client, body: &str) -> Reply {
        let timestamp = (self.at_ms / 1_000).to_string();
        let signature =
            webhook::signature(self.secret, self.id, &timestamp, self.signed_body.unwrap_or(body));
        client
            .with("webhook-id", Some(self.id))
            .with("webhook-timestamp", Some(&timestamp))
            .with("webhook-signature", Some(&format!("v1,AAAA {signature}")))
            .calls_hook(&format!("/hooks/kyc/{}", self.company), body)
    }
}

fn says(house: &House, id: i64, verdict: &str) -> Value {
    json!({
        "application": id.to_string(), "revision": house.revision(id), "verdict": verdict, "source": "acme",
        "text": "0.97", "remark": "The picture is too dark",
    })
}

#[track_caller]
fn told(reply: &Reply, status: u16, result: &str) {
    assert_eq!((reply.status, reply.body["result"].as_str()), (status, Some(result)), "{}", reply.body);
}

fn case(house: &House, id: i64) -> kyc::Case {
    house.write(move |tx| Ok(kyc::look(tx, 1, id, ANN)?))
}

fn flagged(house: &House) -> Vec<(i64, bool)> {
    let queue = house.read(|tx| Ok(kyc::queue(tx, 1, (0, 0), 10)?));
    queue.into_iter().map(|one| (one.id, one.is_flagged)).collect()
}

fn a_verdict_is_advice_where_the_company_does_not_let_it_decide(backend: Backend) {
    let house = open(backend, false);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    let (message, body) = (Message::new(&house), says(&house, id, "approve").to_string());
    told(&message.sends(&house.visitor(), &body), 200, "noted");
    told(&message.sends(&house.visitor(), &body), 200, "taken before");
    assert_eq!(ada.kyc_status(), 2, "it waits on");
    assert_eq!(flagged(&house), [(id, false)]);
    told(
        &Message { id: "msg_2", ..message }.sends(&house.visitor(), &says(&house, id, "reject").to_string()),
        200,
        "noted",
    );
    assert_eq!(flagged(&house), [(id, true)]);
    let verdicts = case(&house, id).verdicts;
    let all: Vec<_> =
        verdicts.iter().map(|one| (one.source.as_str(), one.says.as_str(), one.text.as_str())).collect();
    assert_eq!(all, [("acme", "approve", "0.97"), ("acme", "reject", "0.97")]);
    let kept = house.read(|tx| Ok(tx.value::<Vec<u8>>("SELECT sealed FROM kyc_verdicts LIMIT 1", &[])?));
    assert!(!kept.windows(4).any(|part| part == b"0.97"), "what was found is sealed");
    // Someone decides; what comes afterwards finds nothing to say.
    assert_eq!(house.approves(id), "0");
    let late =
        Message { id: "msg_3", ..message }.sends(&house.visitor(), &says(&house, id, "reject").to_string());
    told(&late, 409, NOT_PENDING);
    assert_eq!(ada.kyc_status(), -1);
    assert_eq!(house.number("SELECT count(*) FROM kyc_verdicts"), 2, "what was refused left nothing");
}

fn a_verdict_decides_where_the_company_lets_it(backend: Backend) {
    let house = open(backend, true);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    let message = Message::new(&house);
    // Of an older revision than the one that waits.
    let mut stale = says(&house, id, "approve");
    stale["revision"] = json!(house.revision(id) - 1);
    told(&message.sends(&house.visitor(), &stale.to_string()), 409, CHANGED);
    // A rejection must say something to the customer.
    let mut silent = says(&house, id, "reject");
    silent["remark"] = json!("");
    assert_eq!(message.sends(&house.visitor(), &silent.to_string()).status, 409);
    assert_eq!(ada.kyc_status(), 2);
    told(&message.sends(&house.visitor(), &says(&house, id, "reject").to_string()), 200, "decided");
    let shown = ada.home.call("findAllLevelKyc", json!({ "levelCode": "level_1" })).data()[0].clone();
    assert_eq!((ada.kyc_status(), &shown["remark"]), (3, &json!("The picture is too dark")));
    ada.applies("level_1", names()).is("0");
    // The message of before, sent again, decides nothing anew.
    told(&message.sends(&house.visitor(), &says(&house, id, "reject").to_string()), 200, "taken before");
    assert_eq!(ada.kyc_status(), 2);
    let message = Message { id: "msg_2", ..message };
    told(&message.sends(&house.visitor(), &says(&house, id, "approve").to_string()), 200, "decided");
    let by = "SELECT count(*) FROM audit_log WHERE action IN ('kyc.approve', 'kyc.reject') AND actor = 'provider:acme'";
    assert_eq!((ada.kyc_status(), house.number(by)), (-1, 2));
}

fn a_verdict_that_must_be_looked_at_by_someone_decides_nothing(backend: Backend) {
    let house = open(backend, true);
    let (ada, bob) = (house.customer(), house.customer());
    for customer in [&ada, &bob] {
        house.passes(customer, "level_1", names());
    }
    let first = id_of(&ada.applies("level_2", passport(&house, &ada, "E12345678", 400)));
    let message = Message::new(&house);
    told(&message.sends(&house.visitor(), &says(&house, first, "review").to_string()), 200, "noted");
    // The same document under another customer: no machine says that this is well.
    let second = id_of(&bob.applies("level_2", passport(&house, &bob, "E12345678", 400)));
    let message = Message { id: "msg_2", ..message };
    told(&message.sends(&house.visitor(), &says(&house, second, "approve").to_string()), 200, "noted");
    // Someone has it in hand.
    let third = house.customer();
    let claimed = id_of(&third.applies("level_1", names()));
    house.write(move |tx| Ok(kyc::claim(tx, 1, claimed, ANN, false)?));
    let message = Message { id: "msg_3", ..message };
    told(&message.sends(&house.visitor(), &says(&house, claimed, "approve").to_string()), 200, "noted");
    assert_eq!(flagged(&house), [(first, true), (second, false), (claimed, false)]);
}

fn only_the_provider_is_believed(backend: Backend) {
    let house = open(backend, true);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    let body = says(&house, id, "approve").to_string();
    let unsigned = |message: Message<'_>| told(&message.sends(&house.visitor(), &body), 401, "unsigned");
    unsigned(Message { secret: b"another secret of 32 bytes .....", ..Message::new(&house) });
    unsigned(Message { signed_body: Some("{}"), ..Message::new(&house) });
    for off in [-6, 6] {
        unsigned(Message { at_ms: house.now() + off * MINUTE, ..Message::new(&house) });
    }
    // A company without a provider, and none at all.
    let other = house.add_company(true);
    unsigned(Message { company: other, ..Message::new(&house) });
    unsigned(Message { company: 404, ..Message::new(&house) });
    house.visitor().calls_hook("/hooks/kyc/1", &body);
    // Another company's provider reaches none of this one's.
    let secret = webhook::secret_text(SECRET);
    house.write(move |tx| Ok(third_party::set_secret(tx, other, third_party::KYC_PROVIDER, Some(&secret))?));
    let reply = Message { company: other, ..Message::new(&house) }.sends(&house.visitor(), &body);
    told(&reply, 409, "CUSTOMER_API_0000003");
    assert_eq!((ada.kyc_status(), house.number("SELECT count(*) FROM kyc_verdicts")), (2, 0));
    // While a secret is replaced, either is good.
    let both = format!("{} {}", webhook::secret_text(&[9; 32]), webhook::secret_text(SECRET));
    house.write(move |tx| Ok(third_party::set_secret(tx, 1, third_party::KYC_PROVIDER, Some(&both))?));
    told(&Message::new(&house).sends(&house.visitor(), &body), 200, "decided");
}

fn what_is_no_verdict_changes_nothing(backend: Backend) {
    let house = open(backend, true);
    let ada = house.customer();
    let id = id_of(&ada.applies("level_1", names()));
    let sends = |body: &str| Message::new(&house).sends(&house.visitor(), body);
    for unreadable in ["", "{", "[]", "\"approve\""] {
        told(&sends(unreadable), 400, "unreadable");
    }
    for (field, value, status) in [
        ("verdict", json!("maybe"), 400),
        ("application", json!("1e3"), 400),
        ("application", json!(404), 409),
        ("source", json!(""), 409),
        ("source", json!("operator:ann"), 409),
        ("text", json!("x".repeat(501)), 409),
    ] {
        let mut body = says(&house, id, "approve");
        body[field] = value.clone();
        assert_eq!(sends(&body.to_string()).status, status, "{field}: {value}");
    }
    let mut elements = says(&house, id, "reject");
    elements["elements"] = json!({ "never_asked": "wrong" });
    told(&sends(&elements.to_string()), 409, "GATEWAY_CODE_104");
    assert_eq!((ada.kyc_status(), house.number("SELECT count(*) FROM kyc_verdicts")), (2, 0));
}

fn other_systems_are_told_of_every_step(backend: Backend) {
    let house = open(backend, false);
    let ada = house.customer();
    let id = house.passes(&ada, "level_1", names());
    let revision = house.revision(id);
    let why = kyc::Rejection { remark: "Please once more".to_owned(), ..kyc::Rejection::default() };
    house.write(move |tx| Ok(kyc::ask_again(tx, 1, id, revision, (ANN, &why))?));
    ada.applies("level_1", names()).is("0");
    ada.home.call("changeCountry", json!({ "newCountry": "FR" })).is("0");
    house.settle();
    let events = house.read(|tx| Ok(custos_store::events::list(tx, 1, 0, 100)?)).events;
    let told: Vec<_> = events.iter().filter(|event| event.kind.starts_with("kyc.")).collect();
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["kyc.submitted", "kyc.passed", "kyc.asked_again", "kyc.submitted", "kyc.rejected"]);
    assert!(told.iter().all(|event| event.data["application"] == id && event.customer_id == ada.id));
    assert_eq!(told[0].data["revision"], 1);
}

/// A business's country is where it is at home, not where its owner lives.
fn a_business_of_another_country_waits_on(backend: Backend) {
    let house = open(backend, false);
    house.set(1, |settings| settings.business_countries = vec!["SG".to_owned(), "GB".to_owned()]);
    house.write(|tx| {
        let mut plan = kyc::find_plan(tx, 1)?;
        let mut path = plan.paths[0].clone();
        (path.code, path.open_account_type) = ("business".to_owned(), 1);
        plan.paths.push(path);
        Ok(kyc::set_plan(tx, 1, &plan, ANN)?)
    });
    let ada = house.customer();
    let business = |customer: &Customer, country: &str| {
        let body = json!({
            "levelCode": "level_1", "openAccountType": 1, "selectCountry": country, "elementList": names(),
        });
        id_of(&customer.home.call("kycLevelApply", body))
    };
    let id = business(&ada, "SG");
    ada.home.call("changeCountry", json!({ "newCountry": "GB" })).is("0");
    let state = |id: i64| house.read(move |tx| Ok(kyc::find(tx, 1, id)?.state));
    assert_eq!(state(id), kyc::State::Submitted);
    // One at home where its owner lived is of the old country.
    let bob = house.customer();
    bob.home.call("changeCountry", json!({ "newCountry": "SG" })).is("0");
    let id = business(&bob, "SG");
    bob.home.call("changeCountry", json!({ "newCountry": "GB" })).is("0");
    assert_eq!(state(id), kyc::State::Rejected);
}
