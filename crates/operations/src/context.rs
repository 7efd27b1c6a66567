//! What every operation is handed, and the caches that make signed-in reads cheap.

use crate::calls::wealth::Wealth;
use crate::error::{Error, Gate, Result};
use crate::files::Files;
use crate::outside::Outside;
use crate::shape::Kept;
use custos_customers::company::{self, Company};
use custos_customers::customer::{self, Customer, Status};
use custos_customers::geoip::GeoIp;
use custos_customers::hashing::{Hasher, Md5Secret, SALT_LEN};
use custos_customers::session::{self, Origin, Session};
use custos_customers::staff::Officer;
use custos_store::{MINUTE_MS, Store, Tx};
use prometheus_client::metrics::counter::Counter;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A copy of something that the database has, good while its generation is current.
#[derive(Debug, Clone)]
struct Copy<T> {
    generation: u64,
    read_at: i64,
    good_until: i64,
    value: T,
}

/// A live session and what requests need to know of its customer.
#[derive(Debug)]
pub struct Live {
    /// The session.
    pub session: Session,
    /// The hash of its token.
    pub token_hash: [u8; 32],
    /// Where the customer stands.
    pub status: Status,
    /// Someone is already noting that it was used.
    seen: AtomicBool,
}

impl Live {
    /// The customer's id.
    #[must_use]
    pub fn customer_id(&self) -> i64 {
        self.session.customer_id
    }

    /// The company's id.
    #[must_use]
    pub fn company_id(&self) -> i64 {
        self.session.company_id
    }
}

/// How much is kept in memory, and how long it is trusted.
#[derive(Debug, Clone, Copy)]
pub struct CacheLimits {
    /// Sessions.
    pub sessions: usize,
    /// Bytes of customers' records.
    pub record_bytes: u64,
    /// Bytes, about, of what the figures of customers' accounts hang on.
    pub wealth_bytes: u64,
    /// The longest that a copy is trusted without a word from the database: the bound on staleness should the news of
    /// other replicas fail.
    pub trusted_ms: i64,
}

impl Default for CacheLimits {
    fn default() -> Self {
        Self { sessions: 50_000, record_bytes: 64 << 20, wealth_bytes: 64 << 20, trusted_ms: 2_000 }
    }
}

/// Catalogues kept, one a company and group: each may be a megabyte.
const CATALOGUES: usize = 32;

#[derive(Clone)]
struct ByLength;

impl Weighter<i64, Copy<Arc<[u8]>>> for ByLength {
    fn weight(&self, _: &i64, copy: &Copy<Arc<[u8]>>) -> u64 {
        u64::try_from(copy.value.len()).unwrap_or(u64::MAX).saturating_add(64)
    }
}

impl Weighter<i64, Copy<Arc<Wealth>>> for ByLength {
    fn weight(&self, _: &i64, copy: &Copy<Arc<Wealth>>) -> u64 {
        copy.value.bytes().saturating_add(64)
    }
}

