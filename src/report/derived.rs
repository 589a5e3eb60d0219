//! Columns of the views of schema `model` that no source sends, as SQL.

/// A column that no source sends.
pub(super) struct Derived {
    pub(super) column: &'static str,
    pub(super) sql_type: &'static str,
    pub(super) comment: &'static str,
    /// May name columns of `item` and of the joins of its view.
    pub(super) expression: &'static str,
}

/// Stands for the source's default currency, a literal or NULL, in [`Derived::expression`].
pub(super) const DEFAULT_CURRENCY: &str = "{default_currency}";

/// Stand-ins within expressions, spelt out once.
const STAND_INS: &[(&str, &str)] = &[
    // Terms beyond a century are a slip of the pen, and would overflow a date.
    ("{terms}", "CASE WHEN item.terms BETWEEN 0 AND 36500 THEN CAST(item.terms AS INTEGER) END"),
    (
        "{issued_on}",
        "coalesce(item.issued_day, model.local_date(item.issued_at), CASE WHEN item.paid OR item.overdue_amount > 0 \
         THEN coalesce(item.due_date - {terms}, model.local_date(item.created_at), \
         model.local_date(item._first_seen_at)) END)",
    ),
    // The subscription shows its plan as it bills it; the plan itself may be gone.
    ("{price}", "coalesce(item.amount, {shown_amount}, plan.amount)"),
    ("{shown_amount}", "TRY_CAST(json_extract_string(item.plan_snapshot, '$.amount') AS BIGINT)"),
    (
        "{interval}",
        "coalesce(json_extract_string(item.plan_snapshot, '$.interval'), plan.\"interval\")",
    ),
    (
        "{interval_count}",
        "coalesce(TRY_CAST(json_extract_string(item.plan_snapshot, '$.interval_count') AS BIGINT), \
         plan.interval_count, 1)",
    ),
];

/// CONTRACT N3.3; the currency is N3.4 turned round: a line shares its invoice's currency.
pub(super) const TRANSACTION: &[Derived] = &[
    Derived {
        column: "currency",
        sql_type: "VARCHAR",
        comment: "Currency code as sent, else that of its invoice, else the source's default_currency; NULL where unknown.",
        expression: "coalesce(nullif(item.currency, ''), CASE WHEN lines.mixed_currency THEN NULL ELSE coalesce(lines.currency, {default_currency}) END)",
    },
    Derived {
        column: "state",
        sql_type: "VARCHAR",
        comment: "void (status says so), else paid, else invoiced (it is on an invoice), else uninvoiced.",
        expression: "CASE WHEN item.status = 'void' THEN 'void' WHEN item.paid THEN 'paid' WHEN item.invoice_id IS NOT NULL THEN 'invoiced' ELSE 'uninvoiced' END",
    },
    Derived {
        column: "is_negative",
        sql_type: "BOOLEAN",
        comment: "The amount is below 0: a refund or a discount.",
        expression: "coalesce(item.amount < 0, FALSE)",
    },
    Derived {
        column: "created_on",
        sql_type: "DATE",
        comment: "Day of created_at in the report time zone; NULL where the source does not show it.",
        expression: "model.local_date(item.created_at)",
    },
    Derived {
        column: "paid_date",
        sql_type: "DATE",
        comment: "Day of payment: paid_on, else the day of paid_at, else the day on which it was first seen paid.",
        expression: "CASE WHEN item.paid THEN coalesce(item.paid_on, model.local_date(item.paid_at), model.local_date(seen.paid_at)) END",
    },
    Derived {
        column: "paid_estimated",
        sql_type: "BOOLEAN",
        comment: "paid_date is a first observation: the source gives no date.",
        expression: "coalesce(item.paid AND item.paid_on IS NULL AND item.paid_at IS NULL, FALSE)",
    },
    Derived {
        column: "voided_on",
        sql_type: "DATE",
        comment: "Day on which the void was first seen: the source gives no date.",
        expression: "CASE WHEN item.status = 'void' THEN model.local_date(seen.voided_at) END",
    },
];

