//! One source of a comparison: whose account it is, then stream by stream.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::catalog::{Class, Paging, SingleRead, StreamSpec};
use crate::config::{self, Settings};
use crate::error::{Context, Error, Kind, Result};
use crate::extract::{
    self, Client, RetryPolicy, Single, WalkEnd, WalkRequest, WalkStatus, Walked, is_usable_id,
};
use crate::model::{Batch, Event, Observer, Outcome, RowCounts, StreamStatus, View, Window};
use crate::normalize::{Normalizer, Sensitive};
use crate::run::identity::Identity;
use crate::run::source::client;
use crate::run::stop::stopped;
use crate::run::{Account, Stop, SyncOptions, sensitive};

use super::compare::{self, Absent};
use super::findings::{Difference, Findings, StreamFindings};
use super::scratch::Scratch;
use super::sql::{self, Newer, Scope};
use super::stage::{self, Stage};
use super::{Sample, VerifyOptions};

/// Pages fetched ahead of staging, per stream.
const PAGES_AHEAD: usize = 4;
/// Streams compared side by side; the client's own limit decides how many requests are under way.
const STREAMS_AT_ONCE: usize = 4;
/// Reads by id started ahead.
const READS_AHEAD: usize = 16;

/// Compares one source.
pub(super) struct SourceCheck<'a> {
    source: &'a config::Source,
    client: Client,
    scratch: Scratch,
    sensitive: Sensitive,
    account_id: String,
    observer: &'a Arc<dyn Observer>,
    stop: &'a Stop,
}

/// Gives the newest run in the snapshot.
pub(super) async fn snapshot_run(scratch: &Scratch) -> Result<String> {
    let runs = scratch.with(|database| database.texts(&sql::snapshot_run(), &[])).await?;
    Ok(runs.into_iter().next().unwrap_or_default())
}

impl<'a> SourceCheck<'a> {
    /// Prepares without asking anything.
    pub(super) fn new(
        settings: &Settings,
        account: &'a Account,
        retry: RetryPolicy,
        scratch: &Scratch,
        observer: &'a Arc<dyn Observer>,
        stop: &'a Stop,
    ) -> Result<Self> {
        let options = SyncOptions { retry, ..SyncOptions::default() };
        Ok(Self {
            source: &account.source,
            client: client(account, &options, Arc::clone(observer))?,
            scratch: scratch.clone(),
            sensitive: known_sensitive(settings)?,
            account_id: String::new(),
            observer,
            stop,
        })
    }

    /// Counts the requests sent.
    pub(super) fn requests(&self) -> i64 {
        self.client.requests_sent()
    }

    /// Compares the selected streams; what was found before an error is in `findings`.
    pub(super) async fn run(
        &mut self,
        options: &VerifyOptions,
        findings: &mut Findings,
    ) -> Result<()> {
        self.identify().await?;
        let this = &*self;
        let streams = this.source.kind.streams.iter().filter(|spec| {
            let wanted = &options.streams;
            this.source.selects(spec.name)
                && (wanted.is_empty() || wanted.iter().any(|name| name == spec.name))
        });
        let mut checks = stream::iter(streams)
            .map(|spec| async move {
                let result = match options.sample {
                    Some(sample) => this.sample(spec, sample).await,
                    None => this.walk(spec).await,
                };
                this.conclude(spec, result).await
            })
            .buffered(STREAMS_AT_ONCE);
        while let Some(result) = checks.next().await {
            match result {
                Ok(found) => findings.streams.push(found),
                Err(error) if error.kind().ends_run() => return Err(error),
                Err(error) => findings.errors.push(error),
            }
        }
        Ok(())
    }

