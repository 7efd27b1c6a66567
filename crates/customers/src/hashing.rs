//! Password hashing: Argon2id on threads of its own, behind a bounded queue.
//!
//! One hash costs milliseconds of CPU and 19 MiB of memory, so it runs neither on the async workers nor on
//! the store's threads. Each hashing thread keeps its memory from one hash to the next, runs at a lowered
//! priority, so that a storm of sign-ins cannot starve cached reads, and wipes the memory after every hash.

mod foreign;
mod kernel;
mod secret;
mod stored;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use parking_lot::{Condvar, Mutex, RwLock};
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use self::foreign::Sealed;
use self::kernel::{Kernel, Tag};
use self::stored::{MAX_ITERATIONS, MAX_LANES, MAX_MEMORY_KIB, Stored};

pub use self::foreign::{Foreign, Unfit};
pub use self::secret::{Md5Secret, Peppers};

/// Bytes of salt a new hash carries.
pub const SALT_LEN: usize = 16;

/// The salt of the work done for accounts that do not exist; nothing is ever stored under it.
const DUMMY_SALT: [u8; SALT_LEN] = *b"custos-no-such-a";

/// What one password hash costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordParams {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub iterations: u32,
    /// Lanes; they are computed one after the other on the same thread.
    pub lanes: u32,
}

impl Default for PasswordParams {
    /// What OWASP's password storage guide recommends for Argon2id: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, lanes: 1 }
    }
}

impl PasswordParams {
    /// Whether Argon2 defines these costs and one hash of them is work this server is willing to do.
    fn acceptable(self) -> bool {
        (1..=MAX_LANES).contains(&self.lanes)
            && (1..=MAX_ITERATIONS).contains(&self.iterations)
            && (self.lanes * 8..=MAX_MEMORY_KIB).contains(&self.memory_kib)
    }

    /// Whether any of these costs lies below `wanted`.
    fn weaker_than(self, wanted: Self) -> bool {
        self.memory_kib < wanted.memory_kib
            || self.iterations < wanted.iterations
            || self.lanes < wanted.lanes
    }
}

/// How a [`Hasher`] is set up.
#[derive(Clone, Copy, Debug)]
pub struct HasherConfig {
    /// Hashing threads; each keeps one hash's memory once it has worked.
    pub threads: usize,
    /// Calls that may wait for a thread; the next one is told [`HashError::Busy`].
    pub queue_limit: usize,
    /// What new hashes cost; stored ones that cost less are remade when their owner signs in.
    pub params: PasswordParams,
}

/// Why a hash was not made.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many calls are waiting already.
    #[error("the password hashing queue is full")]
    Busy,
    /// The hashing threads have ended.
    #[error("password hashing has stopped")]
    Stopped,
    /// Argon2 itself failed, most likely for want of memory.
    #[error("a password hash could not be computed")]
    Failed,
    /// A stored hash names a pepper the key file no longer has.
    #[error("a stored password hash needs pepper {0}, which the key file does not have")]
    UnknownPepper(u32),
    /// The list of peppers is empty or names one id twice.
    #[error("the peppers must be at least one, each with an id of its own")]
    Peppers,
    /// The configured costs, threads or queue length make no sense.
    #[error("the password hashing settings are out of range")]
    Config,
    /// The Argon2 code computes wrong results on this machine.
    #[error("Argon2 fails its self-check on this machine")]
    SelfCheck,
    /// A hashing thread could not be started.
    #[error("a password hashing thread could not be started")]
    Spawn(#[from] std::io::Error),
}

/// What [`Hasher::verify`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The secret is the one the stored hash was made of.
    pub matches: bool,
    /// It matches, and the hash should be made anew: it is weaker than configured or its pepper is not the
    /// newest.
    pub remake: bool,
}

/// Makes and checks password hashes. Clones share the threads, which end when the last clone is dropped.
#[derive(Clone)]
pub struct Hasher {
    inner: Arc<Inner>,
}

impl Hasher {
    /// Checks the Argon2 code against the published test vector and starts the threads. Their memory is
    /// taken when each does its first hash.
    pub fn new(config: HasherConfig, peppers: Peppers) -> Result<Self, HashError> {
        if config.threads == 0 || config.queue_limit == 0 {
            return Err(HashError::Config);
        }
        Self::start(config, peppers)
    }

