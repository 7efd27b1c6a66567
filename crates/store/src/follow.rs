//! Following what other processes change.

use crate::pg;
use crate::store::Shared;
use postgres::fallible_iterator::FallibleIterator;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often the mark of other processes is looked at: the bound on staleness after a command.
const POLL: Duration = Duration::from_millis(20);

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
    let mut link = pg::Link::open(url)?;
    link.batch(&format!("LISTEN {}", pg::CHANNEL))?;
    shared.generations.touch_all();
    while !shared.stopping.load(Ordering::SeqCst) {
        {
            let mut notices = link.client().notifications();
            let mut waiting = notices.timeout_iter(Duration::from_millis(500));
            while let Some(notice) = waiting.next()? {
                for id in notice.payload().split(',') {
                    match id.parse() {
                        Ok(id) => shared.generations.touch(id),
                        Err(_) => shared.generations.touch_all(),
                    }
                }
            }
        }
        if link.client().is_closed() {
            break;
        }
    }
    Ok(())
}
