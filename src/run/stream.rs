//! One stream of one run: walks become load units, load units become progress.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::catalog::{CreatedFilter, Paging, SourceKind, StreamSpec};
use crate::error::{Context, Error, Kind, Result};
use crate::extract::{
    self, Checkpoint, Client, FilterSupport, WalkEnd, WalkRequest, WalkStatus, Walked,
};
use crate::load::{LedgerAdvance, LoadUnit, Place, Run, WalkState, Warehouse};
use crate::model::{
    Batch, Event, Observer, RowCounts, StreamState, StreamStatus, WalkKind, Window,
};
use crate::normalize::Normalizer;
use crate::plan::{self, Walk};

use super::deletion;
use super::gathering::{OpenUnit, Pages};
use super::stop::{Stop, interrupted, stopped};
use super::store::Store;

/// Pages fetched ahead of loading; bounds memory (I10).
const PAGES_AHEAD: usize = 4;

/// What all streams of a source share.
#[derive(Clone)]
pub(super) struct StreamContext {
    pub(super) source: String,
    pub(super) kind: &'static SourceKind,
    /// Streams that the settings select.
    pub(super) followed: Arc<[&'static StreamSpec]>,
    /// Those of them that this run reads.
    pub(super) wanted: Arc<[&'static StreamSpec]>,
    pub(super) account_id: String,
    pub(super) client: Client,
    pub(super) store: Store,
    pub(super) run: Run,
    pub(super) plan: plan::Options,
    /// Server time of the run's first answer, Unix seconds; all windows end at it less the lag.
    pub(super) now: i64,
    pub(super) page_size: u32,
    pub(super) walk_numbers: Arc<AtomicI64>,
    pub(super) learned: Arc<Mutex<Learned>>,
    /// Stop deletions that look like a fault of the source (I9).
    pub(super) brake: bool,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) stop: Stop,
}

/// What a run learns of its lists on the way.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// Whether the `created_at` filter of a stream can be trusted.
    trusted_filters: BTreeMap<&'static str, bool>,
    /// Time of creation, Unix seconds, after which a walk of this run has seen all objects of a
    /// stream.
    seen_from: BTreeMap<&'static str, i64>,
}

/// How a stream went, so far or in the end.
#[derive(Debug, Default)]
pub(super) struct StreamProgress {
    pub(super) outcome: RowCounts,
    pub(super) notes: Vec<String>,
    pub(super) cursor_ignored: bool,
    /// Pages that walks brought.
    pub(super) pages: u64,
    /// Walks that reached their end.
    pub(super) windows: u64,
    /// Time that it took.
    pub(super) took: Duration,
    /// What second looks brought and no transaction holds yet.
    pub(super) rest: Pages,
}

impl StreamProgress {
    /// Adds what another part of the run brought.
    pub(super) fn add(&mut self, other: Self) {
        self.outcome.add(other.outcome);
        self.notes.extend(other.notes);
        self.cursor_ignored |= other.cursor_ignored;
        self.pages += other.pages;
        self.windows += other.windows;
        self.took += other.took;
        self.rest.append(other.rest);
    }
}

