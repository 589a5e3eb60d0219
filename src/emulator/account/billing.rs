//! Invoices and their transactions (CONTRACT A3.4, A3.7).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::calendar::Day;
use super::chase::Schedule;
use super::money::Currency;
use super::text::Text;

/// Holds the merchant's own keys and values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata(pub(crate) Vec<(Text, Text)>);

impl Metadata {
    /// Sets the value of a key; a blank value removes the key.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        let place = self.0.iter().position(|(known, _)| &**known == key);
        match (place.and_then(|place| self.0.get_mut(place)), value.is_empty()) {
            (Some(entry), false) => entry.1 = value.into(),
            (None, false) => self.0.push((key.into(), value.into())),
            (_, true) => self.0.retain(|(known, _)| &**known != key),
        }
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Names a way to pay (CONTRACT A8, `via`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Via {
    /// By bank debit.
    Ach,
    /// By cheque.
    Check,
    /// By card; refunds then return to the card.
    CreditCard,
    /// By bank transfer.
    Wire,
}

/// Describes how an invoice was paid.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Payment {
    pub(crate) via: Via,
    pub(crate) paid_at: i64,
}

/// Names where an invoice stands (A5.2); the real words are unknown (G-A10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InvoiceStatus {
    /// Exists, but was not sent.
    Generated,
    /// Was sent.
    Issued,
    /// Was sent and is late.
    Overdue,
    /// Is settled.
    Paid,
    /// Was taken back.
    Voided,
}

/// Describes a bill, as lists show it: without its reminders.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "object", rename = "invoice")]
pub(crate) struct Invoice {
    pub(crate) id: Text,
    pub(crate) number: Option<String>,
    pub(crate) amount: i64,
    pub(crate) amount_string: String,
    pub(crate) unpaid_amount: i64,
    pub(crate) overdue_amount: i64,
    pub(crate) summary: Option<Text>,
    pub(crate) customer: Text,
    pub(crate) issued_at: Option<i64>,
    /// Ends the last day to pay, so that "past due" begins with the next day.
    pub(crate) due_date: Option<i64>,
    pub(crate) terms: i64,
    pub(crate) paid: bool,
    pub(crate) payment: Option<Payment>,
    pub(crate) status: InvoiceStatus,
    pub(crate) voided: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) voided_at: Option<i64>,
    pub(crate) views: u32,
    pub(crate) url: String,
    pub(crate) metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) created_at: Option<i64>,
    /// Remembers the one currency, which no field shows.
    #[serde(skip)]
    pub(crate) currency: Currency,
    #[serde(skip)]
    pub(crate) chase_schedule: Schedule,
}

/// Adds to an invoice what only GET by id shows.
#[derive(Serialize)]
pub(crate) struct FullInvoice<'a> {
    #[serde(flatten)]
    pub(crate) invoice: &'a Invoice,
    pub(crate) chase_schedule: &'a Schedule,
    pub(crate) next_chase_on: Option<Day>,
}

impl Invoice {
    /// Says whether money is awaited.
    pub(crate) fn is_open(&self) -> bool {
        self.issued_at.is_some() && !self.paid && !self.voided
    }

    /// Says whether money is awaited and the last day to pay has passed (A5.2).
    pub(crate) fn is_late(&self, now: i64) -> bool {
        let is_past_due = self.due_date.is_some_and(|due| now > due);
        self.is_open() && self.unpaid_amount > 0 && is_past_due
    }

    /// Derives the status and the overdue amount, both of which depend on the time.
    pub(crate) fn settle(&mut self, now: i64) {
        let late = self.is_late(now);
        self.overdue_amount = if late { self.unpaid_amount } else { 0 };
        self.status = match self {
            Self { voided: true, .. } => InvoiceStatus::Voided,
            Self { paid: true, .. } => InvoiceStatus::Paid,
            _ if late => InvoiceStatus::Overdue,
            Self { issued_at: Some(_), .. } => InvoiceStatus::Issued,
            _ => InvoiceStatus::Generated,
        };
    }

    /// Adds the reminders.
    pub(crate) fn full(&self, today: Day) -> FullInvoice<'_> {
        let base = self.due_date.filter(|_| self.is_open()).map(Day::of);
        FullInvoice {
            invoice: self,
            chase_schedule: &self.chase_schedule,
            next_chase_on: base.and_then(|base| self.chase_schedule.next_after(base, today)),
        }
    }
}

/// Describes one line of business (A3.7).
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction {
    pub(crate) id: Text,
    pub(crate) amount: i64,
    pub(crate) currency: Currency,
    pub(crate) description: Text,
    pub(crate) customer: Text,
    pub(crate) invoice: Option<Text>,
    pub(crate) group_by: Option<Text>,
    pub(crate) rank: Option<i32>,
    pub(crate) paid: bool,
    pub(crate) paid_on: Option<Day>,
    /// Was taken back and is never invoiced again.
    pub(crate) voided: bool,
    pub(crate) serviced_on: i64,
    pub(crate) metadata: Metadata,
    pub(crate) created_at: Option<i64>,
    /// Uses the older names `paid_on` and `properties`.
    pub(crate) has_old_names: bool,
    /// Counts what earlier refunds gave back.
    pub(crate) refunded: i64,
}

impl Transaction {
    fn status(&self) -> &'static str {
        match self {
            Self { voided: true, .. } => "void",
            Self { paid: true, .. } => "paid",
            Self { invoice: Some(_), .. } => "invoiced",
            _ => "uninvoiced",
        }
    }
}

impl Serialize for Transaction {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (paid_name, metadata_name) =
            if self.has_old_names { ("paid_on", "properties") } else { ("paid_at", "metadata") };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("object", "transaction")?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("amount", &self.amount)?;
        map.serialize_entry("currency", &self.currency)?;
        map.serialize_entry("description", &self.description)?;
        map.serialize_entry("customer", &self.customer)?;
        map.serialize_entry("invoice", &self.invoice)?;
        if let Some(group_by) = &self.group_by {
            map.serialize_entry("group_by", group_by)?;
        }
        if let Some(rank) = self.rank {
            map.serialize_entry("rank", &rank)?;
        }
        map.serialize_entry("paid", &self.paid)?;
        map.serialize_entry(paid_name, &self.paid_on)?;
        map.serialize_entry("serviced_on", &self.serviced_on)?;
        map.serialize_entry("status", self.status())?;
        map.serialize_entry(metadata_name, &self.metadata)?;
        if let Some(created_at) = self.created_at {
            map.serialize_entry("created_at", &created_at)?;
        }
        map.end()
    }
}