/// What the whole process has once.
pub struct App {
    /// The database.
    pub store: Store,
    /// Password hashing.
    pub hasher: Hasher,
    /// Countries of addresses, when configured.
    pub geoip: Option<GeoIp>,
    /// Companies' own wallet systems.
    pub outside: Outside,
    /// Customers' files.
    pub files: Files,
    /// Passwords that were really compared with a stored hash.
    pub verifications: Counter,
    limits: CacheLimits,
    companies: Cache<i64, Copy<Option<Arc<Company>>>>,
    sessions: Cache<[u8; 32], Copy<Arc<Live>>>,
    records: Cache<i64, Copy<Arc<[u8]>>, ByLength>,
    wealths: Cache<i64, Copy<Arc<Wealth>>, ByLength>,
    catalogues: Cache<(i64, i64), Copy<Arc<[u8]>>>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("App")
    }
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        store: Store,
        hasher: Hasher,
        geoip: Option<GeoIp>,
        outside: Outside,
        files: Files,
        limits: CacheLimits,
    ) -> Self {
        Self {
            store,
            hasher,
            geoip,
            outside,
            files,
            verifications: Counter::default(),
            limits,
            companies: Cache::new(1_000),
            sessions: Cache::new(limits.sessions),
            records: Cache::with_weighter(20_000, limits.record_bytes, ByLength),
            wealths: Cache::with_weighter(10_000, limits.wealth_bytes, ByLength),
            catalogues: Cache::new(CATALOGUES),
        }
    }

    fn is_good<T>(&self, copy: &Copy<T>, generation: u64, now: i64) -> bool {
        copy.generation == generation
            && now < copy.good_until
            && now.saturating_sub(copy.read_at) < self.limits.trusted_ms
    }

    fn copy<T>(&self, generation: u64, good_until: i64, value: T) -> Copy<T> {
        Copy { generation, read_at: self.store.now_ms(), good_until, value }
    }

    /// The company of an id, if it serves requests.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000111` when there is none or it is disabled; else the store's.
    pub async fn company(&self, id: i64) -> Result<Arc<Company>> {
        let now = self.store.now_ms();
        let generation = self.store.generations().of(id);
        let found = match self.companies.get(&id).filter(|copy| self.is_good(copy, generation, now)) {
            Some(copy) => copy.value,
            None => {
                let found = self.store.read(move |tx| company::find(tx, id)).await?.map(Arc::new);
                self.companies.insert(id, self.copy(generation, i64::MAX, found.clone()));
                found
            }
        };
        found
            .filter(|company| company.enabled)
            .ok_or_else(|| Error::from(custos_customers::Code::CompanyUnknown.refuse()))
    }

    /// The live session of a token within a company, if it is one.
    ///
    /// # Errors
    /// The store's.
    pub async fn live(self: &Arc<Self>, company: &Arc<Company>, token: &str) -> Result<Option<Arc<Live>>> {
        // Longer than any token of ours.
        if token.len() > 128 {
            return Ok(None);
        }
        let hash = session::token_hash(token);
        let now = self.store.now_ms();
        let kept = self.sessions.get(&hash);
        let whose = kept.as_ref().map(|copy| copy.value.session.customer_id);
        let generation = whose.map(|customer_id| self.store.generations().of(customer_id));
        let good = kept.zip(generation).filter(|(copy, generation)| self.is_good(copy, *generation, now));
        let live = match good {
            Some((copy, _)) => Some(copy.value),
            None => self.read_live(hash, whose).await?,
        };
        let live = live.filter(|live| live.session.company_id == company.id);
        if let Some(live) = &live {
            self.note_use(company, live, now);
        }
        Ok(live)
    }

    /// Reads a session again, of the customer whom an old copy names.
    async fn read_live(&self, hash: [u8; 32], whose: Option<i64>) -> Result<Option<Arc<Live>>> {
        // Whose session it is must be known before the generation can be noted, and the generation must be noted before
        // the read that is kept begins: so a session of which there was no copy takes two reads. A token stays its
        // customer's for ever.
        let customer_id = match whose {
            Some(known) => known,
            None => match self.store.read(move |tx| session::find(tx, &hash)).await? {
                Some(found) => found.customer_id,
                None => return Ok(None),
            },
        };
        let generation = self.store.generations().of(customer_id);
        let read = self
            .store
            .read(move |tx| {
                let Some(session) = session::find(tx, &hash)? else {
                    return Ok::<_, custos_customers::Error>(None);
                };
                let customer = customer::find(tx, session.company_id, session.customer_id)?;
                Ok(customer.map(|customer| (session, customer)))
            })
            .await?;
        let Some((session, customer)) = read else { return Ok(None) };
        if customer.status.is_out_of_use() || customer.is_locked_by_operator() {
            return Ok(None);
        }
        let good_until = session.expires_at;
        let live = Arc::new(Live {
            session,
            token_hash: hash,
            status: customer.status,
            seen: AtomicBool::new(false),
        });
        self.sessions.insert(hash, self.copy(generation, good_until, Arc::clone(&live)));
        Ok(Some(live))
    }

    /// Puts the session's end off, at most once in a while and after the answer: no read waits for a write.
    fn note_use(self: &Arc<Self>, company: &Arc<Company>, live: &Arc<Live>, now: i64) {
        if now.saturating_sub(live.session.seen_at) < session::seen_grain_ms(&company.settings)
            || live.seen.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let (app, company, live) = (Arc::clone(self), Arc::clone(company), Arc::clone(live));
        tokio::spawn(async move {
            let (hash, customer_id) = (live.token_hash, live.session.customer_id);
            let noted =
                app.store.write(move |tx| session::see(tx, &company.settings, &hash, customer_id)).await;
            if let Err(error) = noted {
                tracing::warn!(%error, "a session's use was not noted");
                live.seen.store(false, Ordering::Relaxed);
            }
        });
    }

    /// The hash of a password, with a fresh salt.
    ///
    /// # Errors
    /// The hasher is busy or out of order, or randomness is.
    pub async fn hash(&self, secret: Md5Secret) -> Result<String> {
        let mut salt = [0; SALT_LEN];
        self.store.parts().entropy.fill(&mut salt)?;
        Ok(self.hasher.hash(secret, salt).await?)
    }

    /// The customer's record as JSON text, kept until something changes it.
    ///
    /// # Errors
    /// What `make` returns, or the store's.
    pub async fn record(
        &self,
        company_id: i64,
        customer_id: i64,
        make: fn(&mut Tx<'_>, &Customer) -> Result<Made>,
    ) -> Result<Arc<[u8]>> {
        self.kept(&self.records, company_id, customer_id, move |tx, customer| {
            let made = make(tx, customer)?;
            Ok((Arc::from(made.bytes), made.good_until))
        })
        .await
    }

    /// What the figures of the customer's accounts hang on, kept until something changes it.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn wealth(&self, company_id: i64, customer_id: i64) -> Result<Arc<Wealth>> {
        self.kept(&self.wealths, company_id, customer_id, move |tx, customer| {
            // Read anew: the request's own copy may be older than the generation under which this is kept.
            let company = company::find(tx, company_id)?.ok_or(custos_store::Error::NoRow)?;
            let wealth = Wealth::read(tx, &company, customer)?;
            let good_until = wealth.good_until();
            Ok((Arc::new(wealth), good_until))
        })
        .await
    }

    /// A company's catalogue for a group, kept until the company changes, and not beyond the minute: products have hours.
    ///
    /// # Errors
    /// What `make` returns, or the store's.
    pub async fn catalogue<T: Send + 'static>(
        &self,
        company_id: i64,
        group_id: i64,
        mut make: impl FnMut(&mut Tx<'_>, i64) -> Result<Kept<T>> + Send + 'static,
    ) -> Result<Kept<T>> {
        let (key, now) = ((company_id, group_id), self.store.now_ms());
        let generation = self.store.generations().of(company_id);
        if let Some(copy) = self.catalogues.get(&key).filter(|copy| self.is_good(copy, generation, now)) {
            return Ok(Kept::new(copy.value));
        }
        let made = self.store.read(move |tx| make(tx, company_id)).await?;
        let good_until = now - now.rem_euclid(MINUTE_MS) + MINUTE_MS;
        self.catalogues.insert(key, self.copy(generation, good_until, Arc::clone(&made.0)));
        Ok(made)
    }

    /// A customer's number.
    ///
    /// # Errors
    /// The customer is gone, or the store's.
    pub async fn number_of(&self, company_id: i64, customer_id: i64) -> Result<String> {
        Ok(self.wealth(company_id, customer_id).await?.customer_no.clone())
    }

    /// What is made of a customer, kept until something changes what is shown of them.
    async fn kept<T, W>(
        &self,
        cache: &Cache<i64, Copy<T>, W>,
        company_id: i64,
        customer_id: i64,
        mut make: impl FnMut(&mut Tx<'_>, &Customer) -> Result<(T, i64)> + Send + 'static,
    ) -> Result<T>
    where
        T: Clone + Send + 'static,
        W: Weighter<i64, Copy<T>> + Clone,
    {
        let now = self.store.now_ms();
        let generation = self.store.generations().of_view(customer_id);
        if let Some(copy) = cache.get(&customer_id).filter(|copy| self.is_good(copy, generation, now)) {
            return Ok(copy.value);
        }
        let made = self.store.read(move |tx| {
            let customer = customer::find(tx, company_id, customer_id)?;
            make(tx, &customer.ok_or_else(|| Gate::DeadToken.refuse())?)
        });
        let (value, good_until) = made.await?;
        cache.insert(customer_id, self.copy(generation, good_until, value.clone()));
        Ok(value)
    }
}

