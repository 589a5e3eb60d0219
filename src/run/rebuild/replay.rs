//! Replays parts of the change log: stored elements become pages, pages become load units.

use std::collections::{BTreeMap, BTreeSet};

use super::{Basis, Rebuilt, RebuiltStream, reports};
use crate::catalog::{SourceKind, StreamSpec, source_kind};
use crate::config::Settings;
use crate::error::{Error, Kind, Result};
use crate::load::{
    ChangeLogListing, CompletedWalk, DamagedPart, LoadUnit, PartHeader, PartRows, Rebuilding, Run,
    RunRecord, Warehouse,
};
use crate::model::{Batch, Event, Observer, Outcome, RowCounts, StreamStatus};
use crate::normalize::{NORMALIZER_VERSION, Normalizer, Sensitive};

/// One rebuild under way.
pub(super) struct Replay<'a> {
    settings: &'a Settings,
    rebuilding: Rebuilding,
    basis: Basis,
    skip_damaged: bool,
    observer: &'a dyn Observer,
    streams: BTreeMap<(String, &'static str), StreamWork>,
    left_out: Vec<String>,
}

/// One stream of one source.
struct StreamWork {
    kind: &'static SourceKind,
    spec: &'static StreamSpec,
    normalizer: Normalizer,
    /// Parts to replay in all.
    parts_to_come: u64,
    parts: u64,
    rows: u64,
    counts: RowCounts,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        settings: &'a Settings,
        rebuilding: Rebuilding,
        basis: Basis,
        skip_damaged: bool,
        observer: &'a dyn Observer,
    ) -> Self {
        let (streams, left_out) = (BTreeMap::new(), Vec::new());
        Self { settings, rebuilding, basis, skip_damaged, observer, streams, left_out }
    }

    /// Replays what is missing and puts the result in place.
    pub(super) fn run(mut self, listing: ChangeLogListing) -> Result<Rebuilt> {
        let directory = &self.settings.warehouse.dir;
        let runs = reports::runs(directory, &listing)?;
        let newest = newest(&listing);
        let ChangeLogListing { parts, damaged } = self.choose(listing)?;
        self.check_numbers(&parts, !damaged.is_empty())?;
        for part in damaged {
            self.leave_out(part, newest.as_ref())?;
        }
        self.restore_runs(&runs)?;
        self.prepare_streams(&parts)?;
        for part in &parts {
            self.replay_or_leave_out(part, newest.as_ref())?;
        }
        if self.basis == Basis::Changes {
            self.rebuilding.restore_walks(&trusted_walks(&parts))?;
        }
        if self.basis == Basis::Normalizer {
            self.rebuilding.carry_over(&Warehouse::working_path(directory))?;
        }
        self.finish()
    }

    /// Leaves away what the snapshot holds already, by path: it may show an older state of one
    /// source than of another. Parts of an earlier working database, which was lost, are older
    /// than all that it holds.
    fn choose(&self, listing: ChangeLogListing) -> Result<ChangeLogListing> {
        if self.basis != Basis::Snapshot {
            return Ok(listing);
        }
        let held = self.rebuilding.parts()?;
        let (runs, last) = self.rebuilding.runs()?;
        let is_later = |run: &Run| runs.contains(&run.id) || run.number > last;
        let mut foreign = 0_u64;
        let mut chosen = ChangeLogListing::default();
        for part in listing.parts {
            if held.contains(&part.name) {
                continue;
            }
            if is_later(&part.run) {
                chosen.parts.push(part);
            } else {
                foreign += 1;
            }
        }
        chosen.damaged = listing.damaged;
        chosen.damaged.retain(|part| !held.contains(&part.name));
        if foreign > 0 {
            self.warn(&format!(
                "parts of the change log that an earlier working database left, and that are not \
                 replayed: {foreign}"
            ));
        }
        Ok(chosen)
    }

    /// Numbers of commits leave no gap; where they repeat, there were several working databases.
    fn check_numbers(&mut self, parts: &[PartHeader], has_damaged: bool) -> Result<()> {
        let numbers: BTreeSet<i64> = parts.iter().map(|part| part.commit_number).collect();
        if self.basis == Basis::Snapshot || has_damaged || numbers.len() < parts.len() {
            return Ok(());
        }
        let last = numbers.last().copied().unwrap_or(0);
        let gaps: Vec<String> = (1..=last)
            .filter(|number| !numbers.contains(number))
            .map(|number| format!("the part with commit number {number}"))
            .collect();
        let Some(first) = gaps.first() else { return Ok(()) };
        let text = format!("the change log lacks {first}, and {} in all", gaps.len());
        if !self.skip_damaged {
            return Err(Error::new(Kind::State, format!("{text}; {SKIP_ADVICE}")));
        }
        self.warn(&text);
        self.left_out.extend(gaps);
        Ok(())
    }

    fn restore_runs(&self, runs: &[RunRecord]) -> Result<()> {
        let (_, last) = self.rebuilding.runs()?;
        let later = |record: &&RunRecord| self.basis != Basis::Snapshot || record.run.number > last;
        let runs: Vec<RunRecord> = runs.iter().filter(later).cloned().collect();
        self.rebuilding.restore_runs(&runs)
    }

    fn prepare_streams(&mut self, parts: &[PartHeader]) -> Result<()> {
        let mut sources = BTreeSet::new();
        for part in parts {
            let kind = self.kind(part)?;
            if sources.insert((&part.source, &part.account_id)) {
                self.rebuilding.ensure_source(part, kind)?;
            }
            let spec = kind.tables().find(|spec| spec.name == part.stream).ok_or_else(|| {
                let (name, stream) = (&part.name, &part.stream);
                Error::new(Kind::State, format!("{name}: this program knows no stream `{stream}`"))
            })?;
            let work = self.streams.entry((part.source.clone(), spec.name));
            let work = work.or_insert_with(|| StreamWork {
                kind,
                spec,
                // What is stored was masked when it was observed.
                normalizer: Normalizer::new(spec, Sensitive::Keep),
                parts_to_come: 0,
                parts: 0,
                rows: 0,
                counts: RowCounts::default(),
            });
            work.parts_to_come += 1;
        }
        Ok(())
    }

    fn kind(&self, part: &PartHeader) -> Result<&'static SourceKind> {
        let told = part.kind.as_deref().and_then(source_kind);
        let known = || self.settings.source(&part.source).map(|source| source.kind);
        told.or_else(known).ok_or_else(|| {
            let (name, source) = (&part.name, &part.source);
            Error::new(
                Kind::State,
                format!(
                    "{name}: neither the part nor the configuration tells the kind of the source \
                     `{source}`; add it to the configuration"
                ),
            )
        })
    }

    fn replay_or_leave_out(&mut self, part: &PartHeader, newest: Option<&Age>) -> Result<()> {
        match self.read_unit(part) {
            Ok(Some(unit)) => self.replay(part, &unit),
            Ok(None) => Ok(()),
            Err(reason) if matches!(reason.kind(), Kind::State | Kind::Contract) => {
                let (name, run) = (part.name.clone(), Some(part.run.clone()));
                self.leave_out(DamagedPart { name, run, reason }, newest)
            }
            Err(error) => Err(error),
        }
    }

    fn read_unit(&self, part: &PartHeader) -> Result<Option<LoadUnit>> {
        let Some(work) = self.work(part) else { return Ok(None) };
        let mut rows = PartRows::open(&self.settings.warehouse.dir, part)?;
        let mut batches: Vec<Batch> = Vec::new();
        let mut deleted = Vec::new();
        while let Some(some) = rows.next_rows()? {
            for logged in &some.pages {
                batches.push(logged.restore(work.normalizer.normalize(&logged.page)?)?);
            }
            deleted.extend(some.deleted);
        }
        let selects = |spec: &&StreamSpec| {
            self.settings.source(&part.source).is_none_or(|source| source.selects(spec.name))
        };
        Ok(Some(LoadUnit {
            source: part.source.clone(),
            followed: work.kind.streams.iter().filter(selects).collect(),
            account_id: part.account_id.clone(),
            spec: work.spec,
            // Nobody knows what else that run saw.
            settled_to: i64::MIN,
            batches,
            deleted,
            ledger: None,
            lines_of: Vec::new(),
        }))
    }

    fn work(&self, part: &PartHeader) -> Option<&StreamWork> {
        let of_part = |entry: &(&(String, &'static str), &StreamWork)| {
            entry.0.0 == part.source && entry.0.1 == part.stream
        };
        self.streams.iter().find(of_part).map(|(_, work)| work)
    }

    fn replay(&mut self, part: &PartHeader, unit: &LoadUnit) -> Result<()> {
        let (source, stream) = (unit.source.as_str(), unit.spec.name);
        let Some(work) = self.streams.get_mut(&(unit.source.clone(), stream)) else {
            return Ok(());
        };
        if work.parts == 0 {
            let plan = format!("replaying {} parts", work.parts_to_come);
            self.observer.notify(&Event::StreamStarted {
                source,
                stream,
                plan: &plan,
                is_resumed: false,
            });
        }
        work.counts.add(self.rebuilding.replay(part, unit)?);
        work.parts += 1;
        let rows = u64::try_from(part.rows).unwrap_or(0);
        work.rows += rows;
        let total_pages = Some(work.parts_to_come);
        let pages_left = None;
        self.observer.notify(&Event::PageFetched { source, stream, rows, total_pages, pages_left });
        if work.parts == work.parts_to_come {
            let status = StreamStatus::Complete;
            let outcome = Outcome { status, rows: work.counts, note: None };
            self.observer.notify(&Event::StreamFinished { source, stream, outcome: &outcome });
        }
        Ok(())
    }

    /// A damaged part that is the newest of all may be what a killed process left: nothing counts
    /// on it. Any other one held rows that a commit counted on.
    fn leave_out(&mut self, part: DamagedPart, newest: Option<&Age>) -> Result<()> {
        let DamagedPart { name, run, reason } = part;
        if newest.is_some_and(|newest| newest.name == name) {
            self.warn(&format!(
                "changes/{name} is cut off, as a killed process leaves it: {reason}"
            ));
            return Ok(());
        }
        if !self.skip_damaged {
            let text = format!("changes/{name} is damaged; {SKIP_ADVICE}");
            return Err(Error::new(Kind::State, text).because(reason));
        }
        self.warn(&format!("left out changes/{name}, which is damaged: {reason}"));
        if let Some(run) = run {
            self.rebuilding.leave_out(&name, &run)?;
        }
        self.left_out.push(format!("changes/{name}"));
        Ok(())
    }

    fn finish(self) -> Result<Rebuilt> {
        let mut streams = Vec::new();
        for (source, kind) in self.rebuilding.warehouse().known_sources()? {
            for spec in source_kind(&kind).into_iter().flat_map(SourceKind::tables) {
                let work = self.streams.get(&(source.clone(), spec.name));
                let current = self.rebuilding.count_rows(&source, spec.name)?;
                streams.push(RebuiltStream {
                    source: source.clone(),
                    stream: spec.name.to_owned(),
                    parts: work.map_or(0, |work| work.parts),
                    rows: work.map_or(0, |work| work.rows),
                    current: u64::try_from(current).unwrap_or(0),
                });
            }
        }
        self.rebuilding.finish(NORMALIZER_VERSION)?;
        Ok(Rebuilt { basis: self.basis, streams, left_out: self.left_out })
    }

    fn warn(&self, text: &str) {
        self.observer.notify(&Event::Warning { text });
    }
}

