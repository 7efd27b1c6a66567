use super::*;
use crate::client_address::ForwardHeader;
use axum::extract::ConnectInfo;
use axum::routing::get;
use axum_server::AddrListener;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

fn local() -> ListenConfig {
    ListenConfig::new(TcpListener::bind("127.0.0.1:0").unwrap())
}

/// A plain server on a free port.
pub(crate) async fn served(app: Router) -> Running {
    serve(local(), app).await.unwrap()
}

/// The whole reply to a GET on a connection of its own; `extra` is more header lines, each with its end.
pub(crate) async fn get_with(address: SocketAddr, path: &str, extra: &str) -> Vec<u8> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{extra}\r\n")).await
}

async fn exchange(address: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut reply = Vec::new();
    // A cut connection may end in a reset, which is as much an end as any.
    let _ = stream.read_to_end(&mut reply).await;
    reply
}

/// Reads until the text has been seen, on a connection that stays open.
async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut reply = Vec::new();
    while !String::from_utf8_lossy(&reply).contains(text) {
        assert_ne!(stream.read_buf(&mut reply).await.unwrap(), 0, "ended after {:?}", head(&reply));
    }
}

/// Status line and header lines.
pub(crate) fn head(reply: &[u8]) -> String {
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(reply.len());
    String::from_utf8(reply[..end].to_vec()).unwrap()
}

/// What follows the head.
pub(crate) fn body(reply: &[u8]) -> &[u8] {
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    &reply[end + 4..]
}

fn whoami() -> Router {
    Router::new().route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string()))
}

