//! A server that plays a script: replies per path, good or broken, over plain TCP.
//!
//! Replies queued with [`Script::on`] are played once, in order; then the path's behaviour set with
//! [`Script::answer`], if any, takes over. A path without either answers 418, which no client
//! retries. A script dropped with unplayed replies fails the test.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

/// Path below which everything is served.
const PREFIX: &str = "/v0";

/// A request as received.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// `GET`, one hopes.
    pub(crate) method: String,
    /// Path below the base URL, still percent-encoded.
    pub(crate) path: String,
    /// Query as sent, still percent-encoded.
    pub(crate) query: String,
    headers: Vec<(String, String)>,
}

impl Request {
    /// Gives a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Gives a decoded query parameter.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }

    /// Gives the id to continue after.
    pub(crate) fn after(&self) -> Option<String> {
        self.param("pagination[starting_after]")
    }
}

/// One reply of the script.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    date: Option<SystemTime>,
    delivered: usize,
    announced: bool,
    delay: Duration,
}

impl Reply {
    /// Replies with these bytes.
    pub(crate) fn bytes(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
            date: Some(SystemTime::now()),
            delivered: usize::MAX,
            announced: true,
            delay: Duration::ZERO,
        }
    }

    /// Replies with JSON.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::bytes(status, body.to_string()).header("content-type", "application/json")
    }

    /// Replies with a list of these elements.
    pub(crate) fn list(elements: &[Value]) -> Self {
        Self::json(200, &json!({"object": "list", "data": elements}))
    }

    /// Replies with an error in the API's own shape.
    pub(crate) fn error(status: u16, message: &str) -> Self {
        let kind = if status < 500 { "invalid_request_error" } else { "api_error" };
        Self::json(status, &json!({"error": {"type": kind, "message": message}}))
    }

    /// Closes the connection without a byte.
    pub(crate) fn hang_up() -> Self {
        Self::bytes(0, "")
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Announces the whole body, delivers this much of it and closes.
    pub(crate) fn cut_at(mut self, bytes: usize) -> Self {
        self.delivered = bytes;
        self
    }

    /// Leaves `Content-Length` out: the body ends with the connection.
    pub(crate) fn unannounced(mut self) -> Self {
        self.announced = false;
        self
    }

    /// Sets the `Date` header, Unix seconds.
    pub(crate) fn at(mut self, unix_seconds: u64) -> Self {
        self.date = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds));
        self
    }

    /// Leaves the `Date` header out.
    pub(crate) fn undated(mut self) -> Self {
        self.date = None;
        self
    }

    /// Keeps the client waiting.
    pub(crate) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    async fn play(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        if self.status == 0 {
            return Ok(());
        }
        let mut head = format!("HTTP/1.1 {} Scripted\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(date) = self.date {
            head += &format!("date: {}\r\n", httpdate::fmt_http_date(date));
        }
        if self.announced {
            head += &format!("content-length: {}\r\n", self.body.len());
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await?;
        stream.write_all(&self.body[..self.body.len().min(self.delivered)]).await?;
        stream.shutdown().await
    }
}

type Behaviour = Box<dyn FnMut(&Request) -> Reply + Send>;

#[derive(Default)]
struct State {
    queues: HashMap<String, VecDeque<Reply>>,
    behaviours: HashMap<String, Behaviour>,
    requests: Vec<Request>,
}

/// A running scripted server; it ends when dropped.
pub(crate) struct Script {
    base: Url,
    state: Arc<Mutex<State>>,
    busiest: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Script {
    /// Starts a server on a free port of this machine.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let base = Url::parse(&format!("http://{address}{PREFIX}")).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let busiest = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(serve(listener, Arc::clone(&state), Arc::clone(&busiest)));
        Self { base, state, busiest, task }
    }

    /// Gives the address that all paths are below.
    pub(crate) fn base_url(&self) -> Url {
        self.base.clone()
    }

    /// Queues replies for a path below the base URL.
    pub(crate) fn on(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        let mut state = self.state.lock().unwrap();
        state.queues.entry(path.to_owned()).or_default().extend(replies);
    }

    /// Sets how a path behaves once its queue is empty.
    pub(crate) fn answer(
        &self,
        path: &str,
        behaviour: impl FnMut(&Request) -> Reply + Send + 'static,
    ) {
        let mut state = self.state.lock().unwrap();
        state.behaviours.insert(path.to_owned(), Box::new(behaviour));
    }

    /// Gives all requests so far, in order of arrival.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.state.lock().unwrap().requests.clone()
    }

    /// Gives the most requests that were under way at the same time since the last call.
    pub(crate) fn busiest(&self) -> usize {
        self.busiest.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.task.abort();
        if std::thread::panicking() {
            return;
        }
        let state = self.state.lock().unwrap();
        for (path, queue) in &state.queues {
            assert!(queue.is_empty(), "{} replies for {path} were never asked for", queue.len());
        }
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>, busiest: Arc<AtomicUsize>) {
    let busy = Arc::new(AtomicUsize::new(0));
    while let Ok((mut stream, _)) = listener.accept().await {
        let (state, busy, busiest) = (Arc::clone(&state), Arc::clone(&busy), Arc::clone(&busiest));
        tokio::spawn(async move {
            let Some(request) = read_request(&mut stream).await else { return };
            busiest.fetch_max(busy.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let reply = choose(&mut state.lock().unwrap(), request);
            tokio::time::sleep(reply.delay).await;
            // Before the reply: the client's next request may overtake this task.
            busy.fetch_sub(1, Ordering::SeqCst);
            // A client that hangs up early is part of some scripts.
            drop(reply.play(&mut stream).await);
        });
    }
}

fn choose(state: &mut State, request: Request) -> Reply {
    let queued = state.queues.get_mut(&request.path).and_then(VecDeque::pop_front);
    let reply = queued.unwrap_or_else(|| match state.behaviours.get_mut(&request.path) {
        Some(behaviour) => behaviour(&request),
        None => Reply::bytes(418, format!("nothing scripted for {}", request.path)),
    });
    state.requests.push(request);
    reply
}

async fn read_request(stream: &mut TcpStream) -> Option<Request> {
    let mut stream = BufReader::new(stream);
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.ok()?);
    }
    let head = String::from_utf8(head).ok()?;
    let mut lines = head.lines();
    let mut words = lines.next()?.split(' ');
    let method = words.next()?.to_owned();
    let target = words.next()?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let path = path.strip_prefix(PREFIX).unwrap_or(path).to_owned();
    Some(Request { method, path, query: query.to_owned(), headers })
}
