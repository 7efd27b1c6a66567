//! Files on their way in and out: made clean, looked at by a scanner, sealed, kept.

use crate::context::{App, Context, Live};
use crate::error::{Error, Gate, Result};
use custos_customers::files::clean::{Unfit, clean};
use custos_customers::files::{self, kind};
use custos_delivery::clamd::{self, Verdict};
use custos_delivery::vault::{BlobName, Vault};
use custos_store::Store;
use custos_store::chores::BATCH;
use std::sync::{Arc, OnceLock};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Files that are decoded at once: each may take as much memory as forty million pixels.
const AT_ONCE: usize = 2;
/// Files on their way in, of all customers: as many as there is memory for. Whoever comes then is asked to come again.
const TAKEN_AT_ONCE: usize = 16;
/// Files that are read at once.
const READ_AT_ONCE: usize = 16;

/// Where files lie, and who looks at them first.
#[derive(Debug)]
pub struct Files {
    vault: Option<Arc<Vault>>,
    scanner: Option<String>,
    base: OnceLock<String>,
    places: Semaphore,
    cleaning: Semaphore,
    reading: Semaphore,
}

/// A file to be shown.
#[derive(Debug)]
pub struct Shown {
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl Files {
    /// Files in `vault`; each is shown to the scanner at `host:port` first, where there is one. Without a vault none are
    /// taken.
    #[must_use]
    pub fn new(vault: Option<Vault>, scanner: Option<String>) -> Self {
        Self {
            vault: vault.map(Arc::new),
            scanner,
            base: OnceLock::new(),
            places: Semaphore::new(TAKEN_AT_ONCE),
            cleaning: Semaphore::new(AT_ONCE),
            reading: Semaphore::new(READ_AT_ONCE),
        }
    }

    /// Says where clients reach this server, for links; the first word counts.
    pub fn set_base(&self, base: &str) {
        let _ = self.base.set(base.trim_end_matches('/').to_owned());
    }

    /// A place for a file on its way in; `None` while all are taken.
    pub(crate) fn place(&self) -> Option<SemaphorePermit<'_>> {
        self.places.try_acquire().ok()
    }

    /// Where they lie.
    #[must_use]
    pub fn vault(&self) -> Option<&Arc<Vault>> {
        self.vault.as_ref()
    }

    /// Whole, from a link's path and query.
    #[must_use]
    pub fn whole_link(&self, link: &str) -> String {
        format!("{}{link}", self.base.get().map_or("", String::as_str))
    }

    fn open_vault(&self) -> Result<Arc<Vault>> {
        self.vault.clone().ok_or_else(|| Gate::Unavailable.refuse())
    }
}

fn place_is_down(error: &dyn std::fmt::Display) -> Error {
    tracing::error!(%error, "a file could not be kept or found");
    Gate::Unavailable.refuse()
}

/// Runs what blocks, away from those who must not wait.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Gate::Unexpected.refuse())
}

/// Takes a file; says by which link its owner sees it.
///
/// # Errors
/// `GATEWAY_CODE_103` for what is no file of the formats that are kept, `104` for one with too many pixels, `CUSTOMER_API_0001633` for
/// one in which the scanner found something, `GATEWAY_CODE_018` for too many in a day, `GATEWAY_CODE_012` when the
/// vault or the scanner is down.
pub(crate) async fn take(cx: &Context, live: &Live, bytes: Vec<u8>) -> Result<String> {
    let files = &cx.app.files;
    let vault = files.open_vault()?;
    let scanner = files.scanner.clone();
    let bytes = apart(move || scanned(scanner.as_deref(), bytes)).await??;
    let (kind, bytes) = {
        let _place = files.cleaning.acquire().await.map_err(|_| Gate::Unavailable.refuse())?;
        apart(move || {
            clean(bytes).map_err(|unfit| match unfit {
                Unfit::Format => Gate::BadFormat.field(kind::FORMATS),
                Unfit::TooLarge => Gate::BadField.field("object"),
            })
        })
        .await??
    };
    let (company_id, customer_id, length) = (live.company_id(), live.customer_id(), bytes.len());
    let reserved = cx.write(move |tx| Ok(files::reserve(tx, company_id, customer_id, kind, length)?)).await?;
    let reserved = reserved.ok_or_else(|| Gate::TooFrequent.refuse())?;
    let id = reserved.id;
    apart(move || {
        let sealed = reserved.key.seal(&files::seal_context(company_id, id), &bytes);
        let sealed = sealed.map_err(|error| place_is_down(&error))?;
        vault.put(BlobName { company_id, id }, &sealed).map_err(|error| place_is_down(&error))
    })
    .await??;
    let link = cx
        .write(move |tx| {
            files::written(tx, company_id, customer_id, id)?;
            Ok(files::link(tx, company_id, id))
        })
        .await?;
    Ok(files.whole_link(&link))
}

