//! Rows of one page under construction.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::TimestampMicrosecondArray;
use arrow::array::{ArrayBuilder, ArrayRef, Int64Array, RecordBatch, StringArray, StringBuilder};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use super::Normalizer;
use super::coerce::{self, Notes};
use super::columns::ColumnBuilder;
use super::json::{Object, Value, repair};
use super::write;
use crate::catalog::{Coercion, PARENT};
use crate::error::{Context, Error, Kind, Result};
use crate::model::{Batch, Page, Problem, ProblemCode, Quarantined, UnknownField, View};

/// Longest `got` of a problem, in characters (CONTRACT N6).
const LONGEST_GOT: usize = 100;

/// Everything that one page adds up to.
#[derive(Debug)]
pub(super) struct Rows<'n> {
    normalizer: &'n Normalizer,
    id: StringBuilder,
    columns: Vec<ColumnBuilder>,
    row_hash: StringBuilder,
    list_hash: StringBuilder,
    extra: StringBuilder,
    problem_texts: StringBuilder,
    raw: StringBuilder,
    problems: Vec<Problem>,
    quarantined: Vec<Quarantined>,
    unknown: BTreeMap<String, UnknownField>,
    view: View,
    /// Names of the fields met on list copies.
    list_fields: BTreeSet<String>,
    /// Canonical text of the record at hand.
    canonical: String,
    notes: Notes,
}

/// Hashes of one record (DESIGN 6).
struct Hashes {
    /// Of the whole object.
    row: u128,
    /// Of what a list copy of it would show.
    list: u128,
}

/// `_problems` as the warehouse shows them (CONTRACT N6).
#[derive(Serialize)]
struct ProblemText<'p> {
    field: &'p str,
    code: &'static str,
    got: &'p str,
    #[serde(rename = "type")]
    json_type: &'static str,
}

impl<'n> Rows<'n> {
    /// Makes room for the elements of a page.
    pub(super) fn new(normalizer: &'n Normalizer, page: &Page) -> Self {
        let rows = page.elements.len();
        let bytes = page.elements.iter().map(bytes::Bytes::len).sum();
        let columns = normalizer.layout.columns();
        Self {
            normalizer,
            id: StringBuilder::with_capacity(rows, rows * 24),
            columns: columns.map(|field| ColumnBuilder::new(field.coercion, rows)).collect(),
            row_hash: StringBuilder::with_capacity(rows, rows * 32),
            list_hash: StringBuilder::with_capacity(rows, rows * 32),
            extra: StringBuilder::with_capacity(rows, rows * 2),
            problem_texts: StringBuilder::with_capacity(rows, rows * 2),
            raw: StringBuilder::with_capacity(rows, bytes),
            problems: Vec::new(),
            quarantined: Vec::new(),
            unknown: BTreeMap::new(),
            view: page.view,
            list_fields: BTreeSet::new(),
            canonical: String::new(),
            notes: Notes::new(),
        }
    }

    /// Adds one element: a row, or a quarantined record.
    pub(super) fn element(&mut self, position: u64, element: &[u8]) -> Result<()> {
        let normalizer = self.normalizer;
        let place = || format!("element {position} of `{}` is not JSON", normalizer.spec.name);
        let text = std::str::from_utf8(element).context(Kind::Contract, place)?;
        let object = Object::parse(text).context(Kind::Contract, place)?;
        let masked = normalizer.masker.element(text);
        let stored = masked.as_deref().unwrap_or(text);
        let Some(object) = object else {
            self.quarantine(position, None, stored, ProblemCode::NotAnObject);
            return Ok(());
        };
        let hashes = self.hashes(&object);
        let visible = match &masked {
            Some(masked) => Object::parse(masked).context(Kind::Contract, place)?,
            None => Some(object),
        };
        if let Some(visible) = visible {
            self.record(position, &visible, stored, &hashes);
        }
        Ok(())
    }

