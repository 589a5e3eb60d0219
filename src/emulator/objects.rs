//! The account and the people, plans and links around its bills (CONTRACT A3.1–A3.6, A3.8–A3.11).

use serde::Serialize;
use serde_json::value::RawValue;

use super::calendar::Day;
use super::list::Position;
use super::money::Currency;
use super::text::Text;

/// Describes the account that the key opens (A3.1).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "account")]
pub(super) struct Account {
    pub(super) id: Text,
    pub(super) business_name: &'static str,
    pub(super) business_url: &'static str,
    pub(super) business_logo: Option<&'static str>,
}

/// Describes who is billed (A3.2). Fields that were never given are missing, not null.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "customer")]
#[expect(clippy::struct_excessive_bools, reason = "the API shows every choice as a flag")]
pub(super) struct Customer {
    pub(super) id: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) email: Option<String>,
    pub(super) description: Option<&'static str>,
    pub(super) external_id: Option<String>,
    pub(super) phone: Option<String>,
    #[serde(flatten)]
    pub(super) address: Address,
    pub(super) allow_ach: bool,
    pub(super) allow_wire: bool,
    pub(super) allow_check: bool,
    pub(super) allow_credit_card: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) allow_paypal: Option<bool>,
    pub(super) auto_generate: bool,
    pub(super) auto_issue: bool,
    pub(super) billing_type: &'static str,
    pub(super) billing_cycle: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cc_emails: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notes: Option<String>,
    pub(super) stripe_customer_id: Option<String>,
    pub(super) tax_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tax_id_label: Option<&'static str>,
    pub(super) terms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<i64>,
    /// Lists the transactions that the next invoices will hold.
    #[serde(skip)]
    pub(super) uninvoiced: Vec<Position>,
    /// Remembers the currency of the plans the customer chose.
    #[serde(skip)]
    pub(super) currency: Currency,
}

/// Describes where a customer lives.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Address {
    #[serde(rename = "address_line1")]
    pub(super) line1: Option<String>,
    #[serde(rename = "address_line2")]
    pub(super) line2: Option<String>,
    #[serde(rename = "address_city")]
    pub(super) city: Option<&'static str>,
    #[serde(rename = "address_state")]
    pub(super) state: Option<&'static str>,
    #[serde(rename = "address_zip")]
    pub(super) zip: Option<String>,
    #[serde(rename = "address_country")]
    pub(super) country: Option<&'static str>,
}

/// Describes what happened, with a snapshot of what it happened to (A3.3).
#[derive(Debug, Serialize)]
#[serde(tag = "object", rename = "event")]
pub(super) struct Event {
    pub(super) id: Text,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) created_at: i64,
    pub(super) data: Box<RawValue>,
}

/// Describes a price that repeats (A3.5).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "plan")]
pub(super) struct Plan {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) amount: i64,
    /// Stays away on some plans, which then bill in usd.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) currency: Option<Currency>,
    pub(super) description: Text,
    pub(super) name: String,
    pub(super) interval: Interval,
    pub(super) interval_count: u8,
}

/// Says how often a plan bills.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Interval {
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
    pub(super) fn after(self, start: Day, count: i64) -> Day {
        match self {
            Self::Week => start.plus_days(7 * count),
            Self::Month => start.plus_months(count),
            Self::Year => start.plus_months(12 * count),
        }
    }
}

/// Describes who is billed by which plan since when (A3.6). Unset ends are 0.
#[derive(Debug, Serialize)]
#[serde(tag = "object", rename = "subscription")]
pub(super) struct Subscription {
    pub(super) id: Text,
    pub(super) created_at: i64,
    pub(super) customer: Text,
    pub(super) plan: Plan,
    pub(super) starts_on: i64,
    pub(super) next_transaction_on: Option<Day>,
    pub(super) started_at: Option<i64>,
    pub(super) ended_at: i64,
    pub(super) cancelled_at: i64,
    /// Counts the billings so far.
    #[serde(skip)]
    pub(super) billed: i64,
}

/// Describes a person with access (A3.8); `created_at` is text.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "user")]
pub(super) struct User {
    pub(super) id: Text,
    pub(super) email: String,
    pub(super) first_name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_name: Option<&'static str>,
    pub(super) created_at: String,
}

/// Describes an element of `/users`, which also shows webhooks.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum UserEntry {
    /// Is a user.
    User(User),
    /// Is a webhook in the wrong place.
    Misplaced(Webhook),
}

/// Describes who is told about events (A3.9); its times are text.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "webhook")]
pub(super) struct Webhook {
    pub(super) id: Text,
    pub(super) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<&'static str>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// Describes a link to a customer's balance (A3.10). It shows no time of creation.
#[derive(Debug, Serialize)]
#[serde(tag = "object", rename = "statement")]
pub(super) struct Statement {
    pub(super) id: Text,
    pub(super) resource: Text,
    pub(super) url: String,
    pub(super) expires_on: i64,
    #[serde(flatten)]
    pub(super) expiry: Expiry,
}

/// Holds when a statement was expired by hand, under either documented name.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expiry {
    /// Uses the name of the sample.
    ExpiredAt(Option<i64>),
    /// Uses the name of the attribute table.
    ExpiresAt(Option<i64>),
}

/// Describes a group of companies (A3.11).
#[derive(Clone, Debug, Default, Serialize)]
#[serde(tag = "object", rename = "organization")]
pub(super) struct Organization {
    pub(super) id: Text,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
}
