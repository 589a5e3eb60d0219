//! Runs a walk: asks what its segments want, sends on what they accept, cuts them where it pays.
//!
//! ```text
//!  newest                                                     oldest
//!  ├── segment ──────►├── segment ──────►├── segment ─────────────►│
//!  head of the list   after an object    after an object      proven end
//! ```
//!
//! A walk begins as one segment. Where more requests may be under way than segments are, the one
//! with most left is cut at an object found by asking for the newest one up to a time ([`split`]).
//! Nothing depends on that answer being right: any object of the list can end a segment and begin
//! another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::future::join;
use tokio::sync::mpsc::Sender;
use tokio::sync::{Mutex, Notify};
use tokio::task::{JoinSet, yield_now};

use super::board::Board;
use super::checkpoint::Checkpoint;
use super::client::{Client, Question, Reply, Served};
use super::decode::{Envelope, Row};
use super::dialect::{self, Ask, Dialect};
use super::failure::HttpFailure;
use super::follow::follow;
use super::ids::is_usable_id;
use super::segment::{Cut, Segment, Taken};
use super::split;
use super::walk::{Outcome, Stuck, WalkStatus};
use crate::catalog::{Paging, StreamSpec};
use crate::error::{Context, Error, Kind, Result};
use crate::model::{Page, View, Window};

/// Segments that wait for their turn, per segment under way, where rows show no time: nobody can
/// tell later how far they came, so that they are cut small from the start.
const WAITING_PER_SEGMENT: usize = 2;
/// Cuts that may be tried whatever they bring, and pages that pay for a further one.
const FREE_CUTS: u64 = 8;
const PAGES_PER_CUT: u64 = 8;

/// What to walk.
#[derive(Debug, Clone)]
pub struct WalkRequest {
    /// The list.
    pub spec: &'static StreamSpec,
    /// The part of it.
    pub window: Window,
    /// Where an earlier walk over the same window stopped.
    pub resume: Option<Checkpoint>,
    /// A further filter, the same on every page.
    pub filter: Option<Filter>,
    /// The object below which the list stands, where its path holds an `{id}`.
    pub below: Option<String>,
    /// Segments to walk at the same time, at most; the client's own limits hold all the same.
    pub width: usize,
}

/// A query parameter that narrows a list, such as `invoice=inv_1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// Its name.
    pub parameter: &'static str,
    /// Its value, not yet encoded.
    pub value: String,
}

/// A page on its way to be stored.
#[derive(Debug, Clone)]
pub struct Walked<T = Page> {
    /// What was made of the elements.
    pub page: T,
    /// Elements on the page.
    pub elements: u64,
    /// Where to go on once this page and all before it are stored.
    pub resume: Checkpoint,
    /// The server's page count, good for display only (CONTRACT G-A3).
    pub total_pages: Option<u64>,
    /// Estimate of the pages to come, from the time of creation that is not covered yet.
    pub pages_left: Option<u64>,
}

/// How a walk went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkEnd {
    /// How it ended.
    pub status: WalkStatus,
    /// Distinct rows sent, those before the resume point included. Copies of one id more than 50
    /// pages apart count twice, as do rows of a shared second where the walk had to start over.
    pub rows: u64,
    /// Pages sent, those before the resume point included.
    pub pages: u64,
    /// Requests sent by this call.
    pub requests: u64,
}

/// Walks a window and sends every page that holds a new row, made into something by `make` on the
/// task that fetched it.
///
/// Each segment comes newest first; segments come side by side. Dropping the future loses nothing
/// that was sent; the last stored [`Walked::resume`] goes on from there. An id may come twice: the
/// later copy is the newer one. On `FilterIgnored` the offending page is not sent. An empty window
/// is `Complete` with no page: whether it may be empty is for the caller to judge.
///
/// # Errors
/// As any request (CONTRACT A1.4); `Contract` if the list cannot be walked to its end;
/// `Interrupted` if the receiver is gone; those of `make`.
pub async fn walk<T: Send + 'static>(
    client: &Client,
    request: WalkRequest,
    pages: Sender<Walked<T>>,
    make: impl Fn(Page) -> Result<T> + Send + Sync + 'static,
) -> Result<WalkEnd> {
    let dialect = dialect::of(request.spec.paging);
    if !matches!(request.spec.paging, Paging::AfterLastId | Paging::AfterLastIdPerhaps) {
        return follow(client, &request, pages, make).await;
    }
    let walking = Arc::new(Walking {
        client: client.clone(),
        dialect,
        requests: AtomicU64::new(0),
        news: Notify::new(),
        cuts: AtomicBool::new(request.width > 1),
        board: Mutex::new(Board::new(client, &request)),
        pages,
        make: Box::new(make),
        request,
    });
    let status = walking.run().await?;
    let total = walking.board.lock().await.total();
    let requests = walking.requests.load(Ordering::SeqCst);
    Ok(WalkEnd { status, rows: total.rows, pages: total.pages, requests })
}

