-- title: Customer ledger
-- question: What does the statement of a customer say, entry by entry?
-- description:
--   Everything that moved what a customer owes, up to `as_of`, with the balance after each entry. Lines of one
--   invoice that moved on one day in one way are one entry. Use --customer for the statement of one customer.
-- grain: one row per customer, currency, day, entry and invoice
-- period: day
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts.
-- columns:
--   customer_id | VARCHAR | id | Customer of the invoice.
--   customer_name | VARCHAR | text | Name of the customer.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   day | DATE | day | Day of the entry.
--   entry | VARCHAR | billed, credit, void or payment | What happened.
--   invoice_id | VARCHAR | id | Invoice.
--   invoice_number | VARCHAR | text | Number shown to people, where there is one.
--   amount | BIGINT | minor units | Change of what is owed: positive when billed, negative when paid.
--   balance | BIGINT | minor units, balance | Owed after this entry.
--   date_estimated | BOOLEAN | truth | The day was derived, not sent.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: the last balance of each customer is the total of ar_aging
--   SELECT source, account_id, customer_id, currency, sum(amount) AS difference FROM (
--       SELECT source, account_id, customer_id, currency, amount FROM reports.customer_ledger
--       UNION ALL SELECT source, account_id, customer_id, currency, -total FROM reports.ar_aging
--   ) AS both_sides GROUP BY source, account_id, customer_id, currency HAVING sum(amount) <> 0

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
movements AS (
    SELECT
        source, account_id, customer_id, currency, invoice_id, receivable_on AS day,
        CASE WHEN amount >= 0 THEN 1 ELSE 2 END AS kind,
        amount AS change,
        entry_estimated AS is_estimated
    FROM model.receivables

    UNION ALL

    SELECT
        source, account_id, customer_id, currency, invoice_id, left_on AS day,
        CASE WHEN left_by = 'voided' THEN 3 ELSE 4 END AS kind,
        -amount AS change,
        exit_estimated AS is_estimated
    FROM model.receivables
    WHERE left_on IS NOT NULL
),
entries AS (
    SELECT
        movements.source,
        movements.account_id,
        movements.customer_id,
        coalesce(movements.currency, '(unknown)') AS currency,
        movements.day,
        movements.kind,
        movements.invoice_id,
        sum(movements.change) AS change,
        max(CASE WHEN movements.is_estimated THEN 1 ELSE 0 END) = 1 AS date_estimated
    FROM movements
    CROSS JOIN asked
    WHERE movements.day <= asked.day
    GROUP BY 1, 2, 3, 4, 5, 6, 7
),
balanced AS (
    SELECT
        entries.*,
        sum(change) OVER (
            PARTITION BY source, account_id, customer_id, currency ORDER BY day, kind, invoice_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS balance
    FROM entries
)
SELECT
    balanced.customer_id,
    customers.name AS customer_name,
    balanced.currency,
    balanced.day,
    CASE balanced.kind WHEN 1 THEN 'billed' WHEN 2 THEN 'credit' WHEN 3 THEN 'void' ELSE 'payment' END AS entry,
    balanced.invoice_id,
    invoices.number AS invoice_number,
    CAST(balanced.change AS BIGINT) AS amount,
    CAST(balanced.balance AS BIGINT) AS balance,
    balanced.date_estimated,
    balanced.source,
    balanced.account_id
FROM balanced
LEFT JOIN model.invoices AS invoices
    ON invoices.source = balanced.source
    AND invoices.account_id = balanced.account_id
    AND invoices.id = balanced.invoice_id
LEFT JOIN model.customers AS customers
    ON customers.source = balanced.source
    AND customers.account_id = balanced.account_id
    AND customers.id = balanced.customer_id
ORDER BY
    balanced.source,
    balanced.account_id,
    balanced.customer_id NULLS LAST,
    balanced.currency,
    balanced.day,
    balanced.kind,
    balanced.invoice_id
