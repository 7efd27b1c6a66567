//! Requests and replies: their fields, from which parsing, validation, serialising and the API document all come.

use crate::error::Result;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// What is known of a request's field.
#[derive(Debug, Clone, Copy)]
pub struct FieldDoc {
    /// Its name on the wire, and others that it answers to.
    pub names: &'static [&'static str],
    /// What it means.
    pub about: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// The JSON Schema of what is accepted.
    pub schema: fn() -> Value,
}

/// A request body with its fields.
pub trait Request: Sized + Send + 'static {
    /// What the operation does, in a sentence or two.
    const ABOUT: &'static str;
    /// The fields, in order.
    const FIELDS: &'static [FieldDoc];
    /// Reads the fields: first all that are missing are told, then those of the wrong type.
    ///
    /// # Errors
    /// `CUSTOMER_API_0000501` or `GATEWAY_CODE_104` with the field's name.
    fn parse(body: &Map<String, Value>) -> Result<Self>;
}

/// The struct of a request, its parsing and its documentation from one list of fields:
/// `name: Type = "wireName",` each with its doc comment; `Option<…>` makes it optional; `| "other"` adds a name.
#[macro_export]
macro_rules! request {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $doc:literal])* $field:ident: $ty:ty = $wire:literal $(| $alias:literal)*),* $(,)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $name { $($(#[doc = $doc])* pub $field: $ty),* }

        impl $crate::shape::Request for $name {
            const ABOUT: &'static str = concat!($($about),*);
            const FIELDS: &'static [$crate::shape::FieldDoc] = &[$($crate::shape::FieldDoc {
                names: &[$wire $(, $alias)*],
                about: concat!($($doc),*),
                required: <$ty as $crate::fields::Slot>::REQUIRED,
                schema: <$ty as $crate::fields::Slot>::schema,
            }),*];

            fn parse(body: &serde_json::Map<String, serde_json::Value>) -> $crate::error::Result<Self> {
                let _ = body;
                for field in Self::FIELDS {
                    if field.required && $crate::fields::present(body, field.names).is_none() {
                        return Err($crate::error::Gate::MissingField.field($crate::shape::first(field.names)));
                    }
                }
                Ok(Self { $($field: <$ty as $crate::fields::Slot>::take(
                    $crate::fields::present(body, &[$wire $(, $alias)*]),
                ).ok_or_else(|| $crate::error::Gate::BadField.field($wire))?),* })
            }
        }
    };
}

/// An object within a request: like [`request!`], used as the type of a field.
#[macro_export]
macro_rules! part {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $doc:literal])* $field:ident: $ty:ty = $wire:literal),* $(,)?
    }) => {
        $crate::request! { $(#[doc = $about])* pub struct $name {
            $($(#[doc = $doc])* $field: $ty = $wire),*
        } }

        impl $crate::fields::Field for $name {
            fn read(value: &serde_json::Value) -> Option<Self> {
                <Self as $crate::shape::Request>::parse(value.as_object()?).ok()
            }
            fn schema() -> serde_json::Value {
                $crate::shape::request_schema(<Self as $crate::shape::Request>::FIELDS)
            }
        }
    };
}

#[doc(hidden)]
#[must_use]
pub fn first(names: &[&'static str]) -> &'static str {
    names.first().copied().unwrap_or_default()
}

/// The JSON Schema of a request.
#[must_use]
pub fn request_schema(fields: &[FieldDoc]) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut schema = (field.schema)();
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), json!(field.about.trim()));
        }
        // Of several names any will do, which a list of required ones can't say.
        if field.required && field.names.len() == 1 {
            required.push(json!(first(field.names)));
        }
        for name in field.names {
            properties.insert((*name).to_owned(), schema.clone());
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties });
    if let (Some(object), false) = (schema.as_object_mut(), required.is_empty()) {
        object.insert("required".to_owned(), Value::Array(required));
    }
    schema
}

/// A value in a reply.
pub trait Shape {
    /// Its JSON Schema.
    fn shape() -> Value;
}

macro_rules! shapes {
    ($($ty:ty => $schema:expr),* $(,)?) => {$(
        impl Shape for $ty { fn shape() -> Value { $schema } }
    )*};
}
shapes! {
    i64 => json!({ "type": "integer", "format": "int64" }),
    bool => json!({ "type": "boolean" }),
    String => json!({ "type": "string" }),
    &'static str => json!({ "type": "string" }),
    Value => json!({}),
}

impl<T: Shape> Shape for Option<T> {
    fn shape() -> Value {
        json!({ "anyOf": [T::shape(), { "type": "null" }] })
    }
}

