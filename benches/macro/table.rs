//! Medians, their ratios to the floors, and how they are printed.

use std::fmt::Write as _;

use crate::process::Cost;

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    First,
    Rewalk,
    Nightly,
    Single,
    Http,
    Json,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::First => "first load",
            Self::Rewalk => "re-walk without news",
            Self::Nightly => "nightly, 1 000 changes",
            Self::Single => "first load, one request in flight",
            Self::Http => "floor (a): the same pages by bare reqwest",
            Self::Json => "floor (b): the same bytes by read_json",
        }
    }
}

/// All runs of one scenario.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) kind: Kind,
    latency: u64,
    runs: Vec<(Cost, u64, u64)>,
}

/// Medians of one scenario.
struct Medians {
    wall: f64,
    cpu: f64,
    peak_megabytes: f64,
    rows: f64,
    requests: f64,
}

impl Row {
    pub(crate) const fn new(kind: Kind, latency: u64) -> Self {
        Self { kind, latency, runs: Vec::new() }
    }

    pub(crate) fn add(&mut self, cost: Cost, rows: u64, requests: u64) {
        self.runs.push((cost, rows, requests));
    }

    fn medians(&self) -> Medians {
        let median = |of: &dyn Fn(&(Cost, u64, u64)) -> f64| {
            let mut values: Vec<f64> = self.runs.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
        };
        Medians {
            wall: median(&|(cost, ..)| cost.wall.as_secs_f64()),
            cpu: median(&|(cost, ..)| cost.cpu.as_secs_f64()),
            peak_megabytes: median(&|(cost, ..)| as_float(cost.peak_bytes) / 1e6),
            rows: median(&|(_, rows, _)| as_float(*rows)),
            requests: median(&|(.., requests)| as_float(*requests)),
        }
    }
}

fn as_float(number: u64) -> f64 {
    // Counts of a benchmark are far below 2^32.
    f64::from(u32::try_from(number / 1_000).unwrap_or(u32::MAX)) * 1_000.0
        + f64::from(u32::try_from(number % 1_000).unwrap_or(0))
}

const HEADINGS: [&str; 10] = [
    "scenario",
    "latency ms",
    "rows",
    "requests",
    "wall s",
    "rows/s",
    "CPU s",
    "peak MB",
    "wall ÷ floor",
    "CPU ÷ floor",
];

/// Prints a table; as Markdown, or for a terminal.
pub(crate) fn render(rows: &[Row], markdown: bool) -> String {
    let cells: Vec<[String; 10]> = rows.iter().map(|row| cells(row, rows)).collect();
    if markdown { as_markdown(&cells) } else { as_text(&cells) }
}

fn cells(row: &Row, rows: &[Row]) -> [String; 10] {
    let medians = row.medians();
    let floor = |kind: Kind| {
        let same = rows.iter().find(|one| one.kind == kind && one.latency == row.latency)?;
        (row.kind != kind).then(|| same.medians())
    };
    let is_whole = matches!(row.kind, Kind::First | Kind::Rewalk | Kind::Single);
    let ratios = |of: &dyn Fn(&Medians) -> f64| {
        let pairs = [(Kind::Http, "a"), (Kind::Json, "b")];
        let told = pairs.iter().filter(|_| is_whole).filter_map(|(kind, name)| {
            Some(format!("{:.2} {name}", of(&medians) / of(&floor(*kind)?)))
        });
        told.collect::<Vec<_>>().join(", ")
    };
    let unless_zero =
        |number: f64| if number > 0.0 { format!("{number:.0}") } else { String::new() };
    [
        row.kind.name().to_owned(),
        row.latency.to_string(),
        unless_zero(medians.rows),
        unless_zero(medians.requests),
        format!("{:.2}", medians.wall),
        unless_zero(medians.rows / medians.wall),
        format!("{:.2}", medians.cpu),
        format!("{:.0}", medians.peak_megabytes),
        ratios(&|medians| medians.wall),
        ratios(&|medians| medians.cpu),
    ]
}

fn as_markdown(cells: &[[String; 10]]) -> String {
    let mut text = format!("| {} |\n| --- |{}\n", HEADINGS.join(" | "), " --: |".repeat(9));
    for row in cells {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text
}

fn as_text(cells: &[[String; 10]]) -> String {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_HORIZONTAL_ONLY).set_header(HEADINGS);
    table.add_rows(cells.iter().map(|row| row.iter()));
    format!("{table}\n")
}
