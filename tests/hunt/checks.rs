//! What must hold after every run, whatever happened before it.

use std::collections::{BTreeMap, BTreeSet};

use paid_sync::catalog::StreamSpec;
use paid_sync::database::{Database, literal, qualified};
use paid_sync::emulator::Emulator;
use paid_sync::model::Cell;
use serde_json::Value;

use super::history::{DELETES_ARE_PROVEN, Outcome};
use super::plan::Plan;
use crate::support::oracle::Rows;
use crate::support::warehouse::{Home, files, number, tables};

/// Default of `settle_lag`, and by how much faults move the server's clock.
const LAG: i64 = 60 + 20;

/// Remembers which objects the mirror must hold by now.
#[derive(Default)]
pub(super) struct Seen {
    /// Objects that a walk must bring once it succeeds, by stream.
    pending: BTreeMap<&'static str, BTreeSet<String>>,
    /// All objects that the lists showed when the first run since the last complete one began: a
    /// walk that was cut off goes on where it stopped, and does not look again at what it passed.
    listed: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects that must be there, unless they were deleted.
    due: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects that were there.
    shown: BTreeMap<&'static str, BTreeSet<String>>,
    last_run: Option<i64>,
}

impl Seen {
    /// Notes before a run what it must bring: what was created since the last one, less what is too
    /// fresh; what is dated back further than the lookback waits for a re-walk.
    pub(super) fn expect(&mut self, emulator: &Emulator, plan: &Plan) {
        let now = emulator.now();
        let from = self.last_run.map(|last| last - LAG - i64::from(plan.settings.lookback) + 40);
        for spec in tables().filter(|spec| spec.name != "account") {
            let dates = emulator.dates(spec.name).unwrap();
            let settled = dates.iter().filter(|(_, created_at)| *created_at <= now - LAG);
            let fresh =
                settled.filter(|(_, created_at)| from.is_none_or(|from| *created_at > from));
            self.pending.entry(spec.name).or_default().extend(fresh.map(|(id, _)| id.clone()));
            let listed = || dates.into_iter().map(|(id, _)| id).collect();
            self.listed.entry(spec.name).or_insert_with(listed);
        }
        self.last_run = Some(now);
    }

    /// After a run that was told untruths nobody can tell what was missed, until the lists are walked
    /// again.
    pub(super) fn forget(&mut self) {
        self.pending.clear();
        self.listed.clear();
        self.due.clear();
    }

    /// Checks after a run that everything due is there (I1), and that nothing vanished that exists
    /// (I9).
    pub(super) fn judge(
        &mut self,
        emulator: &Emulator,
        outcome: &Outcome,
        current: Option<&BTreeMap<&'static str, Rows>>,
        is_deceived: bool,
    ) -> Result<(), String> {
        let is_done = matches!(outcome.code, Some(0 | 1));
        if is_deceived {
            self.forget();
        }
        let Some(current) = current else { return Ok(()) };
        for spec in tables().filter(|spec| spec.name != "account") {
            let alive = emulator.dates(spec.name).unwrap();
            let alive: BTreeSet<String> = alive.into_iter().map(|(id, _)| id).collect();
            let rows = &current[spec.name];
            let due = self.due.entry(spec.name).or_default();
            if is_done && !is_deceived && is_complete(outcome, spec) {
                due.append(self.pending.entry(spec.name).or_default());
                let listed = self.listed.remove(spec.name).unwrap_or_default();
                if outcome.is_full {
                    due.extend(listed);
                }
            }
            let missing: Vec<_> =
                due.iter().filter(|id| alive.contains(*id) && !rows.contains_key(*id)).collect();
            if is_done && !missing.is_empty() {
                return Err(format!(
                    "{}: exit {:?}, but {missing:?} are missing",
                    spec.name, outcome.code
                ));
            }
            let shown = self.shown.entry(spec.name).or_default();
            let stays =
                |id: &&String| spec.append_only || alive.contains(*id) || !DELETES_ARE_PROVEN;
            let vanished: Vec<_> =
                shown.iter().filter(stays).filter(|id| !rows.contains_key(*id)).collect();
            if !is_deceived && !vanished.is_empty() {
                return Err(format!("{}: {vanished:?} vanished", spec.name));
            }
            *shown = rows.keys().cloned().collect();
        }
        Ok(())
    }
}

fn stream<'a>(outcome: &'a Outcome, spec: &StreamSpec) -> Option<&'a Value> {
    let report = outcome.report.as_ref()?;
    let mut streams = report["sources"]
        .as_array()?
        .iter()
        .flat_map(|source| source["streams"].as_array().map(Vec::as_slice).unwrap_or_default());
    streams.find(|stream| stream["stream"] == spec.name)
}

fn is_complete(outcome: &Outcome, spec: &StreamSpec) -> bool {
    stream(outcome, spec).is_some_and(|stream| stream["status"] == "complete")
}

/// Every exit code is a documented one, and none of the warehouse's.
pub(super) fn exit_code(outcome: &Outcome) -> Result<(), String> {
    match outcome.code {
        None | Some(0 | 1 | 3 | 5) => Ok(()),
        code => Err(format!("exit code {code:?}: {}", outcome.text)),
    }
}

