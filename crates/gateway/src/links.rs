//! Pages and hooks that no client of the API calls: the link that freezes an account, Telegram's webhook, and that of a
//! company's KYC provider.

use crate::Gateway;
use crate::envelope;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Path, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{get, post};
use axum::{Router, extract::DefaultBodyLimit};
use custos_customers::kyc::Taken;
use custos_customers::{changes, session::Origin, third_party};
use custos_operations::error::Error;
use custos_operations::operation::Class;
use custos_operations::verdicts::{self, Received, Signed};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use subtle::ConstantTimeEq;

/// The largest update that Telegram's webhook is read from.
const MAX_UPDATE_BYTES: usize = 256 * 1024;

/// The largest message that a KYC provider's webhook is read from.
const MAX_VERDICT_BYTES: usize = 64 * 1024;

/// The routes.
pub(crate) fn routes() -> Router<Arc<Gateway>> {
    Router::new()
        .route("/freeze/{token}", get(ask).post(freeze))
        .route("/hooks/telegram/{company}", post(telegram).layer(DefaultBodyLimit::max(MAX_UPDATE_BYTES)))
        .route("/hooks/kyc/{company}", post(kyc).layer(DefaultBodyLimit::max(MAX_VERDICT_BYTES)))
}

fn page(status: StatusCode, title: &str, inner: &str) -> Response<Body> {
    let body = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><meta name=\"robots\" content=\"noindex\"><title>{title}</title>\
         <style>body{{font:18px/1.5 system-ui,sans-serif;max-width:32rem;margin:4rem auto;padding:0 1rem;\
         color:#1c2430}}button{{font:inherit;padding:.6rem 1.2rem;border:0;border-radius:8px;background:#b3261e;\
         color:#fff}}</style><h1>{title}</h1>{inner}"
    );
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address of this page is the secret: no other site may learn it.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ),
    );
    response
}

fn stale() -> Response<Body> {
    page(
        StatusCode::NOT_FOUND,
        "This link no longer works",
        "<p>It works once, for 72 hours. If someone else is using your account, reset your password and contact \
         support.</p>",
    )
}

/// The client's address, unless it floods or the server is stopping.
fn admitted(
    gateway: &Gateway,
    class: Class,
    peer: SocketAddr,
    headers: &HeaderMap,
) -> Result<IpAddr, Box<Response<Body>>> {
    let address = gateway.proxies.client_address(peer.ip(), headers);
    let now = gateway.api.app().store.now_ms();
    if gateway.draining.load(Ordering::Relaxed) {
        return Err(Box::new(page(
            StatusCode::SERVICE_UNAVAILABLE,
            "Please try again",
            "<p>This server is stopping.</p>",
        )));
    }
    if !gateway.limits.class(class, address, now).allowed {
        return Err(Box::new(page(
            StatusCode::TOO_MANY_REQUESTS,
            "Please try again later",
            "<p>Too many requests.</p>",
        )));
    }
    Ok(address)
}

/// Mail scanners open links, so opening this one only asks; the button freezes.
async fn ask(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    if let Err(refused) = admitted(&gateway, Class::SignIn, peer, &headers) {
        return *refused;
    }
    let store = &gateway.api.app().store;
    match store.read(move |tx| changes::link_stands(tx, &token)).await {
        Ok(true) => page(
            StatusCode::OK,
            "Was this not you?",
            "<p>If you did not make this change, freeze your account now. Everyone is signed out, no one can sign in, \
             and support will help you to get it back.</p><form method=\"post\"><button>Freeze my account</button></form>",
        ),
        Ok(false) => stale(),
        Err(error) => failed(&error),
    }
}

fn failed(error: &custos_customers::Error) -> Response<Body> {
    tracing::error!(%error, "a freeze link could not be followed");
    page(StatusCode::SERVICE_UNAVAILABLE, "Please try again", "<p>This did not work just now.</p>")
}

async fn freeze(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let address = match admitted(&gateway, Class::SignIn, peer, &headers) {
        Ok(address) => address.to_canonical().to_string(),
        Err(refused) => return *refused,
    };
    let origin = Origin { address, ..Origin::default() };
    let store = &gateway.api.app().store;
    match store.write(move |tx| changes::freeze_by_link(tx, &token, &origin)).await {
        Ok(true) => page(
            StatusCode::OK,
            "Your account is frozen",
            "<p>Everyone is signed out. Contact support to get it back.</p>",
        ),
        Ok(false) => stale(),
        Err(error) => failed(&error),
    }
}

