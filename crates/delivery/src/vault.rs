//! Where files lie, sealed by those who hand them over: a directory of this machine, or a bucket that speaks S3.

mod bucket;

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

pub use bucket::Bucket;

/// Why a file can't be kept or found.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The directory's.
    #[error("the directory of files: {0}")]
    Disk(#[from] std::io::Error),
    /// The bucket's. Never names its key.
    #[error("the bucket of files: {0}")]
    Bucket(String),
    /// What is configured makes no sense.
    #[error("files_url: {0}")]
    Setting(String),
}

/// A place for files.
#[derive(Debug)]
pub enum Vault {
    /// A directory.
    Disk(PathBuf),
    /// A bucket.
    Bucket(Box<Bucket>),
}

/// A file's name: of a company, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlobName {
    /// The company.
    pub company_id: i64,
    /// The file.
    pub id: i64,
}

impl BlobName {
    /// Its parts: a directory must not hold millions of files.
    fn parts(self) -> [String; 3] {
        [self.company_id.to_string(), format!("{:03x}", self.id & 0xfff), self.id.to_string()]
    }
}

impl Vault {
    /// The place that a setting names: a directory's path, or `s3://KEY:SECRET@HOST/BUCKET?region=REGION`, with
    /// `&plain=1` for one that is reached without TLS.
    ///
    /// # Errors
    /// It names none.
    pub fn open(setting: &str) -> Result<Self, VaultError> {
        match setting.strip_prefix("s3://") {
            Some(rest) => Ok(Self::Bucket(Box::new(Bucket::parse(rest)?))),
            None => Ok(Self::Disk(PathBuf::from(setting))),
        }
    }

    /// Keeps a file. When this returns it is durable, and a crash before leaves nothing under its name.
    ///
    /// # Errors
    /// The place's.
    pub fn put(&self, name: BlobName, bytes: &[u8]) -> Result<(), VaultError> {
        match self {
            Self::Disk(root) => Ok(write(&path(root, name), bytes)?),
            Self::Bucket(bucket) => bucket.put(&name.parts().join("/"), bytes),
        }
    }

    /// A file, if it is there.
    ///
    /// # Errors
    /// The place's.
    pub fn get(&self, name: BlobName) -> Result<Option<Vec<u8>>, VaultError> {
        match self {
            Self::Disk(root) => match fs::read(path(root, name)) {
                Ok(bytes) => Ok(Some(bytes)),
                Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error.into()),
            },
            Self::Bucket(bucket) => bucket.get(&name.parts().join("/")),
        }
    }

    /// Removes a file, whole or half written; one that is not there is no error.
    ///
    /// # Errors
    /// The place's.
    pub fn remove(&self, name: BlobName) -> Result<(), VaultError> {
        match self {
            Self::Disk(root) => {
                let path = path(root, name);
                for gone in [part(&path), path] {
                    match fs::remove_file(gone) {
                        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
                        _ => {}
                    }
                }
                Ok(())
            }
            Self::Bucket(bucket) => bucket.remove(&name.parts().join("/")),
        }
    }
}

fn path(root: &Path, name: BlobName) -> PathBuf {
    name.parts().iter().fold(root.to_owned(), |path, part| path.join(part))
}

fn part(path: &Path) -> PathBuf {
    path.with_extension("part")
}

/// Written beside, made durable, then named: a name never stands for half a file.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let Some(directory) = path.parent() else { return Err(ErrorKind::InvalidInput.into()) };
    make(directory)?;
    let part = part(path);
    let mut file = File::options().write(true).create(true).truncate(true).open(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(directory)?.sync_all()
}

/// Makes a directory and those above it, readable by the server only; their names are durable.
fn make(directory: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    if directory.is_dir() {
        return Ok(());
    }
    let above = directory.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make(above)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(directory) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    File::open(above.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_there_until_it_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("a/b");
        let vault = Vault::open(root.to_str().unwrap()).unwrap();
        let name = BlobName { company_id: 7, id: 4_711 };
        assert_eq!(vault.get(name).unwrap(), None);
        vault.put(name, b"one").unwrap();
        vault.put(name, b"two").unwrap();
        assert_eq!(vault.get(name).unwrap().as_deref(), Some(&b"two"[..]));
        assert_eq!(vault.get(BlobName { company_id: 8, ..name }).unwrap(), None);
        // A crash may leave this behind.
        fs::write(root.join("7/267/4711.part"), b"ha").unwrap();
        vault.remove(name).unwrap();
        vault.remove(name).unwrap();
        assert_eq!(vault.get(name).unwrap(), None);
        assert_eq!(fs::read_dir(root.join("7/267")).unwrap().count(), 0);
    }

    #[test]
    fn what_can_not_be_written_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        fs::write(&file, b"").unwrap();
        let vault = Vault::Disk(file);
        assert!(vault.put(BlobName { company_id: 1, id: 1 }, b"x").is_err());
    }
}