/// What all tasks of a walk share.
struct Walking<T> {
    client: Client,
    request: WalkRequest,
    dialect: &'static dyn Dialect,
    requests: AtomicU64,
    /// A segment came on: a cut may pay now.
    news: Notify,
    /// Segments may still be cut.
    cuts: AtomicBool,
    /// Held while a page is sent, so that checkpoints and pages come in the same order.
    board: Mutex<Board>,
    pages: Sender<Walked<T>>,
    make: Box<dyn Fn(Page) -> Result<T> + Send + Sync>,
}

impl<T: Send + 'static> Walking<T> {
    /// Runs segments until none is left, or one shows that all are in vain.
    async fn run(self: &Arc<Self>) -> Result<WalkStatus> {
        let mut tasks = JoinSet::new();
        loop {
            if let Some(status) = self.start(&mut tasks).await {
                return Ok(status);
            }
            tokio::select! {
                joined = tasks.join_next() => if let Some(joined) = joined {
                    joined.context(Kind::Network, || "fetching ended unexpectedly")??;
                },
                () = self.news.notified() => {}
            }
        }
    }

    /// Starts what may start: segments that wait, then cuts. Gives how the walk ended, if it has.
    async fn start(self: &Arc<Self>, tasks: &mut JoinSet<Result<()>>) -> Option<WalkStatus> {
        let mut board = self.board.lock().await;
        if board.places.is_empty() || board.status == WalkStatus::FilterIgnored {
            return Some(board.status);
        }
        let mut free = self.request.width.max(1).saturating_sub(board.running());
        for place in board.places.iter_mut().filter(|place| !place.is_running).take(free) {
            place.is_running = true;
            free -= 1;
            let (walking, segment) = (Arc::clone(self), Arc::clone(&place.segment));
            tasks.spawn(async move { walking.drive(&segment).await });
        }
        let mut wanted = self.cuts_wanted(&board, free, tasks.len());
        while wanted > 0
            && let Some((segment, at)) = self.choose(&board)
        {
            wanted -= 1;
            board.cuts += 1;
            segment.begin_cut();
            let walking = Arc::clone(self);
            tasks.spawn(async move {
                walking.cut(&segment, at).await;
                Ok(())
            });
        }
        None
    }

    /// Says how many cuts may be begun; each under way is a task that is no segment.
    fn cuts_wanted(&self, board: &Board, free: usize, tasks: usize) -> usize {
        let most = FREE_CUTS + board.total().pages / PAGES_PER_CUT;
        if !self.cuts.load(Ordering::SeqCst) || board.cuts >= most {
            return 0;
        }
        let shows_time = board.places.iter().any(|place| place.segment.view().low.is_some());
        let waiting = if shows_time { 0 } else { self.request.width * WAITING_PER_SEGMENT };
        let cutting = tasks.saturating_sub(board.running());
        (free + waiting)
            .saturating_sub(board.places.len() - board.running())
            .saturating_sub(cutting)
            .min(self.request.width.saturating_sub(cutting))
    }

    fn choose(&self, board: &Board) -> Option<(Arc<Segment>, i64)> {
        let views: Vec<_> = board.places.iter().map(|place| place.segment.view()).collect();
        let floor = self.request.window.from.unwrap_or(0);
        let limit = self.client.served(self.request.spec.path).limit;
        let pages = board.total().pages;
        let (index, at) = split::choose(&views, floor, limit, pages)?;
        Some((Arc::clone(&board.places.get(index)?.segment), at))
    }

    /// Looks for an object made at `at` or before, and lets an older segment begin after it. A list
    /// where that cannot be asked is walked on as it is.
    async fn cut(self: &Arc<Self>, segment: &Arc<Segment>, at: i64) {
        let window = Window { from: self.request.window.from, to: Some(at) };
        // The second object is the place, and the first one the way back that proves an end.
        let ask = Ask { window, limit: 2, after: None };
        let question = self.question(&ask, 1);
        let found = self.client.ask(&question, |body| self.dialect.decode(body)).await;
        let tries = found.as_ref().map_or(1, |reply| reply.tries);
        self.requests.fetch_add(tries.into(), Ordering::SeqCst);
        let rows = match &found {
            Ok(reply) => reply.value.rows.as_slice(),
            Err(_) => return self.give_up_cutting(segment),
        };
        if rows.iter().any(|row| row.created_at.is_some_and(|created| created > at)) {
            return self.give_up_cutting(segment);
        }
        let usable = |row: &Row| row.id.clone().filter(|id| is_usable_id(id));
        let [before, row, ..] = rows else { return segment.spare(Some(at)) };
        let (Some(before), Some(id)) = (usable(before), usable(row)) else {
            return segment.spare(None);
        };
        let mut board = self.board.lock().await;
        let made = row.created_at.unwrap_or(at);
        if let Cut::Older(older) = segment.cut([id, before], made, row.created_at.is_some()) {
            board.add(segment, *older);
        }
    }

    fn give_up_cutting(&self, segment: &Segment) {
        self.cuts.store(false, Ordering::SeqCst);
        segment.spare(None);
    }

    /// Walks a segment to its end. While a page is made and sent, the next one is under way.
    async fn drive(self: &Arc<Self>, segment: &Arc<Segment>) -> Result<()> {
        let (mut question, mut asked) = self.put(segment).await?;
        loop {
            let taken = match segment.take(&asked.outcome()) {
                Ok(taken) => taken,
                Err(stuck) => return Err(stuck_error(&self.client, &question, asked, stuck)),
            };
            let (largest, limit) = taken.learned;
            self.client.remember(self.request.spec.path, Served { largest, limit });
            let next = async {
                match taken.step.end {
                    None => self.put(segment).await.map(Some),
                    Some(_) => Ok(None),
                }
            };
            // The next question first: making a page keeps the processor busy.
            let (next, sent) = join(next, self.send_on(segment, asked, &taken)).await;
            sent?;
            match next? {
                Some(answered) => (question, asked) = answered,
                None => return Ok(()),
            }
        }
    }

    /// Puts the next question of a segment.
    async fn put(&self, segment: &Segment) -> Result<(Question<'static>, Asked)> {
        let (ask, number) = segment.ask();
        let question = self.question(&ask, number);
        let asked = fetch(&self.client, &question, self.dialect, ask.after.as_deref()).await?;
        self.requests.fetch_add(asked.tries().into(), Ordering::SeqCst);
        Ok((question, asked))
    }

    /// Sends what was answered, and tells that the segment came on.
    async fn send_on(&self, segment: &Arc<Segment>, asked: Asked, taken: &Taken) -> Result<()> {
        // Lets the next question reach the network.
        yield_now().await;
        if let Asked::Page(reply) = asked {
            self.send(segment, reply, taken).await?;
        } else if let Some(status) = taken.step.end {
            self.board.lock().await.end(segment, status);
        }
        self.news.notify_one();
        Ok(())
    }

    fn question(&self, ask: &Ask, page: u64) -> Question<'static> {
        let mut query = self.dialect.query(ask);
        let filter = self.request.filter.iter();
        query.extend(filter.map(|by| (by.parameter.to_owned(), by.value.clone())));
        let spec = self.request.spec;
        Question { query, page: Some(page), ..Question::of(spec, spec.path) }
    }

    /// Sends a page with the place of all segments, its own beyond this page.
    async fn send(
        &self,
        segment: &Arc<Segment>,
        reply: Reply<Envelope>,
        taken: &Taken,
    ) -> Result<()> {
        let Taken { step, keep, first_position, .. } = taken;
        let made = match &step.send {
            Some(point) => {
                let total_pages = reply.value.total_pages;
                let page = page_of(reply, *keep, *first_position);
                let elements = u64::try_from(page.elements.len()).unwrap_or(u64::MAX);
                Some((Arc::new(point.clone()), (self.make)(page)?, elements, total_pages))
            }
            None => None,
        };
        let mut board = self.board.lock().await;
        if let (Some((point, ..)), Some(place)) = (&made, board.place_of(segment)) {
            place.sent.point = Arc::clone(point);
        }
        if let Some(status) = step.end {
            board.end(segment, status);
        }
        if let Some((_, page, elements, total_pages)) = made {
            let views: Vec<_> = board.places.iter().map(|place| place.segment.view()).collect();
            let limit = self.client.served(self.request.spec.path).limit;
            let pages_left = split::pages_left(&views, self.request.window.from, limit);
            let resume = board.checkpoint();
            let walked = Walked { page, elements, resume, total_pages, pages_left };
            self.pages.send(walked).await.map_err(|_| {
                let path = self.request.spec.path;
                Error::new(Kind::Interrupted, format!("the walk over {path} was ended"))
            })?;
        }
        Ok(())
    }
}

