//! What clients can call: one file a topic, one block an operation.
//!
//! A block is a struct with its fields ([`request!`]) and an `impl` of [`operation::Operation`]. From it come dispatch,
//! validation, the API document, metric labels and the class of rate limits; [`calls::ALL`] lists them.

pub mod adjustments;
pub mod api;
pub mod calls;
pub mod closing;
pub mod context;
pub mod credit_limit;
pub mod desk;
pub mod error;
pub mod feed;
pub mod fields;
pub mod files;
mod metrics;
pub mod office;
pub mod once;
pub mod openapi;
pub mod operation;
pub mod outside;
pub mod portability;
pub mod proofs;
pub mod proposals;
pub mod quotes;
pub mod regroup;
pub mod shape;
pub mod terms;
pub mod timeline;
pub mod verdicts;
