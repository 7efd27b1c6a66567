-- Files of customers that were taken over, and how far each has come: a run that was killed goes on where it stood.

CREATE TABLE imports (
    company_id BIGINT NOT NULL,
    -- SHA-256 of the file and of how it is read
    fingerprint BYTEA NOT NULL CHECK (length(fingerprint) = 32),
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    actor TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, fingerprint)
) STRICT;
