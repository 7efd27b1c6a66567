-- Customers' files. The bytes lie in a vault, sealed under a key that is kept here, sealed under the customer's own.
-- state: 1 being written, 2 kept. What nothing refers to is due after a day; the rest never.
CREATE TABLE files (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    state BIGINT NOT NULL CHECK (state IN (1, 2)),
    media_type TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    sealed_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX files_customer ON files (company_id, customer_id, created_at);
CREATE INDEX files_due ON files (due_at);
