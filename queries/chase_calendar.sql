-- title: Reminders to come
-- question: When is the next reminder for each open invoice?
-- description:
--   Invoices with something to pay on the evening of `as_of` and a due day. next_reminder_on follows the
--   schedule of the invoice: the earliest day after `as_of` that an offset from the due day or the repeater
--   names. Schedules are those of the newest copy that a read by id gave; lists do not show them. Where none
--   is known, the default that the source documents is taken as far as its documents agree with one another: the
--   days -7, -1, 0, 1, 5, 10, 15, 20, 25 and 30, without the repeater after them.
--   next_chase_on is what the source itself says, where it does.
-- grain: one row per open invoice with a due day
-- parameters:
--   as_of | DATE | local date of the newest complete_to in the snapshot | The evening after which reminders are looked for.
-- columns:
--   customer_id | VARCHAR | id | Customer of the invoice.
--   customer_name | VARCHAR | text | Name of the customer.
--   invoice_id | VARCHAR | id | Invoice.
--   invoice_number | VARCHAR | text | Number shown to people, where there is one.
--   currency | VARCHAR | currency code | Currency of the amount; '(unknown)' where nothing tells it.
--   open_amount | BIGINT | minor units | Open on that evening.
--   due_on | DATE | day | Day on which it is due.
--   next_reminder_on | DATE | day | Next day of the schedule; NULL where it has none left or is invalid.
--   next_chase_on | DATE | day | The same as the source says it.
--   schedule | VARCHAR | valid, invalid or default | Whether the schedule of the invoice follows the rules; default: none is known.
--   source | VARCHAR | name | Source in sync.toml.
--   account_id | VARCHAR | id | Account at the source.
-- tie_out: every positive open invoice with a due day is there, and no reminder lies in the past
--   SELECT source, account_id, sum(open_amount) AS difference FROM (
--       SELECT source, account_id, open_amount FROM reports.chase_calendar
--       UNION ALL SELECT source, account_id, -open_amount FROM reports.ar_aging_detail WHERE open_amount > 0 AND due_on IS NOT NULL
--   ) AS both_sides GROUP BY source, account_id HAVING sum(open_amount) <> 0
--   UNION ALL
--   SELECT source, account_id, 0 FROM reports.chase_calendar, model.as_of_default WHERE next_reminder_on <= as_of

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
        max(receivables.due_on) AS due_on
    FROM model.receivables AS receivables
    CROSS JOIN asked
    WHERE receivables.receivable_on <= asked.day
        AND (receivables.left_on IS NULL OR receivables.left_on > asked.day)
        AND receivables.due_on IS NOT NULL
    GROUP BY
        receivables.source,
        receivables.account_id,
        receivables.customer_id,
        receivables.currency,
        receivables.invoice_id
    HAVING sum(receivables.amount) > 0
),
offsets AS (
    SELECT
        entries.source,
        entries.account_id,
        entries.invoice_id,
        entries.offset_days,
        entries.repeat_days,
        max(CASE WHEN entries.is_valid THEN 0 ELSE 1 END) OVER (PARTITION BY entries.source, entries.account_id, entries.invoice_id) = 0 AS is_valid,
        coalesce(lag(entries.offset_days) OVER (
            PARTITION BY entries.source, entries.account_id, entries.invoice_id ORDER BY entries.place
        ), 0) AS offset_before
    FROM model.chase_entries AS entries
),
default_offsets AS (
    SELECT * FROM (VALUES (-7), (-1), (0), (1), (5), (10), (15), (20), (25), (30)) AS days(offset_days)
),
scheduled AS (
    SELECT source, account_id, invoice_id, offset_days, repeat_days, offset_before, is_valid, FALSE AS is_default
    FROM offsets

    UNION ALL

    SELECT
        open_invoices.source,
        open_invoices.account_id,
        open_invoices.invoice_id,
        default_offsets.offset_days,
        CAST(NULL AS BIGINT) AS repeat_days,
        0 AS offset_before,
        TRUE AS is_valid,
        TRUE AS is_default
    FROM open_invoices
    CROSS JOIN default_offsets
    WHERE NOT EXISTS (
        SELECT 1 FROM offsets
        WHERE offsets.source = open_invoices.source
            AND offsets.account_id = open_invoices.account_id
            AND offsets.invoice_id = open_invoices.invoice_id
    )
),
reminders AS (
    SELECT
        open_invoices.source,
        open_invoices.account_id,
        open_invoices.invoice_id,
        scheduled.is_valid,
        scheduled.is_default,
        CASE
            WHEN scheduled.offset_days IS NOT NULL THEN open_invoices.due_on + CAST(scheduled.offset_days AS INTEGER)
            -- The first of the repeated days after as_of, at least one step after the last offset.
            ELSE open_invoices.due_on + CAST(scheduled.offset_before + scheduled.repeat_days * greatest(
                1,
                CAST(floor((asked.day - open_invoices.due_on - scheduled.offset_before) / scheduled.repeat_days) AS BIGINT) + 1
            ) AS INTEGER)
        END AS day,
        asked.day AS after_day
    FROM open_invoices
    CROSS JOIN asked
    JOIN scheduled
        ON scheduled.source = open_invoices.source
        AND scheduled.account_id = open_invoices.account_id
        AND scheduled.invoice_id = open_invoices.invoice_id
),
next_reminders AS (
    SELECT
        source,
        account_id,
        invoice_id,
        min(CASE WHEN is_valid AND day > after_day THEN day END) AS day,
        min(CASE WHEN is_default THEN 'default' WHEN is_valid THEN 'valid' ELSE 'invalid' END) AS schedule
    FROM reminders
    GROUP BY source, account_id, invoice_id
)
SELECT
    open_invoices.customer_id,
    customers.name AS customer_name,
    open_invoices.invoice_id,
    invoices.number AS invoice_number,
    coalesce(open_invoices.currency, '(unknown)') AS currency,
    open_invoices.open_amount,
    open_invoices.due_on,
    next_reminders.day AS next_reminder_on,
    invoices.next_chase_on,
    coalesce(next_reminders.schedule, 'default') AS schedule,
    open_invoices.source,
    open_invoices.account_id
FROM open_invoices
LEFT JOIN next_reminders
    ON next_reminders.source = open_invoices.source
    AND next_reminders.account_id = open_invoices.account_id
    AND next_reminders.invoice_id = open_invoices.invoice_id
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
    8 NULLS LAST,
    open_invoices.due_on,
    open_invoices.invoice_id
