//! The part of the page about one currency: figures, charts, and who owes most.

use std::cmp::Reverse;

use jiff::civil::Date;

use super::chart::{Chart, Series};
use super::view::View;
use super::{MOST_ROWS, Page};
use crate::error::Result;
use crate::model::{Cell, ColumnKind, Table};
use crate::report::html::{Grid, append, escaped, isolated};
use crate::report::money::{exponent, major_units};

/// Customers among the top debtors of a currency.
const MOST_DEBTORS: usize = 10;
/// Months in a chart.
const MOST_MONTHS: usize = 24;
/// Columns of what is past due.
const PAST_DUE: [&str; 4] = ["days_1_30", "days_31_60", "days_61_90", "days_over_90"];
/// What tells a customer from every other.
const CUSTOMER: [&str; 3] = ["customer_id", "source", "account_id"];

/// Names a currency to people.
pub(super) fn name(currency: &str) -> String {
    match exponent(currency) {
        Some(_) => currency.to_uppercase(),
        None => format!("Currency {currency}"),
    }
}

/// Writes everything about a currency; `number` makes its anchors its own.
///
/// # Errors
/// Those of [`Chart::write`].
pub(super) fn write(body: &mut String, page: &Page, currency: &str, number: usize) -> Result<()> {
    append(
        body,
        format_args!(
            "<section aria-labelledby=\"currency-{number}\">\n<h2 id=\"currency-{number}\">{}</h2>\n",
            isolated(&name(currency))
        ),
    );
    if exponent(currency).is_none() {
        body.push_str(
            "<p>Nothing tells the currency of these amounts, or how many decimals it has: they are \
             in minor units, as the source sent them.</p>\n",
        );
    }
    write_cards(body, page, currency);
    let charts = charts(page, currency);
    if !charts.is_empty() {
        body.push_str("<div class=\"charts\">\n");
        for chart in charts {
            chart.write(body)?;
        }
        body.push_str("</div>\n");
    }
    Debtors::of(page, currency, number).write(body);
    body.push_str("</section>\n");
    Ok(())
}

fn write_cards(body: &mut String, page: &Page, currency: &str) {
    let view = |name: &str| View::of(&page.answers, name).only("currency", currency);
    let aging = view("ar_aging");
    let money = |amount: i128| major_units(amount, Some(currency));
    let share = |part: i128, whole: i128| {
        if whole > 0 { format!("{} % of it", part * 100 / whole) } else { String::new() }
    };
    let (total, late) = (aging.sum("total"), PAST_DUE.iter().map(|column| aging.sum(column)).sum());
    let unbilled = view("unbilled_transactions");
    let (mrr_month, mrr) = view("mrr").last_month("mrr").unzip();
    let collections = view("collections");
    let months = collections.months();
    let dso = days_outstanding(&collections, &months, page.as_of).last().copied().flatten();
    let cards = [
        ("Receivable", money(total), format!("{} customers", aging.rows.len())),
        ("Past due", money(late), share(late, total)),
        ("Unbilled", money(unbilled.sum("amount")), format!("{} lines", unbilled.rows.len())),
        (
            "Monthly recurring revenue",
            mrr.map_or_else(|| "–".to_owned(), money),
            mrr_month.unwrap_or_default(),
        ),
        (
            "Days sales outstanding",
            dso.map_or_else(|| "–".to_owned(), |days| format!("{days:.1}")),
            months.last().filter(|_| dso.is_some()).cloned().unwrap_or_default(),
        ),
    ];
    body.push_str("<ul class=\"cards\">\n");
    for (name, value, about) in cards {
        append(
            body,
            format_args!(
                "<li>{name} <strong>{}</strong> <span class=\"faint\">{about}</span></li>\n",
                escaped(&value)
            ),
        );
    }
    body.push_str("</ul>\n");
}

