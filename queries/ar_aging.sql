-- title: Accounts receivable by age
-- description:
--   What customers still owe, by how long it has been due on the date `as_of`.
--   Open: the invoice is issued, neither paid nor voided, its open amount is not 0, and its issue
--   date (report time zone) is not after `as_of`. A missing issue date counts as issued before.
--   Open amount: unpaid_amount; where that is missing, amount; where that is missing too, the sum
--   of the invoice's transactions. A negative open amount is a credit: it is never due, so it
--   reduces not_due and total.
--   Due date: due_date; where that is missing, issue date + terms; with neither, not due.
--   Days past due = as_of - due date; 0 and less is not due, day 1 is the day after the due date.
--   A past `as_of` moves the issue cut-off and the ages only. Amounts and states are those of the
--   newest sync: an invoice paid since then is absent, although it was open at that time.
-- grain: one row per customer, currency, source and account that has an open invoice
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The day whose evening is described.
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

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
open_invoices AS (
    SELECT
        source,
        account_id,
        customer_id,
        coalesce(currency, '(unknown)') AS currency,
        coalesce(unpaid_amount, amount, transactions_amount) AS open_amount,
        due_date,
        model.local_date(issued_at) AS issued_on,
        -- Terms beyond a century are a slip of the pen, and would overflow a date.
        CASE WHEN terms BETWEEN 0 AND 36500 THEN CAST(terms AS INTEGER) END AS terms
    FROM model.invoices
    WHERE state IN ('issued', 'overdue')
),
aged AS (
    SELECT
        open_invoices.*,
        CASE
            WHEN open_amount < 0 THEN 0
            ELSE coalesce(asked.day - coalesce(due_date, issued_on + terms), 0)
        END AS days_past_due
    FROM open_invoices
    CROSS JOIN asked
    WHERE open_amount <> 0
        AND coalesce(issued_on <= asked.day, asked.day IS NOT NULL)
),
summed AS (
    SELECT
        source,
        account_id,
        customer_id,
        currency,
        CAST(sum(CASE WHEN days_past_due <= 0 THEN open_amount ELSE 0 END) AS BIGINT) AS not_due,
        CAST(sum(CASE WHEN days_past_due BETWEEN 1 AND 30 THEN open_amount ELSE 0 END) AS BIGINT) AS days_1_30,
        CAST(sum(CASE WHEN days_past_due BETWEEN 31 AND 60 THEN open_amount ELSE 0 END) AS BIGINT) AS days_31_60,
        CAST(sum(CASE WHEN days_past_due BETWEEN 61 AND 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_61_90,
        CAST(sum(CASE WHEN days_past_due > 90 THEN open_amount ELSE 0 END) AS BIGINT) AS days_over_90,
        CAST(sum(open_amount) AS BIGINT) AS total
    FROM aged
    GROUP BY source, account_id, customer_id, currency
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
ORDER BY
    summed.source,
    summed.account_id,
    summed.currency,
    summed.total DESC,
    summed.customer_id NULLS LAST
