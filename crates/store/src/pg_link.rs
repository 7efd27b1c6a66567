//! One connection to PostgreSQL, for one thread.
//!
//! What needs no answer before the next statement (`BEGIN`, `SAVEPOINT`, a change whose count nobody asks for) is kept and
//! sent together with it, or with the `COMMIT`, so that a transaction costs as few trips to the server as it has
//! questions. The server works them off in their order, and after one that failed does none of the rest.

use crate::error::is_lost;
use crate::pg_tls;
use crate::value::OwnedParam;
use crate::{Error, Param, Result};
use futures_util::TryStreamExt;
use futures_util::future::join_all;
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Row, Statement};

/// One connection with its prepared statements.
pub(crate) struct Link {
    /// Carries this connection only: it moves on while an answer is waited for.
    runtime: Runtime,
    client: Client,
    /// Keyed by the address of the rule's text, which is `'static`: whatever has its address and length is that text.
    statements: HashMap<(usize, usize), Statement>,
    /// What goes out before the next statement.
    kept: Vec<Kept>,
    transaction: Transaction,
    /// The connection has ended, or its transaction can't be: it must not be used again. The client itself learns of
    /// an end only when it is next used.
    lost: bool,
    /// When a unit last began with it.
    used_at: Instant,
}

/// A statement that has not gone out yet.
#[derive(Debug)]
enum Kept {
    /// Without parameters.
    Words(&'static str),
    /// A change that a rule made.
    Change(Statement, Vec<OwnedParam>),
}

/// A connection that was used within this time is not looked at anew.
const FRESH: Duration = Duration::from_millis(1);
/// As many wait at most: they go out as a row, and the row must keep its order.
const MOST_KEPT: usize = 24;

/// What became of a transaction that was to be committed.
pub(crate) enum Commit {
    /// It is durable.
    Done,
    /// The server has taken it back, for this reason.
    TakenBack(Error),
    /// Nobody knows.
    Unknown(Error),
}

/// The statement behind which effects can be taken back.
pub(crate) const SAVEPOINT: &str = "SAVEPOINT effects";

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
            used_at: Instant::now(),
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
            self.flush()?;
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
        let kept = self.take_kept();
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
            // All are on their way before any is answered; where one failed, those behind it did for that.
            let (before, answer) = tokio::join!(send(client, kept), answer);
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
        if self.transaction != Transaction::None {
            return;
        }
        self.keep(sql);
        self.transaction = Transaction::Kept;
    }

    /// Keeps a statement whose answer no one needs: it goes out with the next one.
    pub(crate) fn keep(&mut self, sql: &'static str) {
        self.kept.push(Kept::Words(sql));
    }

    /// Keeps a change whose count no one needs. What is wrong with it is told by the next statement, or by the commit.
    pub(crate) fn keep_change(&mut self, sql: &'static str, params: &[Param<'_>]) -> Result<()> {
        let statement = self.prepared(sql)?;
        // What does not fit would never go out, and the rest of the transaction would.
        let fit = |(param, wanted): (&Param<'_>, &Type)| param.fits(wanted);
        if params.len() != statement.params().len() || !params.iter().zip(statement.params()).all(fit) {
            return Err(Error::Internal(format!("parameters that do not fit: {sql}")));
        }
        self.kept.push(Kept::Change(statement, params.iter().copied().map(OwnedParam::of).collect()));
        if self.kept.len() >= MOST_KEPT { self.flush() } else { Ok(()) }
    }

    /// Takes back what came since `SAVEPOINT effects`: what has not gone out yet never does.
    pub(crate) fn take_effects_back(&mut self) {
        match self.kept.iter().position(|kept| matches!(kept, Kept::Words(SAVEPOINT))) {
            Some(at) => self.kept.truncate(at),
            None => {
                self.kept.clear();
                self.keep("ROLLBACK TO SAVEPOINT effects");
            }
        }
    }

    fn take_kept(&mut self) -> Vec<Kept> {
        if self.transaction == Transaction::Kept && !self.kept.is_empty() {
            self.transaction = Transaction::Open;
        }
        std::mem::take(&mut self.kept)
    }

    fn flush(&mut self) -> Result<()> {
        let kept = self.take_kept();
        let done = self.runtime.block_on(send(&self.client, kept));
        done.map_err(|error| self.told(error))
    }

    /// Statements without parameters, outside a transaction.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        let done = self.runtime.block_on(self.client.batch_execute(sql));
        done.map_err(|error| self.told(error))
    }

    /// Ends the transaction. `news` goes out right behind it, as a transaction of its own, in the same trip; what became
    /// of it is told second, for the commit stands whatever that is.
    pub(crate) fn commit(&mut self, news: Option<&str>) -> (Commit, Result<()>) {
        let has_changes = self.kept.iter().any(|kept| matches!(kept, Kept::Change(..)));
        if self.transaction != Transaction::Open && !has_changes {
            self.forget_transaction();
            return (Commit::Done, news.map_or(Ok(()), |news| self.batch(news)));
        }
        let kept = self.take_kept();
        let client = &self.client;
        let (before, done, told) = self.runtime.block_on(async {
            let told = async {
                match news {
                    Some(news) => client.batch_execute(news).await,
                    None => Ok(()),
                }
            };
            tokio::join!(send(client, kept), client.batch_execute("COMMIT"), told)
        });
        let commit = match (before, done) {
            (Ok(()), Ok(())) => Commit::Done,
            // The server answers the `COMMIT` of a transaction that has failed with taking it back.
            (Err(error), Ok(())) => Commit::TakenBack(self.told(error)),
            (_, Err(error)) => match self.told(error) {
                conflict @ Error::Conflict(_) => Commit::TakenBack(conflict),
                other => Commit::Unknown(other),
            },
        };
        if !matches!(commit, Commit::Unknown(_)) {
            self.transaction = Transaction::None;
        }
        (commit, told.map_err(|error| self.told(error)))
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

    /// Whether it can be used, as far as can be known before it is. What has come in while it was idle is looked at first
    /// (that it ended, above all): what goes out with its commit in one trip can't be told apart from what was lost on
    /// the way back.
    pub(crate) fn is_usable(&mut self) -> bool {
        if self.used_at.elapsed() > FRESH {
            self.runtime.block_on(async {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            });
        }
        self.used_at = Instant::now();
        !self.lost && !self.client.is_closed()
    }
}

const SETTINGS: &str = "SET statement_timeout = '30s'; SET lock_timeout = '10s'; \
     SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = 'warning'";

/// Sends statements in their order, all before the first is answered; the first error is the one that counts.
async fn send(client: &Client, kept: Vec<Kept>) -> std::result::Result<(), tokio_postgres::Error> {
    let sent = kept.into_iter().map(|kept| async move {
        match kept {
            Kept::Words(sql) => client.batch_execute(sql).await,
            Kept::Change(statement, params) => {
                client.execute_raw(&statement, params.iter().map(OwnedParam::borrowed)).await.map(|_| ())
            }
        }
    });
    join_all(sent).await.into_iter().collect()
}
