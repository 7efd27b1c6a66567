-- Credit limits that a company's own wallet system was asked to adjust. A row is written before it is asked: an answer that
-- never came is undone there. request_no is the number by which both systems know the request, cancel_no that by which it is
-- undone. sealed holds what names the customer there, under the customer's own key.
CREATE TABLE credit_limits (
    company_id BIGINT NOT NULL REFERENCES companies (id),
    id BIGINT NOT NULL,
    customer_id BIGINT NOT NULL,
    request_no TEXT NOT NULL,
    cancel_no TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('asked', 'done', 'refused', 'unknown', 'undoing', 'undone')),
    reason TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount TEXT NOT NULL,
    digits BIGINT NOT NULL,
    biz_type BIGINT NOT NULL,
    operation_type TEXT NOT NULL,
    order_id BIGINT NOT NULL,
    sealed BYTEA NOT NULL,
    actor TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (company_id, id)
) STRICT;
CREATE UNIQUE INDEX credit_limits_by_number ON credit_limits (company_id, request_no);
CREATE INDEX credit_limits_asked ON credit_limits (asked_at) WHERE state = 'asked';
CREATE INDEX credit_limits_by_customer ON credit_limits (company_id, customer_id, id);
