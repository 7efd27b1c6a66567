//! What the database is asked by each way of searching.

macro_rules! name {
    () => {
        "lower((CASE WHEN last_name <> '' THEN last_name || ' ' || first_name ELSE name END) COLLATE \"C\")"
    };
}

macro_rules! select {
    () => {
        concat!(
            "SELECT c.id, number, CASE WHEN status = 1 AND locked_until > $9 THEN 5 ELSE status END, group_id, country, \
             email, phone_area, phone, CASE WHEN last_name <> '' THEN last_name || ' ' || first_name ELSE name END, \
             c.created_at, signed_in_at "
        )
    };
}

// Each names all nine parameters: the company, from and until of the registration, the cursor's instant and id, status,
// group, limit, now. A parameter is compared with a column before anything else, which tells PostgreSQL its type.
macro_rules! of_status {
    () => {
        "(status = $6 OR $6 = 0) AND ($6 <> 1 OR locked_until <= $9)"
    };
}

macro_rules! span {
    () => {
        "c.created_at >= $2 AND c.created_at < $3 AND (c.created_at, c.id) < ($4, $5) "
    };
}

macro_rules! by_time {
    ($from:literal, $which:expr) => {
        Statement {
            page: concat!(
                select!(),
                $from,
                " WHERE c.company_id = $1 AND ",
                span!(),
                "AND ",
                $which,
                " ORDER BY c.created_at DESC, c.id DESC LIMIT $8"
            ),
            count: concat!(
                "SELECT count(*) FROM (SELECT 1 ",
                $from,
                " WHERE c.company_id = $1 AND ",
                span!(),
                "AND ",
                $which,
                " AND $9 > 0 LIMIT $8) AS capped"
            ),
        }
    };
}

/// The two questions of a way to search.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    /// A page.
    pub(super) page: &'static str,
    /// How many, up to a limit.
    pub(super) count: &'static str,
}

pub(super) const ALL: Statement =
    by_time!("FROM customers c", concat!(of_status!(), " AND (group_id = $7 OR $7 = 0)"));
pub(super) const BY_STATUS: Statement = by_time!(
    "FROM customers c",
    "status = $6 AND ($6 <> 1 OR locked_until <= $9) AND (group_id = $7 OR $7 = 0)"
);
pub(super) const BY_GROUP: Statement =
    by_time!("FROM customers c", concat!("group_id = $7 AND ", of_status!()));
// Sums, so that no index of the time of registration is walked past all who are not locked: few are, and are put in order.
macro_rules! locked {
    () => {
        "FROM customers c WHERE c.company_id = $1 AND locked_until > 0 AND locked_until > $9 AND status + 4 = $6 \
         AND (group_id = $7 OR $7 = 0) AND c.created_at + 0 >= $2 AND c.created_at + 0 < $3 \
         AND (c.created_at + 0, c.id) < ($4, $5) "
    };
}

pub(super) const LOCKED: Statement = Statement {
    page: concat!(select!(), locked!(), "ORDER BY c.created_at + 0 DESC, c.id DESC LIMIT $8"),
    count: concat!("SELECT count(*) FROM (SELECT 1 ", locked!(), "LIMIT $8) AS capped"),
};
pub(super) const BY_TAG: Statement = by_time!(
    "FROM customer_tags t JOIN customers c ON c.company_id = t.company_id AND c.id = t.customer_id AND t.tag = $10",
    concat!("t.company_id = $1 AND ", of_status!(), " AND (group_id = $7 OR $7 = 0)")
);

macro_rules! named {
    () => {
        concat!(
            "FROM customers c WHERE c.company_id = $1 AND ",
            name!(),
            " >= $10 AND ",
            name!(),
            " < $11 AND \
             c.created_at >= $2 AND c.created_at < $3 AND ",
            of_status!(),
            " AND (group_id = $7 OR $7 = 0) "
        )
    };
}

pub(super) const BY_NAME: Statement = Statement {
    page: concat!(
        select!(),
        named!(),
        "AND (",
        name!(),
        ", c.id) > ($4, $5) ORDER BY ",
        name!(),
        ", c.id LIMIT $8"
    ),
    count: concat!(
        "SELECT count(*) FROM (SELECT 1 ",
        named!(),
        "AND $4 = '' AND c.id > $5 AND $9 > 0 LIMIT $8) AS capped"
    ),
};

macro_rules! exact {
    ($which:literal) => {
        concat!(
            select!(),
            "FROM customers c WHERE c.company_id = $1 AND ",
            $which,
            " AND c.created_at >= $2 AND c.created_at < $3 AND (c.created_at, c.id) < ($4, $5) AND ",
            of_status!(),
            " AND (group_id = $7 OR $7 = 0) ORDER BY c.id DESC LIMIT $8"
        )
    };
}

pub(super) const BY_NUMBER: &str = exact!("number = $10");
pub(super) const BY_EMAIL: &str = exact!("email = $10");
pub(super) const BY_PHONE: &str = exact!("phone = $10 AND phone_area = $11");
pub(super) const BY_NATIONAL: &str = exact!("phone = $10");

/// Every statement, each with its name: for the test that each walks an index.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    vec![
        ("all", ALL.page),
        ("status", BY_STATUS.page),
        ("group", BY_GROUP.page),
        ("locked", LOCKED.page),
        ("tag", BY_TAG.page),
        ("name", BY_NAME.page),
        ("number", BY_NUMBER),
        ("email", BY_EMAIL),
        ("phone", BY_PHONE),
        ("national", BY_NATIONAL),
    ]
}

/// When a customer registered, and their name as it is ordered by.
pub(super) const NAME_OF: &str =
    concat!("SELECT created_at, ", name!(), " FROM customers WHERE company_id = $1 AND id = $2");
