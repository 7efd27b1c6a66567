-- How far each company's events have been pushed to NATS. A row comes when a company's feed is pushed for the first time.
CREATE TABLE nats_positions (
    company_id BIGINT NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    reason TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    lease BIGINT NOT NULL,
    published_at BIGINT NOT NULL
) STRICT;
