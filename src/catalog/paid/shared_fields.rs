//! Columns that several tables have alike (CONTRACT N2).

use crate::catalog::spec::{Coercion, Field, field};

pub(super) const ADDRESS_LINE1: Field =
    field("address_line1", &["address_line1"], Coercion::Text, "First line of the address.");
pub(super) const ADDRESS_LINE2: Field =
    field("address_line2", &["address_line2"], Coercion::Text, "Second line of the address.");
pub(super) const ADDRESS_CITY: Field =
    field("address_city", &["address_city"], Coercion::Text, "City.");
pub(super) const ADDRESS_STATE: Field =
    field("address_state", &["address_state"], Coercion::Text, "State or region.");
pub(super) const ADDRESS_ZIP: Field =
    field("address_zip", &["address_zip"], Coercion::Text, "Postal code, leading zeros kept.");
pub(super) const ADDRESS_COUNTRY: Field =
    field("address_country", &["address_country"], Coercion::Text, "Two-letter country code.");
pub(super) const TAX_ID: Field = field("tax_id", &["tax_id"], Coercion::Text, "Tax number.");
pub(super) const TAX_ID_LABEL: Field =
    field("tax_id_label", &["tax_id_label"], Coercion::Text, "What the tax number is called.");
pub(super) const DESCRIPTION: Field =
    field("description", &["description"], Coercion::Text, "Free text.");
pub(super) const TERMS: Field =
    field("terms", &["terms"], Coercion::Integer, "Days from issue until overdue.");
pub(super) const METADATA: Field = field(
    "metadata",
    &["metadata", "properties"],
    Coercion::Map,
    "Free keys of the merchant, as sent.",
);
pub(super) const CREATED_AT_OR_CREATED: Field = field(
    "created_at",
    &["created_at", "created"],
    Coercion::Instant,
    "When the object was made, UTC.",
);
pub(super) const UPDATED_AT: Field = field(
    "updated_at",
    &["updated_at"],
    Coercion::Instant,
    "When the object last changed, UTC, where the source says so.",
);
pub(super) const CREATED_AT: Field =
    field("created_at", &["created_at"], Coercion::Instant, "When the object was made, UTC.");
pub(super) const CUSTOMER_ID: Field = field(
    "customer_id",
    &["customer"],
    Coercion::Reference,
    "Customer it belongs to: customers.id.",
);
pub(super) const URL: Field =
    field("url", &["url"], Coercion::Text, "Public link; sensitive, never fetched.");
pub(super) const STATUS: Field = field(
    "status",
    &["status"],
    Coercion::Enum(&[]),
    "Status as sent; the set of values is not documented.",
);
pub(super) const PLAN_ID: Field =
    field("plan_id", &["plan"], Coercion::Reference, "Plan: plans.id.");
pub(super) const CHARGE_NOW: Field =
    field("charge_now", &["charge_now"], Coercion::Boolean, "Charged at once.");
pub(super) const NAME: Field = field("name", &["name"], Coercion::Text, "Name.");
pub(super) const EXTERNAL_ID: Field =
    field("external_id", &["external_id"], Coercion::Text, "The merchant's own id.");
pub(super) const PRICING: Field =
    field("pricing", &["pricing", "pricing_structure"], Coercion::Json, "Pricing as sent.");
pub(super) const PRICING_CURRENCY: Field = field(
    "pricing_currency",
    &["pricing.currency", "pricing_structure.currency"],
    Coercion::Text,
    "Currency code as sent.",
);
pub(super) const PRICING_PRICE: Field = field(
    "pricing_price",
    &["pricing.price", "pricing_structure.price"],
    Coercion::Cents,
    "Price, minor units.",
);
pub(super) const PRICING_TYPE: Field = field(
    "pricing_type",
    &["pricing.type", "pricing_structure.type"],
    Coercion::Text,
    "How it is priced.",
);
pub(super) const PRODUCT_ID: Field =
    field("product_id", &["product"], Coercion::Reference, "Product: products.id.");
pub(super) const PRICING_QUANTITY: Field = field(
    "pricing_quantity",
    &["pricing.quantity", "pricing_structure.quantity"],
    Coercion::Decimal,
    "Quantity, exact.",
);
pub(super) const SERVICE_STARTS_ON: Field = field(
    "service_starts_on",
    &["service_starts_on"],
    Coercion::Date,
    "First day of service (UTC date).",
);
pub(super) const SERVICE_ENDS_ON: Field = field(
    "service_ends_on",
    &["service_ends_on"],
    Coercion::Date,
    "Last day of service (UTC date).",
);