/// Every element received is accounted for (I7).
pub(super) fn report(outcome: &Outcome) -> Result<(), String> {
    let Some(report) = &outcome.report else { return Ok(()) };
    if outcome.code.map(u64::from) != report["exit_code"].as_u64() {
        return Err(format!(
            "exit code {:?}, but the report says {}",
            outcome.code, report["exit_code"]
        ));
    }
    for source in report["sources"].as_array().unwrap() {
        for stream in source["streams"].as_array().unwrap() {
            let count = |name: &str| stream[name].as_u64().unwrap();
            let parts = ["inserted", "updated", "unchanged", "superseded", "quarantined"];
            if count("received") != parts.into_iter().map(count).sum::<u64>() {
                return Err(format!("does not tie out: {stream}"));
            }
        }
    }
    Ok(())
}

/// The mirror only reads (I6).
pub(super) fn requests(emulator: &Emulator) -> Result<(), String> {
    let requests = emulator.requests();
    match (requests.non_get, requests.forbidden) {
        (0, 0) => Ok(()),
        _ => Err(format!("{requests:?}")),
    }
}

/// One row per id; one open version per row, none for what is gone; versions never overlap.
pub(super) fn snapshot(database: &Database) -> Result<(), String> {
    let one = |spec: &StreamSpec| {
        let (current, history) =
            (qualified("paid", spec.name), qualified("paid_history", spec.name));
        format!(
            "SELECT {name} AS stream,
               (SELECT count(*) - count(DISTINCT (_account_id, id)) FROM {current}) AS twice,
               (SELECT count(*) FROM {history} AS open FULL JOIN {current} AS row
                  ON open.id = row.id AND open._account_id = row._account_id
                WHERE (open._valid_to IS NULL OR open.id IS NULL)
                  AND (open.id IS NULL OR row.id IS NULL OR open._deleted
                    OR open._row_hash IS DISTINCT FROM row._row_hash)) AS unmatched,
               (SELECT count(*) FROM {history} WHERE _valid_to < _valid_from) AS backwards,
               (SELECT count(*) FROM (SELECT _valid_from, lag(coalesce(_valid_to, 'infinity'))
                  OVER (PARTITION BY _account_id, id ORDER BY _valid_from, coalesce(_valid_to, 'infinity'))
                  AS before FROM {history}) WHERE before > _valid_from) AS overlapping",
            name = literal(spec.name)
        )
    };
    let all = tables().map(one).collect::<Vec<_>>().join(" UNION ALL ");
    let query = format!(
        "SELECT stream || ': ' || twice || ' rows twice, ' || unmatched || ' open versions unmatched, ' \
         || backwards || ' versions backwards, ' || overlapping || ' overlapping' FROM ({all}) \
         WHERE twice + unmatched + backwards + overlapping > 0"
    );
    let wrong = database.texts(&query, &[]).map_err(|error| format!("{error:?}"))?;
    if wrong.is_empty() { Ok(()) } else { Err(format!("{wrong:?}")) }
}

/// The Parquet tables hold as many rows as the snapshot.
pub(super) fn parquet(home: &Home, database: &Database) -> Result<(), String> {
    let memory = Database::in_memory().unwrap();
    for spec in tables() {
        let place = home.warehouse().join("tables/paid").join(spec.name);
        let place = std::fs::canonicalize(&place).unwrap_or(place);
        let rows =
            number(database, &format!("SELECT count(*) FROM {}", qualified("paid", spec.name)));
        let found = if files(&place).is_empty() {
            0
        } else {
            let glob = place.join("*/*.parquet").display().to_string();
            number(&memory, &format!("SELECT count(*) FROM read_parquet({})", literal(&glob)))
        };
        if rows != found {
            return Err(format!("{}: {rows} rows, but {found} in Parquet", spec.name));
        }
    }
    Ok(())
}

/// Fields that change without meaning are up to date after everything was walked.
pub(super) fn volatile(
    emulator: &Emulator,
    database: &Database,
    spec: &StreamSpec,
) -> Result<(), String> {
    for field in spec.volatile.iter().filter(|field| spec.has_column(field)) {
        let query = format!("SELECT id, {field} FROM {}", qualified("paid", spec.name));
        let table = database.table(&query, &[]).map_err(|error| error.to_string())?;
        let found: BTreeMap<String, i128> = table
            .rows
            .iter()
            .filter_map(|row| match row.as_slice() {
                [Cell::Text(id), Cell::Integer(value)] => Some((id.clone(), *value)),
                _ => None,
            })
            .collect();
        for object in emulator.truth(spec.name, None).unwrap() {
            let object: Value = serde_json::from_slice(&object).unwrap();
            let (id, value) = (object["id"].as_str().unwrap(), object[*field].as_i64());
            if found.get(id).copied() != value.map(i128::from) {
                return Err(format!(
                    "{}.{field} of {id} is {:?}, not {value:?}",
                    spec.name,
                    found.get(id)
                ));
            }
        }
    }
    Ok(())
}
