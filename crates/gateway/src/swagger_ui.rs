//! The API's reference page at `/docs`: Swagger UI, built in, so that it works without the internet.
//!
//! The two big files are kept and sent compressed. A client that does not offer gzip gets gzip all the
//! same: every browser reads it, and the page is of no use to anything else.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use axum::routing::get;

/// Where the page looks for the OpenAPI document.
pub const DOCUMENT_PATH: &str = "/openapi.json";

const TAG: HeaderValue = HeaderValue::from_static("\"swagger-ui-5.35.0\"");
const PAGE_TAG: HeaderValue = HeaderValue::from_static(concat!("\"custos-", env!("CARGO_PKG_VERSION"), "\""));

/// No inline script, nothing from elsewhere, no framing; Swagger UI sets inline styles and data: images.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'",
);

#[derive(Clone, Copy)]
struct File {
    path: &'static str,
    media_type: &'static str,
    content: &'static [u8],
    gzipped: bool,
}

const PAGE: File = File {
    path: "/docs",
    media_type: "text/html; charset=utf-8",
    content: include_bytes!("../assets/swagger-ui/index.html"),
    gzipped: false,
};

const FILES: [File; 5] = [
    PAGE,
    File { path: "/docs/", ..PAGE },
    File {
        path: "/docs/init.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../assets/swagger-ui/init.js"),
        gzipped: false,
    },
    File {
        path: "/docs/swagger-ui-bundle.js",
        media_type: "text/javascript; charset=utf-8",
        content: include_bytes!("../assets/swagger-ui/swagger-ui-bundle.js.gz"),
        gzipped: true,
    },
    File {
        path: "/docs/swagger-ui.css",
        media_type: "text/css; charset=utf-8",
        content: include_bytes!("../assets/swagger-ui/swagger-ui.css.gz"),
        gzipped: true,
    },
];

/// The routes of the page and its files; the document itself is served elsewhere.
pub fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    FILES.into_iter().fold(Router::new(), |router, file| {
        router.route(file.path, get(async move |headers: HeaderMap| file.reply(&headers)))
    })
}

impl File {
    fn reply(self, request: &HeaderMap) -> Response<Body> {
        // The big files change only with Swagger UI's version, the small ones with ours. All are asked
        // for again after a while, for their addresses stay the same.
        let (tag, keep) = if self.gzipped { (TAG, "public, max-age=86400") } else { (PAGE_TAG, "no-cache") };
        let known = request.get_all(header::IF_NONE_MATCH).iter().any(|value| names_tag(value, &tag));
        let mut response = Response::new(Body::empty());
        if known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            *response.body_mut() = Body::from(Bytes::from_static(self.content));
        }
        let mut set = |name: HeaderName, value: HeaderValue| response.headers_mut().insert(name, value);
        set(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type));
        if self.gzipped {
            set(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        set(header::ETAG, tag);
        set(header::CACHE_CONTROL, HeaderValue::from_static(keep));
        set(header::CONTENT_SECURITY_POLICY, POLICY);
        set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        set(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

/// Whether an `if-none-match` list holds the tag; caches may have marked it weak.
fn names_tag(list: &HeaderValue, tag: &HeaderValue) -> bool {
    let items = list.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    items.map(|item| item.strip_prefix(b"W/").unwrap_or(item)).any(|item| item == tag.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listener::tests::{body, get_with, head, served};

    #[tokio::test]
    async fn the_page_and_its_files_are_served() {
        let running = served(routes()).await;
        for path in ["/docs", "/docs/"] {
            let reply = get_with(running.address, path, "").await;
            let head = head(&reply);
            assert!(head.starts_with("HTTP/1.1 200"), "{head}");
            assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
            assert!(head.contains("x-content-type-options: nosniff"), "{head}");
            assert!(head.contains("content-security-policy: default-src 'self';"), "{head}");
            let page = String::from_utf8(body(&reply).to_vec()).unwrap();
            assert!(!page.contains("<script>"), "inline scripts would be refused by the policy");
            assert!(page.contains("/docs/init.js"));
        }
        for (path, start) in
            [("/docs/swagger-ui-bundle.js", "text/javascript"), ("/docs/swagger-ui.css", "text/css")]
        {
            let reply = get_with(running.address, path, "").await;
            let head = head(&reply);
            assert!(head.contains(&format!("content-type: {start}")), "{head}");
            assert!(head.contains("content-encoding: gzip"), "{head}");
            assert!(head.contains("cache-control: public"), "{head}");
            assert_eq!(body(&reply).get(..2), Some(&[0x1f, 0x8b][..]));
        }
        let init = get_with(running.address, "/docs/init.js", "").await;
        assert!(String::from_utf8(body(&init).to_vec()).unwrap().contains(DOCUMENT_PATH));
        let missing = get_with(running.address, "/docs/../Cargo.toml", "").await;
        assert!(head(&missing).starts_with("HTTP/1.1 404"));
    }

    #[tokio::test]
    async fn a_known_version_is_not_sent_again() {
        let running = served(routes()).await;
        let tag = format!("if-none-match: \"other\", W/{}\r\n", TAG.to_str().unwrap());
        let reply = get_with(running.address, "/docs/swagger-ui.css", &tag).await;
        assert!(head(&reply).starts_with("HTTP/1.1 304"));
        assert!(body(&reply).is_empty());
        let reply = get_with(running.address, "/docs/swagger-ui.css", "if-none-match: \"other\"\r\n").await;
        assert!(head(&reply).starts_with("HTTP/1.1 200"));
    }
}
