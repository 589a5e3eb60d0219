-- title: Data quality
-- question: Where does the source contradict itself, and what could not be read?
-- description:
--   Findings, none of them corrected. They are about the newest state, whatever `as_of`, and no report fails because
--   of them. Lists are not read at one instant: a difference of the last minutes may be gone with the next sync.
--   balance: amount of an invoice against the sum of its transactions. unpaid_balance: its unpaid_amount against
--   the unpaid ones, invoices that are not voided. paid_state: a paid invoice with unpaid lines, or an
--   unpaid one whose lines are all paid. mixed_currency: an invoice whose lines name several. no_currency: an
--   issued invoice, or a transaction on no invoice, of unknown currency. dangling: a reference to an object that is not
--   in the warehouse. problem: a field that could not be read as its type. stream: a list that did not
--   finish, or that has objects waiting to be read again. not_counted: objects that no report counts.
-- grain: one row per finding
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | Not used but to leave the report empty before the first sync.
-- columns:
--   finding | VARCHAR | name | Kind of finding, see the description.
--   stream | VARCHAR | name | Stream of the object.
--   object_id | VARCHAR | id | Object; NULL for findings about a stream.
--   currency | VARCHAR | currency code | Currency of the amounts; '(unknown)' where nothing tells it; NULL where there are none.
--   expected | BIGINT | minor units, per finding | What the source says of the object.
--   actual | BIGINT | minor units, per finding | What its parts add up to.
--   detail | VARCHAR | text | What is wrong.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: every balance finding differs
--   SELECT source, account_id, object_id FROM reports.data_quality
--   WHERE finding IN ('balance', 'unpaid_balance') AND NOT coalesce(expected <> actual, FALSE)

WITH asked AS (
    SELECT CAST($as_of AS DATE) AS day
),
invoices AS MATERIALIZED (
    SELECT
        source,
        account_id,
        id,
        customer_id,
        currency,
        mixed_currency,
        state,
        issued_on,
        amount,
        unpaid_amount,
        transactions_amount,
        transactions_unpaid,
        transactions_all_paid
    FROM model.invoices
),
findings AS (
    SELECT
        'balance' AS finding, 'invoices' AS stream, id AS object_id, coalesce(currency, '(unknown)') AS currency,
        amount AS expected, transactions_amount AS actual, 'amount is not the sum of its transactions' AS detail, source, account_id
    FROM invoices
    WHERE state <> 'voided' AND amount <> transactions_amount

    UNION ALL

    SELECT
        'unpaid_balance', 'invoices', id, coalesce(currency, '(unknown)'),
        unpaid_amount, transactions_unpaid, 'unpaid_amount is not the sum of its unpaid transactions', source, account_id
    FROM invoices
    WHERE state <> 'voided' AND unpaid_amount <> transactions_unpaid

    UNION ALL

    SELECT
        'paid_state', 'invoices', id, coalesce(currency, '(unknown)'),
        CAST(0 AS BIGINT), transactions_unpaid, 'paid, but not all of its transactions are', source, account_id
    FROM invoices
    WHERE state = 'paid' AND transactions_unpaid <> 0

    UNION ALL

    SELECT
        'paid_state', 'invoices', id, coalesce(currency, '(unknown)'),
        unpaid_amount, CAST(0 AS BIGINT), 'not paid, but all of its transactions are', source, account_id
    FROM invoices
    WHERE state NOT IN ('paid', 'voided') AND transactions_all_paid

    UNION ALL

    SELECT
        'mixed_currency', 'invoices', id, NULL, NULL, NULL, 'its transactions name several currencies', source, account_id
    FROM invoices
    WHERE mixed_currency

    UNION ALL

    SELECT
        'no_currency', 'invoices', id, NULL, NULL, NULL, 'nothing tells its currency', source, account_id
    FROM invoices
    WHERE issued_on IS NOT NULL AND currency IS NULL AND NOT mixed_currency

    UNION ALL

    SELECT
        'no_currency', 'transactions', id, NULL, NULL, NULL, 'nothing tells its currency', source, account_id
    FROM model.transactions
    WHERE invoice_id IS NULL AND currency IS NULL AND state <> 'void'

    UNION ALL

    SELECT
        'dangling', 'invoices', invoices.id, NULL, NULL, NULL, 'its customer is not in the warehouse: ' || invoices.customer_id,
        invoices.source, invoices.account_id
    FROM invoices
    LEFT JOIN model.customers AS customers
        ON customers.source = invoices.source AND customers.account_id = invoices.account_id AND customers.id = invoices.customer_id
    WHERE invoices.customer_id IS NOT NULL AND customers.id IS NULL

    UNION ALL

    SELECT
        'dangling', 'transactions', transactions.id, NULL, NULL, NULL, 'its invoice is not in the warehouse: ' || transactions.invoice_id,
        transactions.source, transactions.account_id
    FROM model.transactions AS transactions
    LEFT JOIN invoices
        ON invoices.source = transactions.source AND invoices.account_id = transactions.account_id AND invoices.id = transactions.invoice_id
    WHERE transactions.invoice_id IS NOT NULL AND invoices.id IS NULL

    UNION ALL

    SELECT
        'dangling', 'transactions', transactions.id, NULL, NULL, NULL, 'its customer is not in the warehouse: ' || transactions.customer_id,
        transactions.source, transactions.account_id
    FROM model.transactions AS transactions
    LEFT JOIN model.customers AS customers
        ON customers.source = transactions.source AND customers.account_id = transactions.account_id AND customers.id = transactions.customer_id
    WHERE transactions.customer_id IS NOT NULL AND customers.id IS NULL

    UNION ALL

    SELECT
        'dangling', 'subscriptions', subscriptions.id, NULL, NULL, NULL, 'its plan is not in the warehouse: ' || subscriptions.plan_id,
        subscriptions.source, subscriptions.account_id
    FROM model.subscriptions AS subscriptions
    LEFT JOIN model.plans AS plans
        ON plans.source = subscriptions.source AND plans.account_id = subscriptions.account_id AND plans.id = subscriptions.plan_id
    WHERE subscriptions.plan_id IS NOT NULL AND plans.id IS NULL

    UNION ALL

    SELECT
        'problem', stream, object_id, NULL, NULL, NULL, field || ': ' || code, source, account_id
    FROM model.problems

    UNION ALL

    SELECT
        'stream', stream, NULL, NULL, NULL, NULL,
        last_status || CASE WHEN dirty_ids > 0 THEN ', ' || CAST(dirty_ids AS VARCHAR) || ' objects wait to be read again' ELSE '' END,
        source, account_id
    FROM model.freshness
    WHERE last_status <> 'complete' OR dirty_ids > 0

    UNION ALL

    SELECT 'not_counted', stream, NULL, NULL, NULL, NULL, reason, source, account_id
    FROM model.not_counted
)
SELECT
    findings.finding,
    findings.stream,
    findings.object_id,
    findings.currency,
    findings.expected,
    findings.actual,
    findings.detail,
    findings.source,
    findings.account_id
FROM findings
CROSS JOIN asked
WHERE asked.day IS NOT NULL
ORDER BY findings.source, findings.account_id, findings.finding, findings.stream, findings.object_id NULLS FIRST, findings.detail
