-- Who has started a company's bot and has not bound the account yet.
CREATE TABLE telegram_starts (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    user_id TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, user_id)
) STRICT;
CREATE INDEX telegram_starts_expiry ON telegram_starts (expires_at);
