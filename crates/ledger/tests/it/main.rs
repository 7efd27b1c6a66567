//! The ledger on both engines.

#[cfg(test)]
mod books;
#[cfg(test)]
#[expect(dead_code, reason = "the store's tests use the rest")]
#[path = "../../../store/tests/it/common.rs"]
mod common;
#[cfg(test)]
mod crowd;
#[cfg(test)]
mod desk;
#[cfg(test)]
mod holds;
#[cfg(test)]
mod loans;
#[cfg(test)]
mod loans_crowd;
#[cfg(test)]
mod loans_model;
#[cfg(test)]
mod loans_verify;
#[cfg(test)]
mod model;
#[cfg(test)]
mod rates;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod verify;
