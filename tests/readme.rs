//! README and the shipped files tell the truth.

use std::fs;
use std::path::Path;

use paid_sync::cli::commands::streams_table;
use paid_sync::emulator::{Emulator, Options};
use paid_sync::error::Kind;
use paid_sync::model::Cell;

use crate::support::http::{BASIC, Line, options};

fn readme() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap()
}

fn section<'a>(text: &'a str, name: &str) -> &'a str {
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let start = text.find(&begin).unwrap_or_else(|| panic!("README lacks {begin}")) + begin.len();
    let length = text[start..].find(&end).unwrap_or_else(|| panic!("README lacks {end}"));
    &text[start..start + length]
}

#[test]
fn the_stream_table_is_the_catalogue() {
    let mut expected = String::from(
        "| kind | stream | class | path | `created_at` filter | columns | holds |\n| --- | --- | --- | --- | --- | --: | --- |\n",
    );
    for row in streams_table().rows {
        let cells: Vec<String> = row
            .into_iter()
            .map(|cell| match cell {
                Cell::Text(text) => text,
                Cell::Integer(number) => number.to_string(),
                other => panic!("{other:?}"),
            })
            .collect();
        expected.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    assert_eq!(section(&readme(), "streams"), expected, "paste the right side into README.md");
}

#[test]
fn every_exit_code_is_documented() {
    let readme = readme();
    let table = section(&readme, "exit codes");
    for kind in Kind::ALL {
        let row = format!("| {} |", kind.exit_code());
        assert!(table.contains(&row), "exit code {} of {kind:?}", kind.exit_code());
    }
}

/// Splits a shell line into words; quotes are the only thing it knows.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.split(" #").next().unwrap().chars() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            letter => word.push(letter),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_of_the_emulator_in_the_readme_is_answered() {
    let now = "2026-11-01T12:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
    let emulator = Emulator::start(Options { now, ..options() }).await.unwrap();
    let readme = readme();
    let mut calls = 0;
    for line in section(&readme, "emulate").lines().filter(|line| line.starts_with("curl ")) {
        let words = shell_words(line);
        let after = |flag: &str| -> Vec<&str> {
            let pairs = words.windows(2).filter(|pair| pair[0] == flag);
            pairs.map(|pair| pair[1].as_str()).collect()
        };
        let body = after("-d").join("&");
        let method = match after("-X").first() {
            Some(method) => method,
            None if body.is_empty() => "GET",
            None => "POST",
        };
        let url = words.iter().find(|word| word.starts_with("http://")).unwrap();
        let path = url.strip_prefix("http://127.0.0.1:8787").unwrap();
        let answer = Line::open(&emulator).ask(method, path, BASIC, &body).unwrap();
        assert_eq!(answer.status, 200, "{line}\n{}", answer.body);
        calls += 1;
    }
    assert!(calls > 9, "{calls} calls");
}

#[test]
fn the_top_level_is_what_was_agreed() {
    let allowed = [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "queries",
        "tests",
        "sync.toml",
        "README.md",
        "benches",
        "docs",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "target",
        "demo",
        "warehouse",
    ];
    for entry in fs::read_dir(env!("CARGO_MANIFEST_DIR")).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(name.starts_with('.') || allowed.contains(&name.as_str()), "{name}");
    }
}

#[test]
fn the_commands_of_the_readme_are_those_that_ci_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ci = fs::read_to_string(root.join(".ci/run")).unwrap();
    let readme = readme();
    for line in section(&readme, "two commands").lines().filter(|line| line.starts_with("cargo")) {
        let command = line.split('#').next().unwrap().trim();
        assert!(ci.contains(command), ".ci/run does not run `{command}`");
    }
}