impl StreamContext {
    /// Names a stream of this source to the warehouse.
    pub(super) fn place(&self, spec: &'static StreamSpec) -> Place<'_> {
        Place { source: &self.source, account_id: &self.account_id, spec }
    }

    /// Asks the warehouse something about a stream.
    pub(super) async fn ask<T, F>(&self, spec: &'static StreamSpec, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Warehouse, &Place<'_>, &Run) -> Result<T> + Send + 'static,
    {
        let context = self.clone();
        self.store.with(move |warehouse| work(warehouse, &context.place(spec), &context.run)).await
    }

    /// Makes all walks of a stream; what was committed before an error is in `progress`.
    pub(super) async fn run(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        let state = self.state(spec).await?;
        for walk in plan::walks(spec, &state, self.plan, self.now) {
            let Window { from, to } = walk.window;
            let is_whole = walk.kind == WalkKind::Full;
            self.run_walk(spec, normalizer, walk, progress).await?;
            // A window that ends in the past says nothing of what came after it.
            if is_whole || to.is_none_or(|to| to >= self.bound()) {
                let seen_from = if is_whole { i64::MIN } else { from.unwrap_or(i64::MIN) };
                self.learned().seen_from.insert(spec.name, seen_from);
            }
        }
        Ok(())
    }

    /// Gives the server time, Unix seconds, up to which this run completes streams.
    pub(super) const fn bound(&self) -> i64 {
        self.now.saturating_sub(self.plan.settle_lag)
    }

    /// Gives what the ledger knows of a stream.
    pub(super) async fn state(&self, spec: &'static StreamSpec) -> Result<StreamState> {
        self.ask(spec, |warehouse, place, _| {
            warehouse.stream_state(place.source, place.account_id, place.spec.name)
        })
        .await
    }

    /// Gives the time of creation after which this run has seen all objects of a stream.
    pub(super) fn seen_from(&self, spec: &StreamSpec) -> Option<i64> {
        self.learned().seen_from.get(spec.name).copied()
    }

    fn learned(&self) -> MutexGuard<'_, Learned> {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks again at a part of a list, for objects that may have changed. Each look brings few rows,
    /// and a transaction takes its time: what is left in `progress` is for [`Self::commit_rest`].
    pub(super) async fn look_again(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        window: Window,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        self.run_walk(spec, normalizer, Walk::second_look(window, self.now), progress).await
    }

    /// Commits what second looks have left.
    pub(super) async fn commit_rest(
        &self,
        spec: &'static StreamSpec,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        let batches = progress.rest.take();
        if !batches.is_empty() {
            let outcome = self.commit_unit(self.single_unit(spec, batches)).await?;
            progress.outcome.add(outcome);
        }
        Ok(())
    }

    /// Walks the whole list now, whatever the ledger says.
    pub(super) async fn walk_whole(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        let walk = Walk::whole(self.bound(), self.now);
        self.run_walk(spec, normalizer, walk, progress).await
    }

    async fn run_walk(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        walk: Walk,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        let mut walk = walk;
        if walk.asked().is_filtered() && !self.trusts_filter(spec).await? {
            progress.notes.push("filter_ignored: walked whole".to_owned());
            walk = walk.unfiltered();
        }
        let mut end = self.walk_to_end(spec, normalizer, &walk, progress).await?;
        if end.status == WalkStatus::FilterIgnored {
            progress.notes.push("filter_ignored: walked whole".to_owned());
            walk = walk.unfiltered();
            end = self.walk_to_end(spec, normalizer, &walk, progress).await?;
        }
        progress.pages += end.pages;
        progress.windows += 1;
        if end.rows == 0 && !walk.may_be_empty && self.expects_rows(spec, &walk).await? {
            // An empty answer never destroys: asked once more, then refused (DESIGN 6), unless the
            // few rows that it should have shown are proven to be gone. A feed forgets; what that
            // may have left unnamed is walked whole (see `feed`).
            end = self.walk_to_end(spec, normalizer, &walk, progress).await?;
            if end.rows == 0
                && (spec.append_only
                    || deletion::explains_emptiness(self, spec, normalizer, &walk, progress)
                        .await?)
            {
                walk.may_be_empty = true;
                end = self.walk_to_end(spec, normalizer, &walk, progress).await?;
            } else if end.rows == 0 {
                return Err(Error::new(
                    Kind::Contract,
                    format!(
                        "{}.{}: the list of {} came back empty twice, but the warehouse holds rows of it",
                        self.source,
                        spec.name,
                        walk.describe()
                    ),
                ));
            }
        }
        self.judge_cursor(spec, end, progress)
    }

    fn judge_cursor(
        &self,
        spec: &StreamSpec,
        end: WalkEnd,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        match (end.status, spec.paging) {
            (WalkStatus::CursorIgnored, Paging::AfterLastIdPerhaps) => {
                progress.cursor_ignored = true;
                Ok(())
            }
            (WalkStatus::Unstable, _) => {
                let note = "list_unstable: rows came and went while the list was read, twice; \
                            what it lacked is not taken for deleted";
                progress.notes.push(note.to_owned());
                Ok(())
            }
            _ => self.judge(spec, end),
        }
    }

    /// Turns a walk that did not reach its end into an error that says why.
    pub(super) fn judge(&self, spec: &StreamSpec, end: WalkEnd) -> Result<()> {
        let what = match end.status {
            WalkStatus::Complete | WalkStatus::FilterIgnored => return Ok(()),
            WalkStatus::CursorIgnored => "the server ignored the page cursor",
            WalkStatus::CursorStuck => {
                "cursor_stuck: the server says that there is more, but names no new page,"
            }
            WalkStatus::NoPageInfo => "no_page_info: the server does not say whether there is more",
            WalkStatus::Unstable => "list_unstable: rows came and went while the list was read",
        };
        let text = format!("{}.{}: {what} after {} rows", self.source, spec.name, end.rows);
        Err(Error::new(Kind::Contract, text))
    }

    /// Tells whether a stream heeds its `created_at` filter; probed once a run.
    pub(super) async fn trusts_filter(&self, spec: &'static StreamSpec) -> Result<bool> {
        if spec.created_filter == CreatedFilter::Absent {
            return Ok(false);
        }
        if let Some(trusted) = self.learned().trusted_filters.get(spec.name) {
            return Ok(*trusted);
        }
        let trusted = self.client.probe_created_filter(spec).await? == FilterSupport::Honoured;
        self.learned().trusted_filters.insert(spec.name, trusted);
        Ok(trusted)
    }

    async fn expects_rows(&self, spec: &'static StreamSpec, walk: &Walk) -> Result<bool> {
        let window = match walk.kind {
            WalkKind::Full => Window::ALL,
            WalkKind::Window => walk.window,
        };
        let rows = self
            .ask(spec, move |warehouse, place, _| {
                warehouse.count_rows(place.source, place.spec, place.account_id, window)
            })
            .await?;
        Ok(rows > 0)
    }

    /// Fetches on a task of its own while pages are normalised and committed here.
    async fn walk_to_end(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        walk: &Walk,
        progress: &mut StreamProgress,
    ) -> Result<WalkEnd> {
        let plan = walk.describe();
        self.observer.notify(&Event::StreamStarted {
            source: &self.source,
            stream: spec.name,
            plan: &plan,
            is_resumed: walk.resumes.is_some(),
        });
        let (sender, mut pages) = mpsc::channel(PAGES_AHEAD);
        let resume = walk.resumes.as_ref().map(|open| checkpoint(&open.resume)).transpose()?;
        let client = self.client.clone();
        let request = WalkRequest {
            spec,
            window: walk.asked(),
            resume,
            filter: None,
            below: None,
            width: client.max_in_flight(),
        };
        let normalizer = normalizer.clone();
        let mut fetching = JoinSet::new();
        fetching.spawn(async move {
            extract::walk(&client, request, sender, move |page| normalizer.normalize(&page)).await
        });

        let mut unit = self.open_unit(spec, walk);
        let consumed = self.consume(&mut pages, &mut unit, progress).await;
        drop(pages);
        if let Err(error) = consumed {
            // Whatever arrived whole is kept; an answer under way is not worth waiting for.
            fetching.abort_all();
            self.commit(&mut unit, progress).await?;
            return Err(error);
        }
        let end = match fetching.join_next().await {
            Some(end) => end.context(Kind::Network, || "fetching ended unexpectedly")?,
            None => Err(Error::new(Kind::Interrupted, "fetching was stopped")),
        };
        if let Ok(end) = &end {
            match end.status {
                WalkStatus::Complete if self.is_suspicious(spec, walk, end).await? => {}
                WalkStatus::Complete => unit.ends(end, WalkState::Complete),
                // Nothing is known of what lies behind such a page.
                WalkStatus::CursorIgnored if spec.paging == Paging::AfterLastIdPerhaps => {
                    unit.ends(end, WalkState::Unpaged);
                }
                WalkStatus::Unstable => unit.ends(end, WalkState::Unstable),
                WalkStatus::CursorIgnored
                | WalkStatus::FilterIgnored
                | WalkStatus::CursorStuck
                | WalkStatus::NoPageInfo => unit.ends(end, WalkState::Abandoned),
            }
        }
        match unit.spare() {
            Some(pages) => progress.rest.append(pages),
            None => self.commit(&mut unit, progress).await?,
        }
        end
    }

    /// An empty walk where rows are known must not be written down as complete.
    async fn is_suspicious(
        &self,
        spec: &'static StreamSpec,
        walk: &Walk,
        end: &WalkEnd,
    ) -> Result<bool> {
        Ok(end.rows == 0 && !walk.may_be_empty && self.expects_rows(spec, walk).await?)
    }

    fn open_unit(&self, spec: &'static StreamSpec, walk: &Walk) -> OpenUnit {
        let (number, started_run, started_request) = match &walk.resumes {
            Some(open) => (open.number, open.started_run, open.started_request),
            None => (
                self.walk_numbers.fetch_add(1, Ordering::SeqCst) + 1,
                self.run.number,
                self.client.requests_sent(),
            ),
        };
        OpenUnit {
            spec,
            pages: Pages::default(),
            is_recorded: !walk.is_second_look,
            ledger: LedgerAdvance {
                number,
                kind: walk.kind,
                window: walk.window,
                started: walk.started,
                started_run,
                started_request,
                state: WalkState::Open {
                    resume: walk.resumes.as_ref().map(|open| open.resume.clone()),
                },
                pages: 0,
                rows: 0,
            },
            resume: None,
            has_news: false,
            loading: JoinSet::new(),
        }
    }

    async fn consume(
        &self,
        pages: &mut mpsc::Receiver<Walked<Batch>>,
        unit: &mut OpenUnit,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        let mut stop = self.stop.clone();
        loop {
            let walked = tokio::select! {
                biased;
                () = stopped(&mut stop) => return Err(interrupted()),
                walked = pages.recv() => walked,
                () = unit.fall_due() => {
                    self.hand_over(unit, progress).await?;
                    continue;
                }
            };
            let Some(walked) = walked else { return Ok(()) };
            self.observer.notify(&Event::PageFetched {
                source: &self.source,
                stream: unit.spec.name,
                rows: walked.elements,
                total_pages: walked.total_pages,
                pages_left: walked.pages_left,
            });
            unit.add(walked);
            if unit.is_full() {
                self.hand_over(unit, progress).await?;
            }
        }
    }

    /// Lets what was gathered be committed while the next pages come, once the unit before is.
    async fn hand_over(&self, unit: &mut OpenUnit, progress: &mut StreamProgress) -> Result<()> {
        if let Some(outcome) = unit.loading.join_next().await {
            progress
                .outcome
                .add(outcome.context(Kind::Database, || "loading ended unexpectedly")??);
        }
        if let Some(load_unit) = unit.take(self)? {
            let context = self.clone();
            unit.loading.spawn(async move { context.commit_unit(load_unit).await });
        }
        Ok(())
    }

    /// Commits what was gathered.
    async fn commit(&self, unit: &mut OpenUnit, progress: &mut StreamProgress) -> Result<()> {
        self.hand_over(unit, progress).await?;
        self.hand_over(unit, progress).await
    }

    /// Commits a load unit and tells the observer.
    pub(super) async fn commit_unit(&self, unit: LoadUnit) -> Result<RowCounts> {
        let run = self.run.clone();
        let stream = unit.spec.name;
        let outcome = self.store.with(move |warehouse| warehouse.commit(&run, &unit)).await?;
        self.observer.notify(&Event::Committed {
            source: &self.source,
            stream,
            inserted: outcome.inserted,
            updated: outcome.updated,
        });
        Ok(outcome)
    }

    /// Makes a unit of rows that justify no ledger change.
    pub(super) fn single_unit(&self, spec: &'static StreamSpec, batches: Vec<Batch>) -> LoadUnit {
        LoadUnit {
            source: self.source.clone(),
            followed: Arc::clone(&self.followed),
            account_id: self.account_id.clone(),
            spec,
            settled_to: self.bound(),
            batches,
            deleted: Vec::new(),
            ledger: None,
            lines_of: Vec::new(),
        }
    }
}

/// Reads from where a walk goes on, as the ledger keeps it.
pub(super) fn checkpoint(text: &str) -> Result<Checkpoint> {
    serde_json::from_str(text).context(Kind::State, || "the ledger holds an unreadable cursor")
}

/// Gives the status of a stream that made all its walks.
pub(super) const fn finished_status(progress: &StreamProgress) -> StreamStatus {
    if progress.cursor_ignored { StreamStatus::CursorIgnored } else { StreamStatus::Complete }
}