    fn hashes(&mut self, object: &Object<'_>) -> Hashes {
        let normalizer = self.normalizer;
        let counts =
            |key: &[u8]| !normalizer.spec.volatile.iter().any(|name| name.as_bytes() == key);
        let row = self.hash(object, counts);
        if self.view == View::List {
            for member in object.members() {
                let name = String::from_utf8_lossy(&member.key);
                if !self.list_fields.contains(&*name) {
                    self.list_fields.insert(name.into_owned());
                }
            }
            return Hashes { row, list: row };
        }
        let listed = &normalizer.list_fields;
        let get_only = normalizer.spec.get_only;
        let missing = |key: &[u8]| {
            get_only.iter().any(|name| name.as_bytes() == key && !listed.contains(*name))
        };
        if listed.is_empty() || !object.members().iter().any(|member| missing(&member.key)) {
            return Hashes { row, list: row };
        }
        Hashes { row, list: self.hash(object, |key| counts(key) && !missing(key)) }
    }

    fn hash(&mut self, object: &Object<'_>, keeps: impl Fn(&[u8]) -> bool) -> u128 {
        self.canonical.clear();
        write::canonical(object, keeps, &mut self.canonical);
        xxh3_128(self.canonical.as_bytes())
    }

    fn record(&mut self, position: u64, object: &Object<'_>, raw: &str, hashes: &Hashes) {
        let spec = self.normalizer.spec;
        let names_its_type = !spec.object.is_empty();
        if names_its_type && foreign(object, spec.object) {
            return self.quarantine(position, Some(object), raw, ProblemCode::UnexpectedObject);
        }
        self.notes.clear();
        let Some(mut id) = coerce::record_id(object.get("id"), &mut self.notes) else {
            return self.quarantine(position, Some(object), raw, ProblemCode::NoId);
        };
        if spec.id_within_parent {
            let Some(parent) = coerce::record_id(object.get(PARENT), &mut self.notes) else {
                return self.quarantine(position, Some(object), raw, ProblemCode::NoId);
            };
            id = Cow::Owned(format!("{parent}/{id}"));
        }
        let row = Row { id: &id, first_problem: self.problems.len() };
        self.report(&row, "id", object.get("id"));
        if names_its_type && object.get("object").is_none() {
            self.notes.push(ProblemCode::ObjectMissing);
            self.report(&row, "object", None);
        }
        self.fields(&row, object);
        self.id.append_value(&id);
        self.raw.append_value(raw);
        // Writing to a builder cannot fail; the empty value ends what was written.
        let _ = write!(self.row_hash, "{:032x}", hashes.row);
        self.row_hash.append_value("");
        let _ = write!(self.list_hash, "{:032x}", hashes.list);
        self.list_hash.append_value("");
        self.problem_texts.append_value(problem_text(&self.problems, row.first_problem));
    }

    fn fields(&mut self, row: &Row<'_>, object: &Object<'_>) {
        let layout = &self.normalizer.layout;
        let mut record = layout.record(object);
        for (index, field) in layout.columns().enumerate() {
            if field.coercion == Coercion::ApiVersion {
                if let Some(column) = self.columns.get_mut(index) {
                    column.append_text(self.normalizer.spec.api_version);
                }
                continue;
            }
            let chosen = layout.choose(index, &mut record);
            if let Some(column) = self.columns.get_mut(index) {
                column.append(field, chosen.map(|chosen| chosen.value), &mut self.notes);
            }
            if let Some(chosen) = chosen {
                self.report(row, chosen.name, Some(chosen.value));
            }
        }
        let mut extra = String::from("{");
        layout.leftovers(&record, |member, unknown| {
            if extra.len() > 1 {
                extra.push(',');
            }
            let key = write::compact_string(&member.key, &mut extra);
            extra.push(':');
            let value = write::compact(member.value, &mut extra);
            if key || value {
                self.notes.push(ProblemCode::TextRepaired);
                self.report(row, &repair(&member.key).0, Some(member.value));
            }
            if unknown {
                self.count_unknown(&repair(&member.key).0, member.value);
            }
        });
        extra.push('}');
        self.extra.append_value(extra);
    }

