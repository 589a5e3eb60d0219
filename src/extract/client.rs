//! One credential of one source: sends a GET until it is answered or given up.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::{ExposeSecret, SecretString};
use url::{Position, Url};

use super::clock::ServerClock;
use super::decode::Malformed;
use super::failure::{HttpFailure, Trouble};
use super::http::{Answer, Transport, TransportError, local_now};
use super::pace::Pace;
use super::printable::Cleaner;
use super::retry::{Decision, RetryPolicy, Tries, decide, full_jitter};
use super::token::TokenRefused;
use crate::catalog::{Authentication, StreamSpec};
use crate::error::{Error, Kind, Result};
use crate::model::{Event, Observer, RequestNumber};

/// Largest answer accepted unless configured otherwise: 64 MiB.
pub const DEFAULT_MAX_BODY_BYTES: usize = 64 * 1024 * 1024;
/// Bytes of a bad answer that an error shows.
const SHOWN_BODY_BYTES: usize = 200;

/// What a client needs to know.
#[derive(Debug)]
pub struct ClientOptions {
    /// Name of the source, for messages.
    pub source: String,
    /// Address that all paths are below; `https`, or `http` on a loopback address.
    pub base_url: Url,
    /// How the key is presented.
    pub authentication: Authentication,
    /// The key. Never printed, logged or put into an address.
    pub key: SecretString,
    /// Elements asked for per page.
    pub page_size: u32,
    /// Requests per second over all streams.
    pub requests_per_second: u32,
    /// Requests under way at the same time over all streams.
    pub max_in_flight: u32,
    /// Largest decompressed answer accepted, bytes; see [`DEFAULT_MAX_BODY_BYTES`].
    pub max_body_bytes: usize,
    /// Limits of the back-off.
    pub retry: RetryPolicy,
}

/// A connection to one source, shared by all its streams; cloning is cheap.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    source: String,
    page_size: u32,
    retry: RetryPolicy,
    transport: Transport,
    pace: Pace,
    cleaner: Cleaner,
    observer: Arc<dyn Observer>,
    started: Instant,
    clock: Mutex<Clock>,
    requests: AtomicI64,
    served: Mutex<HashMap<&'static str, Served>>,
    effort: Mutex<HashMap<&'static str, Requests>>,
    /// Time between two requests that the observer was told last; none: as configured.
    told: Mutex<Option<Duration>>,
}

/// Requests that one list took, its probes and its objects by id included, and those of them that
/// repeated one that had failed.
type Requests = (u64, u64);

#[derive(Default)]
struct Clock {
    server: ServerClock,
    warned: bool,
}

/// What the answers of one list taught about its page sizes.
///
/// Kept per list: on a list with a smaller cap than others, a full page must not look short, or an
/// empty answer to a deleted cursor would pass for the end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Served {
    /// Most rows in one page.
    pub(super) largest: usize,
    /// Largest limit that was not refused.
    pub(super) limit: u32,
}

/// One GET to be answered.
#[derive(Debug)]
pub(super) struct Question<'a> {
    /// The list that it is asked for, by its path in the catalogue.
    pub(super) list: &'static str,
    /// Path below the base address, percent-encoded.
    pub(super) path: &'a str,
    /// Query parameters, not yet encoded.
    pub(super) query: Vec<(String, String)>,
    /// Number of the page within its walk, 1-based, for messages.
    pub(super) page: Option<u64>,
}

impl<'a> Question<'a> {
    /// Asks for a path of a list, without parameters.
    pub(super) const fn of(spec: &'static StreamSpec, path: &'a str) -> Self {
        Self { list: spec.path, path, query: Vec::new(), page: None }
    }
}

/// A good answer.
#[derive(Debug)]
pub(super) struct Reply<T> {
    /// What was read from the body.
    pub(super) value: T,
    /// Number of the request that got it.
    pub(super) request: RequestNumber,
    /// Server time of its arrival, microseconds.
    pub(super) observed_at: i64,
    /// Requests sent for it.
    pub(super) tries: u32,
}

