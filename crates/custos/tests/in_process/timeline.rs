//! What happened with a customer, out of all sources, newest first.

use crate::common::{Backend, House, MINUTE, on_both};
use custos_operations::timeline;
use custos_store::Tx;

on_both!(all_sources_are_told_in_one_order_page_by_page, another_customer_s_are_not_told);

fn whole(house: &House, whose: (i64, i64), size: usize) -> Vec<(i64, String)> {
    let (mut told, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let asked = cursor.clone();
        let page =
            house.read(move |tx: &mut Tx<'_>| timeline::page(tx, whose, asked.as_deref(), size)).unwrap();
        assert!(page.moments.len() <= size);
        told.extend(page.moments.into_iter().map(|one| (one.at, one.what)));
        cursor = page.cursor;
        if cursor.is_none() {
            return told;
        }
    }
}

fn all_sources_are_told_in_one_order_page_by_page(backend: Backend) {
    let house = House::open(backend);
    let ada = house.customer();
    for _ in 0..3 {
        // Several at one instant, of both sources.
        house.gives(&ada, (8, "USDT"), "5");
        ada.signs_in_from(&ada.home).is("0");
        ada.fails_from(&ada.home);
        house.gives(&ada, (8, "USDT"), "1");
        house.advance(MINUTE);
    }
    let whose = (ada.company, ada.id);
    let all = whole(&house, whose, 1_000);
    let count = |what: &str| all.iter().filter(|(_, one)| one.starts_with(what)).count();
    assert_eq!((count("register"), count("sign_in"), count("money.")), (1, 6, 6), "{all:?}");
    assert!(all.iter().zip(all.iter().skip(1)).all(|(one, next)| one.0 >= next.0), "{all:?}");
    for size in [1, 2, 3, 5] {
        assert_eq!(whole(&house, whose, size), all, "{size} a page");
    }
    let none = house.read(move |tx: &mut Tx<'_>| timeline::page(tx, whose, Some("x"), 5));
    assert_eq!(none, None);
}

fn another_customer_s_are_not_told(backend: Backend) {
    let house = House::open(backend);
    let (ada, bob) = (house.customer(), house.customer());
    house.gives(&ada, (8, "USDT"), "5");
    let told = whole(&house, (1, bob.id), 10);
    assert_eq!(told.iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(), ["register"]);
    assert_eq!(whole(&house, (2, ada.id), 10), []);
}
