//! What moves money, and what is refused.

use crate::books::{Books, COMPANY, ETH, USD, code, float, no_loans, own, post, posting, transfer, units};
use crate::common::on_both;
use custos_ledger::idempotency::{self, FOR_EVER, Key};
use custos_ledger::place::{self, Frozen};
use custos_ledger::transfer::Posting;
use custos_ledger::{Code, Error, entries, reversal};

const ADA: i64 = 101;
const BEN: i64 = 102;

#[test]
fn money_moves_and_sums_to_zero() {
    on_both(|bench| {
        bench.furnish();
        let posted = bench.deposits(ADA, 10_000);
        assert_eq!(posted.balance(own(ADA)), Some(units(10_000)));
        bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 2_500)).unwrap();
        assert_eq!((bench.balance(own(ADA)), bench.balance(own(BEN))), (7_500, 2_500));
        assert_eq!(bench.balance(float(ADA)), -10_000);
        let seen = bench.proves().unwrap();
        assert_eq!((seen.transfers, seen.lines), (2, 4));
    });
}

#[test]
fn lines_that_do_not_sum_to_zero_are_no_transfer() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        let lopsided = [posting(own(ADA), -50), posting(own(BEN), 49)];
        assert!(matches!(bench.tries(move |tx| post(tx, &lopsided)), Err(Error::Store(_))));
        // Nor do two assets make up for each other.
        let mut other = posting(own(BEN), 50);
        other.asset_id = ETH;
        let mixed = [posting(own(ADA), -50), other];
        assert!(matches!(bench.tries(move |tx| post(tx, &mixed)), Err(Error::Store(_))));
        // Not even where each asset sums to zero, and one place takes the one for the other.
        let in_eth = |place, amount| Posting { asset_id: ETH, ..posting(place, amount) };
        for lines in [
            [posting(own(ADA), -50), in_eth(own(BEN), -50), posting(own(BEN), 50), in_eth(own(ADA), 50)],
            [posting(float(ADA), -50), in_eth(float(ADA), -50), posting(own(ADA), 50), in_eth(own(BEN), 50)],
        ] {
            assert!(matches!(bench.tries(move |tx| post(tx, &lines)), Err(Error::Store(_))));
        }
        assert_eq!(code(bench.tries(|tx| post(tx, &[]))), Code::BadField);
        assert_eq!(bench.balance(own(ADA)), 100);
        assert_eq!(bench.number("SELECT count(*) FROM ledger_transfers"), 1);
    });
}

#[test]
fn what_is_not_there_does_not_leave() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        assert_eq!(code(bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 101))), Code::NotEnough);
        bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 100)).unwrap();
        assert_eq!(code(bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 1))), Code::NotEnough);
        // The database itself keeps the floor, whoever writes.
        assert!(bench.raw("UPDATE ledger_accounts SET balance = held WHERE owner_id = 102").is_ok());
        let minus_one = "7fffffffffffffffffffffffffffffff";
        for literal in [format!("X'{minus_one}'"), format!("'\\x{minus_one}'::bytea")] {
            let sql = format!("UPDATE ledger_accounts SET balance = {literal} WHERE owner_id = 101");
            assert!(bench.raw(&sql).is_err());
        }
    });
}

#[test]
fn a_debt_never_turns_into_a_credit() {
    on_both(|bench| {
        bench.furnish();
        let owed = place::Place::of_customer(ADA, ADA, place::Kind::Principal);
        bench.tries(move |tx| transfer(tx, owed, own(ADA), 70)).unwrap();
        bench.deposits(BEN, 100);
        assert_eq!(code(bench.tries(move |tx| transfer(tx, own(BEN), owed, 71))), Code::OverCeiling);
        bench.tries(move |tx| transfer(tx, own(BEN), owed, 70)).unwrap();
        assert_eq!(bench.balance(owed), 0);
    });
}

