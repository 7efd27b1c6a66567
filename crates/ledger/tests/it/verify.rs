//! Whoever changes the books behind the program's back is found.

use crate::books::{Books, float, own, transfer};
use crate::common::{Bench, on_both};
use custos_ledger::verify::Finding;
use custos_store::dialect::Engine;

const ADA: i64 = 101;
const BEN: i64 = 102;

/// Removes what makes tables append-only.
pub(crate) fn break_in(bench: &Bench, tables: &[&str]) {
    for table in tables {
        let statements = match bench.store.engine() {
            Engine::Sqlite => {
                vec![format!("DROP TRIGGER {table}_no_update"), format!("DROP TRIGGER {table}_no_delete")]
            }
            Engine::Postgres => vec![format!("DROP TRIGGER {table}_append_only ON {table}")],
        };
        for sql in statements {
            bench.raw(&sql).unwrap();
        }
    }
}

fn furnished(bench: &Bench) {
    bench.furnish();
    bench.deposits(ADA, 1_000);
    for amount in 1..=5 {
        bench.tries(move |tx| transfer(tx, own(ADA), own(BEN), amount)).unwrap();
    }
    bench.proves().unwrap();
    break_in(bench, &["ledger_entries", "ledger_transfers"]);
}

/// Each change on a fresh ledger.
#[test]
fn every_change_is_found() {
    type Found = fn(&Finding) -> bool;
    let changes: [(&str, Found); 15] = [
        ("UPDATE ledger_accounts SET balance = held WHERE owner_id = 102", |f| {
            matches!(f, Finding::Differs { .. })
        }),
        ("UPDATE ledger_accounts SET sequence = sequence - 1 WHERE owner_id = 102", |f| {
            matches!(f, Finding::Differs { .. })
        }),
        ("UPDATE ledger_entries SET balance = amount WHERE owner_id = 102 AND sequence = 3", |f| {
            matches!(f, Finding::Broken { sequence: 3, .. })
        }),
        ("UPDATE ledger_entries SET amount = balance WHERE owner_id = 102 AND sequence = 3", |f| {
            matches!(f, Finding::Unbalanced { .. })
        }),
        ("DELETE FROM ledger_entries WHERE owner_id = 102 AND sequence = 5", |f| {
            matches!(f, Finding::Unbalanced { .. })
        }),
        ("DELETE FROM ledger_entries WHERE transfer_id = (SELECT MAX(id) FROM ledger_transfers)", |f| {
            matches!(f, Finding::Empty { .. })
        }),
        ("DELETE FROM ledger_transfers WHERE id = (SELECT MAX(id) FROM ledger_transfers)", |f| {
            matches!(f, Finding::Orphaned { .. })
        }),
        (
            "UPDATE ledger_transfers SET reason = 'another' WHERE id = (SELECT MIN(id) FROM ledger_transfers)",
            |f| matches!(f, Finding::Broken { sequence: 1, .. }),
        ),
        ("UPDATE ledger_accounts SET held = balance WHERE owner_id = 102", |f| {
            matches!(f, Finding::Held { .. })
        }),
        ("UPDATE ledger_accounts SET asset_id = 2 WHERE owner_id = 102", |f| {
            matches!(f, Finding::Differs { .. })
        }),
        (
            "UPDATE ledger_entries SET recorded_at = recorded_at - 1 WHERE owner_id = 102 AND sequence = 3",
            |f| matches!(f, Finding::Broken { sequence: 3, .. }),
        ),
        (
            "UPDATE ledger_entries SET effective_at = effective_at + 1 WHERE owner_id = 102 AND sequence = 3",
            |f| matches!(f, Finding::Broken { sequence: 3, .. }),
        ),
        (
            "UPDATE ledger_transfers SET recorded_at = 5 WHERE id = (SELECT MIN(id) FROM ledger_transfers)",
            |f| matches!(f, Finding::Broken { sequence: 1, .. }),
        ),
        // More is held than is there.
        (
            "UPDATE ledger_accounts SET held = (SELECT balance FROM ledger_accounts WHERE owner_id = 101) \
             WHERE owner_id = 102",
            |f| matches!(f, Finding::OutOfBounds { .. }),
        ),
        // A floor that was lowered, and a balance that fits it.
        ("UPDATE ledger_accounts SET floor = NULL, balance = held WHERE owner_id = 101", |f| {
            matches!(f, Finding::Differs { .. })
        }),
    ];
    for (sql, found) in changes {
        on_both(|bench| {
            furnished(bench);
            bench.raw(sql).unwrap();
            let finding = bench.proves().unwrap_err();
            assert!(found(&finding), "{sql}: {finding:?}");
        });
    }
}

#[test]
fn a_transfer_that_is_gone_with_its_lines_is_missed() {
    on_both(|bench| {
        furnished(bench);
        let last = "(SELECT MAX(id) FROM ledger_transfers)";
        bench.raw(&format!("DELETE FROM ledger_entries WHERE transfer_id = {last}")).unwrap();
        bench.raw(&format!("DELETE FROM ledger_transfers WHERE id = {last}")).unwrap();
        assert!(matches!(bench.proves().unwrap_err(), Finding::Missing { .. }));
    });
}

#[test]
fn places_put_back_to_the_line_before_are_found() {
    on_both(|bench| {
        furnished(bench);
        let last = "(SELECT MAX(id) FROM ledger_transfers)";
        // All of it looks as it did before, but for what can't be made without the key.
        for place in [ADA, BEN] {
            bench
                .raw(&format!(
                    "UPDATE ledger_accounts SET sequence = sequence - 1, \
                     balance = (SELECT e.balance FROM ledger_entries e WHERE e.owner_id = {place} \
                     AND e.sequence = ledger_accounts.sequence - 1), \
                     head = (SELECT e.hash FROM ledger_entries e WHERE e.owner_id = {place} \
                     AND e.sequence = ledger_accounts.sequence - 1) WHERE owner_id = {place}"
                ))
                .unwrap();
        }
        bench.raw(&format!("DELETE FROM ledger_entries WHERE transfer_id = {last}")).unwrap();
        bench.raw(&format!("DELETE FROM ledger_transfers WHERE id = {last}")).unwrap();
        assert!(matches!(bench.proves().unwrap_err(), Finding::Differs { .. }));
    });
}

#[test]
fn more_than_a_page_is_proved() {
    on_both(|bench| {
        bench.furnish();
        bench
            .tries(|tx| {
                for _ in 0..2_500 {
                    transfer(tx, float(ADA), own(ADA), 1)?;
                }
                Ok(())
            })
            .unwrap();
        let seen = bench.proves().unwrap();
        assert_eq!((seen.transfers, seen.lines), (2_500, 5_000));
    });
}