#[tokio::test]
async fn plain_http_tells_the_handler_its_peer() {
    let running = served(whoami()).await;
    let mut stream = TcpStream::connect(running.address).await.unwrap();
    let own = stream.local_addr().unwrap().to_string();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n").await.unwrap();
    let reply = read_to_end(&mut stream).await;
    assert_eq!(body(&reply), own.as_bytes());
    running.stop(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_head_too_large_or_of_too_many_fields_is_refused() {
    let running = served(whoami()).await;
    let fields: String = (0..101).map(|number| format!("x-{number}: 1\r\n")).collect();
    let reply = get_with(running.address, "/", &fields).await;
    assert!(head(&reply).starts_with("HTTP/1.1 431"), "{}", head(&reply));
    // The rest of the request may still be on its way when the refusal comes, so it is just long enough.
    let limit = bytes(MAX_HEAD_BYTES);
    let request = format!("GET / HTTP/1.1\r\nhost: test\r\nx: {}", "y".repeat(limit));
    let reply = exchange(running.address, &request[..limit + 1]).await;
    assert!(head(&reply).starts_with("HTTP/1.1 431"), "{}", head(&reply));
}

#[tokio::test]
async fn a_first_request_that_dawdles_is_cut() {
    for sent in ["", "GET / HTTP/1.1\r\nhost: te", "PRI * HTTP/2.0\r\n"] {
        let config = ListenConfig { header_timeout: Duration::from_millis(20), ..local() };
        let running = serve(config, whoami()).await.unwrap();
        assert!(exchange(running.address, sent).await.is_empty());
    }
}

#[tokio::test]
async fn a_silent_connection_is_cut() {
    let app = whoami().route("/never", get(async || std::future::pending::<&'static str>().await));
    let config = ListenConfig { idle_timeout: Duration::from_millis(20), ..local() };
    let running = serve(config, app).await.unwrap();
    // Both would wait for ever without the bound. On a busy machine it may strike before the first reply.
    let reply = exchange(running.address, "GET / HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(reply.is_empty() || head(&reply).starts_with("HTTP/1.1 200"), "between two requests");
    let reply = exchange(running.address, "GET /never HTTP/1.1\r\nhost: test\r\n\r\n").await;
    assert!(reply.is_empty(), "amid one");
}

#[tokio::test]
async fn silence_is_an_error_of_its_kind_in_both_directions() {
    let config = local();
    let address = config.listener.local_addr().unwrap();
    let listener =
        BoundedListener::new(config.listener, (1, 1), TrustedProxies::default(), Duration::from_millis(20))
            .unwrap();
    let _client = TcpStream::connect(address).await.unwrap();
    let (mut stream, _) = listener.accept_stream().await.unwrap();
    let silent = stream.read_u8().await.unwrap_err();
    assert_eq!(silent.kind(), io::ErrorKind::TimedOut);
    // The client reads nothing, so the buffers in between fill up.
    let full = loop {
        if let Err(error) = stream.write_all(&[0; 1 << 16]).await {
            break error;
        }
    };
    assert_eq!(full.kind(), io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn connections_beyond_the_bound_wait_for_a_free_place() {
    let released = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&released);
    let app =
        Router::new().route("/", get(async move || format!("released={}", seen.load(Ordering::SeqCst))));
    let running = serve(ListenConfig { max_connections: 1, ..local() }, app).await.unwrap();
    let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";

    let mut first = TcpStream::connect(running.address).await.unwrap();
    first.write_all(request).await.unwrap();
    read_until(&mut first, "released=false").await;
    let mut second = TcpStream::connect(running.address).await.unwrap();
    second.write_all(request).await.unwrap();
    for _ in 0..20 {
        first.write_all(request).await.unwrap();
        read_until(&mut first, "released=false").await;
    }
    assert_eq!(running.connection_count(), 1);
    released.store(true, Ordering::SeqCst);
    drop(first);
    read_until(&mut second, "released=true").await;
}

#[tokio::test]
async fn one_host_does_not_hold_every_place() {
    let request = b"GET / HTTP/1.1\r\nhost: test\r\n\r\n";
    let app = || Router::new().route("/", get(async || "here"));
    let running = serve(ListenConfig { max_connections_of_host: 2, ..local() }, app()).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        read_until(&mut stream, "here").await;
        held.push(stream);
    }
    assert!(exchange(running.address, "").await.is_empty(), "closed at once");

    // A trusted proxy may.
    let proxies = TrustedProxies::parse(&["127.0.0.1"], ForwardHeader::XForwardedFor).unwrap();
    let config = ListenConfig { max_connections_of_host: 2, proxies, ..local() };
    let running = serve(config, app()).await.unwrap();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(running.address).await.unwrap();
        stream.write_all(request).await.unwrap();
        read_until(&mut stream, "here").await;
        held.push(stream);
    }
}

/// A server whose `/slow` says when it has begun and ends when it is told to.
async fn slow_server() -> (Running, Arc<Notify>, Arc<Notify>) {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
    let app = Router::new().route(
        "/slow",
        get(async move || {
            tell.notify_one();
            wait.notified().await;
            "finished"
        }),
    );
    (served(app).await, begun, go_on)
}

#[tokio::test]
async fn stopping_lets_a_running_request_finish() {
    let (running, begun, go_on) = slow_server().await;
    let address = running.address;
    let client =
        tokio::spawn(async move { exchange(address, "GET /slow HTTP/1.1\r\nhost: test\r\n\r\n").await });
    begun.notified().await;
    let mut stop = std::pin::pin!(running.stop(Duration::from_secs(3600)));
    tokio::select! {
        biased;
        () = &mut stop => panic!("stopped with a request running"),
        () = std::future::ready(()) => {}
    }
    go_on.notify_one();
    stop.await;
    let reply = client.await.unwrap();
    assert_eq!(body(&reply), b"finished");
    assert!(TcpStream::connect(address).await.is_err(), "the socket is closed");
}

#[tokio::test]
async fn stopping_cuts_what_outlasts_the_deadline() {
    let (running, begun, _go_on) = slow_server().await;
    let address = running.address;
    let client =
        tokio::spawn(async move { exchange(address, "GET /slow HTTP/1.1\r\nhost: test\r\n\r\n").await });
    begun.notified().await;
    running.stop(Duration::ZERO).await;
    assert!(client.await.unwrap().is_empty());
}

/// Writes a fresh certificate for localhost and its key; returns the certificate.
fn write_pair(files: &TlsFiles) -> CertificateDer<'static> {
    let pair = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&files.certificate, pair.cert.pem()).unwrap();
    std::fs::write(&files.key, pair.signing_key.serialize_pem()).unwrap();
    pair.cert.der().clone()
}

fn files_in(directory: &Path) -> TlsFiles {
    TlsFiles { certificate: directory.join("cert.pem"), key: directory.join("key.pem") }
}

/// A request over TLS that trusts just this certificate, and the protocol agreed on.
async fn tls_get(
    address: SocketAddr,
    trusted: CertificateDer<'static>,
    offered: &'static [u8],
) -> Result<(Vec<u8>, Option<Vec<u8>>), String> {
    tokio::task::spawn_blocking(move || {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(trusted).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![offered.to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut socket = std::net::TcpStream::connect(address).unwrap();
        let mut stream = rustls::Stream::new(&mut client, &mut socket);
        let request = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request).map_err(|error| error.to_string())?;
        let mut reply = Vec::new();
        let _ = stream.read_to_end(&mut reply);
        Ok((reply, client.alpn_protocol().map(<[u8]>::to_vec)))
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn tls_serves_and_offers_http_2() {
    let directory = tempfile::tempdir().unwrap();
    let files = files_in(directory.path());
    let certificate = write_pair(&files);
    let running = serve(ListenConfig { tls: Some(files), ..local() }, whoami()).await.unwrap();
    let (reply, agreed) = tls_get(running.address, certificate.clone(), b"http/1.1").await.unwrap();
    assert!(head(&reply).starts_with("HTTP/1.1 200"), "{}", head(&reply));
    assert!(body(&reply).starts_with(b"127.0.0.1:"));
    assert_eq!(agreed.as_deref(), Some(&b"http/1.1"[..]));
    let (_, agreed) = tls_get(running.address, certificate, b"h2").await.unwrap();
    assert_eq!(agreed.as_deref(), Some(&b"h2"[..]));
    running.stop(Duration::from_secs(60)).await;
}

#[tokio::test]
async fn a_changed_certificate_is_taken_and_a_broken_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let files = files_in(directory.path());
    let old = write_pair(&files);
    let mut watch = CertificateWatch::load(files.clone()).await.unwrap();
    let listener =
        BoundedListener::new(local().listener, (10, 10), TrustedProxies::default(), Duration::from_secs(75))
            .unwrap();
    let address = listener.get_local_addr().map(SocketAddr::from).unwrap();
    let app = whoami().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(
        Server::<Peer>::from_listener(listener).acceptor(RustlsAcceptor::new(watch.config())).serve(app),
    );

    assert!(!watch.look().await.unwrap(), "nothing has changed");
    assert!(tls_get(address, old.clone(), b"http/1.1").await.is_ok());

    for broken in ["", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        std::fs::write(&files.certificate, broken).unwrap();
        assert!(watch.look().await.is_err(), "{broken}");
        assert!(!watch.look().await.unwrap(), "told of once");
        assert!(tls_get(address, old.clone(), b"http/1.1").await.is_ok());
    }
    let old_key = std::fs::read(&files.key).unwrap();
    let new = write_pair(&files);
    let new_key = std::fs::read(&files.key).unwrap();
    std::fs::write(&files.key, old_key).unwrap();
    assert!(matches!(watch.look().await, Err(TlsError::Unusable(_))), "the key of another certificate");
    std::fs::remove_file(&files.key).unwrap();
    assert!(matches!(watch.look().await, Err(TlsError::Read { .. })));
    std::fs::write(&files.key, new_key).unwrap();

    assert!(watch.look().await.unwrap());
    assert!(tls_get(address, new, b"http/1.1").await.is_ok());
    assert!(tls_get(address, old, b"http/1.1").await.is_err(), "the old certificate is gone");
}

#[tokio::test]
async fn a_broken_certificate_is_no_start() {
    let directory = tempfile::tempdir().unwrap();
    let files = files_in(directory.path());
    let refused = serve(ListenConfig { tls: Some(files), ..local() }, whoami()).await;
    assert!(matches!(refused, Err(ListenError::Tls(TlsError::Read { .. }))));
}