    /// Like [`Hasher::new`], but tests may leave the queue unattended (no threads).
    fn start(config: HasherConfig, peppers: Peppers) -> Result<Self, HashError> {
        if !config.params.acceptable() {
            return Err(HashError::Config);
        }
        // The vector instructions are chosen on the machine the server runs on, not the one its tests ran
        // on, and a hash computed wrongly would lock its owner out for good.
        if !kernel::self_check() {
            return Err(HashError::SelfCheck);
        }
        let shared = Arc::new(Shared {
            params: config.params,
            peppers: RwLock::new(Arc::new(peppers)),
            queue_limit: config.queue_limit,
            queue: Mutex::new(Queue { jobs: VecDeque::new(), closed: false }),
            wake: Condvar::new(),
        });
        // Made before the threads, so that those already started end if a later one cannot start.
        let inner = Inner { shared: Arc::clone(&shared) };
        for number in 0..config.threads {
            let shared = Arc::clone(&shared);
            thread::Builder::new().name(format!("custos-hash-{number}")).spawn(move || serve(&shared))?;
        }
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Takes other peppers from now on; hashes that wait are made with the ones they were asked for.
    pub fn set_peppers(&self, peppers: Peppers) {
        *self.inner.shared.peppers.write() = Arc::new(peppers);
    }

    /// Makes the text to store for `secret`: the newest pepper's id and a PHC string.
    pub async fn hash(&self, secret: Md5Secret, salt: [u8; SALT_LEN]) -> Result<String, HashError> {
        let shared = &self.inner.shared;
        let (params, pepper_id) = (shared.params, shared.peppers().newest());
        let salt = salt.to_vec();
        let tag = shared.run(secret, salt.clone(), pepper_id, params).await?;
        Ok(Stored { pepper_id, params, salt, tag: *tag }.to_string())
    }

    /// Checks `secret` against a stored hash. Without one, or with one that cannot be read or would cost
    /// absurdly much, the same work is done for nothing and the answer is no match, so that time does not
    /// tell whether an account exists.
    pub async fn verify(&self, secret: Md5Secret, stored: Option<&str>) -> Result<Verdict, HashError> {
        let shared = &self.inner.shared;
        if let Some(sealed) = stored.and_then(Sealed::parse) {
            return self.verify_foreign(secret, &sealed).await;
        }
        let readable = stored.and_then(|text| {
            let found = Stored::parse(text).filter(|found| found.params.acceptable());
            if found.is_none() {
                tracing::warn!("a stored password hash is unreadable or too costly; no secret matches it");
            }
            found
        });
        let real = Choice::from(u8::from(readable.is_some()));
        let target = readable.unwrap_or_else(|| shared.dummy());
        // Answering «no match» would lock customers out for a mistake in the operator's key file.
        if !shared.peppers().has(target.pepper_id) {
            return Err(HashError::UnknownPepper(target.pepper_id));
        }
        let tag = shared.run(secret, target.salt.clone(), target.pepper_id, target.params).await?;
        let matches = bool::from(tag.ct_eq(&target.tag) & real);
        let outdated = target.params.weaker_than(shared.params)
            || target.pepper_id != shared.peppers().newest()
            || target.salt.len() < SALT_LEN;
        Ok(Verdict { matches, remake: matches && outdated })
    }

    /// The text to store for a hash that another system made, sealed under the newest pepper. It is checked as that
    /// system would have, and remade when its owner signs in.
    ///
    /// # Errors
    /// No randomness.
    pub fn take_over(&self, foreign: &Foreign) -> Result<String, HashError> {
        let peppers = self.inner.shared.peppers();
        let newest = peppers.newest();
        let pepper = peppers.key(newest).ok_or(HashError::UnknownPepper(newest))?;
        foreign.seal(newest, pepper)
    }

    /// Checks `secret` against a hash that was taken over.
    async fn verify_foreign(&self, secret: Md5Secret, sealed: &Sealed<'_>) -> Result<Verdict, HashError> {
        let shared = &self.inner.shared;
        let pepper_id = sealed.pepper_id;
        let peppers = shared.peppers();
        let pepper = peppers.key(pepper_id).ok_or(HashError::UnknownPepper(pepper_id))?;
        let Some(foreign) = Foreign::open(sealed, pepper) else {
            tracing::warn!("a stored password hash can't be opened; no secret matches it");
            let dummy = shared.dummy();
            shared.run(secret, dummy.salt, dummy.pepper_id, dummy.params).await?;
            return Ok(Verdict { matches: false, remake: false });
        };
        let tag = foreign.tag().to_vec();
        let made = shared.ask(secret, Work::Foreign(Box::new(foreign))).await?;
        let matches = bool::from(made.as_slice().ct_eq(&tag));
        Ok(Verdict { matches, remake: matches })
    }

    /// Calls that wait for a thread at this moment.
    pub fn queue_len(&self) -> usize {
        self.inner.shared.queue.lock().jobs.len()
    }
}

/// What the clones of a [`Hasher`] share; the threads hold only [`Shared`], so they see the last clone go.
struct Inner {
    shared: Arc<Shared>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shared.queue.lock().closed = true;
        self.shared.wake.notify_all();
    }
}

