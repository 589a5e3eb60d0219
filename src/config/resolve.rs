//! Turns the document into settings. Pure: the same text and variables give the same answer.

use std::collections::BTreeSet;
use std::path::Path;

use super::document::{self, Node, Value};
use super::overlay;
use super::problem::{Problem, quoted};
use super::section::Section;
use super::settings::{Readers, Sensitive, Settings, Source, Sync, Warehouse};
use super::source;
use crate::spelling::nearest;

/// Checks a configuration; `path` names it in problems and gives the folder of relative paths.
///
/// # Errors
/// Every problem at once, those of the file by line, then those of variables by name. Text that
/// is no TOML gives its syntax errors only.
pub fn parse(
    text: &str,
    path: &Path,
    environment: &[(String, String)],
) -> Result<Settings, Vec<Problem>> {
    let mut entries = document::read(text, path)?;
    let mut problems = overlay::apply(&mut entries, environment);
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut root = Section::new(overlay::PREFIX, entries);
    let warehouse = warehouse(root.section("warehouse"), folder, &mut problems);
    let sync = sync(root.section("sync"), &mut problems);
    let sources = match root.take("source") {
        Some(node) => sources(&mut root, node, folder),
        None => Vec::new(),
    };
    problems.extend(root.finish());
    if problems.is_empty() && sources.is_empty() {
        let message = "at least one source is needed: add a line `[[source]]` and, below it, \
                       `name = \"paid\"` and `api_key_env = \"PAID_API_KEY\"`";
        problems.push(Problem::new(document::end(text, path), message));
    }
    if problems.is_empty() {
        return Ok(Settings { warehouse, sync, sources });
    }
    problems.sort();
    problems.dedup();
    Err(problems)
}

fn warehouse(mut section: Section, folder: &Path, problems: &mut Vec<Problem>) -> Warehouse {
    let dir = section.text("dir").map_or_else(|| "warehouse".to_owned(), |(dir, _)| dir);
    let readers = section.choice(
        "readers",
        &[("owner", Readers::Owner), ("group", Readers::Group), ("all", Readers::All)],
        Readers::Group,
    );
    let report_timezone = timezone(&mut section);
    problems.extend(section.finish());
    Warehouse { dir: folder.join(dir), readers, report_timezone }
}

fn timezone(section: &mut Section) -> String {
    let utc = || "UTC".to_owned();
    let Some((name, place)) = section.text("report_timezone") else { return utc() };
    let known: BTreeSet<String> =
        jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
    if known.contains(&name) {
        return name;
    }
    let likely = nearest(&name, known.iter().map(String::as_str));
    let message = format!("{} is no IANA time zone, such as \"Europe/Zurich\"", quoted(&name));
    section.problems.push(Problem::new(place, message).suggesting(likely));
    utc()
}

fn sync(mut section: Section, problems: &mut Vec<Problem>) -> Sync {
    const MINUTE: i64 = 60;
    const DAY: i64 = 86_400;
    let sync = Sync {
        settle_lag: section.duration("settle_lag", 1, MINUTE),
        lookback: section.duration("lookback", 365, 3 * DAY),
        rewalk_every: section.duration("rewalk_every", 365, 7 * DAY),
        refresh_budget: section.number("refresh_budget", &(0..=1_000_000), 500),
        sensitive: section.choice(
            "sensitive",
            &[("keep", Sensitive::Keep), ("hash", Sensitive::Hash), ("drop", Sensitive::Drop)],
            Sensitive::Keep,
        ),
    };
    problems.extend(section.finish());
    sync
}

fn sources(root: &mut Section, node: Node, folder: &Path) -> Vec<Source> {
    let elements = match node.value {
        Value::List(elements) => elements,
        Value::Text(_)
        | Value::Integer(_)
        | Value::Table(_)
        | Value::Override(_)
        | Value::Other(_) => {
            root.wrong_type("source", "a list of tables; write `[[source]]`", &node);
            return Vec::new();
        }
    };
    let mut names = BTreeSet::new();
    let mut sources = Vec::new();
    for element in elements {
        let Node { value: Value::Table(entries), place } = element else {
            root.wrong_type("source", "a list of tables; write `[[source]]`", &element);
            continue;
        };
        let name = source::effective_name(&entries);
        let duplicate = !names.insert(name.clone());
        if duplicate {
            let message = format!(
                "another source is already named {}; give this account a `name` of its own",
                quoted(&name)
            );
            root.problem(source::name_place(&entries).unwrap_or(place), message);
        }
        let variables = format!("{}SOURCE__{}__", overlay::PREFIX, name.to_uppercase());
        let (source, problems) = source::resolve(Section::new(variables, entries), folder);
        root.problems.extend(problems);
        sources.extend(source);
    }
    sources
}