/// What an update says of a user's subscription: `/start` and `/stop`, or the bot being blocked and unblocked. What
/// happens in a group says nothing: the bot still can't write to the user.
fn subscription(update: &Value) -> Option<(String, bool)> {
    let id = |value: &Value| {
        let chat = value.get("chat")?;
        let is_private = chat.get("type")?.as_str()? == "private";
        let id = value.get("from")?.get("id")?.as_i64()?;
        (is_private && chat.get("id")?.as_i64()? == id).then(|| id.to_string())
    };
    if let Some(message) = update.get("message") {
        let text = message.get("text")?.as_str()?;
        let command = text.split_whitespace().next()?.split('@').next()?;
        return match command {
            "/start" => Some((id(message)?, true)),
            "/stop" => Some((id(message)?, false)),
            _ => None,
        };
    }
    let member = update.get("my_chat_member")?;
    let status = member.get("new_chat_member")?.get("status")?.as_str()?;
    match status {
        "member" => Some((id(member)?, true)),
        "kicked" | "left" => Some((id(member)?, false)),
        _ => None,
    }
}

/// The secret that the company's bot was told to send in `X-Telegram-Bot-Api-Secret-Token` (Bot API, `setWebhook`):
/// the hex SHA-256 of its token, so that nothing more has to be kept.
fn webhook_secret(bot_token: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(format!("custos webhook {bot_token}").as_bytes()))
}

async fn telegram(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(company_id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if let Err(refused) = admitted(&gateway, Class::SignIn, peer, &headers) {
        return *refused;
    }
    let given = headers
        .get("x-telegram-bot-api-secret-token")
        .and_then(|value| value.to_str().ok())
        .unwrap_or("")
        .to_owned();
    let answer = |status| envelope::response(status, b"{}".to_vec());
    let failed = |error: custos_customers::Error| {
        tracing::error!(%error, "Telegram's update could not be taken");
        // Telegram sends it again.
        answer(StatusCode::SERVICE_UNAVAILABLE)
    };
    // Looked at in a read: a stranger's hook call must cost no write.
    let store = &gateway.api.app().store;
    let token = store.read(move |tx| third_party::secret(tx, company_id, third_party::BOT_TOKEN)).await;
    match token {
        Ok(Some(token)) if bool::from(webhook_secret(&token).as_bytes().ct_eq(given.as_bytes())) => {}
        Ok(_) => return answer(StatusCode::FORBIDDEN),
        Err(error) => return failed(error),
    }
    let update = serde_json::from_slice::<Value>(&body).ok();
    let Some((user_id, subscribed)) = update.as_ref().and_then(subscription) else {
        return answer(StatusCode::OK);
    };
    let done = store.write(move |tx| third_party::set_subscribed(tx, company_id, &user_id, subscribed)).await;
    done.map_or_else(failed, |_| answer(StatusCode::OK))
}

async fn kyc(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(company_id): Path<i64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if let Err(refused) = admitted(&gateway, Class::Write, peer, &headers) {
        return *refused;
    }
    let answer = |status, words: &str| {
        envelope::response(status, serde_json::json!({ "result": words }).to_string().into_bytes())
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
    let signed = Signed {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
    };
    let Ok(body) = String::from_utf8(body.to_vec()) else {
        return answer(StatusCode::BAD_REQUEST, "unreadable");
    };
    match verdicts::receive(&gateway.api.app().store, company_id, signed, body).await {
        Ok(Received::Taken(Taken::Decided)) => answer(StatusCode::OK, "decided"),
        Ok(Received::Taken(Taken::Noted)) => answer(StatusCode::OK, "noted"),
        Ok(Received::Taken(Taken::Before)) => answer(StatusCode::OK, "taken before"),
        Ok(Received::Unsigned) => answer(StatusCode::UNAUTHORIZED, "unsigned"),
        Ok(Received::Unreadable) => answer(StatusCode::BAD_REQUEST, "unreadable"),
        // Sent again, it would fare no better: the code says why.
        Err(error @ Error::Refused { .. }) => answer(StatusCode::CONFLICT, error.code()),
        Err(error) => {
            tracing::error!(%error, "a KYC provider's message could not be taken");
            answer(StatusCode::SERVICE_UNAVAILABLE, "later")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn updates_and_what_they_say() {
        let message = |text: &str| json!({ "message": { "from": { "id": 42 }, "chat": { "id": 42, "type": "private" }, "text": text } });
        let said = |update: &Value| subscription(update);
        assert_eq!(said(&message("/start")), Some(("42".to_owned(), true)));
        assert_eq!(said(&message("/start@bot abc")), Some(("42".to_owned(), true)));
        assert_eq!(said(&message("/stop")), Some(("42".to_owned(), false)));
        assert_eq!(said(&message("hello")), None);
        let member = |status: &str| json!({ "my_chat_member": { "from": { "id": 42 }, "chat": { "id": 42, "type": "private" }, "new_chat_member": { "status": status } } });
        assert_eq!(said(&member("kicked")), Some(("42".to_owned(), false)));
        assert_eq!(said(&member("member")), Some(("42".to_owned(), true)));
        let mut group = message("/start");
        group["message"]["chat"] = json!({ "id": -100, "type": "supergroup" });
        assert_eq!(said(&group), None);
        assert_eq!(said(&json!({})), None);
    }
}
