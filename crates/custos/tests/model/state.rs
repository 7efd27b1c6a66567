//! What the model knows.

use crate::world::{DAY, MINUTE};
use std::collections::HashMap;

/// Somewhere a code can go. The numbers are places in small pools, the same in both companies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Address {
    Email(u8),
    Phone(u8),
    Telegram(u8),
}

impl Address {
    pub(crate) fn is_email(self) -> bool {
        matches!(self, Self::Email(_))
    }

    /// As `toUser`.
    pub(crate) fn to_user(self) -> String {
        match self {
            Self::Phone(_) => format!("+86 {}", self.name()),
            _ => self.name(),
        }
    }

    /// As `loginName`, or the id at the third party.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Email(number) => format!("model{number}@example.com"),
            Self::Phone(number) => format!("139000000{number:02}"),
            Self::Telegram(number) => format!("70{number}"),
        }
    }

    /// The field `type`.
    pub(crate) fn kind(self) -> i64 {
        if self.is_email() { 1 } else { 2 }
    }

    /// The field `bizType` for a purpose.
    pub(crate) fn biz_type(self, purpose: &str) -> String {
        let channel = if self.is_email() { "EMAIL" } else { "SMS" };
        format!("{channel}_{purpose}_VERIFICATION_CODE")
    }

    /// How long a code to it lives.
    pub(crate) fn life(self) -> i64 {
        if self.is_email() { 10 * MINUTE } else { 5 * MINUTE }
    }
}

/// A row of wrong tries: the fifth locks, each lock twice as long as the one before, up to a day.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    pub(crate) tries: i64,
    pub(crate) total: i64,
    pub(crate) locks: u32,
    pub(crate) until: i64,
}

impl Guard {
    /// Counts a try; `false` while locked.
    pub(crate) fn reserve(&mut self, now: i64, first_lock: i64) -> bool {
        if self.until > now {
            return false;
        }
        (self.tries, self.total, self.until) = (self.tries + 1, self.total + 1, 0);
        if self.tries == 5 {
            self.until = now + (first_lock << self.locks.min(10)).min(DAY);
            (self.tries, self.locks) = (0, self.locks + 1);
        }
        true
    }

    /// It was no try after all.
    pub(crate) fn give_back(&mut self) {
        if self.tries == 0 {
            (self.tries, self.locks) = (5, self.locks.saturating_sub(1));
        }
        (self.tries, self.total, self.until) = (self.tries - 1, self.total - 1, 0);
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Secret {
    pub(crate) id: i64,
    pub(crate) secret: Vec<u8>,
    pub(crate) last_step: i64,
    /// Of one that waits.
    pub(crate) expires: i64,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) company: i64,
    pub(crate) id: i64,
    pub(crate) number: String,
    pub(crate) email: Option<Address>,
    pub(crate) phone: Option<Address>,
    pub(crate) telegram: Option<Address>,
    /// Passwords are places in a pool.
    pub(crate) login: Option<u8>,
    pub(crate) fund: Option<u8>,
    pub(crate) mfa: Option<Secret>,
    pub(crate) waiting: Option<Secret>,
    /// Those that are not used up.
    pub(crate) recovery: Vec<String>,
    pub(crate) cool_off: i64,
    pub(crate) locked_until: i64,
    pub(crate) signed_in_at: i64,
    pub(crate) google_guard: Guard,
    pub(crate) old_login_guard: Guard,
    pub(crate) old_fund_guard: Guard,
    /// Places signed in from, and until when they are known.
    pub(crate) known: HashMap<u8, i64>,
}

impl Person {
    pub(crate) fn own(&self, email: bool) -> Option<Address> {
        if email { self.email } else { self.phone }
    }

    pub(crate) fn addresses(&self) -> Vec<Address> {
        [self.email, self.phone, self.telegram].into_iter().flatten().collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) token: String,
    pub(crate) person: usize,
    pub(crate) signed_in_at: i64,
    pub(crate) seen_at: i64,
    pub(crate) ends_at: i64,
    pub(crate) expires: i64,
    pub(crate) ended: bool,
}

impl Session {
    pub(crate) fn is_alive(&self, now: i64) -> bool {
        !self.ended && self.expires > now
    }
}

/// The newest code of a kind to a recipient.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) ticket: String,
    /// `None`: it went nowhere.
    pub(crate) digits: Option<String>,
    pub(crate) person: Option<usize>,
    pub(crate) attempts: i64,
    pub(crate) spent: bool,
    pub(crate) expires: i64,
}

/// Company, purpose, recipient.
pub(crate) type CodeKey = (i64, &'static str, Address);

#[derive(Clone, Debug)]
pub(crate) struct Proof {
    pub(crate) token: String,
    pub(crate) key: CodeKey,
    pub(crate) person: Option<usize>,
    pub(crate) expires: i64,
    pub(crate) spent: bool,
}

/// Company, `type`, the name, and whether the place is known.
pub(crate) type SignInKey = (i64, i64, String, bool);

#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) now: i64,
    pub(crate) people: Vec<Person>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) codes: HashMap<CodeKey, Code>,
    pub(crate) proofs: Vec<Proof>,
    /// Tickets and codes that were ever told.
    pub(crate) told: Vec<(String, String)>,
    /// Wrong LOGIN and PASSWORD codes of a recipient in a day.
    pub(crate) wrong_codes: HashMap<(i64, Address, i64), i64>,
    pub(crate) sign_in_guards: HashMap<SignInKey, (Guard, Option<usize>)>,
}

impl Model {
    pub(crate) fn by_address(&self, company: i64, address: Address) -> Option<usize> {
        self.people.iter().position(|one| one.company == company && one.addresses().contains(&address))
    }
}
