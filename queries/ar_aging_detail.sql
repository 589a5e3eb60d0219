-- title: Open invoices by age
-- question: Which invoices are open on the evening of `as_of`, and why is each in its bucket?
-- description:
--   What ar_aging sums up, invoice by invoice. The open amount is the sum of the lines that are receivable
--   on that evening: lines paid by then are left out, also where the invoice is paid in parts.
-- grain: one row per open invoice and currency (one, unless the source broke its own rule)
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The evening that is described.
-- columns:
--   customer_id | VARCHAR | id | Customer of the invoice.
--   customer_name | VARCHAR | text | Name of the customer.
--   invoice_id | VARCHAR | id | Invoice.
--   invoice_number | VARCHAR | text | Number shown to people, where there is one.
--   currency | VARCHAR | currency code | Currency of the amount; '(unknown)' where nothing tells it.
--   open_amount | BIGINT | minor units | Sum of its receivable lines.
--   open_lines | BIGINT | count | Number of them.
--   receivable_on | DATE | day | Day on which the first of them became receivable.
--   due_on | DATE | day | Day on which it is due; NULL where unknown.
--   days_past_due | BIGINT | days | as_of less due_on; 0 and less is not past due; NULL where nothing is due.
--   bucket | VARCHAR | name | Column of ar_aging.
--   why | VARCHAR | text | What put it there.
--   date_estimated | BOOLEAN | truth | A date that matters was derived, not sent.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: the sum of the invoices is the total of ar_aging, bucket by bucket
--   SELECT source, account_id, currency, bucket, sum(amount) AS difference FROM (
--       SELECT source, account_id, currency, bucket, open_amount AS amount FROM reports.ar_aging_detail
--       UNION ALL SELECT source, account_id, currency, 'not_due', -not_due FROM reports.ar_aging
--       UNION ALL SELECT source, account_id, currency, 'days_1_30', -days_1_30 FROM reports.ar_aging
--       UNION ALL SELECT source, account_id, currency, 'days_31_60', -days_31_60 FROM reports.ar_aging
--       UNION ALL SELECT source, account_id, currency, 'days_61_90', -days_61_90 FROM reports.ar_aging
--       UNION ALL SELECT source, account_id, currency, 'days_over_90', -days_over_90 FROM reports.ar_aging
--   ) AS both_sides GROUP BY source, account_id, currency, bucket HAVING sum(amount) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
open_invoices AS (
    SELECT
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id,
        CAST(sum(receivables.amount) AS BIGINT) AS open_amount,
        count(*) AS open_lines,
        min(receivables.receivable_on) AS receivable_on,
        max(receivables.due_on) AS due_on,
        CAST(max(asked.day - receivables.due_on) AS BIGINT) AS days_past_due,
        max(CASE WHEN receivables.entry_estimated OR receivables.exit_estimated THEN 1 ELSE 0 END) = 1 AS date_estimated
    FROM model.receivables AS receivables
    CROSS JOIN asked
    WHERE receivables.receivable_on <= asked.day
        AND (receivables.left_on IS NULL OR receivables.left_on > asked.day)
    GROUP BY
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id
    HAVING sum(receivables.amount) <> 0
)
SELECT
    open_invoices.customer_id,
    customers.name AS customer_name,
    open_invoices.invoice_id,
    invoices.number AS invoice_number,
    coalesce(open_invoices.currency, '(unknown)') AS currency,
    open_invoices.open_amount,
    open_invoices.open_lines,
    open_invoices.receivable_on,
    open_invoices.due_on,
    CASE WHEN open_invoices.open_amount > 0 THEN open_invoices.days_past_due END AS days_past_due,
    CASE
        WHEN open_invoices.open_amount < 0 OR coalesce(open_invoices.days_past_due, 0) <= 0 THEN 'not_due'
        WHEN open_invoices.days_past_due <= 30 THEN 'days_1_30'
        WHEN open_invoices.days_past_due <= 60 THEN 'days_31_60'
        WHEN open_invoices.days_past_due <= 90 THEN 'days_61_90'
        ELSE 'days_over_90'
    END AS bucket,
    CASE
        WHEN open_invoices.open_amount < 0 THEN 'a credit is never due'
        WHEN open_invoices.due_on IS NULL THEN 'neither due date nor terms'
        WHEN open_invoices.days_past_due < 0 THEN 'due in ' || CAST(-open_invoices.days_past_due AS VARCHAR) || ' days'
        WHEN open_invoices.days_past_due = 0 THEN 'due that day'
        ELSE CAST(open_invoices.days_past_due AS VARCHAR) || ' days after the due day'
    END
    || CASE WHEN invoices.due_date IS NULL AND open_invoices.due_on IS NOT NULL THEN ' (issue day and terms)' ELSE '' END AS why,
    open_invoices.date_estimated,
    open_invoices.source,
    open_invoices.account_id
FROM open_invoices
LEFT JOIN model.invoices AS invoices
    ON invoices.source = open_invoices.source
    AND invoices.account_id = open_invoices.account_id
    AND invoices.id = open_invoices.invoice_id
LEFT JOIN model.customers AS customers
    ON customers.source = open_invoices.source
    AND customers.account_id = open_invoices.account_id
    AND customers.id = open_invoices.customer_id
ORDER BY
    open_invoices.source,
    open_invoices.account_id,
    5,
    10 DESC NULLS LAST,
    open_invoices.open_amount DESC,
    open_invoices.invoice_id
