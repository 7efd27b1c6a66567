//! What a proof of the books can find.

use crate::place::Place;
use std::fmt;

/// What is wrong, with the row that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The lines of a transfer do not sum to zero for an asset.
    Unbalanced {
        /// The transfer.
        transfer_id: i64,
        /// The asset.
        asset_id: i64,
    },
    /// A transfer without lines.
    Empty {
        /// The transfer.
        transfer_id: i64,
    },
    /// Lines whose transfer is not there.
    Orphaned {
        /// The transfer that they name.
        transfer_id: i64,
    },
    /// A line that was altered, or does not follow the one before it.
    Broken {
        /// Where.
        place: Place,
        /// The line's number there.
        sequence: i64,
    },
    /// Lines are missing, of the last ones of a place too.
    Missing {
        /// Where.
        place: Place,
        /// The first that is missing.
        sequence: i64,
    },
    /// A place tells another balance, or another last line, than its lines do.
    Differs {
        /// Where.
        place: Place,
    },
    /// A balance beyond its floor or ceiling.
    OutOfBounds {
        /// Where.
        place: Place,
    },
    /// What is held is not the sum of the open holds.
    Held {
        /// Where.
        place: Place,
    },
    /// A reversal that is not the mirror of what it names, in whole or in part.
    Reversal {
        /// The reversal.
        transfer_id: i64,
    },
    /// A debt that no loan, repayment or interest made as it stands.
    Debt {
        /// The transfer.
        transfer_id: i64,
    },
    /// An hour's interest that is not what principal, rate and the hour before make, or does not follow it.
    Accrual {
        /// Whose: the interest of an account.
        place: Place,
        /// The hour, counted from 1970.
        hour: i64,
    },
    /// The hours' interest of an account does not sum to what was charged, or is not carried on.
    Interest {
        /// Whose: the interest of an account.
        place: Place,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unbalanced { transfer_id, asset_id } => {
                write!(out, "transfer {transfer_id} does not sum to zero in asset {asset_id}")
            }
            Self::Empty { transfer_id } => write!(out, "transfer {transfer_id} has no lines"),
            Self::Orphaned { transfer_id } => {
                write!(out, "lines name transfer {transfer_id}, which is not there")
            }
            Self::Broken { place, sequence } => write!(out, "{place}: line {sequence} was altered or put in"),
            Self::Missing { place, sequence } => write!(out, "{place}: line {sequence} is missing"),
            Self::Differs { place } => {
                write!(out, "{place}: the balance or last line is not what its lines make")
            }
            Self::OutOfBounds { place } => write!(out, "{place}: the balance is beyond its bounds"),
            Self::Held { place } => write!(out, "{place}: what is held is not the sum of the open holds"),
            Self::Reversal { transfer_id } => {
                write!(out, "transfer {transfer_id} does not mirror the transfer that it undoes")
            }
            Self::Debt { transfer_id } => {
                write!(out, "transfer {transfer_id} changes a debt as no loan, repayment or interest does")
            }
            Self::Accrual { place, hour } => {
                write!(out, "{place}: hour {hour} is not what principal, rate and the hours before make")
            }
            Self::Interest { place } => {
                write!(out, "{place}: what was charged is not the sum of its hours, or not carried on")
            }
        }
    }
}
