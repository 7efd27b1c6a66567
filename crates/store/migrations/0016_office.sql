-- What operators need to find customers, and what they attach to them.

-- Found by name: family name first, else the name to be called by. Compared byte by byte, small letters of ASCII only.
CREATE INDEX customers_name ON customers (company_id, lower((CASE WHEN last_name <> '' THEN last_name || ' ' || first_name ELSE name END) COLLATE "C"), id);
CREATE INDEX customers_registered ON customers (company_id, created_at, id);
CREATE INDEX customers_by_status ON customers (company_id, status, created_at, id);
CREATE INDEX customers_by_group ON customers (company_id, group_id, created_at, id);
CREATE INDEX customers_locked ON customers (company_id, locked_until) WHERE locked_until > 0;

-- What a customer may not do for a time, one row a scope.
CREATE TABLE customer_freezes (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    scope TEXT NOT NULL,
    reason TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, scope)
) STRICT;

CREATE TABLE customer_notes (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    text BYTEA NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, id)
) STRICT;

CREATE TABLE customer_tags (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    tag TEXT NOT NULL,
    actor TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, tag)
) STRICT;
CREATE INDEX customer_tags_tag ON customer_tags (company_id, tag, customer_id);
