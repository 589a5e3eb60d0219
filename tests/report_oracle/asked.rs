//! What the reports of a snapshot say, as rows to compare.

use jiff::civil::Date;
use paid_sync::database::Database;
use paid_sync::model::Cell;

use super::facts::Book;
use super::{owing, selling};

/// Report, its columns that are compared, and what they should hold on a day.
type Promise = (&'static str, &'static str, fn(&Book, Date) -> Vec<String>);

const AGES: &str = "not_due, days_1_30, days_31_60, days_61_90, days_over_90, total";

/// Reports that are worked out again whole, at their own grain.
const PROMISES: [Promise; 13] = [
    ("ar_aging", "customer_id, customer_name, currency, {ages}", owing::ar_aging),
    (
        "ar_aging_detail",
        "customer_id, customer_name, invoice_id, currency, open_amount, open_lines, receivable_on, \
         due_on, days_past_due, bucket, date_estimated",
        owing::ar_aging_detail,
    ),
    ("ar_aging_trend", "month, currency, {ages}", owing::ar_aging_trend),
    (
        "ar_rollforward",
        "month, currency, opening, billed, credits, settled, voided, closing, estimated",
        owing::ar_rollforward,
    ),
    (
        "collections",
        "month, currency, billed, paid, paid_late, paid_late_percent, days_to_pay, closing, dso_days",
        owing::collections,
    ),
    (
        "customer_ledger",
        "customer_id, customer_name, currency, day, entry, invoice_id, amount, balance, \
         date_estimated",
        owing::customer_ledger,
    ),
    (
        "revenue_by_month",
        "month, basis, currency, billed, credits, voided, net, collected, invoices",
        selling::revenue_by_month,
    ),
    ("revenue_by_customer", BY_CUSTOMER, |book, day| selling::revenue_by_customer(book, day, None)),
    ("revenue_by_plan", BY_PLAN, |book, day| selling::revenue_by_plan(book, day, None)),
    (
        "unbilled_transactions",
        "transaction_id, customer_id, customer_name, currency, amount, created_on, serviced_on, \
         age_days, draft_invoice_id",
        selling::unbilled_transactions,
    ),
    (
        "refunds",
        "transaction_id, customer_id, currency, amount, likely_refund, created_on, settled_on, \
         invoice_id",
        selling::refunds,
    ),
    ("mrr", "month, currency, mrr, arr, subscriptions, customers, unpriced", selling::mrr),
    (
        "mrr_movements",
        "month, currency, opening, new, reactivation, expansion, contraction, churn, closing",
        selling::mrr_movements,
    ),
];

const BY_CUSTOMER: &str = "customer_id, customer_name, currency, billed, credits, voided, net, \
                           open, invoices, last_billed_on";
const BY_PLAN: &str = "plan_id, currency, billed, credits, voided, net, customers, lines";

/// Names of all reports, with what the clock of the mirror cannot bring back: what only a GET shows
/// replaces a row in place, and findings about streams are those of now.
pub(super) const REMEMBERED: [(&str, &str); 15] = [
    ("ar_aging", "*"),
    ("ar_aging_detail", "*"),
    ("ar_aging_trend", "*"),
    ("ar_rollforward", "*"),
    ("chase_calendar", "* EXCLUDE (next_reminder_on, next_chase_on, schedule)"),
    ("collections", "*"),
    ("customer_ledger", "*"),
    ("data_quality", "* EXCLUDE (detail)"),
    ("mrr", "*"),
    ("mrr_movements", "*"),
    ("refunds", "*"),
    ("revenue_by_customer", "*"),
    ("revenue_by_month", "*"),
    ("revenue_by_plan", "*"),
    ("unbilled_transactions", "*"),
];

/// Reads rows as text, in an order of their own.
pub(super) fn rows(database: &Database, sql: &str) -> Vec<String> {
    let table = database.table(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    let cell = |cell: &Cell| match cell {
        Cell::Null => "-".to_owned(),
        Cell::Text(text) => text.clone(),
        Cell::Integer(number) => number.to_string(),
        Cell::Boolean(truth) => truth.to_string(),
    };
    let line = |row: &Vec<Cell>| row.iter().map(cell).collect::<Vec<_>>().join("|");
    let mut rows: Vec<String> = table.rows.iter().map(line).collect();
    rows.sort();
    rows
}

/// Reads a report from a relation, without what [`REMEMBERED`] leaves out.
pub(super) fn remembered(
    database: &Database,
    name: &str,
    columns: &str,
    from: &str,
) -> Vec<String> {
    let filter = match name {
        "data_quality" => " WHERE finding NOT IN ('problem', 'stream')",
        _ => "",
    };
    rows(database, &format!("SELECT {columns} FROM reports.{name}{from}{filter}"))
}

/// Compares every report as of a day with the account.
pub(super) fn compare(database: &Database, book: &Book, day: Date) -> Result<usize, String> {
    let mut compared = 0;
    for (name, columns, promised) in PROMISES {
        let columns = columns.replace("{ages}", AGES);
        let sql = format!("SELECT {columns} FROM reports.{name}_as_of(DATE '{day}')");
        compared += same(&format!("{name} on {day}"), promised(book, day), &rows(database, &sql))?;
    }
    let from = day.first_of_month();
    let since = [
        ("revenue_by_customer", BY_CUSTOMER, selling::revenue_by_customer(book, day, Some(from))),
        ("revenue_by_plan", BY_PLAN, selling::revenue_by_plan(book, day, Some(from))),
    ];
    for (name, columns, promised) in since {
        let sql = format!(
            "SELECT {columns} FROM reports.{name}_as_of(DATE '{day}', from_on := DATE '{from}')"
        );
        let place = format!("{name} from {from} to {day}");
        compared += same(&place, promised, &rows(database, &sql))?;
    }
    Ok(compared + reminders(database, book, day)? + findings(database, book, day)?)
}

/// Schedules are known only of invoices that were read by id.
fn reminders(database: &Database, book: &Book, day: Date) -> Result<usize, String> {
    let sql = format!(
        "SELECT customer_id, customer_name, invoice_id, currency, open_amount, due_on, \
         next_reminder_on, schedule FROM reports.chase_calendar_as_of(DATE '{day}')"
    );
    let found = rows(database, &sql);
    let promised = owing::chase_calendar(book, day);
    let known = |rows: &[String; 2]| rows.iter().find(|row| found.contains(row)).cloned();
    let chosen = promised.iter().map(|rows| known(rows).unwrap_or_else(|| rows[0].clone()));
    let mut chosen: Vec<String> = chosen.collect();
    // The schedule is written last.
    chosen.sort();
    same(&format!("chase_calendar on {day}"), chosen, &found)
}

fn findings(database: &Database, book: &Book, day: Date) -> Result<usize, String> {
    let sql = format!(
        "SELECT finding, object_id FROM reports.data_quality_as_of(DATE '{day}') \
         WHERE finding NOT IN ('problem', 'stream')"
    );
    same("data_quality", selling::data_quality(book), &rows(database, &sql))
}

/// Tells the first rows that only one side has.
pub(super) fn same(
    place: &str,
    mut promised: Vec<String>,
    found: &[String],
) -> Result<usize, String> {
    promised.sort();
    if promised == found {
        return Ok(found.len());
    }
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|row| !those.contains(row)).take(5).cloned().collect()
    };
    Err(format!(
        "{place}: {} rows, not {}\nshould be: {:#?}\nreport: {:#?}",
        found.len(),
        promised.len(),
        only(&promised, found),
        only(found, &promised)
    ))
}
