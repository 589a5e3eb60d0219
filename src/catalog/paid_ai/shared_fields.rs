//! Columns that objects of both versions have alike (CONTRACT B3, N4.1).

use crate::catalog::spec::{Coercion, Field, field};

pub(super) const NAME: Field = field("name", &["name"], Coercion::Text, "Name.");
pub(super) const DESCRIPTION: Field =
    field("description", &["description"], Coercion::Text, "Free text.");
pub(super) const EXTERNAL_ID: Field = field(
    "external_id",
    &["externalId", "external_id", "accountExternalId"],
    Coercion::Text,
    "The merchant's own id.",
);
pub(super) const ORGANIZATION_ID: Field = field(
    "organization_id",
    &["organizationId", "organization_id"],
    Coercion::Text,
    "The merchant's organisation; v1 only.",
);
pub(super) const CUSTOMER_ID: Field = field(
    "customer_id",
    &["customerId", "customer_id", "accountId", "account_id", "customer", "account"],
    Coercion::Reference,
    "Customer: customers.id.",
);
pub(super) const ORDER_ID: Field = field(
    "order_id",
    &["orderId", "order_id", "_parent"],
    Coercion::Reference,
    "Order: orders.id.",
);
pub(super) const CREATED_AT: Field = field(
    "created_at",
    &["createdAt", "created_at"],
    Coercion::Instant,
    "When the object was made, UTC, where the source says so.",
);
pub(super) const UPDATED_AT: Field = field(
    "updated_at",
    &["updatedAt", "updated_at"],
    Coercion::Instant,
    "When the object last changed, UTC, where the source says so.",
);
pub(super) const METADATA: Field =
    field("metadata", &["metadata"], Coercion::Map, "Free keys of the merchant, as sent.");
pub(super) const CREATION_STATE: Field = field(
    "creation_state",
    &["creationState", "creation_state"],
    Coercion::Enum(&["active", "draft"]),
    "Draft or active.",
);
pub(super) const API_VERSION: Field =
    field("api_version", &["api_version"], Coercion::ApiVersion, "Version of the API: v1 or v2.");

/// Days that an object covers; times where the source carries them.
pub(super) const START_DATE: Field =
    field("start_date", &["startDate", "start_date"], Coercion::Date, "First day covered.");
pub(super) const START_DATE_TS: Field = field(
    "start_date_ts",
    &["startDate", "start_date"],
    Coercion::InstantOnly,
    "The same as an instant, UTC, where the source carries a time.",
);
pub(super) const END_DATE: Field =
    field("end_date", &["endDate", "end_date"], Coercion::Date, "Last day covered.");
pub(super) const END_DATE_TS: Field = field(
    "end_date_ts",
    &["endDate", "end_date"],
    Coercion::InstantOnly,
    "The same as an instant, UTC, where the source carries a time.",
);
pub(super) const CURRENCY: Field =
    field("currency", &["currency"], Coercion::Text, "ISO 4217 code as sent.");
pub(super) const CUSTOMER_EXTERNAL_ID: Field = field(
    "customer_external_id",
    &["customerExternalId", "customer_external_id", "accountExternalId", "account_external_id"],
    Coercion::Text,
    "The merchant's own id of the customer.",
);
pub(super) const PRODUCT_ID: Field = field(
    "product_id",
    &["productId", "product_id", "agentId", "agent_id"],
    Coercion::Reference,
    "Product: products.id.",
);
pub(super) const PAYMENT_STATUS: Field = field(
    "payment_status",
    &["paymentStatus", "payment_status"],
    Coercion::Enum(&["pending", "paid", "partiallyPaid", "overdue", "error"]),
    "State of the payment; v2 only.",
);
pub(super) const TAX_RATE: Field =
    field("tax_rate", &["taxRate", "tax_rate"], Coercion::Decimal, "Tax rate as sent; v2 only.");
pub(super) const ARCHIVED_AT: Field = field(
    "archived_at",
    &["archivedAt", "archived_at"],
    Coercion::Instant,
    "When it was archived, UTC; v2 only.",
);
pub(super) const PUBLIC_URL_TOKEN: Field = field(
    "public_url_token",
    &["publicUrlToken", "public_url_token"],
    Coercion::Text,
    "Part of a public link; sensitive.",
);
