//! One source of one run: account first, then its lists, events before the others, then dirty ids.

use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::time::Instant;

use tokio::task::JoinSet;

use crate::catalog::{Class, StreamSpec};
use crate::config;
use crate::error::{Context, Error, Kind, Result};
use crate::extract::{self, Client, ClientOptions, DEFAULT_MAX_BODY_BYTES};
use crate::load::{Run, StreamReport};
use crate::model::{
    Effort, Event, Observer, Outcome, RowCounts, StreamState, StreamStatus, WalkKind,
};
use crate::normalize::{Normalizer, Sensitive};
use crate::plan;

use super::identity::Identity;
use super::store::Store;
use super::stream::{StreamContext, StreamProgress, finished_status};
use super::summary::SourceSummary;
use super::{Account, Stop, SyncOptions, feed, refresh};

/// Everything that one source's part of a run needs.
pub(super) struct SourceRun {
    pub(super) account: Account,
    pub(super) sync: config::Sync,
    pub(super) sensitive: Sensitive,
    pub(super) options: SyncOptions,
    pub(super) run: Run,
    pub(super) store: Store,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) stop: Stop,
}

impl SourceRun {
    /// Reads the source; errors end up in the summary.
    pub(super) async fn execute(self) -> SourceSummary {
        let mut summary = SourceSummary {
            name: self.account.source.name.clone(),
            publishable: false,
            complete_to: None,
            streams: Vec::new(),
            requests: 0,
            errors: Vec::new(),
            newly_quarantined: 0,
        };
        let client = match self.client() {
            Ok(client) => client,
            Err(error) => {
                summary.errors.push(error);
                return summary;
            }
        };
        if let Err(error) = self.read(&client, &mut summary).await {
            self.report_unread(&error, &mut summary);
            summary.errors.push(error);
        }
        summary.requests = client.requests_sent();
        summary
    }

    /// Says of every stream that was not reached that it was not read (I11).
    fn report_unread(&self, error: &Error, summary: &mut SourceSummary) {
        let status = match error.kind() {
            Kind::Interrupted => StreamStatus::Interrupted,
            _ => StreamStatus::Failed,
        };
        for spec in self.account.source.kind.streams.iter().filter(|spec| self.selects(spec)) {
            if summary.streams.iter().any(|report| report.stream == spec.name) {
                continue;
            }
            summary.streams.push(StreamReport {
                source: summary.name.clone(),
                account_id: String::new(),
                stream: spec.name.to_owned(),
                outcome: Outcome {
                    status,
                    rows: RowCounts::default(),
                    note: Some(error.in_full()),
                },
                effort: Effort::default(),
            });
        }
    }

    async fn read(&self, client: &Client, summary: &mut SourceSummary) -> Result<()> {
        let context = self.open(client, summary).await?;
        summary.complete_to = Some(context.bound());
        let selected: Vec<&'static StreamSpec> =
            self.account.source.kind.streams.iter().filter(|spec| self.selects(spec)).collect();
        // What stands below other objects is read once those are known.
        let (below, lists): (Vec<_>, Vec<_>) =
            selected.into_iter().partition(|spec| spec.is_below_others());
        for spec in lists.iter().filter(|spec| spec.append_only) {
            if let Err(error) = feed::check_horizon(&context, spec).await {
                if error.kind().ends_run() {
                    return Err(error);
                }
                summary.errors.push(error);
            }
        }
        self.read_streams(&context, lists, summary).await?;
        let is_read = self.has_read_core(summary);
        for spec in below {
            let (status, rows) = (StreamStatus::Complete, RowCounts::default());
            summary.streams.push(self.report(&context, spec, status, rows, None));
        }
        if let Err(error) = self.refresh(&context, summary).await {
            let ends_run = error.kind().ends_run();
            summary.errors.push(error);
            if ends_run {
                // Readers keep the run before: what was cut off here goes on in the next one.
                return Ok(());
            }
        }
        summary.publishable = is_read && self.is_publishable(&context).await?;
        Ok(())
    }