#[test]
fn a_frozen_account_stands_still_until_the_freeze_ends() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        bench.deposits(BEN, 100);
        let until = bench.clock.clone();
        let freeze = |bits| {
            let ends = bench.store.now_ms() + 1_000;
            let frozen = Frozen { bits, until: ends };
            bench.tries(move |tx| place::freeze(tx, COMPANY, (own(ADA), USD), frozen, "a test")).unwrap();
        };
        let (out, into) = (
            || bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 1)),
            || bench.tries(|tx| transfer(tx, own(BEN), own(ADA), 1)),
        );
        freeze(Frozen::DEBIT);
        assert_eq!(code(out()), Code::Frozen);
        into().unwrap();
        freeze(Frozen::CREDIT);
        out().unwrap();
        assert_eq!(code(into()), Code::Frozen);
        freeze(Frozen::DEBIT | Frozen::CREDIT);
        assert_eq!((code(out()), code(into())), (Code::Frozen, Code::Frozen));
        until.advance_ms(1_000);
        out().unwrap();
        into().unwrap();
        bench.proves().unwrap();
    });
}

#[test]
fn a_transfer_is_undone_once_in_whole_or_in_part() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 1_000);
        let paid = bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 300)).unwrap().id;
        let undo = |part: Option<i128>| {
            bench.tries(move |tx| {
                reversal::reverse(
                    tx,
                    COMPANY,
                    paid,
                    part.map(units),
                    ("a mistake", "operator:test"),
                    no_loans(),
                )
            })
        };
        for part in [0, -1, 301] {
            assert_eq!(code(undo(Some(part))), Code::BadField);
        }
        let undone = undo(Some(100)).unwrap().id;
        assert_eq!((bench.balance(own(ADA)), bench.balance(own(BEN))), (800, 200));
        assert_eq!(code(undo(None)), Code::Reversed);
        let again = move |tx: &mut custos_store::Tx<'_>| {
            reversal::reverse(tx, COMPANY, undone, None, ("a mistake", "operator:test"), no_loans())
        };
        assert_eq!(code(bench.tries(again)), Code::Reversed);
        let unknown = |tx: &mut custos_store::Tx<'_>| {
            reversal::reverse(tx, COMPANY, 5, None, ("a mistake", "operator:test"), no_loans())
        };
        assert_eq!(code(bench.tries(unknown)), Code::NotFound);

        let whole = bench.tries(|tx| transfer(tx, own(ADA), own(BEN), 40)).unwrap().id;
        bench
            .tries(move |tx| {
                reversal::reverse(tx, COMPANY, whole, None, ("a mistake", "operator:test"), no_loans())
            })
            .unwrap();
        assert_eq!((bench.balance(own(ADA)), bench.balance(own(BEN))), (800, 200));
        bench.proves().unwrap();
    });
}

#[test]
fn a_key_takes_effect_once() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        let pay = |key: &'static str, request: &'static [u8], amount: i128| {
            bench.tries(move |tx| {
                let key = Key { company_id: COMPANY, scope: "customer:101 pay", key, request };
                idempotency::once(tx, Some(key), FOR_EVER, |tx| {
                    Ok(transfer(tx, own(ADA), own(BEN), amount)?.id.to_string())
                })
            })
        };
        let first = pay("a", b"30", 30).unwrap();
        assert_eq!(pay("a", b"30", 30).unwrap(), first);
        assert_eq!(code(pay("a", b"31", 31)), Code::OtherRequest);
        // A refused request stores nothing, and may be sent again.
        assert_eq!(code(pay("b", b"71", 71)), Code::NotEnough);
        bench.deposits(ADA, 1);
        pay("b", b"71", 71).unwrap();
        assert_eq!((bench.balance(own(ADA)), bench.balance(own(BEN))), (0, 101));
    });
}

#[test]
fn lines_and_transfers_are_never_changed() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 100);
        // What an asset's amounts mean stays too.
        for (table, column) in
            [("ledger_entries", "recorded_at"), ("ledger_transfers", "recorded_at"), ("assets", "digits")]
        {
            for sql in [format!("UPDATE {table} SET {column} = 0"), format!("DELETE FROM {table}")] {
                let refused = bench.raw(&sql).unwrap_err();
                assert!(refused.contains("append-only"), "{sql}: {refused}");
            }
        }
    });
}