    /// Turns the notes on one field into problems. Two columns may read the same field, so what
    /// this row already reports is not repeated.
    fn report(&mut self, row: &Row<'_>, field: &str, value: Option<Value<'_>>) {
        for code in std::mem::take(&mut self.notes) {
            let known = self.problems.iter().skip(row.first_problem);
            if known.into_iter().any(|problem| problem.code == code && problem.field == field) {
                continue;
            }
            let got =
                value.map_or(Cow::Borrowed(""), |value| self.normalizer.masker.shown(field, value));
            self.problems.push(Problem {
                id: row.id.to_owned(),
                field: field.to_owned(),
                code,
                got: got.chars().take(LONGEST_GOT).collect(),
                json_type: value.map_or("null", |value| value.json_type().name()),
            });
        }
    }

    fn count_unknown(&mut self, field: &str, value: Value<'_>) {
        if let Some(known) = self.unknown.get_mut(field) {
            known.rows += 1;
            return;
        }
        let json_type = value.json_type().name();
        let known = UnknownField { field: field.to_owned(), json_type, rows: 1 };
        self.unknown.insert(field.to_owned(), known);
    }

    fn quarantine(
        &mut self,
        position: u64,
        object: Option<&Object<'_>>,
        raw: &str,
        code: ProblemCode,
    ) {
        let text = |name| {
            let value = object?.get(name)?;
            Some(value.string().map_or_else(|| value.text().to_owned(), |(text, _)| text.into()))
        };
        self.quarantined.push(Quarantined {
            position,
            object: text("object"),
            id: text("id"),
            raw: raw.to_owned(),
            code,
        });
    }

    /// Ends the page.
    pub(super) fn finish(mut self, page: &Page) -> Result<Batch> {
        let rows = ArrayBuilder::len(&self.row_hash);
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(self.id.finish())];
        arrays.extend(self.columns.into_iter().map(ColumnBuilder::finish));
        arrays.push(Arc::new(self.row_hash.finish()));
        arrays.push(Arc::new(self.list_hash.finish()));
        arrays.push(Arc::new(self.extra.finish()));
        arrays.push(Arc::new(self.problem_texts.finish()));
        arrays.push(Arc::new(self.raw.finish()));
        arrays.push(Arc::new(Int64Array::from_value(page.request, rows)));
        arrays.push(Arc::new(TimestampMicrosecondArray::from_value(page.observed_at, rows)));
        arrays.push(Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            page.view.name(),
            rows,
        ))));
        let name = self.normalizer.spec.name;
        let records = RecordBatch::try_new(self.normalizer.schema(), arrays)
            .context(Kind::Contract, || format!("a page of `{name}` does not fit its schema"))?;
        let received = u64::try_from(page.elements.len())
            .map_err(|source| Error::new(Kind::Contract, "too many elements").because(source))?;
        Ok(Batch {
            records,
            problems: self.problems,
            quarantined: self.quarantined,
            unknown_fields: self.unknown.into_values().collect(),
            list_fields: self.list_fields,
            received,
        })
    }
}

/// What problem records need to know of the row at hand.
struct Row<'r> {
    id: &'r str,
    first_problem: usize,
}

/// Tells whether a record names another type than the stream's (CONTRACT A-04).
fn foreign(object: &Object<'_>, expected: &str) -> bool {
    object.get("object").is_some_and(|named| {
        named.string_bytes().is_none_or(|named| *named != *expected.as_bytes())
    })
}

fn problem_text(problems: &[Problem], first: usize) -> Cow<'static, str> {
    let texts: Vec<_> = problems
        .iter()
        .skip(first)
        .map(|problem| ProblemText {
            field: &problem.field,
            code: problem.code.name(),
            got: &problem.got,
            json_type: problem.json_type,
        })
        .collect();
    if texts.is_empty() {
        return Cow::Borrowed("[]");
    }
    // Strings and fixed names always serialise.
    serde_json::to_string(&texts).map_or(Cow::Borrowed("[]"), Cow::Owned)
}
