-- The key under which a customer's own data is sealed, itself sealed under the deployment's keys.
CREATE TABLE customer_keys (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id)
) STRICT;
