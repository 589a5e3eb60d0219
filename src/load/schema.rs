//! The `_sync` schema: what the mirror knows about itself.

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
  quarantined BIGINT, note VARCHAR);
CREATE TABLE IF NOT EXISTS _sync.ledger (
  number BIGINT, source VARCHAR, account_id VARCHAR, stream VARCHAR, kind VARCHAR,
  window_from BIGINT, window_to BIGINT, state VARCHAR, resume VARCHAR, pages BIGINT,
  rows_seen BIGINT, started BIGINT, run_id VARCHAR, updated_at TIMESTAMP);
CREATE TABLE IF NOT EXISTS _sync.dirty (
  source VARCHAR, stream VARCHAR, id VARCHAR, reason VARCHAR, noticed_at TIMESTAMP,
  noticed_run BIGINT, noticed_request BIGINT, changed_at TIMESTAMP, tried_run BIGINT);
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
CREATE OR REPLACE VIEW _sync.freshness AS
WITH windows AS (
  SELECT source, account_id, stream,
    max(window_to) FILTER (state = 'complete') AS complete_to,
    max(started) FILTER (state = 'complete' AND kind = 'full') AS last_full_walk
  FROM _sync.ledger GROUP BY ALL
), waiting AS (
  SELECT source, stream, min(coalesce(changed_at, noticed_at)) AS oldest,
    bool_or(changed_at IS NULL) AS undated, count(DISTINCT id) AS ids FROM _sync.dirty GROUP BY ALL
), latest AS (
  SELECT source, stream, status AS last_status, run_id AS last_run_id, note FROM _sync.stream_runs
  QUALIFY row_number() OVER (PARTITION BY source, stream ORDER BY run_id DESC) = 1
)
SELECT latest.source, windows.account_id, latest.stream,
  make_timestamp(windows.complete_to * 1000000) AS complete_to,
  least(make_timestamp(feed.complete_to * 1000000), waiting.oldest) AS edits_seen_to,
  CASE WHEN coalesce(waiting.undated, false) THEN NULL
    ELSE least(make_timestamp(windows.last_full_walk * 1000000), waiting.oldest)
  END AS edits_guaranteed_to,
  NULL::TIMESTAMP AS deletes_guaranteed_to,
  make_timestamp(windows.last_full_walk * 1000000) AS last_full_walk,
  coalesce(waiting.ids, 0) AS dirty_ids,
  latest.last_status, latest.last_run_id, latest.note
FROM latest
LEFT JOIN windows USING (source, stream)
LEFT JOIN windows AS feed ON feed.source = latest.source AND feed.stream = 'events'
LEFT JOIN waiting ON waiting.source = latest.source AND waiting.stream = latest.stream;
COMMENT ON VIEW _sync.freshness IS 'How far each stream can be trusted. complete_to: every object created until then was seen. edits_seen_to: edits named by events were followed until then. edits_guaranteed_to: edits of any kind were seen until then; NULL while one of unknown age waits. deletes_guaranteed_to: NULL, deletions are not proven yet. All instants UTC.';
COMMENT ON TABLE _sync.ledger IS 'Windows of created_at per stream, Unix seconds UTC, and walks under way.';
COMMENT ON TABLE _sync.dirty IS 'Objects that may have changed and wait to be read again.';
COMMENT ON TABLE _sync.quarantine IS 'Elements that could not enter their table, as received.';
COMMENT ON TABLE _sync.problems IS 'Findings about single fields of stored rows.';
COMMENT ON TABLE _sync.drift IS 'Fields without a column that were seen; their values are in _extra.';
COMMENT ON TABLE _sync.runs IS 'Every run of sync, instants in UTC.';
";
