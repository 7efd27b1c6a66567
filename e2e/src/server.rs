//! A server of its own for each test: its data directory, its database, its mail and SMS provider.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

use crate::backend::{Backend, PostgresDatabase};
use crate::client::{Client, PostBox};
use crate::database_file::DatabaseFile;
use crate::mail::MailReceiver;
use crate::process::Process;
use crate::sms::SmsReceiver;

/// The password in the mail server's URL: it must never be shown.
pub const MAIL_PASSWORD: &str = "mail-pw-7Qx2";

/// The program under test, running in demo mode with outside mail and SMS providers.
pub struct Server {
    process: Mutex<Process>,
    /// What earlier runs wrote.
    earlier: Mutex<String>,
    data: TempDir,
    environment: BTreeMap<&'static str, String>,
    /// The mail server it sends through.
    pub mail: MailReceiver,
    /// The SMS provider it sends through.
    pub sms: SmsReceiver,
    // Last, so that the server is gone before its database goes.
    _database: Option<PostgresDatabase>,
}

impl Server {
    /// Starts a fresh server.
    pub fn start(backend: Backend) -> Self {
        Self::start_with(backend, &[])
    }

    /// Starts a fresh server with more environment variables.
    pub fn start_with(backend: Backend, extra: &[(&'static str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let (mail, sms) = (MailReceiver::start(), SmsReceiver::start());
        let database = (backend == Backend::Postgres).then(PostgresDatabase::create);
        let mut environment = BTreeMap::from([
            ("CUSTOS_LISTEN", "127.0.0.1:0".to_owned()),
            ("CUSTOS_METRICS_LISTEN", "127.0.0.1:0".to_owned()),
            ("CUSTOS_SMTP_URL", format!("smtp://custos:{MAIL_PASSWORD}@{}", mail.address())),
            ("CUSTOS_SMS_URL", sms.url()),
            ("CUSTOS_LOG", "info".to_owned()),
        ]);
        environment.extend(database.iter().map(|database| ("CUSTOS_DATABASE_URL", database.url())));
        environment.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let process = Process::start(&mut demo(data.path(), &environment));
        Self {
            process: Mutex::new(process),
            earlier: Mutex::default(),
            data,
            environment,
            mail,
            sms,
            _database: database,
        }
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A visitor whom no one has seen before, on the demo company's pages.
    pub fn visitor(&self) -> Client {
        let post_box = PostBox { mail: self.mail.inbox().clone(), sms: self.sms.inbox().clone() };
        Client::new(self.address(), post_box)
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.process().listens_on
    }

    /// Ends it with SIGKILL.
    pub fn kill(&self) {
        self.process().kill();
        self.mail.inbox().close();
        self.sms.inbox().close();
    }

    /// Ends it with SIGTERM and says whether it went in good order.
    pub fn stop(&self) -> bool {
        self.process().terminate().is_some_and(|status| status.success())
    }

    /// Starts it again on the same data, after [`Self::kill`] or [`Self::stop`]. It gets new ports.
    pub fn restart(&self) {
        let mut process = self.process();
        process.terminate();
        self.earlier.lock().unwrap_or_else(PoisonError::into_inner).push_str(&process.written());
        self.mail.inbox().reopen();
        self.sms.inbox().reopen();
        *process = Process::start(&mut demo(self.data.path(), &self.environment));
    }

    /// Stops it and returns everything that it ever wrote to its output and its log.
    pub fn written(&self) -> String {
        let mut process = self.process();
        process.terminate();
        let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        format!("{earlier}{}", process.written())
    }

    /// A metric's value, summed over its labels; 0 before it first counts.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.fetch_metrics();
        let values = text.lines().filter_map(|line| {
            let rest = line.strip_prefix(name)?;
            rest.starts_with(['{', ' '])
                .then(|| rest.rsplit(' ').next().and_then(|value| value.parse().ok()))?
        });
        values.map(|value: f64| value as u64).sum()
    }

    fn fetch_metrics(&self) -> String {
        let url = format!("http://{}/metrics", self.process().metrics_on);
        let mut response = ureq::get(url).call().expect("metrics");
        response.body_mut().read_to_string().expect("text")
    }

    /// Its data directory.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// The SQLite file in its data directory.
    pub fn database_file(&self) -> DatabaseFile {
        DatabaseFile::find(self.data.path())
    }

    /// The program with this server's environment and data directory, for the command line.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&self.environment);
        command.args(arguments).arg("--data").arg(self.data.path());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut process = self.process();
        process.terminate();
        if std::thread::panicking() {
            let earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
            println!("---- what the server wrote ----\n{earlier}{}", process.written());
        }
    }
}

fn demo(data: &Path, environment: &BTreeMap<&'static str, String>) -> Command {
    let mut command = program(environment);
    command.arg("demo").arg("--data").arg(data);
    command
}

pub(crate) fn program(environment: &BTreeMap<&'static str, String>) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CUSTOS_") {
            command.env_remove(name);
        }
    }
    command.envs(environment);
    command
}

/// The program that the workspace has built, or the one that `CUSTOS_BIN` names.
fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("CUSTOS_BIN") {
        return path.into();
    }
    let test = std::env::current_exe().expect("the test's own path");
    let directory = test.ancestors().nth(2).expect("target/debug");
    let path = directory.join("custos");
    assert!(path.exists(), "{} is not built; `cargo xtask test` builds it", path.display());
    path
}
