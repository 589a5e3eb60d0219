//! Reads one table setting by setting; whatever was not asked for is an unknown key.

use std::ops::RangeInclusive;

use super::document::{Entries, Node, Value};
use super::problem::{Place, Problem, quoted};
use crate::spelling::nearest;

/// A table being read. Every reader notes its key as known and falls back to a default on a
/// problem, so that one reading finds all problems.
#[derive(Debug)]
pub(super) struct Section {
    /// What overrides of its keys begin with.
    variables: String,
    entries: Entries,
    known: Vec<&'static str>,
    pub(super) problems: Vec<Problem>,
}

impl Section {
    pub(super) fn new(variables: impl Into<String>, entries: Entries) -> Self {
        Self { variables: variables.into(), entries, known: Vec::new(), problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, place: Place, message: impl Into<String>) {
        self.problems.push(Problem::new(place, message));
    }

    /// Takes a value out, whatever it is.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        self.entries.remove(key)
    }

    /// Takes a value out without ever suggesting its key.
    pub(super) fn take_hidden(&mut self, key: &str) -> Option<Node> {
        self.entries.remove(key)
    }

    /// Takes a table out; an absent one is empty.
    pub(super) fn section(&mut self, key: &'static str) -> Self {
        let variables = format!("{}{}__", self.variables, key.to_uppercase());
        let entries = match self.take(key) {
            None => Entries::new(),
            Some(Node { value: Value::Table(entries), .. }) => entries,
            Some(node) => {
                self.wrong_type(key, &format!("a table; write `[{key}]`"), &node);
                Entries::new()
            }
        };
        Self::new(variables, entries)
    }

    /// Reads a non-empty text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<(String, Place)> {
        let node = self.take(key)?;
        match node.value {
            Value::Text(text) | Value::Override(text) if !text.is_empty() => {
                Some((text, node.place))
            }
            Value::Text(_) | Value::Override(_) => {
                self.problem(node.place, format!("`{key}` must not be empty"));
                None
            }
            Value::Integer(_) | Value::List(_) | Value::Table(_) | Value::Other(_) => {
                self.wrong_type(key, "text in quotes", &node);
                None
            }
        }
    }

    /// Reads a whole number within bounds.
    pub(super) fn number(
        &mut self,
        key: &'static str,
        bounds: &RangeInclusive<u32>,
        default: u32,
    ) -> u32 {
        let Some(node) = self.take(key) else { return default };
        let number = match &node.value {
            Value::Integer(number) => *number,
            Value::Override(text) => text.parse().ok(),
            Value::Text(_) | Value::List(_) | Value::Table(_) | Value::Other(_) => {
                self.wrong_type(key, "a whole number without quotes", &node);
                return default;
            }
        };
        let number = number.and_then(|number| u32::try_from(number).ok());
        if let Some(number) = number.filter(|number| bounds.contains(number)) {
            return number;
        }
        let (least, most) = (bounds.start(), bounds.end());
        self.problem(node.place, format!("`{key}` must be a whole number from {least} to {most}"));
        default
    }

    /// Reads a span of time in seconds, at most `most` days.
    pub(super) fn duration(&mut self, key: &'static str, most: i64, default: i64) -> i64 {
        let Some((text, place)) = self.text(key) else { return default };
        match seconds(&text) {
            Some(seconds) if seconds <= most * DAY => seconds,
            Some(_) => {
                self.problem(place, format!("`{key}` must be at most \"{most}d\""));
                default
            }
            None => {
                let message = format!(
                    "`{key}` must be a number and one of s, m, h, d, such as \"60s\", \"12h\", \"3d\""
                );
                self.problem(place, message);
                default
            }
        }
    }

    /// Reads one word out of a few.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&'static str, T)],
        default: T,
    ) -> T {
        let Some((text, place)) = self.text(key) else { return default };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let all: Vec<String> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
        let likely = nearest(&text, words.iter().map(|(word, _)| *word));
        let message = format!("`{key}` must be one of {}, not {}", all.join(", "), quoted(&text));
        self.problems.push(Problem::new(place, message).suggesting(likely));
        default
    }

    /// Reads a list of texts; an override separates them by commas.
    pub(super) fn list(&mut self, key: &'static str) -> Option<(Vec<(String, Place)>, Place)> {
        let node = self.take(key)?;
        let words = match node.value {
            Value::Override(text) => {
                let word = |word: &str| (word.trim().to_owned(), node.place.clone());
                text.split(',').map(word).filter(|(word, _)| !word.is_empty()).collect()
            }
            Value::List(elements) => elements
                .into_iter()
                .map(|element| self.element(key, element))
                .collect::<Option<_>>()?,
            Value::Text(_) | Value::Integer(_) | Value::Table(_) | Value::Other(_) => {
                self.wrong_type(key, "a list, such as [\"*\"]", &node);
                return None;
            }
        };
        Some((words, node.place))
    }

    fn element(&mut self, key: &str, element: Node) -> Option<(String, Place)> {
        match element.value {
            Value::Text(text) => Some((text, element.place)),
            Value::Integer(_)
            | Value::List(_)
            | Value::Table(_)
            | Value::Override(_)
            | Value::Other(_) => {
                self.wrong_type(key, "a list of texts in quotes", &element);
                None
            }
        }
    }

    pub(super) fn wrong_type(&mut self, key: &str, wanted: &str, node: &Node) {
        let got = node.value.type_name();
        self.problem(node.place.clone(), format!("`{key}` must be {wanted}, not {got}"));
    }

    /// Reports every key that nobody asked for and gives all problems.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (key, node) in self.entries {
            let likely = nearest(&key, self.known.iter().copied());
            let problem = match &node.place {
                Place::File { .. } => {
                    Problem::new(node.place, format!("unknown key {}", quoted(&key)))
                        .suggesting(likely)
                }
                Place::Variable(_) => {
                    let likely =
                        likely.map(|key| format!("{}{}", self.variables, key.to_uppercase()));
                    Problem::new(node.place, "no setting of this name").suggesting(likely)
                }
            };
            self.problems.push(problem);
        }
        self.problems
    }
}

const DAY: i64 = 86_400;

fn seconds(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let digits = text.strip_suffix(unit)?;
    // `i64::from_str` would take a sign.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => DAY,
        _ => return None,
    };
    // A number too long to hold is too long a time, not another kind of mistake.
    Some(digits.parse().unwrap_or(i64::MAX).saturating_mul(length))
}
