//! The way of a call: company, name, body, token, then the operation. The order of these checks is the protocol's.

use crate::context::{App, Context, Live};
use crate::error::{Error, Gate, Result};
use crate::metrics::Metrics;
use crate::operation::{Access, Bearer, Entry, Prefix, Token};
use crate::shape::{Payload, Reply as _};
use crate::{calls, files, operation};
use custos_customers::company::Company;
use custos_customers::customer::Status;
use custos_customers::network;
use custos_customers::session::{self, Origin};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;
use tracing::Instrument as _;

/// Says whether a customer may call now.
pub type Admit<'a> = &'a (dyn Fn(i64) -> bool + Send + Sync);

/// A call as the front door heard it.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// Under which address.
    pub prefix: Prefix,
    /// `service.method`.
    pub name: &'a str,
    /// The header `companyId`.
    pub company: Option<&'a str>,
    /// The header `trace`.
    pub trace: Option<&'a str>,
    /// The header `token`.
    pub token: Option<&'a str>,
    /// The header `lang`.
    pub lang: Option<&'a str>,
    /// The header `idempotency-key`; empty when it is there and can't be read.
    pub idempotency_key: Option<&'a str>,
    /// The body.
    pub body: &'a [u8],
    /// The client's address.
    pub address: &'a str,
    /// Its country as alpha-2, when a trusted proxy says so.
    pub country: Option<&'a str>,
    /// The client's name of itself.
    pub agent: &'a str,
    /// Asked once the caller is known, before anything happens.
    pub admit: Admit<'a>,
}

/// What a call came to.
#[derive(Debug)]
pub struct Answer {
    /// The payload, or why there is none.
    pub result: Result<Payload>,
    /// The company, once it was found.
    pub company: Option<Arc<Company>>,
    /// The language to tell it in.
    pub lang: String,
    /// Who called, when it was a signed-in customer: for limits.
    pub customer_id: Option<i64>,
    /// The operation, once it was found.
    pub entry: Option<&'static Entry>,
}

/// All that clients can call.
pub struct Api {
    app: Arc<App>,
    names: HashMap<&'static str, &'static Entry>,
    metrics: Metrics,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Api({} operations)", self.names.len())
    }
}

/// The longest trace that is echoed.
const TRACE_LENGTH: usize = 128;

impl Api {
    /// The calls over `app`.
    #[must_use]
    pub fn new(app: Arc<App>, registry: &mut prometheus_client::registry::Registry) -> Self {
        let names = calls::ALL.iter().chain(calls::office::OFFICE).map(|entry| (entry.name, entry)).collect();
        Self { app, names, metrics: Metrics::new(registry) }
    }

