//! Coming to another group, with a loan.

use crate::common::{BAD_FIELD, Backend, CANNOT_BE, HOUR, House, on_both};
use crate::loans::{borrows, charges, proves, stands};
use custos_customers::{company, operator};
use custos_operations::regroup;
use serde_json::json;

on_both!(who_comes_to_another_group_is_charged_at_its_rate_from_then_on);

const CROSS: i64 = 3;

/// Another group of company 1, like the default one but of this kind and rate.
fn another_group(house: &House, kind: i64, daily_rate: &'static str) -> i64 {
    house.write(move |tx| {
        let mut group = company::groups(tx, 1)?.into_iter().find(|group| group.is_default).unwrap();
        (group.id, group.name, group.kind, group.is_default) = (0, format!("At {daily_rate}"), kind, false);
        for offer in &mut group.offers.accounts {
            if let Some(lending) = &mut offer.lending {
                daily_rate.clone_into(&mut lending.daily_rate);
            }
        }
        Ok(operator::add_group(tx, 1, &group, "operator:test")?)
    })
}

fn who_comes_to_another_group_is_charged_at_its_rate_from_then_on(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    let (dear, test) = (another_group(&house, 0, "0.002"), another_group(&house, 1, "0.0002"));
    let comes = |group: i64| {
        let number = ada.number.clone();
        let why = ("a better customer", "operator:test");
        house.store().write_blocking(move |tx| regroup::regroup(tx, (1, &number), group, why))
    };
    house.gives(&ada, (CROSS, "USDT"), "1000");
    borrows(&ada.home, "USDT", "1200", "0");
    house.advance(HOUR);
    // No such group, and money of a test must not become real.
    for refused in [404, test] {
        assert_eq!(comes(refused).unwrap_err().code(), BAD_FIELD);
    }
    let before = comes(dear).unwrap();
    assert_eq!(comes(dear).unwrap_err().code(), BAD_FIELD);
    assert_eq!(stands(&house, &ada, "USDT")[2], "-0.010000", "an hour at the rate of before");
    // What is shown changes at once.
    assert_eq!(ada.home.call("findCustomerInfo", json!({})).data()["customerGroupId"], dear);
    assert_eq!(ada.account((CROSS, "USDT"))["interestProportion"], "0.002");
    house.advance(HOUR);
    charges(&house);
    assert_eq!(stands(&house, &ada, "USDT")[2], "-0.110000", "and one at the new one");
    assert_eq!(comes(before).unwrap(), dear);
    house.settle();
    let told = "SELECT count(*) FROM events WHERE type = 'customer.group_changed'";
    let noted = "SELECT count(*) FROM audit_log WHERE action = 'customer.group'";
    assert_eq!((house.number(told), house.number(noted)), (2, 2));
    // Whoever leaves stays where they are, and nobody reaches into another company.
    let ben = house.customer();
    ben.home.call("destroy", json!({})).is("0");
    let number = ben.number.clone();
    let refused = house
        .store()
        .write_blocking(move |tx| regroup::regroup(tx, (1, &number), dear, ("", "operator:test")))
        .unwrap_err();
    assert_eq!(refused.code(), "CUSTOMER_API_0000103");
    let other = house.add_company(true);
    let number = ada.number.clone();
    let refused = house
        .store()
        .write_blocking(move |tx| regroup::regroup(tx, (other, &number), dear, ("", "operator:test")))
        .unwrap_err();
    assert_eq!(refused.code(), CANNOT_BE);
    proves(&house);
}
