//! Where a run keeps its files, and that it ends.

use crate::Outcome;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The number of the process that made the directory follows.
const PREFIX: &str = "bench-data-";

/// A directory that goes with this.
pub(crate) struct Place {
    path: PathBuf,
}

impl Place {
    /// Makes the directory of this run, and removes those of runs that were killed.
    pub(crate) fn make(parent: &Path) -> Outcome<Self> {
        for entry in std::fs::read_dir(parent)?.flatten() {
            let name = entry.file_name();
            let owner = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            if owner.is_some_and(|owner| !Path::new("/proc").join(owner).exists()) {
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let path = parent.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&path)?;
        Ok(Self { path })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Ends this process after so long, whatever it is at; the system ends its children with it.
    pub(crate) fn give_up_after(&self, limit: Duration) {
        let path = self.path.clone();
        std::thread::spawn(move || {
            std::thread::sleep(limit);
            eprintln!("bench: given up after {} s", limit.as_secs());
            let _ = std::fs::remove_dir_all(path);
            std::process::exit(1);
        });
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_with_its_owner_or_after_it() {
        let parent = std::env::temp_dir().join(format!("custos-bench-test-{}", std::process::id()));
        let orphan = parent.join(format!("{PREFIX}0"));
        std::fs::create_dir_all(&orphan).unwrap();
        let place = Place::make(&parent).unwrap();
        assert!(place.path().is_dir() && !orphan.exists());
        let path = place.path().to_owned();
        drop(place);
        assert!(!path.exists());
        std::fs::remove_dir(parent).unwrap();
    }
}
