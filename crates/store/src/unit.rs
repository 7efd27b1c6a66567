//! A unit of work on its way to a connection and back.

use crate::tx::AfterCommit;
use crate::{Error, Result, Tx};
use std::panic::{AssertUnwindSafe, catch_unwind};
use tokio::sync::oneshot;

/// An error type that a unit may return: it can hold the store's, and says so.
pub trait UnitError: From<Error> + Send + 'static {
    /// The store's failure, when this is one and not a refusal by a rule.
    fn store_error(&self) -> Option<&Error>;
}

impl UnitError for Error {
    fn store_error(&self) -> Option<&Error> {
        Some(self)
    }
}

/// What became of one run of a unit.
pub(crate) enum Verdict {
    /// Commit, then do this.
    Commit(AfterCommit),
    /// Nothing to keep.
    RollBack,
    /// Run it again.
    Again(Error),
}

/// A unit whose types are hidden.
pub(crate) trait AnyUnit: Send {
    fn run(&mut self, tx: Tx<'_>) -> Verdict;
    fn answer(self: Box<Self>, end: Result<()>);
}

pub(crate) struct Unit<T, E, F> {
    work: F,
    result: Option<std::result::Result<T, E>>,
    reply: oneshot::Sender<std::result::Result<T, E>>,
}

/// A unit and the place where its answer will be.
pub(crate) fn unit<T, E, F>(work: F) -> (Box<dyn AnyUnit>, oneshot::Receiver<std::result::Result<T, E>>)
where
    T: Send + 'static,
    E: UnitError,
    F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
{
    let (reply, receiver) = oneshot::channel();
    (Box::new(Unit { work, result: None, reply }), receiver)
}

impl<T, E, F> AnyUnit for Unit<T, E, F>
where
    T: Send + 'static,
    E: UnitError,
    F: FnMut(&mut Tx<'_>) -> std::result::Result<T, E> + Send + 'static,
{
    fn run(&mut self, tx: Tx<'_>) -> Verdict {
        let (result, verdict) = run_once(tx, &mut self.work);
        self.result = Some(result);
        verdict
    }

    fn answer(self: Box<Self>, end: Result<()>) {
        let result = match end {
            Ok(()) => {
                self.result.unwrap_or_else(|| Err(Error::Internal("a unit never ran".to_owned()).into()))
            }
            Err(error) => Err(error.into()),
        };
        // The caller may have gone; what is done is done.
        let _ = self.reply.send(result);
    }
}

/// Runs `work` once in `tx`, ends the transaction's own business, and says what is to happen to it.
pub(crate) fn run_once<T, E: UnitError>(
    mut tx: Tx<'_>,
    work: &mut impl FnMut(&mut Tx<'_>) -> std::result::Result<T, E>,
) -> (std::result::Result<T, E>, Verdict) {
    let result = catch_unwind(AssertUnwindSafe(|| work(&mut tx)))
        .unwrap_or_else(|_| Err(Error::Internal("a rule panicked".to_owned()).into()));
    let ended = match (&result, tx.failure()) {
        // A clash is a reason to refuse; the transaction goes on from where it can be taken back to.
        (Err(refusal), Some(Error::Clash(_))) if refusal.store_error().is_none() => tx.refuse(),
        // Whatever the rule made of another error, the transaction is lost.
        (_, Some(error)) => Err(error),
        (Ok(_), None) => tx.finish().map(Some),
        (Err(error), None) if error.store_error().is_some() => Ok(None),
        (Err(_), None) => tx.refuse(),
    };
    match (result, ended) {
        (Ok(value), Ok(Some(after))) => (Ok(value), Verdict::Commit(after)),
        (Err(refusal), Ok(Some(after))) => (Err(refusal), Verdict::Commit(after)),
        (Err(error), Ok(None)) => match error.store_error() {
            Some(conflict @ Error::Conflict(_)) => {
                let conflict = conflict.clone();
                (Err(error), Verdict::Again(conflict))
            }
            _ => (Err(error), Verdict::RollBack),
        },
        (_, Err(error @ Error::Conflict(_))) => (Err(error.clone().into()), Verdict::Again(error)),
        (_, Err(error)) => (Err(error.into()), Verdict::RollBack),
        (Ok(_), Ok(None)) => {
            (Err(Error::Internal("a unit ended in no way".to_owned()).into()), Verdict::RollBack)
        }
    }
}
