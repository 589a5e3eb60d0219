-- title: Monthly recurring revenue
-- question: What do the subscriptions bring in a month, and how many are there?
-- description:
--   A snapshot on the last evening of each month, or on that of `as_of`. A subscription counts from the
--   day on which it started until the evening before it ended, with the price for a twelfth of a year
--   that its plan shows (model.subscriptions.monthly_amount). Contracted, not billed: discounts and
--   single lines are not in it. Plans cannot change once used, so the past keeps its prices.
-- grain: one row per month, currency, source and account since the first subscription
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last evening.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   mrr | BIGINT | minor units, balance | Monthly recurring revenue.
--   arr | BIGINT | minor units, balance | Twelve times that.
--   subscriptions | BIGINT | number | Subscriptions that count, those without a known price included.
--   customers | BIGINT | number | Customers with one of them.
--   unpriced | BIGINT | number | Subscriptions whose price or interval is not known; they add nothing.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: movements lead from each month to the next
--   SELECT source, account_id, currency, month, sum(amount) AS difference FROM (
--       SELECT source, account_id, currency, month, mrr AS amount FROM reports.mrr
--       UNION ALL SELECT source, account_id, currency, month, -closing FROM reports.mrr_movements
--   ) AS both_sides GROUP BY source, account_id, currency, month HAVING sum(amount) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
terms AS (
    SELECT
        source,
        account_id,
        customer_id,
        coalesce(currency, '(unknown)') AS currency,
        monthly_amount,
        started_on,
        ended_on
    FROM model.subscriptions
    WHERE started_on IS NOT NULL
        AND (ended_on IS NULL OR ended_on > started_on)
),
spans AS (
    SELECT terms.source, terms.account_id, terms.currency, CAST(date_trunc('month', greatest(min(terms.started_on), DATE '1970-01-01')) AS DATE) AS first_month
    FROM terms
    CROSS JOIN asked
    WHERE terms.started_on <= asked.day
    GROUP BY terms.source, terms.account_id, terms.currency
),
evenings AS (
    SELECT
        spans.source,
        spans.account_id,
        spans.currency,
        months.month,
        CASE WHEN months.last_day < asked.day THEN months.last_day ELSE asked.day END AS day
    FROM spans
    CROSS JOIN asked
    JOIN model.months AS months
        ON months.month >= spans.first_month
        AND months.month <= asked.day
)
SELECT
    evenings.month,
    evenings.currency,
    CAST(coalesce(sum(terms.monthly_amount), 0) AS BIGINT) AS mrr,
    CAST(coalesce(sum(terms.monthly_amount), 0) * 12 AS BIGINT) AS arr,
    count(terms.started_on) AS subscriptions,
    count(DISTINCT terms.customer_id) AS customers,
    count(CASE WHEN terms.started_on IS NOT NULL AND terms.monthly_amount IS NULL THEN 1 END) AS unpriced,
    evenings.source,
    evenings.account_id
FROM evenings
LEFT JOIN terms
    ON terms.source = evenings.source
    AND terms.account_id = evenings.account_id
    AND terms.currency = evenings.currency
    AND terms.started_on <= evenings.day
    AND (terms.ended_on IS NULL OR terms.ended_on > evenings.day)
GROUP BY evenings.month, evenings.currency, evenings.source, evenings.account_id
ORDER BY evenings.source, evenings.account_id, evenings.currency, evenings.month
