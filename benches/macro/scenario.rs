//! The runs that are measured.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::{Cost, Server, configure, run, sync};
use crate::table::{Kind, Row};
use crate::{Options, Outcome};

/// Changes between two nightly runs.
const CHANGES: u32 = 1_000;

/// Measures all scenarios at one latency; each run has its floors beside it.
pub(crate) fn measure(options: &Options, latency: u64, folder: &Path) -> Outcome<Vec<Row>> {
    let server = Server::start(&options.size, latency)?;
    let home = folder.join(format!("home-{latency}"));
    let urls = folder.join(format!("urls-{latency}.txt"));
    let bodies = folder.join("bodies");
    let mut rows = vec![Row::new(Kind::First, latency), Row::new(Kind::Rewalk, latency)];
    let (mut http, mut json) = (Row::new(Kind::Http, latency), Row::new(Kind::Json, latency));
    for number in 0..options.runs {
        eprintln!("{latency} ms, run {}", number + 1);
        fresh(&home)?;
        configure(&home, &server, options.width)?;
        let before = requests(&server)?;
        let (cost, report) = sync(&home, &[])?;
        add(&mut rows, Kind::First, cost, &report);
        let all = compare(&server, &home, &report)?;
        if number == 0 {
            std::fs::write(&urls, page_urls(&server, before)?)?;
            fresh(&bodies)?;
            replay(&urls, options.width, Some(&bodies))?;
        }
        http.add(replay(&urls, options.width, None)?, all, 0);
        if latency == 0 {
            json.add(read_json(&bodies, &folder.join("floor.duckdb"))?, all, 0);
        }
        let (cost, report) = sync(&home, &["--full"])?;
        if report["rows_written"] != 0 {
            return Err(format!("a walk without news wrote rows: {report:#}").into());
        }
        add(&mut rows, Kind::Rewalk, cost, &report);
    }
    rows.push(nightly(options, latency, &server, &home)?);
    if options.single && latency > 0 {
        rows.push(single(latency, &server, &folder.join("single"))?);
    }
    rows.push(http);
    rows.extend((latency == 0).then_some(json));
    Ok(rows)
}

/// Lets an account change between runs.
fn nightly(options: &Options, latency: u64, server: &Server, home: &Path) -> Outcome<Row> {
    let mut row = Row::new(Kind::Nightly, latency);
    for seed in 0..options.runs {
        let churn = format!("churn?actions={CHANGES}&seed={seed}&over_seconds=600");
        server.control("POST", &churn)?;
        server.control("POST", "advance?seconds=1200&people=false")?;
        let (cost, report) = sync(home, &[])?;
        row.add(cost, rows_of(&report), number(&report["requests"]));
    }
    // What waited for the next night is made good by a walk over everything, and compared.
    server.control("POST", "advance?seconds=1200&people=false")?;
    let (_, report) = sync(home, &["--full"])?;
    compare(server, home, &report)?;
    Ok(row)
}

/// Walks with one request in flight, as other tools do.
fn single(latency: u64, server: &Server, home: &Path) -> Outcome<Row> {
    eprintln!("{latency} ms, a single request in flight");
    fresh(home)?;
    configure(home, server, 1)?;
    let (cost, report) = sync(home, &[])?;
    compare(server, home, &report)?;
    let mut row = Row::new(Kind::Single, latency);
    row.add(cost, rows_of(&report), number(&report["requests"]));
    Ok(row)
}

fn add(rows: &mut [Row], kind: Kind, cost: Cost, report: &Value) {
    if let Some(row) = rows.iter_mut().find(|row| row.kind == kind) {
        row.add(cost, rows_of(report), number(&report["requests"]));
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// Counts the elements that a run received.
fn rows_of(report: &Value) -> u64 {
    let sources = report["sources"].as_array().into_iter().flatten();
    let streams = sources.flat_map(|source| source["streams"].as_array().into_iter().flatten());
    streams.map(|stream| number(&stream["received"])).sum()
}

fn fresh(folder: &Path) -> Outcome<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    Ok(std::fs::create_dir_all(folder)?)
}

fn requests(server: &Server) -> Outcome<u64> {
    let counted: Value = serde_json::from_str(&server.control("GET", "requests")?)?;
    Ok(number(&counted["total"]))
}

/// Gives the URLs of the pages that a run asked for, without its probes.
fn page_urls(server: &Server, since: u64) -> Outcome<String> {
    let log = server.control("GET", &format!("log?since={since}"))?;
    let mut urls = Vec::new();
    for line in log.lines() {
        let request: Value = serde_json::from_str(line)?;
        let (path, query) = (text(&request["path"]), text(&request["query"]));
        let is_page = query.contains("limit%5D=100") || query.contains("limit]=100");
        if is_page && request["status"] == 200 {
            urls.push(format!("{}/v0{path}?{query}", server.address));
        }
    }
    Ok(urls.join("\n"))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Compares the lists that a run could walk to their ends with the truth; gives the number of rows.
fn compare(server: &Server, home: &Path, report: &Value) -> Outcome<u64> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("truth").arg(&server.address).arg(home);
    let streams = report["sources"][0]["streams"].as_array().into_iter().flatten();
    let whole = streams.filter(|one| one["status"] == "complete" && one["stream"] != "account");
    command.args(whole.filter_map(|one| one["stream"].as_str()));
    match run(&mut command)? {
        (_, printed, 0) => Ok(printed.trim().parse()?),
        (_, printed, code) => Err(format!("the comparison ended with {code}: {printed}").into()),
    }
}

fn replay(urls: &Path, width: usize, keep: Option<&Path>) -> Outcome<Cost> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("http").arg(urls).arg(width.to_string());
    if let Some(folder) = keep {
        command.arg("--keep").arg(folder);
    }
    checked(&mut command)
}

fn read_json(bodies: &Path, database: &Path) -> Outcome<Cost> {
    if database.exists() {
        std::fs::remove_file(database)?;
    }
    checked(Command::new(std::env::current_exe()?).arg("json").arg(bodies).arg(database))
}

fn checked(command: &mut Command) -> Outcome<Cost> {
    match run(command)? {
        (cost, _, 0) if cost.wall > Duration::ZERO => Ok(cost),
        (_, printed, code) => Err(format!("a floor ended with {code}: {printed}").into()),
    }
}
