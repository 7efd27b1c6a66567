//! Bodies made from what an operation says of its fields, so that an operation of tomorrow gets one too.

use custos_operations::operation::Entry;
use custos_operations::shape::FieldDoc;
use serde_json::{Map, Value, json};

/// A value that the field's type accepts.
fn value(schema: &Value) -> Value {
    let named = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match named {
        Some("integer") => schema["minimum"].clone(),
        Some("boolean") => json!(true),
        Some("array") if schema["minItems"].as_u64() > Some(0) => json!([value(&schema["items"])]),
        Some("array") => json!([]),
        Some("object") => json!({}),
        _ => json!("1"),
    }
}

/// All fields that a request must have, each with a value of its type; what it means is left to chance.
pub(crate) fn example(entry: &Entry) -> Map<String, Value> {
    let required = entry.fields.iter().filter(|field| field.required);
    required.map(|field| (name(field).to_owned(), value(&(field.schema)()))).collect()
}

/// The field's first name, by which it is told.
pub(crate) fn name(field: &FieldDoc) -> &'static str {
    field.names[0]
}
