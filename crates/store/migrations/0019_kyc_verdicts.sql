-- What providers outside say of KYC applications, each message once. sealed: what was found, under the customer's own key.
CREATE TABLE kyc_verdicts (
    company_id BIGINT NOT NULL,
    message_id TEXT NOT NULL,
    id BIGINT NOT NULL,
    application_id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    source TEXT NOT NULL,
    says TEXT NOT NULL CHECK (says IN ('approve', 'reject', 'review')),
    sealed BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, message_id)
) STRICT;
CREATE INDEX kyc_verdicts_by_application ON kyc_verdicts (company_id, application_id, id);
CREATE INDEX kyc_verdicts_by_customer ON kyc_verdicts (company_id, customer_id);
