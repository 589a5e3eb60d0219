//! The `_sync` schema: what the mirror knows about itself, and its way from version to version.

/// Version of the tables below `_sync`; a newer one is refused (exit 4).
pub const SCHEMA_VERSION: i64 = 2;

/// What leads from the version before to each version. Forward only; run once, in one transaction
/// with the new version number, before [`CREATE`].
pub(super) const MIGRATIONS: &[(i64, &str)] = &[(
    2,
    // An open walk of version 1 has not written down which ids it met, so it cannot tell what is
    // absent: it starts anew.
    "ALTER TABLE _sync.ledger ADD COLUMN started_run BIGINT;
     ALTER TABLE _sync.ledger ADD COLUMN started_request BIGINT;
     ALTER TABLE _sync.dirty ADD COLUMN absent BOOLEAN DEFAULT false;
     ALTER TABLE _sync.stream_runs ADD COLUMN deleted BIGINT DEFAULT 0;
     DELETE FROM _sync.ledger WHERE state = 'open';",
)];

/// Creates whatever is missing; statements may be run any number of times.
pub(super) const CREATE: &str = "
CREATE SCHEMA IF NOT EXISTS _sync;
CREATE TABLE IF NOT EXISTS _sync.schema_version (version BIGINT, written_by VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.sources (
  source VARCHAR, kind VARCHAR, account_id VARCHAR, first_run_id VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.runs (
  run_number BIGINT, run_id VARCHAR, command VARCHAR, started_at TIMESTAMP, finished_at TIMESTAMP,
  status VARCHAR, exit_code BIGINT, requests BIGINT, message VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.stream_runs (
  run_id VARCHAR, source VARCHAR, account_id VARCHAR, stream VARCHAR, status VARCHAR,
  received BIGINT, inserted BIGINT, updated BIGINT, unchanged BIGINT, superseded BIGINT,
  quarantined BIGINT, note VARCHAR, deleted BIGINT DEFAULT 0);
CREATE TABLE IF NOT EXISTS _sync.ledger (
  number BIGINT, source VARCHAR, account_id VARCHAR, stream VARCHAR, kind VARCHAR,
  window_from BIGINT, window_to BIGINT, state VARCHAR, resume VARCHAR, pages BIGINT,
  rows_seen BIGINT, started BIGINT, run_id VARCHAR, updated_at TIMESTAMP, started_run BIGINT,
  started_request BIGINT);
CREATE TABLE IF NOT EXISTS _sync.walk_ids (walk BIGINT, id VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.rewalks (
  source VARCHAR, stream VARCHAR, reason VARCHAR, noticed_at BIGINT);
CREATE TABLE IF NOT EXISTS _sync.feed (
  source VARCHAR, account_id VARCHAR, reaches_to BIGINT, keeps BIGINT, run_id VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.dirty (
  source VARCHAR, stream VARCHAR, id VARCHAR, reason VARCHAR, noticed_at TIMESTAMP,
  noticed_run BIGINT, noticed_request BIGINT, changed_at TIMESTAMP, tried_run BIGINT,
  absent BOOLEAN DEFAULT false);
CREATE TABLE IF NOT EXISTS _sync.dirty_parents (
  source VARCHAR, stream VARCHAR, parent_id VARCHAR, noticed_at TIMESTAMP, noticed_run BIGINT,
  noticed_request BIGINT, tried_run BIGINT);
CREATE TABLE IF NOT EXISTS _sync.checked (
  source VARCHAR, stream VARCHAR, id VARCHAR, checked_run BIGINT);
CREATE TABLE IF NOT EXISTS _sync.list_fields (
  source VARCHAR, stream VARCHAR, field VARCHAR, run_number BIGINT);
CREATE TABLE IF NOT EXISTS _sync.views (
  source VARCHAR, stream VARCHAR, account_id VARCHAR, id VARCHAR, list_hash VARCHAR,
  get_hash VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.problems (
  source VARCHAR, stream VARCHAR, id VARCHAR, field VARCHAR, code VARCHAR, level VARCHAR,
  got VARCHAR, type VARCHAR, run_id VARCHAR, seen_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS _sync.quarantine (
  source VARCHAR, _account_id VARCHAR, resource VARCHAR, position BIGINT, object VARCHAR,
  id VARCHAR, raw VARCHAR, problem VARCHAR, _run_id VARCHAR, seen_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS _sync.drift (
  source VARCHAR, stream VARCHAR, field VARCHAR, type VARCHAR, rows_seen BIGINT,
  first_run_id VARCHAR, last_run_id VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.parts (
  commit_number BIGINT, run_id VARCHAR, source VARCHAR, stream VARCHAR, path VARCHAR,
  rows BIGINT);
CREATE TABLE IF NOT EXISTS _sync.normalizer (version BIGINT, rebuilt_after VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.definitions (source VARCHAR, fingerprint VARCHAR);
CREATE OR REPLACE VIEW _sync.freshness AS
WITH hints AS (
  SELECT source, stream, id, noticed_run, changed_at, coalesce(absent, false) AS absent
  FROM _sync.dirty
  UNION ALL SELECT source, stream, parent_id, noticed_run, NULL, false FROM _sync.dirty_parents
), waiting AS (
  SELECT source, stream, min(changed_at) AS oldest, count(DISTINCT id) AS ids,
    min(noticed_run) FILTER (changed_at IS NULL AND NOT absent) AS undated_since,
    min(noticed_run) FILTER (absent) AS absent_since
  FROM hints GROUP BY ALL
), walks AS (
  SELECT ledger.*, runs.run_number FROM _sync.ledger AS ledger
  LEFT JOIN _sync.runs AS runs USING (run_id) WHERE ledger.state = 'complete'
), windows AS (
  SELECT walks.source, walks.account_id, walks.stream,
    max(window_to) AS complete_to,
    max(started) FILTER (kind = 'full') AS last_full_walk,
    max(started) FILTER (kind = 'full' AND (waiting.undated_since IS NULL
      OR run_number < waiting.undated_since)) AS edits_walk,
    max(started) FILTER (kind = 'full' AND (waiting.absent_since IS NULL
      OR run_number < waiting.absent_since)) AS deletes_walk
  FROM walks LEFT JOIN waiting USING (source, stream) GROUP BY ALL
), latest AS (
  SELECT source, stream, status AS last_status, run_id AS last_run_id, note FROM _sync.stream_runs
  QUALIFY row_number() OVER (PARTITION BY source, stream ORDER BY run_id DESC) = 1
)
SELECT latest.source, windows.account_id, latest.stream,
  make_timestamp(windows.complete_to * 1000000) AS complete_to,
  least(make_timestamp(feed.complete_to * 1000000), waiting.oldest) AS edits_seen_to,
  least(make_timestamp(windows.edits_walk * 1000000), waiting.oldest) AS edits_guaranteed_to,
  make_timestamp(windows.deletes_walk * 1000000) AS deletes_guaranteed_to,
  make_timestamp(windows.last_full_walk * 1000000) AS last_full_walk,
  coalesce(waiting.ids, 0) AS dirty_ids,
  latest.last_status, latest.last_run_id, latest.note
FROM latest
LEFT JOIN windows USING (source, stream)
LEFT JOIN windows AS feed ON feed.source = latest.source AND feed.stream = 'events'
LEFT JOIN waiting ON waiting.source = latest.source AND waiting.stream = latest.stream;
COMMENT ON VIEW _sync.freshness IS 'How far each stream can be trusted. complete_to: every object created until then was seen. edits_seen_to: edits named by events were followed until then. edits_guaranteed_to: edits of any kind were seen until then. deletes_guaranteed_to: whatever was deleted until then is gone from the table. last_full_walk: start of the last complete walk of the whole list. dirty_ids: objects that wait to be read again. All instants UTC.';
COMMENT ON TABLE _sync.ledger IS 'Windows of created_at per stream, Unix seconds UTC, and walks under way.';
COMMENT ON TABLE _sync.dirty IS 'Objects that may have changed and wait to be read again.';
COMMENT ON TABLE _sync.dirty_parents IS 'Objects whose lines may have changed and wait to be listed again.';
COMMENT ON TABLE _sync.walk_ids IS 'Ids met by walks under way; whatever a complete walk did not meet is asked for by id.';
COMMENT ON TABLE _sync.rewalks IS 'Lists to walk whole at the next run, and why.';
COMMENT ON TABLE _sync.feed IS 'How far back the event feed was seen to reach, Unix seconds UTC, and for how many seconds it was seen to keep events.';
COMMENT ON TABLE _sync.checked IS 'When unsettled objects were last read again without a hint, by run number.';
COMMENT ON TABLE _sync.list_fields IS 'Fields that list copies carry; a GET copy may have more.';
COMMENT ON TABLE _sync.views IS 'Hashes of rows whose GET copy shows more than list copies do.';
COMMENT ON TABLE _sync.quarantine IS 'Elements that could not enter their table, as received.';
COMMENT ON TABLE _sync.problems IS 'Findings about single fields of stored rows.';
COMMENT ON TABLE _sync.drift IS 'Fields without a column that were seen; their values are in _extra.';
COMMENT ON TABLE _sync.normalizer IS 'Version of the program part that made the columns; rebuilt_after: newest run before the tables were last rebuilt.';
COMMENT ON TABLE _sync.runs IS 'Every run of sync, instants in UTC.';
";
