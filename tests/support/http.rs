//! Talks to the emulator over plain sockets, so that its tests share nothing with the mirror's
//! client.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::ops::Deref;
use std::time::Duration;

use paid_sync::emulator::{Emulator, Options};
use serde_json::Value;

/// The key that [`options`] accepts.
pub(crate) const KEY: &str = "sk_test_local";
/// Encodes `sk_test_local:` (CONTRACT V1).
pub(crate) const BASIC: &str = "Basic c2tfdGVzdF9sb2NhbDo=";
/// Ends a wait that would never end.
const PATIENCE: Duration = Duration::from_mins(1);
/// Ends the head of an answer.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Gives the body, which must be JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// Gives the objects of a list that was served.
    pub(crate) fn data(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", self.body);
        self.json()["data"].as_array().expect("data is an array").clone()
    }

    /// Gives a field of the API's error.
    pub(crate) fn error(&self, field: &str) -> String {
        self.json()["error"][field].as_str().unwrap_or_default().to_owned()
    }

    /// Gives all values of a header.
    pub(crate) fn headers(&self, name: &str) -> Vec<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    fn of(bytes: &[u8], head: usize) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (head, body) = (text(&bytes[..head]), text(&bytes[head..]));
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Self { status, head, body }
    }
}

/// What a client has when a connection ends inside an answer.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) received: Vec<u8>,
    pub(crate) kind: ErrorKind,
}

/// One connection, kept open.
pub(crate) struct Line {
    stream: TcpStream,
    host: String,
}

impl Line {
    /// Connects.
    pub(crate) fn open(emulator: &Emulator) -> Self {
        Self::to(&emulator.base_url())
    }

    /// Connects to the host of a base URL.
    pub(crate) fn to(base: &str) -> Self {
        let host = base.trim_start_matches("http://").split('/').next().expect("a host").to_owned();
        let stream = TcpStream::connect(&host).expect("the emulator listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket can lose its patience");
        Self { stream, host }
    }

    /// Reads from the API.
    pub(crate) fn get(&mut self, path: &str) -> Result<Answer, Cut> {
        self.ask("GET", &format!("/v0{path}"), BASIC, "")
    }

    /// Asks the API and waits for nothing.
    pub(crate) fn begin(&mut self, path: &str) {
        self.write("GET", &format!("/v0{path}"), BASIC, "").expect("the request is taken");
    }

    /// Sends a request and reads its answer, as long as its head says.
    pub(crate) fn ask(
        &mut self,
        method: &str,
        path: &str,
        authorization: &str,
        body: &str,
    ) -> Result<Answer, Cut> {
        let mut received = Vec::new();
        if let Err(error) = self.write(method, path, authorization, body) {
            return Err(Cut { received, kind: error.kind() });
        }
        let mut piece = vec![0; 65_536];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Err(Cut { received, kind: ErrorKind::UnexpectedEof }),
                Ok(length) => received.extend_from_slice(&piece[..length]),
                Err(error) => return Err(Cut { received, kind: error.kind() }),
            }
            if let Some(head) = end_of_head(&received)
                && received.len() >= head + announced(&received[..head])
            {
                return Ok(Answer::of(&received, head));
            }
        }
    }

    fn write(
        &mut self,
        method: &str,
        path: &str,
        authorization: &str,
        body: &str,
    ) -> std::io::Result<()> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: {authorization}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.write_all(request.as_bytes())
    }
}

/// Tells where the body begins.
pub(crate) fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let found = bytes.windows(END_OF_HEAD.len()).position(|window| window == END_OF_HEAD);
    found.map(|at| at + END_OF_HEAD.len())
}

/// Tells how long the body is to be.
pub(crate) fn announced(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_lowercase();
    let line = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    line.and_then(|length| length.parse().ok()).expect("the head announces a length")
}

/// Sends a request on a connection of its own.
pub(crate) fn send(emulator: &Emulator, method: &str, path: &str, authorization: &str) -> Answer {
    Line::open(emulator).ask(method, path, authorization, "").expect("a whole answer")
}

/// Reads from the API on a connection of its own.
pub(crate) fn get(emulator: &Emulator, path: &str) -> Answer {
    send(emulator, "GET", &format!("/v0{path}"), BASIC)
}

/// Calls an endpoint of the emulator itself.
pub(crate) fn control(emulator: &Emulator, method: &str, path: &str, body: &str) -> Answer {
    let path = format!("/_emulator{path}");
    Line::open(emulator).ask(method, &path, "none", body).expect("a whole answer")
}

/// Gives a text field, or nothing.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

/// Gives the ids of objects in their order.
pub(crate) fn ids(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| text(object, "id").to_owned()).collect()
}

/// Walks a list to its empty last page.
pub(crate) fn walk(emulator: &Emulator, stream: &str, limit: usize) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let page = get(emulator, &after(stream, limit, all.last())).data();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Writes the path of a page after an object.
pub(crate) fn after(stream: &str, limit: usize, last: Option<&Value>) -> String {
    let cursor = last
        .map_or(String::new(), |last| format!("&pagination[starting_after]={}", text(last, "id")));
    format!("/{stream}?pagination[limit]={limit}{cursor}")
}

/// Chooses the usual small account with a known key.
pub(crate) fn options() -> Options {
    Options { api_key: KEY.to_owned(), ..Options::default() }
}

/// A running emulator; dropping it fails the test if an ordered fault was never used.
#[derive(Debug)]
pub(crate) struct Emulated(Emulator);

impl Emulated {
    /// Starts the usual account.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    /// Starts an account that differs from the usual one.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = options();
        change(&mut options);
        Self(Emulator::start(options).await.expect("the emulator starts"))
    }
}

impl Deref for Emulated {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.0
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let unused = self.0.unused_faults();
            assert!(unused.is_empty(), "faults were ordered and not used: {unused:#?}");
        }
    }
}