/// Gives days sales outstanding by month, over all accounts that share the currency, by the rule of
/// `collections`: what is receivable / billed in three months x days of these months.
fn days_outstanding(
    collections: &View<'_>,
    months: &[String],
    as_of: Option<Date>,
) -> Vec<Option<f64>> {
    let closing = collections.by_month("closing", months);
    let billed = collections.by_month("billed", months);
    let days: Vec<Option<f64>> = months.iter().map(|month| days_until(month, as_of)).collect();
    let lately = |values: &[Option<f64>], month: usize| -> f64 {
        values.iter().take(month + 1).skip(month.saturating_sub(2)).copied().flatten().sum()
    };
    let outstanding = |(month, closing): (usize, Option<f64>)| {
        let billed = lately(&billed, month);
        closing.filter(|_| billed > 0.0).map(|closing| closing * lately(&days, month) / billed)
    };
    closing.into_iter().enumerate().map(outstanding).collect()
}

/// Counts the days of a month, up to a day within it.
fn days_until(month: &str, as_of: Option<Date>) -> Option<f64> {
    let last = format!("{month}-01").parse::<Date>().ok()?.last_of_month();
    Some(f64::from(as_of.map_or(last, |day| day.min(last)).day()))
}

/// Which column of a report is drawn: name, column, colour.
type Drawn = (&'static str, &'static str, u8);

/// A chart of money: title, report, bars, lines.
type Sketch = (&'static str, &'static str, &'static [Drawn], &'static [Drawn]);

const SKETCHES: [Sketch; 3] = [
    (
        "Receivables by age at the end of each month",
        "ar_aging_trend",
        &[
            ("not due", "not_due", 0),
            ("1–30 days", "days_1_30", 1),
            ("31–60 days", "days_31_60", 2),
            ("61–90 days", "days_61_90", 3),
            ("over 90 days", "days_over_90", 4),
        ],
        &[],
    ),
    (
        "Revenue by month of billing",
        "revenue_by_month",
        &[("billed", "billed", 0), ("credits", "credits", 2), ("voided", "voided", 3)],
        &[("collected", "collected", 5)],
    ),
    (
        "Movements of monthly recurring revenue",
        "mrr_movements",
        &[
            ("new", "new", 0),
            ("reactivation", "reactivation", 5),
            ("expansion", "expansion", 1),
            ("contraction", "contraction", 2),
            ("churn", "churn", 4),
        ],
        &[],
    ),
];

fn charts(page: &Page, currency: &str) -> Vec<Chart> {
    let of_money = SKETCHES.iter().map(|(title, report, bars, lines)| {
        let mut view = View::of(&page.answers, report).only("currency", currency);
        if *report == "revenue_by_month" {
            view = view.only("basis", "billing");
        }
        let months = recent(view.months());
        let series = |(name, column, colour): &Drawn| Series {
            name,
            colour: *colour,
            values: view.by_month(column, &months),
        };
        Chart {
            title: format!("{title}, {}", name(currency)),
            report,
            bars: bars.iter().map(series).collect(),
            lines: lines.iter().map(series).collect(),
            currency: Some(currency.to_owned()),
            months,
        }
    });
    let collections = View::of(&page.answers, "collections").only("currency", currency);
    let months = collections.months();
    let days = days_outstanding(&collections, &months, page.as_of);
    let of_days = Chart {
        title: "Days sales outstanding".to_owned(),
        report: "collections",
        bars: Vec::new(),
        lines: vec![Series { name: "DSO", colour: 0, values: recent(days) }],
        currency: None,
        months: recent(months),
    };
    of_money.chain([of_days]).filter(|chart| !chart.months.is_empty()).collect()
}

/// Keeps what a chart has room for.
fn recent<T>(mut values: Vec<T>) -> Vec<T> {
    values.split_off(values.len().saturating_sub(MOST_MONTHS))
}

/// Who owes most in a currency.
struct Debtors<'a> {
    page: &'a Page,
    aging: View<'a>,
    detail: View<'a>,
    currency: &'a str,
    number: usize,
}

