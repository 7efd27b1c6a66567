-- Who answers for a program: whoever holds its secret proposes by it, and must not approve what it proposed.
ALTER TABLE staff_apps ADD COLUMN owner_id BIGINT;

-- What waits of the money desk lapses like every proposal, and is kept under a keyed hash; what one person made alone has
-- none. What waited before this has lapsed: nobody can tell whether it is what was proposed.
ALTER TABLE ledger_proposals ADD COLUMN maker_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_proposals ADD COLUMN open_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE ledger_proposals ADD COLUMN hash BYTEA;
CREATE INDEX ledger_proposals_made ON ledger_proposals (company_id, created_at) WHERE state = 2;
