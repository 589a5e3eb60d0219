//! Environment variables that override the file: `PAID_SYNC__SYNC__LOOKBACK`,
//! `PAID_SYNC__SOURCE__<NAME>__BASE_URL`.

use super::document::{Entries, Node, Value};
use super::problem::{Place, Problem};
use super::source::effective_name;
use crate::spelling::nearest;

/// What every override begins with.
pub(super) const PREFIX: &str = "PAID_SYNC__";

/// The two ways to say where the key is; an override of one replaces the other.
const KEY_SETTINGS: [(&str, &str); 2] =
    [("api_key_env", "api_key_file"), ("api_key_file", "api_key_env")];

/// Puts the overrides into the document and gives those that fit nowhere.
pub(super) fn apply(document: &mut Entries, environment: &[(String, String)]) -> Vec<Problem> {
    let mut overrides: Vec<_> = environment
        .iter()
        .filter_map(|(name, value)| Some((name, name.strip_prefix(PREFIX)?, value)))
        .collect();
    overrides.sort_unstable();
    overrides
        .into_iter()
        .filter_map(|(name, path, value)| {
            let place = Place::Variable(name.clone());
            let node = Node { place, value: Value::Override(value.clone()) };
            put(document, path, node).err()
        })
        .collect()
}

fn put(document: &mut Entries, path: &str, node: Node) -> Result<(), Problem> {
    match path.split_once("__") {
        Some((section @ ("WAREHOUSE" | "SYNC"), key)) => {
            put_in_section(document, &section.to_ascii_lowercase(), key, node);
            Ok(())
        }
        Some(("SOURCE", path)) => put_in_source(document, path, node),
        _ => {
            let section = path.split_once("__").map_or(path, |(section, _)| section);
            let likely = nearest(section, ["WAREHOUSE", "SYNC", "SOURCE"]);
            Err(Problem::new(
                node.place,
                "unknown variable; overrides are PAID_SYNC__WAREHOUSE__<KEY>, \
                 PAID_SYNC__SYNC__<KEY> and PAID_SYNC__SOURCE__<NAME>__<KEY>",
            )
            .suggesting(likely.map(|section| format!("{PREFIX}{section}__…"))))
        }
    }
}

fn put_in_section(document: &mut Entries, section: &str, key: &str, node: Node) {
    let entry = document
        .entry(section.to_owned())
        .or_insert_with(|| Node { place: node.place.clone(), value: Value::Table(Entries::new()) });
    // A section that is no table is reported when it is read.
    if let Value::Table(entries) = &mut entry.value {
        entries.insert(key.to_ascii_lowercase(), node);
    }
}

fn put_in_source(document: &mut Entries, path: &str, node: Node) -> Result<(), Problem> {
    // From the right: a name may hold `__` or end in `_`, a key never does.
    let Some((name, key)) = path.rsplit_once("__") else {
        return Err(Problem::new(
            node.place,
            "unknown variable; write PAID_SYNC__SOURCE__<NAME>__<KEY>",
        ));
    };
    let key = key.to_ascii_lowercase();
    if key == "name" {
        return Err(Problem::new(node.place, "the name of a source cannot be overridden"));
    }
    let mut sources: Vec<_> = match document.get_mut("source").map(|node| &mut node.value) {
        Some(Value::List(elements)) => elements.iter_mut().filter_map(named_entries).collect(),
        _ => Vec::new(),
    };
    if let Some((_, entries)) = sources.iter_mut().find(|(candidate, _)| candidate == name) {
        let replaced = KEY_SETTINGS.iter().find(|(setting, _)| *setting == key);
        if let Some((_, sibling)) = replaced
            && matches!(entries.get(*sibling), Some(Node { place: Place::File { .. }, .. }))
        {
            entries.remove(*sibling);
        }
        entries.insert(key, node);
        return Ok(());
    }
    let likely = nearest(name, sources.iter().map(|(candidate, _)| candidate.as_str()));
    let suggestion = likely.map(|name| format!("{PREFIX}SOURCE__{name}__{}", key.to_uppercase()));
    Err(Problem::new(node.place, "no source of this name in the configuration file")
        .suggesting(suggestion))
}

/// Gives a source's name as variables spell it, and its entries.
fn named_entries(element: &mut Node) -> Option<(String, &mut Entries)> {
    if let Value::Table(entries) = &mut element.value {
        Some((effective_name(entries).to_uppercase(), entries))
    } else {
        None
    }
}
