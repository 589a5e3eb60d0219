-- title: Accounts receivable by age, month by month
-- question: Does what customers owe grow older?
-- description:
--   The totals of ar_aging on the last evening of each of the last 24 months, the last one on that of
--   `as_of`. Rules are those of ar_aging.
-- grain: one row per month, currency, source and account with an open invoice on that evening
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last evening.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   not_due | BIGINT | minor units, balance | Open and not past due, less credits.
--   days_1_30 | BIGINT | minor units, balance | Open, 1 to 30 days past due.
--   days_31_60 | BIGINT | minor units, balance | Open, 31 to 60 days past due.
--   days_61_90 | BIGINT | minor units, balance | Open, 61 to 90 days past due.
--   days_over_90 | BIGINT | minor units, balance | Open, more than 90 days past due.
--   total | BIGINT | minor units, balance | Sum of the five columns before.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: every total is the closing of ar_rollforward, and the last month is ar_aging
--   SELECT source, account_id, currency, month, sum(amount) AS difference FROM (
--       SELECT source, account_id, currency, month, total AS amount FROM reports.ar_aging_trend
--       UNION ALL SELECT source, account_id, currency, month, -closing FROM reports.ar_rollforward, model.as_of_default
--       WHERE month > as_of - INTERVAL 24 MONTH
--   ) AS both_sides GROUP BY source, account_id, currency, month HAVING sum(amount) <> 0
--   UNION ALL
--   SELECT source, account_id, currency, NULL, sum(amount) FROM (
--       SELECT source, account_id, currency, days_over_90 AS amount FROM reports.ar_aging_trend, model.as_of_default
--       WHERE month = date_trunc('month', as_of)
--       UNION ALL SELECT source, account_id, currency, -days_over_90 FROM reports.ar_aging
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(amount) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
evenings AS (
    SELECT
        months.month,
        CASE WHEN months.last_day < asked.day THEN months.last_day ELSE asked.day END AS day
    FROM asked
    JOIN model.months AS months
        ON months.month <= asked.day
        AND months.month > asked.day - INTERVAL 24 MONTH
),
open_invoices AS (
    SELECT
        evenings.month,
        evenings.day,
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id,
        sum(receivables.amount) AS open_amount,
        max(coalesce(evenings.day - receivables.due_on, 0)) AS days_past_due
    FROM model.receivables AS receivables
    JOIN evenings
        ON receivables.receivable_on <= evenings.day
        AND coalesce(receivables.left_on, DATE '9999-12-31') > evenings.day
    GROUP BY
        evenings.month,
        evenings.day,
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id
    HAVING sum(receivables.amount) <> 0
),
aged AS (
    SELECT
        open_invoices.*,
        CASE WHEN open_amount < 0 THEN 0 ELSE days_past_due END AS age
    FROM open_invoices
)
SELECT
    month,
    coalesce(currency, '(unknown)') AS currency,
    CAST(sum(CASE WHEN age <= 0 THEN open_amount ELSE 0 END) AS BIGINT) AS not_due,
    CAST(sum(CASE WHEN age BETWEEN 1 AND 30 THEN open_amount ELSE 0 END) AS BIGINT) AS days_1_30,
    CAST(sum(CASE WHEN age BETWEEN 31 AND 60 THEN open_amount ELSE 0 END) AS BIGINT) AS days_31_60,
    CAST(sum(CASE WHEN age BETWEEN 61 AND 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_61_90,
    CAST(sum(CASE WHEN age > 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_over_90,
    CAST(sum(open_amount) AS BIGINT) AS total,
    source,
    account_id
FROM aged
GROUP BY 1, 2, source, account_id
ORDER BY source, account_id, 2, 1
