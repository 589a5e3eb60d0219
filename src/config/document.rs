//! The text of the file as a tree whose every value knows where it was written.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::problem::{Place, Problem};

/// Keys and values of one table.
pub(super) type Entries = BTreeMap<String, Node>;

/// A value and its place: that of its key, or its own where it has none.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) value: Value,
}

/// What was written.
#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// A whole number; `None` beyond 64 bits.
    Integer(Option<i64>),
    List(Vec<Node>),
    Table(Entries),
    /// Text of an environment variable, which takes the form that its setting needs.
    Override(String),
    /// Something that no setting takes, by the name of its type.
    Other(&'static str),
}

impl Value {
    /// Names the type for a message; never the value, which could be a misplaced key.
    pub(super) const fn type_name(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Override(_) => "text",
            Self::Integer(_) => "a number",
            Self::List(_) => "a list",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

/// Reads the file's text.
///
/// # Errors
/// Every syntax error. The parser's own rendering is not used: it repeats the line, key and all.
pub(super) fn read(text: &str, path: &Path) -> Result<Entries, Vec<Problem>> {
    let locator = Locator { text, path };
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        return Ok(locator.entries(table.get_ref()));
    }
    let problem = |error: &toml::de::Error| {
        let place = locator.place(error.span().map_or(0, |span| span.start));
        Problem::new(place, format!("not valid TOML: {}", error.message()))
    };
    let mut problems: Vec<Problem> = errors.iter().map(problem).collect();
    problems.sort();
    Err(problems)
}

/// Gives the place after the last line, for what is missing from the file.
pub(super) fn end(text: &str, path: &Path) -> Place {
    Locator { text, path }.place(text.trim_end().len())
}

struct Locator<'a> {
    text: &'a str,
    path: &'a Path,
}

impl Locator<'_> {
    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        Place::File {
            path: self.path.to_path_buf(),
            line: before.matches('\n').count() + 1,
            column: before.chars().rev().take_while(|letter| *letter != '\n').count() + 1,
        }
    }

    fn entries(&self, table: &DeTable<'_>) -> Entries {
        let entry = |(key, value): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
            let name: &std::borrow::Cow<'_, str> = key.get_ref();
            let place = self.place(key.span().start);
            (name.clone().into_owned(), Node { place, value: self.value(value.get_ref()) })
        };
        table.iter().map(entry).collect()
    }

    fn value(&self, value: &DeValue<'_>) -> Value {
        match value {
            DeValue::String(text) => Value::Text(text.clone().into_owned()),
            DeValue::Integer(number) => {
                Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok())
            }
            DeValue::Array(elements) => Value::List(
                elements
                    .iter()
                    .map(|element| Node {
                        place: self.place(element.span().start),
                        value: self.value(element.get_ref()),
                    })
                    .collect(),
            ),
            DeValue::Table(table) => Value::Table(self.entries(table)),
            DeValue::Float(_) => Value::Other("a fraction"),
            DeValue::Boolean(_) => Value::Other("true or false"),
            DeValue::Datetime(_) => Value::Other("a date"),
        }
    }
}
