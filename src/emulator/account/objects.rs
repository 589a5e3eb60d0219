//! The account and the people, plans and links around its bills (CONTRACT A3.1–A3.6, A3.8–A3.11).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;

use super::calendar::Day;
use super::list::Position;
use super::money::Currency;
use super::text::Text;

/// Describes the account that the key opens (A3.1).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "account")]
pub(crate) struct Account {
    pub(crate) id: Text,
    pub(crate) business_name: Option<Text>,
    pub(crate) business_url: Option<Text>,
    pub(crate) business_logo: Option<Text>,
    /// Holds what the account shows only once it is set.
    #[serde(flatten)]
    pub(crate) details: BTreeMap<&'static str, Text>,
}

/// Describes who is billed (A3.2). Fields that were never given are missing, not null.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "customer")]
#[expect(clippy::struct_excessive_bools, reason = "the API shows every choice as a flag")]
pub(crate) struct Customer {
    pub(crate) id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    pub(crate) description: Option<Text>,
    pub(crate) external_id: Option<String>,
    pub(crate) phone: Option<String>,
    #[serde(flatten)]
    pub(crate) address: Address,
    pub(crate) allow_ach: bool,
    pub(crate) allow_wire: bool,
    pub(crate) allow_check: bool,
    pub(crate) allow_credit_card: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allow_paypal: Option<bool>,
    pub(crate) auto_generate: bool,
    pub(crate) auto_issue: bool,
    pub(crate) billing_type: BillingType,
    pub(crate) billing_cycle: Cycle,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cc_emails: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notes: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) roll_up_communications: Option<bool>,
    pub(crate) stripe_customer_id: Option<String>,
    pub(crate) tax_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tax_id_label: Option<Text>,
    pub(crate) terms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<i64>,
    /// Lists the transactions that the next invoices will hold.
    #[serde(skip)]
    pub(crate) uninvoiced: Vec<Position>,
    /// Says that the seeded business decides what this customer does.
    #[serde(skip)]
    pub(crate) is_played: bool,
    /// Remembers the currency of the plans the customer chose.
    #[serde(skip)]
    pub(crate) currency: Currency,
}

/// Names how a customer pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BillingType {
    /// Gets invoices.
    #[default]
    Invoice,
    /// Has the card charged when an invoice is issued.
    Charge,
}

/// Names when a customer's transactions become an invoice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Cycle {
    /// Only when asked.
    #[default]
    Manual,
    /// Every Monday.
    Weekly,
    /// On the first of every month.
    Monthly,
}

/// Describes where a customer lives.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Address {
    #[serde(rename = "address_line1")]
    pub(crate) line1: Option<String>,
    #[serde(rename = "address_line2")]
    pub(crate) line2: Option<String>,
    #[serde(rename = "address_city")]
    pub(crate) city: Option<Text>,
    #[serde(rename = "address_state")]
    pub(crate) state: Option<Text>,
    #[serde(rename = "address_zip")]
    pub(crate) zip: Option<String>,
    #[serde(rename = "address_country")]
    pub(crate) country: Option<Text>,
}

/// Describes what happened, with a snapshot of what it happened to (A3.3).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "event")]
pub(crate) struct Event {
    pub(crate) id: Text,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    pub(crate) created_at: i64,
    pub(crate) data: Box<RawValue>,
}

/// Describes a price that repeats (A3.5).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "plan")]
pub(crate) struct Plan {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) amount: i64,
    /// Stays away on some plans, which then bill in usd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) currency: Option<Currency>,
    pub(crate) description: Text,
    pub(crate) name: String,
    pub(crate) interval: Interval,
    pub(crate) interval_count: u16,
}

/// Says how often a plan bills.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Interval {
    /// Every day.
    Day,
    /// Every seven days.
    Week,
    /// Every calendar month.
    #[default]
    Month,
    /// Every twelve calendar months.
    Year,
}

impl Interval {
    /// Finds the day `count` intervals after `start`.
    pub(crate) fn after(self, start: Day, count: i64) -> Day {
        match self {
            Self::Day => start.plus_days(count),
            Self::Week => start.plus_days(7 * count),
            Self::Month => start.plus_months(count),
            Self::Year => start.plus_months(12 * count),
        }
    }
}

/// Describes who is billed by which plan since when (A3.6). Unset ends are 0.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "subscription")]
pub(crate) struct Subscription {
    pub(crate) id: Text,
    pub(crate) created_at: i64,
    pub(crate) customer: Text,
    pub(crate) plan: Plan,
    pub(crate) starts_on: i64,
    pub(crate) next_transaction_on: Option<Day>,
    pub(crate) started_at: Option<i64>,
    pub(crate) ended_at: i64,
    pub(crate) cancelled_at: i64,
    /// Counts the intervals that were billed or passed over so far.
    #[serde(skip)]
    pub(crate) billed: i64,
    /// Has each bill charged to the card at once, on an invoice of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) charge_now: Option<bool>,
}

/// Describes a person with access (A3.8); `created_at` is text.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "user")]
pub(crate) struct User {
    pub(crate) id: Text,
    pub(crate) email: String,
    pub(crate) first_name: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<Text>,
    pub(crate) created_at: String,
}

/// Describes an element of `/users`, which also shows webhooks.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum UserEntry {
    /// Is a user.
    User(User),
    /// Is a webhook in the wrong place.
    Misplaced(Webhook),
}

/// Describes who is told about events (A3.9); its times are text.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "webhook")]
pub(crate) struct Webhook {
    pub(crate) id: Text,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) event: Option<Text>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// Describes a link to a customer's balance (A3.10). It shows no time of creation.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "statement")]
pub(crate) struct Statement {
    pub(crate) id: Text,
    pub(crate) resource: Text,
    pub(crate) url: String,
    pub(crate) expires_on: i64,
    #[serde(flatten)]
    pub(crate) expiry: Expiry,
}

/// Holds when a statement was expired by hand, under either documented name.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Expiry {
    /// Uses the name of the sample.
    ExpiredAt(Option<i64>),
    /// Uses the name of the attribute table.
    ExpiresAt(Option<i64>),
}

impl Expiry {
    /// Tells when the statement was expired by hand.
    pub(crate) fn time(self) -> Option<i64> {
        match self {
            Self::ExpiredAt(time) | Self::ExpiresAt(time) => time,
        }
    }
}

/// Describes a group of companies (A3.11).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "organization")]
pub(crate) struct Organization {
    pub(crate) id: Text,
    pub(crate) name: String,
    pub(crate) external_id: Option<String>,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}
