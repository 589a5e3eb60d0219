-- title: Revenue by customer
-- question: Who brings the revenue, and who still owes?
-- description:
--   Lines that became receivable from `from_on` to `as_of`, by customer of the invoice. Credits and voided
--   carry their signs; a void counts if it happened by `as_of`. open is what the customer owes on the evening
--   of `as_of`, whenever billed.
-- grain: one row per customer, currency, source and account with a line billed in the period, or open
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts.
--   from_on | DATE | NULL | The first day that counts; NULL: since the beginning.
-- columns:
--   customer_id | VARCHAR | id | Customer of the invoices.
--   customer_name | VARCHAR | text | Name of the customer.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   billed | BIGINT | minor units | Lines of 0 and more.
--   credits | BIGINT | minor units | Negative lines.
--   voided | BIGINT | minor units | Those of them taken back by a void, with the opposite sign.
--   net | BIGINT | minor units | billed + credits + voided.
--   open | BIGINT | minor units | Receivable on the evening of as_of.
--   invoices | BIGINT | count | Invoices with a line billed in the period.
--   last_billed_on | DATE | day | Last day with a billed line.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: over all customers, net is that of revenue_by_month and open that of ar_aging
--   SELECT source, account_id, currency, sum(net) AS net, sum(open) AS open FROM (
--       SELECT source, account_id, currency, net, open FROM reports.revenue_by_customer
--       UNION ALL SELECT source, account_id, currency, -net, 0 FROM reports.revenue_by_month WHERE basis = 'billing'
--       UNION ALL SELECT source, account_id, currency, 0, -total FROM reports.ar_aging
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(net) <> 0 OR sum(open) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day, CAST($from_on AS DATE) AS first_day
),
billed_lines AS (
    SELECT
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id,
        receivables.receivable_on,
        receivables.amount,
        asked.first_day IS NULL OR receivables.receivable_on >= asked.first_day AS is_in_period,
        coalesce(receivables.left_on > asked.day, TRUE) AS is_open,
        coalesce(receivables.left_by = 'voided' AND receivables.left_on <= asked.day, FALSE) AS is_voided
    FROM model.receivables AS receivables
    CROSS JOIN asked
    WHERE receivables.receivable_on <= asked.day
),
summed AS (
    SELECT
        source,
        account_id,
        customer_id,
        coalesce(currency, '(unknown)') AS currency,
        CAST(sum(CASE WHEN is_in_period AND amount >= 0 THEN amount ELSE 0 END) AS BIGINT) AS billed,
        CAST(sum(CASE WHEN is_in_period AND amount < 0 THEN amount ELSE 0 END) AS BIGINT) AS credits,
        CAST(sum(CASE WHEN is_in_period AND is_voided THEN -amount ELSE 0 END) AS BIGINT) AS voided,
        CAST(sum(CASE WHEN is_open THEN amount ELSE 0 END) AS BIGINT) AS open,
        count(DISTINCT CASE WHEN is_in_period THEN invoice_id END) AS invoices,
        max(CASE WHEN is_in_period THEN receivable_on END) AS last_billed_on
    FROM billed_lines
    WHERE is_in_period OR is_open
    GROUP BY 1, 2, 3, 4
)
SELECT
    summed.customer_id,
    customers.name AS customer_name,
    summed.currency,
    summed.billed,
    summed.credits,
    summed.voided,
    summed.billed + summed.credits + summed.voided AS net,
    summed.open,
    summed.invoices,
    summed.last_billed_on,
    summed.source,
    summed.account_id
FROM summed
LEFT JOIN model.customers AS customers
    ON customers.source = summed.source
    AND customers.account_id = summed.account_id
    AND customers.id = summed.customer_id
ORDER BY summed.source, summed.account_id, summed.currency, 7 DESC, summed.customer_id NULLS LAST