    /// The process.
    #[must_use]
    pub fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// The operation of a name, without calling it.
    #[must_use]
    pub fn find(&self, prefix: Prefix, name: &str) -> Option<&'static Entry> {
        self.names.get(name).copied().filter(|entry| entry.prefix == prefix)
    }

    /// Answers a call.
    pub async fn call(&self, call: Call<'_>) -> Answer {
        let mut answer = Answer {
            result: Err(Gate::Unexpected.refuse()),
            company: None,
            lang: call.lang.unwrap_or("en-US").to_owned(),
            customer_id: None,
            entry: None,
        };
        let began = std::time::Instant::now();
        // A trace that can't be echoed has no place in a log either.
        let trace = call.trace.filter(|trace| is_usable(trace)).unwrap_or("");
        let span = tracing::info_span!("call", trace, operation = call.name);
        answer.result = self.answer(call, &mut answer).instrument(span).await;
        self.metrics.record(answer.entry, &answer.result, began.elapsed());
        if let Err(error) = &answer.result
            && error.is_unexpected()
        {
            tracing::error!(trace = call.trace, operation = call.name, %error, "a call failed");
        }
        answer
    }

    async fn answer(&self, call: Call<'_>, answer: &mut Answer) -> Result<Payload> {
        let company = self.company_of(&call, answer).await?;
        let entry = self.find(call.prefix, call.name).ok_or_else(|| Gate::UnknownOperation.refuse())?;
        answer.entry = Some(entry);
        let body = object(call.body)?;
        if is_sealed(call.trace.unwrap_or(""), &body) {
            // No company has a key pair for sealed requests, so none can be opened.
            return Err(Gate::BadBody.refuse());
        }
        let is_office = entry.prefix.is_office();
        if is_office && !network::admits(&company.settings.office.networks, call.address) {
            return Err(Gate::NotPermitted.refuse());
        }
        let (bearer, token) = match call.token {
            None => (Bearer::Nobody, Token::Missing),
            // A guest's operation does not look at a token.
            Some(_) if entry.access == Access::Guest => (Bearer::Nobody, Token::Given),
            Some(token) if is_office => {
                let officer = self.app.officer(&company, token, call.address).await?;
                (officer.map_or(Bearer::Nobody, Bearer::Officer), Token::Given)
            }
            Some(token) => {
                let live = self.app.live(&company, token).await?;
                (live.map_or(Bearer::Nobody, Bearer::Customer), Token::Given)
            }
        };
        let (mut device, mut officer) = (0, None);
        match &bearer {
            Bearer::Nobody => {}
            Bearer::Customer(live) => {
                device = live.session.device;
                answer.customer_id = Some(live.customer_id());
                admit(&call, live, entry.while_closing || entry.access != Access::Customer)?;
            }
            Bearer::Officer(one) => {
                officer = Some(Arc::clone(one));
                if !(call.admit)(one.id) {
                    return Err(Gate::TooFrequent.refuse());
                }
            }
        }
        let context = Context { officer, ..self.context(&call, &company, answer, device) };
        entry.start(&body, bearer, token, context)?.await
    }

    /// A customer's file, which `read` gets out of the request once its sender is known.
    pub async fn upload<R>(&self, call: Call<'_>, read: impl FnOnce() -> R + Send) -> Answer
    where
        R: Future<Output = Result<Vec<u8>>> + Send,
    {
        let mut answer = refused(Gate::Unexpected.refuse(), call.lang);
        let trace = call.trace.filter(|trace| is_usable(trace)).unwrap_or("");
        let span = tracing::info_span!("call", trace, operation = call.name);
        answer.result = self.uploaded(call, &mut answer, read).instrument(span).await;
        answer
    }

    async fn uploaded<R>(
        &self,
        call: Call<'_>,
        answer: &mut Answer,
        read: impl FnOnce() -> R + Send,
    ) -> Result<Payload>
    where
        R: Future<Output = Result<Vec<u8>>> + Send,
    {
        let company = self.company_of(&call, answer).await?;
        let token = call.token.ok_or_else(|| Gate::MissingToken.refuse())?;
        let live = self.app.live(&company, token).await?.ok_or_else(|| Gate::DeadToken.refuse())?;
        answer.customer_id = Some(live.customer_id());
        admit(&call, &live, false)?;
        let context = self.context(&call, &company, answer, live.session.device);
        // Held from before the first byte is read until the file is kept: each takes as much memory as its file.
        let _place = self.app.files.place().ok_or_else(|| Gate::TooFrequent.refuse())?;
        let bytes = read().await?;
        files::take(&context, &live, bytes).await?.payload()
    }

    /// The company that is called, after the checks that come first.
    async fn company_of(&self, call: &Call<'_>, answer: &mut Answer) -> Result<Arc<Company>> {
        let company = call.company.ok_or_else(|| Gate::MissingCompany.refuse())?;
        call.trace.filter(|trace| is_usable(trace)).ok_or_else(|| Gate::MissingTrace.refuse())?;
        let company = match company.parse::<i64>() {
            Ok(id) => self.app.company(id).await?,
            Err(_) => return Err(custos_customers::Code::CompanyUnknown.refuse().into()),
        };
        answer.lang = language(&company, call.lang);
        answer.company = Some(Arc::clone(&company));
        Ok(company)
    }

    fn context(&self, call: &Call<'_>, company: &Arc<Company>, answer: &Answer, device: i64) -> Context {
        Context {
            app: Arc::clone(&self.app),
            company: Arc::clone(company),
            lang: answer.lang.clone(),
            origin: Origin {
                device,
                agent: call.agent.chars().take(200).collect(),
                address: call.address.to_owned(),
                country: self.country(call),
                trace: call.trace.unwrap_or("").to_owned(),
            },
            token_hash: call.token.map(session::token_hash),
            idempotency_key: call.idempotency_key.map(str::to_owned),
            officer: None,
        }
    }

    fn country(&self, call: &Call<'_>) -> String {
        let told = call.country.map(str::to_owned);
        let looked_up = || {
            let address = call.address.parse().ok()?;
            self.app.geoip.as_ref()?.country(address).map(|country| country.alpha2.to_owned())
        };
        told.or_else(looked_up).unwrap_or_default()
    }
}

/// Whether the customer may call now.
fn admit(call: &Call<'_>, live: &Live, while_closing: bool) -> Result<()> {
    if !(call.admit)(live.customer_id()) {
        return Err(Gate::TooFrequent.refuse());
    }
    if live.status == Status::Closing && !while_closing {
        return Err(custos_customers::Code::InProgress.refuse().into());
    }
    Ok(())
}

/// At most 128 visible ASCII characters.
pub(crate) fn is_usable(trace: &str) -> bool {
    (1..=TRACE_LENGTH).contains(&trace.len()) && trace.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The body as an object; an empty one means `{}`. The parser bounds the depth at 128.
fn object(body: &[u8]) -> Result<Map<String, Value>> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Gate::BadBody.refuse()),
    }
}

/// A request in the form of an encrypted one: a trace that begins with `x-`, and a body that holds just a text `data`.
fn is_sealed(trace: &str, body: &Map<String, Value>) -> bool {
    trace.starts_with("x-") && body.len() == 1 && body.get("data").is_some_and(Value::is_string)
}

/// The company's language for a caller: the one asked for, one of the same tongue, else the company's first.
fn language(company: &Company, asked: Option<&str>) -> String {
    let settings = &company.settings;
    let tongue = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    asked
        .and_then(|asked| {
            settings.language(asked).or_else(|| {
                settings.languages.iter().find(|known| tongue(known) == tongue(asked)).map(String::as_str)
            })
        })
        .unwrap_or_else(|| settings.default_language())
        .to_owned()
}

/// The entries of all operations of the back office, for documents and tests.
#[must_use]
pub fn office_entries() -> &'static [operation::Entry] {
    calls::office::OFFICE
}

/// The entries of all operations of customers, for documents and tests.
#[must_use]
pub fn entries() -> &'static [operation::Entry] {
    calls::ALL
}

/// An answer to a call that never reached an operation.
#[must_use]
pub fn refused(error: Error, lang: Option<&str>) -> Answer {
    Answer {
        result: Err(error),
        company: None,
        lang: lang.unwrap_or("en-US").to_owned(),
        customer_id: None,
        entry: None,
    }
}
