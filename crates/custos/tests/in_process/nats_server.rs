//! A real NATS with JetStream, of the test's own: on a free port of loopback, with a directory of its own, gone when it is
//! dropped.

use async_nats::jetstream::{self, Context};
use serde_json::Value;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::runtime::Runtime;

pub(crate) const STREAM: &str = "CUSTOS_EVENTS";

/// A message of the stream.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) subject: String,
    pub(crate) id: String,
    pub(crate) body: Value,
}

pub(crate) struct NatsServer {
    directory: TempDir,
    port: u16,
    /// What the configuration says of who may come in.
    authorization: &'static str,
    /// How the test itself comes in.
    credentials: Option<(&'static str, &'static str)>,
    /// The certificate that it shows, when it speaks TLS.
    certificate: Option<PathBuf>,
    runtime: Runtime,
    process: Option<Child>,
}

impl NatsServer {
    /// A place for one that does not run yet.
    pub(crate) fn down() -> Self {
        let port =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|one| one.local_addr()).unwrap().port();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let directory = TempDir::new().unwrap();
        Self {
            directory,
            port,
            authorization: "",
            credentials: None,
            certificate: None,
            runtime,
            process: None,
        }
    }

    /// One that lets everybody in.
    pub(crate) fn start() -> Self {
        let mut server = Self::down();
        server.run();
        server
    }

    /// One that lets in whom `authorization` names, in the words of its configuration.
    pub(crate) fn guarded(authorization: &'static str, own: (&'static str, &'static str)) -> Self {
        let mut server = Self::down();
        (server.authorization, server.credentials) = (authorization, Some(own));
        server.run();
        server
    }

    /// One that speaks TLS only, with a certificate that nobody else knows.
    pub(crate) fn by_tls() -> Self {
        let mut server = Self::down();
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let certificate = server.file("certificate.pem");
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(server.file("key.pem"), made.signing_key.serialize_pem()).unwrap();
        server.certificate = Some(certificate);
        server.run();
        server
    }

    pub(crate) fn url(&self) -> String {
        let scheme = if self.certificate.is_some() { "tls" } else { "nats" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn run(&mut self) {
        assert!(self.process.is_none(), "it runs already");
        let configuration = self.file("nats.conf");
        let tls = self.certificate.as_ref().map_or(String::new(), |certificate| {
            let key = self.file("key.pem");
            format!("tls {{ cert_file: \"{}\", key_file: \"{}\" }}", certificate.display(), key.display())
        });
        let text = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: \"{}\" }}\n{}\n{tls}\n",
            self.port,
            self.file("store").display(),
            self.authorization
        );
        std::fs::write(&configuration, text).unwrap();
        let log = std::fs::File::create(self.file("log")).unwrap();
        // It goes with this process, should that be killed.
        let child = Command::new("setpriv")
            .args(["--pdeathsig=KILL", "nats-server", "-c"])
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("setpriv runs nats-server; `cargo xtask test` installs it");
        self.process = Some(child);
        let began = Instant::now();
        while !self.greets() {
            let ended = self.process.as_mut().unwrap().try_wait().unwrap();
            let told = || std::fs::read_to_string(self.file("log")).unwrap_or_default();
            assert!(ended.is_none() && began.elapsed() < Duration::from_secs(20), "no NATS: {}", told());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn greets(&self) -> bool {
        let Ok(socket) = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)) else { return false };
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).is_ok() && line.starts_with("INFO ")
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        process.kill().unwrap();
        process.wait().unwrap();
    }

    async fn context(&self) -> Context {
        let mut options = match self.credentials {
            Some((user, password)) => {
                async_nats::ConnectOptions::with_user_and_password(user.to_owned(), password.to_owned())
            }
            None => async_nats::ConnectOptions::new(),
        };
        if let Some(certificate) = &self.certificate {
            options = options.add_root_certificates(certificate.clone());
        }
        jetstream::new(options.connect(self.url()).await.unwrap())
    }

    /// Makes a stream, as an operator of NATS does.
    pub(crate) fn add_stream(&self, name: &str, subjects: &str) {
        let config = jetstream::stream::Config {
            name: name.to_owned(),
            subjects: vec![subjects.to_owned()],
            ..jetstream::stream::Config::default()
        };
        self.runtime.block_on(async { self.context().await.create_stream(config).await.unwrap() });
    }

    pub(crate) fn remove_stream(&self, name: &str) {
        self.runtime.block_on(async { self.context().await.delete_stream(name).await.unwrap() });
    }

    /// Whether there is a stream of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.runtime.block_on(async { self.context().await.get_stream(name).await.is_ok() })
    }

    /// All that the stream holds, in its order.
    pub(crate) fn stored(&self) -> Vec<Stored> {
        self.runtime.block_on(async {
            let stream = self.context().await.get_stream(STREAM).await.unwrap();
            let last = stream.cached_info().state.last_sequence;
            let mut all = Vec::new();
            for sequence in 1..=last {
                let message = stream.get_raw_message(sequence).await.unwrap();
                all.push(Stored {
                    subject: message.subject.to_string(),
                    id: message.headers.get("Nats-Msg-Id").map(ToString::to_string).unwrap_or_default(),
                    body: serde_json::from_slice(&message.payload).unwrap(),
                });
            }
            all
        })
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.kill();
        }
    }
}
