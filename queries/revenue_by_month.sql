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
--       SELECT source, account_id, currency, basis, -net, -collected FROM (
--           SELECT source, account_id, coalesce(currency, '(unknown)') AS currency, sum(amount) AS net, 0 AS collected
--           FROM model.receivables, model.as_of_default
--           WHERE receivable_on <= as_of AND NOT coalesce(left_by = 'voided' AND left_on <= as_of, FALSE)
--           GROUP BY 1, 2, 3
--           UNION ALL
--           SELECT source, account_id, coalesce(currency, '(unknown)'), 0, sum(amount)
--           FROM model.transactions, model.as_of_default
--           WHERE paid_date <= as_of AND state = 'paid'
--           GROUP BY 1, 2, 3
--       ) AS expected, (VALUES ('billing'), ('service')) AS bases(basis)
--   ) AS both_sides GROUP BY source, account_id, currency, basis HAVING sum(net) <> 0 OR sum(collected) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
billed_lines AS (
    SELECT
        receivables.source,
        receivables.account_id,
        coalesce(receivables.currency, '(unknown)') AS currency,
        receivables.invoice_id,
        date_trunc('month', receivables.receivable_on) AS billed_month,
        date_trunc('month', receivables.serviced_on) AS service_month,
        CASE
            WHEN receivables.left_by = 'voided' AND receivables.left_on <= asked.day
                THEN date_trunc('month', receivables.left_on)
        END AS void_month,
        sum(CASE WHEN receivables.amount >= 0 THEN receivables.amount ELSE 0 END) AS billed,
        sum(CASE WHEN receivables.amount < 0 THEN receivables.amount ELSE 0 END) AS credits
    FROM model.receivables AS receivables
    CROSS JOIN asked
    WHERE receivables.receivable_on <= asked.day
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
paid_lines AS (
    SELECT
        transactions.source,
        transactions.account_id,
        coalesce(transactions.currency, '(unknown)') AS currency,
        date_trunc('month', transactions.paid_date) AS paid_month,
        date_trunc('month', coalesce(transactions.serviced_on, transactions.created_on, transactions.paid_date)) AS service_month,
        sum(transactions.amount) AS collected
    FROM model.transactions AS transactions
    CROSS JOIN asked
    WHERE transactions.state = 'paid'
        AND transactions.paid_date <= asked.day
    GROUP BY 1, 2, 3, 4, 5
),
entries AS (
    SELECT source, account_id, currency, 'billing' AS basis, billed_month AS month, invoice_id, billed, credits, 0 AS voided, 0 AS collected
    FROM billed_lines
    UNION ALL
    SELECT source, account_id, currency, 'billing' AS basis, void_month AS month, NULL AS invoice_id, 0 AS billed, 0 AS credits, -billed - credits AS voided, 0 AS collected
    FROM billed_lines
    WHERE void_month IS NOT NULL
    UNION ALL
    SELECT source, account_id, currency, 'billing' AS basis, paid_month AS month, NULL AS invoice_id, 0 AS billed, 0 AS credits, 0 AS voided, collected
    FROM paid_lines
    UNION ALL
    SELECT
        source, account_id, currency, 'service' AS basis, service_month AS month, invoice_id, billed, credits,
        CASE WHEN void_month IS NULL THEN 0 ELSE -billed - credits END AS voided, 0 AS collected
    FROM billed_lines
    UNION ALL
    SELECT source, account_id, currency, 'service' AS basis, service_month AS month, NULL AS invoice_id, 0 AS billed, 0 AS credits, 0 AS voided, collected
    FROM paid_lines
)
SELECT
    CAST(month AS DATE) AS month,
    basis,
    currency,
    CAST(sum(billed) AS BIGINT) AS billed,
    CAST(sum(credits) AS BIGINT) AS credits,
    CAST(sum(voided) AS BIGINT) AS voided,
    CAST(sum(billed) + sum(credits) + sum(voided) AS BIGINT) AS net,
    CAST(sum(collected) AS BIGINT) AS collected,
    count(DISTINCT invoice_id) AS invoices,
    source,
    account_id
FROM entries
GROUP BY 1, 2, 3, source, account_id
ORDER BY source, account_id, 3, 2, 1
