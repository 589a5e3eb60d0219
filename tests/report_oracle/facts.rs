//! The emulator's truth as bookkeepers see it: days, amounts, who and what.

use std::collections::BTreeMap;
use std::fmt::Display;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use paid_sync::emulator::Emulator;
use serde_json::Value;

use crate::support::account;

/// What reports call a currency that nothing tells.
const UNKNOWN: &str = "(unknown)";

/// An account on a day in a time zone.
pub(super) struct Book {
    /// Names by id.
    pub(super) customers: BTreeMap<String, Option<String>>,
    pub(super) invoices: BTreeMap<String, Invoice>,
    pub(super) lines: Vec<Line>,
    pub(super) plans: BTreeMap<String, Plan>,
    pub(super) subscriptions: Vec<Subscription>,
    /// Assumed where nothing names a currency.
    pub(super) default_currency: Option<String>,
}

pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) issued_on: Option<Date>,
    pub(super) due_on: Option<Date>,
    pub(super) voided_on: Option<Date>,
    pub(super) paid: bool,
    pub(super) amount: i64,
    pub(super) unpaid_amount: i64,
    pub(super) schedule: Vec<String>,
}

pub(super) struct Line {
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) invoice: Option<String>,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) description: String,
    pub(super) created_on: Option<Date>,
    pub(super) serviced_on: Date,
    pub(super) paid_on: Option<Date>,
    pub(super) is_void: bool,
}

pub(super) struct Plan {
    pub(super) description: String,
}

pub(super) struct Subscription {
    pub(super) customer: String,
    pub(super) plan: String,
    pub(super) currency: String,
    /// Price for a twelfth of a year.
    pub(super) monthly: i64,
    pub(super) started_on: Date,
    pub(super) ended_on: Option<Date>,
}

impl Book {
    /// Reads the account as it is now.
    pub(super) fn of(emulator: &Emulator, zone: &TimeZone, default: Option<&str>) -> Self {
        let all = |stream: &str| account::truth(emulator, stream);
        let id = |object: &Value| text(object, "id").unwrap();
        let book = Self {
            customers: all("customers").iter().map(|it| (id(it), text(it, "name"))).collect(),
            invoices: all("invoices").iter().map(|it| (id(it), Invoice::of(it, zone))).collect(),
            lines: all("transactions").iter().map(|it| Line::of(it, zone)).collect(),
            plans: all("plans")
                .iter()
                .map(|it| (id(it), Plan { description: text(it, "description").unwrap() }))
                .collect(),
            subscriptions: all("subscriptions")
                .iter()
                .map(|it| Subscription::of(it, zone, default))
                .collect(),
            default_currency: default.map(str::to_owned),
        };
        book.assert_nothing_is_estimated();
        book
    }

    /// Gives the lines of an invoice.
    pub(super) fn lines_of(&self, invoice: &str) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(move |line| line.invoice.as_deref() == Some(invoice))
    }

    /// Names a customer for a row.
    pub(super) fn name(&self, customer: &str) -> String {
        optional(self.customers.get(customer).cloned().flatten())
    }

    /// The emulator dates everything and counts amounts from lines, so that nothing is left to the
    /// mirror's own observations; hand-made cases are in `tests/reports`.
    fn assert_nothing_is_estimated(&self) {
        for invoice in self.invoices.values() {
            assert!(!invoice.paid || invoice.issued_on.is_some(), "{} is undated", invoice.id);
            let is_empty = self.lines_of(&invoice.id).next().is_none();
            let is_nothing = invoice.amount == 0 && invoice.unpaid_amount == 0;
            assert!(!is_empty || is_nothing, "{} has amounts and no lines", invoice.id);
        }
        for line in self.lines.iter().filter(|line| line.is_void) {
            assert!(line.invoice.is_none(), "{} is void and on an invoice", line.id);
        }
    }
}

impl Invoice {
    fn of(object: &Value, zone: &TimeZone) -> Self {
        let instant = |field: &str| object[field].as_i64();
        let is_voided = object["voided"] == true;
        Self {
            id: text(object, "id").unwrap(),
            customer: text(object, "customer").unwrap(),
            issued_on: instant("issued_at").map(|seconds| local(seconds, zone)),
            due_on: instant("due_date").map(calendar_day),
            voided_on: instant("voided_at").filter(|_| is_voided).map(|at| local(at, zone)),
            paid: object["paid"] == true,
            amount: instant("amount").unwrap(),
            unpaid_amount: instant("unpaid_amount").unwrap(),
            schedule: entries(&object["chase_schedule"]),
        }
    }
}

