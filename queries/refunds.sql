-- title: Refunds and credits
-- question: What was given back, to whom, and is it settled?
-- description:
--   Negative transactions created by `as_of`, void ones left out. The source does not tell refunds from
--   discounts and names no original. likely_refund is a guess from the text that it writes on refunds
--   ("Refund for: ..."); it decides no total anywhere.
-- grain: one row per negative transaction
-- period: created_on
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts.
-- columns:
--   transaction_id | VARCHAR | id | Transaction.
--   customer_id | VARCHAR | id | Its customer.
--   customer_name | VARCHAR | text | Name of the customer.
--   description | VARCHAR | text | Text of the line.
--   currency | VARCHAR | currency code | Currency of the amount; '(unknown)' where nothing tells it.
--   amount | BIGINT | minor units | Amount, negative.
--   likely_refund | BOOLEAN | truth | A guess: the text begins as the source begins that of refunds.
--   created_on | DATE | day | Day of creation, else of service; NULL where neither is known.
--   settled_on | DATE | day | Day on which it was paid out or set off, by as_of.
--   invoice_id | VARCHAR | id | Invoice that it is on.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: the sum is that of the negative transactions
--   SELECT source, account_id, currency, sum(amount) AS difference FROM (
--       SELECT source, account_id, currency, amount FROM reports.refunds
--       UNION ALL
--       SELECT source, account_id, coalesce(currency, '(unknown)'), -amount FROM model.transactions, model.as_of_default
--       WHERE is_negative AND state <> 'void' AND coalesce(coalesce(created_on, serviced_on) <= as_of, as_of IS NOT NULL)
--   ) AS both_sides GROUP BY source, account_id, currency HAVING sum(amount) <> 0

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
    coalesce(transactions.description LIKE 'Refund for:%', FALSE) AS likely_refund,
    coalesce(transactions.created_on, transactions.serviced_on) AS created_on,
    CASE WHEN transactions.paid_date <= asked.day THEN transactions.paid_date END AS settled_on,
    transactions.invoice_id,
    transactions.source,
    transactions.account_id
FROM model.transactions AS transactions
CROSS JOIN asked
LEFT JOIN model.customers AS customers
    ON customers.source = transactions.source
    AND customers.account_id = transactions.account_id
    AND customers.id = transactions.customer_id
WHERE transactions.is_negative
    AND transactions.state <> 'void'
    AND coalesce(coalesce(transactions.created_on, transactions.serviced_on) <= asked.day, asked.day IS NOT NULL)
ORDER BY transactions.source, transactions.account_id, 5, 8 DESC NULLS LAST, transactions.id
