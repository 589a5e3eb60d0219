//! Products, plan items, orders and order items, known only from a client (CONTRACT A3.12).

use serde::Serialize;

use super::billing::Metadata;
use super::money::Currency;
use super::text::Text;

/// Describes a price; quantities are written as fractions (`1.0`).
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Pricing {
    pub(crate) currency: Currency,
    pub(crate) price: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) quantity: Option<f64>,
    #[serde(rename = "type")]
    pub(crate) kind: PricingKind,
}

impl Pricing {
    /// Multiplies the price by the quantity, to the nearest whole unit.
    pub(crate) fn total(&self) -> i64 {
        let Some(quantity) = self.quantity else { return self.price };
        // Only text leads from whole numbers to fractions and back without a cast.
        let price: f64 = self.price.to_string().parse().unwrap_or_default();
        format!("{:.0}", price * quantity).parse().unwrap_or(i64::MAX)
    }
}

/// Names how a price counts.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PricingKind {
    /// Counts pieces; no other kind was seen.
    #[default]
    Quantity,
}

/// Describes what is sold.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "product")]
pub(crate) struct Product {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) name: Text,
    pub(crate) description: Text,
    pub(crate) external_id: Option<String>,
    pub(crate) metadata: Metadata,
    pub(crate) transaction_description: Text,
    pub(crate) pricing: Pricing,
}

/// Describes what a plan contains.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "plan_item")]
pub(crate) struct PlanItem {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) plan: Text,
    pub(crate) product: Text,
    pub(crate) pricing: Pricing,
}

/// Describes a purchase; its amount follows its items.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "order")]
pub(crate) struct Order {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) amount: i64,
    pub(crate) charge_now: bool,
    pub(crate) customer: Text,
    pub(crate) service_starts_on: i64,
    pub(crate) service_ends_on: i64,
}

/// Describes one line of a purchase and the transaction that bills it.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "order_item")]
pub(crate) struct OrderItem {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) order: Text,
    pub(crate) product: Text,
    pub(crate) transaction: Option<Text>,
    pub(crate) service_starts_on: i64,
    pub(crate) service_ends_on: i64,
    pub(crate) pricing: Pricing,
}
