//! Debts and interest that were altered behind the program's back are found, and so are those that a program made wrongly.

use crate::books::{Books, COMPANY, USD, code, float, own, posting};
use crate::common::{Bench, on_both};
use crate::loans::{Borrowing, NO_LIMIT};
use crate::verify::break_in;
use custos_ledger::interest::HOUR_MS;
use custos_ledger::place::{Kind, Place};
use custos_ledger::transfer::{self, Posting, Transfer};
use custos_ledger::verify::Finding;
use custos_ledger::{Code, loans};

const ADA: i64 = 101;

fn furnished(bench: &Bench) {
    bench.furnish();
    bench.sets_rate("0.0002");
    bench.borrows(ADA, USD, 300_000, NO_LIMIT).unwrap();
    bench.clock.advance_ms(3 * HOUR_MS);
    bench.accrues(1);
    bench.repays(ADA, USD, 100_000).unwrap();
    bench.clock.advance_ms(3 * HOUR_MS);
    bench.accrues(100);
    bench.proves().unwrap();
    break_in(bench, &["ledger_accruals"]);
}

#[test]
fn every_change_of_an_hour_is_found() {
    type Found = fn(&Finding) -> bool;
    let accrual: Found = |finding| matches!(finding, Finding::Accrual { .. });
    let interest: Found = |finding| matches!(finding, Finding::Interest { .. });
    let changes: [(&str, Found); 11] = [
        (
            "UPDATE ledger_accruals SET amount = principal WHERE hour = (SELECT MAX(hour) FROM ledger_accruals)",
            accrual,
        ),
        (
            "UPDATE ledger_accruals SET remainder = principal WHERE hour = (SELECT MIN(hour) FROM ledger_accruals)",
            accrual,
        ),
        (
            "UPDATE ledger_accruals SET daily_rate = principal WHERE hour = (SELECT MIN(hour) FROM ledger_accruals)",
            accrual,
        ),
        ("UPDATE ledger_accruals SET principal = amount", accrual),
        ("UPDATE ledger_accruals SET principal_sequence = 1", accrual),
        (
            "UPDATE ledger_accruals SET principal_sequence = 99 WHERE hour = (SELECT MAX(hour) FROM ledger_accruals)",
            accrual,
        ),
        ("DELETE FROM ledger_accruals WHERE hour = (SELECT MIN(hour) + 1 FROM ledger_accruals)", accrual),
        ("DELETE FROM ledger_accruals WHERE hour = (SELECT MAX(hour) FROM ledger_accruals)", interest),
        ("DELETE FROM ledger_accruals", interest),
        ("UPDATE ledger_loans SET accrued_hour = accrued_hour - 1", interest),
        ("UPDATE ledger_loans SET open = 0", interest),
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

/// A transfer of two lines that calls itself a kind of business.
fn posts(bench: &Bench, business_type: i64, lines: [Posting; 2]) {
    bench
        .tries(move |tx| {
            let transfer = Transfer {
                business_type,
                reason: "a test",
                actor: "system",
                effective_at: None,
                reverses: None,
                postings: &lines,
            };
            transfer::post(tx, COMPANY, &transfer).map(|posted| posted.id)
        })
        .unwrap();
}

#[test]
fn a_debt_that_no_loan_made_is_found() {
    let owed = |kind| Place::of_customer(ADA, ADA, kind);
    let (principal, interest) = (owed(Kind::Principal), owed(Kind::Interest));
    let wrong = [
        // Out of the company's float.
        (4, [posting(float(ADA), 5), posting(principal, -5)]),
        (loans::LOAN, [posting(float(ADA), 5), posting(principal, -5)]),
        // Interest as a loan, a debt that shrinks as one, a repayment by somebody else.
        (loans::LOAN, [posting(own(ADA), 5), posting(interest, -5)]),
        (loans::LOAN, [posting(own(ADA), -5), posting(principal, 5)]),
        (loans::REPAYMENT, [posting(own(ADA + 1), -5), posting(principal, 5)]),
        (loans::REPAYMENT, [posting(own(ADA), 5), posting(principal, -5)]),
        (23, [posting(own(ADA), 5), posting(interest, -5)]),
    ];
    for (business_type, lines) in wrong {
        on_both(|bench| {
            bench.furnish();
            bench.sets_rate("0.0002");
            bench.deposits(ADA + 1, 1_000);
            bench.borrows(ADA, USD, 300_000, NO_LIMIT).unwrap();
            bench.proves().unwrap();
            posts(bench, business_type, lines);
            let finding = bench.proves().unwrap_err();
            assert!(matches!(finding, Finding::Debt { .. }), "{business_type} {lines:?}: {finding:?}");
        });
    }
}

#[test]
fn interest_without_an_hour_is_found() {
    on_both(|bench| {
        furnished(bench);
        let interest = Place::of_customer(ADA, ADA, Kind::Interest);
        let income = Place::of_company(Kind::InterestIncome, USD, ADA);
        posts(bench, 23, [posting(income, 1), posting(interest, -1)]);
        assert!(matches!(bench.proves().unwrap_err(), Finding::Interest { .. }));
    });
}

#[test]
fn the_database_refuses_a_changed_hour() {
    on_both(|bench| {
        bench.furnish();
        bench.sets_rate("0.0002");
        bench.borrows(ADA, USD, 300_000, NO_LIMIT).unwrap();
        bench.clock.advance_ms(HOUR_MS);
        bench.accrues(10);
        for sql in [
            "UPDATE ledger_accruals SET amount = principal",
            "DELETE FROM ledger_accruals",
            "UPDATE ledger_loan_rates SET since = 0",
            "DELETE FROM ledger_loan_rates",
        ] {
            assert!(bench.raw(sql).unwrap_err().contains("append-only"), "{sql}");
        }
        assert_eq!(code(bench.repays(ADA + 1, USD, 1)), Code::NothingOwed);
    });
}