/// A record as it was made, and until when its time-bound fields stay true.
#[derive(Debug)]
pub struct Made {
    /// The JSON text.
    pub bytes: Vec<u8>,
    /// The earliest instant at which a field changes by itself.
    pub good_until: i64,
}

/// One request's surroundings.
#[derive(Debug, Clone)]
pub struct Context {
    /// The process.
    pub app: Arc<App>,
    /// The company that is called.
    pub company: Arc<Company>,
    /// The caller's language, one of the company's.
    pub lang: String,
    /// From where and with what.
    pub origin: Origin,
    /// The hash of the token that came with the request, dead or alive.
    pub token_hash: Option<[u8; 32]>,
    /// The header `idempotency-key`, as it was sent; see [`Context::once`].
    pub idempotency_key: Option<String>,
    /// Who of the staff calls, if it is one.
    pub officer: Option<Arc<Officer>>,
}

impl Context {
    /// [`Store::write`] with the operation's errors.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub async fn write<T, F>(&self, mut work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        let Some(_) = &self.officer else { return self.app.store.write(work).await };
        let Origin { address, trace, .. } = self.origin.clone();
        self.app
            .store
            .write(move |tx| {
                // What rules write down of an operator says whence, though they are only told the name.
                tx.audit_from(&address, &trace);
                work(tx)
            })
            .await
    }

    /// [`Store::read`] with the operation's errors.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        self.app.store.read(work).await
    }
}
