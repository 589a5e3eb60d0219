//! One page with all reports: offline, light and dark, for screen, phone and paper.

mod chart;
mod currency;
mod view;

use std::collections::BTreeSet;

use jiff::civil::Date;

use self::view::View;
use super::catalog::{REPORTS, Report};
use super::header::Contract;
use super::html::{Grid, append, document, escaped, isolated, with_code};
use super::money::exponent;
use super::query::{Question, Session, totals};
use super::tie_out::TieOutResult;
use crate::error::Result;
use crate::model::{Cell, Column, ColumnKind, Table};

const TITLE: &str = "Receivables and revenue";
/// Rows of a report that the page shows; the rest is a command away.
const MOST_ROWS: usize = 200;
/// Columns that say where a row comes from.
const ORIGIN: [&str; 2] = ["source", "account_id"];

/// A report with its result.
struct Answer {
    report: &'static Report,
    contract: Contract,
    table: Table,
}

/// Everything that the page shows.
struct Page {
    answers: Vec<Answer>,
    as_of: Option<Date>,
    /// Columns left out of its tables: those that say the same in every row of the page.
    hidden: &'static [&'static str],
}

/// Makes the page.
///
/// # Errors
/// Those of [`Session::run`].
pub fn page(session: &Session, question: &Question) -> Result<String> {
    let page = Page::ask(session, question)?;
    let currencies = page.currencies();
    let mut body = String::new();
    chart::write_patterns(&mut body);
    page.write_header(&mut body, question);
    write_navigation(&mut body, &currencies);
    body.push_str("<main>\n");
    write_status(&mut body, session, question)?;
    if currencies.is_empty() {
        body.push_str(
            "<p>There is nothing to show yet: no customer owes anything, and none ever did. \
             <code>paid-sync status</code> tells whether everything was mirrored.</p>\n",
        );
    }
    for (number, currency) in currencies.iter().enumerate() {
        currency::write(&mut body, &page, currency, number)?;
    }
    page.write_reports(&mut body);
    body.push_str("</main>\n");
    append(
        &mut body,
        format_args!(
            "<footer class=\"faint\"><p>Made by paid-sync {}. This file needs no network and loads \
             nothing.</p></footer>\n",
            env!("CARGO_PKG_VERSION")
        ),
    );
    Ok(document(&format!("{TITLE}, {}", page.day()), &body))
}

/// Makes a page of one report, whose table has its totals and notes.
///
/// # Errors
/// Those of [`Report::contract`].
pub fn report_page(report: &Report, table: &Table) -> Result<String> {
    let contract = report.contract()?;
    let mut body = format!("<header>\n<h1>{}</h1>\n</header>\n<main>\n", escaped(&contract.title));
    write_question(&mut body, &contract);
    Grid::of(table, &contract.grain).write(&mut body);
    for note in &table.notes {
        append(&mut body, format_args!("<p>{}</p>\n", escaped(note)));
    }
    write_columns(&mut body, &contract);
    body.push_str("</main>\n");
    Ok(document(&contract.title, &body))
}

impl Page {
    fn ask(session: &Session, question: &Question) -> Result<Self> {
        let answer = |report: &'static Report| {
            let contract = report.contract()?;
            let has_currency = contract.columns.iter().any(|column| column.name == "currency");
            let asked = Question {
                currency: question.currency.clone().filter(|_| has_currency),
                ..question.clone()
            };
            Ok(Answer { report, contract, table: session.run(report, &asked)? })
        };
        let answers: Vec<Answer> = REPORTS.iter().map(answer).collect::<Result<_>>()?;
        let is_one = ORIGIN.iter().all(|column| different(&answers, column).len() < 2);
        let hidden = if is_one { ORIGIN.as_slice() } else { &[] };
        Ok(Self { answers, as_of: session.day(question)?, hidden })
    }

    fn day(&self) -> String {
        self.as_of.map_or_else(|| "before the first sync".to_owned(), |day| day.to_string())
    }

    /// Gives the currencies in which anything was ever receivable or recurring; last those that
    /// nobody knows.
    fn currencies(&self) -> Vec<&str> {
        let views = ["ar_rollforward", "mrr"].map(|name| View::of(&self.answers, name));
        let found: BTreeSet<(bool, &str)> = views
            .iter()
            .flat_map(|view| view.texts("currency"))
            .map(|code| (exponent(code).is_none(), code))
            .collect();
        found.into_iter().map(|(_, code)| code).collect()
    }

    fn write_header(&self, body: &mut String, question: &Question) {
        append(
            body,
            format_args!("<header>\n<h1>{TITLE}</h1>\n<p>As of <strong>{}</strong>", self.day()),
        );
        if let Some(known_at) = question.known_at {
            append(body, format_args!(", as known at {known_at}"));
        }
        if let Some(from) = question.from {
            append(body, format_args!(", from {from}"));
        }
        body.push_str(
            ". The last month of every chart and table ends on that day. Amounts are in the major \
             units of their currency; currencies are never added up.</p>\n",
        );
        if !self.hidden.is_empty() {
            let origin = ORIGIN.map(|column| different(&self.answers, column));
            let names: Vec<String> = origin.into_iter().flatten().map(isolated).collect();
            if let [source, account] = names.as_slice() {
                append(body, format_args!("<p>Source {source}, account {account}.</p>\n"));
            }
        }
        body.push_str("</header>\n");
    }

    fn write_reports(&self, body: &mut String) {
        body.push_str(
            "<section aria-labelledby=\"reports\" class=\"reports\">\n\
             <h2 id=\"reports\">All reports</h2>\n\
             <p>Headings of tables sort them. What is open here is also printed. \
             <button type=\"button\" id=\"unfold\" hidden>Open all</button></p>\n",
        );
        for answer in &self.answers {
            self.write_report(body, answer);
        }
        body.push_str("</section>\n");
    }

    fn write_report(&self, body: &mut String, answer: &Answer) {
        let Answer { report, contract, table } = answer;
        let (name, all) = (report.name, table.rows.len());
        append(
            body,
            format_args!(
                "<details>\n<summary><h3>{}</h3> <code>{name}</code> <span class=\"faint\">{}</span>\
                 </summary>\n<div id=\"numbers-{name}\">\n",
                escaped(&contract.title),
                if all == 1 { "1 row".to_owned() } else { format!("{all} rows") }
            ),
        );
        write_question(body, contract);
        if all > MOST_ROWS {
            append(
                body,
                format_args!(
                    "<p>The first {MOST_ROWS} of {all} rows; totals are those of all. \
                     <code>paid-sync report {name} --format csv</code> gives the rest.</p>\n"
                ),
            );
        }
        let shown = Table {
            columns: table.columns.clone(),
            rows: table.rows.iter().take(MOST_ROWS).cloned().collect(),
            totals: totals(table, contract),
            notes: Vec::new(),
        };
        let caption = format!("{}: {}", contract.title, contract.grain);
        Grid { hidden: self.hidden, ..Grid::of(&shown, &caption) }.write(body);
        write_columns(body, contract);
        body.push_str("</div>\n</details>\n");
    }
}

