//! Checks one `[[source]]`.

use std::collections::BTreeSet;
use std::path::Path;

use url::{Host, Url};

use super::document::{Entries, Node, Value};
use super::problem::{Place, Problem, quoted};
use super::section::Section;
use super::settings::{KeyOrigin, Source, StreamSelection};
use crate::catalog::{SOURCE_KINDS, SourceKind, source_kind};
use crate::spelling::nearest;

/// Kind and name of a source that says neither.
const DEFAULT_KIND: &str = "paid";

/// Names that no source may have: schemas of ours or of `DuckDB`, and names of catalogs, which a
/// schema of the same name would make ambiguous in every query (DESIGN 1). The working database
/// is called `work` or `working`, the snapshot `warehouse`.
const RESERVED: [&str; 12] = [
    "warehouse",
    "work",
    "working",
    "reports",
    "model",
    "conformed",
    "main",
    "information_schema",
    "pg_catalog",
    "system",
    "temp",
    "memory",
];

/// Gives the name of a source: what it says, or that of its kind.
pub(super) fn effective_name(entries: &Entries) -> String {
    let text = |key: &str| match entries.get(key) {
        Some(Node { value: Value::Text(text), .. }) => Some(text.clone()),
        _ => None,
    };
    text("name").unwrap_or_else(|| default_name(text("kind").as_deref()))
}

fn default_name(kind: Option<&str>) -> String {
    kind.unwrap_or(DEFAULT_KIND).replace('-', "_")
}

/// Gives the place of a source's name, if it says one.
pub(super) fn name_place(entries: &Entries) -> Option<Place> {
    entries.get("name").map(|node| node.place.clone())
}

/// Reads all settings of a source; there is none unless all of them are good.
pub(super) fn resolve(mut section: Section, folder: &Path) -> (Option<Source>, Vec<Problem>) {
    let kind = kind(&mut section);
    let name = name(&mut section, kind);
    let base_url = base_url(&mut section, kind);
    let key = key(&mut section, kind, folder);
    let page_size = section.number("page_size", &(1..=1_000), 100);
    let requests_per_second = requests_per_second(&mut section, kind, base_url.as_ref());
    let max_in_flight = section.number("max_in_flight", &(1..=64), 2);
    let streams = streams(&mut section, kind);
    let default_currency = default_currency(&mut section);
    let problems = section.finish();
    let source = kind.zip(base_url).zip(streams).map(|((kind, base_url), streams)| Source {
        name,
        kind,
        base_url,
        key,
        page_size,
        requests_per_second,
        max_in_flight,
        streams,
        default_currency,
    });
    (source.filter(|_| problems.is_empty()), problems)
}

fn name(section: &mut Section, kind: Option<&SourceKind>) -> String {
    let Some((name, place)) = section.text("name") else {
        return default_name(kind.map(|kind| kind.name));
    };
    if let Some(message) = name_fault(&name) {
        section.problem(place, format!("source name {} {message}", quoted(&name)));
    }
    name
}

/// Says what keeps a word from being a source's name (DESIGN 1).
fn name_fault(name: &str) -> Option<&'static str> {
    let letters = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
    let formed = name.len() <= 31
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.bytes().all(letters);
    if !formed {
        return Some("must begin with a letter a-z and hold at most 31 characters a-z, 0-9 and _");
    }
    if RESERVED.contains(&name) {
        return Some("is reserved in the warehouse; choose another");
    }
    name.ends_with("_history").then_some("must not end in `_history`: such schemas hold versions")
}

fn kind(section: &mut Section) -> Option<&'static SourceKind> {
    let word = section.text("kind");
    let kind = match &word {
        None => source_kind(DEFAULT_KIND),
        Some((word, _)) => SOURCE_KINDS.iter().copied().find(|kind| kind.name == word),
    };
    match (kind, word) {
        (Some(kind), _) => version(section, kind),
        (None, Some((word, place))) => {
            let mut known: Vec<&str> = SOURCE_KINDS.iter().map(|kind| kind.name).collect();
            known.dedup();
            let message = format!("unknown kind {}; known: {}", quoted(&word), known.join(", "));
            let likely = nearest(&word, known.iter().copied());
            section.problems.push(Problem::new(place, message).suggesting(likely));
            // So that it is no unknown key as well.
            section.take("api_version");
            None
        }
        (None, None) => None,
    }
}

