-- title: Movements of monthly recurring revenue
-- question: Why did monthly recurring revenue change?
-- description:
--   Each customer's monthly recurring revenue on the last evening of a month (or of `as_of`) against the
--   month before: new (the first ever), reactivation (from nothing, not the first), expansion, contraction,
--   churn (to nothing). opening + new + reactivation + expansion + contraction + churn = closing;
--   contraction and churn are negative.
-- grain: one row per month, currency, source and account since the first subscription
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last evening.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   opening | BIGINT | minor units, balance | Monthly recurring revenue on the evening before the month.
--   new | BIGINT | minor units | Of customers that never had any.
--   reactivation | BIGINT | minor units | Of customers that had some once, and none last month.
--   expansion | BIGINT | minor units | More than last month.
--   contraction | BIGINT | minor units | Less than last month, negative.
--   churn | BIGINT | minor units | All that was lost with customers that have none any more, negative.
--   closing | BIGINT | minor units, balance | On the last evening of the month, or of as_of.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: every month closes, and opens where the one before closed
--   SELECT source, account_id, currency, month FROM (
--       SELECT *, coalesce(lag(closing) OVER (PARTITION BY source, account_id, currency ORDER BY month), 0) AS before
--       FROM reports.mrr_movements) AS months
--   WHERE before <> opening OR opening + new + reactivation + expansion + contraction + churn <> closing

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
terms AS (
    SELECT
        source,
        account_id,
        customer_id,
        coalesce(currency, '(unknown)') AS currency,
        coalesce(monthly_amount, 0) AS monthly_amount,
        started_on,
        ended_on
    FROM model.subscriptions
    WHERE started_on IS NOT NULL
        AND (ended_on IS NULL OR ended_on > started_on)
),
changes AS (
    SELECT source, account_id, customer_id, currency, started_on AS day, monthly_amount AS change FROM terms
    UNION ALL
    SELECT source, account_id, customer_id, currency, ended_on AS day, -monthly_amount AS change FROM terms
    WHERE ended_on IS NOT NULL
),
steps AS (
    SELECT
        changes.source,
        changes.account_id,
        changes.customer_id,
        changes.currency,
        CAST(date_trunc('month', greatest(changes.day, DATE '1970-01-01')) AS DATE) AS month,
        sum(changes.change) AS change
    FROM changes
    CROSS JOIN asked
    WHERE changes.day <= asked.day
    GROUP BY 1, 2, 3, 4, 5
),
running AS (
    SELECT
        steps.*,
        sum(change) OVER (PARTITION BY source, account_id, currency, customer_id ORDER BY month) AS after_change
    FROM steps
),
compared AS (
    SELECT
        running.*,
        coalesce(max(after_change) OVER (
            PARTITION BY source, account_id, currency, customer_id ORDER BY month
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ), 0) AS highest_before
    FROM running
),
by_month AS (
    SELECT
        source,
        account_id,
        currency,
        month,
        sum(change) AS change,
        sum(CASE WHEN after_change - change <= 0 AND after_change > 0 AND highest_before <= 0 THEN change ELSE 0 END) AS new,
        sum(CASE WHEN after_change - change <= 0 AND after_change > 0 AND highest_before > 0 THEN change ELSE 0 END) AS reactivation,
        sum(CASE WHEN after_change - change > 0 AND after_change > 0 AND change > 0 THEN change ELSE 0 END) AS expansion,
        sum(CASE WHEN after_change > 0 AND change < 0 THEN change ELSE 0 END) AS contraction,
        sum(CASE WHEN after_change <= 0 THEN change ELSE 0 END) AS churn
    FROM compared
    GROUP BY source, account_id, currency, month
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
        coalesce(by_month.new, 0) AS new,
        coalesce(by_month.reactivation, 0) AS reactivation,
        coalesce(by_month.expansion, 0) AS expansion,
        coalesce(by_month.contraction, 0) AS contraction,
        coalesce(by_month.churn, 0) AS churn
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
    CAST(new AS BIGINT) AS new,
    CAST(reactivation AS BIGINT) AS reactivation,
    CAST(expansion AS BIGINT) AS expansion,
    CAST(contraction AS BIGINT) AS contraction,
    CAST(churn AS BIGINT) AS churn,
    CAST(closing AS BIGINT) AS closing,
    source,
    account_id
FROM balanced
ORDER BY source, account_id, currency, month