impl<'a> Debtors<'a> {
    fn of(page: &'a Page, currency: &'a str, number: usize) -> Self {
        let view = |name: &str| View::of(&page.answers, name).only("currency", currency);
        let mut aging = view("ar_aging");
        let owed = View::clone(&aging);
        aging.rows.sort_by_key(|row| Reverse(owed.integer(row, "total")));
        aging.rows.truncate(MOST_DEBTORS);
        Self { page, aging, detail: view("ar_aging_detail"), currency, number }
    }

    /// Writes the table of debtors, each a link to its invoices, and these below it.
    fn write(&self, body: &mut String) {
        append(
            body,
            format_args!(
                "<h3 id=\"debtors-{}\">Top debtors, {}</h3>\n",
                self.number,
                isolated(&name(self.currency))
            ),
        );
        if self.aging.rows.is_empty() {
            body.push_str("<p>Nobody owes anything.</p>\n");
            return;
        }
        let mut table = Table::new(&[
            ("customer", ColumnKind::Text),
            ("total", ColumnKind::MinorUnits),
            ("past_due", ColumnKind::MinorUnits),
            ("days_over_90", ColumnKind::MinorUnits),
            ("oldest_due_on", ColumnKind::Date),
            ("open_invoices", ColumnKind::Integer),
        ]);
        for row in &self.aging.rows {
            let late = PAST_DUE.iter().map(|column| self.aging.integer(row, column)).sum();
            let invoices = self.invoices(row);
            let oldest = invoices.texts("due_on").into_iter().find(|day| !day.is_empty());
            table.rows.push(vec![
                Cell::Text(self.customer(row).to_owned()),
                Cell::Integer(self.aging.integer(row, "total")),
                Cell::Integer(late),
                Cell::Integer(self.aging.integer(row, "days_over_90")),
                oldest.map_or(Cell::Null, |day| Cell::Text(day.to_owned())),
                count(invoices.rows.len()),
            ]);
        }
        let link = |place: usize| format!("debtor-{}-{place}", self.number);
        let caption = format!("Who owes most in {}", name(self.currency));
        Grid { currency: Some(self.currency), links: Some(&link), ..Grid::of(&table, &caption) }
            .write(body);
        for (place, row) in self.aging.rows.iter().enumerate() {
            self.write_invoices(body, row, &link(place));
        }
    }

    fn invoices(&self, row: &[Cell]) -> View<'a> {
        self.detail.clone().alike(&self.aging, row, &CUSTOMER)
    }

    fn customer(&self, row: &'a [Cell]) -> &'a str {
        let named = ["customer_name", "customer_id"].map(|column| self.aging.text(row, column));
        named.into_iter().find(|name| !name.trim().is_empty()).unwrap_or("no customer")
    }

    fn write_invoices(&self, body: &mut String, row: &'a [Cell], anchor: &str) {
        let invoices = self.invoices(row);
        let (customer, all) = (self.customer(row), invoices.rows.len());
        append(
            body,
            format_args!(
                "<details>\n<summary>Open invoices of {} ({all})</summary>\n<div id=\"{anchor}\">\n",
                isolated(customer)
            ),
        );
        if all > MOST_ROWS {
            append(body, format_args!("<p>The first {MOST_ROWS} of {all}.</p>\n"));
        }
        let table = invoices.table(MOST_ROWS);
        let hidden = [self.page.hidden, &["customer_id", "customer_name", "currency"]].concat();
        let caption = format!("Open invoices of {customer}");
        Grid { hidden: &hidden, ..Grid::of(&table, &caption) }.write(body);
        append(
            body,
            format_args!(
                "<p><a href=\"#debtors-{}\">Back to the top debtors</a></p>\n</div>\n</details>\n",
                self.number
            ),
        );
    }
}

fn count(number: usize) -> Cell {
    i128::try_from(number).map_or(Cell::Null, Cell::Integer)
}
