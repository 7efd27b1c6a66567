//! Following what other processes change.

use crate::pg_tls;
use crate::store::Shared;
use futures_util::TryStreamExt;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio_postgres::AsyncMessage;

/// How often the mark of other processes is looked at: the bound on staleness after a command.
const POLL: Duration = Duration::from_millis(20);
/// How often one who listens looks up whether to stop.
const LOOK_UP: Duration = Duration::from_millis(500);
/// As `pg::CHANNEL` says.
const LISTEN: &str = "LISTEN custos_touch";

pub(crate) fn sqlite(path: &Path, shared: &Shared) {
    let mut seen = None;
    let mut connection = None;
    while !shared.stopping.load(Ordering::SeqCst) {
        if connection.is_none() {
            connection =
                rusqlite::Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok();
        }
        let epoch = connection.as_ref().and_then(|open| {
            open.prepare_cached("SELECT epoch FROM cache_epoch")
                .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)))
                .ok()
        });
        // An epoch that can't be read may be a new one, and so may the first that can be read again.
        if epoch.is_none() || seen != epoch {
            shared.generations.touch_all();
        }
        seen = epoch;
        std::thread::sleep(POLL);
    }
}

pub(crate) fn postgres(url: &str, shared: &Shared) {
    while !shared.stopping.load(Ordering::SeqCst) {
        if let Err(error) = listen(url, shared) {
            tracing::warn!(%error, "lost the news of other replicas; listening again");
        }
        // What was told meanwhile is lost: everything cached may be old.
        shared.generations.touch_all();
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn listen(url: &str, shared: &Shared) -> crate::Result<()> {
    pg_tls::runtime()?.block_on(async {
        let (client, mut messages) = pg_tls::connect(url).await?;
        let listening = client.batch_execute(LISTEN);
        let mut listening = std::pin::pin!(listening);
        let mut asked = true;
        while !shared.stopping.load(Ordering::SeqCst) {
            tokio::select! {
                done = &mut listening, if asked => {
                    done?;
                    asked = false;
                    // What was told before this is lost.
                    shared.generations.touch_all();
                }
                message = messages.try_next() => match message? {
                    Some(AsyncMessage::Notification(news)) => hear(news.payload(), shared),
                    Some(_) => {}
                    None => break,
                },
                () = tokio::time::sleep(LOOK_UP) => {}
            }
        }
        Ok(())
    })
}

fn hear(news: &str, shared: &Shared) {
    for told in news.split(',') {
        match told.parse() {
            Ok(touch) => shared.generations.touch(touch),
            Err(_) => shared.generations.touch_all(),
        }
    }
}
