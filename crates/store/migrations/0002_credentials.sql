-- Links by which a customer freezes an account that someone else is changing.
CREATE TABLE freeze_links (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX freeze_links_expiry ON freeze_links (expires_at);

-- Accounts at third parties that a customer has bound.
CREATE TABLE third_accounts (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    source TEXT NOT NULL,
    user_id TEXT NOT NULL,
    message TEXT NOT NULL,
    subscribed BIGINT NOT NULL CHECK (subscribed IN (0, 1)),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, source),
    UNIQUE (company_id, source, user_id)
) STRICT;

-- Secrets of a company (its bot's token), sealed.
CREATE TABLE company_secrets (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    PRIMARY KEY (company_id, name)
) STRICT;

-- A change of credentials spends the codes and proofs of an address whatever their kind.
CREATE INDEX verification_codes_recipient ON verification_codes (company_id, recipient);
CREATE INDEX verification_proofs_recipient ON verification_proofs (company_id, recipient);
