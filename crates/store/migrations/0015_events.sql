-- What happened, as other systems are told. Whoever changes something writes into the queue, in the same transaction; a
-- worker gives the rows their numbers afterwards, so that a number that is missing now can't come later.
CREATE TABLE event_queue (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    type TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;

CREATE TABLE event_heads (
    company_id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL
) STRICT;

CREATE TABLE events (
    company_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    id BIGINT NOT NULL,
    type TEXT NOT NULL,
    customer_id BIGINT NOT NULL,
    at BIGINT NOT NULL,
    data TEXT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, seq)
) STRICT;
CREATE INDEX events_expiry ON events (expires_at);

-- Where events are sent to. The secrets are sealed; the one before is good until `old_until`.
CREATE TABLE webhooks (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    url TEXT NOT NULL,
    types TEXT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    reason TEXT NOT NULL,
    secret BYTEA NOT NULL,
    old_secret BYTEA,
    old_until BIGINT NOT NULL,
    position BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failing_since BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    delivered_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE INDEX webhooks_due ON webhooks (enabled, due_at);
