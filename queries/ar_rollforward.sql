-- title: Roll-forward of accounts receivable
-- question: How did what customers owe move from month to month?
-- description:
--   opening + billed + credits - settled - voided = closing, for every month from the first movement to
--   the month of `as_of`. Lines enter on the day on which they become receivable: those of 0 and
--   more as billed, negative ones as credits (signed). They leave when paid (settled, signed) or when
--   their invoice is voided while they are open (voided, signed).
-- grain: one row per month, currency, source and account since the first movement
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts; its month may be incomplete.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   opening | BIGINT | minor units, balance | Receivable on the evening before the month.
--   billed | BIGINT | minor units | Lines of 0 and more that became receivable.
--   credits | BIGINT | minor units | Negative lines that became receivable.
--   settled | BIGINT | minor units | Lines paid, negative ones deducted.
--   voided | BIGINT | minor units | Lines still open when their invoice was voided.
--   closing | BIGINT | minor units, balance | Receivable on the last evening of the month, or of as_of.
--   estimated | BIGINT | minor units | Part of billed, credits, settled and voided, signs left out, whose day is an estimate.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: every month closes, opens where the one before closed, and the last one is the aging
--   WITH months AS MATERIALIZED (
--       SELECT *,
--           coalesce(lag(closing) OVER (PARTITION BY source, account_id, currency ORDER BY month), 0) AS before,
--           lead(month) OVER (PARTITION BY source, account_id, currency ORDER BY month) AS next_month
--       FROM reports.ar_rollforward
--   )
--   SELECT source, account_id, currency, month, 'does not open where the last one closed, or does not close' AS problem
--   FROM months WHERE before <> opening OR opening + billed + credits - settled - voided <> closing
--   UNION ALL
--   SELECT source, account_id, currency, NULL, 'the last closing is not the total of ar_aging' FROM (
--       SELECT source, account_id, currency, closing AS amount FROM months WHERE next_month IS NULL
--       UNION ALL SELECT source, account_id, currency, -total FROM reports.ar_aging
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(amount) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
movements AS (
    SELECT
        source,
        account_id,
        currency,
        receivable_on AS day,
        amount AS change,
        CASE WHEN amount >= 0 THEN amount ELSE 0 END AS billed,
        CASE WHEN amount < 0 THEN amount ELSE 0 END AS credits,
        0 AS settled,
        0 AS voided,
        CASE WHEN entry_estimated THEN abs(amount) ELSE 0 END AS estimated
    FROM model.receivables

    UNION ALL

    SELECT
        source,
        account_id,
        currency,
        left_on AS day,
        -amount AS change,
        0 AS billed,
        0 AS credits,
        CASE WHEN left_by = 'paid' THEN amount ELSE 0 END AS settled,
        CASE WHEN left_by = 'voided' THEN amount ELSE 0 END AS voided,
        CASE WHEN exit_estimated THEN abs(amount) ELSE 0 END AS estimated
    FROM model.receivables
    WHERE left_on IS NOT NULL
),
by_month AS (
    SELECT
        movements.source,
        movements.account_id,
        coalesce(movements.currency, '(unknown)') AS currency,
        CAST(date_trunc('month', greatest(movements.day, DATE '1970-01-01')) AS DATE) AS month,
        sum(movements.change) AS change,
        sum(movements.billed) AS billed,
        sum(movements.credits) AS credits,
        sum(movements.settled) AS settled,
        sum(movements.voided) AS voided,
        sum(movements.estimated) AS estimated
    FROM movements
    CROSS JOIN asked
    WHERE movements.day <= asked.day
    GROUP BY 1, 2, 3, 4
),
spans AS (
    SELECT source, account_id, currency, min(month) AS first_month
    FROM by_month
    GROUP BY source, account_id, currency
),
filled AS (
    SELECT
        spans.source,
        spans.account_id,
        spans.currency,
        months.month,
        coalesce(by_month.change, 0) AS change,
        coalesce(by_month.billed, 0) AS billed,
        coalesce(by_month.credits, 0) AS credits,
        coalesce(by_month.settled, 0) AS settled,
        coalesce(by_month.voided, 0) AS voided,
        coalesce(by_month.estimated, 0) AS estimated
    FROM spans
    CROSS JOIN asked
    JOIN model.months AS months
        ON months.month >= spans.first_month
        AND months.month <= asked.day
    LEFT JOIN by_month
        ON by_month.source = spans.source
        AND by_month.account_id = spans.account_id
        AND by_month.currency = spans.currency
        AND by_month.month = months.month
),
balanced AS (
    SELECT
        filled.*,
        sum(change) OVER (PARTITION BY source, account_id, currency ORDER BY month) AS closing
    FROM filled
)
SELECT
    month,
    currency,
    CAST(closing - change AS BIGINT) AS opening,
    CAST(billed AS BIGINT) AS billed,
    CAST(credits AS BIGINT) AS credits,
    CAST(settled AS BIGINT) AS settled,
    CAST(voided AS BIGINT) AS voided,
    CAST(closing AS BIGINT) AS closing,
    CAST(estimated AS BIGINT) AS estimated,
    source,
    account_id
FROM balanced
ORDER BY source, account_id, currency, month
