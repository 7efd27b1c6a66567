//! What the server has delivered, and a way to wait for it.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// How long a test waits for something that must come. Only a broken server takes this long.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A delivered message.
pub trait Addressed: Clone + std::fmt::Debug {
    /// Whom it went to: an e-mail address, or a phone number such as `+8613800000000`.
    fn to(&self) -> &str;
    /// The six digits in it.
    fn code(&self) -> Option<String>;
    /// Its words.
    fn text(&self) -> &str;
}

struct State<M> {
    /// Everything that ever arrived.
    history: Vec<M>,
    /// What no test has read yet, as positions in `history`.
    unread: Vec<usize>,
    /// The server is dead: nothing more will come.
    closed: bool,
}

/// Messages in order of arrival.
pub struct Inbox<M> {
    state: Mutex<State<M>>,
    changed: Condvar,
}

impl<M: Addressed> Default for Inbox<M> {
    fn default() -> Self {
        let state = State { history: Vec::new(), unread: Vec::new(), closed: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }
}

impl<M: Addressed> Inbox<M> {
    fn lock(&self) -> MutexGuard<'_, State<M>> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Files a message.
    pub fn deliver(&self, message: M) {
        let mut state = self.lock();
        let position = state.history.len();
        state.history.push(message);
        state.unread.push(position);
        drop(state);
        self.changed.notify_all();
    }

    /// Makes everyone who waits or is about to give up: the server was killed, nothing more will come.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// The server is back.
    pub fn reopen(&self) {
        self.lock().closed = false;
    }

    /// The next unread message to `to` that `wanted` accepts; those it passes over count as read. `None` when
    /// closed or out of patience.
    fn wait(&self, to: &str, wanted: impl Fn(&M) -> bool) -> Option<M> {
        let deadline = Instant::now() + PATIENCE;
        let mut state = self.lock();
        loop {
            while let Some(at) = state.unread.iter().position(|&position| state.history[position].to() == to)
            {
                let position = state.unread.remove(at);
                let message = &state.history[position];
                if wanted(message) {
                    return Some(message.clone());
                }
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            if state.closed {
                return None;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    /// The next unread message to `to`.
    #[track_caller]
    pub fn next_to(&self, to: &str) -> M {
        self.wait(to, |_| true).unwrap_or_else(|| panic!("no message to {to} arrived"))
    }

    /// The code of the next message to `to` that has one.
    #[track_caller]
    pub fn next_code_to(&self, to: &str) -> String {
        self.code_or_closed(to).unwrap_or_else(|| panic!("no code for {to} arrived"))
    }

    /// The same for tests that kill the server meanwhile.
    pub fn code_or_closed(&self, to: &str) -> Option<String> {
        self.wait(to, |message| message.code().is_some()).and_then(|message| message.code())
    }

    /// The next message to `to` that has a link to freeze the account.
    #[track_caller]
    pub fn next_warning_to(&self, to: &str) -> M {
        self.wait(to, |message| message.text().contains("/freeze/"))
            .unwrap_or_else(|| panic!("no message with a link arrived at {to}"))
    }

    /// Everything that was ever delivered to `to`.
    pub fn all_to(&self, to: &str) -> Vec<M> {
        self.lock().history.iter().filter(|message| message.to() == to).cloned().collect()
    }

    /// Everything that was ever delivered.
    pub fn everything(&self) -> Vec<M> {
        self.lock().history.clone()
    }
}

/// The first run of exactly six digits that stands alone, links left out.
pub(crate) fn six_digits(text: &str) -> Option<String> {
    text.split_whitespace()
        .filter(|word| !word.contains("://"))
        .flat_map(|word| word.split(|c: char| !c.is_ascii_alphanumeric()))
        .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug)]
    struct Note(&'static str, &'static str);

    impl Addressed for Note {
        fn to(&self) -> &str {
            self.0
        }
        fn code(&self) -> Option<String> {
            six_digits(self.1)
        }
        fn text(&self) -> &str {
            self.1
        }
    }

    #[test]
    fn six_digits_stand_alone() {
        assert_eq!(six_digits("Your code is 012345."), Some("012345".into()));
        assert_eq!(six_digits("您的验证码是：654321，10分钟内有效"), Some("654321".into()));
        assert_eq!(six_digits("1234567 or 12345 or a123456"), None);
        assert_eq!(six_digits("https://x/123456 then 111222"), Some("111222".into()));
    }

    #[test]
    fn messages_are_read_once_and_in_order() {
        let inbox = Inbox::default();
        inbox.deliver(Note("a", "hello"));
        inbox.deliver(Note("b", "code 111111"));
        inbox.deliver(Note("a", "code 222222"));
        assert_eq!(inbox.next_code_to("a"), "222222");
        assert_eq!(inbox.next_to("b").1, "code 111111");
        assert_eq!(inbox.all_to("a").len(), 2);
        assert_eq!(inbox.everything().len(), 3);
    }

    #[test]
    fn a_closed_inbox_keeps_nobody_waiting() {
        let inbox = Inbox::<Note>::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| inbox.code_or_closed("nobody"));
            inbox.close();
            assert_eq!(waiting.join().unwrap(), None);
        });
        inbox.deliver(Note("a", "111111"));
        assert_eq!(inbox.code_or_closed("a").as_deref(), Some("111111"));
        inbox.reopen();
        inbox.deliver(Note("a", "222222"));
        assert_eq!(inbox.next_code_to("a"), "222222");
    }
}
