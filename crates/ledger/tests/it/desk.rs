//! What operators do with money: proposals, locks, and loans that something is wrong with.

use crate::books::{Books, COMPANY, USD, code, float, no_loans, own, units};
use crate::common::{Bench, on_both};
use crate::loans::{ADA, Borrowing, CROSS, GROUP, NO_LIMIT, account};
use custos_ledger::capital::{self, Side};
use custos_ledger::interest::{self, HOUR_MS};
use custos_ledger::lending::DailyRate;
use custos_ledger::loans::{self, Lender};
use custos_ledger::locks::{self, Transfers};
use custos_ledger::proposals::{self, Checker, Eyes, State, Wish};
use custos_ledger::transfer::{self, Posting, Transfer};
use custos_ledger::verify::Finding;
use custos_ledger::{Code, Result};

const BEN: i64 = 102;
const CAM: i64 = 103;

fn furnished(bench: &Bench) {
    bench.furnish();
    for customer in [ADA, BEN] {
        bench.opens(customer);
    }
}

trait Desk {
    /// A CROSS account in dollars, as the accounts' table knows it.
    fn opens(&self, customer: i64);
    fn proposes(&self, amount: i128, key: Option<&'static str>, waits: bool) -> Result<i64>;
    fn decides(&self, id: i64, checker: &'static str) -> Result<i64>;
    fn is_open(&self) -> bool;
}

impl Desk for Bench {
    fn opens(&self, customer: i64) {
        self.tries(move |tx| {
            tx.execute(
                "INSERT INTO customer_groups (company_id, id, name, type, opens_accounts, is_default, accounts, \
                 created_at) VALUES ($1, $2, 'Test', 0, 1, 1, '{}', 0) ON CONFLICT DO NOTHING",
                custos_store::params![COMPANY, GROUP],
            )?;
            tx.execute(
                "INSERT INTO customers (company_id, id, number, group_id, status, country, lang, name, first_name, \
                 last_name, address, postal_code, mfa_id, open_account_type, register_source, register_device, utm, \
                 third_server_code, third_server_source, locked_until, cool_off_until, signed_in_at, created_at) \
                 VALUES ($1, $2, $3, $4, 1, '', '', '', '', '', '', '', 0, 0, 0, '', '', '', '', 0, 0, 0, 0)",
                custos_store::params![COMPANY, customer, &customer.to_string(), GROUP],
            )?;
            tx.execute(
                "INSERT INTO accounts (company_id, customer_id, id, trade_type, asset_id, created_at) \
                 VALUES ($1, $2, $2, 3, $3, 0)",
                custos_store::params![COMPANY, customer, USD],
            )?;
            Ok(())
        })
        .unwrap();
    }

    fn proposes(&self, amount: i128, key: Option<&'static str>, waits: bool) -> Result<i64> {
        self.tries(move |tx| {
            let account = account(ADA, USD);
            let wish = Wish {
                company_id: COMPANY,
                customer_id: ADA,
                account: &account,
                amount: units(amount),
                remark: "a bonus",
                maker: "operator:maker",
                key,
                maker_id: 0,
                eyes: if waits { Eyes::Four } else { Eyes::Two },
                open_until: i64::MAX,
            };
            proposals::propose(tx, &wish, no_loans())
        })
    }

    fn decides(&self, id: i64, checker: &'static str) -> Result<i64> {
        self.tries(move |tx| {
            proposals::approve(tx, COMPANY, id, Checker { name: checker, id: 0 }, no_loans())
        })
    }

    fn is_open(&self) -> bool {
        self.tries(|tx| proposals::any_open(tx, COMPANY, ADA)).unwrap()
    }
}

#[test]
fn a_proposal_moves_money_once() {
    on_both(|bench| {
        furnished(bench);
        let made = bench.proposes(100, Some("k"), false).unwrap();
        assert_eq!(bench.proposes(100, Some("k"), false).unwrap(), made);
        assert_eq!(code(bench.proposes(101, Some("k"), false)), Code::OtherRequest);
        assert_eq!((bench.balance(own(ADA)), bench.balance(float(ADA))), (100, -100));
        let told = bench.tries(move |tx| proposals::find(tx, COMPANY, made)).unwrap().unwrap();
        assert_eq!(
            (told.state, told.amount, told.maker.as_str()),
            (State::Made, units(100), "operator:maker")
        );
        assert!(told.transfer_id > 0 && !bench.is_open());
        assert_eq!(code(bench.proposes(0, None, false)), Code::BadField);
        assert_eq!(code(bench.proposes(-101, None, false)), Code::NotEnough);
        assert_eq!(bench.number("SELECT count(*) FROM ledger_proposals"), 1);
        // Another company has none of that number.
        assert!(bench.tries(move |tx| proposals::find(tx, COMPANY + 1, made)).unwrap().is_none());
        bench.proves().unwrap();
    });
}

#[test]
fn what_waits_is_made_by_a_second_person_once() {
    on_both(|bench| {
        furnished(bench);
        let waits = bench.proposes(100, None, true).unwrap();
        assert_eq!((bench.balance(own(ADA)), bench.is_open()), (0, true));
        assert_eq!(code(bench.decides(waits, "operator:maker")), Code::SamePerson);
        assert_eq!(code(bench.decides(waits + 1, "operator:checker")), Code::NotFound);
        bench.decides(waits, "operator:checker").unwrap();
        assert_eq!(code(bench.decides(waits, "operator:checker")), Code::ProposalEnded);
        assert_eq!((bench.balance(own(ADA)), bench.is_open()), (100, false));
        let told = bench.tries(move |tx| proposals::find(tx, COMPANY, waits)).unwrap().unwrap();
        assert_eq!((told.state, told.checker.as_str()), (State::Made, "operator:checker"));
        // What can't be taken is not even proposed; what can't be taken any more stays undecided.
        assert_eq!(code(bench.proposes(-101, None, true)), Code::NotEnough);
        let takes = bench.proposes(-100, None, true).unwrap();
        bench.proposes(-1, None, false).unwrap();
        assert_eq!(code(bench.decides(takes, "operator:checker")), Code::NotEnough);
        assert!(bench.is_open());
        bench.tries(move |tx| proposals::reject(tx, COMPANY, takes, "operator:maker")).unwrap();
        assert_eq!((bench.is_open(), bench.balance(own(ADA))), (false, 99));
        assert_eq!(code(bench.decides(takes, "operator:checker")), Code::ProposalEnded);
        bench.proves().unwrap();
    });
}

#[test]
fn nothing_is_taken_that_covers_a_loan() {
    on_both(|bench| {
        furnished(bench);
        bench.sets_rate("0.0002");
        bench.deposits(ADA, 1_000);
        let given = bench.number("SELECT MAX(id) FROM ledger_transfers");
        bench.proposes(-100, None, false).unwrap();
        let undo = move |tx: &mut custos_store::Tx<'_>| {
            custos_ledger::reversal::reverse(
                tx,
                COMPANY,
                given,
                Some(units(1)),
                ("a mistake", "operator:test"),
                no_loans(),
            )
        };
        bench.borrows(ADA, USD, 500, NO_LIMIT).unwrap();
        // No terms are known any more: all of it is tied down.
        assert_eq!(code(bench.proposes(-1, None, false)), Code::NotEnough);
        assert_eq!(code(bench.proposes(-1, None, true)), Code::NotEnough);
        assert_eq!(code(bench.tries(undo)), Code::NotEnough);
        let holds = bench.tries(|tx| {
            let ends_at = tx.now() + 1_000;
            let wanted = custos_ledger::holds::Wanted {
                place: own(ADA),
                asset_id: USD,
                amount: units(1),
                reason: "a test",
                ends_at,
            };
            custos_ledger::holds::reserve(tx, COMPANY, wanted, no_loans())
        });
        assert_eq!(code(holds), Code::NotEnough);
        // A loan is undone with what it brought.
        let loan = bench.number("SELECT MAX(id) FROM ledger_transfers");
        bench
            .tries(move |tx| {
                custos_ledger::reversal::reverse(
                    tx,
                    COMPANY,
                    loan,
                    None,
                    ("a mistake", "operator:test"),
                    no_loans(),
                )
            })
            .unwrap();
        bench.tries(undo).unwrap();
        bench.proves().unwrap();
    });
}

#[test]
fn a_lock_closes_transfers_one_way_or_both_for_a_while() {
    on_both(|bench| {
        furnished(bench);
        bench.deposits(ADA, 100);
        bench.deposits(BEN, 100);
        let moves = |from: i64, to: i64| {
            bench.tries(move |tx| {
                let (one, other) = (account(from, USD), account(to, USD));
                let sides =
                    (Side { customer_id: from, account: &one }, Side { customer_id: to, account: &other });
                capital::transfer(tx, COMPANY, sides, units(1), no_loans()).map(|_| ())
            })
        };
        let set = |transfers, ms: i64| {
            bench.tries(move |tx| {
                let until = tx.now() + ms;
                locks::lock(tx, (COMPANY, ADA), (CROSS, transfers), until, "operator:test")
            })
        };
        let are =
            || bench.tries(|tx| locks::of(tx, (COMPANY, ADA), CROSS)).unwrap().map(|(_, closed)| closed);
        assert_eq!(code(set(Transfers::Both, 0)), Code::BadField);
        set(Transfers::Out, 1_000).unwrap();
        assert_eq!(are(), [false, true, false]);
        assert_eq!(code(moves(ADA, BEN)), Code::Frozen);
        moves(BEN, ADA).unwrap();
        set(Transfers::In, 2_000).unwrap();
        assert_eq!(are(), [true, true, true]);
        assert_eq!(code(moves(BEN, ADA)), Code::Frozen);
        bench.clock.advance_ms(1_000);
        assert_eq!(are(), [true, false, false]);
        moves(ADA, BEN).unwrap();
        bench
            .tries(|tx| locks::unlock(tx, (COMPANY, ADA), (CROSS, Transfers::Both), "operator:test"))
            .unwrap();
        assert_eq!(are(), [false; 3]);
        moves(BEN, ADA).unwrap();
        // Of another trade type, customer or company it says nothing.
        set(Transfers::Both, 1_000).unwrap();
        for (company, customer, trade_type) in
            [(COMPANY, ADA, 5), (COMPANY, BEN, CROSS), (COMPANY + 1, ADA, CROSS)]
        {
            let told = bench.tries(move |tx| locks::of(tx, (company, customer), trade_type)).unwrap();
            assert!(told.iter().all(|(_, closed)| !closed));
        }
        bench.proves().unwrap();
    });
}

#[test]
fn one_broken_loan_keeps_no_other_from_being_charged() {
    on_both(|bench| {
        furnished(bench);
        bench.sets_rate("0.0002");
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        bench.clock.advance_ms(HOUR_MS);
        bench.borrows(CAM, USD, 240_000, NO_LIMIT).unwrap();
        // A group that never told what it asks.
        let group = |id: i64| {
            bench
                .tries(move |tx| {
                    tx.execute(
                        "UPDATE ledger_borrowers SET group_id = $2 WHERE owner_id = $1",
                        custos_store::params![ADA, id],
                    )?;
                    Ok(())
                })
                .unwrap();
        };
        group(404);
        bench.clock.advance_ms(2 * HOUR_MS);
        // The broken one is the oldest: batches of one meet it first.
        for _ in 0..5 {
            bench.tries(|tx| interest::accrue_some(tx, 1)).unwrap();
        }
        assert_eq!((bench.owes(ADA, USD).1, bench.owes(CAM, USD).1), (0, 4));
        // Mended, it is charged for all hours.
        group(GROUP);
        bench.clock.advance_ms(HOUR_MS);
        bench.accrues(100);
        assert_eq!((bench.owes(ADA, USD).1, bench.owes(CAM, USD).1), (8, 6));
        bench.proves().unwrap();
    });
}

#[test]
fn who_comes_to_another_group_is_charged_by_the_one_before_until_then() {
    on_both(|bench| {
        furnished(bench);
        bench.sets_rate("0.0002");
        bench.borrows(ADA, USD, 240_000, NO_LIMIT).unwrap();
        bench.clock.advance_ms(3 * HOUR_MS);
        let moves = |lender: Option<Lender>| {
            bench.tries(move |tx| loans::change_group(tx, (COMPANY, ADA), CROSS, lender)).unwrap();
        };
        let dear = Lender { group_id: GROUP + 1, rate: DailyRate::parse("0.002").unwrap() };
        moves(Some(dear));
        assert_eq!(bench.owes(ADA, USD), (240_000, 6));
        bench.clock.advance_ms(HOUR_MS);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 26));
        // One that does not lend leaves the terms as they were.
        moves(None);
        bench.clock.advance_ms(HOUR_MS);
        bench.accrues(100);
        assert_eq!(bench.owes(ADA, USD), (240_000, 46));
        bench.proves().unwrap();
    });
}

