-- What an amount means hangs on its asset's decimals.
-- append-only: assets

-- Money. Amounts are signed 128-bit integers of the asset's smallest unit, as 16 bytes that sort like the numbers they
-- stand for (big-endian, sign bit turned), so that both engines hold them exactly and can compare them in a CHECK.

-- Where money stands. owner_id is the customer, 0 for the company; kind says which part of an account (1 the customer's
-- own, 2 principal owed, 3 interest owed) or which of the company's (11 float, 12 interest income, 13 suspense, 14 fees),
-- whose id is the asset's. A company's account has several stripes, so that not every transfer waits for one row.
CREATE TABLE ledger_accounts (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    kind BIGINT NOT NULL CHECK (kind IN (1, 2, 3, 11, 12, 13, 14)),
    stripe BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    balance BYTEA NOT NULL CHECK (length(balance) = 16),
    held BYTEA NOT NULL CHECK (length(held) = 16),
    floor BYTEA,
    ceiling BYTEA,
    frozen BIGINT NOT NULL CHECK (frozen BETWEEN 0 AND 3),
    frozen_until BIGINT NOT NULL,
    frozen_reason TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    head BYTEA NOT NULL CHECK (length(head) = 32),
    created_at BIGINT NOT NULL,
    first_in_at BIGINT NOT NULL,
    first_out_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, owner_id, id, kind, stripe),
    FOREIGN KEY (company_id, asset_id) REFERENCES assets (company_id, id),
    CHECK (floor IS NULL OR balance >= floor),
    CHECK (ceiling IS NULL OR balance <= ceiling)
) STRICT;

CREATE TABLE ledger_transfers (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    business_type BIGINT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    reverses BIGINT NOT NULL,
    recorded_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
-- append-only: ledger_transfers
CREATE UNIQUE INDEX ledger_transfers_reversed ON ledger_transfers (company_id, reverses) WHERE reverses <> 0;

-- One line of a transfer, with the account's balance after it. Each account's lines are a chain: the hash covers the
-- hash before and the whole transfer, so that the chains of all accounts hold each other.
CREATE TABLE ledger_entries (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    stripe BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    transfer_id BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    business_type1 BIGINT NOT NULL,
    amount BYTEA NOT NULL CHECK (length(amount) = 16),
    balance BYTEA NOT NULL CHECK (length(balance) = 16),
    recorded_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    hash BYTEA NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (company_id, owner_id, account_id, kind, stripe, sequence)
) STRICT;
-- append-only: ledger_entries
CREATE INDEX ledger_entries_by_transfer ON ledger_entries (company_id, transfer_id);
-- Few take effect at another time than they were recorded.
CREATE INDEX ledger_entries_dated ON ledger_entries (company_id, owner_id, account_id, kind, stripe)
    WHERE recorded_at <> effective_at;
CREATE INDEX ledger_entries_by_owner ON ledger_entries (company_id, owner_id, kind, transfer_id);

-- Money set aside: it stays in the balance and is not free.
CREATE TABLE ledger_holds (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    amount BYTEA NOT NULL CHECK (length(amount) = 16),
    posted BYTEA NOT NULL CHECK (length(posted) = 16),
    state BIGINT NOT NULL CHECK (state IN (1, 2, 3, 4)),
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, owner_id, id)
) STRICT;
CREATE INDEX ledger_holds_open ON ledger_holds (ends_at) WHERE state = 1;

-- What a key was used for, and what was answered.
CREATE TABLE idempotency_keys (
    company_id BIGINT NOT NULL,
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    fingerprint BYTEA NOT NULL,
    reply TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, scope, key)
) STRICT;
CREATE INDEX idempotency_keys_expiring ON idempotency_keys (expires_at);
