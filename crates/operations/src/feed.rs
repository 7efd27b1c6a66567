//! Events as other systems read them, pulled or pushed.

use custos_customers::customer;
use custos_store::Tx;
use custos_store::events::{self, Event};
use serde_json::{Value, json};

/// By what a receiver knows an event again that is sent twice.
#[must_use]
pub fn message_id(event: &Event) -> String {
    format!("evt_{}", event.id)
}

/// An event as it is told. The customer's number is looked up now, so that the feed keeps none.
///
/// # Errors
/// The store's.
pub fn message(tx: &mut Tx<'_>, company_id: i64, event: &Event) -> custos_customers::Result<Value> {
    let mut data = event.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("companyId".to_owned(), company_id.into());
        if event.customer_id != 0 {
            fields.insert("customerId".to_owned(), event.customer_id.into());
            let number = customer::number_of(tx, company_id, event.customer_id)?;
            fields.insert("customerNo".to_owned(), number.into());
        }
    }
    Ok(json!({
        "id": message_id(event),
        "seq": event.seq,
        "type": event.kind,
        "timestamp": custos_customers::operator::utc_iso(event.at),
        "data": data,
    }))
}

/// A part of the feed as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The events, in their order.
    pub events: Vec<Value>,
    /// What to ask for next: the number of the last one told, or what was asked for.
    pub next: i64,
    /// The number of the oldest event that is still kept; 0 for none.
    pub oldest: i64,
    /// The number of the newest.
    pub newest: i64,
}

/// The company's events after the number `after`.
///
/// # Errors
/// The store's.
pub fn list(tx: &mut Tx<'_>, company_id: i64, after: i64, limit: i64) -> custos_customers::Result<Page> {
    let page = events::list(tx, company_id, after, limit)?;
    let next = page.events.last().map_or(after, |event| event.seq);
    let mut told = Vec::with_capacity(page.events.len());
    for event in &page.events {
        told.push(message(tx, company_id, event)?);
    }
    Ok(Page { events: told, next, oldest: page.oldest, newest: page.newest })
}
