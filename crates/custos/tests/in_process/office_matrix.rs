//! Every role against every operation of the back office, over HTTP; and those who have no business there.

use crate::common::{Backend, DEAD_TOKEN, House, NO_TOKEN, NOT_PERMITTED, on_both};
use custos_customers::staff::Permission;
use custos_customers::staff::members::Giver;
use custos_customers::staff::roles::{self, BUILT_IN, Role};
use custos_operations::api::office_entries;
use custos_operations::operation::{Access, Entry};
use serde_json::json;

on_both! {
    each_role_may_what_its_permissions_say,
    each_single_permission_opens_what_asks_for_it_and_nothing_else,
    strangers_may_nothing,
}

/// The operations for staff; the one that ends the session last.
fn for_staff() -> Vec<&'static Entry> {
    let mut all: Vec<&Entry> =
        office_entries().iter().filter(|entry| entry.access == Access::Staff).collect();
    all.sort_by_key(|entry| entry.name.ends_with(".signOut"));
    all
}

fn try_all(house: &House, name: &str, role: &str, allows: impl Fn(Permission) -> bool) {
    let member = house.member(name, &[role]);
    for entry in for_staff() {
        let reply = member.desk.call_entry(entry, &json!({}));
        let allowed = entry.permission.is_none_or(&allows);
        assert_eq!(reply.code() != NOT_PERMITTED, allowed, "{role} at {}: {}", entry.name, reply.code());
        assert_ne!(reply.code(), DEAD_TOKEN, "{role} at {}", entry.name);
        assert_eq!(reply.status, 200, "{role} at {}", entry.name);
    }
}

fn each_role_may_what_its_permissions_say(backend: Backend) {
    let house = House::open(backend);
    let known: Vec<Role> = house.read(|tx| Ok(roles::list(tx, 1)?));
    assert_eq!(known.len(), BUILT_IN.len());
    for role in known {
        let member = format!("a-{}", role.name);
        try_all(&house, &member, &role.name, |permission| role.permissions.has(permission));
    }
}

fn each_single_permission_opens_what_asks_for_it_and_nothing_else(backend: Backend) {
    let house = House::open(backend);
    for (number, permission) in Permission::ALL.iter().enumerate() {
        // One that no operation asks for opens nothing, which the others show.
        if !office_entries().iter().any(|entry| entry.permission == Some(*permission)) {
            continue;
        }
        let role = format!("only_{number}");
        let (name, allows) = (role.clone(), vec![permission.as_str().to_owned()]);
        house.write(move |tx| {
            Ok(roles::set(tx, 1, &name, &allows, Giver::at_the_keyboard("operator:test").actor)?)
        });
        try_all(&house, &format!("b-{number}"), &role, |asked| asked == *permission);
    }
}

fn strangers_may_nothing(backend: Backend) {
    let house = House::open(backend);
    let customer = house.customer().home;
    let other = house.add_company(true);
    let owner_next_door = house.member_of(other, "owner", &["owner"]).desk.of_company(1);
    for entry in for_staff() {
        house.visitor().call_entry(entry, &json!({})).is(NO_TOKEN);
        customer.call_entry(entry, &json!({})).is(DEAD_TOKEN);
        owner_next_door.call_entry(entry, &json!({})).is(DEAD_TOKEN);
    }
}
