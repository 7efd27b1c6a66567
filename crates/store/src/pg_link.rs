//! One connection to PostgreSQL, for one thread.
//!
//! What needs no answer before the next statement (`BEGIN`, `SAVEPOINT`) is kept and sent together with it, so that a
//! transaction costs as few trips to the server as it has questions.

use crate::error::is_lost;
use crate::pg_tls;
use crate::{Error, Param, Result};
use futures_util::TryStreamExt;
use std::collections::HashMap;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, Row, Statement};

/// One connection with its prepared statements.
pub(crate) struct Link {
    /// Carries this connection only: it moves on while an answer is waited for.
    runtime: Runtime,
    client: Client,
    /// Keyed by the address of the rule's text, which is `'static`: whatever has its address and length is that text.
    statements: HashMap<(usize, usize), Statement>,
    /// What goes out before the next statement.
    kept: Vec<&'static str>,
    transaction: Transaction,
    /// The connection has ended, or its transaction can't be: it must not be used again. The client itself learns of
    /// an end only when it is next used.
    lost: bool,
}

/// Where the connection's transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    /// `BEGIN` is kept.
    Kept,
    /// The server has been told of it.
    Open,
}

impl Link {
    pub(crate) fn open(url: &str) -> Result<Self> {
        let runtime = pg_tls::runtime()?;
        let (client, mut messages) = runtime.block_on(pg_tls::connect(url))?;
        // Whatever the server says unasked is of no interest, but reading it is what moves the connection on.
        runtime.spawn(async move { while let Ok(Some(_)) = messages.try_next().await {} });
        let mut link = Self {
            runtime,
            client,
            statements: HashMap::new(),
            kept: Vec::new(),
            transaction: Transaction::None,
            lost: false,
        };
        link.batch(SETTINGS)?;
        Ok(link)
    }

    fn prepared(&mut self, sql: &'static str) -> Result<Statement> {
        let key = (sql.as_ptr().addr(), sql.len());
        if let Some(statement) = self.statements.get(&key) {
            return Ok(statement.clone());
        }
        // Within a transaction that has failed nothing can be prepared until what was kept has mended it.
        if !self.kept.is_empty() {
            self.batch("")?;
        }
        let prepared = self.runtime.block_on(self.client.prepare(sql));
        let statement = prepared.map_err(|error| self.told(error))?;
        self.statements.insert(key, statement.clone());
        Ok(statement)
    }

    pub(crate) fn query(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>> {
        self.ask(sql, params).map(|(rows, _)| rows)
    }

    pub(crate) fn execute(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<u64> {
        self.ask(sql, params).map(|(_, touched)| touched)
    }

    fn ask(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<(Vec<Row>, u64)> {
        let statement = self.prepared(sql)?;
        let kept = self.take_kept("");
        let client = &self.client;
        let answer = async {
            let mut stream = std::pin::pin!(client.query_raw(&statement, params.iter()).await?);
            let mut rows = Vec::new();
            while let Some(row) = stream.try_next().await? {
                rows.push(row);
            }
            Ok((rows, stream.rows_affected().unwrap_or(0)))
        };
        let answer = self.runtime.block_on(async {
            if kept.is_empty() {
                return answer.await;
            }
            // Both are on their way before either is answered; where the first failed, the second did for that.
            let (before, answer) = tokio::join!(client.batch_execute(&kept), answer);
            before.and(answer)
        });
        answer.map_err(|error| self.told(error))
    }

    /// Begins a transaction with the next statement.
    pub(crate) fn begin(&mut self) {
        self.begin_as("BEGIN");
    }

    /// Begins, with the next statement, one that sees the database as it stands then and changes nothing.
    pub(crate) fn begin_snapshot(&mut self) {
        self.begin_as("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    }

    fn begin_as(&mut self, sql: &'static str) {
        self.keep(sql);
        self.transaction = Transaction::Kept;
    }

    /// Keeps a statement whose answer no one needs: it goes out with the next one.
    pub(crate) fn keep(&mut self, sql: &'static str) {
        self.kept.push(sql);
    }

    /// What was kept and `sql`, as one text.
    fn take_kept(&mut self, sql: &str) -> String {
        if self.transaction == Transaction::Kept {
            self.transaction = Transaction::Open;
        }
        let mut all = String::new();
        for kept in self.kept.drain(..) {
            all.push_str(kept);
            all.push(';');
        }
        all.push_str(sql);
        all
    }

    /// Statements without parameters, after those that were kept.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        let all = self.take_kept(sql);
        let done = self.runtime.block_on(self.client.batch_execute(&all));
        done.map_err(|error| self.told(error))
    }

    /// Ends the transaction. `news` goes out right behind it, as a transaction of its own, in the same trip; what became
    /// of it is told second, for the commit stands whatever that is.
    pub(crate) fn commit(&mut self, news: Option<&str>) -> (Result<()>, Result<()>) {
        // Nothing was asked for since it began.
        if self.transaction != Transaction::Open {
            self.forget_transaction();
            return (Ok(()), news.map_or(Ok(()), |news| self.batch(news)));
        }
        let commit = self.take_kept("COMMIT");
        let client = &self.client;
        let (done, told) = self.runtime.block_on(async {
            match news {
                Some(news) => tokio::join!(client.batch_execute(&commit), client.batch_execute(news)),
                None => (client.batch_execute(&commit).await, Ok(())),
            }
        });
        if done.is_ok() {
            self.transaction = Transaction::None;
        }
        (done.map_err(|error| self.told(error)), told.map_err(|error| self.told(error)))
    }

    /// Ends the transaction without a trace. A connection that can't is not used again: whatever came next would run
    /// within the old transaction.
    pub(crate) fn roll_back(&mut self) {
        let open = self.transaction == Transaction::Open;
        self.forget_transaction();
        if open && self.batch("ROLLBACK").is_err() {
            self.lost = true;
        }
    }

    fn forget_transaction(&mut self) {
        self.kept.clear();
        self.transaction = Transaction::None;
    }

    /// Notes whether the connection ended with this error.
    fn told(&mut self, error: tokio_postgres::Error) -> Error {
        self.lost |= is_lost(&error);
        error.into()
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost
    }

    pub(crate) fn lose(&mut self) {
        self.lost = true;
    }

    pub(crate) fn is_usable(&self) -> bool {
        !self.lost && !self.client.is_closed()
    }
}

const SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'";
