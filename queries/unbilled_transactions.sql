-- title: Unbilled transactions
-- question: What was sold and is not on an issued invoice on the evening of `as_of`?
-- description:
--   Transactions created by `as_of`, not void, not paid by then, and not receivable by then: on no invoice, or
--   on one that is not issued. The source does not say when a transaction was put on an invoice; its issue
--   day decides. Lines of an invoice that is voided without ever being issued are given up
--   with it: from the day of the void on they are not unbilled.
-- grain: one row per transaction
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The evening that is described.
-- columns:
--   transaction_id | VARCHAR | id | Transaction.
--   customer_id | VARCHAR | id | Its customer.
--   customer_name | VARCHAR | text | Name of the customer.
--   description | VARCHAR | text | Text of the line.
--   currency | VARCHAR | currency code | Currency of the amount; '(unknown)' where nothing tells it.
--   amount | BIGINT | minor units | Amount; negative for credits.
--   created_on | DATE | day | Day of creation; NULL where the source does not show it.
--   serviced_on | DATE | day | Day of service.
--   age_days | BIGINT | days | as_of less the day of service, else of creation.
--   draft_invoice_id | VARCHAR | id | Invoice that it is on, not issued by as_of.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: no line is unbilled and receivable, and none on no invoice is left out
--   SELECT source, account_id, transaction_id, 'unbilled and receivable' AS problem
--   FROM reports.unbilled_transactions JOIN model.receivables USING (source, account_id, transaction_id), model.as_of_default
--   WHERE model.receivables.receivable_on <= as_of
--   UNION ALL
--   SELECT source, account_id, id, 'neither billed nor unbilled' FROM model.transactions, model.as_of_default
--   WHERE state = 'uninvoiced' AND amount <> 0 AND coalesce(created_on <= as_of, as_of IS NOT NULL)
--   AND NOT EXISTS (SELECT 1 FROM reports.unbilled_transactions AS unbilled WHERE unbilled.transaction_id = transactions.id
--       AND unbilled.source = transactions.source AND unbilled.account_id = transactions.account_id)

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
)
SELECT
    transactions.id AS transaction_id,
    transactions.customer_id,
    customers.name AS customer_name,
    transactions.description,
    coalesce(transactions.currency, '(unknown)') AS currency,
    transactions.amount,
    transactions.created_on,
    transactions.serviced_on,
    CAST(asked.day - coalesce(transactions.serviced_on, transactions.created_on) AS BIGINT) AS age_days,
    transactions.invoice_id AS draft_invoice_id,
    transactions.source,
    transactions.account_id
FROM model.transactions AS transactions
CROSS JOIN asked
LEFT JOIN model.invoices AS invoices
    ON invoices.source = transactions.source
    AND invoices.account_id = transactions.account_id
    AND invoices.id = transactions.invoice_id
LEFT JOIN model.customers AS customers
    ON customers.source = transactions.source
    AND customers.account_id = transactions.account_id
    AND customers.id = transactions.customer_id
WHERE transactions.amount <> 0
    AND coalesce(transactions.created_on <= asked.day, asked.day IS NOT NULL)
    AND transactions.voided_on IS NULL
    AND coalesce(transactions.paid_date > asked.day, TRUE)
    AND coalesce(invoices.issued_on > asked.day, TRUE)
    AND NOT (invoices.issued_on IS NULL AND coalesce(invoices.state = 'voided', FALSE) AND coalesce(invoices.voided_on <= asked.day, TRUE))
ORDER BY transactions.source, transactions.account_id, 5, 9 DESC NULLS LAST, transactions.amount DESC, transactions.id
