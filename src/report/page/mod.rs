//! One page with all reports: offline, light and dark, for screen, phone and paper.

mod chart;

use std::collections::BTreeMap;

use crate::error::Result;
use crate::model::{Cell, Table};

use self::chart::{Chart, Series};
use super::catalog::{REPORTS, Report};
use super::header::Contract;
use super::html::{append, document, escaped, write_table};
use super::money::major_units;
use super::query::{Question, Session, totals};
use super::tie_out::TieOutResult;

/// Rows of a report that the page shows; the rest is a command away.
const MOST_ROWS: usize = 200;
/// Customers among the top debtors of a currency.
const MOST_DEBTORS: usize = 10;
/// Months in a chart.
const MOST_MONTHS: usize = 24;

/// A report with its result.
struct Answer {
    report: &'static Report,
    contract: Contract,
    table: Table,
}

/// Makes the page.
///
/// # Errors
/// Those of [`Session::run`].
pub fn page(session: &Session, question: &Question) -> Result<String> {
    let answers = answers(session, question)?;
    let as_of = match question.as_of {
        Some(day) => day.to_string(),
        None => session.default_day()?.map_or_else(|| "-".to_owned(), |day| day.to_string()),
    };
    let mut body = format!("<header>\n<h1>Receivables and revenue</h1>\n<p>As of {as_of}");
    if let Some(known_at) = question.known_at {
        append(&mut body, format_args!(", as known at {known_at}"));
    }
    body.push_str(
        ". Amounts in major units of their currency; currencies are never added up.</p>\n",
    );
    write_status(&mut body, session, question)?;
    let currencies = currencies(&answers);
    write_navigation(&mut body, &currencies);
    body.push_str("</header>\n<main>\n");
    if currencies.is_empty() {
        body.push_str("<p>There is nothing to show yet.</p>\n");
    }
    let mut links = BTreeMap::new();
    for (number, currency) in currencies.iter().enumerate() {
        write_currency(&mut body, &answers, currency, number, &mut links)?;
    }
    body.push_str("<section aria-labelledby=\"reports\">\n<h2 id=\"reports\">All reports</h2>\n");
    for answer in &answers {
        write_report(&mut body, answer);
    }
    body.push_str("</section>\n</main>\n");
    Ok(document("Receivables and revenue", &body))
}

fn answers(session: &Session, question: &Question) -> Result<Vec<Answer>> {
    REPORTS
        .iter()
        .map(|report| {
            let contract = report.contract()?;
            let has_currency = contract.columns.iter().any(|column| column.name == "currency");
            let asked = Question {
                currency: question.currency.clone().filter(|_| has_currency),
                ..question.clone()
            };
            let table = session.run(report, &asked)?;
            Ok(Answer { report, contract, table })
        })
        .collect()
}

/// Says how fresh the numbers are, and whether they tie out.
fn write_status(body: &mut String, session: &Session, question: &Question) -> Result<()> {
    body.push_str("<div class=\"status\"><strong>Freshness</strong><ul>\n");
    for note in session.freshness_notes()? {
        append(body, format_args!("<li>{}</li>\n", escaped(&note)));
    }
    body.push_str("</ul></div>\n");
    let results: Vec<TieOutResult> =
        REPORTS.iter().map(|report| session.tie_out(report)).collect::<Result<_>>()?;
    let failed: Vec<&TieOutResult> = results.iter().filter(|result| !result.holds()).collect();
    let (class, verdict) = if failed.is_empty() {
        ("good", format!("All {} tie-outs hold", results.len()))
    } else {
        ("bad", format!("{} of {} tie-outs failed", failed.len(), results.len()))
    };
    append(body, format_args!("<div class=\"status {class}\"><strong>{verdict}</strong>"));
    if *question != Question::default() {
        body.push_str(" (checked at the date and with the knowledge of the snapshot)");
    }
    body.push_str("<details><summary>What is checked</summary><ul>\n");
    for result in &results {
        append(
            body,
            format_args!("<li>{}: {}</li>\n", escaped(result.report), escaped(&result.sentence())),
        );
    }
    body.push_str("</ul></details></div>\n");
    Ok(())
}

fn write_navigation(body: &mut String, currencies: &[String]) {
    body.push_str("<nav aria-label=\"Sections\"><ul>\n");
    for (number, currency) in currencies.iter().enumerate() {
        append(
            body,
            format_args!(
                "<li><a href=\"#currency-{number}\">{}</a></li>\n",
                escaped(&currency.to_uppercase())
            ),
        );
    }
    body.push_str("<li><a href=\"#reports\">All reports</a></li>\n</ul></nav>\n");
}

/// Gives the currencies in which anything was ever receivable or recurring.
fn currencies(answers: &[Answer]) -> Vec<String> {
    let mut found: Vec<String> = ["ar_rollforward", "mrr"]
        .iter()
        .flat_map(|name| View::of(answers, name).texts("currency"))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// The rows of one report, column by name.
struct View<'a> {
    table: Option<&'a Table>,
    rows: Vec<&'a [Cell]>,
}

