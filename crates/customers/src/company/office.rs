//! What a company may set of its back office.

use super::lending::is_decimal;
use crate::network;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The back office: who may come in, for how long, and what takes two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OfficeSettings {
    /// Addresses and networks from which the back office may be called; empty for any.
    pub networks: Vec<String>,
    /// A session of staff ends after so many minutes without a call.
    pub session_idle_minutes: i64,
    /// A session of staff ends after so many minutes in any case.
    pub session_longest_minutes: i64,
    /// Actions that one person may do alone, though they take two by default; see `docs/back-office.md`.
    pub one_person: Vec<String>,
    /// How much one person may give to customers and take from them alone within 24 hours, by currency: decimal text. More
    /// waits for a second person; so does a currency that is not named.
    pub adjust_alone: BTreeMap<String, String>,
    /// A proposal that nobody has decided lapses after so many hours.
    pub proposal_hours: i64,
}

impl Default for OfficeSettings {
    fn default() -> Self {
        Self {
            networks: Vec::new(),
            session_idle_minutes: 30,
            session_longest_minutes: 12 * 60,
            one_person: Vec::new(),
            adjust_alone: BTreeMap::new(),
            proposal_hours: 72,
        }
    }
}

impl OfficeSettings {
    /// Says what is wrong with these settings.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self) -> std::result::Result<(), String> {
        network::parse_all(&self.networks).map_err(|problem| format!("office.networks: {problem}"))?;
        if self.session_idle_minutes < 1 || self.session_longest_minutes < self.session_idle_minutes {
            return Err(
                "office.session_longest_minutes: at least office.session_idle_minutes, which is at least 1"
                    .to_owned(),
            );
        }
        if !(1..=24 * 30).contains(&self.proposal_hours) {
            return Err("office.proposal_hours: 1 to 720 (30 days)".to_owned());
        }
        match self.adjust_alone.iter().find(|(_, limit)| !is_decimal(limit, 18, 18)) {
            Some((code, limit)) => Err(format!("office.adjust_alone: {limit:?} is no amount of {code}")),
            None => Ok(()),
        }
    }

    /// Whether an action of those that take two may be done by one all the same.
    #[must_use]
    pub fn lets_one(&self, action: &str) -> bool {
        self.one_person.iter().any(|name| name == action)
    }
}
