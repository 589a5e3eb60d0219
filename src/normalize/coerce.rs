//! One function per coercion of CONTRACT N1.2: a JSON value that is not null becomes a column value.
//!
//! What had to be bent or could not be read is pushed to `notes`; the caller knows field and row.

use std::borrow::Cow;

use super::json::{JsonType, Object, Value};
use super::time::{Moment, midnight, moment};
use super::{number, write};
use crate::catalog::Coercion;
use crate::model::ProblemCode;

/// Codes noted while one value is read.
pub(super) type Notes = Vec<ProblemCode>;

/// Longest usable id in bytes (CONTRACT N1.5).
const LONGEST_ID: usize = 255;

/// Ids that are routes of the API: never put in a path (CONTRACT 0.3 rule 2).
const RESERVED_IDS: [&str; 7] =
    ["by_external_id", "external", "request", "events", "retry", ".", ".."];

/// Reads a value for a text column.
pub(super) fn text_column<'a>(
    coercion: Coercion,
    value: Value<'a>,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    match coercion {
        Coercion::TextOrJson => text_or_json(value, notes),
        Coercion::LowerText => text(value, notes).map(lower),
        // Written without looking at the object.
        Coercion::ApiVersion => None,
        Coercion::LowerTextWithout(prefix) => text(value, notes).map(|text| {
            let text = lower(text);
            text.strip_prefix(prefix).map(ToOwned::to_owned).map_or(text, Cow::Owned)
        }),
        Coercion::Enum(known) => enumerated(value, known, notes),
        Coercion::Reference | Coercion::EventCustomer => reference(value, notes),
        Coercion::ReferenceWithPrefix(prefix) => reference_with_prefix(value, prefix, notes),
        Coercion::Json => json(value, notes),
        Coercion::JsonObject => json_object(value, notes),
        Coercion::AnyJson => Some(compact(value, notes)),
        Coercion::Map => map(value, notes),
        Coercion::Text
        | Coercion::Cents
        | Coercion::Integer
        | Coercion::Decimal
        | Coercion::Boolean
        | Coercion::Instant
        | Coercion::InstantOnly
        | Coercion::Date => text(value, notes),
    }
}

/// `text`: as sent; a number or boolean gives its JSON text.
fn text<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    match value.json_type() {
        JsonType::String => string(value, notes),
        JsonType::Number | JsonType::Boolean => {
            notes.push(ProblemCode::Coerced);
            Some(Cow::Borrowed(value.text()))
        }
        JsonType::Null => None,
        JsonType::Array | JsonType::Object => refuse(ProblemCode::BadText, notes),
    }
}

fn string<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    let (text, repaired) = value.string()?;
    if repaired {
        notes.push(ProblemCode::TextRepaired);
    }
    Some(text)
}

fn refuse<T>(code: ProblemCode, notes: &mut Notes) -> Option<T> {
    notes.push(code);
    None
}

fn text_or_json<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    if value.json_type() != JsonType::Array {
        return text(value, notes);
    }
    notes.push(ProblemCode::Coerced);
    Some(compact(value, notes))
}

/// Lowers ASCII letters only (CONTRACT N2, `currency`).
fn lower(text: Cow<'_, str>) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(text.to_ascii_lowercase());
    }
    text
}

/// `enum`: as `text`; a value outside a documented set is kept and noted. An empty set says that
/// no value is documented, so none is unknown.
fn enumerated<'a>(value: Value<'a>, known: &[&str], notes: &mut Notes) -> Option<Cow<'a, str>> {
    let text = text(value, notes)?;
    if !known.is_empty() && !known.contains(&&*text) {
        notes.push(ProblemCode::UnknownEnum);
    }
    Some(text)
}

/// `cents` and `int`.
pub(super) fn integer(value: Value<'_>, notes: &mut Notes) -> Option<i64> {
    let read = match value.json_type() {
        JsonType::Number => number::integer(value.text()),
        JsonType::String => {
            let text = value.string().map(|(text, _)| text).unwrap_or_default();
            number::integer_in_text(&text).map(|value| (value, true))
        }
        _ => Err(ProblemCode::BadNumber),
    };
    match read {
        Ok((value, bent)) => {
            if bent {
                notes.push(ProblemCode::Coerced);
            }
            Some(value)
        }
        Err(code) => refuse(code, notes),
    }
}

/// `dec`: the unscaled value of a DECIMAL(38,10).
pub(super) fn decimal(value: Value<'_>, notes: &mut Notes) -> Option<i128> {
    let read = match value.json_type() {
        JsonType::Number => number::decimal(value.text()),
        JsonType::String => value.string().and_then(|(text, _)| number::decimal(&text)),
        _ => None,
    };
    read.or_else(|| refuse(ProblemCode::BadNumber, notes))
}

/// `bool`.
pub(super) fn boolean(value: Value<'_>, notes: &mut Notes) -> Option<bool> {
    let read = match value.json_type() {
        JsonType::Boolean => return Some(value.text() == "true"),
        JsonType::Number => truth(value.text()).filter(|_| value.text().len() == 1),
        JsonType::String => value.string().and_then(|(text, _)| truth(&text)),
        _ => None,
    };
    notes.push(if read.is_some() { ProblemCode::Coerced } else { ProblemCode::BadBoolean });
    read
}

