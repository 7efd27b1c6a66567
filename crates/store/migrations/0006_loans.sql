-- Loans. What a customer owes stands in the principal and interest parts of their accounts; here is how interest on it
-- comes about. Amounts are the 16 bytes of the ledger's, rates such amounts of 18 decimals.

-- A customer who has borrowed in a trade type, where all accounts answer for all debts, and the group whose rate holds.
-- Every loan, repayment and accrual locks this row first.
CREATE TABLE ledger_borrowers (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    group_id BIGINT NOT NULL,
    PRIMARY KEY (company_id, owner_id, trade_type)
) STRICT;

-- What a group asks a day on principal, and since when: hours that were not charged in time are charged at the rate that
-- stood.
CREATE TABLE ledger_loan_rates (
    company_id BIGINT NOT NULL,
    group_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    since BIGINT NOT NULL,
    daily_rate BYTEA NOT NULL CHECK (length(daily_rate) = 16),
    PRIMARY KEY (company_id, group_id, trade_type, since)
) STRICT;
-- append-only: ledger_loan_rates

-- How far an account's interest has come: the last whole hour since 1970 that is charged, and what rounding has left, in
-- parts of 1 / (24 × 10^18) of a unit. A loan is open while hours have to be looked at.
CREATE TABLE ledger_loans (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    open BIGINT NOT NULL CHECK (open IN (0, 1)),
    accrued_hour BIGINT NOT NULL,
    remainder BYTEA NOT NULL CHECK (length(remainder) = 16),
    PRIMARY KEY (company_id, owner_id, account_id)
) STRICT;
CREATE INDEX ledger_loans_due ON ledger_loans (accrued_hour) WHERE open = 1;

-- One row an account and hour in which something was owed: on what, at which rate, how much. Several hours that were
-- charged together share a transfer; 0 is for hours that came to less than a unit. principal_sequence is the line of the
-- account's principal that says what was owed.
CREATE TABLE ledger_accruals (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    hour BIGINT NOT NULL,
    transfer_id BIGINT NOT NULL,
    principal_sequence BIGINT NOT NULL,
    principal BYTEA NOT NULL CHECK (length(principal) = 16),
    daily_rate BYTEA NOT NULL CHECK (length(daily_rate) = 16),
    amount BYTEA NOT NULL CHECK (length(amount) = 16),
    remainder BYTEA NOT NULL CHECK (length(remainder) = 16),
    PRIMARY KEY (company_id, owner_id, account_id, hour)
) STRICT;
-- append-only: ledger_accruals