struct Shared {
    params: PasswordParams,
    peppers: RwLock<Arc<Peppers>>,
    queue_limit: usize,
    queue: Mutex<Queue>,
    wake: Condvar,
}

struct Queue {
    jobs: VecDeque<Job>,
    closed: bool,
}

struct Job {
    secret: Md5Secret,
    work: Work,
    reply: oneshot::Sender<Result<Zeroizing<Vec<u8>>, HashError>>,
}

/// What is to be made of a secret.
enum Work {
    /// A hash of our own.
    Own { salt: Vec<u8>, pepper_id: u32, params: PasswordParams },
    /// What another system would have made.
    Foreign(Box<Foreign>),
}

impl Shared {
    fn peppers(&self) -> Arc<Peppers> {
        Arc::clone(&self.peppers.read())
    }
}

impl Shared {
    /// What an unknown account is checked against: the work of a new hash.
    fn dummy(&self) -> Stored {
        Stored {
            pepper_id: self.peppers().newest(),
            params: self.params,
            salt: DUMMY_SALT.to_vec(),
            tag: [0; kernel::TAG_LEN],
        }
    }

    async fn run(
        &self,
        secret: Md5Secret,
        salt: Vec<u8>,
        pepper_id: u32,
        params: PasswordParams,
    ) -> Result<Tag, HashError> {
        let made = self.ask(secret, Work::Own { salt, pepper_id, params }).await?;
        let mut tag = Tag::default();
        tag.iter_mut().zip(made.iter()).for_each(|(slot, byte)| *slot = *byte);
        Ok(tag)
    }

    async fn ask(&self, secret: Md5Secret, work: Work) -> Result<Zeroizing<Vec<u8>>, HashError> {
        let (reply, answer) = oneshot::channel();
        self.push(Job { secret, work, reply })?;
        answer.await.map_err(|_| HashError::Stopped)?
    }

    fn push(&self, job: Job) -> Result<(), HashError> {
        let mut queue = self.queue.lock();
        if queue.closed {
            return Err(HashError::Stopped);
        }
        if queue.jobs.len() >= self.queue_limit {
            // Callers that went away must not keep out those still there.
            queue.jobs.retain(|waiting| !waiting.reply.is_closed());
        }
        if queue.jobs.len() >= self.queue_limit {
            return Err(HashError::Busy);
        }
        queue.jobs.push_back(job);
        drop(queue);
        self.wake.notify_one();
        Ok(())
    }

    /// The next job somebody still waits for; `None` once the hasher is gone.
    fn next(&self) -> Option<Job> {
        let mut queue = self.queue.lock();
        loop {
            while let Some(job) = queue.jobs.pop_front() {
                if !job.reply.is_closed() {
                    return Some(job);
                }
            }
            if queue.closed {
                return None;
            }
            self.wake.wait(&mut queue);
        }
    }
}

/// One hashing thread.
fn serve(shared: &Shared) {
    lower_priority();
    let mut kernel = Kernel::new(shared.params);
    while let Some(job) = shared.next() {
        let work = || match &job.work {
            Work::Own { salt, pepper_id, params } => {
                let peppers = shared.peppers();
                let pepper = peppers.key(*pepper_id).ok_or(HashError::UnknownPepper(*pepper_id))?;
                let tag = kernel.derive(*params, job.secret.as_bytes(), salt, pepper)?;
                Ok(Zeroizing::new(tag.to_vec()))
            }
            Work::Foreign(foreign) => foreign.derive(&mut kernel, &job.secret),
        };
        // A panic in the Argon2 code may cost its caller an answer, never the server a thread.
        let outcome = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            kernel = Kernel::new(shared.params);
            Err(HashError::Failed)
        });
        // The caller may have gone away meanwhile.
        let _ = job.reply.send(outcome);
    }
}

/// Puts the calling thread ten nice levels down. Where that is forbidden it works at the usual priority.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let this = Some(rustix::thread::gettid());
        let lowered = getpriority_process(this)
            .and_then(|nice| setpriority_process(this, nice.saturating_add(10).min(19)));
        if let Err(error) = lowered {
            tracing::debug!(%error, "a hashing thread keeps its priority");
        }
    }
}
