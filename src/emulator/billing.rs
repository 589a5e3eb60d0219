//! Invoices and their transactions (CONTRACT A3.4, A3.7).

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::calendar::Day;
use super::chase::Schedule;
use super::money::Currency;
use super::text::Text;

/// Holds the merchant's own keys and values.
#[derive(Clone, Debug, Default)]
pub(super) struct Metadata(pub(super) Vec<(Text, Text)>);

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

/// Names a way to pay (CONTRACT A8, `via`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Via {
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
pub(super) struct Payment {
    pub(super) via: Via,
    pub(super) paid_at: i64,
}

/// Names where an invoice stands (A5.2); the real words are unknown (G-A10).
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum InvoiceStatus {
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
#[derive(Debug, Serialize)]
#[serde(tag = "object", rename = "invoice")]
pub(super) struct Invoice {
    pub(super) id: Text,
    pub(super) number: String,
    pub(super) amount: i64,
    pub(super) amount_string: String,
    pub(super) unpaid_amount: i64,
    pub(super) overdue_amount: i64,
    pub(super) summary: Option<&'static str>,
    pub(super) customer: Text,
    pub(super) issued_at: Option<i64>,
    /// Ends the last day to pay, so that "past due" begins with the next day.
    pub(super) due_date: Option<i64>,
    pub(super) terms: i64,
    pub(super) paid: bool,
    pub(super) payment: Option<Payment>,
    pub(super) status: InvoiceStatus,
    pub(super) voided: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) voided_at: Option<i64>,
    pub(super) views: u32,
    pub(super) url: String,
    pub(super) metadata: Metadata,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_at: Option<i64>,
    /// Remembers the one currency, which no field shows.
    #[serde(skip)]
    pub(super) currency: Currency,
    #[serde(skip)]
    pub(super) chase_schedule: Schedule,
}

/// Adds to an invoice what only GET by id shows.
#[derive(Serialize)]
pub(super) struct FullInvoice<'a> {
    #[serde(flatten)]
    pub(super) invoice: &'a Invoice,
    pub(super) chase_schedule: Schedule,
    pub(super) next_chase_on: Option<Day>,
}

impl Invoice {
    /// Says whether money is awaited.
    pub(super) fn is_open(&self) -> bool {
        self.issued_at.is_some() && !self.paid && !self.voided
    }

    /// Derives the status and the overdue amount, both of which depend on the time.
    pub(super) fn settle(&mut self, now: i64) {
        let late = self.is_open() && self.due_date.is_some_and(|due| now > due);
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
    pub(super) fn full(&self, today: Day) -> FullInvoice<'_> {
        let base = self.due_date.filter(|_| self.is_open()).map(Day::of);
        FullInvoice {
            invoice: self,
            chase_schedule: self.chase_schedule,
            next_chase_on: base.map(|base| self.chase_schedule.next_after(base, today)),
        }
    }
}

/// Describes one line of business (A3.7).
#[derive(Debug, Default)]
pub(super) struct Transaction {
    pub(super) id: Text,
    pub(super) amount: i64,
    pub(super) currency: Currency,
    pub(super) description: Text,
    pub(super) customer: Text,
    pub(super) invoice: Option<Text>,
    pub(super) group_by: Option<Text>,
    pub(super) rank: Option<u32>,
    pub(super) paid: bool,
    pub(super) paid_on: Option<Day>,
    pub(super) serviced_on: i64,
    pub(super) metadata: Metadata,
    pub(super) created_at: Option<i64>,
    /// Uses the older names `paid_on` and `properties`.
    pub(super) has_old_names: bool,
    /// Counts what earlier refunds gave back.
    pub(super) refunded: i64,
}

impl Transaction {
    fn status(&self) -> &'static str {
        match self {
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