/// Gives the first elements of an answer as a page.
pub(super) fn page_of(reply: Reply<Envelope>, keep: usize, first_position: u64) -> Page {
    let Reply { value, request, observed_at, .. } = reply;
    let elements = value.rows.into_iter().take(keep).map(|row| row.json).collect();
    Page { view: View::List, request, observed_at, elements, first_position }
}

/// An answer that the state machine has to hear of.
#[derive(Debug)]
pub(super) enum Asked {
    Page(Reply<Envelope>),
    LimitRefused(Error),
    CursorRefused(Error),
}

impl Asked {
    /// Counts the requests sent for it.
    pub(super) fn tries(&self) -> u32 {
        match self {
            Self::Page(reply) => reply.tries,
            Self::LimitRefused(error) | Self::CursorRefused(error) => {
                HttpFailure::of(error).map_or(1, |failure| failure.tries)
            }
        }
    }

    /// Gives what the state machine has to hear.
    pub(super) fn outcome(&self) -> Outcome<'_> {
        match self {
            Self::Page(reply) => Outcome::Page(&reply.value.rows),
            Self::LimitRefused(_) => Outcome::LimitRefused,
            Self::CursorRefused(_) => Outcome::CursorRefused,
        }
    }
}

/// Turns the end of all ways on into an error; a refusal of the server becomes its cause.
pub(super) fn stuck_error(
    client: &Client,
    question: &Question<'_>,
    asked: Asked,
    stuck: Stuck,
) -> Error {
    let error = client.error(Kind::Contract, question, &stuck.to_string());
    match asked {
        Asked::Page(_) => error,
        Asked::LimitRefused(cause) | Asked::CursorRefused(cause) => error.because(cause),
    }
}

