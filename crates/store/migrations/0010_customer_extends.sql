-- What front-ends keep with a customer, by kind, sealed under the customer's own key.
CREATE TABLE customer_extends (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    kind BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, kind)
) STRICT;
