//! Medians, and how they are printed.

use std::fmt::Write as _;

use crate::ask::Way;

/// What one question came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    pub(crate) rows: u64,
    pub(crate) peak_bytes: u64,
}

/// All answers of one report.
#[derive(Debug)]
pub(crate) struct Row {
    name: &'static str,
    answers: Vec<(Way, Vec<Answer>)>,
}

impl Row {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name, answers: Vec::new() }
    }

    pub(crate) fn add(&mut self, way: Way, answers: Vec<Answer>) {
        self.answers.push((way, answers));
    }

    fn seconds(&self, way: Way) -> String {
        let Some((_, answers)) = self.answers.iter().find(|(known, _)| *known == way) else {
            return String::new();
        };
        let mut seconds: Vec<f64> = answers.iter().map(|answer| answer.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        seconds.get(seconds.len() / 2).map_or_else(String::new, |median| format!("{median:.2}"))
    }

    fn cells(&self) -> [String; 7] {
        let all = || self.answers.iter().flat_map(|(_, answers)| answers);
        let rows = all().next().map_or(0, |answer| answer.rows);
        let peak = all().map(|answer| answer.peak_bytes).max().unwrap_or(0);
        [
            self.name.to_owned(),
            rows.to_string(),
            self.seconds(Way::View),
            self.seconds(Way::AsOf),
            self.seconds(Way::KnownAt),
            self.seconds(Way::TieOut),
            (peak / 1_000_000).to_string(),
        ]
    }
}

const HEADINGS: [&str; 7] =
    ["report", "rows", "view s", "as of s", "known at s", "tie-out s", "peak MB"];

/// Prints a table; as Markdown, or for a terminal.
pub(crate) fn render(rows: &[Row], markdown: bool) -> String {
    let cells: Vec<[String; 7]> = rows.iter().map(Row::cells).collect();
    if markdown {
        let mut text = format!("| {} |\n| --- |{}\n", HEADINGS.join(" | "), " --: |".repeat(6));
        for row in cells {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        return text;
    }
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_header(HEADINGS);
    table.add_rows(cells.iter().map(|row| row.iter()));
    format!("{table}\n")
}
