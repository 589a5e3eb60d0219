//! Reads objects again: those that hints name, lines of objects that changed, and whatever nothing
//! has settled yet; then removes what is proven to be deleted (DESIGN 6).
//!
//! Everything stays within a budget of requests, hints first. What does not fit waits in the
//! warehouse for the next run.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::stream::{self, FuturesUnordered, StreamExt};

use crate::catalog::{SingleRead, StreamSpec};
use crate::error::{Error, Kind, Result};
use crate::extract::is_usable_id;
use crate::load::{Candidates, Deleted, Warehouse};
use crate::model::Event;
use crate::normalize::Normalizer;
use crate::plan::{self, Reading};

use super::answers::{Answers, mark_archived};
use super::stop::interrupted;
use super::stream::{StreamContext, StreamProgress};
use super::{deletion, lines};

/// Rows read by id that one transaction commits.
const UNIT_ROWS: usize = 200;
/// Reads started ahead; the client's own limit decides how many are under way.
const READS_AHEAD: usize = 16;
/// Parts of a list looked at again side by side: each is a few pages, one after the other.
const WINDOWS_AT_ONCE: usize = 4;
/// Requests that listing the lines of one object takes, about: its lines, and the proof of the end.
const REQUESTS_PER_LISTING: u64 = 2;

