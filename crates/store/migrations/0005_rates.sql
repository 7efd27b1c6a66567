-- What one of an asset is worth in another, for valuation: the newest word only, the audit log has those before it.
-- rate is in units of 10^-18, as 16 bytes like an amount: so much of the one asset for one of the asset `base`. A pair is
-- kept under its two codes in their order, so that it can't have two rates, one for each way.
CREATE TABLE rates (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    first TEXT NOT NULL,
    second TEXT NOT NULL,
    base TEXT NOT NULL,
    rate BYTEA NOT NULL CHECK (length(rate) = 16),
    source TEXT NOT NULL CHECK (source IN ('operator', 'file', 'provider')),
    quoted_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, first, second),
    CHECK (first <> second),
    CHECK (base IN (first, second))
) STRICT;
CREATE INDEX rates_by_second ON rates (company_id, second);

-- 0 for the assets of before.
ALTER TABLE assets ADD COLUMN created_at BIGINT NOT NULL DEFAULT 0;