    /// Asks who the key belongs to, and refuses another account than the snapshot's.
    pub(super) async fn identify(&mut self) -> Result<()> {
        let name = self.source.name.clone();
        let known = self
            .scratch
            .with(move |database| database.texts(&sql::account(), &[(&name).into()]))
            .await?;
        let name = &self.source.name;
        let Some(known) = known.into_iter().next() else {
            let message = format!("the snapshot does not hold source `{name}` yet");
            return Err(Error::new(Kind::Unpublished, message));
        };
        let kind = self.source.kind;
        let identity = Identity::ask(&self.client, name, kind, Sensitive::Keep).await?;
        let found = identity.account_id(name, Some(&known));
        if found != known {
            let message = format!(
                "source `{name}`: the key belongs to account {found}, but the snapshot holds \
                 account {known}"
            );
            return Err(Error::new(Kind::WrongAccount, message));
        }
        self.account_id = found;
        Ok(())
    }

    fn scope(&self, spec: &'static StreamSpec, view: View) -> Scope {
        Scope {
            source: self.source.name.clone(),
            account_id: self.account_id.clone(),
            spec,
            view,
            list_fields: BTreeSet::new(),
        }
    }

    fn began(&self, spec: &StreamSpec, plan: &str) {
        let source = &self.source.name;
        self.observer.notify(&Event::StreamStarted {
            source,
            stream: spec.name,
            plan,
            is_resumed: false,
        });
    }

    /// Tells how a stream went, and forgives that an optional list is not offered to the account,
    /// as long as the warehouse does not claim to know it.
    async fn conclude(
        &self,
        spec: &'static StreamSpec,
        result: Result<StreamFindings>,
    ) -> Result<StreamFindings> {
        let scope = self.scope(spec, View::List);
        self.scratch.with(move |database| database.execute_batch(&sql::drop_stage(&scope))).await?;
        let (status, result) = match result {
            Ok(found) => (StreamStatus::Complete, Ok(found)),
            Err(error) if error.kind() == Kind::Interrupted => {
                (StreamStatus::Interrupted, Err(error))
            }
            Err(error) => {
                let status = extract::stream_status(&error);
                (status, self.forgive(spec, status, error).await)
            }
        };
        let outcome = match &result {
            Ok(found) => outcome(found, status),
            Err(error) => {
                Outcome { status, rows: RowCounts::default(), note: Some(error.to_string()) }
            }
        };
        let source = &self.source.name;
        self.observer.notify(&Event::StreamFinished {
            source,
            stream: spec.name,
            outcome: &outcome,
        });
        result
    }

    async fn forgive(
        &self,
        spec: &'static StreamSpec,
        status: StreamStatus,
        error: Error,
    ) -> Result<StreamFindings> {
        let is_refused = matches!(
            status,
            StreamStatus::UnavailableOnPlan
                | StreamStatus::Unavailable
                | StreamStatus::Forbidden
                | StreamStatus::Throttled
        );
        let source = self.source.name.clone();
        let loads = self.scratch.with(move |database| {
            database.integer(&sql::count_loads(), &[(&source).into(), spec.name.into()])
        });
        if spec.class == Class::Core || !is_refused || loads.await? > 0 {
            return Err(error);
        }
        Ok(self.skipped(spec, status.name()))
    }

    fn skipped(&self, spec: &StreamSpec, why: &str) -> StreamFindings {
        StreamFindings {
            source: self.source.name.clone(),
            stream: spec.name.to_owned(),
            skipped: Some(why.to_owned()),
            ..StreamFindings::default()
        }
    }

