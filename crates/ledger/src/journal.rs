//! The books as an accountant reads them: every transfer in its order, and what the balances say.

use crate::error::Result;
use crate::place::{self, Standing};
use crate::transfer::Posting;
use crate::verify;
use custos_store::Tx;

/// A transfer as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its id.
    pub id: i64,
    /// `businessType`.
    pub business_type: i64,
    /// Why.
    pub reason: String,
    /// Who.
    pub actor: String,
    /// The transfer that it undoes, if any.
    pub reverses: Option<i64>,
    /// When it was recorded.
    pub recorded_at: i64,
    /// When it takes effect.
    pub effective_at: i64,
    /// Its lines.
    pub postings: Vec<Posting>,
}

/// The company's transfers after one (0 for the first), in the order of their ids: at most one page; empty at the end.
///
/// # Errors
/// The store's.
pub fn after(tx: &mut Tx<'_>, company_id: i64, transfer_id: i64) -> Result<Vec<Recorded>> {
    let page = verify::page(tx, company_id, transfer_id)?;
    let mut lines = page.lines.into_iter().peekable();
    let recorded = page.transfers.into_iter().map(|header| {
        let id = header.head.id;
        let mut postings = Vec::new();
        while let Some(line) = lines.next_if(|line| line.transfer_id <= id) {
            // Whether lines lack their transfer is for the proof to say.
            if line.transfer_id == id {
                postings.push(line.posting);
            }
        }
        Recorded {
            id,
            business_type: header.business_type,
            reason: header.reason,
            actor: header.actor,
            reverses: Some(header.reverses).filter(|reverses| *reverses != 0),
            recorded_at: header.head.recorded_at,
            effective_at: header.head.effective_at,
            postings,
        }
    });
    Ok(recorded.collect())
}

/// What every place of the company says, in the order of the places.
///
/// # Errors
/// The store's.
pub fn balances(tx: &mut Tx<'_>, company_id: i64) -> Result<Vec<Standing>> {
    place::all(tx, company_id)
}
