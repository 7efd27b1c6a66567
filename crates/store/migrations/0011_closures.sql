-- Customers who ask to leave: what they asked, what an operator decided, and when what is personal goes.

CREATE TABLE closures (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    -- 1 waits for an operator, 2 approved, 3 rejected
    state BIGINT NOT NULL CHECK (state IN (1, 2, 3)),
    -- sealed under the customer's own key
    remark BYTEA NOT NULL,
    requested_at BIGINT NOT NULL,
    decided_at BIGINT NOT NULL,
    decided_by TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- when personal data is to go; 0 for never
    erase_at BIGINT NOT NULL,
    erased_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE UNIQUE INDEX closures_waiting ON closures (company_id, customer_id) WHERE state = 1;
CREATE INDEX closures_of_customer ON closures (company_id, customer_id);
CREATE INDEX closures_in_state ON closures (company_id, state, id);
CREATE INDEX closures_due ON closures (erase_at) WHERE state = 2 AND erased_at = 0;

-- Whose accounts take no money: an account that is opened for one of them all the same would have no ceiling yet.
CREATE TABLE ledger_leavers (
    company_id BIGINT NOT NULL,
    owner_id BIGINT NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (company_id, owner_id)
) STRICT;
