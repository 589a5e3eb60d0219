//! README and the shipped files tell the truth.

use std::fs;
use std::path::Path;

use paid_sync::cli::commands::streams_table;
use paid_sync::error::Kind;
use paid_sync::model::Cell;

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
        "| stream | class | path | `created_at` filter | columns | holds |\n| --- | --- | --- | --- | --: | --- |\n",
    );
    for row in streams_table().rows {
        let cells: Vec<String> = row
            .into_iter()
            .skip(1)
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
