//! What can't be reached from outside: the server in this process, with a clock that the tests move, on both databases.
//!
//! Run with `cargo xtask test`, which starts the PostgreSQL that half of these need.
#![cfg(test)]

mod accounts;
mod attacks;
mod caches;
mod capital;
mod capital_record;
mod clock;
mod closure;
mod closure_race;
mod common;
mod credit_limits;
mod desk;
mod events;
mod expiry;
mod files;
mod freezes;
mod gate;
#[expect(dead_code, reason = "made for more than is tried here")]
#[path = "../../../delivery/tests/drivers/http_server.rs"]
mod http_server;
mod import;
mod isolation;
mod kyc;
mod kyc_provider;
mod loans;
mod lockout;
mod margin;
#[path = "../matrix/mod.rs"]
mod matrix;
mod mfa;
mod mfa_lock;
mod nats;
mod nats_server;
mod news;
mod office;
mod office_care;
mod office_company;
mod office_desk;
mod office_matrix;
mod office_money;
mod office_proposals;
mod office_reading;
mod office_words;
mod rates_service;
#[path = "../../../../e2e/src/recorder.rs"]
mod recorder;
mod refusals;
mod refusals_of_codes;
mod regroup;
mod sample;
mod search;
mod sending;
mod sms;
mod standing;
mod texts;
mod timeline;
mod wallet;
mod webhooks;