    /// Walks the whole list and compares it with the whole table.
    async fn walk(&self, spec: &'static StreamSpec) -> Result<StreamFindings> {
        if spec.is_below_others() {
            return Ok(self.skipped(spec, "it has no list of its own, only below single objects"));
        }
        self.began(spec, "verify: whole list");
        let mut scope = self.scope(spec, View::List);
        let (mut stage, mut end) = self.walk_to_end(&scope).await?;
        if end.rows == 0 && self.expects_rows(&scope).await? {
            // An empty answer proves nothing (DESIGN 6): asked once more, then refused.
            (stage, end) = self.walk_to_end(&scope).await?;
            if end.rows == 0 {
                let what = "the list came back empty twice, but the snapshot holds rows of it";
                return Err(self.broken(spec, what));
            }
        }
        let is_whole = match (end.status, spec.paging) {
            (WalkStatus::Complete, _) => true,
            (WalkStatus::CursorIgnored, Paging::AfterLastIdPerhaps) | (WalkStatus::Unstable, _) => {
                false
            }
            _ => return Err(self.broken(spec, "the server ignored the page cursor")),
        };
        scope.list_fields = std::mem::take(&mut stage.list_fields);
        let absent = if is_whole && !spec.append_only { Absent::Extra } else { Absent::Forgotten };
        let (mut found, unseen) = self
            .scratch
            .with(move |database| {
                let newer = compare::newer(database, &scope)?;
                let found = compare::compare(database, &scope, newer, absent)?;
                let unseen = if is_whole {
                    Vec::new()
                } else {
                    database.texts(&sql::forgotten(&scope), &[])?
                };
                Ok((found, unseen))
            })
            .await?;
        found.quarantined = stage.quarantined;
        if !is_whole && spec.single == SingleRead::ById {
            let why = match end.status {
                WalkStatus::Unstable => "list_unstable: rows that it lacked were read by id",
                _ => "cursor_ignored: rows beyond its first page were read by id",
            };
            found.note = Some(why.to_owned());
            found.settle_unseen(self.read(spec, unseen).await?);
        }
        Ok(found)
    }

    fn broken(&self, spec: &StreamSpec, what: &str) -> Error {
        Error::new(Kind::Contract, format!("{}.{}: {what}", self.source.name, spec.name))
    }

    async fn expects_rows(&self, scope: &Scope) -> Result<bool> {
        let scope = scope.clone();
        let rows = self.scratch.with(move |database| {
            database.integer(&sql::count_rows(&scope), &[(&scope.account_id).into()])
        });
        Ok(rows.await? > 0)
    }

    /// Fetches on a task of its own while pages are normalised and staged here.
    async fn walk_to_end(&self, scope: &Scope) -> Result<(Stage, WalkEnd)> {
        let normalizer = Normalizer::new(scope.spec, self.sensitive.clone());
        let mut stage = Stage::open(&self.scratch, scope, &normalizer.schema()).await?;
        let (sender, mut pages) = mpsc::channel::<Walked<Batch>>(PAGES_AHEAD);
        let client = self.client.clone();
        let request = WalkRequest {
            below: None,
            spec: scope.spec,
            window: Window::ALL,
            resume: None,
            filter: None,
            width: client.max_in_flight(),
        };
        let mut fetching = JoinSet::new();
        fetching.spawn(async move {
            extract::walk(&client, request, sender, move |page| normalizer.normalize(&page)).await
        });
        let mut stop = self.stop.clone();
        loop {
            let walked = tokio::select! {
                biased;
                () = stopped(&mut stop) => return Err(interrupted()),
                walked = pages.recv() => walked,
            };
            let Some(walked) = walked else { break };
            self.observer.notify(&Event::PageFetched {
                source: &self.source.name,
                stream: scope.spec.name,
                rows: walked.elements,
                total_pages: walked.total_pages,
                pages_left: walked.pages_left,
            });
            stage.add(walked.page, None).await?;
        }
        stage.flush().await?;
        match fetching.join_next().await {
            Some(end) => {
                Ok((stage, end.context(Kind::Network, || "fetching ended unexpectedly")??))
            }
            None => Err(interrupted()),
        }
    }

    /// Reads some rows of the snapshot by id.
    async fn sample(&self, spec: &'static StreamSpec, sample: Sample) -> Result<StreamFindings> {
        if spec.single == SingleRead::None {
            return Ok(self.skipped(spec, "its objects cannot be read by id"));
        }
        self.began(spec, &format!("verify: {} rows by id", sample.rows));
        let scope = self.scope(spec, View::Get);
        let ids = self
            .scratch
            .with(move |database| {
                let account_id = (&scope.account_id).into();
                let seed = sample.seed.to_string();
                let params = [account_id, (&seed).into(), i64::from(sample.rows).into()];
                database.texts(&sql::sample(&scope), &params)
            })
            .await?;
        self.read(spec, ids).await
    }