#[test]
fn a_reversal_that_mirrors_nothing_is_found() {
    // More than it was, of another kind, of none, the wrong way round, and one that is right.
    for (is_known, amount, business_type, is_wrong) in [
        (true, 101, 4, true),
        (true, 100, 5, true),
        (false, 100, 4, true),
        (true, -50, 4, true),
        (true, 50, 4, false),
        (true, 100, 4, false),
    ] {
        on_both(|bench| {
            furnished(bench);
            bench.deposits(ADA, 1_000);
            bench.deposits(ADA, 100);
            let last = bench.number("SELECT MAX(id) FROM ledger_transfers");
            let posted = bench.tries(move |tx| {
                let line = |place, amount| Posting {
                    place,
                    asset_id: USD,
                    amount: units(amount),
                    business_type1: 0,
                };
                let postings = [line(own(ADA), -amount), line(float(ADA), amount)];
                let transfer = Transfer {
                    business_type,
                    reason: "a test",
                    actor: "operator:test",
                    effective_at: None,
                    reverses: Some(if is_known { last } else { 5 }),
                    postings: &postings,
                };
                transfer::post(tx, COMPANY, &transfer)
            });
            let transfer_id = posted.unwrap().id;
            let proof = bench.proves();
            if is_wrong {
                assert_eq!(proof, Err(Finding::Reversal { transfer_id }), "{amount} {business_type}");
            } else {
                proof.unwrap();
            }
        });
    }
}
