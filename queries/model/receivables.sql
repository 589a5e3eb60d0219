-- title: Lines of issued invoices
-- description:
--   Every transaction that is or was receivable, with the days on which it became so and ceased to be.
--   A line is receivable from the later of its invoice's issue day and its own creation day (where
--   the source shows it) until it is paid or its invoice is voided, whichever comes first. It never
--   ceases before it begins: a line paid before its invoice was issued begins and ceases on one day.
--   An invoice without transactions counts with its own amounts, open and settled apart; the day of
--   settlement is then an estimate.
-- grain: one row per transaction on an issued invoice; up to two per issued invoice without any
-- columns:
--   invoice_id | VARCHAR | id | Invoice.
--   transaction_id | VARCHAR | id | Line; NULL for an invoice without transactions.
--   customer_id | VARCHAR | id | Customer of the invoice, else of the line.
--   currency | VARCHAR | currency code | Currency; NULL where nothing tells it.
--   amount | BIGINT | minor units | Amount of the line; negative for credits.
--   description | VARCHAR | text | Text of the line.
--   serviced_on | DATE | day | Day of service: serviced_on, else creation, else the day it became receivable.
--   receivable_on | DATE | day | First evening on which it is receivable.
--   due_on | DATE | day | Day on which its invoice is due; NULL where unknown.
--   left_on | DATE | day | First evening on which it is not receivable any more; NULL if it still is.
--   left_by | VARCHAR | paid or voided | Why it is not; NULL if it still is.
--   entry_estimated | BOOLEAN | truth | receivable_on rests on a derived issue day.
--   exit_estimated | BOOLEAN | truth | left_on is a first observation: the source gives no date.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.

WITH issued AS MATERIALIZED (
    SELECT
        source,
        account_id,
        id,
        customer_id,
        currency,
        amount,
        unpaid_amount,
        paid,
        summary,
        issued_on,
        issued_estimated,
        due_on,
        voided_on,
        voided_estimated,
        changed_on,
        transactions_count
    FROM model.invoices
    WHERE issued_on IS NOT NULL
),
lines AS (
    SELECT
        invoices.source,
        invoices.account_id,
        invoices.id AS invoice_id,
        transactions.id AS transaction_id,
        coalesce(invoices.customer_id, transactions.customer_id) AS customer_id,
        transactions.currency,
        transactions.amount,
        transactions.description,
        transactions.serviced_on,
        transactions.created_on,
        invoices.issued_on,
        invoices.due_on,
        transactions.paid_date AS paid_on,
        transactions.paid_estimated,
        CASE
            WHEN invoices.voided_on IS NULL OR transactions.voided_on < invoices.voided_on
                THEN transactions.voided_on
            ELSE invoices.voided_on
        END AS voided_on,
        CASE
            WHEN invoices.voided_on IS NULL OR transactions.voided_on < invoices.voided_on
                THEN transactions.voided_on IS NOT NULL
            ELSE invoices.voided_estimated
        END AS voided_estimated,
        invoices.issued_estimated
    FROM issued AS invoices
    JOIN model.transactions AS transactions
        ON transactions.source = invoices.source
        AND transactions.account_id = invoices.account_id
        AND transactions.invoice_id = invoices.id
    WHERE transactions.amount <> 0

    UNION ALL

    SELECT
        source,
        account_id,
        id AS invoice_id,
        CAST(NULL AS VARCHAR) AS transaction_id,
        customer_id,
        currency,
        CASE WHEN paid THEN 0 ELSE coalesce(unpaid_amount, amount) END AS amount,
        summary AS description,
        CAST(NULL AS DATE) AS serviced_on,
        CAST(NULL AS DATE) AS created_on,
        issued_on,
        due_on,
        CAST(NULL AS DATE) AS paid_on,
        FALSE AS paid_estimated,
        voided_on,
        voided_estimated,
        issued_estimated
    FROM issued
    WHERE transactions_count = 0

    UNION ALL

    SELECT
        source,
        account_id,
        id AS invoice_id,
        CAST(NULL AS VARCHAR) AS transaction_id,
        customer_id,
        currency,
        CASE
            WHEN paid THEN coalesce(amount, unpaid_amount)
            ELSE coalesce(amount, unpaid_amount) - coalesce(unpaid_amount, amount)
        END AS amount,
        summary AS description,
        CAST(NULL AS DATE) AS serviced_on,
        CAST(NULL AS DATE) AS created_on,
        issued_on,
        due_on,
        changed_on AS paid_on,
        TRUE AS paid_estimated,
        voided_on,
        voided_estimated,
        issued_estimated
    FROM issued
    WHERE transactions_count = 0
),
begun AS (
    SELECT
        lines.*,
        CASE WHEN created_on > issued_on THEN created_on ELSE issued_on END AS receivable_on,
        CASE
            WHEN paid_on IS NOT NULL AND (voided_on IS NULL OR paid_on <= voided_on) THEN 'paid'
            WHEN voided_on IS NOT NULL THEN 'voided'
        END AS left_by
    FROM lines
    WHERE amount <> 0
),
ended AS (
    SELECT
        begun.*,
        CASE left_by WHEN 'paid' THEN paid_on WHEN 'voided' THEN voided_on END AS ended_on
    FROM begun
)
SELECT
    invoice_id,
    transaction_id,
    customer_id,
    currency,
    amount,
    description,
    coalesce(serviced_on, created_on, receivable_on) AS serviced_on,
    receivable_on,
    due_on,
    CASE WHEN ended_on < receivable_on THEN receivable_on ELSE ended_on END AS left_on,
    left_by,
    issued_estimated AND (created_on IS NULL OR created_on <= issued_on) AS entry_estimated,
    CASE left_by WHEN 'paid' THEN paid_estimated WHEN 'voided' THEN voided_estimated ELSE FALSE END AS exit_estimated,
    source,
    account_id
FROM ended
