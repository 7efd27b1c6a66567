-- What a company asks of customers to know who they are: one document a company.
CREATE TABLE kyc_plans (
    company_id BIGINT NOT NULL PRIMARY KEY,
    plan TEXT NOT NULL,
    updated_at BIGINT NOT NULL
) STRICT;

-- What customers tell of themselves, one row a level. Values are sealed under the customer's own key.
-- state: 0 draft, 1 submitted, 2 in review, 3 passed, 4 rejected, 5 rejected for good, 6 expired.
-- queue_at: when it was submitted, while a decision is due. notice_at: when its document's expiry is looked at next.
CREATE TABLE kyc_applications (
    company_id BIGINT NOT NULL,
    id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    open_account_type BIGINT NOT NULL,
    level TEXT NOT NULL,
    country TEXT NOT NULL,
    state BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    document_hash BYTEA,
    document_until BIGINT,
    queue_at BIGINT,
    notice_at BIGINT,
    handled_by TEXT NOT NULL,
    remark TEXT NOT NULL,
    staff_remark TEXT NOT NULL,
    element_remarks TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id),
    UNIQUE (company_id, customer_id, open_account_type, level)
) STRICT;
CREATE INDEX kyc_queue ON kyc_applications (company_id, queue_at, id) WHERE queue_at IS NOT NULL;
CREATE INDEX kyc_documents ON kyc_applications (company_id, document_hash) WHERE document_hash IS NOT NULL;
CREATE INDEX kyc_notices ON kyc_applications (notice_at) WHERE notice_at IS NOT NULL;