/// CONTRACT N3.3 and N3.4. A mixed invoice gets no default currency: it would be wrong for a part.
pub(super) const INVOICE: &[Derived] = &[
    Derived {
        column: "state",
        sql_type: "VARCHAR",
        comment: "voided, else paid, else overdue (overdue_amount above 0), else issued, else generated.",
        expression: "CASE WHEN item.voided OR item.voided_at IS NOT NULL THEN 'voided' WHEN item.paid THEN 'paid' WHEN item.overdue_amount > 0 THEN 'overdue' WHEN item.issued_at IS NOT NULL THEN 'issued' ELSE 'generated' END",
    },
    Derived {
        column: "currency",
        sql_type: "VARCHAR",
        comment: "The one currency code of its transactions, else the source's default_currency; NULL where unknown or mixed.",
        expression: "CASE WHEN lines.mixed_currency THEN NULL ELSE coalesce(item.shown_currency, lines.currency, {default_currency}) END",
    },
    Derived {
        column: "mixed_currency",
        sql_type: "BOOLEAN",
        comment: "Its transactions name several currencies, which the source rules out.",
        expression: "coalesce(lines.mixed_currency, FALSE)",
    },
    Derived {
        column: "transactions_amount",
        sql_type: "BIGINT",
        comment: "Sum of its transactions that are not void, minor units; NULL where there are none, a currency is mixed or the sum is out of range.",
        expression: "CASE WHEN lines.mixed_currency THEN NULL ELSE lines.amount END",
    },
    Derived {
        column: "transactions_unpaid",
        sql_type: "BIGINT",
        comment: "Sum of those of them that are not paid, minor units.",
        expression: "CASE WHEN lines.mixed_currency THEN NULL ELSE lines.unpaid END",
    },
    Derived {
        column: "transactions_all_paid",
        sql_type: "BOOLEAN",
        comment: "It has transactions that are not void, and all of these are paid.",
        expression: "coalesce(lines.all_paid, FALSE)",
    },
    Derived {
        column: "transactions_count",
        sql_type: "BIGINT",
        comment: "Number of its transactions, void ones included.",
        expression: "coalesce(lines.number, 0)",
    },
    Derived {
        column: "issued_on",
        sql_type: "DATE",
        comment: "Day of issue in the report time zone; if the source shows none although the invoice is paid or overdue: due date less terms, else day of creation, else of first observation. NULL: not issued.",
        expression: "{issued_on}",
    },
    Derived {
        column: "issued_estimated",
        sql_type: "BOOLEAN",
        comment: "issued_on is not from issued_at.",
        expression: "item.issued_day IS NULL AND item.issued_at IS NULL AND ({issued_on}) IS NOT NULL",
    },
    Derived {
        column: "due_on",
        sql_type: "DATE",
        comment: "due_date, else issued_on plus terms; NULL where neither is known.",
        expression: "coalesce(item.due_date, {issued_on} + {terms})",
    },
    Derived {
        column: "voided_on",
        sql_type: "DATE",
        comment: "Day of the void in the report time zone, else the day on which it was first seen.",
        expression: "CASE WHEN item.voided OR item.voided_at IS NOT NULL THEN coalesce(model.local_date(item.voided_at), model.local_date(seen.voided_at)) END",
    },
    Derived {
        column: "voided_estimated",
        sql_type: "BOOLEAN",
        comment: "voided_on is a first observation: the source gives no date.",
        expression: "coalesce(item.voided AND item.voided_at IS NULL, FALSE)",
    },
    Derived {
        column: "changed_on",
        sql_type: "DATE",
        comment: "Day on which it was settled, where the source tells, else on which the newest version was first seen.",
        expression: "model.local_date(coalesce(item.settled_at, item._changed_at))",
    },
];

/// CONTRACT A3.5, A3.6 and N3.3.
pub(super) const SUBSCRIPTION: &[Derived] = &[
    Derived {
        column: "started_on",
        sql_type: "DATE",
        comment: "Day of started_at in the report time zone, else starts_on.",
        expression: "coalesce(model.local_date(item.started_at), item.starts_on)",
    },
    Derived {
        column: "ended_on",
        sql_type: "DATE",
        comment: "Day of ended_at in the report time zone, else ends_on; NULL where no end is known.",
        expression: "coalesce(model.local_date(item.ended_at), item.ends_on)",
    },
    Derived {
        column: "currency",
        sql_type: "VARCHAR",
        comment: "Currency code of the plan, lower case, else the source's default_currency; NULL where unknown.",
        expression: "lower(coalesce(nullif(json_extract_string(item.plan_snapshot, '$.currency'), ''), nullif(plan.currency, ''), {default_currency}))",
    },
    Derived {
        column: "monthly_amount",
        sql_type: "BIGINT",
        comment: "Price for a twelfth of a year, minor units, rounded half away from zero: a year has 365 days, 52 weeks, 12 months. NULL where price or interval are unknown.",
        expression: "TRY_CAST(round(CAST({price} AS DOUBLE) * CASE {interval} WHEN 'day' THEN 365 WHEN 'week' THEN 52 WHEN 'month' THEN 12 WHEN 'year' THEN 1 END / (12 * nullif({interval_count}, 0))) AS BIGINT)",
    },
];

/// Spells the stand-ins out; they may hold one another, in the order of their list.
pub(super) fn spelt_out(expression: &str) -> String {
    let spelt = |text: String| {
        STAND_INS.iter().fold(text, |text, (name, meaning)| text.replace(name, meaning))
    };
    spelt(spelt(expression.to_owned()))
}
