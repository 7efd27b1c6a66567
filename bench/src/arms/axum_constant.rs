//! An axum handler that does nothing: the same bytes for every request.

use crate::Outcome;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

/// Serves the bytes of a file until it is killed. The runtime is the server's.
pub(super) fn serve(body: &str) -> Outcome<()> {
    let body = axum::body::Bytes::from(std::fs::read(body)?);
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on http://{}", listener.local_addr()?);
        let constant = move || {
            let body = body.clone();
            async move { ([(CONTENT_TYPE, "application/json")], body) }
        };
        let listener = listener.tap_io(|stream| {
            // Without it a reply may wait, which is slower; the server does it too.
            let _ = stream.set_nodelay(true);
        });
        axum::serve(listener, Router::new().fallback(constant)).await?;
        Ok(())
    })
}