/// Makes the normaliser of a stream.
type MakeNormalizer<'a> = &'a (dyn Fn(&'static StreamSpec) -> Normalizer + Sync);

/// What came of reading again, also where an error ended it.
#[derive(Debug, Default)]
pub(super) struct Refreshed {
    /// What became of the rows of each stream.
    pub(super) streams: BTreeMap<&'static str, StreamProgress>,
    /// Streams whose deletions were stopped, each with the error that says so.
    pub(super) braked: BTreeMap<&'static str, Error>,
    /// The first failure that did not end it.
    pub(super) failure: Option<Error>,
    /// Lists below other objects that could not be read, each with the first failure.
    pub(super) unlisted: BTreeMap<&'static str, Error>,
}

/// Reads again what is due; what was committed before an error is in `refreshed`.
///
/// # Errors
/// What must end the run; other failures are in `refreshed`.
pub(super) async fn refresh(
    context: &StreamContext,
    budget: u32,
    normalizer: MakeNormalizer<'_>,
    refreshed: &mut Refreshed,
) -> Result<()> {
    let mut work = Refresh {
        context,
        normalizer,
        until: context.client.requests_sent() + i64::from(budget),
        walked: BTreeSet::new(),
        found: BTreeSet::new(),
        missing: BTreeMap::new(),
        refreshed,
    };
    work.brake().await?;
    work.follow_hints().await?;
    work.read_unsettled().await?;
    work.follow_hints().await?;
    work.list_in_turn().await?;
    work.remove_unfindable().await?;
    while work.remove_deleted().await? {
        // What a deleted line was on has changed.
        work.follow_hints().await?;
    }
    work.warn_of_rest().await
}

struct Refresh<'a> {
    context: &'a StreamContext,
    normalizer: MakeNormalizer<'a>,
    /// Number of the request at which the budget is spent.
    until: i64,
    /// Streams whose hints were followed by walking: what the walk did not answer is read by id.
    walked: BTreeSet<&'static str>,
    /// Streams in which a GET by id has found a row: a control for proofs (I9).
    found: BTreeSet<&'static str>,
    /// Objects that GET did not find.
    missing: BTreeMap<&'static str, Vec<Deleted>>,
    refreshed: &'a mut Refreshed,
}

impl Refresh<'_> {
    fn budget(&self) -> u64 {
        u64::try_from(self.until.saturating_sub(self.context.client.requests_sent())).unwrap_or(0)
    }

    /// Streams that this run reads and whose objects can be read by id.
    fn streams(&self) -> Vec<&'static StreamSpec> {
        let wanted = self.context.wanted.iter().copied();
        wanted.filter(|spec| spec.single == SingleRead::ById).collect()
    }

    /// Streams of which only lists tell what is gone.
    fn unfindable(&self) -> Vec<&'static StreamSpec> {
        let wanted = self.context.wanted.iter().copied();
        wanted.filter(|spec| spec.single == SingleRead::None && !spec.append_only).collect()
    }

    async fn normalizer(&self, spec: &'static StreamSpec) -> Result<Normalizer> {
        let fields = self
            .context
            .ask(spec, |warehouse, place, _| warehouse.list_fields(place.source, place.spec.name))
            .await?;
        Ok((self.normalizer)(spec).with_list_fields(fields))
    }

    fn progress(&mut self, spec: &'static StreamSpec) -> &mut StreamProgress {
        self.refreshed.streams.entry(spec.name).or_default()
    }

    async fn brake(&mut self) -> Result<()> {
        for spec in self.streams().into_iter().chain(self.unfindable()) {
            if let Some(error) = deletion::brake(self.context, spec).await? {
                self.refreshed.braked.insert(spec.name, error);
            }
        }
        Ok(())
    }

    /// Follows hints, and the hints that follow from them, until none is left or the budget is
    /// spent.
    async fn follow_hints(&mut self) -> Result<()> {
        loop {
            let before = self.context.client.requests_sent();
            for spec in self.context.wanted.iter().copied() {
                if spec.single == SingleRead::ById {
                    self.read_dirty(spec).await?;
                }
                self.list_lines(spec).await?;
            }
            if self.context.client.requests_sent() == before {
                return Ok(());
            }
        }
    }

    async fn read_dirty(&mut self, spec: &'static StreamSpec) -> Result<()> {
        if self.budget() == 0 {
            return Ok(());
        }
        let with_absent = !self.refreshed.braked.contains_key(spec.name);
        let mut candidates = self
            .context
            .ask(spec, move |warehouse, place, run| warehouse.dirty(place, run, with_absent))
            .await?;
        if self.walked.contains(spec.name) {
            candidates.ids.iter_mut().for_each(|candidate| candidate.walkable = false);
        }
        let reading = self.plan(spec, &candidates, self.budget()).await?;
        self.read(spec, reading).await
    }

    async fn plan(
        &self,
        spec: &'static StreamSpec,
        candidates: &Candidates,
        budget: u64,
    ) -> Result<Reading> {
        let walkable = candidates.ids.iter().filter(|candidate| candidate.walkable).count();
        // A lone object is never worth a walk, nor the probe that a walk needs.
        let windows = walkable > 2 && self.context.trusts_filter(spec).await?;
        Ok(plan::prefix_within(
            &candidates.ids,
            &candidates.rows_by_hour,
            candidates.rows,
            self.context.page_size,
            windows,
            budget,
        ))
    }

    async fn read(&mut self, spec: &'static StreamSpec, reading: Reading) -> Result<()> {
        let normalizer = self.normalizer(spec).await?;
        if reading.whole || !reading.windows.is_empty() {
            self.walked.insert(spec.name);
            let mut progress = StreamProgress::default();
            let result = self.walk(spec, &normalizer, &reading, &mut progress).await;
            self.progress(spec).add(progress);
            self.note(result)?;
        }
        let usable: Vec<String> =
            reading.singles.into_iter().filter(|id| is_usable_id(id)).collect();
        for some in usable.chunks(UNIT_ROWS) {
            self.read_unit(spec, &normalizer, some).await?;
        }
        Ok(())
    }

    async fn walk(
        &self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        reading: &Reading,
        progress: &mut StreamProgress,
    ) -> Result<()> {
        if reading.whole {
            return self.context.walk_whole(spec, normalizer, progress).await;
        }
        let look = async |window| {
            let mut found = StreamProgress::default();
            let result = self.context.look_again(spec, normalizer, window, &mut found).await;
            (found, result)
        };
        let mut windows = reading.windows.iter();
        let mut looks = FuturesUnordered::new();
        let mut end = Ok(());
        loop {
            while end.is_ok()
                && looks.len() < WINDOWS_AT_ONCE
                && let Some(window) = windows.next()
            {
                looks.push(look(*window));
            }
            // After a failure those under way still end: what they bring is kept.
            let Some((found, result)) = looks.next().await else { break };
            if !progress.rest.has_room_for(&found.rest) {
                self.context.commit_rest(spec, progress).await?;
            }
            progress.add(found);
            end = end.and(result);
        }
        self.context.commit_rest(spec, progress).await?;
        end
    }

    /// Keeps the first failure; gives one that must end the run.
    fn note<T>(&mut self, result: Result<T>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind().ends_run() => Err(error),
            Err(error) => {
                self.refreshed.failure.get_or_insert(error);
                Ok(None)
            }
        }
    }

    /// Reads some ids and commits what was found, whatever failed beside it. Ids without an answer
    /// are marked as tried.
    async fn read_unit(
        &mut self,
        spec: &'static StreamSpec,
        normalizer: &Normalizer,
        ids: &[String],
    ) -> Result<()> {
        let client = &self.context.client;
        let archived = if spec.archives {
            let ids = ids.to_vec();
            self.context
                .ask(spec, move |warehouse, place, _| warehouse.archived(place, &ids))
                .await?
        } else {
            BTreeMap::new()
        };
        let mut reads = stream::iter(ids.to_vec())
            .map(|id| async move {
                let single = client.read_one(spec, &id).await;
                (id, single)
            })
            .buffer_unordered(READS_AHEAD);
        let mark = |id: &str, single| mark_archived(archived.get(id).copied(), single);
        let mut answers = Answers::default();
        while let Some((id, single)) = reads.next().await {
            if *self.context.stop.borrow() {
                answers.end = Some(interrupted());
            } else {
                let single = single.map(|single| mark(&id, single));
                answers.take(id, single, normalizer)?;
            }
            if answers.end.is_some() {
                break;
            }
        }
        drop(reads);
        self.keep(spec, answers).await
    }

    async fn keep(&mut self, spec: &'static StreamSpec, answers: Answers) -> Result<()> {
        let Answers { batches, missing, in_vain, failure, end } = answers;
        if !batches.is_empty() {
            self.found.insert(spec.name);
        }
        let outcome = self.context.commit_unit(self.context.single_unit(spec, batches)).await?;
        self.progress(spec).outcome.add(outcome);
        let gone: Vec<String> = missing.iter().map(|gone| gone.id.clone()).collect();
        self.context
            .ask(spec, move |warehouse, place, run| {
                warehouse.nominate(place, &gone, run)?;
                warehouse.mark_tried(place, &gone, run)?;
                warehouse.mark_tried(place, &in_vain, run)
            })
            .await?;
        self.missing.entry(spec.name).or_default().extend(missing);
        if let Some(failure) = failure {
            self.refreshed.failure.get_or_insert(failure);
        }
        end.map_or(Ok(()), Err)
    }

    /// Lists the lines of objects that changed.
    async fn list_lines(&mut self, spec: &'static StreamSpec) -> Result<()> {
        let Some(follows) = spec.follows else { return Ok(()) };
        let normalizer = (self.normalizer)(spec);
        loop {
            let room = self.budget() / REQUESTS_PER_LISTING;
            let limit = u32::try_from(room).unwrap_or(u32::MAX).min(lines::PARENTS_AT_ONCE);
            if *self.context.stop.borrow() {
                return Err(interrupted());
            }
            let parents = self
                .context
                .ask(spec, move |warehouse, place, run| warehouse.dirty_parents(place, run, limit))
                .await?;
            if parents.is_empty() {
                return Ok(());
            }
            let listed = lines::list(self.context, spec, &follows, &normalizer, parents).await?;
            self.progress(spec).outcome.add(listed.counts);
            let (in_vain, unlistable) = (listed.in_vain, listed.unlistable);
            self.context
                .ask(spec, move |warehouse, place, run| {
                    warehouse.spread_to_lines(place, &follows, &unlistable, run)?;
                    warehouse.mark_tried(place, &in_vain, run)
                })
                .await?;
            if let Some(failure) = listed.failure {
                self.note(Err::<(), Error>(failure))?;
            }
            if let Some(failure) = listed.unlisted {
                let kind = failure.kind();
                self.refreshed.unlisted.entry(spec.name).or_insert(failure);
                if matches!(kind, Kind::Forbidden | Kind::Unavailable | Kind::Authentication) {
                    // Not a fault of one object: the others would answer the same.
                    return Ok(());
                }
            }
        }
    }

    /// Lists what stands below objects that did not change, those first that were listed longest ago,
    /// as far as the budget goes: what is below them changes without a sign.
    async fn list_in_turn(&mut self) -> Result<()> {
        let streams: Vec<_> =
            self.context.wanted.iter().copied().filter(|spec| spec.is_below_others()).collect();
        for (index, spec) in streams.iter().copied().enumerate() {
            let waiting = u64::try_from(streams.len() - index).unwrap_or(1);
            let share = self.budget() / waiting / REQUESTS_PER_LISTING;
            let Some(follows) = spec.follows.filter(|_| share > 0) else { continue };
            if self.refreshed.unlisted.contains_key(spec.name) {
                continue;
            }
            let limit = u32::try_from(share).unwrap_or(u32::MAX);
            let noticed = self.context.client.requests_sent();
            self.context
                .ask(spec, move |warehouse, place, run| {
                    warehouse.order_listings(place, &follows, limit, noticed, run)
                })
                .await?;
            self.list_lines(spec).await?;
        }
        Ok(())
    }

    /// Removes what two complete lists in a row lacked, of two runs, where no GET by id can tell (I9).
    async fn remove_unfindable(&mut self) -> Result<()> {
        for spec in self.unfindable() {
            if let Some(error) = deletion::brake(self.context, spec).await? {
                self.refreshed.braked.insert(spec.name, error);
                continue;
            }
            let ids = self.context.ask(spec, Warehouse::absent_twice).await?;
            if ids.is_empty() {
                continue;
            }
            let request = self.context.client.requests_sent();
            let observed_at = self.context.client.server_now()?.saturating_mul(1_000_000);
            let gone = |id| Deleted { id, observed_at, request };
            let mut unit = self.context.single_unit(spec, Vec::new());
            unit.deleted = ids.into_iter().map(gone).collect();
            let outcome = self.context.commit_unit(unit).await?;
            self.progress(spec).outcome.add(outcome);
        }
        Ok(())
    }

    /// Makes hints of unsettled objects, as many as the budget allows, shared over their streams.
    async fn read_unsettled(&mut self) -> Result<()> {
        let streams: Vec<_> =
            self.streams().into_iter().filter(|spec| !spec.settled.is_empty()).collect();
        for (index, spec) in streams.iter().copied().enumerate() {
            let waiting = u64::try_from(streams.len() - index).unwrap_or(1);
            let share = self.budget() / waiting;
            if share == 0 {
                continue;
            }
            let (seen_from, now) = (self.context.seen_from(spec), self.context.now);
            let candidates = self
                .context
                .ask(spec, move |warehouse, place, _| warehouse.unsettled(place, seen_from, now))
                .await?;
            let reading = self.plan(spec, &candidates, share).await?;
            let chosen = candidates.ids.into_iter().take(reading.candidates);
            let ids: Vec<String> = chosen.map(|candidate| candidate.id).collect();
            if ids.is_empty() {
                continue;
            }
            let noticed = self.context.client.requests_sent();
            self.context
                .ask(spec, move |warehouse, place, run| {
                    warehouse.mark_dirty(place, &ids, "unsettled", noticed, run)?;
                    warehouse.mark_checked(place, &ids, run)
                })
                .await?;
            self.read(spec, reading).await?;
        }
        Ok(())
    }

    /// Removes what is proven to be gone; tells whether anything was.
    async fn remove_deleted(&mut self) -> Result<bool> {
        let mut any = false;
        for (name, missing) in std::mem::take(&mut self.missing) {
            let Some(spec) = self.context.kind.stream(name) else { continue };
            if missing.is_empty() {
                continue;
            }
            if let Some(error) = deletion::brake(self.context, spec).await? {
                self.refreshed.braked.insert(name, error);
                continue;
            }
            let normalizer = self.normalizer(spec).await?;
            let is_controlled = self.found.contains(name);
            let count = missing.len();
            let removed =
                deletion::remove(self.context, spec, &normalizer, missing, is_controlled).await;
            match self.note(removed)?.flatten() {
                Some(counts) => {
                    any |= counts.deleted > 0;
                    self.progress(spec).outcome.add(counts);
                }
                None => self.warn(&format!(
                    "{}.{name}: {count} objects look deleted, but no row that should exist could \
                     be read, so nothing was removed",
                    self.context.source
                )),
            }
        }
        Ok(any)
    }

    async fn warn_of_rest(&self) -> Result<()> {
        let source = self.context.source.clone();
        let rest = self.context.store.with(move |warehouse| warehouse.count_hints(&source)).await?;
        if rest > 0 {
            self.warn(&format!(
                "{}: {rest} changed objects wait to be read again: beyond `refresh_budget`, \
                 unreadable, or not proven to be gone; see `_sync.dirty`",
                self.context.source
            ));
        }
        Ok(())
    }

    fn warn(&self, text: &str) {
        self.context.observer.notify(&Event::Warning { text });
    }
}
