//! Pushing events into a stream of NATS JetStream. What is pushed counts only when the stream has acknowledged it.
//!
//! The library underneath is asynchronous; its tasks run on one thread of their own, and callers here block.

pub use crate::nats_settings::Settings;

use async_nats::connection::State;
use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, StorageType};
use async_nats::jetstream::{self, Context};
use async_nats::{ConnectError, ConnectErrorKind, ServerAddr};
use std::error::Error as _;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::runtime::Runtime;

/// The longest that one push may take, the connection included.
pub const LONGEST: Duration = Duration::from_secs(10);
/// Of that, the longest for reaching one of the servers, and for the acknowledgement.
const PATIENCE: Duration = Duration::from_secs(5);
/// For so long a stream of our making knows a message again that comes twice.
const DUPLICATES: Duration = Duration::from_secs(2 * 60 * 60);
/// For so long it keeps messages.
const KEEPS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What is pushed.
#[derive(Debug)]
pub struct Message<'a> {
    /// Whose it is.
    pub company_id: i64,
    /// The event's type, which ends the subject.
    pub kind: &'a str,
    /// By which JetStream knows it again.
    pub id: &'a str,
    /// JSON.
    pub body: String,
}

/// What the stream said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pushed {
    /// It is new there.
    New,
    /// It was there already, and was dropped.
    Duplicate,
}

/// The way to JetStream.
pub struct NatsClient {
    settings: Settings,
    servers: Vec<ServerAddr>,
    tls: bool,
    /// Always there until this is dropped.
    runtime: Option<Runtime>,
    context: Mutex<Option<Context>>,
}

impl fmt::Debug for NatsClient {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("NatsClient")
    }
}

impl Drop for NatsClient {
    fn drop(&mut self) {
        // Waiting for its thread is not allowed where this may happen: on a thread of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl NatsClient {
    /// A client that connects when there is something to push.
    ///
    /// # Errors
    /// What is wrong with the settings, for the operator and without a secret.
    pub fn new(settings: Settings) -> Result<Self, String> {
        settings.check()?;
        let (servers, tls) = settings.servers()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("custos-nats-io")
            .enable_all()
            .build()
            .map_err(|error| format!("no thread for NATS: {error}"))?;
        Ok(Self { settings, servers, tls, runtime: Some(runtime), context: Mutex::new(None) })
    }

    /// Pushes a message and waits until the stream has it. Blocks, for at most [`LONGEST`].
    ///
    /// # Errors
    /// Why it is not known to be there, without a secret and without what the server wrote.
    pub fn push(&self, message: &Message<'_>) -> Result<Pushed, String> {
        let Some(runtime) = &self.runtime else { return Err("NATS is no longer used".to_owned()) };
        let mut kept = self.context.lock().unwrap_or_else(PoisonError::into_inner);
        // The library would keep a message for a connection to come, and it would arrive when others have gone past it.
        let usable = kept.take().filter(|context| context.client().connection_state() == State::Connected);
        let result = runtime.block_on(async {
            let context = match usable {
                Some(context) => context,
                None => match tokio::time::timeout(PATIENCE, self.connect()).await {
                    Ok(connected) => connected?,
                    Err(_) => return Err("NATS does not answer".to_owned()),
                },
            };
            let pushed = self.push_by(&context, message).await?;
            Ok((context, pushed))
        });
        let (context, pushed) = result?;
        // After a failure the connection is not used again.
        *kept = Some(context);
        Ok(pushed)
    }

    async fn connect(&self) -> Result<Context, String> {
        let mut options = self
            .settings
            .options()?
            .name("custos")
            .connection_timeout(PATIENCE)
            .request_timeout(Some(PATIENCE))
            .max_reconnects(self.servers.len());
        if self.tls {
            // Servers that the cluster names are under it, too.
            options = options.require_tls(true);
        }
        if !self.settings.ca_file.as_os_str().is_empty() {
            options = options.add_root_certificates(self.settings.ca_file.clone());
        }
        let client = options.connect(&self.servers[..]).await.map_err(|error| connecting(&error))?;
        let context = jetstream::ContextBuilder::new().timeout(PATIENCE).ack_timeout(PATIENCE).build(client);
        if self.settings.creates_stream {
            let stream = Config {
                name: self.settings.stream.clone(),
                subjects: vec![format!("{}.>", self.settings.subject_prefix)],
                storage: StorageType::File,
                max_age: KEEPS,
                duplicate_window: DUPLICATES,
                ..Config::default()
            };
            // One that is there is left as it is.
            context
                .get_or_create_stream(stream)
                .await
                .map_err(|_| "the stream can't be looked up or made: see nats_stream_create".to_owned())?;
        }
        Ok(context)
    }

    async fn push_by(&self, context: &Context, message: &Message<'_>) -> Result<Pushed, String> {
        let subject = format!("{}.{}.{}", self.settings.subject_prefix, message.company_id, message.kind);
        let publish = PublishMessage::build()
            .payload(message.body.clone().into())
            .message_id(message.id)
            .expected_stream(&self.settings.stream);
        let told = |error: PublishError| self.publishing(&error);
        let ack = context.send_publish(subject, publish).await.map_err(told)?.await.map_err(told)?;
        Ok(if ack.duplicate { Pushed::Duplicate } else { Pushed::New })
    }

    fn publishing(&self, error: &PublishError) -> String {
        let stream = &self.settings.stream;
        match error.kind() {
            PublishErrorKind::StreamNotFound => {
                format!("no stream takes these subjects: the stream {stream} is missing, or JetStream is off")
            }
            PublishErrorKind::TimedOut => {
                "JetStream did not acknowledge: it is down, or these credentials may not publish".to_owned()
            }
            PublishErrorKind::BrokenPipe => "the connection was lost".to_owned(),
            PublishErrorKind::MaxPayloadExceeded => "the message is greater than NATS takes".to_owned(),
            _ => match error.source().and_then(|source| source.downcast_ref::<jetstream::Error>()) {
                Some(error) => format!("JetStream refused (error {})", error.error_code().0),
                None => "the message could not be pushed".to_owned(),
            },
        }
    }
}

/// Whether TLS failed: to the library that is a connection that failed in some way.
fn is_of_tls(error: &ConnectError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        if error.is::<rustls::Error>() || inner.is_some_and(|inner| inner.is::<rustls::Error>()) {
            return true;
        }
        cause = error.source();
    }
    false
}

fn connecting(error: &ConnectError) -> String {
    match error.kind() {
        _ if is_of_tls(error) => "no TLS with NATS: see its certificate and nats_ca_file",
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            "NATS refused the credentials"
        }
        ConnectErrorKind::Dns | ConnectErrorKind::ServerParse => "NATS's host is not found",
        ConnectErrorKind::TimedOut => "NATS does not answer",
        ConnectErrorKind::Tls => "no TLS with NATS: see its certificate and nats_ca_file",
        _ => "NATS can't be reached",
    }
    .to_owned()
}
