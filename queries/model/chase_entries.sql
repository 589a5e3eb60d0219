-- title: Entries of the reminder schedules of invoices
-- description:
--   Offsets in days from the due day, and repeaters: `~N` comes every N days after the last offset in
--   the order of the list, or after the due day where there is none before it. A repeater counts only
--   as the last entry. An entry that is neither makes the schedule invalid.
--   Source: the schedule chapter of the API.
-- grain: one row per invoice and entry of its chase_schedule
-- columns:
--   invoice_id | VARCHAR | id | Invoice.
--   place | BIGINT | position | Place in the list, from 1.
--   offset_days | BIGINT | days | Days after the due day, negative before it; NULL for a repeater.
--   repeat_days | BIGINT | days | Days between reminders; NULL for an offset.
--   is_valid | BOOLEAN | truth | The entry is an offset, or a repeater in last place.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.

WITH listed AS (
    SELECT
        source,
        account_id,
        id AS invoice_id,
        json_extract_string(chase_schedule, '$[*]') AS entries
    FROM model.invoices
    WHERE chase_schedule IS NOT NULL
),
spread AS (
    SELECT
        source,
        account_id,
        invoice_id,
        unnest(entries) AS entry,
        generate_subscripts(entries, 1) AS place,
        len(entries) AS places
    FROM listed
),
spelt AS (
    SELECT
        spread.*,
        CASE WHEN regexp_full_match(entry, '[+-]?[0-9]{1,5}') THEN CAST(entry AS BIGINT) END AS offset_days,
        CASE
            WHEN place = places AND regexp_full_match(entry, '~[0-9]{1,5}')
                THEN nullif(CAST(substr(entry, 2) AS BIGINT), 0)
        END AS repeat_days
    FROM spread
)
SELECT
    invoice_id,
    CAST(place AS BIGINT) AS place,
    offset_days,
    repeat_days,
    offset_days IS NOT NULL OR repeat_days IS NOT NULL AS is_valid,
    source,
    account_id
FROM spelt
