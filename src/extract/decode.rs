//! From the text of an answer to its elements. The envelope is strict, the elements are not.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;
use serde_json::value::RawValue;

/// Why a 2xx body cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Malformed {
    /// Not JSON, or cut: worth another try.
    NotJson,
    /// JSON, but not what was asked for.
    Shape(&'static str),
}

/// A list answer.
#[derive(Debug)]
pub(super) struct Envelope {
    /// Elements in the order received.
    pub(super) rows: Vec<Row>,
    /// The server's page count, good for display only (CONTRACT G-A3).
    pub(super) total_pages: Option<u64>,
    /// What the answer says of the pages to come.
    pub(super) info: PageInfo,
}

/// What an answer says of the pages to come; nothing where the next one follows from the rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct PageInfo {
    /// Whether there is more.
    pub(super) has_more: Option<bool>,
    /// Rows of the whole list.
    pub(super) total: Option<u64>,
    /// Cursor of the next page; empty if the server sent an empty one.
    pub(super) cursor: Option<String>,
}

/// One element: its text, and the two fields that paging needs.
#[derive(Debug)]
pub(super) struct Row {
    /// JSON text, a slice of the body.
    pub(super) json: Bytes,
    /// `id`, a text or an integer.
    pub(super) id: Option<String>,
    /// `created_at` or `createdAt`, Unix seconds; 0 counts as absent (CONTRACT A-13).
    pub(super) created_at: Option<i64>,
}

#[derive(Deserialize)]
struct RawEnvelope<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    total_pages: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Head<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    created_at: Option<&'a RawValue>,
    #[serde(borrow, rename = "createdAt")]
    created: Option<&'a RawValue>,
}

/// The fields of an envelope.
type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// Reads what an envelope says of its pages, in all spellings of CONTRACT B2.2 and C2: flat, then
/// under `pagination`. What it spells wrongly, it does not say.
fn page_info(fields: &Fields<'_>) -> PageInfo {
    let nested: Fields<'_> = fields
        .get("pagination")
        .and_then(|raw| serde_json::from_str(raw.get()).ok())
        .unwrap_or_default();
    let find = |names: &[&str]| {
        let in_either = |name: &&str| fields.get(*name).or_else(|| nested.get(*name)).copied();
        names.iter().find_map(in_either).filter(|raw| raw.get() != "null")
    };
    let total = find(&["total"]).and_then(|raw| integer(raw).or_else(|| text(raw)?.parse().ok()));
    PageInfo {
        has_more: find(&["has_next_page", "hasMore", "has_more"])
            .and_then(|raw| serde_json::from_str(raw.get()).ok()),
        total: total.and_then(|total| u64::try_from(total).ok()),
        cursor: find(&["end_cursor", "next_cursor"]).and_then(text),
    }
}

/// Reads `{"data": […]}` with what it says of its pages, or a bare array, which says nothing.
pub(super) fn pages(body: &Bytes) -> Result<Envelope, Malformed> {
    match first_byte(body) {
        Some(b'[') => whole(body, body),
        Some(b'{') => {
            let fields: Fields<'_> = parse(body, "the envelope is not one of the API's")?;
            let data = fields.get("data").ok_or(Malformed::Shape("`data` is missing"))?.get();
            if first_byte(data.as_bytes()) != Some(b'[') {
                return Err(Malformed::Shape("`data` is not an array"));
            }
            let info = page_info(&fields);
            Ok(Envelope { info, ..whole(body, data.as_bytes())? })
        }
        _ => {
            parse::<IgnoredAny>(body, "")?;
            Err(Malformed::Shape("the answer is neither an object nor an array"))
        }
    }
}

fn whole(body: &Bytes, array: &[u8]) -> Result<Envelope, Malformed> {
    Ok(Envelope { rows: rows(body, array)?, total_pages: None, info: PageInfo::default() })
}

/// Reads `{"object": "list", "data": […]}` or a bare array (CONTRACT A2.1).
pub(super) fn list(body: &Bytes) -> Result<Envelope, Malformed> {
    match first_byte(body) {
        Some(b'[') => whole(body, body),
        Some(b'{') => {
            let envelope: RawEnvelope<'_> = parse(body, "the envelope repeats a key")?;
            match envelope.object.and_then(text) {
                Some(object) if object == "list" => {}
                Some(_) => return Err(Malformed::Shape("`object` is not `list`")),
                None => return Err(Malformed::Shape("`object` is missing")),
            }
            let data = envelope.data.ok_or(Malformed::Shape("`data` is missing"))?.get();
            if first_byte(data.as_bytes()) != Some(b'[') {
                return Err(Malformed::Shape("`data` is not an array"));
            }
            let total_pages = envelope.total_pages.and_then(integer);
            let total_pages = total_pages.and_then(|pages| u64::try_from(pages).ok());
            Ok(Envelope { total_pages, ..whole(body, data.as_bytes())? })
        }
        _ => {
            parse::<IgnoredAny>(body, "")?;
            Err(Malformed::Shape("the answer is neither an object nor an array"))
        }
    }
}

/// Reads a single object.
pub(super) fn single(body: &Bytes) -> Result<Bytes, Malformed> {
    let raw: &RawValue = parse(body, "")?;
    match first_byte(raw.get().as_bytes()) {
        Some(b'{') => Ok(body.slice_ref(raw.get().as_bytes())),
        _ => Err(Malformed::Shape("the answer is not an object")),
    }
}

/// Reads an array that lies within `body` without copying its elements.
fn rows(body: &Bytes, array: &[u8]) -> Result<Vec<Row>, Malformed> {
    let elements: Vec<&RawValue> = parse(array, "the list is not an array")?;
    Ok(elements.into_iter().map(|element| row(body, element.get())).collect())
}

fn row(body: &Bytes, json: &str) -> Row {
    // An element that is no object, or names a field twice, has no usable head; normalisation
    // decides what becomes of it.
    let head: Head<'_> = match first_byte(json.as_bytes()) {
        Some(b'{') => serde_json::from_str(json).unwrap_or_default(),
        _ => Head::default(),
    };
    Row {
        json: body.slice_ref(json.as_bytes()),
        id: head.id.and_then(|id| text(id).or_else(|| digits(id))),
        created_at: head.created_at.or(head.created).and_then(seconds).filter(|at| *at != 0),
    }
}

/// Reads Unix seconds, a number or its digits, or an RFC 3339 text.
fn seconds(raw: &RawValue) -> Option<i64> {
    integer(raw).or_else(|| {
        let text = text(raw)?;
        let instant = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        text.parse().ok().or_else(instant)
    })
}

fn parse<'a, T: Deserialize<'a>>(json: &'a [u8], shape: &'static str) -> Result<T, Malformed> {
    serde_json::from_slice(json).map_err(|error| match error.classify() {
        Category::Data => Malformed::Shape(shape),
        Category::Io | Category::Syntax | Category::Eof => Malformed::NotJson,
    })
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

fn integer(raw: &RawValue) -> Option<i64> {
    serde_json::from_str(raw.get()).ok()
}

/// An integer as written: ids are opaque and may exceed every integer type.
fn digits(raw: &RawValue) -> Option<String> {
    let written = raw.get();
    written.bytes().all(|byte| byte.is_ascii_digit()).then(|| written.to_owned())
}

fn first_byte(json: &[u8]) -> Option<u8> {
    json.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}