    /// Reads objects by id and compares them with their rows.
    pub(super) async fn read(
        &self,
        spec: &'static StreamSpec,
        ids: Vec<String>,
    ) -> Result<StreamFindings> {
        let mut scope = self.scope(spec, View::Get);
        scope.list_fields = self.known_list_fields(spec).await?;
        let (usable, unusable): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| is_usable_id(id));
        stage::choose(&self.scratch, &scope, &usable).await?;
        let stage = self.fetch_all(&scope, usable).await?;
        let absent = if spec.append_only { Absent::Forgotten } else { Absent::Gone };
        let mut found = self
            .scratch
            .with(move |database| compare::compare(database, &scope, Newer::default(), absent))
            .await?;
        found.quarantined = stage.quarantined;
        found.unreadable = u64::try_from(unusable.len()).unwrap_or(u64::MAX);
        Ok(found)
    }

    /// Compares ids that differed once more; gives those that still do.
    pub(super) async fn look_again(
        &self,
        spec: &'static StreamSpec,
        before: &[Difference],
    ) -> Result<Vec<Difference>> {
        if spec.single == SingleRead::None {
            let known: HashSet<&str> = before.iter().map(|known| known.id.as_str()).collect();
            let mut differences = self.walk(spec).await?.differences;
            differences.retain(|found| known.contains(found.id.as_str()));
            return Ok(differences);
        }
        let ids = before.iter().map(|known| known.id.clone()).collect();
        let mut differences = self.read(spec, ids).await?.differences;
        // Those that nobody can ask for are as they were.
        differences.extend(before.iter().filter(|known| !is_usable_id(&known.id)).cloned());
        Ok(differences)
    }

    async fn fetch_all(&self, scope: &Scope, ids: Vec<String>) -> Result<Stage> {
        let (spec, client) = (scope.spec, &self.client);
        let normalizer = Normalizer::new(spec, self.sensitive.clone())
            .with_list_fields(scope.list_fields.clone());
        let mut stage = Stage::open(&self.scratch, scope, &normalizer.schema()).await?;
        let mut reads = stream::iter(ids)
            .map(|id| async move {
                let single = client.read_one(spec, &id).await;
                (id, single)
            })
            .buffer_unordered(READS_AHEAD);
        while let Some((id, single)) = reads.next().await {
            if *self.stop.borrow() {
                return Err(interrupted());
            }
            if let Single::Found(page) = single? {
                stage.add(normalizer.normalize(&page)?, Some(&id)).await?;
            }
        }
        stage.flush().await?;
        Ok(stage)
    }

    async fn known_list_fields(&self, spec: &'static StreamSpec) -> Result<BTreeSet<String>> {
        let source = self.source.name.clone();
        let fields = self.scratch.with(move |database| {
            database.texts(&sql::list_fields(), &[(&source).into(), spec.name.into()])
        });
        Ok(fields.await?.into_iter().collect())
    }
}

/// Says for progress what a comparison found, in the words of a run.
fn outcome(found: &StreamFindings, status: StreamStatus) -> Outcome {
    let total = found.total();
    let mut notes: Vec<String> = found.skipped.iter().chain(&found.note).cloned().collect();
    if found.differs() {
        notes.push(format!("{} differ", found.differences.len()));
    }
    Outcome {
        status,
        rows: RowCounts {
            received: total.api.saturating_add(found.quarantined),
            inserted: total.missing.saturating_add(total.newer),
            updated: total.different,
            unchanged: total.same,
            quarantined: found.quarantined,
            ..RowCounts::default()
        },
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

/// As the settings say, but nothing is written: without the secret of the installation, hashed
/// columns cannot be made and are left out.
fn known_sensitive(settings: &Settings) -> Result<Sensitive> {
    let directory = &settings.warehouse.dir;
    let has_secret = directory.join("work").join("salt").is_file();
    if settings.sync.sensitive == config::Sensitive::Hash && !has_secret {
        return Ok(Sensitive::Drop);
    }
    sensitive(settings, directory)
}

fn interrupted() -> Error {
    Error::new(Kind::Interrupted, "the comparison was stopped by a signal")
}
