//! Columns of the optional lists (CONTRACT N2).

use super::shared_fields::{
    CHARGE_NOW, CREATED_AT, CUSTOMER_ID, DESCRIPTION, EXTERNAL_ID, METADATA, NAME, PLAN_ID,
    PRICING, PRICING_CURRENCY, PRICING_PRICE, PRICING_QUANTITY, PRICING_TYPE, PRODUCT_ID,
    SERVICE_ENDS_ON, SERVICE_STARTS_ON, UPDATED_AT, URL,
};
use crate::catalog::spec::{Coercion, Field, field};

pub(super) const USER_FIELDS: &[Field] = &[
    field("email", &["email"], Coercion::Text, "E-mail."),
    field("first_name", &["first_name"], Coercion::Text, "First name."),
    field("last_name", &["last_name"], Coercion::Text, "Last name."),
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const WEBHOOK_FIELDS: &[Field] = &[
    field("url", &["url"], Coercion::Text, "Address called; sensitive, never fetched."),
    field("event", &["event"], Coercion::Text, "Event type it is told about."),
    field("subscription_url", &["subscription_url"], Coercion::Text, "Second address, where sent."),
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const STATEMENT_FIELDS: &[Field] = &[
    field("resource", &["resource"], Coercion::Text, "Id of what the statement is for."),
    field(
        "customer_id",
        &["resource"],
        Coercion::ReferenceWithPrefix("cus_"),
        "Customer, where the statement is for one: customers.id.",
    ),
    URL,
    field(
        "expires_on",
        &["expires_on"],
        Coercion::Date,
        "Day on which the link expires (UTC date).",
    ),
    field(
        "expired_at",
        &["expired_at", "expires_at"],
        Coercion::Instant,
        "When it was expired by hand, UTC.",
    ),
];

pub(super) const ORGANIZATION_FIELDS: &[Field] = &[NAME, EXTERNAL_ID, CREATED_AT, UPDATED_AT];

pub(super) const PRODUCT_FIELDS: &[Field] = &[
    NAME,
    DESCRIPTION,
    EXTERNAL_ID,
    field(
        "external_metric_id",
        &["external_metric_id"],
        Coercion::Text,
        "The merchant's id of the metric.",
    ),
    field(
        "transaction_description",
        &["transaction_description"],
        Coercion::Text,
        "Becomes the text of the invoice line.",
    ),
    PRICING,
    PRICING_CURRENCY,
    PRICING_PRICE,
    PRICING_TYPE,
    METADATA,
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const PLAN_ITEM_FIELDS: &[Field] = &[
    PLAN_ID,
    PRODUCT_ID,
    PRICING,
    PRICING_CURRENCY,
    PRICING_PRICE,
    PRICING_TYPE,
    PRICING_QUANTITY,
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const ORDER_FIELDS: &[Field] = &[
    CUSTOMER_ID,
    field(
        "subscription_id",
        &["subscription"],
        Coercion::Reference,
        "Subscription: subscriptions.id.",
    ),
    field("amount", &["amount"], Coercion::Cents, "Amount, minor units."),
    CHARGE_NOW,
    SERVICE_STARTS_ON,
    SERVICE_ENDS_ON,
    METADATA,
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const ORDER_ITEM_FIELDS: &[Field] = &[
    field("order_id", &["order"], Coercion::Reference, "Order: orders.id."),
    PRODUCT_ID,
    field("plan_item_id", &["plan_item"], Coercion::Reference, "Plan item: plan_items.id."),
    field("transaction_id", &["transaction"], Coercion::Reference, "Transaction: transactions.id."),
    PRICING,
    PRICING_CURRENCY,
    PRICING_PRICE,
    PRICING_TYPE,
    PRICING_QUANTITY,
    SERVICE_STARTS_ON,
    SERVICE_ENDS_ON,
    CREATED_AT,
    UPDATED_AT,
];
