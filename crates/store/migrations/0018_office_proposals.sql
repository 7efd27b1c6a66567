-- What one member of staff proposes and another decides.
CREATE TABLE office_proposals (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    action TEXT NOT NULL,
    customer_id BIGINT,
    payload BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    reason TEXT NOT NULL,
    maker_id BIGINT NOT NULL,
    maker TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'approved', 'rejected')),
    checker_id BIGINT,
    checker TEXT,
    remark TEXT,
    created_at BIGINT NOT NULL,
    open_until BIGINT NOT NULL,
    decided_at BIGINT,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX office_proposals_state ON office_proposals (company_id, state, id);
