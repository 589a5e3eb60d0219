//! The module map of the crate docs, enforced: stages do not import each other, the emulator
//! imports nothing, and each third party has one home.

use std::fs;
use std::path::{Path, PathBuf};

/// What every stage may import.
const SHARED: &[&str] =
    &["catalog", "clock", "database", "durable", "error", "fault", "model", "parquet_file"];

/// Module → the crate modules that it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("error", &[]),
    ("fault", &[]),
    ("clock", &[]),
    ("model", &[]),
    ("catalog", &[]),
    ("spelling", &[]),
    ("durable", &["error", "fault"]),
    ("parquet_file", &["error", "fault"]),
    ("database", &["error", "fault", "model"]),
    ("config", &["catalog", "error", "spelling"]),
    ("plan", &["catalog", "model"]),
    ("extract", &["catalog", "clock", "error", "model"]),
    ("normalize", &["catalog", "error", "model"]),
    ("load", SHARED),
    ("publish", SHARED),
    ("report", &["catalog", "clock", "database", "error", "model", "spelling"]),
    ("emulator", &[]),
    (
        "run",
        &[
            "catalog",
            "clock",
            "config",
            "database",
            "durable",
            "error",
            "extract",
            "fault",
            "load",
            "model",
            "normalize",
            "plan",
            "publish",
            "report",
        ],
    ),
    (
        "cli",
        &[
            "catalog",
            "clock",
            "config",
            "database",
            "durable",
            "emulator",
            "error",
            "extract",
            "model",
            "parquet_file",
            "plan",
            "publish",
            "report",
            "run",
            "spelling",
        ],
    ),
];

/// Third party → the only places that may name it.
const HOMES: &[(&str, &[&str])] = &[
    ("duckdb::", &["src/database/"]),
    ("polars::", &["src/publish/partition.rs"]),
    ("reqwest::", &["src/extract/http.rs"]),
    ("governor::", &["src/extract/pace.rs", "src/emulator/faults/rules.rs"]),
    ("indicatif::", &["src/cli/progress.rs"]),
    ("axum::", &["src/emulator/"]),
    ("tracing_subscriber::", &["src/cli/log.rs"]),
    ("comfy_table::", &["src/report/render.rs"]),
    ("csv::", &["src/report/render.rs"]),
    ("clap::", &["src/cli/args.rs"]),
    ("parquet::", &["src/parquet_file.rs", "src/load/change_log/read.rs"]),
    ("strsim::", &["src/spelling.rs"]),
    ("fastbloom::", &["src/load/loaded.rs"]),
    ("toml::", &["src/config/"]),
    ("sha2::", &["src/normalize/", "src/report/html.rs"]),
    ("plotters::", &["src/report/page/chart.rs"]),
    ("iso_currency::", &["src/report/money.rs"]),
    ("tikv_jemallocator::", &["src/lib.rs"]),
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Gives every source file below `src` as (path from the root, code without comments).
fn code() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code: Vec<&str> =
                text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
            (path.strip_prefix(root).unwrap().display().to_string(), code.join("\n"))
        })
        .collect()
}

fn module_of(path: &str) -> &str {
    let below = path.strip_prefix("src/").unwrap();
    below.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Modules named by `crate::x` in a piece of code, also inside `use crate::{…}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (start, _) in code.match_indices("crate::") {
        if code[..start].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_') {
            continue;
        }
        let rest = &code[start + "crate::".len()..];
        let names = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap(),
            None => rest,
        };
        let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
        let parts: Vec<&str> =
            if rest.starts_with('{') { names.split(',').collect() } else { vec![names] };
        for part in parts {
            let name: String = part.trim().chars().take_while(|letter| is_name(*letter)).collect();
            found.push(name);
        }
    }
    found
}

fn violations(path: &str, code: &str) -> Vec<String> {
    let module = module_of(path);
    if matches!(module, "lib" | "main") {
        return Vec::new();
    }
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
        return vec![format!("{path}: the module {module} is not in the map")];
    };
    imports(code)
        .into_iter()
        .filter(|import| import != module && !allowed.contains(&import.as_str()))
        .map(|import| format!("{path} imports {import}"))
        .collect()
}

#[test]
fn modules_import_only_what_the_map_allows() {
    let found: Vec<String> =
        code().iter().flat_map(|(path, code)| violations(path, code)).collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_planted_edge_is_found() {
    let planted = "use crate::{error::Result, load::Warehouse};\nlet x = crate::run::sync;";
    assert_eq!(
        violations("src/extract/http.rs", planted),
        ["src/extract/http.rs imports load", "src/extract/http.rs imports run"]
    );
    assert_eq!(violations("src/emulator/mod.rs", "use crate::error::Error;").len(), 1);
}

#[test]
fn each_third_party_has_one_home() {
    let mut strays = Vec::new();
    for (path, code) in code() {
        for (name, homes) in HOMES {
            let named = code.match_indices(name).any(|(start, _)| {
                !code[..start].ends_with(|letter: char| {
                    letter.is_alphanumeric() || letter == '_' || letter == ':'
                })
            });
            if named && !homes.iter().any(|home| path.starts_with(home)) {
                strays.push(format!("{path} names {name}"));
            }
        }
    }
    assert!(strays.is_empty(), "{strays:#?}");
}

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = code()
        .into_iter()
        .filter(|(_, code)| code.lines().count() > 500)
        .map(|(path, _)| path)
        .collect();
    assert!(long.is_empty(), "{long:?}");
}