/// Asks for a page; a refusal of page size or cursor is an answer too.
pub(super) async fn fetch(
    client: &Client,
    question: &Question<'_>,
    dialect: &dyn Dialect,
    after: Option<&str>,
) -> Result<Asked> {
    let error = match client.ask(question, |body| dialect.decode(body)).await {
        Ok(reply) => return Ok(Asked::Page(reply)),
        Err(error) => error,
    };
    match HttpFailure::of(&error).map(|failure| refused(failure, after)) {
        Some(Refused::Limit) => Ok(Asked::LimitRefused(error)),
        Some(Refused::Cursor) => Ok(Asked::CursorRefused(error)),
        Some(Refused::Request) | None => Err(error),
    }
}

/// What a failed page request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refused {
    Limit,
    Cursor,
    Request,
}

/// Reads a 400 or 404 (CONTRACT A2.3 rules 1 and 5).
fn refused(failure: &HttpFailure, after: Option<&str>) -> Refused {
    let api = &failure.api;
    match (failure.status, after) {
        // The list itself answered before it gave this cursor, so it is the cursor that is gone.
        (Some(404), Some(_)) => Refused::Cursor,
        (Some(400), Some(after))
            if api.param.as_deref() == Some("id")
                || api.mentions(&["starting_after", "cursor", &after.to_lowercase()]) =>
        {
            Refused::Cursor
        }
        (Some(400), _) if api.mentions(&["limit", "pagination"]) => Refused::Limit,
        _ => Refused::Request,
    }
}