/// A try that failed.
struct Setback {
    failure: Box<HttpFailure>,
    retry_after: Option<Duration>,
    /// What is outside the contract.
    shape: Option<&'static str>,
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Client")
            .field("source", &self.inner.source)
            .field("base_url", &self.inner.transport.base().as_str())
            .field("requests_sent", &self.requests_sent())
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client without sending anything.
    ///
    /// # Errors
    /// `Configuration` if the address is neither https nor loopback, or the key cannot be sent.
    pub fn new(options: ClientOptions, observer: Arc<dyn Observer>) -> Result<Self> {
        let transport = Transport::new(
            options.base_url,
            options.authentication,
            &options.key,
            options.max_body_bytes,
        )?;
        let cleaner = Cleaner::new(secrets(&options.key, &transport));
        let inner = Inner {
            source: options.source,
            page_size: options.page_size.max(1),
            retry: options.retry,
            transport,
            pace: Pace::new(options.requests_per_second, options.max_in_flight),
            cleaner,
            observer,
            started: Instant::now(),
            clock: Mutex::default(),
            requests: AtomicI64::new(0),
            served: Mutex::default(),
            effort: Mutex::default(),
            told: Mutex::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Gives the server's time, Unix seconds UTC, never running backwards (DESIGN I5).
    ///
    /// # Errors
    /// `Contract` before the first answer with a `Date` header.
    pub fn server_now(&self) -> Result<i64> {
        let now = lock(&self.inner.clock).server.now(self.elapsed_micros());
        now.map(|micros| micros.div_euclid(1_000_000)).ok_or_else(|| {
            let text = format!("source `{}`: no answer has told the time yet", self.inner.source);
            Error::new(Kind::Contract, text)
        })
    }

    /// Gives the number of requests that may be under way at the same time, over all streams.
    pub fn max_in_flight(&self) -> usize {
        self.inner.pace.width()
    }

    /// Counts the requests sent so far; also the number of the last one.
    pub fn requests_sent(&self) -> RequestNumber {
        self.inner.requests.load(Ordering::SeqCst)
    }

    /// Counts the requests that a list took so far, by its path in the catalogue: all, and repeated
    /// ones.
    pub fn requests_for(&self, path: &str) -> (u64, u64) {
        lock(&self.inner.effort).get(path).copied().unwrap_or_default()
    }

    /// Counts a request for a list.
    fn count(&self, list: &'static str, is_retry: bool) {
        let mut effort = lock(&self.inner.effort);
        let known = effort.entry(list).or_default();
        known.0 += 1;
        known.1 += u64::from(is_retry);
    }

    /// Gives what is known of a list's page sizes.
    pub(super) fn served(&self, path: &'static str) -> Served {
        let unknown = Served { largest: 0, limit: self.inner.page_size };
        lock(&self.inner.served).get(path).copied().unwrap_or(unknown)
    }

    /// Remembers what a walk learned of a list's page sizes.
    pub(super) fn remember(&self, path: &'static str, learned: Served) {
        let mut served = lock(&self.inner.served);
        let known = served.entry(path).or_insert(learned);
        known.largest = known.largest.max(learned.largest);
        known.limit = known.limit.min(learned.limit);
    }

    /// Tells the observer when the pace has changed: that it was slowed down is for the request that
    /// knows why, even if another one notices first.
    fn tell_pace(&self, reason: Option<&str>) {
        let (period, configured) = self.inner.pace.period();
        let mut told = lock(&self.inner.told);
        let before = told.unwrap_or(configured);
        if period == before || reason.is_none() && period > before {
            return;
        }
        *told = Some(period);
        drop(told);
        self.inner.observer.notify(&Event::Paced {
            source: &self.inner.source,
            requests_per_second: period.as_secs_f64().recip(),
            configured: configured.as_secs_f64().recip(),
            reason,
        });
    }

    /// Makes an error that names source, path and page.
    pub(super) fn error(&self, kind: Kind, question: &Question<'_>, what: &str) -> Error {
        let page = question.page.map(|page| format!(", page {page}")).unwrap_or_default();
        let source = &self.inner.source;
        Error::new(kind, format!("source `{source}`: GET {}{page}: {what}", question.path))
    }

    /// Sends a GET until `read` accepts the answer or the failure is final.
    ///
    /// # Errors
    /// As CONTRACT A1.4 has it; the error's source is an [`HttpFailure`].
    pub(super) async fn ask<T>(
        &self,
        question: &Question<'_>,
        read: impl Fn(&Bytes) -> Result<T, Malformed> + Send + Sync,
    ) -> Result<Reply<T>> {
        let first = Instant::now();
        let mut tries = Tries::default();
        loop {
            tries.total += 1;
            self.count(question.list, tries.total > 1);
            let mut setback = match self.attempt(question, &read).await {
                Ok(reply) => return Ok(Reply { tries: tries.total, ..reply }),
                Err(setback) => setback,
            };
            let trouble = setback.failure.trouble;
            tries.forbidden += u32::from(trouble == Trouble::Forbidden);
            let policy = &self.inner.retry;
            match decide(policy, trouble, tries, setback.retry_after, full_jitter) {
                Decision::Wait(wait) => {
                    self.inner.observer.notify(&Event::Retrying {
                        path: question.path,
                        reason: &setback.failure.reason(),
                        attempt: tries.total,
                        wait_seconds: wait.as_secs_f64(),
                    });
                    tokio::time::sleep(wait).await;
                }
                Decision::GiveUp => {
                    setback.failure.tries = tries.total;
                    setback.failure.elapsed = first.elapsed();
                    return Err(self.final_error(question, setback));
                }
            }
        }
    }

    async fn attempt<T>(
        &self,
        question: &Question<'_>,
        read: &(impl Fn(&Bytes) -> Result<T, Malformed> + Send + Sync),
    ) -> Result<Reply<T>, Setback> {
        let mut permit = self.inner.pace.permit().await;
        self.tell_pace(None);
        let (request, answer) = self.send(question).await?;
        if (200..300).contains(&answer.status) {
            permit.answered();
        }
        let observed_at = self.observe(&answer);
        let mut setback = match self.judge(&answer, read) {
            Ok(value) => return Ok(Reply { value, request, observed_at, tries: 1 }),
            Err(setback) => setback,
        };
        setback.failure.request = request;
        setback.failure.observed_at = observed_at;
        if setback.failure.trouble == Trouble::Throttled {
            let silence =
                setback.retry_after.map(|wait| wait.min(self.inner.retry.retry_after_cap));
            self.inner.pace.throttled(&permit, silence);
            self.tell_pace(Some(&setback.failure.reason()));
        }
        Err(setback)
    }

    /// Sends the request; once more with a new token, if the one used is not valid any more.
    async fn send(&self, question: &Question<'_>) -> Result<(RequestNumber, Answer), Setback> {
        let (request, answer, credential) = self.send_once(question).await?;
        if answer.status == 401 && self.inner.transport.forget(&credential).await {
            let (request, answer, _) = self.send_once(question).await?;
            return Ok((request, answer));
        }
        Ok((request, answer))
    }

    async fn send_once(
        &self,
        question: &Question<'_>,
    ) -> Result<(RequestNumber, Answer, SecretString), Setback> {
        let transport = &self.inner.transport;
        let credential =
            transport.credential().await.map_err(|refused| self.unauthorized(refused))?;
        if let Some(token) = credential.fresh {
            self.inner.cleaner.learn(token);
        }
        let request = self.inner.requests.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = transport.get(question.path, &question.query, &credential.header).await;
        Ok((request, answer.map_err(unanswered)?, credential.header))
    }

    /// Says why there is no token.
    fn unauthorized(&self, refused: TokenRefused) -> Setback {
        let answer = match refused {
            TokenRefused::Unanswered(cause) => return unanswered(cause),
            TokenRefused::Answered(answer) => answer,
        };
        let text = String::from_utf8_lossy(&answer.body);
        let trouble = match answer.status {
            400 | 401 | 403 => Trouble::Credentials,
            200..=299 => Trouble::NotJson,
            status => Trouble::of_status(status, &text),
        };
        // What asks for a token may be echoed in full: nothing of the body is shown.
        let failure = HttpFailure::answered(trouble, answer.status, b"", &self.inner.cleaner);
        Setback { failure: Box::new(failure), retry_after: answer.retry_after, shape: None }
    }

    fn judge<T>(
        &self,
        answer: &Answer,
        read: &impl Fn(&Bytes) -> Result<T, Malformed>,
    ) -> Result<T, Setback> {
        let (trouble, shape) = if (200..300).contains(&answer.status) {
            match read(&answer.body) {
                Ok(value) => return Ok(value),
                Err(Malformed::NotJson) => (Trouble::NotJson, None),
                Err(Malformed::Shape(what)) => (Trouble::Refused, Some(what)),
            }
        } else {
            let text = String::from_utf8_lossy(&answer.body);
            let shape = (300..400).contains(&answer.status).then_some("redirects are not followed");
            (Trouble::of_status(answer.status, &text), shape)
        };
        let cleaner = &self.inner.cleaner;
        let failure = HttpFailure::answered(trouble, answer.status, &answer.body, cleaner);
        let failure = Box::new(failure);
        Err(Setback { failure, retry_after: answer.retry_after, shape })
    }

    fn final_error(&self, question: &Question<'_>, setback: Setback) -> Error {
        let Setback { failure, shape, .. } = setback;
        let mut what = failure.reason();
        if failure.trouble == Trouble::Network {
            // The one trouble that may be in the address itself, which holds no credential.
            let base = self.inner.transport.base();
            what = format!("{what} from {}", &base[Position::BeforeHost..Position::AfterPort]);
        }
        if let Some(shape) = shape {
            what = format!("{what}: {shape}");
        }
        if failure.trouble.kind() == Kind::Contract && !failure.body.is_empty() {
            let shown = self.inner.cleaner.clean(failure.body.as_bytes(), SHOWN_BODY_BYTES);
            what = format!("{what}; it begins with: {shown}");
        }
        let tries = if failure.tries == 1 { "try" } else { "tries" };
        let seconds = failure.elapsed.as_secs_f64();
        what = format!("{what} ({} {tries} in {seconds:.1} s)", failure.tries);
        self.error(failure.trouble.kind(), question, &what).because(*failure)
    }

    /// Sets the clock by an answer; returns the server's time in microseconds.
    fn observe(&self, answer: &Answer) -> i64 {
        let elapsed = self.elapsed_micros();
        let mut clock = lock(&self.inner.clock);
        let distance = answer.date.and_then(|date| clock.server.observe(date, elapsed));
        // Without any `Date` the local clock has to do: no bound of a window depends on it.
        let now = clock.server.now(elapsed).unwrap_or_else(local_now);
        let warn = distance.filter(|_| !clock.warned);
        clock.warned |= warn.is_some();
        drop(clock);
        if let Some(distance) = warn {
            let source = &self.inner.source;
            let seconds = distance / 1_000_000;
            let text = format!(
                "source `{source}`: an answer's Date header is {seconds} s off the others; it is ignored"
            );
            self.inner.observer.notify(&Event::Warning { text: &text });
        }
        now
    }

    fn elapsed_micros(&self) -> i64 {
        i64::try_from(self.inner.started.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// Gives every form in which the credential could be echoed, the longest first: the key, its part
/// after `:` where it is a pair, and what stands in headers.
fn secrets(key: &SecretString, transport: &Transport) -> Vec<SecretString> {
    let secret = key.expose_secret().split_once(':').map_or("", |(_, secret)| secret);
    vec![key.clone(), secret.into(), transport.secret()]
}

fn unanswered(cause: TransportError) -> Setback {
    let too_large = matches!(cause, TransportError::TooLarge { .. });
    let shape = too_large.then_some("it is larger than allowed");
    Setback { failure: Box::new(HttpFailure::unanswered(cause)), retry_after: None, shape }
}

/// A panic elsewhere cannot leave these values half-written.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
