//! What a company's KYC provider says, on its way in.

use crate::error::Result;
use custos_customers::kyc::{self, Rejection, Says, Taken, Verdict};
use custos_customers::{Code, company, third_party};
use custos_delivery::webhook;
use custos_store::Store;
use serde::Deserialize;
use std::collections::BTreeMap;

/// The headers of the Standard Webhooks specification, as they came.
#[derive(Debug, Clone, Default)]
pub struct Signed {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
}

/// What came of a message.
#[derive(Debug)]
pub enum Received {
    /// It was taken, now or before.
    Taken(Taken),
    /// Nobody who may say this has signed it.
    Unsigned,
    /// It says nothing that can be understood.
    Unreadable,
}

/// The message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Message {
    application: Number,
    revision: i64,
    verdict: String,
    source: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    remark: String,
    #[serde(default)]
    elements: BTreeMap<String, String>,
    #[serde(default, rename = "final")]
    is_final: bool,
}

/// Ids are beyond what JavaScript's numbers hold: both forms are taken.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    fn value(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

fn read(id: String, body: &str) -> Option<Verdict> {
    let message: Message = serde_json::from_str(body).ok()?;
    Some(Verdict {
        message_id: id,
        application: message.application.value()?,
        revision: message.revision,
        source: message.source,
        says: Says::parse(&message.verdict)?,
        text: message.text,
        rejection: Rejection {
            remark: message.remark,
            staff_remark: String::new(),
            elements: message.elements,
            is_final: message.is_final,
        },
    })
}

/// Takes a message of the company's KYC provider.
///
/// # Errors
/// As [`kyc::take_verdict`].
pub async fn receive(store: &Store, company_id: i64, signed: Signed, body: String) -> Result<Received> {
    // Looked at in a read: a stranger's call must cost no write.
    let secrets =
        store.read(move |tx| third_party::secret(tx, company_id, third_party::KYC_PROVIDER)).await?;
    // A company without a provider is told as a wrong signature is.
    let secrets = secrets.and_then(|text| webhook::secrets_of(&text).ok()).unwrap_or_default();
    let headers = (signed.id.as_str(), signed.timestamp.as_str(), signed.signature.as_str());
    if !webhook::is_signed(&secrets, headers, &body, store.now_ms()) {
        return Ok(Received::Unsigned);
    }
    let Some(verdict) = read(signed.id, &body) else { return Ok(Received::Unreadable) };
    store
        .write(move |tx| {
            let company = company::find(tx, company_id)?.filter(|company| company.enabled);
            let company = company.ok_or_else(|| Code::NotFound.refuse())?;
            Ok(Received::Taken(kyc::take_verdict(tx, &company, &verdict)?))
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_whole_or_not_at_all() {
        let read = |body: &str| read("m1".to_owned(), body);
        let whole = read(
            r#"{"application":"9007199254740993","revision":2,"verdict":"reject","source":"acme","remark":"Too dark",
                "elements":{"passport":"can't be read"},"final":true}"#,
        )
        .unwrap();
        assert_eq!((whole.application, whole.revision, whole.says), (9_007_199_254_740_993, 2, Says::Reject));
        assert!(whole.rejection.is_final && whole.rejection.elements.contains_key("passport"));
        assert!(read(r#"{"application":1,"revision":1,"verdict":"review","source":"acme"}"#).is_some());
        for bad in [
            "",
            "[]",
            r#"{"application":"x","revision":1,"verdict":"review","source":"acme"}"#,
            r#"{"application":1,"revision":1,"verdict":"maybe","source":"acme"}"#,
            r#"{"application":1,"verdict":"review","source":"acme"}"#,
            r#"{"application":1,"revision":1,"verdict":"approve","source":"acme","aprove":true}"#,
        ] {
            assert!(read(bad).is_none(), "{bad}");
        }
    }
}