/// What to do about a part that is damaged or lost.
const SKIP_ADVICE: &str =
    "restore it from a backup, or go on without it: `paid-sync rebuild --skip-damaged`";

/// Where a part stands among all: by the start of its run, then by its name.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Age {
    started_at: i64,
    /// File name: run and sequence.
    file: String,
    name: String,
}

fn newest(listing: &ChangeLogListing) -> Option<Age> {
    let whole = listing.parts.iter().map(|part| (&part.run, &part.name));
    let damaged = listing.damaged.iter().filter_map(|part| Some((part.run.as_ref()?, &part.name)));
    let age = |(run, name): (&Run, &String)| Age {
        started_at: run.started_at,
        file: name.rsplit('/').next().unwrap_or_default().to_owned(),
        name: name.clone(),
    };
    whole.chain(damaged).map(age).max()
}

/// Gives the walks that ended with a part that is followed by another one of its stream. The last
/// part of a stream may be one that no transaction named: it is no proof of progress.
fn trusted_walks(parts: &[PartHeader]) -> Vec<(&PartHeader, CompletedWalk)> {
    let mut last = BTreeMap::new();
    for part in parts {
        last.insert((&part.source, &part.stream), &part.name);
    }
    let trusted = |part: &&PartHeader| last.get(&(&part.source, &part.stream)) != Some(&&part.name);
    parts.iter().filter(trusted).filter_map(|part| Some((part, part.completed?))).collect()
}
