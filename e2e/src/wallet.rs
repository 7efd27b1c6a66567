//! A small HTTP server that plays a company's wallet system.

use std::io::BufReader;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::provider::{self, Posted};

/// The system: it says the same balance to whoever asks.
pub struct WalletSystem {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl WalletSystem {
    /// Starts on a free loopback port.
    pub fn start(amount: &'static str, digits: i64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port for the wallet system");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(stream, &notes, amount, digits).ok();
            }
        });
        Self { address, asked }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The paths and bodies of what it was asked so far.
    pub fn asked(&self) -> Vec<(String, Value)> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(
    stream: TcpStream,
    notes: &Mutex<Vec<(String, Value)>>,
    amount: &str,
    digits: i64,
) -> std::io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    while let Some(Posted { path, body }) = provider::read(&mut input)? {
        let asked: Value = serde_json::from_slice(&body).expect("the wallet system is sent JSON");
        let data = json!({
            "userName": asked["userName"], "currency": asked["currency"], "amount": amount, "amountDigits": digits,
        });
        notes.lock().unwrap_or_else(PoisonError::into_inner).push((path, asked));
        provider::answer(&mut out, "200 OK", &json!({ "code": "0", "data": data }).to_string())?;
    }
    Ok(())
}
