//! Accounts at Telegram: bound with Telegram's word for it, written to, and followed by the bot's webhook.

mod binding;
mod house;
mod messages;
mod vouching;
mod webhook;
