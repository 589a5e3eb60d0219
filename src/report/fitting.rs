//! How rows of other kinds fit the shape of the models, which is that of Paid Labs.

/// A column of the shape, and what stands for it in a row of the kind.
pub(super) type Fit = (&'static str, &'static str);

/// Columns that no kind sends under these names: the shape of Paid Labs has other ways to tell.
///
/// | column | means |
/// | --- | --- |
/// | `issued_day` | the day of issue, a calendar day of the source |
/// | `shown_currency` | the currency that the object names itself |
/// | `settled_at` | when it was paid, as far as the source tells |
pub(super) const BESIDE: &[(&str, &str)] =
    &[("issued_day", "DATE"), ("shown_currency", "VARCHAR"), ("settled_at", "TIMESTAMP")];

/// Gives what stands for the columns of a view in rows of a kind; `None` if it has no such objects,
/// or they cannot be added to others: Alternative Payments does not say in which unit its amounts are
/// (CONTRACT C-02).
pub(super) fn fits(kind: &str, view: &str) -> Option<&'static [Fit]> {
    match (kind, view) {
        ("paid-ai", "customers") => Some(PAID_AI_CUSTOMER),
        ("paid-ai", "invoices") => Some(PAID_AI_INVOICE),
        ("alternative-payments", "customers") => Some(ALTERNATIVE_PAYMENTS_CUSTOMER),
        _ => None,
    }
}

/// Says why the invoices of a kind are in no report.
pub(super) fn not_counted_reason(kind: &str) -> Option<&'static str> {
    (kind == "alternative-payments")
        .then_some("the source does not say in which unit its amounts are (C-02)")
}

const PAID_AI_CUSTOMER: &[Fit] = &[
    ("name", "name"),
    ("email", "email"),
    ("external_id", "external_id"),
    ("phone", "phone"),
    ("address_line1", "billing_line1"),
    ("address_line2", "billing_line2"),
    ("address_city", "billing_city"),
    ("address_state", "billing_state"),
    ("address_zip", "billing_zip_code"),
    ("address_country", "billing_country"),
    ("tax_id", "vat_number"),
    ("metadata", "metadata"),
    ("created_at", "created_at"),
    ("updated_at", "updated_at"),
];

const ALTERNATIVE_PAYMENTS_CUSTOMER: &[Fit] = &[
    ("name", "name"),
    ("email", "email"),
    ("external_id", "external_id"),
    ("address_line1", "street_address"),
    ("address_line2", "sub_premise"),
    ("address_city", "city"),
    ("address_state", "state"),
    ("address_zip", "postal_code"),
    ("address_country", "country"),
    ("tax_id", "ein"),
    ("created_at", "created_at"),
];

/// Amounts are in the smallest unit in both versions (CONTRACT B3.3). Drafts are not issued; what is
/// given up as uncollectible is no receivable any more, like what is voided.
const PAID_AI_INVOICE: &[Fit] = &[
    ("customer_id", "customer_id"),
    ("number", "display_number"),
    ("amount", "TRY_CAST(round(total) AS BIGINT)"),
    (
        "unpaid_amount",
        "TRY_CAST(round(coalesce(amount_remaining, total - coalesce(amount_paid, 0))) AS BIGINT)",
    ),
    ("paid", "coalesce(payment_status, status) = 'paid'"),
    ("voided", "status IN ('voided', 'canceled', 'void', 'uncollectible')"),
    (
        "voided_at",
        "CASE WHEN status IN ('voided', 'canceled', 'void', 'uncollectible') \
         THEN coalesce(voided_at, updated_at, _changed_at) END",
    ),
    ("due_date", "due_date"),
    ("created_at", "created_at"),
    ("updated_at", "updated_at"),
    (
        "issued_at",
        "CASE WHEN status IN ('open', 'paid', 'void', 'uncollectible') \
         AND issue_date IS NULL AND posted_date IS NULL THEN created_at END",
    ),
    (
        "issued_day",
        "CASE WHEN status IN ('posted', 'voided', 'canceled', 'open', 'paid', 'void', \
         'uncollectible') THEN coalesce(issue_date, posted_date) END",
    ),
    ("shown_currency", "lower(nullif(currency, ''))"),
    (
        "settled_at",
        "CASE WHEN coalesce(payment_status, status) = 'paid' THEN coalesce(paid_at, updated_at) END",
    ),
];
