//! E-mail addresses and phones: bound, changed, set by those who came by Telegram.

mod binding;
mod by_proof;
mod changing;
mod checks;
mod contact;
mod first;
mod gates;
mod kills;
