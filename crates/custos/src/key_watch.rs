//! Keys are exchanged while the server runs: the key file is read again when it changes.

use custos_customers::hashing::Peppers;
use custos_operations::context::App;
use custos_store::Store;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use zeroize::Zeroizing;

/// How often the file is looked at. `custos keys rotate` waits several of these between its steps.
pub(crate) const POLL: Duration = Duration::from_millis(500);

/// The peppers of the store's keys, the newest key that may seal first.
pub(crate) fn peppers(store: &Store) -> Result<Peppers, String> {
    Peppers::new(store.keys().peppers())
        .and_then(|peppers| peppers.with_newest(store.keys().newest()))
        .map_err(|error| error.to_string())
}

/// Watches the key file until `stopping`.
pub(crate) fn start(path: &Path, app: &Arc<App>, stopping: &Arc<AtomicBool>) -> std::io::Result<()> {
    let (path, app, stopping) = (path.to_owned(), Arc::clone(app), Arc::clone(stopping));
    std::thread::Builder::new()
        .name("custos-keys".to_owned())
        .spawn(move || watch(&path, &app, &stopping))?;
    Ok(())
}

fn watch(path: &PathBuf, app: &App, stopping: &AtomicBool) {
    let mut seen = Zeroizing::new(std::fs::read_to_string(path).unwrap_or_default());
    while !stopping.load(Ordering::SeqCst) {
        std::thread::sleep(POLL);
        // A file that is being replaced is there again at the next look.
        let Ok(text) = std::fs::read_to_string(path).map(Zeroizing::new) else { continue };
        if *text == *seen {
            continue;
        }
        match take(&text, app) {
            Ok(true) => tracing::info!(newest = app.store.keys().newest(), "the keys have changed"),
            Ok(false) => {}
            Err(error) => tracing::error!(%error, "the changed key file is not used"),
        }
        seen = text;
    }
}

fn take(text: &str, app: &App) -> Result<bool, String> {
    let changed = app.store.keys().reload(text).map_err(|error| error.to_string())?;
    if changed {
        app.hasher.set_peppers(peppers(&app.store)?);
    }
    Ok(changed)
}