fn truth(text: &str) -> Option<bool> {
    match text {
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// `ts`: microseconds since the Unix epoch. Zero is a problem only where `never_zero`.
pub(super) fn instant(value: Value<'_>, never_zero: bool, notes: &mut Notes) -> Option<i64> {
    match moment(value, notes)? {
        Moment::Zero if never_zero => refuse(ProblemCode::ZeroTime, notes),
        Moment::Zero | Moment::Empty => None,
        Moment::Instant(micros) => Some(micros),
        Moment::Day(day) => {
            notes.push(ProblemCode::Coerced);
            Some(midnight(day))
        }
    }
}

/// As [`instant`], but a bare date gives NULL and no problem: it carries no instant.
pub(super) fn instant_only(value: Value<'_>, notes: &mut Notes) -> Option<i64> {
    match moment(value, notes)? {
        Moment::Instant(micros) => Some(micros),
        Moment::Zero | Moment::Empty | Moment::Day(_) => None,
    }
}

/// `date`: days since the Unix epoch.
pub(super) fn day(value: Value<'_>, notes: &mut Notes) -> Option<i32> {
    moment(value, notes)?.day()
}

fn compact<'a>(value: Value<'a>, notes: &mut Notes) -> Cow<'a, str> {
    let mut text = String::with_capacity(value.text().len());
    if write::compact(value, &mut text) {
        notes.push(ProblemCode::TextRepaired);
    }
    Cow::Owned(text)
}

/// `json`: an object or array.
fn json<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    match value.json_type() {
        JsonType::Object | JsonType::Array => Some(compact(value, notes)),
        _ => refuse(ProblemCode::BadJson, notes),
    }
}

/// An object; anything else belongs to the `Reference` column that reads the same field.
fn json_object<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    (value.json_type() == JsonType::Object).then(|| compact(value, notes))
}

/// `map`: an object; an empty array is what some encoders make of an empty object.
fn map<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    match value.json_type() {
        JsonType::Object => Some(compact(value, notes)),
        JsonType::Array if value.items().is_some_and(|items| items.is_empty()) => {
            notes.push(ProblemCode::Coerced);
            Some(Cow::Borrowed("{}"))
        }
        _ => refuse(ProblemCode::BadJson, notes),
    }
}

/// `ref`: a text, an integer, or the `id` of an embedded object; `""` is NULL.
///
/// A value that must never be put in a path (CONTRACT 0.3 rule 2) is kept, because ids are opaque
/// and joins need them, and noted as `bad_ref`; whoever builds paths refuses it.
fn reference<'a>(value: Value<'a>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    let inner = match value.json_type() {
        JsonType::Object => value.object().and_then(|object| object.get("id")),
        _ => Some(value),
    };
    let id = match inner.map(|inner| (inner, inner.json_type())) {
        Some((inner, JsonType::String)) => string(inner, notes)?,
        Some((inner, JsonType::Number)) if is_integer(inner.text()) => {
            notes.push(ProblemCode::Coerced);
            Cow::Borrowed(inner.text())
        }
        _ => return refuse(ProblemCode::BadRef, notes),
    };
    if id.is_empty() {
        return None;
    }
    if !fits_path(&id) {
        notes.push(ProblemCode::BadRef);
    }
    Some(id)
}

/// A text that starts with `prefix`; anything else points elsewhere and is no problem.
fn reference_with_prefix<'a>(
    value: Value<'a>,
    prefix: &str,
    notes: &mut Notes,
) -> Option<Cow<'a, str>> {
    let (text, _) = value.string()?;
    if text.starts_with(prefix) { reference(value, notes) } else { None }
}

/// Tells whether an id may be put in a request's path (CONTRACT 0.3 rule 2).
fn fits_path(id: &str) -> bool {
    !id.contains(['/', '?', '#']) && !RESERVED_IDS.contains(&id)
}

fn is_integer(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
}

/// Reads a record's own id (CONTRACT N1.5); `None` sends the record to quarantine.
pub(super) fn record_id<'a>(value: Option<Value<'a>>, notes: &mut Notes) -> Option<Cow<'a, str>> {
    let value = value?;
    let id = match value.json_type() {
        JsonType::String => string(value, notes)?,
        JsonType::Number if is_integer(value.text()) => {
            notes.push(ProblemCode::Coerced);
            Cow::Borrowed(value.text())
        }
        _ => return None,
    };
    if id.is_empty() || id.len() > LONGEST_ID {
        return None;
    }
    if !fits_path(&id) {
        notes.push(ProblemCode::BadRef);
    }
    Some(id)
}

/// Finds the customer an event is about: `data.customer`, or `data.id` where `data` is a customer.
pub(super) fn event_customer<'a>(data: &Object<'a>) -> Option<(&'static str, Value<'a>)> {
    if let Some(customer) = data.get("customer") {
        return Some(("data.customer", customer));
    }
    let object = data.get("object").and_then(Value::string_bytes)?;
    if *object != *b"customer" {
        return None;
    }
    data.get("id").map(|id| ("data.id", id))
}
