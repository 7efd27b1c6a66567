//! An HTTP/1.1 server that gives prepared answers, one a connection, and keeps what it was asked.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

/// A request as it came.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as a form, decoded.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        assert_eq!(self.header("content-type"), Some("application/x-www-form-urlencoded"));
        let pairs = self.body.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.map(|(key, value)| (decode(key), decode(value))).collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        assert!(self.header("content-type").unwrap().starts_with("application/json"));
        serde_json::from_str(&self.body).unwrap()
    }
}

pub(crate) struct HttpServer {
    pub(crate) base: String,
    thread: JoinHandle<Vec<Request>>,
}

impl HttpServer {
    /// Serves the answers in turn, each a whole HTTP response, and then no more.
    pub(crate) fn start(answers: Vec<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let thread =
            std::thread::spawn(move || answers.into_iter().map(|answer| serve(&listener, &answer)).collect());
        Self { base, thread }
    }

    /// One answer with this status line and JSON body.
    pub(crate) fn answering(status: &str, body: &str) -> Self {
        Self::start(vec![response(status, "content-type: application/json\r\n", body)])
    }

    /// What was asked; waits until every answer has been given.
    pub(crate) fn requests(self) -> Vec<Request> {
        self.thread.join().unwrap()
    }

    pub(crate) fn only_request(self) -> Request {
        let mut requests = self.requests();
        assert_eq!(requests.len(), 1);
        requests.remove(0)
    }
}

pub(crate) fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
}

fn serve(listener: &TcpListener, answer: &str) -> Request {
    let (stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut next_line = || {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    };
    let line = next_line();
    let mut headers = Vec::new();
    loop {
        let header = next_line();
        let Some((name, value)) = header.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let find = |name: &str| headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if let Some(length) = find("content-length") {
        body.resize(length.parse().unwrap(), 0);
        reader.read_exact(&mut body).unwrap();
    } else if !line.starts_with("GET ") {
        assert_eq!(find("transfer-encoding").as_deref(), Some("chunked"));
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).unwrap();
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            chunk.truncate(size);
            body.extend(chunk);
            if size == 0 {
                break;
            }
        }
    }
    // The client may hang up before it has read everything, as it does with an answer too large.
    let _ = (&stream).write_all(answer.as_bytes());
    Request { line, headers, body: String::from_utf8(body).unwrap() }
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).unwrap()
}