/// Reads `api_version`, for kinds that have several (CONTRACT B6).
fn version(section: &mut Section, kind: &'static SourceKind) -> Option<&'static SourceKind> {
    let kinds = || SOURCE_KINDS.iter().copied().filter(|other| other.name == kind.name);
    let versions: Vec<&str> = kinds().filter_map(|kind| kind.api_version).collect();
    if versions.is_empty() {
        if let Some(node) = section.take_hidden("api_version") {
            let message = format!("sources of kind {} have no `api_version`", quoted(kind.name));
            section.problem(node.place, message);
        }
        return Some(kind);
    }
    let Some((word, place)) = section.text("api_version") else { return Some(kind) };
    let found = kinds().find(|kind| kind.api_version == Some(word.as_str()));
    if found.is_none() {
        let message =
            format!("`api_version` must be one of {}, not {}", versions.join(", "), quoted(&word));
        section.problems.push(Problem::new(place, message));
    }
    found
}

/// Reads the pace, which may not be above what the API allows. This machine may be asked faster.
fn requests_per_second(
    section: &mut Section,
    kind: Option<&SourceKind>,
    base_url: Option<&Url>,
) -> u32 {
    let is_elsewhere = base_url.is_none_or(|url| !is_local(url).unwrap_or(false));
    let most = kind.and_then(|kind| kind.most_requests_per_second).filter(|_| is_elsewhere);
    section.number("requests_per_second", &(1..=most.unwrap_or(100_000)), 4)
}

fn base_url(section: &mut Section, kind: Option<&SourceKind>) -> Option<Url> {
    let Some((text, place)) = section.text("base_url") else {
        return Url::parse(kind?.base_url).ok();
    };
    // The value is never repeated: someone may have put a key into it.
    let checked = Url::parse(&text)
        .map_err(|error| format!("is not a URL: {error}"))
        .and_then(|url| url_fault(&url).map_or(Ok(url), |fault| Err(fault.to_owned())));
    match checked {
        Ok(mut url) => {
            if let Ok(mut segments) = url.path_segments_mut() {
                segments.pop_if_empty();
            }
            Some(url)
        }
        Err(fault) => {
            section.problem(place, format!("`base_url` {fault}"));
            None
        }
    }
}

/// Tells whether a URL is this machine's; `None` if it names no host.
fn is_local(url: &Url) -> Option<bool> {
    Some(match url.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    })
}

fn url_fault(url: &Url) -> Option<&'static str> {
    let Some(local) = is_local(url) else {
        return Some("must begin with `https://` and name a host");
    };
    match url.scheme() {
        "https" => {}
        "http" if local => {}
        "http" => {
            return Some(
                "must use https: over plain http anyone on the way could read the key (only this machine, such as http://127.0.0.1, may be addressed by http)",
            );
        }
        _ => return Some("must begin with `https://`"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Some("must not hold a user name or password; the key comes from `api_key_env`");
    }
    (url.query().is_some() || url.fragment().is_some())
        .then_some("must not hold a query (`?…`) or a fragment (`#…`)")
}

fn key(section: &mut Section, kind: Option<&SourceKind>, folder: &Path) -> KeyOrigin {
    if let Some(node) = section.take_hidden("api_key") {
        let message = "the key itself must not be written here: put it into an environment \
                       variable and name that in `api_key_env` (or a file, in `api_key_file`)";
        section.problem(node.place, message);
    }
    match (section.text("api_key_env"), section.text("api_key_file")) {
        (Some((name, place)), None) => {
            if !is_variable_name(&name) {
                // Not repeated: it may be the key.
                let message = "`api_key_env` must be the name of an environment variable, in \
                               A-Z, 0-9 and _, such as \"PAID_API_KEY\"; never the key itself";
                section.problem(place, message);
            }
            KeyOrigin::Environment(name)
        }
        (None, Some((file, _))) => KeyOrigin::File(folder.join(file)),
        (None, None) => {
            let kind = kind.map_or(DEFAULT_KIND, |kind| kind.name);
            KeyOrigin::Environment(format!("{}_API_KEY", kind.to_uppercase().replace('-', "_")))
        }
        (Some((name, _)), Some((_, place))) => {
            section.problem(place, "give `api_key_env` or `api_key_file`, not both");
            KeyOrigin::Environment(name)
        }
    }
}

/// Capitals only: a pasted key has small letters, and must not be taken for a name and repeated.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
        && name.bytes().all(|letter| matches!(letter, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}

/// Reads `streams`: names, `*` for all, `!name` to leave one out. A list of `!name` alone leaves
/// them out of all. Without a known kind there is nothing to check them against.
fn streams(section: &mut Section, kind: Option<&SourceKind>) -> Option<StreamSelection> {
    let list = section.list("streams");
    let all = kind?.streams.iter().map(|stream| stream.name);
    let Some((words, list_place)) = list else {
        return Some(StreamSelection { names: all.collect() });
    };
    let (mut chosen, mut left_out) = (BTreeSet::new(), BTreeSet::new());
    let only_left_out = !words.is_empty() && words.iter().all(|(word, _)| word.starts_with('!'));
    if only_left_out || words.iter().any(|(word, _)| word == "*") {
        chosen.extend(all.clone());
    }
    let mut good = true;
    for (word, place) in words.iter().filter(|(word, _)| word != "*") {
        let bare = word.strip_prefix('!').unwrap_or(word);
        match all.clone().find(|name| *name == bare) {
            Some(name) if bare.len() < word.len() => left_out.insert(name),
            Some(name) => chosen.insert(name),
            None => {
                let message =
                    format!("unknown stream {}; `paid-sync streams` lists them", quoted(bare));
                let problem = Problem::new(place.clone(), message);
                section.problems.push(problem.suggesting(nearest(bare, all.clone())));
                good = false;
                continue;
            }
        };
    }
    let names: BTreeSet<_> = chosen.difference(&left_out).copied().collect();
    if good && names.is_empty() {
        section.problem(list_place, "`streams` selects nothing; [\"*\"] selects all");
    }
    Some(StreamSelection { names })
}

fn default_currency(section: &mut Section) -> Option<String> {
    let (code, place) = section.text("default_currency")?;
    if code.len() == 3 && code.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Some(code.to_ascii_lowercase());
    }
    section.problem(place, "`default_currency` must be a code of three letters, such as \"usd\"");
    None
}
