-- title: Revenue by month
-- description:
--   What was invoiced and what was collected, each in the month in which it happened.
--   invoiced and collected are two views of the same money (accrual and cash): never add them up.
--   Both are already net of refunds and discounts, which are negative transactions: do not subtract
--   refunds from either. The source does not tell refunds from discounts, nor which transaction a
--   refund belongs to; a refund after issue lowers invoiced in the invoice's issue month.
--   Months are those of the report time zone. Only what is dated up to `as_of` counts; amounts and
--   states are those of the newest sync. What carries no usable date is in the row whose month is
--   NULL, so that nothing is lost.
-- grain: one row per month, currency, source and account in which anything happened
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The last day that counts; its month may be incomplete.
-- columns:
--   month | DATE | first day of the month | Month of issue, of the refund or of payment; NULL where no date is known.
--   currency | VARCHAR | currency code | Currency of all amounts of the row; '(unknown)' where nothing tells it.
--   invoiced | BIGINT | minor units | Amounts of invoices issued in the month, paid or not, voided ones left out; a missing amount is taken from the invoice's transactions.
--   refunds | BIGINT | minor units | Negative transactions as a positive number, by date of creation, else service, else payment; those on a voided invoice count only when paid.
--   collected | BIGINT | minor units | Paid transactions by payment date, negative ones deducted, whether or not they are on an invoice.
--   invoices | BIGINT | count | Invoices in invoiced.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
movements AS (
    SELECT
        source,
        account_id,
        currency,
        model.local_date(issued_at) AS day,
        coalesce(amount, transactions_amount) AS invoiced,
        NULL AS refunded,
        NULL AS collected,
        1 AS invoices
    FROM model.invoices
    WHERE state IN ('issued', 'overdue', 'paid')

    UNION ALL

    SELECT
        lines.source,
        lines.account_id,
        lines.currency,
        coalesce(model.local_date(lines.created_at), lines.serviced_on, lines.paid_on) AS day,
        NULL AS invoiced,
        lines.amount AS refunded,
        NULL AS collected,
        0 AS invoices
    FROM model.transactions AS lines
    LEFT JOIN model.invoices AS invoices
        ON invoices.source = lines.source
        AND invoices.account_id = lines.account_id
        AND invoices.id = lines.invoice_id
    WHERE lines.is_negative
        AND (lines.state = 'paid' OR coalesce(invoices.state, '') <> 'voided')

    UNION ALL

    SELECT
        source,
        account_id,
        currency,
        coalesce(paid_on, model.local_date(paid_at)) AS day,
        NULL AS invoiced,
        NULL AS refunded,
        amount AS collected,
        0 AS invoices
    FROM model.transactions
    WHERE state = 'paid'
)
SELECT
    CAST(date_trunc('month', movements.day) AS DATE) AS month,
    coalesce(movements.currency, '(unknown)') AS currency,
    CAST(coalesce(sum(movements.invoiced), 0) AS BIGINT) AS invoiced,
    CAST(-coalesce(sum(movements.refunded), 0) AS BIGINT) AS refunds,
    CAST(coalesce(sum(movements.collected), 0) AS BIGINT) AS collected,
    CAST(sum(movements.invoices) AS BIGINT) AS invoices,
    movements.source,
    movements.account_id
FROM movements
CROSS JOIN asked
WHERE coalesce(movements.day <= asked.day, asked.day IS NOT NULL)
GROUP BY 1, 2, movements.source, movements.account_id
ORDER BY movements.source, movements.account_id, 2, 1 NULLS LAST
