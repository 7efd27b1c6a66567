//! A PostgreSQL of our own: installed where there is none, on a free port of loopback, gone when it is dropped.

use crate::process;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where Debian puts each major version.
const INSTALLED: &str = "/usr/lib/postgresql";
/// Names the directories of clusters; the number of the process that made it follows.
const PREFIX: &str = "custos-test-pg-";
/// The user that PostgreSQL runs as when root starts it and Debian has made none.
const OWN_USER: &str = "custos-test";
const START_TIME: Duration = Duration::from_secs(60);

/// A running server; dropping it stops it and removes its directory.
pub(crate) struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    user: Option<User>,
    port: u16,
    server: Child,
}

impl Cluster {
    /// One for tests, in the temporary directory. Tests kill the program, never PostgreSQL, so that what it was told to keep
    /// it keeps without waiting for the disk; and they make hundreds of databases, each of which would wait.
    pub(crate) fn start() -> Result<Self, String> {
        Self::start_with(&std::env::temp_dir(), "off")
    }

    /// Starts a server with its files in a directory of its own in `parent`, after installing PostgreSQL if need be.
    /// Commits are durable: the measurements mean it.
    pub(crate) fn start_in(parent: &Path) -> Result<Self, String> {
        Self::start_with(parent, "on")
    }

    fn start_with(parent: &Path, durable: &str) -> Result<Self, String> {
        let programs = match newest_programs() {
            Some(programs) => programs,
            None => install()?,
        };
        let user = if is_root()? { Some(User::for_server()?) } else { None };
        remove_leftovers(parent, &programs, user.as_ref());

        let directory = parent.join(format!("{PREFIX}{}", std::process::id()));
        std::fs::create_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        match launch(&directory, &programs, user.as_ref(), durable) {
            Ok((port, server)) => Ok(Self { directory, programs, user, port, server }),
            Err(problem) => {
                let _ = std::fs::remove_dir_all(&directory);
                Err(problem)
            }
        }
    }

    /// Where one of PostgreSQL's programs lies.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The URL of the superuser, whom no password is asked.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        stop(&self.directory, &self.programs, self.user.as_ref());
        // Stopped, or never well: waiting ends in either case once it is dead.
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The programs of the newest version that is installed.
fn newest_programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(INSTALLED).ok()?;
    versions
        .flatten()
        .filter_map(|entry| {
            Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists() && programs.join("postgres").exists())
        .max_by_key(|(version, _)| *version)
        .map(|(_, programs)| programs)
}

fn install() -> Result<PathBuf, String> {
    if !is_root()? {
        return Err(format!(
            "this needs PostgreSQL's programs in {INSTALLED}/*/bin; run `apt-get install postgresql` as root"
        ));
    }
    process::install("postgresql")?;
    newest_programs().ok_or_else(|| format!("the package is installed, but {INSTALLED}/*/bin has no initdb"))
}

pub(crate) fn is_root() -> Result<bool, String> {
    Ok(process::output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Whom the server runs as: PostgreSQL refuses to be root.
struct User {
    id: u32,
    group: u32,
}

impl User {
    fn for_server() -> Result<Self, String> {
        if let Some(user) = Self::named("postgres").or_else(|| Self::named(OWN_USER)) {
            return Ok(user);
        }
        process::must(Command::new("useradd").args(["--system", "--no-create-home", OWN_USER]))?;
        Self::named(OWN_USER).ok_or_else(|| format!("the user {OWN_USER} was made, but /etc/passwd lacks it"))
    }

    fn named(name: &str) -> Option<Self> {
        let all = std::fs::read_to_string("/etc/passwd").ok()?;
        all.lines().find_map(|line| {
            let mut fields = line.split(':');
            let found = fields.next() == Some(name);
            let (_, id, group) = (fields.next(), fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            found.then_some(Self { id, group })
        })
    }
}

/// One of PostgreSQL's programs, run as the server's user.
fn program(programs: &Path, name: &str, user: Option<&User>, own_options: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command
            .arg(format!("--reuid={}", user.id))
            .arg(format!("--regid={}", user.group))
            .arg("--clear-groups");
    }
    command.args(own_options).arg(programs.join(name)).stdin(Stdio::null());
    // The directory one stands in may be closed to that user.
    command.current_dir("/");
    command
}

fn launch(
    directory: &Path,
    programs: &Path,
    user: Option<&User>,
    durable: &str,
) -> Result<(u16, Child), String> {
    let told = |error: std::io::Error| error.to_string();
    std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o755)).map_err(told)?;
    if let Some(user) = user {
        chown(directory, Some(user.id), Some(user.group)).map_err(told)?;
    }
    let data = directory.join("data");
    process::output(
        program(programs, "initdb", user, &[])
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(format!("--pgdata={}", data.display())),
    )?;
    let mut last = String::new();
    // Someone else may take the free port before the server does.
    for _ in 0..3 {
        let port = free_port()?;
        let log = directory.join("log");
        let output = std::fs::File::create(&log).map_err(told)?;
        let mut server = program(programs, "postgres", user, &["--pdeathsig=INT"])
            .arg("-D")
            .arg(&data)
            .args(["-p", &port.to_string(), "-k"])
            .arg(directory)
            .args(["-c", "listen_addresses=127.0.0.1", "-c", "max_connections=300"])
            .args(["-c", &format!("fsync={durable}"), "-c", &format!("full_page_writes={durable}")])
            .args(["-c", "synchronous_commit=on"])
            .stdout(output.try_clone().map_err(told)?)
            .stderr(output)
            .spawn()
            .map_err(|error| format!("can't run setpriv: {error}"))?;
        if accepts(programs, port, &mut server) {
            return Ok((port, server));
        }
        let _ = server.kill();
        let _ = server.wait();
        last = std::fs::read_to_string(&log).unwrap_or_default();
    }
    Err(format!("PostgreSQL does not start:\n{}", last.trim_end()))
}

fn free_port() -> Result<u16, String> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| format!("no free port: {error}"))
}

/// Waits until the server accepts connections; false when it has ended or takes too long.
fn accepts(programs: &Path, port: u16, server: &mut Child) -> bool {
    let began = Instant::now();
    while began.elapsed() < START_TIME {
        if !matches!(server.try_wait(), Ok(None)) {
            return false;
        }
        let ready = Command::new(programs.join("pg_isready"))
            .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
            .status()
            .is_ok_and(|status| status.success());
        if ready {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

/// Stops the server of a directory, by the process number that it left there.
fn stop(directory: &Path, programs: &Path, user: Option<&User>) {
    let _ = program(programs, "pg_ctl", user, &[])
        .args(["stop", "--wait", "--silent", "--mode=immediate"])
        .arg(format!("--pgdata={}", directory.join("data").display()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Removes what runs that were killed have left. Their servers went with them (`--pdeathsig`), their files did not.
fn remove_leftovers(parent: &Path, programs: &Path, user: Option<&User>) {
    let Ok(entries) = std::fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner =
            name.to_str().and_then(|name| name.strip_prefix(PREFIX)).and_then(|id| id.parse::<u32>().ok());
        if owner.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            stop(&entry.path(), programs, user);
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
