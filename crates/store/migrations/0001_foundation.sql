-- Companies, their customers, and all that a first journey needs.
-- Types are BIGINT, TEXT and BYTEA only; times are milliseconds since 1970; yes and no are 1 and 0.

-- Bumped by commands that run beside a server on SQLite, so that the server drops what it has cached.
CREATE TABLE cache_epoch (id BIGINT NOT NULL PRIMARY KEY, epoch BIGINT NOT NULL) STRICT;
INSERT INTO cache_epoch (id, epoch) VALUES (1, 0);

CREATE TABLE companies (
    id BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    state BIGINT NOT NULL CHECK (state IN (1, 2)),
    settings TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
) STRICT;

-- How many customer numbers of the range are handed out.
CREATE TABLE company_numbers (
    company_id BIGINT NOT NULL PRIMARY KEY REFERENCES companies (id),
    used BIGINT NOT NULL
) STRICT;

CREATE TABLE assets (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    code TEXT NOT NULL,
    digits BIGINT NOT NULL CHECK (digits BETWEEN 0 AND 18),
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, code)
) STRICT;

CREATE TABLE customer_groups (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    type BIGINT NOT NULL CHECK (type IN (0, 1, 2)),
    opens_accounts BIGINT NOT NULL CHECK (opens_accounts IN (0, 1)),
    is_default BIGINT NOT NULL CHECK (is_default IN (0, 1)),
    accounts TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, name)
) STRICT;

CREATE TABLE customers (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    number TEXT NOT NULL,
    group_id BIGINT NOT NULL,
    status BIGINT NOT NULL CHECK (status IN (1, 2, 3, 4, 6)),
    email TEXT,
    phone_area TEXT,
    phone TEXT,
    country TEXT NOT NULL,
    lang TEXT NOT NULL,
    name TEXT NOT NULL,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    address TEXT NOT NULL,
    postal_code TEXT NOT NULL,
    login_password TEXT,
    fund_password TEXT,
    mfa_id BIGINT NOT NULL,
    open_account_type BIGINT NOT NULL,
    register_source BIGINT NOT NULL,
    register_device TEXT NOT NULL,
    utm TEXT NOT NULL,
    third_server_code TEXT NOT NULL,
    third_server_source TEXT NOT NULL,
    locked_until BIGINT NOT NULL,
    cool_off_until BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, number),
    UNIQUE (company_id, email),
    UNIQUE (company_id, phone_area, phone),
    CHECK ((phone IS NULL) = (phone_area IS NULL))
) STRICT;
CREATE INDEX customers_phone ON customers (company_id, phone);

CREATE TABLE sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    id BIGINT NOT NULL,
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    device BIGINT NOT NULL,
    agent TEXT NOT NULL,
    address TEXT NOT NULL,
    country TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX sessions_customer ON sessions (company_id, customer_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- One row a kind and recipient: only the newest code counts.
CREATE TABLE verification_codes (
    company_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    recipient BYTEA NOT NULL,
    ticket_hash BYTEA NOT NULL,
    code_hash BYTEA NOT NULL,
    customer_id BIGINT,
    prefix TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    spent BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, kind, recipient)
) STRICT;
CREATE INDEX verification_codes_expiry ON verification_codes (expires_at);
CREATE INDEX verification_codes_customer ON verification_codes (company_id, customer_id);

CREATE TABLE verification_proofs (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    kind TEXT NOT NULL,
    recipient BYTEA NOT NULL,
    customer_id BIGINT,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX verification_proofs_expiry ON verification_proofs (expires_at);
CREATE INDEX verification_proofs_customer ON verification_proofs (company_id, customer_id);

-- When something was done lately, newest first, eight bytes each: sliding windows that are exact.
CREATE TABLE recent_times (
    subject BYTEA NOT NULL PRIMARY KEY,
    times BYTEA NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX recent_times_expiry ON recent_times (expires_at);

-- Counts within fixed windows; the window is part of the subject.
CREATE TABLE window_counts (
    subject BYTEA NOT NULL PRIMARY KEY,
    used BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX window_counts_expiry ON window_counts (expires_at);

-- Tries of a secret in a row. The subject is a keyed hash of what is tried: a name and its place, or a customer.
CREATE TABLE try_guards (
    subject BYTEA NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    customer_id BIGINT,
    tries BIGINT NOT NULL,
    total BIGINT NOT NULL,
    locks BIGINT NOT NULL,
    locked_until BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX try_guards_expiry ON try_guards (expires_at);
CREATE INDEX try_guards_customer ON try_guards (company_id, customer_id);

-- Addresses, devices and countries that an account has been used from.
CREATE TABLE known_places (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    place BYTEA NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, place)
) STRICT;
CREATE INDEX known_places_expiry ON known_places (expires_at);

CREATE TABLE totp_secrets (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    active BIGINT NOT NULL CHECK (active IN (0, 1)),
    last_step BIGINT NOT NULL,
    expires_at BIGINT,
    PRIMARY KEY (company_id, customer_id, id)
) STRICT;
CREATE INDEX totp_secrets_expiry ON totp_secrets (expires_at);

CREATE TABLE recovery_codes (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    code_hash BYTEA NOT NULL,
    spent BIGINT NOT NULL CHECK (spent IN (0, 1)),
    PRIMARY KEY (company_id, customer_id, code_hash)
) STRICT;

CREATE TABLE accounts (
    company_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    trade_type BIGINT NOT NULL,
    asset_id BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, customer_id, id),
    UNIQUE (company_id, customer_id, trade_type, asset_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers (company_id, id),
    FOREIGN KEY (company_id, asset_id) REFERENCES assets (company_id, id)
) STRICT;

-- Messages on their way out. The payload (recipient, words, code) is sealed, and gone once it is delivered.
CREATE TABLE outbox (
    id BIGINT NOT NULL PRIMARY KEY,
    company_id BIGINT NOT NULL,
    channel TEXT NOT NULL,
    template TEXT NOT NULL,
    masked TEXT NOT NULL,
    payload BYTEA,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'dead', 'suppressed')),
    reason TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (state, channel, due_at);
CREATE INDEX outbox_expiry ON outbox (expires_at);

-- Text messages sent and proved, by day and number prefix: pumping shows as sends that nobody proves.
CREATE TABLE sms_prefixes (
    company_id BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    day BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    proved BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, prefix, day)
) STRICT;
CREATE INDEX sms_prefixes_expiry ON sms_prefixes (expires_at);

-- Texts that a company says in its own words.
CREATE TABLE company_texts (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    lang TEXT NOT NULL,
    text_key TEXT NOT NULL,
    pattern TEXT NOT NULL,
    PRIMARY KEY (company_id, lang, text_key)
) STRICT;

CREATE TABLE audit_heads (
    company_id BIGINT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
) STRICT;

CREATE TABLE audit_log (
    company_id BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    actor TEXT NOT NULL,
    customer_id BIGINT,
    address TEXT NOT NULL,
    trace TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (company_id, seq)
) STRICT;
CREATE INDEX audit_log_customer ON audit_log (company_id, customer_id, seq);
-- append-only: audit_log
