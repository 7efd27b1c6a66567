-- What customers watch: product ids by trade type, in their order, as a JSON array.
CREATE TABLE watchlists (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    symbols TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, trade_type)
) STRICT;

-- The products that a company trades, loaded whole; product is the JSON object that clients are shown.
CREATE TABLE products (
    company_id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    symbol_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    product TEXT NOT NULL,
    PRIMARY KEY (company_id, trade_type, symbol_id)
) STRICT;

-- What a company announces to its customers. texts: by language, {"title", "content"}.
CREATE TABLE company_notices (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    texts TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX company_notices_published ON company_notices (company_id, published_at, id) WHERE withdrawn_at = 0;

-- What a customer reads in the application: each security notice once. sealed: its variables, under the customer's own key.
CREATE TABLE messages (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    template TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    read_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, id)
) STRICT;