impl<T: Shape> Shape for Vec<T> {
    fn shape() -> Value {
        json!({ "type": "array", "items": T::shape() })
    }
}

impl<T: Shape> Shape for std::collections::BTreeMap<String, T> {
    fn shape() -> Value {
        json!({ "type": "object", "additionalProperties": T::shape() })
    }
}

/// The struct of a reply with its serialising and its documentation from one list of fields. `..Other` at the end
/// takes another reply's fields in.
#[macro_export]
macro_rules! reply {
    ($(#[doc = $about:literal])* pub struct $name:ident {
        $($(#[doc = $doc:literal])* $field:ident: $ty:ty = $wire:literal),* $(,)?
        $(; $(#[doc = $flat_doc:literal])* ..$flat:ident: $flat_ty:ty)?
    }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, serde::Serialize)]
        pub struct $name {
            $($(#[doc = $doc])* #[serde(rename = $wire)] pub $field: $ty,)*
            $($(#[doc = $flat_doc])* #[serde(flatten)] pub $flat: $flat_ty)?
        }

        impl $crate::shape::Shape for $name {
            fn shape() -> serde_json::Value {
                let fields: &[(&str, &str, serde_json::Value)] = &[$((
                    $wire, concat!($($doc),*), <$ty as $crate::shape::Shape>::shape(),
                )),*];
                let schema = $crate::shape::reply_schema(fields);
                $(let schema = $crate::shape::taken_in(schema, <$flat_ty as $crate::shape::Shape>::shape());)?
                schema
            }
        }
    };
}

#[doc(hidden)]
#[must_use]
pub fn reply_schema(fields: &[(&str, &str, Value)]) -> Value {
    let mut properties = Map::new();
    for (name, about, schema) in fields {
        let mut schema = schema.clone();
        if let Some(object) = schema.as_object_mut() {
            object.insert("description".to_owned(), json!(about.trim()));
        }
        properties.insert((*name).to_owned(), schema);
    }
    let required: Vec<&str> = fields.iter().map(|(name, _, _)| *name).collect();
    json!({ "type": "object", "properties": properties, "required": required })
}

#[doc(hidden)]
#[must_use]
pub fn taken_in(mut schema: Value, other: Value) -> Value {
    let Value::Object(mut other) = other else { return schema };
    if let (Some(into), Some(Value::Object(from))) =
        (schema.get_mut("properties").and_then(Value::as_object_mut), other.remove("properties"))
    {
        into.extend(from);
    }
    if let (Some(into), Some(Value::Array(from))) =
        (schema.get_mut("required").and_then(Value::as_array_mut), other.remove("required"))
    {
        into.extend(from);
    }
    schema
}

/// The bytes of a reply's `data`.
#[derive(Debug, Clone)]
pub enum Payload {
    /// Made for this reply.
    Own(Vec<u8>),
    /// Kept for the next one too.
    Shared(Arc<[u8]>),
}

impl Payload {
    /// The JSON text.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// What an operation may return.
pub trait Reply: Send {
    /// Its JSON Schema.
    fn schema() -> Value;
    /// Its JSON text.
    ///
    /// # Errors
    /// It can't be serialised, which is a mistake in the program.
    fn payload(self) -> Result<Payload>;
}

impl<T: Serialize + Shape + Send> Reply for T {
    fn schema() -> Value {
        T::shape()
    }
    fn payload(self) -> Result<Payload> {
        json_of(&self).map(Payload::Own)
    }
}

/// A reply whose JSON text is kept.
#[derive(Debug, Clone)]
pub struct Kept<T>(pub Arc<[u8]>, std::marker::PhantomData<fn() -> T>);

impl<T> Kept<T> {
    /// The reply with this text.
    #[must_use]
    pub fn new(bytes: Arc<[u8]>) -> Self {
        Self(bytes, std::marker::PhantomData)
    }
}

impl<T: Serialize> Kept<T> {
    /// The reply that says this.
    ///
    /// # Errors
    /// It can't be serialised, which is a mistake in the program.
    pub fn of(value: &T) -> Result<Self> {
        Ok(Self::new(Arc::from(json_of(value)?)))
    }
}

fn json_of<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|error| crate::error::Error::Internal(format!("a reply: {error}")))
}

impl<T: Shape> Reply for Kept<T> {
    fn schema() -> Value {
        T::shape()
    }
    fn payload(self) -> Result<Payload> {
        Ok(Payload::Shared(self.0))
    }
}

/// An operation that has nothing to tell: an empty object, since some clients read into `data`.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Done {}

impl Shape for Done {
    fn shape() -> Value {
        json!({ "type": "object" })
    }
}
