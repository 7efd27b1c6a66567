-- What operators propose to give a customer or to take back, and what became of it: 1 waits for a second pair of eyes, 2 was
-- made, 3 was refused. amount is the 16 bytes of the ledger's.
CREATE TABLE ledger_proposals (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    account_id BIGINT NOT NULL,
    business_type BIGINT NOT NULL,
    amount BYTEA NOT NULL CHECK (length(amount) = 16),
    withdrawable BIGINT NOT NULL CHECK (withdrawable IN (0, 1)),
    remark TEXT NOT NULL,
    state BIGINT NOT NULL CHECK (state IN (1, 2, 3)),
    maker TEXT NOT NULL,
    checker TEXT NOT NULL,
    transfer_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX ledger_proposals_open ON ledger_proposals (company_id, owner_id) WHERE state = 1;
CREATE INDEX ledger_proposals_by_owner ON ledger_proposals (company_id, owner_id, id);

-- Customers' accounts of a trade type that are closed to transfers in (1) or out (2) until an instant.
CREATE TABLE ledger_locks (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    direction BIGINT NOT NULL CHECK (direction IN (1, 2)),
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, owner_id, trade_type, direction)
) STRICT;
CREATE INDEX ledger_locks_expiring ON ledger_locks (expires_at);

-- Interest that could not be charged is left alone for a while, so that it keeps no other loan waiting.
ALTER TABLE ledger_loans ADD COLUMN left_until BIGINT NOT NULL DEFAULT 0;