impl<'a> View<'a> {
    fn of(answers: &'a [Answer], name: &str) -> Self {
        let table = answers.iter().find(|answer| answer.report.name == name);
        let table = table.map(|answer| &answer.table);
        let rows = table.map(|table| table.rows.iter().map(Vec::as_slice).collect());
        Self { table, rows: rows.unwrap_or_default() }
    }

    fn place(&self, column: &str) -> usize {
        let columns = self.table.map(|table| table.columns.as_slice()).unwrap_or_default();
        columns.iter().position(|known| known.name == column).unwrap_or(usize::MAX)
    }

    fn only(mut self, column: &str, value: &str) -> Self {
        let place = self.place(column);
        self.rows.retain(|row| matches!(row.get(place), Some(Cell::Text(text)) if text == value));
        self
    }

    fn texts(&self, column: &str) -> Vec<String> {
        let place = self.place(column);
        self.rows.iter().map(|row| text(row.get(place))).collect()
    }

    /// Adds up a column by month, over sources and accounts.
    fn by_month(&self, column: &str, months: &[String]) -> Vec<f64> {
        let (month, value) = (self.place("month"), self.place(column));
        let mut sums: BTreeMap<String, f64> = BTreeMap::new();
        for row in &self.rows {
            let month: String = text(row.get(month)).chars().take(7).collect();
            *sums.entry(month).or_default() += number(row.get(value));
        }
        months.iter().map(|month| sums.get(month).copied().unwrap_or(0.0)).collect()
    }

    fn sum(&self, column: &str) -> i128 {
        let place = self.place(column);
        let integers = self.rows.iter().filter_map(|row| match row.get(place) {
            Some(Cell::Integer(number)) => Some(*number),
            _ => None,
        });
        integers.sum()
    }
}

