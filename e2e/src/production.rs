//! A server in production: a configuration file, a key file, a database that is migrated by hand.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::backend::{Backend, PostgresDatabase};
use crate::operator::Outcome;
use crate::process::Process;
use crate::server::program;

/// A deployment with its files.
pub struct Deployment {
    directory: TempDir,
    database: Option<PostgresDatabase>,
}

impl Deployment {
    /// Files for a deployment on this database; nothing is started.
    pub fn new(backend: Backend) -> Self {
        let database = (backend == Backend::Postgres).then(PostgresDatabase::create);
        let this = Self { directory: tempfile::tempdir().expect("a directory"), database };
        this.run(&["keys", "new", &this.file("keys.toml")]).succeeds();
        this
    }

    /// The path of one of its files.
    pub fn file(&self, name: &str) -> String {
        self.directory.path().join(name).display().to_string()
    }

    /// The address of its database.
    pub fn database_url(&self) -> String {
        match &self.database {
            Some(database) => database.url(),
            None => format!("sqlite://{}", self.file("custos.db")),
        }
    }

    /// Safe settings, as lines of the configuration file.
    pub fn settings(&self) -> Vec<String> {
        vec![
            "listen = \"127.0.0.1:0\"".to_owned(),
            "metrics_listen = \"127.0.0.1:0\"".to_owned(),
            format!("database_url = \"{}\"", self.database_url()),
            format!("key_file = \"{}\"", self.file("keys.toml")),
            "smtp_url = \"smtp://127.0.0.1:9\"".to_owned(),
            "public_url = \"https://accounts.example.com\"".to_owned(),
        ]
    }

    /// Writes the configuration file.
    pub fn write(&self, lines: &[String]) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.directory.path().join("custos.toml");
        std::fs::write(&path, lines.join("\n")).expect("the configuration");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("its mode");
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program(&std::collections::BTreeMap::new());
        command.args(arguments);
        command
    }

    /// Runs the program to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).stdin(Stdio::null()).output().expect("the program");
        Outcome {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// `custos serve --config FILE`, until it listens.
    pub fn serve(&self) -> Serving {
        self.serve_with(&[])
    }

    /// The same with more arguments.
    pub fn serve_with(&self, more: &[&str]) -> Serving {
        let config = self.file("custos.toml");
        Serving(Process::start(self.command(&["serve", "--config", &config]).args(more)))
    }
}

/// A server in production that runs.
pub struct Serving(Process);

impl Serving {
    /// The status and text that a path of the public address answers.
    pub fn get(&self, path: &str) -> (u16, String) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response =
            agent.get(format!("http://{}{path}", self.0.listens_on)).call().expect("an answer");
        (response.status().as_u16(), response.body_mut().read_to_string().expect("text"))
    }

    /// SIGTERM; whether it ended well.
    pub fn stops(mut self) -> bool {
        self.0.terminate().is_some_and(|status| status.success())
    }
}
