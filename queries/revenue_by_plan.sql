-- title: Revenue by plan
-- question: Which plans bring the revenue?
-- description:
--   Lines that became receivable from `from_on` to `as_of`, less those voided by `as_of`. The source links no line
--   to a subscription or plan; it only says that the plan's description becomes the text of the line. So a
--   line is put down to a plan if its text is the description of exactly one plan to which its customer
--   has, or had, a subscription. That is a reading, not a fact of the source; whatever it does not reach is
--   in the row without a plan, so that the total is that of the other revenue reports.
-- grain: one row per plan, currency, source and account, and one for lines without a plan
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts.
--   from_on | DATE | NULL | The first day that counts; NULL: since the beginning.
-- columns:
--   plan_id | VARCHAR | id | Plan; NULL for lines without one.
--   plan_name | VARCHAR | text | Its name.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   billed | BIGINT | minor units | Lines of 0 and more.
--   credits | BIGINT | minor units | Negative lines.
--   voided | BIGINT | minor units | Those of them taken back by a void, with the opposite sign.
--   net | BIGINT | minor units | billed + credits + voided.
--   customers | BIGINT | count | Customers with such a line.
--   lines | BIGINT | count | Lines.
--   attribution | VARCHAR | line text or none | How the lines were put down to the plan.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: over all plans, net is that of revenue_by_month
--   SELECT source, account_id, currency, sum(net) AS net FROM (
--       SELECT source, account_id, currency, net FROM reports.revenue_by_plan
--       UNION ALL SELECT source, account_id, currency, -net FROM reports.revenue_by_month WHERE basis = 'billing'
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(net) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day, CAST($from_on AS DATE) AS first_day
),
texts AS (
    SELECT
        subscriptions.source,
        subscriptions.account_id,
        subscriptions.customer_id,
        plans.description,
        min(plans.id) AS plan_id,
        min(plans.name) AS plan_name
    FROM model.subscriptions AS subscriptions
    JOIN model.plans AS plans
        ON plans.source = subscriptions.source
        AND plans.account_id = subscriptions.account_id
        AND plans.id = subscriptions.plan_id
    WHERE plans.description IS NOT NULL
    GROUP BY 1, 2, 3, 4
    HAVING count(DISTINCT plans.id) = 1
)
SELECT
    texts.plan_id,
    texts.plan_name,
    coalesce(receivables.currency, '(unknown)') AS currency,
    CAST(sum(CASE WHEN receivables.amount >= 0 THEN receivables.amount ELSE 0 END) AS BIGINT) AS billed,
    CAST(sum(CASE WHEN receivables.amount < 0 THEN receivables.amount ELSE 0 END) AS BIGINT) AS credits,
    CAST(sum(CASE WHEN receivables.left_by = 'voided' AND receivables.left_on <= asked.day THEN -receivables.amount ELSE 0 END) AS BIGINT) AS voided,
    CAST(sum(CASE WHEN receivables.left_by = 'voided' AND receivables.left_on <= asked.day THEN 0 ELSE receivables.amount END) AS BIGINT) AS net,
    count(DISTINCT receivables.customer_id) AS customers,
    count(*) AS lines,
    CASE WHEN texts.plan_id IS NULL THEN 'none' ELSE 'line text' END AS attribution,
    receivables.source,
    receivables.account_id
FROM model.receivables AS receivables
CROSS JOIN asked
LEFT JOIN texts
    ON texts.source = receivables.source
    AND texts.account_id = receivables.account_id
    AND texts.customer_id = receivables.customer_id
    AND texts.description = receivables.description
WHERE receivables.receivable_on <= asked.day
    AND (asked.first_day IS NULL OR receivables.receivable_on >= asked.first_day)
GROUP BY texts.plan_id, texts.plan_name, 3, receivables.source, receivables.account_id
ORDER BY receivables.source, receivables.account_id, 3, 7 DESC, texts.plan_id NULLS LAST