fn text(cell: Option<&Cell>) -> String {
    match cell {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Gives a number to draw.
fn number(cell: Option<&Cell>) -> f64 {
    match cell {
        Some(Cell::Integer(number)) => number.to_string().parse().unwrap_or(0.0),
        Some(Cell::Text(text)) => text.parse().unwrap_or(0.0),
        _ => 0.0,
    }
}

/// Places of debtors within the page: customer and currency, and their anchor.
type Links = BTreeMap<(String, String), String>;

fn write_currency(
    body: &mut String,
    answers: &[Answer],
    currency: &str,
    number: usize,
    links: &mut Links,
) -> Result<()> {
    let view = |name: &str| View::of(answers, name).only("currency", currency);
    append(
        body,
        format_args!(
            "<section aria-labelledby=\"currency-{number}\">\n<h2 id=\"currency-{number}\">{}</h2>\n",
            escaped(&currency.to_uppercase())
        ),
    );
    write_cards(body, answers, currency);
    body.push_str("<div class=\"charts\">\n");
    for chart in charts(answers, currency) {
        chart.write(body)?;
    }
    body.push_str("</div>\n");
    write_debtors(body, &view("ar_aging"), &view("ar_aging_detail"), currency, number, links);
    body.push_str("</section>\n");
    Ok(())
}

fn write_cards(body: &mut String, answers: &[Answer], currency: &str) {
    let view = |name: &str| View::of(answers, name).only("currency", currency);
    let aging = view("ar_aging");
    let late: i128 = ["days_1_30", "days_31_60", "days_61_90", "days_over_90"]
        .iter()
        .map(|column| aging.sum(column))
        .sum();
    let last = |name: &str, column: &str| {
        let view = view(name);
        let months = months(&view);
        view.by_month(column, &months).last().copied().unwrap_or(0.0)
    };
    let money = |amount: i128| major_units(amount, Some(currency));
    let cards = [
        ("Receivable", money(aging.sum("total"))),
        ("Past due", money(late)),
        ("Unbilled", money(view("unbilled_transactions").sum("amount"))),
        ("Monthly recurring revenue", money(rounded(last("mrr", "mrr")))),
        ("Days sales outstanding", format!("{:.1}", last("collections", "dso_days"))),
    ];
    body.push_str("<ul class=\"cards\">\n");
    for (name, value) in cards {
        append(body, format_args!("<li>{name}<strong>{}</strong></li>\n", escaped(&value)));
    }
    body.push_str("</ul>\n");
}

fn rounded(value: f64) -> i128 {
    format!("{value:.0}").parse().unwrap_or(0)
}

/// Gives the last months of a view, oldest first.
fn months(view: &View<'_>) -> Vec<String> {
    let mut months: Vec<String> =
        view.texts("month").iter().map(|month| month.chars().take(7).collect()).collect();
    months.sort();
    months.dedup();
    months.split_off(months.len().saturating_sub(MOST_MONTHS))
}

fn charts(answers: &[Answer], currency: &str) -> Vec<Chart> {
    let chart = |title: &str,
                 name: &str,
                 bars: &[(&'static str, &str, u8)],
                 lines: &[(&'static str, &str, u8)],
                 is_money: bool| {
        let mut view = View::of(answers, name).only("currency", currency);
        if name == "revenue_by_month" {
            view = view.only("basis", "billing");
        }
        let months = months(&view);
        let series = |(name, column, colour): &(&'static str, &str, u8)| Series {
            name,
            colour: *colour,
            values: view.by_month(column, &months),
        };
        Chart {
            title: title.to_owned(),
            bars: bars.iter().map(series).collect(),
            lines: lines.iter().map(series).collect(),
            currency: is_money.then(|| currency.to_owned()),
            months,
        }
    };
    let all = [
        chart(
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
            true,
        ),
        chart(
            "Revenue by month of billing",
            "revenue_by_month",
            &[("billed", "billed", 0), ("credits", "credits", 2), ("voided", "voided", 3)],
            &[("collected", "collected", 5)],
            true,
        ),
        chart(
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
            true,
        ),
        chart("Days sales outstanding", "collections", &[], &[("DSO", "dso_days", 0)], false),
    ];
    all.into_iter().filter(|chart| !chart.months.is_empty()).collect()
}

/// Shows who owes most, with links to their invoices.
fn write_debtors(
    body: &mut String,
    aging: &View<'_>,
    detail: &View<'_>,
    currency: &str,
    number: usize,
    links: &mut Links,
) {
    let mut debtors: Vec<&[Cell]> = aging.rows.clone();
    let total = aging.place("total");
    debtors.sort_by_key(|row| match row.get(total) {
        Some(Cell::Integer(amount)) => -amount,
        _ => 0,
    });
    debtors.truncate(MOST_DEBTORS);
    if debtors.is_empty() {
        body.push_str("<p>Nobody owes anything.</p>\n");
        return;
    }
    let (id, name) = (aging.place("customer_id"), aging.place("customer_name"));
    body.push_str("<h3>Top debtors</h3>\n<ol>\n");
    for (place, row) in debtors.iter().enumerate() {
        let customer = text(row.get(id));
        let anchor = format!("debtor-{number}-{place}");
        let shown = match row.get(name) {
            Some(Cell::Text(name)) if !name.trim().is_empty() => name.clone(),
            _ => customer.clone(),
        };
        let amount = match row.get(total) {
            Some(Cell::Integer(amount)) => *amount,
            _ => 0,
        };
        append(
            body,
            format_args!(
                "<li><a href=\"#{anchor}\">{}</a>: {}</li>\n",
                escaped(&shown),
                escaped(&major_units(amount, Some(currency)))
            ),
        );
        links.insert((customer, currency.to_owned()), anchor);
    }
    body.push_str("</ol>\n");
    for (place, row) in debtors.iter().enumerate() {
        let customer = text(row.get(id));
        let invoices = View { table: detail.table, rows: detail.rows.clone() };
        let invoices = invoices.only("customer_id", &customer);
        let Some(columns) = invoices.table.map(|table| table.columns.clone()) else { continue };
        let rows = invoices.rows.iter().take(MOST_ROWS).map(|row| row.to_vec()).collect();
        let table = Table { columns, rows, ..Table::default() };
        append(body, format_args!("<details id=\"debtor-{number}-{place}\">"));
        let name = match row.get(name) {
            Some(Cell::Text(name)) if !name.trim().is_empty() => name.clone(),
            _ => customer,
        };
        append(
            body,
            format_args!(
                "<summary>Open invoices of {} ({})</summary>\n",
                escaped(&name),
                invoices.rows.len()
            ),
        );
        write_table(body, &table, &format!("Open invoices of {name}"));
        body.push_str("</details>\n");
    }
}

fn write_report(body: &mut String, answer: &Answer) {
    let Answer { report, contract, table } = answer;
    append(
        body,
        format_args!(
            "<details id=\"report-{0}\">\n<summary>{1} (<code>{0}</code>)</summary>\n\
             <p><strong>{2}</strong></p>\n<p class=\"faint\">{3}</p>\n",
            report.name,
            escaped(&contract.title),
            escaped(&contract.question),
            escaped(&contract.description)
        ),
    );
    let all = table.rows.len();
    let shown = Table {
        columns: table.columns.clone(),
        rows: table.rows.iter().take(MOST_ROWS).cloned().collect(),
        totals: totals(table, contract),
        notes: Vec::new(),
    };
    if all > MOST_ROWS {
        append(
            body,
            format_args!(
                "<p>The first {MOST_ROWS} of {all} rows; totals are those of all. \
                 <code>paid-sync report {} --format csv</code> gives the rest.</p>\n",
                report.name
            ),
        );
    }
    write_table(body, &shown, &format!("{}: {}", contract.title, contract.grain));
    body.push_str("</details>\n");
}

#[cfg(test)]
mod tests {
    use crate::report::find_report;

    #[test]
    fn the_reports_that_the_page_draws_exist() {
        for name in
            ["ar_aging", "ar_aging_detail", "ar_aging_trend", "ar_rollforward", "collections"]
                .into_iter()
                .chain(["mrr", "mrr_movements", "revenue_by_month", "unbilled_transactions"])
        {
            assert!(find_report(name).is_ok(), "{name}");
        }
    }
}
