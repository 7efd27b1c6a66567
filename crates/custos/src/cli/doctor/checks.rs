//! Checks of what is outside the database.

use super::Check;
use crate::config::Config;
use crate::{open, server};
use axum::Router;
use custos_gateway::listener::{self, ListenConfig, TlsFiles};
use custos_store::DatabaseUrl;
use std::fs::OpenOptions;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

/// The key file: there, readable by its owner only, and sound.
pub(super) fn key_file(config: &Config) -> Check {
    const CHECK: &str = "key file";
    let path = &config.key_file;
    if path.as_os_str().is_empty() {
        return Check::ill(
            CHECK,
            "key_file is not set",
            "`custos keys new FILE` makes one; set key_file to it",
        );
    }
    let keys = match open::keys(config) {
        Ok(keys) => keys,
        Err(problem) => {
            return Check::ill(
                CHECK,
                problem,
                "restore the key file from its copy; a new one opens nothing old",
            );
        }
    };
    let mode = std::fs::metadata(path).map_or(0, |meta| meta.mode() & 0o777);
    if mode & 0o077 != 0 {
        let detail = format!("{} can be read by others (mode {mode:03o})", path.display());
        return Check::ill(CHECK, detail, format!("chmod 600 {}", path.display()));
    }
    Check::well(CHECK, format!("{} keys, the newest is {}, mode {mode:03o}", keys.ids().len(), keys.newest()))
}

/// The mail server: reached and signed in to.
pub(super) fn smtp(config: &Config) -> Check {
    const CHECK: &str = "smtp";
    let sinks = match server::sinks(&Config { sms_url: String::new(), ..config.clone() }, None, false) {
        Ok(sinks) => sinks,
        Err(problem) => return Check::ill(CHECK, problem, "correct smtp_url and smtp_from"),
    };
    match sinks.mail {
        None if config.dev_mailbox => Check::well(CHECK, "mails are kept in the mailbox of the demo"),
        None => Check::ill(
            CHECK,
            "smtp_url is not set: mails go nowhere",
            "set smtp_url to your mail server's address",
        ),
        Some(mailer) => match mailer.check() {
            Ok(()) => Check::well(CHECK, "the mail server answers"),
            Err(problem) => Check::ill(
                CHECK,
                problem,
                "see that smtp_url names the right host, port, user and password, and that this machine may connect",
            ),
        },
    }
}

/// Text messages: a provider is set, wherever a company sends any. Nothing is sent to try it out: that would cost.
pub(super) fn sms(config: &Config, texts_go_out: bool) -> Check {
    const CHECK: &str = "sms";
    let sinks = match server::sinks(&Config { smtp_url: String::new(), ..config.clone() }, None, false) {
        Ok(sinks) => sinks,
        Err(problem) => return Check::ill(CHECK, problem, "correct sms_url"),
    };
    match sinks.sms {
        Some(_) => Check::well(CHECK, "a provider is set"),
        None if config.dev_mailbox => Check::well(CHECK, "text messages are kept in the mailbox of the demo"),
        None if !texts_go_out => Check::well(CHECK, "no provider is set, and no company sends text messages"),
        None => Check::ill(
            CHECK,
            "sms_url is not set: text messages go nowhere",
            "set sms_url, or `custos company set ID --setting sms.enabled=false` for each company",
        ),
    }
}

/// Certificate and key: there, sound, and of one pair.
pub(super) fn certificate(config: &Config) -> Check {
    const CHECK: &str = "certificate";
    const REMEDY: &str =
        "set tls_certificate and tls_key to PEM files that this user can read and that belong together";
    match (config.tls_certificate.as_os_str().is_empty(), config.tls_key.as_os_str().is_empty()) {
        (true, true) => return Check::well(CHECK, "none is set: plain HTTP, for a proxy in front"),
        (true, false) => return Check::ill(CHECK, "tls_key is set without tls_certificate", REMEDY),
        (false, true) => return Check::ill(CHECK, "tls_certificate is set without tls_key", REMEDY),
        (false, false) => {}
    }
    let files = TlsFiles { certificate: config.tls_certificate.clone(), key: config.tls_key.clone() };
    match try_tls(files) {
        Ok(()) => Check::well(CHECK, format!("{} can be served", config.tls_certificate.display())),
        Err(problem) => Check::ill(CHECK, problem, REMEDY),
    }
}

/// Starts to listen with them, on loopback and for nobody: what a server does with the files is the only true test.
fn try_tls(files: TlsFiles) -> Result<(), String> {
    let told = |error: std::io::Error| error.to_string();
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(told)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(told)?;
    runtime.block_on(async {
        let how = ListenConfig { tls: Some(files), ..ListenConfig::new(socket) };
        let running = listener::serve(how, Router::new()).await.map_err(|error| error.to_string())?;
        running.stop(Duration::ZERO).await;
        Ok(())
    })
}

/// Where the data is; with PostgreSQL, where the key file is.
fn data_directory(config: &Config) -> PathBuf {
    let file = match config.database() {
        Ok(DatabaseUrl::Sqlite(path)) => path,
        _ => config.key_file.clone(),
    };
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

/// Below this a burst of work can fill the disk before anyone looks.
const LEAST_FREE: u64 = 500 << 20;

/// The free space of the disk that the data is on.
pub(super) fn disk(config: &Config) -> Check {
    const CHECK: &str = "disk";
    let directory = data_directory(config);
    match rustix::fs::statvfs(&directory) {
        Err(error) => Check::ill(
            CHECK,
            format!("{}: {error}", directory.display()),
            "see that the directory exists and this user may look into it",
        ),
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let detail = format!("{} MiB are free in {}", free >> 20, directory.display());
            if free >= LEAST_FREE {
                Check::well(CHECK, detail)
            } else {
                Check::ill(CHECK, detail, "make room, or move the data to a larger disk")
            }
        }
    }
}

/// The time by the file system that the data is on, which may be another machine's.
pub(super) fn file_time(config: &Config) -> Result<i64, String> {
    let path = data_directory(config).join(format!(".custos-clock-{}", std::process::id()));
    let time = touched(&path);
    // It is empty and hidden; one that can't be removed again is told of by the next check.
    let _ = std::fs::remove_file(&path);
    time.map_err(|error| format!("{}: {error}", path.display()))
}

fn touched(path: &Path) -> std::io::Result<i64> {
    let modified = OpenOptions::new().write(true).create_new(true).open(path)?.metadata()?.modified()?;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_pair_and_broken_files_are_ill() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("x.pem");
        std::fs::write(&file, "no PEM").unwrap();
        let with = |certificate: &Path, key: &Path| {
            super::certificate(&Config {
                tls_certificate: certificate.to_owned(),
                tls_key: key.to_owned(),
                ..Config::default()
            })
        };
        let none = Path::new("");
        assert!(with(none, none).ok);
        for check in
            [with(&file, none), with(none, &file), with(&file, &file), with(Path::new("/nowhere"), &file)]
        {
            assert!(!check.ok && !check.remedy.is_empty(), "{check:?}");
        }
    }

    #[test]
    fn an_open_key_file_is_ill() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.toml");
        let config = Config { key_file: path.clone(), ..Config::default() };
        assert!(!key_file(&config).ok, "not there");
        open::new_key_file(&path).unwrap();
        assert!(key_file(&config).ok);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(key_file(&config).remedy.contains("chmod 600"));
        assert!(file_time(&config).is_ok());
    }
}
