//! What a run would do and cost, from what the ledger and the tables know.

use std::sync::Arc;
use std::time::Instant;

use super::identity::Identity;
use super::source::client;
use super::store::blocking;
use super::{Account, SyncOptions};
use crate::catalog::{CreatedFilter, StreamSpec};
use crate::config::{Settings, Source};
use crate::error::{Error, Result};
use crate::extract::Client;
use crate::load::{Place, Warehouse};
use crate::model::{Coverage, Observer, StreamState, WalkKind, Window};
use crate::normalize::Sensitive;
use crate::plan::{self, Walk};

use super::lock::Lock;
use super::stream::checkpoint;

/// Days back over which new rows are counted, to tell how many a day brings.
const RECENT: i64 = 30 * 86_400;
/// Bytes on disk per row where the warehouse holds none yet: working database, snapshot, its
/// predecessor, Parquet tables and change log together, as measured on simulated accounts.
const BYTES_PER_ROW: u64 = 700;
/// Requests that find out whether a list heeds its filter.
const FILTER_PROBES: u64 = 3;
/// Requests that prove the end of a list.
const END_PROOF: u64 = 2;

/// A walk that a run would make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedWalk {
    /// Source.
    pub source: String,
    /// Stream.
    pub stream: &'static str,
    /// What is walked.
    pub walk: String,
    /// Why.
    pub reason: &'static str,
    /// Rows expected; `None` if nobody can tell.
    pub rows: Option<u64>,
    /// Rows of those that are not in the warehouse yet.
    pub new_rows: Option<u64>,
    /// Requests expected.
    pub requests: Option<u64>,
}

/// What a run of one source would do.
#[derive(Debug, Clone, PartialEq)]
pub struct Outlook {
    /// Source.
    pub source: String,
    /// Its walks.
    pub walks: Vec<PlannedWalk>,
    /// Reads by id of objects that may have changed, at most.
    pub refreshes: u64,
    /// Requests of all of it.
    pub requests: u64,
    /// Seconds that they take at the configured pace, at the latency just seen.
    pub seconds: f64,
    /// Bytes of disk that new rows take.
    pub bytes: u64,
    /// Requests that this outlook itself took.
    pub spent: u64,
}

/// Looks ahead for one source. Nothing is mirrored; lists that the warehouse does not hold are
/// estimated by a few requests.
///
/// # Errors
/// Those of the client; `Locked` while a run is under way; those of the warehouse.
pub async fn outlook(
    settings: &Settings,
    account: Account,
    options: &SyncOptions,
    observer: Arc<dyn Observer>,
) -> Result<Outlook> {
    let began = Instant::now();
    let client = client(&account, options, observer)?;
    let source = account.source.clone();
    let identity = Identity::ask(&client, &source.name, source.kind, Sensitive::Keep).await?;
    let id = identity.account_id(&source.name, None);
    let now = client.server_now()?;
    let lookahead = Lookahead { source: &source, account_id: id, options, now, settings };
    let known = lookahead.known().await?;
    let mut walks = Vec::new();
    for (spec, known) in &known {
        walks.extend(lookahead.walks(&client, spec, known).await?);
    }
    let hints: u64 = known.iter().map(|(_, known)| known.hints).sum();
    let refreshes = hints.min(u64::from(settings.sync.refresh_budget));
    let requests = walks.iter().filter_map(|walk| walk.requests).sum::<u64>() + refreshes + 1;
    let new_rows: u64 = walks.iter().filter_map(|walk| walk.new_rows).sum();
    let spent = u64::try_from(client.requests_sent()).unwrap_or(0);
    let latency = began.elapsed().as_secs_f64() / seconds(spent.max(1));
    let width = seconds(u64::from(source.max_in_flight.max(1)));
    let pace = seconds(u64::from(source.requests_per_second.max(1)));
    Ok(Outlook {
        source: source.name.clone(),
        walks,
        refreshes,
        requests,
        seconds: seconds(requests) * (1.0 / pace).max(latency / width),
        bytes: new_rows.saturating_mul(BYTES_PER_ROW),
        spent,
    })
}

/// Counts stay far below what a float holds exactly.
fn seconds(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// What the warehouse knows of a stream, and the walks that follow from it.
#[derive(Debug, Default)]
struct Known {
    state: StreamState,
    rows: u64,
    recent: u64,
    hints: u64,
    walks: Vec<KnownWalk>,
}

/// A walk, and what is known of the part of the list that it covers.
#[derive(Debug)]
struct KnownWalk {
    walk: Walk,
    /// Rows in the warehouse.
    held: u64,
    /// Rows that it brought before it was cut off.
    done: u64,
}

struct Lookahead<'a> {
    settings: &'a Settings,
    source: &'a Source,
    account_id: String,
    options: &'a SyncOptions,
    now: i64,
}

