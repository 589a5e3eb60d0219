//! Columns of Alternative Payments (CONTRACT C3, N4.2).

use crate::catalog::spec::{ARCHIVED_AT, Coercion, Field, field};

const CUSTOMER_ID: Field =
    field("customer_id", &["customer_id"], Coercion::Reference, "Customer: customers.id.");
const PARENT_CUSTOMER_ID: Field =
    field("customer_id", &["_parent"], Coercion::Reference, "Customer: customers.id.");
const CURRENCY: Field = field(
    "currency",
    &["currency"],
    Coercion::Text,
    "ISO 4217 code as sent; payments send none, as far as is documented.",
);
const SUB_TOTAL: Field = field(
    "sub_total",
    &["sub_total"],
    Coercion::Decimal,
    "Total before fees and tax, in a unit that the source does not state: compare, do not add to other sources.",
);
const TOTAL: Field = field(
    "total",
    &["total"],
    Coercion::Decimal,
    "Total, in a unit that the source does not state: compare, do not add to other sources.",
);
const FEES: Field = field("fees", &["fees"], Coercion::Json, "Fees as sent; see fees.");
const CREATED_AT: Field =
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC.");

/// Not a fact of the API: an archived object has left its list and is still found by id (C-01).
const ARCHIVED: Field = field(
    "_archived_at",
    &[ARCHIVED_AT],
    Coercion::Instant,
    "When the object was first seen to be archived, UTC; NULL while its list shows it.",
);

pub(super) const CUSTOMER_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Name."),
    field("legal_name", &["legal_name"], Coercion::Text, "Name in law."),
    field("email", &["email"], Coercion::Text, "E-mail."),
    field("external_id", &["external_id"], Coercion::Text, "The merchant's own id."),
    field("ein", &["ein"], Coercion::Text, "Employer identification number."),
    field("street_address", &["street_address"], Coercion::Text, "Street."),
    field("sub_premise", &["sub_premise"], Coercion::Text, "Part of the building."),
    field("city", &["city"], Coercion::Text, "City."),
    field("state", &["state"], Coercion::Text, "State."),
    field("postal_code", &["postal_code"], Coercion::Text, "Postal code, leading zeros kept."),
    field("country", &["country"], Coercion::Text, "Country."),
    field(
        "default_payment_method_id",
        &["default_payment_method_id"],
        Coercion::Text,
        "Payment method used unless another is named: payment_methods.id.",
    ),
    field(
        "customer_integration_id",
        &["customer_integration_id"],
        Coercion::Text,
        "Id in the merchant's accounting system.",
    ),
    CREATED_AT,
    ARCHIVED,
];

pub(super) const CUSTOMER_USER_FIELDS: &[Field] = &[
    PARENT_CUSTOMER_ID,
    field("email", &["email"], Coercion::Text, "E-mail."),
    field("first_name", &["first_name"], Coercion::Text, "First name."),
    field("last_name", &["last_name"], Coercion::Text, "Last name."),
    field("phone", &["phone"], Coercion::Text, "Telephone."),
];

pub(super) const PAYMENT_METHOD_FIELDS: &[Field] = &[PARENT_CUSTOMER_ID];

pub(super) const INVOICE_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    field("invoice_number", &["invoice_number"], Coercion::Text, "Number on the invoice."),
    CURRENCY,
    field("memo", &["memo"], Coercion::Text, "Free text."),
    field(
        "status",
        &["status"],
        Coercion::Enum(&["open", "paid", "overdue", "archived"]),
        "State as sent; the set of values is not documented.",
    ),
    SUB_TOTAL,
    TOTAL,
    field("due_date", &["due_date"], Coercion::Date, "Day on which payment is due."),
    field(
        "last_notification_at",
        &["last_notification_at"],
        Coercion::Instant,
        "When the customer was last reminded, UTC.",
    ),
    CREATED_AT,
    field("line_items", &["line_items"], Coercion::Json, "Lines as sent; see invoice_line_items."),
    ARCHIVED,
];

pub(super) const LINE_ITEM_FIELDS: &[Field] = &[
    field("description", &["description"], Coercion::Text, "Free text."),
    field(
        "amount",
        &["amount"],
        Coercion::Decimal,
        "Amount, in a unit that the source does not state: compare, do not add to other sources.",
    ),
    field("quantity", &["quantity"], Coercion::Integer, "Quantity."),
];

pub(super) const PAYMENT_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    field(
        "invoice_id",
        &["invoice_id"],
        Coercion::Reference,
        "Invoice: invoices.id; NULL unless sent, which is not documented.",
    ),
    field("payment_method", &["payment_method"], Coercion::Enum(&[]), "How it was paid."),
    field(
        "status",
        &["status"],
        Coercion::Enum(&[]),
        "State as sent; the set of values is not documented.",
    ),
    field(
        "type",
        &["type"],
        Coercion::Enum(&[]),
        "Kind of payment; NULL unless sent, which is not documented.",
    ),
    CURRENCY,
    SUB_TOTAL,
    TOTAL,
    field("due_date", &["due_date"], Coercion::Date, "Day on which it was due."),
    CREATED_AT,
    FEES,
];

pub(super) const PAYOUT_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    field(
        "status",
        &["status"],
        Coercion::Enum(&[
            "unspecified",
            "creating",
            "processing",
            "analyzing",
            "succeeded",
            "scheduled",
            "approved",
            "canceled",
            "pending",
            "failed",
        ]),
        "State.",
    ),
    SUB_TOTAL,
    TOTAL,
    field("arrival_date", &["arrival_date"], Coercion::Date, "Day on which it arrives."),
    CREATED_AT,
    FEES,
];

pub(super) const FEE_FIELDS: &[Field] = &[
    field("name", &["name"], Coercion::Text, "Name."),
    field(
        "type",
        &["type"],
        Coercion::Text,
        "Kind of fee as sent; payments and payouts spell it differently (C-04).",
    ),
    field(
        "type_normalised",
        &["type"],
        Coercion::LowerTextWithout("ft_"),
        "Kind of fee in lower case without `FT_`.",
    ),
    field(
        "amount",
        &["amount"],
        Coercion::Decimal,
        "Amount, in a unit that the source does not state: compare, do not add to other sources.",
    ),
    field(
        "covered_by_customer",
        &["covered_by_customer"],
        Coercion::Boolean,
        "The customer pays it.",
    ),
];

pub(super) const PAYOUT_PAYMENT_FIELDS: &[Field] = &[
    field("payout_id", &["_parent"], Coercion::Reference, "Payout: payouts.id."),
    field("payment_id", &["id"], Coercion::Reference, "Payment: payments.id."),
];

pub(super) const WEBHOOK_FIELDS: &[Field] = &[
    field("topic", &["topic"], Coercion::Enum(&[]), "What it is told about."),
    field("endpoint_url", &["endpoint_url"], Coercion::Text, "Address that is told; sensitive."),
    field("partner_id", &["partner_id"], Coercion::Text, "Partner."),
    field("secret_last_4_digits", &["secret_last_4_digits"], Coercion::Text, "End of the secret."),
    field("is_active", &["is_active"], Coercion::Boolean, "Is told about events."),
    CREATED_AT,
    field("updated_at", &["updated_at"], Coercion::Instant, "When the object last changed, UTC."),
];
