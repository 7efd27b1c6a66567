//! A TCP listener that takes a bounded number of connections and ends those that fall silent.

use super::places::{Place, Places};
use crate::client_address::TrustedProxies;
use axum::extract::connect_info::Connected;
use axum_server::{AddrListener, Address};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// The other end's address; a type of ours, so that the server takes our listener with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(SocketAddr);

impl Address for Peer {
    type Stream = BoundedStream;
    type Listener = BoundedListener;
}

impl From<Peer> for SocketAddr {
    fn from(peer: Peer) -> Self {
        peer.0
    }
}

impl Connected<Peer> for SocketAddr {
    fn connect_info(peer: Peer) -> Self {
        peer.0
    }
}

/// Accepts only while a permit is free. Whoever comes later waits in the kernel's queue, where a
/// connection costs us no file descriptor and no memory, and is refused by the kernel when that is full.
pub(super) struct BoundedListener {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    places: Places,
    proxies: TrustedProxies,
    idle_timeout: Duration,
}

impl BoundedListener {
    pub(super) fn new(
        listener: std::net::TcpListener,
        (max_connections, max_of_host): (usize, usize),
        proxies: TrustedProxies,
        idle_timeout: Duration,
    ) -> io::Result<Self> {
        listener.set_nonblocking(true)?;
        let permits = Arc::new(Semaphore::new(max_connections.clamp(1, Semaphore::MAX_PERMITS)));
        let places = Places::new(max_of_host.max(1));
        Ok(Self { listener: TcpListener::from_std(listener)?, permits, places, proxies, idle_timeout })
    }
}

impl AddrListener<BoundedStream, Peer> for BoundedListener {
    async fn bind_to(_: Peer) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "the listener is made from a bound socket"))
    }

    async fn accept_stream(&self) -> io::Result<(BoundedStream, Peer)> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        let (stream, peer, place) = loop {
            let (stream, peer) = self.listener.accept().await?;
            // A proxy speaks for many.
            if self.proxies.trusts(peer.ip()) {
                break (stream, peer, None);
            }
            // One host must not hold all the places there are; what it has too many of is closed.
            if let Some(place) = self.places.take(peer.ip()) {
                break (stream, peer, Some(place));
            }
        };
        // Replies are written whole; waiting to fill packets only delays them.
        stream.set_nodelay(true)?;
        Ok((BoundedStream::new(stream, self.idle_timeout, (permit, place)), Peer(peer)))
    }

    fn get_local_addr(&self) -> io::Result<Peer> {
        self.listener.local_addr().map(Peer)
    }
}

/// A connection that fails with `TimedOut` when no byte has passed for the idle time. It holds its permit
/// until it is dropped, also when a WebSocket has taken it over.
pub(super) struct BoundedStream {
    stream: TcpStream,
    idle_timeout: Duration,
    last_byte: Instant,
    alarm: Pin<Box<Sleep>>,
    _held: (OwnedSemaphorePermit, Option<Place>),
}

impl BoundedStream {
    fn new(stream: TcpStream, idle_timeout: Duration, held: (OwnedSemaphorePermit, Option<Place>)) -> Self {
        let last_byte = Instant::now();
        let alarm = Box::pin(sleep_until(last_byte + idle_timeout));
        Self { stream, idle_timeout, last_byte, alarm, _held: held }
    }

    /// Notes that bytes passed, or while none do watches the time. The alarm is not moved with every
    /// byte, which would be dear; when it goes off it is set anew if there were bytes meanwhile.
    fn watch<T>(&mut self, outcome: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.last_byte = Instant::now();
            return outcome;
        }
        loop {
            ready!(self.alarm.as_mut().poll(context));
            let deadline = self.last_byte + self.idle_timeout;
            if deadline <= Instant::now() {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
            self.alarm.as_mut().reset(deadline);
        }
    }
}

impl AsyncRead for BoundedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_read(context, buffer);
        this.watch(outcome, context)
    }
}

impl AsyncWrite for BoundedStream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.watch(outcome, context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let outcome = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.watch(outcome, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