/// The file as it came, once the scanner has found nothing in it: what made it dangerous would be gone from what is kept,
/// and its sender unknown.
fn scanned(scanner: Option<&str>, bytes: Vec<u8>) -> Result<Vec<u8>> {
    let Some(scanner) = scanner else { return Ok(bytes) };
    match clamd::scan(scanner, &bytes).map_err(|error| place_is_down(&error))? {
        Verdict::Clean => Ok(bytes),
        Verdict::Found(name) => {
            tracing::warn!(name, "a customer's file was refused by the virus scanner");
            Err(Gate::Infected.refuse())
        }
    }
}

impl App {
    /// The file that a link points at; `None` when the link is none of ours or too old, or the file is gone.
    ///
    /// # Errors
    /// The vault's or the store's.
    pub async fn file(&self, company_id: i64, id: i64, until: i64, sign: String) -> Result<Option<Shown>> {
        let _place = self.files.reading.acquire().await.map_err(|_| Gate::Unavailable.refuse())?;
        let opened = self.store.read(move |tx| {
            if !files::link_stands(tx, company_id, id, until, &sign) {
                return Ok::<_, custos_customers::Error>(None);
            }
            files::open(tx, company_id, id)
        });
        let Some(opened) = opened.await? else { return Ok(None) };
        let vault = self.files.open_vault()?;
        apart(move || shown(&vault, company_id, id, opened)).await?
    }
}

/// A file out of the vault, to whoever may see it.
///
/// # Errors
/// The vault's, or the file was altered.
pub fn shown(vault: &Vault, company_id: i64, id: i64, opened: files::Opened) -> Result<Option<Shown>> {
    let sealed = vault.get(BlobName { company_id, id }).map_err(|error| place_is_down(&error))?;
    let Some(sealed) = sealed else { return Ok(None) };
    let bytes =
        files::unsealed(&opened.key, company_id, id, &sealed).map_err(|error| place_is_down(&error))?;
    Ok(Some(Shown { media_type: opened.media_type, bytes }))
}

/// Removes files whose time is over: from the vault first, so that none is left there that no row knows of. Says how many.
///
/// # Errors
/// The vault's or the store's.
pub fn remove_due(store: &Store, vault: &Vault, is_stopping: &dyn Fn() -> bool) -> Result<usize> {
    let mut removed = 0;
    loop {
        let due = store.read_blocking(|tx| files::due(tx, BATCH))?;
        if due.is_empty() {
            return Ok(removed);
        }
        for (company_id, id) in due {
            if is_stopping() {
                return Ok(removed);
            }
            if let Err(error) = vault.remove(BlobName { company_id, id }) {
                tracing::error!(%error, company_id, id, "a file can't be removed; it is tried again in an hour");
                store.write_blocking(move |tx| files::put_off(tx, company_id, id))?;
                continue;
            }
            store.write_blocking(move |tx| files::forget(tx, company_id, id))?;
            removed += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_files_are_on_their_way_at_a_time() {
        let files = Files::new(None, None);
        let held: Vec<_> = (0..TAKEN_AT_ONCE).map(|_| files.place().unwrap()).collect();
        assert!(files.place().is_none());
        drop(held);
        assert!(files.place().is_some());
    }
}
