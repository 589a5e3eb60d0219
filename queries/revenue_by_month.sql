-- title: Revenue by month
-- question: What was billed, credited, voided and collected, month by month?
-- description:
--   Two bases, never to be added up. 'billing': a line counts in the month in which it became receivable,
--   a void in the month of the void, a payment in the month of payment. 'service': everything about
--   a line counts in the month of its service. net = billed + credits + voided, where credits (negative
--   lines: refunds and discounts) and voided carry their signs. collected is cash: paid lines by `as_of`,
--   on an invoice or not, negative ones deducted. Over all months both bases give the same sums.
-- grain: one row per month, basis, currency, source and account in which anything happened
-- period: month
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts; its month may be incomplete.
-- columns:
--   month | DATE | first day of the month | Month in the report time zone.
--   basis | VARCHAR | billing or service | Which date decides.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   billed | BIGINT | minor units, per basis | Lines of 0 and more.
--   credits | BIGINT | minor units, per basis | Negative lines.
--   voided | BIGINT | minor units, per basis | Lines taken back by a void, with the opposite sign.
--   net | BIGINT | minor units, per basis | billed + credits + voided.
--   collected | BIGINT | minor units, per basis | Paid lines, negative ones deducted.
--   invoices | BIGINT | count, per basis | Invoices with a line in billed or credits.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: on both bases, net is the sum of the billed lines that were not voided, and collected that of the paid lines
--   SELECT source, account_id, currency, basis, sum(net) AS net, sum(collected) AS collected FROM (
--       SELECT source, account_id, currency, basis, net, collected FROM reports.revenue_by_month
--       UNION ALL
--       SELECT source, account_id, coalesce(currency, '(unknown)'), bases.basis, -amount, 0
--       FROM model.receivables, model.as_of_default, (VALUES ('billing'), ('service')) AS bases(basis)
--       WHERE receivable_on <= as_of AND NOT coalesce(left_by = 'voided' AND left_on <= as_of, FALSE)
--       UNION ALL
--       SELECT source, account_id, coalesce(currency, '(unknown)'), bases.basis, 0, -amount
--       FROM model.transactions, model.as_of_default, (VALUES ('billing'), ('service')) AS bases(basis)
--       WHERE paid_date <= as_of AND state = 'paid'
--   ) AS both_sides GROUP BY source, account_id, currency, basis HAVING sum(net) <> 0 OR sum(collected) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
billed_lines AS (
    SELECT
        receivables.source,
        receivables.account_id,
        receivables.currency,
        receivables.invoice_id,
        receivables.amount,
        receivables.receivable_on,
        receivables.serviced_on,
        CASE WHEN receivables.left_by = 'voided' AND receivables.left_on <= asked.day THEN receivables.left_on END AS voided_on
    FROM model.receivables AS receivables
    CROSS JOIN asked
    WHERE receivables.receivable_on <= asked.day
),
paid_lines AS (
    SELECT
        transactions.source,
        transactions.account_id,
        transactions.currency,
        transactions.amount,
        transactions.paid_date,
        coalesce(transactions.serviced_on, transactions.created_on, transactions.paid_date) AS serviced_on
    FROM model.transactions AS transactions
    CROSS JOIN asked
    WHERE transactions.state = 'paid'
        AND transactions.paid_date <= asked.day
),
entries AS (
    SELECT source, account_id, currency, 'billing' AS basis, receivable_on AS day, invoice_id, amount AS billed, 0 AS voided, 0 AS collected
    FROM billed_lines
    UNION ALL
    SELECT source, account_id, currency, 'billing' AS basis, voided_on AS day, NULL AS invoice_id, 0 AS billed, -amount AS voided, 0 AS collected
    FROM billed_lines
    WHERE voided_on IS NOT NULL
    UNION ALL
    SELECT source, account_id, currency, 'billing' AS basis, paid_date AS day, NULL AS invoice_id, 0 AS billed, 0 AS voided, amount AS collected
    FROM paid_lines
    UNION ALL
    SELECT
        source, account_id, currency, 'service' AS basis, serviced_on AS day, invoice_id, amount AS billed,
        CASE WHEN voided_on IS NULL THEN 0 ELSE -amount END AS voided, 0 AS collected
    FROM billed_lines
    UNION ALL
    SELECT source, account_id, currency, 'service' AS basis, serviced_on AS day, NULL AS invoice_id, 0 AS billed, 0 AS voided, amount AS collected
    FROM paid_lines
)
SELECT
    CAST(date_trunc('month', day) AS DATE) AS month,
    basis,
    coalesce(currency, '(unknown)') AS currency,
    CAST(sum(CASE WHEN billed >= 0 THEN billed ELSE 0 END) AS BIGINT) AS billed,
    CAST(sum(CASE WHEN billed < 0 THEN billed ELSE 0 END) AS BIGINT) AS credits,
    CAST(sum(voided) AS BIGINT) AS voided,
    CAST(sum(billed) + sum(voided) AS BIGINT) AS net,
    CAST(sum(collected) AS BIGINT) AS collected,
    count(DISTINCT invoice_id) AS invoices,
    source,
    account_id
FROM entries
GROUP BY 1, 2, 3, source, account_id
ORDER BY source, account_id, 3, 2, 1