    /// Tells whether events are read beside the objects instead of before them: at their first walk
    /// and where the whole feed is walked.
    async fn takes_turns(
        &self,
        context: &StreamContext,
        lists: &[&'static StreamSpec],
    ) -> Result<bool> {
        for spec in lists.iter().filter(|spec| spec.append_only) {
            let state = context.state(spec).await?;
            let walks = plan::walks(spec, &state, self.plan_options(), context.now);
            if state != StreamState::default()
                && walks.iter().all(|walk| walk.kind == WalkKind::Window)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Proves the key, binds the schema to the account, stores the account's row.
    async fn open(&self, client: &Client, summary: &mut SourceSummary) -> Result<StreamContext> {
        let source = &self.account.source;
        let (name, kind) = (source.name.clone(), source.kind);
        let known_as = name.clone();
        self.store.with(move |warehouse| warehouse.check_kind(&known_as, kind)).await?;
        let identity = Identity::ask(client, &name, kind, self.sensitive.clone()).await?;
        let now = client.server_now()?;
        let run = self.run.clone();
        let (walk_number, account_id, row) = self
            .store
            .with(move |warehouse| {
                warehouse.ensure_source(&name, kind)?;
                let bound = warehouse.bound_account(&name)?;
                let id = identity.account_id(&name, bound.as_deref());
                warehouse.bind_account(&run, &name, kind, &id)?;
                Ok((warehouse.last_walk_number()?, id, identity.row))
            })
            .await?;
        let context = StreamContext {
            source: source.name.clone(),
            kind,
            wanted: kind.streams.iter().filter(|spec| self.selects(spec)).collect(),
            followed: kind.streams.iter().filter(|spec| source.selects(spec.name)).collect(),
            account_id,
            client: client.clone(),
            store: self.store.clone(),
            run: self.run.clone(),
            plan: self.plan_options(),
            now,
            page_size: source.page_size,
            walk_numbers: Arc::new(AtomicI64::new(walk_number)),
            learned: Arc::default(),
            brake: self.options.brake,
            observer: Arc::clone(&self.observer),
            stop: self.stop.clone(),
        };
        if let Some((spec, batch)) = row {
            let outcome = context.commit_unit(context.single_unit(spec, vec![batch])).await?;
            summary.streams.push(self.report(
                &context,
                spec,
                StreamStatus::Complete,
                outcome,
                None,
            ));
        }
        Ok(context)
    }

    /// Reads lists side by side, each as soon as those that it waits for have ended.
    async fn read_streams(
        &self,
        context: &StreamContext,
        lists: Vec<&'static StreamSpec>,
        summary: &mut SourceSummary,
    ) -> Result<()> {
        let takes_turns = self.takes_turns(context, &lists).await?;
        let (mut waiting, mut reading) = (lists, Vec::new());
        let mut tasks = JoinSet::new();
        let mut interrupted = None;
        loop {
            let ahead: Vec<_> = waiting.iter().chain(&reading).copied().collect();
            let may_start =
                |spec: &&StreamSpec| !ahead.iter().any(|other| waits_for(spec, other, takes_turns));
            let (ready, rest): (Vec<_>, Vec<_>) = waiting.into_iter().partition(may_start);
            waiting = rest;
            for spec in ready {
                reading.push(spec);
                tasks.spawn(read_stream(context.clone(), spec, self.normalizer(spec)));
            }
            let Some(joined) = tasks.join_next().await else { break };
            let (spec, progress, result) =
                joined.context(Kind::Network, || "reading a stream ended unexpectedly")?;
            reading.retain(|other| other.name != spec.name);
            match self.conclude(context, spec, progress, result, summary).await? {
                // The others get the same signal; each saves what it has.
                Some(error) if error.kind() == Kind::Interrupted => {
                    interrupted.get_or_insert(error);
                    waiting.clear();
                }
                Some(error) if error.kind().ends_run() => {
                    tasks.abort_all();
                    return Err(error);
                }
                error => summary.errors.extend(error),
            }
        }
        interrupted.map_or(Ok(()), Err)
    }

    /// Writes down how a stream went; gives the error where it concerns the run.
    async fn conclude(
        &self,
        context: &StreamContext,
        spec: &'static StreamSpec,
        progress: StreamProgress,
        result: Result<()>,
        summary: &mut SourceSummary,
    ) -> Result<Option<Error>> {
        let status = match &result {
            Ok(()) => finished_status(&progress),
            Err(error) if error.kind() == Kind::Interrupted => StreamStatus::Interrupted,
            Err(error) => extract::stream_status(error),
        };
        let mut notes = progress.notes;
        if let Err(error) = &result {
            notes.push(error.in_full());
        }
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        summary.newly_quarantined += progress.outcome.newly_quarantined;
        let mut report = self.report(context, spec, status, progress.outcome, note);
        report.effort.pages = progress.pages;
        report.effort.windows = progress.windows;
        report.effort.seconds = progress.took.as_secs_f64();
        summary.streams.push(report);
        let Err(error) = result else { return Ok(None) };
        Ok((!self.is_tolerable(spec, status).await?).then_some(error))
    }

    /// An optional list that never was available may stay so (CONTRACT A2.5); one that once loaded
    /// and is gone is an error (DESIGN 9).
    async fn is_tolerable(&self, spec: &'static StreamSpec, status: StreamStatus) -> Result<bool> {
        let refused = matches!(
            status,
            StreamStatus::UnavailableOnPlan
                | StreamStatus::Unavailable
                | StreamStatus::Forbidden
                | StreamStatus::Throttled
        );
        if spec.class == Class::Core || !refused {
            return Ok(false);
        }
        let source = self.account.source.name.clone();
        let loaded = self.store.with(move |warehouse| warehouse.has_loaded(&source, spec.name));
        Ok(!loaded.await?)
    }

    fn report(
        &self,
        context: &StreamContext,
        spec: &StreamSpec,
        status: StreamStatus,
        rows: RowCounts,
        note: Option<String>,
    ) -> StreamReport {
        let outcome = Outcome { status, rows, note };
        self.observer.notify(&Event::StreamFinished {
            source: &context.source,
            stream: spec.name,
            outcome: &outcome,
        });
        StreamReport {
            source: context.source.clone(),
            account_id: context.account_id.clone(),
            stream: spec.name.to_owned(),
            outcome,
            effort: Effort::default(),
        }
    }

    async fn refresh(&self, context: &StreamContext, summary: &mut SourceSummary) -> Result<()> {
        let normalizer = |spec| self.normalizer(spec);
        let mut refreshed = refresh::Refreshed::default();
        let budget = self.sync.refresh_budget;
        let result = refresh::refresh(context, budget, &normalizer, &mut refreshed).await;
        for (stream, progress) in refreshed.streams {
            summary.newly_quarantined += progress.outcome.newly_quarantined;
            if let Some(report) = summary.streams.iter_mut().find(|known| known.stream == stream) {
                report.outcome.rows.add(progress.outcome);
                report.effort.pages += progress.pages;
                report.effort.windows += progress.windows;
            }
        }
        for (stream, error) in refreshed.unlisted {
            let spec = context.kind.stream(stream);
            let Some(report) = summary.streams.iter_mut().find(|known| known.stream == stream)
            else {
                continue;
            };
            report.outcome.status = extract::stream_status(&error);
            report.outcome.note = Some(error.in_full());
            let status = report.outcome.status;
            match spec {
                Some(spec) if self.is_tolerable(spec, status).await? => {}
                _ => summary.errors.push(error),
            }
        }
        self.tell_unlisted(context, summary).await?;
        for (stream, error) in refreshed.braked {
            if let Some(report) = summary.streams.iter_mut().find(|known| known.stream == stream) {
                report.outcome.status = StreamStatus::Failed;
                report.outcome.note = Some(error.in_full());
            }
            summary.errors.push(error);
        }
        summary.errors.extend(refreshed.failure);
        for report in &mut summary.streams {
            if let Some(spec) = context.kind.tables().find(|spec| spec.name == report.stream) {
                let (requests, retries) = context.client.requests_for(spec.path);
                (report.effort.requests, report.effort.retries) = (requests, retries);
            }
        }
        result
    }

    /// Says of lists below single objects how many are still to be read: they are not complete, though
    /// nothing went wrong (I11).
    async fn tell_unlisted(
        &self,
        context: &StreamContext,
        summary: &mut SourceSummary,
    ) -> Result<()> {
        for report in &mut summary.streams {
            let spec = context.kind.stream(&report.stream).filter(|spec| spec.is_below_others());
            let Some(spec) = spec.filter(|_| report.outcome.note.is_none()) else { continue };
            let waiting =
                context.ask(spec, |warehouse, place, _| warehouse.count_unlisted(place)).await?;
            if waiting > 0 {
                let note = format!("the lists below {waiting} objects wait for their turn");
                report.outcome.note = Some(note);
            }
        }
        Ok(())
    }

    /// No core stream broke off in this run. The ledger alone cannot tell: a run that begins in the
    /// second of the one before has the same bound.
    fn has_read_core(&self, summary: &SourceSummary) -> bool {
        let core = self.account.source.kind.streams.iter().filter(|spec| spec.class == Class::Core);
        core.filter_map(|spec| summary.streams.iter().find(|report| report.stream == spec.name))
            .all(|report| report.outcome.status.is_finished())
    }

    /// The account and all core streams reached the bound of this run (DESIGN 3).
    async fn is_publishable(&self, context: &StreamContext) -> Result<bool> {
        let bound = context.bound();
        let source = &self.account.source;
        let core = source.kind.streams.iter().filter(|spec| spec.class == Class::Core);
        for spec in core.filter(|spec| source.selects(spec.name)) {
            let state = context.state(spec).await?;
            if state.complete_to.is_none_or(|complete_to| complete_to < bound) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn selects(&self, spec: &StreamSpec) -> bool {
        let wanted = &self.options.streams;
        self.account.source.selects(spec.name)
            && (wanted.is_empty() || wanted.iter().any(|name| name == spec.name))
    }

    fn normalizer(&self, spec: &'static StreamSpec) -> Normalizer {
        Normalizer::new(spec, self.sensitive.clone())
    }

    fn plan_options(&self) -> plan::Options {
        plan::Options {
            settle_lag: self.sync.settle_lag,
            lookback: self.sync.lookback,
            rewalk_every: self.sync.rewalk_every,
            full: self.options.full,
            backfill: self.options.backfill,
            has_feed: self.account.source.kind.has_feed(),
        }
    }

    fn client(&self) -> Result<Client> {
        client(&self.account, &self.options, Arc::clone(&self.observer))
    }
}

/// Tells whether a list is read only after another one.
///
/// Events come first: an object read after its event needs no second look. Where the whole feed is
/// walked it `takes_turns` with the rest: hardly any of its events is news, and those come at its
/// beginning. Lines come last: what their objects showed before is answered by them.
fn waits_for(spec: &StreamSpec, other: &StreamSpec, takes_turns: bool) -> bool {
    let is_followed = spec.follows.is_some_and(|follows| follows.stream == other.name);
    is_followed || other.append_only && !spec.append_only && !takes_turns
}

async fn read_stream(
    context: StreamContext,
    spec: &'static StreamSpec,
    normalizer: Normalizer,
) -> (&'static StreamSpec, StreamProgress, Result<()>) {
    let mut progress = StreamProgress::default();
    let began = Instant::now();
    let result = context.run(spec, &normalizer, &mut progress).await;
    progress.took = began.elapsed();
    (spec, progress, result)
}

/// Makes the client of a source.
pub(super) fn client(
    account: &Account,
    options: &SyncOptions,
    observer: Arc<dyn Observer>,
) -> Result<Client> {
    let source = &account.source;
    Client::new(
        ClientOptions {
            source: source.name.clone(),
            base_url: source.base_url.clone(),
            authentication: source.kind.authentication,
            key: account.key.clone(),
            page_size: source.page_size,
            requests_per_second: source.requests_per_second,
            max_in_flight: source.max_in_flight,
            max_body_bytes: DEFAULT_MAX_BODY_BYTES,
            retry: options.retry,
        },
        observer,
    )
}

#[cfg(test)]
mod tests {
    use super::waits_for;
    use crate::catalog::{StreamSpec, source_kind};

    fn spec(name: &str) -> &'static StreamSpec {
        source_kind("paid").and_then(|kind| kind.stream(name)).expect("a stream of Paid")
    }

    #[test]
    fn objects_wait_for_events_and_lines_for_their_objects() {
        let waits = |one, other, turns| waits_for(spec(one), spec(other), turns);
        assert!(waits("customers", "events", false));
        assert!(!waits("customers", "events", true), "the whole feed is read beside the rest");
        assert!(
            waits("transactions", "invoices", true) && waits("transactions", "invoices", false)
        );
        assert!(!waits("transactions", "customers", false));
        for stream in ["events", "customers", "transactions"] {
            assert!(!waits(stream, stream, false), "{stream} would wait for itself");
            assert!(!waits("events", stream, false));
        }
    }
}
