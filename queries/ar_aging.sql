-- title: Accounts receivable by age
-- question: What do customers owe on the evening of `as_of`, and for how long has it been due?
-- description:
--   The lines that are receivable on that evening (model.receivables), by days past the due day of their
--   invoice. What is open of one invoice ages together; a negative rest is a credit, which is never
--   due: it reduces not_due and total. Without due day and terms nothing is due. Day 1 is the day after
--   the due day. See ar_aging_detail for the invoices, and why each is where it is.
-- grain: one row per customer, currency, source and account that has an open invoice
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The evening that is described.
-- columns:
--   customer_id | VARCHAR | id | Customer of the invoices: model.customers.id; NULL where the invoice names none.
--   customer_name | VARCHAR | text | Name of the customer; NULL where it has none or is not in the snapshot.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   not_due | BIGINT | minor units | Open and not past due, less credits.
--   days_1_30 | BIGINT | minor units | Open, 1 to 30 days past due.
--   days_31_60 | BIGINT | minor units | Open, 31 to 60 days past due.
--   days_61_90 | BIGINT | minor units | Open, 61 to 90 days past due.
--   days_over_90 | BIGINT | minor units | Open, more than 90 days past due.
--   total | BIGINT | minor units | Sum of the five columns before.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: the totals are the open lines of the receivables
--   SELECT source, account_id, currency, sum(aged) AS aged, sum(open) AS open FROM (
--       SELECT source, account_id, currency, total AS aged, 0 AS open FROM reports.ar_aging
--       UNION ALL
--       SELECT source, account_id, coalesce(currency, '(unknown)'), 0, amount FROM model.receivables, model.as_of_default
--       WHERE receivable_on <= as_of AND coalesce(left_on > as_of, TRUE)
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(aged) <> sum(open)

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
        sum(receivables.amount) AS open_amount,
        max(coalesce(asked.day - receivables.due_on, 0)) AS days_past_due
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
),
aged AS (
    SELECT
        open_invoices.*,
        CASE WHEN open_amount < 0 THEN 0 ELSE days_past_due END AS age
    FROM open_invoices
),
summed AS (
    SELECT
        source,
        account_id,
        customer_id,
        coalesce(currency, '(unknown)') AS currency,
        CAST(sum(CASE WHEN age <= 0 THEN open_amount ELSE 0 END) AS BIGINT) AS not_due,
        CAST(sum(CASE WHEN age BETWEEN 1 AND 30 THEN open_amount ELSE 0 END) AS BIGINT) AS days_1_30,
        CAST(sum(CASE WHEN age BETWEEN 31 AND 60 THEN open_amount ELSE 0 END) AS BIGINT) AS days_31_60,
        CAST(sum(CASE WHEN age BETWEEN 61 AND 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_61_90,
        CAST(sum(CASE WHEN age > 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_over_90,
        CAST(sum(open_amount) AS BIGINT) AS total
    FROM aged
    GROUP BY 1, 2, 3, 4
)
SELECT
    summed.customer_id,
    customers.name AS customer_name,
    summed.currency,
    summed.not_due,
    summed.days_1_30,
    summed.days_31_60,
    summed.days_61_90,
    summed.days_over_90,
    summed.total,
    summed.source,
    summed.account_id
FROM summed
LEFT JOIN model.customers AS customers
    ON customers.source = summed.source
    AND customers.account_id = summed.account_id
    AND customers.id = summed.customer_id
ORDER BY summed.source, summed.account_id, summed.currency, summed.total DESC, summed.customer_id NULLS LAST
