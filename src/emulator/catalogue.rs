//! Products, plan items, orders and order items, known only from a client (CONTRACT A3.12).

use serde::Serialize;

use super::billing::Metadata;
use super::money::Currency;
use super::text::Text;

/// Describes a price; quantities are written as fractions (`1.0`).
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Pricing {
    pub(super) currency: Currency,
    pub(super) price: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) quantity: Option<f64>,
    #[serde(rename = "type")]
    pub(super) kind: PricingKind,
}

/// Names how a price counts.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PricingKind {
    /// Counts pieces; no other kind was seen.
    #[default]
    Quantity,
}

/// Describes what is sold.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "product")]
pub(super) struct Product {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) external_id: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) transaction_description: Text,
    pub(super) pricing: Pricing,
}

/// Describes what a plan contains.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "plan_item")]
pub(super) struct PlanItem {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) plan: Text,
    pub(super) product: Text,
    pub(super) pricing: Pricing,
}

/// Describes a purchase; its amount follows its items.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "order")]
pub(super) struct Order {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) amount: i64,
    pub(super) charge_now: bool,
    pub(super) customer: Text,
    pub(super) service_starts_on: i64,
    pub(super) service_ends_on: i64,
}

/// Describes one line of a purchase and the transaction that bills it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "order_item")]
pub(super) struct OrderItem {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) order: Text,
    pub(super) product: Text,
    pub(super) transaction: Option<Text>,
    pub(super) service_starts_on: i64,
    pub(super) service_ends_on: i64,
    pub(super) pricing: Pricing,
}
