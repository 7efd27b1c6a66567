//! A bucket that speaks S3, by addresses signed for one request (AWS Signature Version 4, query form).

use super::VaultError;
use crate::http;
use rusty_s3::actions::{DeleteObject, GetObject, PutObject, S3Action as _};
use rusty_s3::{Credentials, UrlStyle};
use std::time::Duration;

/// The whole call.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long a signed address is good: it is used at once.
const SIGNED: Duration = Duration::from_secs(60);
/// The largest object read back: a file of ten MiB, and its seal.
const LARGEST: u64 = 11 << 20;

/// A bucket and the key to it.
pub struct Bucket {
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    agent: ureq::Agent,
}

impl std::fmt::Debug for Bucket {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Bucket({})", self.bucket.name())
    }
}

fn wrong(words: &str) -> VaultError {
    VaultError::Setting(format!("{words}; the form is s3://KEY:SECRET@HOST/BUCKET?region=REGION"))
}

impl Bucket {
    /// Reads `KEY:SECRET@HOST/BUCKET?region=REGION&plain=1`. Never quotes it.
    pub(super) fn parse(text: &str) -> Result<Self, VaultError> {
        let (key, place) = text.rsplit_once('@').ok_or_else(|| wrong("no key"))?;
        let (id, secret) = key.split_once(':').ok_or_else(|| wrong("no secret"))?;
        let (place, query) = place.split_once('?').unwrap_or((place, ""));
        let (host, name) = place.split_once('/').ok_or_else(|| wrong("no bucket"))?;
        let setting = |name: &str| {
            query.split('&').find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name))
        };
        let region = setting("region").map_or("us-east-1", |(_, region)| region);
        let is_plain = setting("plain").is_some_and(|(_, value)| value == "1");
        let scheme = if is_plain { "http" } else { "https" };
        let endpoint = format!("{scheme}://{host}").parse().map_err(|_| wrong("no host"))?;
        let bucket = rusty_s3::Bucket::new(endpoint, UrlStyle::Path, name.to_owned(), region.to_owned());
        Ok(Self {
            bucket: bucket.map_err(|_| wrong("no such bucket can be"))?,
            credentials: Credentials::new(id, secret),
            agent: http::config(TIMEOUT).proxy(None).build().new_agent(),
        })
    }

    pub(super) fn put(&self, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
        let url = PutObject::new(&self.bucket, Some(&self.credentials), name).sign(SIGNED);
        let answer = self.agent.put(url.as_str()).send(bytes).map_err(|error| told(&error))?;
        match answer.status().as_u16() {
            200..=299 => Ok(()),
            status => Err(VaultError::Bucket(format!("status {status} to a file"))),
        }
    }

    pub(super) fn get(&self, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        let url = GetObject::new(&self.bucket, Some(&self.credentials), name).sign(SIGNED);
        let mut answer = self.agent.get(url.as_str()).call().map_err(|error| told(&error))?;
        match answer.status().as_u16() {
            200 => {
                let body = answer.body_mut().with_config().limit(LARGEST).read_to_vec();
                body.map(Some).map_err(|error| told(&error))
            }
            404 => Ok(None),
            status => Err(VaultError::Bucket(format!("status {status} for a file"))),
        }
    }

    pub(super) fn remove(&self, name: &str) -> Result<(), VaultError> {
        let url = DeleteObject::new(&self.bucket, Some(&self.credentials), name).sign(SIGNED);
        let answer = self.agent.delete(url.as_str()).call().map_err(|error| told(&error))?;
        match answer.status().as_u16() {
            200..=299 | 404 => Ok(()),
            status => Err(VaultError::Bucket(format!("status {status} to a removal"))),
        }
    }
}

/// What went wrong, without the address, which is signed.
fn told(error: &ureq::Error) -> VaultError {
    let words = match error {
        ureq::Error::Timeout(_) => "took too long",
        ureq::Error::Io(_) | ureq::Error::ConnectionFailed => "can't be reached",
        ureq::Error::HostNotFound => "its host is unknown",
        _ => "gave no usable answer",
    };
    VaultError::Bucket(words.to_owned())
}
