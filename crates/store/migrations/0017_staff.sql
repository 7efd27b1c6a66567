-- Those who work in a company's back office.
CREATE TABLE staff_members (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    roles TEXT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    password TEXT,
    totp BYTEA,
    totp_step BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    signed_in_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, name)
) STRICT;

-- Roles that a company has made itself.
CREATE TABLE staff_roles (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    PRIMARY KEY (company_id, name)
) STRICT;

-- Codes by which a member chooses a password and an authenticator, once.
CREATE TABLE staff_invitations (
    company_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    code_hash BYTEA NOT NULL,
    secret BYTEA,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, member_id)
) STRICT;
CREATE INDEX staff_invitations_expiry ON staff_invitations (expires_at);

-- Programs that call the back office.
CREATE TABLE staff_apps (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    app_id TEXT NOT NULL,
    name TEXT NOT NULL,
    roles TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    networks TEXT NOT NULL,
    enabled BIGINT NOT NULL CHECK (enabled IN (0, 1)),
    valid_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, app_id)
) STRICT;

-- Their sessions: of a member, or of an app.
CREATE TABLE staff_sessions (
    token_hash BYTEA NOT NULL PRIMARY KEY,
    id BIGINT NOT NULL,
    company_id BIGINT NOT NULL,
    kind BIGINT NOT NULL CHECK (kind IN (1, 2)),
    whose BIGINT NOT NULL,
    address TEXT NOT NULL,
    agent TEXT NOT NULL,
    signed_in_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) STRICT;
CREATE INDEX staff_sessions_whose ON staff_sessions (company_id, whose);
CREATE INDEX staff_sessions_expiry ON staff_sessions (expires_at);
