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
