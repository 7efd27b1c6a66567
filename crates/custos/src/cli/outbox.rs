//! `custos outbox`.

use super::out::{Done, Failure, actor, settle, table, tell, when};
use crate::open::{self, Source};
use custos_delivery::outbox_admin::{self, Retried};
use custos_store::Store;
use serde_json::{Value, json};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// List messages, newest first, with the reason why they stand so
    List {
        /// Which ones
        #[arg(long, default_value = "dead")]
        state: State,
        /// Only those before the message of this id
        #[arg(long, value_name = "ID")]
        before: Option<i64>,
        /// At most so many
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// Send dead letters again; codes are worthless by then and stay dead
    Retry {
        /// The message's id
        #[arg(required_unless_present = "all_dead", conflicts_with = "all_dead")]
        id: Option<i64>,
        /// All that are still of use
        #[arg(long)]
        all_dead: bool,
    },
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub(super) enum State {
    /// Given up
    Dead,
    /// To be delivered
    Waiting,
    /// Not sent on purpose, such as a text message beyond a limit
    Suppressed,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Dead => "dead",
            Self::Waiting => "waiting",
            Self::Suppressed => "suppressed",
        }
    }
}

/// Dead letters revived in one transaction.
const PAGE: i64 = 500;

pub(super) fn run(command: &Command, source: &Source, json: bool) -> Done {
    let (_, store) = open::command_store(source)?;
    match *command {
        Command::List { state, before, limit } => list(&store, state, before, limit, json),
        Command::Retry { id: Some(id), .. } => retry(&store, id, json),
        Command::Retry { id: None, .. } => retry_all(&store, json),
    }
}

fn list(store: &Store, state: State, before: Option<i64>, limit: i64, json: bool) -> Done {
    let before = before.unwrap_or(i64::MAX);
    let all = store.read_blocking(move |tx| outbox_admin::list(tx, state.word(), before, limit))?;
    let value = serde_json::to_value(&all).map_err(|error| Failure::Said(error.to_string()))?;
    tell(json, &value, || {
        let rows: Vec<Vec<String>> = all
            .iter()
            .map(|message| {
                vec![
                    message.id.to_string(),
                    message.company.to_string(),
                    message.channel.clone(),
                    message.template.clone(),
                    message.to.clone(),
                    message.attempts.to_string(),
                    when(message.created_at),
                    message.reason.clone(),
                ]
            })
            .collect();
        table(&["ID", "COMPANY", "CHANNEL", "TEMPLATE", "TO", "TRIES", "WRITTEN", "REASON"], &rows)
    })
}

fn retry(store: &Store, id: i64, json: bool) -> Done {
    let actor = actor();
    let refusal = match store.write_blocking(move |tx| outbox_admin::retry(tx, id, &actor))? {
        Retried::Waiting => {
            settle();
            return tell(json, &json!({ "retried": 1 }), || format!("message {id} is sent again"));
        }
        Retried::Unknown => format!("there is no message {id}"),
        Retried::NotDead => format!("message {id} was not given up"),
        Retried::Useless => format!("message {id} is of no use any more: a code, or too old"),
    };
    Err(Failure::Said(refusal))
}

fn retry_all(store: &Store, json: bool) -> Done {
    let (mut after, mut looked, mut retried) = (0, 0, 0);
    loop {
        let actor = actor();
        let (count, revived, last) =
            store.write_blocking(move |tx| outbox_admin::retry_page(tx, after, PAGE, &actor))?;
        looked += count;
        retried += revived;
        after = last;
        if i64::try_from(count).is_ok_and(|count| count < PAGE) {
            break;
        }
    }
    settle();
    let value: Value = json!({ "dead": looked, "retried": retried });
    tell(json, &value, || {
        format!("{retried} of {looked} dead letters are sent again; the others are of no use")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::open::World;
    use custos_customers::company::Settings;
    use custos_customers::operator;
    use custos_delivery::Channel;
    use custos_delivery::outbox::{self, Failure as Try, Message};
    use custos_store::{HOUR_MS, ManualClock, OsEntropy, audit};
    use std::sync::Arc;

    const START_MS: i64 = 1_800_000_000_000;

    fn opened(directory: &std::path::Path, clock: &Arc<ManualClock>) -> Store {
        let config = Config {
            database_url: format!("sqlite://{}", directory.join("x.db").display()),
            key_file: directory.join("keys.toml"),
            ..Config::default()
        };
        open::new_key_file(&config.key_file).unwrap();
        let world = World { clock: Arc::<ManualClock>::clone(clock), entropy: Arc::new(OsEntropy) };
        let store = open::store(&config, &world, 0).unwrap();
        custos_store::migrate::migrate(&store).unwrap();
        store
            .write_blocking(|tx| {
                operator::add_company(tx, Some(1), "One", &Settings::default(), "operator:x")
            })
            .unwrap();
        store
    }

    fn written(store: &Store, code: Option<&'static str>, useful_until: i64) {
        store
            .write_blocking(move |tx| {
                outbox::enqueue(
                    tx,
                    &Message {
                        company_id: 1,
                        channel: Channel::Email,
                        to: "ann@example.com",
                        masked: "a***n@example.com".to_owned(),
                        template: "new-device",
                        lang: "en-US",
                        vars: &[],
                        code,
                        useful_until,
                        void: false,
                    },
                )
            })
            .unwrap();
    }

    fn given_up(store: &Store) -> usize {
        let taken = store.write_blocking(|tx| outbox::take(tx, Channel::Email, 100, 1)).unwrap();
        let count = taken.len();
        for taken in taken {
            store
                .write_blocking(move |tx| {
                    outbox::failed(
                        tx,
                        &taken,
                        &Try { reason: "550", permanent: true, wait_s: None, patient: false },
                    )
                })
                .unwrap();
        }
        count
    }

    #[test]
    fn dead_letters_are_sent_again_while_they_are_of_use() {
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(START_MS));
        let store = opened(directory.path(), &clock);
        written(&store, None, START_MS + HOUR_MS);
        written(&store, None, START_MS + 2 * HOUR_MS);
        written(&store, Some("123456"), START_MS + 2 * HOUR_MS);
        assert_eq!(given_up(&store), 3);
        let dead = store.read_blocking(|tx| outbox_admin::list(tx, "dead", i64::MAX, 10)).unwrap();
        assert_eq!(dead.iter().map(|message| message.reason.as_str()).collect::<Vec<_>>(), ["550"; 3]);
        let [code, long, short] = [dead[0].id, dead[1].id, dead[2].id];

        clock.advance_ms(HOUR_MS);
        let retried = |id| store.write_blocking(move |tx| outbox_admin::retry(tx, id, "operator:x")).unwrap();
        assert_eq!(retried(code), Retried::Useless);
        assert_eq!(retried(short), Retried::Useless);
        assert_eq!(retried(7), Retried::Unknown);
        assert_eq!(retried(long), Retried::Waiting);
        assert_eq!(retried(long), Retried::NotDead);
        assert_eq!(given_up(&store), 1);
        let all = store.write_blocking(|tx| outbox_admin::retry_page(tx, 0, 10, "operator:x")).unwrap();
        assert_eq!(all, (3, 1, code));

        let log = store.read_blocking(|tx| audit::page(tx, 1, 0, 10)).unwrap();
        let retries =
            log.iter().filter(|entry| entry.action == "outbox.retry" && entry.actor == "operator:x");
        assert_eq!(retries.count(), 2);
    }
}