/// Gives the different texts of a column over all reports.
fn different<'a>(answers: &'a [Answer], column: &str) -> BTreeSet<&'a str> {
    let texts =
        answers.iter().flat_map(|answer| View::of(answers, answer.report.name).texts(column));
    texts.filter(|text| !text.is_empty()).collect()
}

/// Says how fresh the numbers are, and whether they tie out.
fn write_status(body: &mut String, session: &Session, question: &Question) -> Result<()> {
    body.push_str(
        "<section aria-labelledby=\"trust\">\n<h2 id=\"trust\">Freshness and tie-outs</h2>\n",
    );
    let freshness = upright(&session.freshness()?);
    Grid::of(&freshness, "What the mirror has seen of every source, times in UTC").write(body);
    let results: Vec<TieOutResult> =
        REPORTS.iter().map(|report| session.tie_out(report)).collect::<Result<_>>()?;
    let failed = results.iter().filter(|result| !result.holds()).count();
    let (class, verdict) = if failed == 0 {
        ("good", format!("✓ All {} tie-outs hold", results.len()))
    } else {
        ("bad", format!("✗ {failed} of {} tie-outs failed", results.len()))
    };
    append(body, format_args!("<div class=\"status {class}\"><strong>{verdict}</strong>"));
    if *question != Question::default() {
        body.push_str(" (checked at the date and with the knowledge of the snapshot)");
    }
    for result in results.iter().filter(|result| !result.holds()) {
        write_result(body, "p", result);
    }
    body.push_str("<details><summary>What is checked</summary>\n<ul>\n");
    for result in &results {
        write_result(body, "li", result);
    }
    body.push_str("</ul></details></div>\n</section>\n");
    Ok(())
}

/// Turns a table on its side, so that it grows in length and a phone can show it.
fn upright(table: &Table) -> Table {
    let text = |cell: Option<&Cell>| match cell {
        Some(Cell::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let names: Vec<String> = table.rows.iter().map(|row| text(row.first())).collect();
    let columns = ["seen".to_owned()].into_iter().chain(names);
    let columns = columns.map(|name| Column { name, kind: ColumnKind::Text }).collect();
    let row = |(place, column): (usize, &Column)| {
        let cells = table.rows.iter().map(|row| text(row.get(place)));
        [column.name.clone()].into_iter().chain(cells).map(Cell::Text).collect()
    };
    let rows = table.columns.iter().enumerate().skip(1).map(row).collect();
    Table { columns, rows, ..Table::default() }
}

fn write_result(body: &mut String, element: &str, result: &TieOutResult) {
    append(
        body,
        format_args!(
            "<{element}><code>{}</code> {}</{element}>\n",
            result.report,
            isolated(&result.sentence())
        ),
    );
}

fn write_navigation(body: &mut String, currencies: &[&str]) {
    body.push_str("<nav aria-label=\"Sections\"><ul>\n<li><a href=\"#trust\">Freshness</a></li>\n");
    for (number, currency) in currencies.iter().enumerate() {
        append(
            body,
            format_args!(
                "<li><a href=\"#currency-{number}\">{}</a></li>\n",
                isolated(&currency::name(currency))
            ),
        );
    }
    body.push_str("<li><a href=\"#reports\">All reports</a></li>\n</ul></nav>\n");
}

fn write_question(body: &mut String, contract: &Contract) {
    append(
        body,
        format_args!(
            "<p><strong>{}</strong></p>\n<p class=\"faint\">{}</p>\n",
            with_code(&contract.question),
            with_code(&contract.description)
        ),
    );
}

/// Says what every column means.
fn write_columns(body: &mut String, contract: &Contract) {
    body.push_str("<details class=\"columns\"><summary>What the columns mean</summary>\n<dl>\n");
    for column in &contract.columns {
        append(
            body,
            format_args!(
                "<dt><code>{}</code></dt><dd>{} <span class=\"faint\">{}</span></dd>\n",
                escaped(&column.name),
                with_code(&column.meaning),
                escaped(&column.unit)
            ),
        );
    }
    body.push_str("</dl>\n</details>\n");
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
