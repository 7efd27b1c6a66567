//! The envelope of every answer.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use custos_operations::api::Answer;

/// What an answer's envelope is made of, besides the answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// What was called, as the client named it.
    pub(crate) name: &'a str,
    /// The request's trace.
    pub(crate) trace: Option<&'a str>,
    /// How long it took.
    pub(crate) took_ms: u128,
}

/// The module that a code belongs to.
fn biz_code(code: &str) -> &'static str {
    if code == "0" || code.starts_with("CUSTOMER_API") { "US" } else { "G" }
}

fn text(out: &mut Vec<u8>, text: &str) {
    // Writing into a Vec can't fail.
    let _ = serde_json::to_writer(out, text);
}

/// The envelope's bytes. `message` tells an error's code in the caller's language.
pub(crate) fn bytes(
    answer: &Answer,
    frame: Frame<'_>,
    message: impl FnOnce(&str, &[String]) -> String,
) -> Vec<u8> {
    let data = answer.result.as_ref().map(|payload| payload.as_bytes());
    let mut out = Vec::with_capacity(256 + data.map_or(0, <[u8]>::len));
    let code = answer.result.as_ref().map_or_else(|error| error.code(), |_| "0");
    out.extend_from_slice(b"{\"bizCode\":\"");
    out.extend_from_slice(biz_code(code).as_bytes());
    out.extend_from_slice(b"\",\"code\":\"");
    out.extend_from_slice(code.as_bytes());
    out.extend_from_slice(b"\",\"msg\":");
    match &answer.result {
        Ok(_) => out.extend_from_slice(b"\"success\",\"msgParams\":null"),
        Err(error) => {
            text(&mut out, &message(code, error.params()));
            out.extend_from_slice(b",\"msgParams\":");
            match error.params() {
                [] => out.extend_from_slice(b"null"),
                params => text(&mut out, &params.join(",")),
            }
        }
    }
    out.extend_from_slice(b",\"tm\":");
    out.extend_from_slice(frame.took_ms.to_string().as_bytes());
    out.extend_from_slice(b",\"trace\":");
    match frame.trace {
        Some(trace) => text(&mut out, trace),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"data\":");
    match data {
        Ok(data) => out.extend_from_slice(data),
        Err(_) => text(&mut out, frame.name),
    }
    out.extend_from_slice(if data.is_ok() {
        b",\"ok\":true,\"fail\":false}"
    } else {
        b",\"ok\":false,\"fail\":true}".as_slice()
    });
    out
}

/// The response around an envelope.
pub(crate) fn response(status: StatusCode, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use custos_operations::api::refused;
    use custos_operations::error::Gate;
    use custos_operations::shape::Payload;

    #[test]
    fn an_envelope_is_json_whatever_is_in_it() {
        let frame = Frame { name: "a\"b", trace: Some("x\"\\y"), took_ms: 3 };
        let refusal = refused(Gate::BadField.field("na\"me"), None);
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&refusal, frame, |_, params| format!("no {}", params[0]))).unwrap();
        assert_eq!(json["code"], "GATEWAY_CODE_104");
        assert_eq!(json["bizCode"], "G");
        assert_eq!(json["msg"], "no na\"me");
        assert_eq!(json["msgParams"], "na\"me");
        assert_eq!(json["data"], "a\"b");
        assert_eq!(json["trace"], "x\"\\y");
        assert_eq!((json["ok"].as_bool(), json["fail"].as_bool()), (Some(false), Some(true)));
        let mut success = refused(Gate::Unexpected.refuse(), None);
        success.result = Ok(Payload::Own(b"{\"n\":1}".to_vec()));
        let json: serde_json::Value =
            serde_json::from_slice(&bytes(&success, frame, |_, _| String::new())).unwrap();
        assert_eq!(json["code"], "0");
        assert_eq!(json["data"]["n"], 1);
        assert_eq!(json["msgParams"], serde_json::Value::Null);
    }
}
