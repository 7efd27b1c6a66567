//! Adjusting credit limits in a company's own wallet system: written down, asked once, and undone where nobody knows what
//! became of it.

use crate::error::{Error, Gate, Result};
use crate::outside::Outside;
use custos_customers::company;
use custos_customers::credit_limit::{self, Outcome, Purpose, State, Wish};
use custos_customers::{Code, third_party};
use custos_delivery::SendError;
use custos_delivery::wallet::{CallKey, NoAnswer, Question};
use custos_ledger::{Amount, assets};
use custos_store::{MINUTE_MS, Store, Tx};
use serde_json::Value;

const ADJUST: &str = "/external-system-credit-limit-adjustment";
const CANCEL: &str = "/cancel-external-system-credit-limit-adjustment";
/// That the system never got a request is believed once none can be on its way any more.
const ON_ITS_WAY_MS: i64 = 10 * MINUTE_MS;

/// What is to be adjusted.
#[derive(Debug, Clone)]
pub struct Adjustment {
    /// The company.
    pub company_id: i64,
    /// The customer.
    pub customer_id: i64,
    /// One of the company's assets.
    pub currency: String,
    /// Decimal text.
    pub amount: String,
    /// The kind of order.
    pub biz_type: i64,
    /// What for.
    pub purpose: Purpose,
    /// The order.
    pub order_id: i64,
    /// The customer's address.
    pub ip: String,
    /// JSON text, or empty.
    pub metadata: String,
    /// Who wants it.
    pub actor: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjusted {
    /// Its id.
    pub id: i64,
    /// How it stands.
    pub state: State,
}

/// Where and how a company's system is asked.
struct Way {
    url: String,
    key: CallKey,
}

/// The company's wallet system.
///
/// # Errors
/// `GATEWAY_CODE_201` where none is set up.
fn way(tx: &mut Tx<'_>, company_id: i64) -> Result<Way> {
    let url = company::find(tx, company_id)?.map(|company| company.settings.wallet.url).unwrap_or_default();
    let key = third_party::secret(tx, company_id, third_party::WALLET_KEY)?;
    let key = key.filter(|_| !url.is_empty()).ok_or_else(|| Code::NotOpen.refuse())?;
    let key = CallKey::from_pem(&key).map_err(|error| Error::Internal(format!("wallet key: {error}")))?;
    Ok(Way { url, key })
}

fn question(
    store: &Store,
    (way, path): (Way, &'static str),
    (company_id, customer_id, id): (i64, i64, i64),
    body: Value,
) -> Question {
    Question {
        url: way.url,
        path,
        company_id,
        customer_id,
        trace: format!("credit-limit-{id}"),
        timestamp_ms: store.now_ms(),
        key: way.key,
        body,
        wants_data: false,
    }
}

/// Adjusts a limit: writes it down, asks once, writes down what became of it. Nothing is asked a second time.
///
/// # Errors
/// `GATEWAY_CODE_201` where no wallet system is set up or it does not know the customer, `GATEWAY_CODE_104` for a field that
/// can't be sent; `GATEWAY_CODE_011` or `0018` when it is not asked now; else the store's.
pub async fn adjust(store: &Store, outside: &Outside, wish: Adjustment) -> Result<Adjusted> {
    let (company_id, customer_id) = (wish.company_id, wish.customer_id);
    let (way, asked) = store
        .write(move |tx| {
            let way = way(tx, company_id)?;
            let assets = assets::list(tx, company_id)?;
            let asset = assets.iter().find(|asset| asset.code.eq_ignore_ascii_case(&wish.currency));
            let asset = asset.ok_or_else(|| Gate::BadField.field("currency"))?;
            let digits = u32::try_from(asset.digits).unwrap_or(0);
            let amount = Amount::parse(&wish.amount, digits).ok_or_else(|| Gate::BadField.field("amount"))?;
            let asked = credit_limit::begin(
                tx,
                &Wish {
                    company_id,
                    customer_id,
                    currency: &asset.code,
                    amount: &amount.to_text(digits),
                    digits: asset.digits,
                    biz_type: wish.biz_type,
                    purpose: wish.purpose,
                    order_id: wish.order_id,
                    ip: &wish.ip,
                    metadata: &wish.metadata,
                    actor: &wish.actor,
                },
            )?;
            Ok::<_, Error>((way, asked))
        })
        .await?;
    let id = asked.id;
    let question = question(store, (way, ADJUST), (company_id, customer_id, id), asked.body);
    let told = outside.tell(store, question).await;
    let (outcome, reason) = match &told {
        Ok(Ok(_)) => (Outcome::Done, String::new()),
        Ok(Err(NoAnswer::Refused(code))) => (Outcome::Refused, format!("refused with {code}")),
        Ok(Err(NoAnswer::Silent(words) | NoAnswer::Unusable(words))) => (Outcome::Unknown, words.clone()),
        // What broke on the way may have got there.
        Err(Error::Internal(_)) => (Outcome::Unknown, "the call broke".to_owned()),
        Err(_) => (Outcome::Refused, "not asked".to_owned()),
    };
    let state = store
        .write(move |tx| Ok::<_, Error>(credit_limit::told(tx, company_id, id, (outcome, &reason))?))
        .await?;
    match told {
        Err(error) if outcome == Outcome::Refused => Err(error),
        _ => Ok(Adjusted { id, state }),
    }
}

/// Has the wallet system undo a request. For a worker of the outbox: blocks.
///
/// # Errors
/// It is to be tried again later.
pub fn undo(
    store: &Store,
    outside: &Outside,
    company_id: i64,
    id: i64,
) -> std::result::Result<(), SendError> {
    let later = |words: String| SendError::Temporary(words);
    let found = store
        .read_blocking(move |tx| {
            let undoing = credit_limit::undoing(tx, company_id, id)?;
            undoing.map(|undoing| Ok::<_, Error>((way(tx, company_id)?, undoing))).transpose()
        })
        .map_err(|error| later(error.to_string()))?;
    // Undone already, or never to be.
    let Some((way, undoing)) = found else { return Ok(()) };
    let question = question(store, (way, CANCEL), (company_id, undoing.customer_id, id), undoing.body);
    let told = outside.tell_blocking(store, &question).map_err(|_| later("not asked now".to_owned()))?;
    let reason = match told {
        Ok(_) => "acknowledged".to_owned(),
        // It said before that it had done what it now has never heard of: someone has to look.
        Err(NoAnswer::Refused(code)) if undoing.was_done && code == "US_0000002" => {
            return Err(later(format!("refused with {code}, though it was done")));
        }
        // It had not done it, or (once that is sure) never heard of it: nothing is to be given back.
        Err(NoAnswer::Refused(code)) if code == "US_0000001" => {
            format!("refused with {code}: nothing was done")
        }
        Err(NoAnswer::Refused(code)) if code == "US_0000002" => {
            if store.now_ms().saturating_sub(undoing.asked_at) < ON_ITS_WAY_MS {
                return Err(later(format!("refused with {code}: the request may be on its way still")));
            }
            format!("refused with {code}: the request never came")
        }
        Err(NoAnswer::Refused(code)) => return Err(later(format!("refused with {code}"))),
        Err(no_answer) => return Err(later(no_answer.to_string())),
    };
    store
        .write_blocking(move |tx| Ok::<_, Error>(credit_limit::undone(tx, company_id, id, &reason)?))
        .map_err(|error| later(error.to_string()))
}