impl Line {
    fn of(object: &Value, zone: &TimeZone) -> Self {
        let paid_on = text(object, "paid_at").or_else(|| text(object, "paid_on"));
        let is_paid = object["paid"] == true;
        Self {
            id: text(object, "id").unwrap(),
            customer: text(object, "customer").unwrap(),
            invoice: text(object, "invoice"),
            amount: object["amount"].as_i64().unwrap(),
            currency: text(object, "currency").unwrap(),
            description: text(object, "description").unwrap(),
            created_on: object["created_at"].as_i64().map(|seconds| local(seconds, zone)),
            serviced_on: calendar_day(object["serviced_on"].as_i64().unwrap()),
            paid_on: is_paid.then(|| paid_on.unwrap().parse().unwrap()),
            is_void: object["status"] == "void",
        }
    }
}

impl Subscription {
    fn of(object: &Value, zone: &TimeZone, default: Option<&str>) -> Self {
        let plan = &object["plan"];
        let times_a_year = match plan["interval"].as_str().unwrap() {
            "day" => 365,
            "week" => 52,
            "month" => 12,
            "year" => 1,
            other => panic!("a plan bills every {other}"),
        };
        let price = plan["amount"].as_i64().unwrap() * times_a_year;
        let parts = 12 * plan["interval_count"].as_i64().unwrap();
        let instant = |field: &str| object[field].as_i64().filter(|seconds| *seconds != 0);
        let started = instant("started_at").map(|seconds| local(seconds, zone));
        let currency = text(plan, "currency").or_else(|| default.map(str::to_owned));
        Self {
            customer: text(object, "customer").unwrap(),
            plan: text(plan, "id").unwrap(),
            currency: currency.map_or_else(|| UNKNOWN.to_owned(), |code| code.to_lowercase()),
            // Half away from zero; prices are not negative.
            monthly: (2 * price + parts) / (2 * parts),
            started_on: started.unwrap_or_else(|| calendar_day(instant("starts_on").unwrap())),
            ended_on: instant("ended_at").map(|seconds| local(seconds, zone)),
        }
    }

    pub(super) fn runs_on(&self, evening: Date) -> bool {
        self.started_on <= evening && self.ended_on.is_none_or(|end| end > evening)
    }

    /// Tells whether it ran on any evening at all.
    pub(super) fn ever_runs(&self) -> bool {
        self.ended_on.is_none_or(|end| end > self.started_on)
    }
}

fn text(object: &Value, field: &str) -> Option<String> {
    object[field].as_str().map(str::to_owned)
}

fn entries(schedule: &Value) -> Vec<String> {
    let listed = schedule.as_array().map(Vec::as_slice).unwrap_or_default();
    let entry = |entry: &Value| entry.as_str().map_or_else(|| entry.to_string(), str::to_owned);
    listed.iter().map(entry).collect()
}

/// Gives the day of an instant in a zone.
pub(super) fn local(seconds: i64, zone: &TimeZone) -> Date {
    zone.to_datetime(Timestamp::from_second(seconds).unwrap()).date()
}

/// Gives a day of the calendar, which no zone moves.
fn calendar_day(seconds: i64) -> Date {
    local(seconds, &TimeZone::UTC)
}

/// Lists the months from one day to another with the evening on which each is looked at.
pub(super) fn months(from: Date, to: Date) -> Vec<(Date, Date)> {
    let mut months = Vec::new();
    let mut month = from.first_of_month();
    while month <= to {
        months.push((month, month.last_of_month().min(to)));
        month = month.checked_add(1.month()).unwrap();
    }
    months
}

/// Counts the days from one day to another.
pub(super) fn days(from: Date, to: Date) -> i64 {
    i64::from(from.until(to).unwrap().get_days())
}

/// Writes cells as the rows of reports are written.
pub(super) fn row(cells: &[&dyn Display]) -> String {
    cells.iter().map(ToString::to_string).collect::<Vec<_>>().join("|")
}

/// Writes a cell that may be empty.
pub(super) fn optional<T: Display>(cell: Option<T>) -> String {
    cell.map_or_else(|| "-".to_owned(), |cell| cell.to_string())
}