impl Lookahead<'_> {
    fn selected(&self) -> Vec<&'static StreamSpec> {
        let wanted = &self.options.streams;
        let is_wanted = |spec: &&StreamSpec| {
            self.source.selects(spec.name)
                && (wanted.is_empty() || wanted.iter().any(|name| name == spec.name))
        };
        // What stands below other objects is read within the budget of reads by id.
        let streams = self.source.kind.streams.iter();
        streams.filter(|spec| !spec.is_below_others()).filter(is_wanted).collect()
    }

    /// Asks the working database; a warehouse that does not exist knows nothing.
    async fn known(&self) -> Result<Vec<(&'static StreamSpec, Known)>> {
        let directory = self.settings.warehouse.dir.clone();
        let specs = self.selected();
        let (plan, now) = (self.plan(), self.now);
        let unknown = move |spec| {
            let walks = plan::walks(spec, &StreamState::default(), plan, now);
            let walks = walks.into_iter().map(|walk| KnownWalk { walk, held: 0, done: 0 });
            Known { walks: walks.collect(), ..Known::default() }
        };
        if !Warehouse::working_path(&directory).is_file() {
            return Ok(specs.into_iter().map(|spec| (spec, unknown(spec))).collect());
        }
        let lock = Lock::acquire(&directory, "plan")?;
        let (source, account_id) = (self.source.name.clone(), self.account_id.clone());
        blocking(move || {
            let warehouse = Warehouse::open(&directory)?;
            let holds = warehouse.known_sources()?.iter().any(|(name, _)| *name == source);
            let known = specs.into_iter().map(|spec| {
                let place = Place { source: &source, account_id: &account_id, spec };
                let known =
                    if holds { known(&warehouse, &place, plan, now)? } else { unknown(spec) };
                Ok((spec, known))
            });
            let known = known.collect();
            drop(lock);
            known
        })
        .await
    }

    fn plan(&self) -> plan::Options {
        plan::Options {
            settle_lag: self.settings.sync.settle_lag,
            lookback: self.settings.sync.lookback,
            rewalk_every: self.settings.sync.rewalk_every,
            full: self.options.full,
            backfill: self.options.backfill,
            has_feed: self.source.kind.has_feed(),
        }
    }

    async fn walks(
        &self,
        client: &Client,
        spec: &'static StreamSpec,
        known: &Known,
    ) -> Result<Vec<PlannedWalk>> {
        let mut planned = Vec::new();
        for KnownWalk { walk, held, done } in &known.walks {
            let mut all = self.rows(known, walk, *held);
            if all.is_none() {
                // A list that is not offered is told by the run; here it only has no number.
                let estimate = client.estimate_rows(spec, walk.asked()).await;
                all = estimate.ok().and_then(|estimate| estimate.rows);
            }
            let rows = all.map(|all| all.saturating_sub(*done));
            let new_rows = all.map(|all| all.saturating_sub((*held).max(*done)));
            let probes = match walk.kind {
                WalkKind::Window if spec.created_filter != CreatedFilter::Absent => FILTER_PROBES,
                WalkKind::Window | WalkKind::Full => 0,
            };
            let page = u64::from(self.source.page_size.max(1));
            planned.push(PlannedWalk {
                source: self.source.name.clone(),
                stream: spec.name,
                walk: walk.describe(),
                reason: plan::reason(&known.state, self.plan(), walk),
                rows,
                new_rows,
                requests: rows.map(|rows| rows.div_ceil(page) + END_PROOF + probes),
            });
        }
        Ok(planned)
    }

    /// Predicts from the rows that are known what a walk meets in all; `None` where the ledger does not
    /// say that they are all there is.
    fn rows(&self, known: &Known, walk: &Walk, held: u64) -> Option<u64> {
        let state = &known.state;
        match walk.kind {
            WalkKind::Full => {
                // A list that ignores its cursor is never known as complete, however often it is read.
                let was_read =
                    known.rows > 0 && state.coverage == Coverage::default() && state.open.is_none();
                let is_known = state.last_full_walk.is_some() || was_read;
                let since = state.complete_to.unwrap_or(self.now);
                is_known.then(|| known.rows + known.expected(since, self.now))
            }
            WalkKind::Window => match state.coverage.missing(walk.window).as_slice() {
                [] => Some(held),
                [Window { from: Some(from), to: Some(to) }]
                    if state.complete_to == Some(*from) && state.last_full_walk.is_some() =>
                {
                    Some(held + known.expected(*from, *to))
                }
                _ => None,
            },
        }
    }
}

impl Known {
    /// Expects as many rows of a time to come as the last days brought.
    fn expected(&self, from: i64, to: i64) -> u64 {
        let span = u64::try_from(to.saturating_sub(from)).unwrap_or(0);
        self.recent.saturating_mul(span) / RECENT.unsigned_abs()
    }
}

fn known(warehouse: &Warehouse, place: &Place<'_>, plan: plan::Options, now: i64) -> Result<Known> {
    let count = |window| {
        let rows = warehouse.count_rows(place.source, place.spec, place.account_id, window)?;
        Ok::<_, Error>(u64::try_from(rows).unwrap_or(0))
    };
    let state = warehouse.stream_state(place.source, place.account_id, place.spec.name)?;
    let until = state.complete_to.unwrap_or(now);
    let recent = Window { from: Some(until.saturating_sub(RECENT)), to: Some(until) };
    let walks = plan::walks(place.spec, &state, plan, now).into_iter().map(|walk| {
        let resumes = walk.resumes.as_ref().map(|open| checkpoint(&open.resume)).transpose()?;
        let done = resumes.map_or(0, |resumes| resumes.rows());
        Ok(KnownWalk { held: count(walk.asked())?, done, walk })
    });
    Ok(Known {
        rows: count(Window::ALL)?,
        recent: count(recent)?,
        hints: warehouse.count_to_refresh(place, now)?,
        walks: walks.collect::<Result<_>>()?,
        state,
    })
}
