//! The API document (OpenAPI 3.1), made from the operations themselves.

use crate::api::{entries, office_entries};
use crate::operation::{Access, Entry, Prefix};
use crate::shape::request_schema;
use serde_json::{Map, Value, json};

/// The address of an operation below a base.
#[must_use]
pub fn path(entry: &Entry) -> String {
    match entry.prefix {
        Prefix::Global => format!("/global/{}", entry.name),
        Prefix::Login => format!("/login/{}", entry.name),
        Prefix::Register => format!("/register/{}", entry.name),
        Prefix::ThirdLogin => format!("/third/login/{}", entry.name),
        Prefix::Bare => format!("/{}", entry.name),
        Prefix::Office => format!("/openapi-b/{}", entry.name),
        Prefix::OfficeAuth => format!("/openapi-b/auth/{}", entry.name),
    }
}

/// The one operation that is asked for with GET.
#[must_use]
pub fn is_get(entry: &Entry) -> bool {
    entry.prefix == Prefix::Bare && entry.name == "geoip/country"
}

fn header(name: &str, required: bool, about: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "header", "required": required, "description": about, "schema": schema })
}

fn reply(entry: &Entry) -> Value {
    json!({
        "type": "object",
        "required": ["bizCode", "code", "msg", "msgParams", "tm", "trace", "data", "ok", "fail"],
        "properties": {
            "bizCode": { "type": "string" },
            "code": { "type": "string", "description": "0 on success" },
            "msg": { "type": "string", "description": "In the caller's language" },
            "msgParams": { "type": ["string", "null"] },
            "tm": { "type": "integer", "description": "Processing time in ms" },
            "trace": { "type": ["string", "null"] },
            "data": { "anyOf": [(entry.reply)(), { "type": "string", "description": "On an error: the operation's name" }] },
            "ok": { "type": "boolean" },
            "fail": { "type": "boolean" },
        },
    })
}

/// What it does, as one line.
fn about(entry: &Entry) -> String {
    entry.about.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first sentence of it.
fn summary(about: &str) -> &str {
    about.split_once(". ").map_or(about, |(first, _)| first).trim_end_matches('.')
}

fn who(access: Access) -> &'static str {
    match access {
        Access::Guest => "guest",
        Access::Either => "guest or customer",
        Access::Customer => "customer",
        Access::Staff => "staff",
    }
}

/// Every operation as a line: its name, who may call it, its topic and what it does, between tabs.
#[must_use]
pub fn lines() -> String {
    let line = |entry: &Entry| {
        let about = about(entry);
        format!("{}\t{}\t{}\t{}\n", entry.name, who(entry.access), entry.topic, summary(&about))
    };
    entries().iter().chain(office_entries()).map(line).collect()
}

fn operation(entry: &Entry) -> Value {
    let mut headers = vec![
        header("companyId", true, "The company.", &json!({ "type": "integer" })),
        header(
            "trace",
            true,
            "Echoed; at most 128 visible ASCII characters.",
            &json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]{1,128}$" }),
        ),
        header("lang", false, "BCP 47 tag.", &json!({ "type": "string" })),
    ];
    if entry.access != Access::Guest {
        let required = matches!(entry.access, Access::Customer | Access::Staff);
        headers.push(header("token", required, "The session's token.", &json!({ "type": "string" })));
    }
    if entry.idempotent {
        headers.push(header(
            "idempotency-key",
            false,
            "A name that the client gives this request: sent again under it, it takes effect once and the first answer \
             comes back.",
            &json!({ "type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[!-~]{1,128}$" }),
        ));
    }
    let about = about(entry);
    let summary = summary(&about);
    let mut object = json!({
        "operationId": entry.name.replace(['.', '/'], "_"),
        "summary": summary,
        "description": about,
        "tags": [entry.topic],
        "parameters": headers,
        "responses": {
            "200": {
                "description": "Every answer, refusals included",
                "content": { "application/json": { "schema": reply(entry) } },
            },
            "default": { "description": "Refused by the transport; the envelope is the same" },
        },
        "x-rate-class": entry.class.as_str(),
        "x-access": who(entry.access),
    });
    if let (Some(permission), Some(fields)) = (entry.permission, object.as_object_mut()) {
        fields.insert("x-permission".to_owned(), json!(permission.as_str()));
    }
    if !is_get(entry)
        && let Some(fields) = object.as_object_mut()
    {
        fields.insert(
            "requestBody".to_owned(),
            json!({ "required": false, "content": { "application/json": { "schema": request_schema(entry.fields) } } }),
        );
    }
    object
}

/// The whole document of what customers can call.
#[must_use]
pub fn document(version: &str) -> Value {
    document_of(
        entries(),
        version,
        "Custos Client API",
        "Customer accounts for brokers and exchanges. Every operation is a POST with a JSON object; every answer is HTTP \
         200 with an envelope whose `code` is \"0\" on success.",
    )
}

/// The whole document of what staff can call.
#[must_use]
pub fn office_document(version: &str) -> Value {
    document_of(
        office_entries(),
        version,
        "Custos Back Office API",
        "What staff and programs of a company can do. The token is one of `signIn` or `auth`; `x-permission` names what \
         the caller's roles must allow.",
    )
}

fn document_of(entries: &[Entry], version: &str, title: &str, description: &str) -> Value {
    let mut paths = Map::new();
    for entry in entries {
        let method = if is_get(entry) { "get" } else { "post" };
        paths.insert(path(entry), json!({ method: operation(entry) }));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": version,
            "description": description,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/api" }, { "url": "/cats-gateway" }],
        "paths": paths,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_operation_is_in_the_document_once() {
        for (document, entries) in [(document("0"), entries()), (office_document("0"), office_entries())] {
            let ids: HashSet<String> = document["paths"]
                .as_object()
                .unwrap()
                .values()
                .flat_map(|methods| methods.as_object().unwrap().values())
                .map(|operation| operation["operationId"].as_str().unwrap().to_owned())
                .collect();
            assert_eq!(ids.len(), entries.len());
        }
    }
}
