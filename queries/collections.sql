-- title: Collections
-- question: How long does it take until customers pay, and how much comes late?
-- description:
--   Days sales outstanding (DSO) = receivables at the end of the month / billed and credited in the last three
--   months x days of these three months (the last month up to `as_of`). Days to pay: from the day on which a
--   line became receivable to its payment, weighted by amount, over positive lines paid in the month.
--   Late: paid after the due day of the invoice; lines without a due day are not in that share.
-- grain: one row per month, currency, source and account since the first movement
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts; its month may be incomplete.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   billed | BIGINT | minor units | Lines that became receivable, credits deducted.
--   paid | BIGINT | minor units | Positive lines paid.
--   paid_late | BIGINT | minor units | Those of them paid after the due day.
--   paid_late_percent | DECIMAL(9,1) | percent | Share of paid_late in what was paid and has a due day; NULL if that is nothing.
--   days_to_pay | DECIMAL(9,1) | days | Average, weighted by amount; NULL if nothing was paid.
--   closing | BIGINT | minor units, balance | Receivable at the end of the month.
--   dso_days | DECIMAL(9,1) | days | Days sales outstanding; NULL if nothing was billed in three months.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: closing is that of ar_rollforward, and billed its billed and credits
--   SELECT source, account_id, currency, month, sum(closing) AS closing, sum(billed) AS billed FROM (
--       SELECT source, account_id, currency, month, closing, billed FROM reports.collections
--       UNION ALL SELECT source, account_id, currency, month, -closing, -billed - credits FROM reports.ar_rollforward
--   ) AS both_sides GROUP BY source, account_id, currency, month HAVING sum(closing) <> 0 OR sum(billed) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
movements AS (
    SELECT
        source, account_id, currency, receivable_on AS day, amount AS change, amount AS billed,
        0 AS paid, 0 AS paid_due, 0 AS paid_late, 0 AS amount_days
    FROM model.receivables

    UNION ALL

    SELECT
        source, account_id, currency, left_on AS day, -amount AS change, 0 AS billed,
        CASE WHEN left_by = 'paid' AND amount > 0 THEN amount ELSE 0 END AS paid,
        CASE WHEN left_by = 'paid' AND amount > 0 AND due_on IS NOT NULL THEN amount ELSE 0 END AS paid_due,
        CASE WHEN left_by = 'paid' AND amount > 0 AND left_on > due_on THEN amount ELSE 0 END AS paid_late,
        CASE WHEN left_by = 'paid' AND amount > 0 THEN CAST(amount AS DOUBLE) * (left_on - receivable_on) ELSE 0 END AS amount_days
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
        sum(movements.paid) AS paid,
        sum(movements.paid_due) AS paid_due,
        sum(movements.paid_late) AS paid_late,
        sum(movements.amount_days) AS amount_days
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
        CASE WHEN months.last_day < asked.day THEN months.last_day ELSE asked.day END - months.month + 1 AS days,
        coalesce(by_month.change, 0) AS change,
        coalesce(by_month.billed, 0) AS billed,
        coalesce(by_month.paid, 0) AS paid,
        coalesce(by_month.paid_due, 0) AS paid_due,
        coalesce(by_month.paid_late, 0) AS paid_late,
        coalesce(by_month.amount_days, 0) AS amount_days
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
        sum(change) OVER (PARTITION BY source, account_id, currency ORDER BY month) AS closing,
        sum(billed) OVER (PARTITION BY source, account_id, currency ORDER BY month ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS billed_lately,
        sum(days) OVER (PARTITION BY source, account_id, currency ORDER BY month ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS days_lately
    FROM filled
)
SELECT
    month,
    currency,
    CAST(billed AS BIGINT) AS billed,
    CAST(paid AS BIGINT) AS paid,
    CAST(paid_late AS BIGINT) AS paid_late,
    CAST(CASE WHEN paid_due > 0 THEN round(CAST(paid_late AS DOUBLE) * 100 / paid_due, 1) END AS DECIMAL(9,1)) AS paid_late_percent,
    CAST(CASE WHEN paid > 0 THEN round(amount_days / paid, 1) END AS DECIMAL(9,1)) AS days_to_pay,
    CAST(closing AS BIGINT) AS closing,
    CAST(CASE WHEN billed_lately > 0 THEN round(CAST(closing AS DOUBLE) * days_lately / billed_lately, 1) END AS DECIMAL(9,1)) AS dso_days,
    source,
    account_id
FROM balanced
ORDER BY source, account_id, currency, month