#[test]
fn statements_page_by_page_are_stable_while_money_moves() {
    on_both(|bench| {
        bench.furnish();
        for amount in 1..=7 {
            bench.deposits(ADA, amount);
        }
        let page = |cursor: Option<String>| {
            bench
                .store
                .read_blocking(move |tx| entries::statement(tx, COMPANY, own(ADA), cursor.as_deref(), 3))
                .unwrap()
        };
        let amounts =
            |page: &entries::Page| page.entries.iter().map(|entry| entry.amount.units()).collect::<Vec<_>>();
        let first = page(None);
        assert_eq!(amounts(&first), [7, 6, 5]);
        assert_eq!(first.entries[0].balance, units(28));
        bench.deposits(ADA, 8);
        let second = page(first.cursor);
        assert_eq!(amounts(&second), [4, 3, 2]);
        let third = page(second.cursor);
        assert_eq!((amounts(&third), third.cursor), (vec![1], None));
        let bad = bench.store.read_blocking(|tx| entries::statement(tx, COMPANY, own(ADA), Some("x"), 3));
        assert_eq!(code(bad), Code::BadField);
    });
}

#[test]
fn a_balance_of_the_past_counts_what_took_effect_by_then() {
    on_both(|bench| {
        bench.furnish();
        let start = bench.store.now_ms();
        let at = |instant: i64| {
            bench
                .store
                .read_blocking(move |tx| entries::balance_at(tx, COMPANY, own(ADA), start + instant))
                .unwrap()
                .units()
        };
        let deposit = |amount: i128, effective: Option<i64>| {
            bench
                .tries(move |tx| {
                    let postings = [posting(float(ADA), -amount), posting(own(ADA), amount)];
                    let transfer = custos_ledger::transfer::Transfer {
                        business_type: 4,
                        reason: "a test",
                        actor: "operator:test",
                        effective_at: effective.map(|instant| start + instant),
                        reverses: None,
                        postings: &postings,
                    };
                    custos_ledger::transfer::post(tx, COMPANY, &transfer)
                })
                .unwrap();
        };
        deposit(1, None);
        bench.clock.advance_ms(100);
        deposit(10, Some(50));
        deposit(100, Some(900));
        bench.clock.advance_ms(100);
        deposit(1_000, None);
        assert_eq!(
            [-1, 0, 49, 50, 100, 199, 200, 899, 900].map(at),
            [0, 1, 1, 11, 11, 11, 1_011, 1_011, 1_111]
        );
    });
}

#[test]
fn within_a_place_time_never_goes_back() {
    on_both(|bench| {
        bench.furnish();
        bench.deposits(ADA, 1);
        let start = bench.store.now_ms();
        // Another server's clock is behind.
        bench.clock.advance_ms(-50);
        bench.deposits(ADA, 10);
        bench.clock.advance_ms(49);
        bench.deposits(ADA, 100);
        let at = |instant: i64| {
            bench
                .store
                .read_blocking(move |tx| entries::balance_at(tx, COMPANY, own(ADA), instant))
                .unwrap()
                .units()
        };
        assert_eq!([start - 51, start - 1, start].map(at), [0, 0, 111]);
        bench.proves().unwrap();
    });
}

#[test]
fn what_is_moved_by_hand_is_in_the_audit_log() {
    on_both(|bench| {
        bench.furnish();
        let account = custos_ledger::accounts::Account {
            id: ADA,
            trade_type: 1,
            created_at: 0,
            asset: custos_ledger::assets::Asset { id: USD, code: "USD".to_owned(), digits: 2 },
        };
        let give = |key: &'static str| {
            let account = account.clone();
            bench.tries(move |tx| {
                let wish = custos_ledger::adjust::Adjustment {
                    company_id: COMPANY,
                    customer_id: ADA,
                    account: &account,
                    amount: units(100),
                    reason: "a test",
                    actor: "operator:test",
                    key: Some(key),
                };
                custos_ledger::adjust::adjust(tx, &wish, no_loans())
            })
        };
        let given = give("a").unwrap();
        assert_eq!(give("a").unwrap(), given);
        bench
            .tries(move |tx| {
                reversal::reverse(
                    tx,
                    COMPANY,
                    given.transfer_id,
                    None,
                    ("a mistake", "operator:test"),
                    no_loans(),
                )
            })
            .unwrap();
        for action in ["ledger.adjust", "ledger.reverse"] {
            let count = bench.store.read_blocking(move |tx| {
                Ok::<_, Error>(tx.value::<i64>(
                    "SELECT count(*) FROM audit_log WHERE action = $1 AND customer_id = $2 AND actor = 'operator:test'",
                    custos_store::params![action, ADA],
                )?)
            });
            assert_eq!(count.unwrap(), 1, "{action}");
        }
    });
}
