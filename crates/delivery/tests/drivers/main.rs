//! The drivers against small servers on the loopback address that speak the real protocols.
#![cfg(test)]

mod http_server;
mod sms;
mod smtp;
mod smtp_server;
mod telegram;
mod wallet;
