//! Pages behind opaque cursors, and the filters of the lists (CONTRACT C2).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::emulator::sibling::exchange::{Ask, Reply};
use crate::emulator::sibling::faults::SiblingTrouble;
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};
use crate::emulator::sibling::store::{Entry, Store};

const KIND: SiblingKind = SiblingKind::AlternativePayments;

/// Counts the rows of a page unless the caller says how many.
const USUAL_LIMIT: u32 = 100;
/// Begins every cursor, so that each holds `+` and `/`, which callers have to encode.
const HEAD: [u8; 6] = [0x81, 0xa1, 0x69, 0xfb, 0xef, 0xff];
const SALT: u64 = 0x9e37_79b9_7f4a_7c15;

/// Filters by a time of creation or payment: the two parameters, and the field they compare.
type Range = (&'static str, &'static str, &'static str);

/// Gives the ranges that a list can be filtered by.
fn ranges(list: &str) -> &'static [Range] {
    const CREATED: Range = ("created_at_start", "created_at_end", "created_at");
    match list {
        "customers" | "payments" => &[CREATED],
        "invoices" => &[CREATED, ("due_date_start", "due_date_end", "due_date")],
        // CONTRACT C-09.
        "payouts" => &[("start_date", "end_date", "created_at")],
        _ => &[],
    }
}

/// Gives the fields, shown or hidden, that a list can be filtered by.
fn selectors(list: &str) -> &'static [&'static str] {
    match list {
        "invoices" => &["customer_id", "status"],
        "payments" => &["type", "status", "customer_id", "invoice_id", "payment_method"],
        "payouts" => &["status", "customer_id", "invoice_id"],
        "webhooks" => &["topic", "is_active"],
        _ => &[],
    }
}

/// Names one row of one list.
fn cursor(list: &str, parent: Option<&str>, serial: u64) -> String {
    let place = place_of(list, parent);
    let mut bytes = Vec::from(HEAD);
    bytes.extend((serial ^ place.rotate_left(23)).wrapping_mul(SALT).to_be_bytes());
    bytes.extend(check(place, serial).to_be_bytes());
    STANDARD.encode(bytes)
}

/// Finds the row that a cursor names; nothing if it was not made for this list.
fn serial_of(list: &str, parent: Option<&str>, cursor: &str) -> Option<u64> {
    let bytes = STANDARD.decode(cursor).ok()?;
    let bytes = bytes.strip_prefix(&HEAD)?;
    let (masked, told) = (bytes.first_chunk::<8>()?, bytes.last_chunk::<4>()?);
    let place = place_of(list, parent);
    let serial = u64::from_be_bytes(*masked).wrapping_mul(inverse(SALT)) ^ place.rotate_left(23);
    (bytes.len() == 12 && u32::from_be_bytes(*told) == check(place, serial)).then_some(serial)
}

/// Finds what undoes a multiplication by an odd number.
fn inverse(number: u64) -> u64 {
    // Each of Newton's steps doubles the bits that are right; one is at the start.
    (0..6)
        .fold(number, |guess, _| guess.wrapping_mul(2_u64.wrapping_sub(number.wrapping_mul(guess))))
}

fn place_of(list: &str, parent: Option<&str>) -> u64 {
    let name = list.bytes().chain([0]).chain(parent.unwrap_or_default().bytes());
    name.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn check(place: u64, serial: u64) -> u32 {
    let mixed = (place ^ serial.wrapping_mul(SALT)).wrapping_mul(SALT);
    u32::try_from(mixed >> 32).unwrap_or_default()
}

/// Holds what was asked of a page.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    limit: usize,
    /// Wants rows older than this one.
    after: Option<u64>,
    /// Wants rows newer than this one.
    before: Option<u64>,
}

/// Serves a page of a list or of what belongs to one object, newest first.
pub(crate) fn page(
    store: &Store,
    options: &SiblingOptions,
    ask: &Ask,
    list: &str,
    parent: Option<&str>,
) -> Reply {
    let wanted = match wanted(options, ask, list, parent) {
        Ok(wanted) => wanted,
        Err(reply) => return reply,
    };
    let filter = match Filter::read(ask, list) {
        Ok(filter) => filter,
        Err(reply) => return reply,
    };
    let (Some(found), Some(kind)) = (store.list(list), store.kind(list)) else {
        return Reply::error(KIND, 404, "There is nothing at this path.");
    };
    let mut rows: Vec<(u64, &Entry)> = match parent {
        Some(parent) => found.under(parent).rev().collect(),
        None => found.all().rev().filter(|(_, entry)| store.is_live(kind, entry)).collect(),
    };
    rows.retain(|(_, entry)| filter.lets(entry));
    let (chosen, has_next, has_previous) = cut(&rows, wanted);
    let data: Vec<Value> = chosen.iter().map(|(_, entry)| store.view(list, entry)).collect();
    let name = |row: Option<&(u64, &Entry)>| row.map(|(serial, _)| cursor(list, parent, *serial));
    Reply::json(&envelope(
        ask,
        Envelope {
            data,
            start: name(chosen.first()),
            end: name(chosen.last()),
            has_next,
            has_previous,
        },
    ))
}

/// Cuts a page out of rows that come newest first; tells whether there are rows after and before.
fn cut<'a, 'b>(
    rows: &'b [(u64, &'a Entry)],
    wanted: Wanted,
) -> (&'b [(u64, &'a Entry)], bool, bool) {
    let (begin, end) = match wanted {
        Wanted { after: Some(after), limit, .. } => {
            let begin = rows.partition_point(|(serial, _)| *serial >= after);
            (begin, begin.saturating_add(limit).min(rows.len()))
        }
        Wanted { before: Some(before), limit, .. } => {
            let end = rows.partition_point(|(serial, _)| *serial > before);
            (end.saturating_sub(limit), end)
        }
        Wanted { limit, .. } => (0, limit.min(rows.len())),
    };
    (rows.get(begin..end).unwrap_or_default(), end < rows.len(), begin > 0)
}

/// Holds what a page says.
struct Envelope {
    data: Vec<Value>,
    start: Option<String>,
    end: Option<String>,
    has_next: bool,
    has_previous: bool,
}

/// Writes a page, in one of the shapes that the documents and clients know (CONTRACT C-07).
fn envelope(ask: &Ask, page: Envelope) -> Value {
    let Envelope { data, start, end, has_next, has_previous } = page;
    let flat = |end: Value, has_next: bool, data: Vec<Value>| {
        json!({
            "data": data,
            "start_cursor": start,
            "end_cursor": end,
            "has_next_page": has_next,
            "has_previous_page": has_previous,
        })
    };
    match ask.trouble {
        Some(SiblingTrouble::EmptyCursor) => flat("".into(), true, data),
        Some(SiblingTrouble::SameCursor) => {
            let sent = ask.parameter("after").or_else(|| ask.parameter("before"));
            flat(sent.into(), true, data)
        }
        Some(SiblingTrouble::NestedPageInfo) => {
            json!({"data": data, "pagination": {"has_next_page": has_next, "end_cursor": end}})
        }
        Some(SiblingTrouble::NextCursorShape) => {
            json!({"data": data, "next_cursor": end, "has_more": has_next})
        }
        Some(SiblingTrouble::NoPageInfo) => json!({"data": data}),
        _ => flat(end.into(), has_next, data),
    }
}

fn wanted(
    options: &SiblingOptions,
    ask: &Ask,
    list: &str,
    parent: Option<&str>,
) -> Result<Wanted, Reply> {
    let limit = match ask.parameter("limit").map(str::parse::<u32>) {
        None => USUAL_LIMIT,
        Some(Ok(limit)) if limit > 0 => limit,
        Some(_) => {
            return Err(Reply::invalid(KIND, 400, "limit", "must be a whole number above 0"));
        }
    };
    let named = |name: &'static str| {
        let cursor = ask.parameter(name);
        let found = cursor.map(|cursor| serial_of(list, parent, cursor));
        found.map(|found| found.ok_or(name)).transpose()
    };
    match (named("after"), named("before")) {
        (Ok(after), Ok(before)) => {
            let limit = usize::try_from(limit.min(options.page_cap)).unwrap_or(usize::MAX);
            Ok(Wanted { limit, after, before })
        }
        (Err(name), _) | (_, Err(name)) => {
            Err(Reply::invalid(KIND, 400, name, "is no cursor of this list"))
        }
    }
}

/// Holds the filters of one request.
struct Filter<'a> {
    equal: Vec<(&'static str, &'a str)>,
    /// Holds fields with the first and last instant that they may hold.
    within: Vec<(&'static str, Timestamp, Timestamp)>,
    company: Option<String>,
}

impl<'a> Filter<'a> {
    fn read(ask: &'a Ask, list: &str) -> Result<Self, Reply> {
        let mut within = Vec::new();
        for (start, end, field) in ranges(list) {
            let bound = |name: &'static str, usual: Timestamp, is_end: bool| {
                let Some(text) = ask.parameter(name) else { return Ok(usual) };
                instant_of(text, is_end).ok_or_else(|| {
                    Reply::invalid(KIND, 422, name, "must be a time as RFC 3339 writes it")
                })
            };
            let earliest = bound(start, Timestamp::MIN, false)?;
            let latest = bound(end, Timestamp::MAX, true)?;
            if (earliest, latest) != (Timestamp::MIN, Timestamp::MAX) {
                within.push((*field, earliest, latest));
            }
        }
        let equal = selectors(list).iter();
        let equal = equal.filter_map(|name| ask.parameter(name).map(|value| (*name, value)));
        let company = ask.parameter("company_name").filter(|_| list == "customers");
        Ok(Self { equal: equal.collect(), within, company: company.map(str::to_lowercase) })
    }

    fn lets(&self, entry: &Entry) -> bool {
        let has = |(name, wanted): &(&str, &str)| match entry
            .object
            .get(name)
            .or_else(|| entry.hidden.get(name))
        {
            Some(Value::String(text)) => text == wanted,
            Some(Value::Bool(flag)) => flag.to_string() == *wanted,
            Some(Value::Array(several)) => several.iter().any(|one| one == wanted),
            _ => false,
        };
        let fits = |(field, first, last): &(&str, Timestamp, Timestamp)| {
            let at = instant_of(entry.text(field), false);
            at.is_some_and(|at| (*first..=*last).contains(&at))
        };
        let called = |part: &String| {
            ["name", "legal_name"]
                .iter()
                .any(|field| entry.text(field).to_lowercase().contains(part))
        };
        self.equal.iter().all(has)
            && self.within.iter().all(fits)
            && self.company.as_ref().is_none_or(called)
    }
}

/// Reads an instant, or a day, which as an end means its last second.
fn instant_of(text: &str, is_end: bool) -> Option<Timestamp> {
    if text.len() == "YYYY-MM-DD".len() {
        let time = if is_end { "23:59:59.999999999" } else { "00:00:00" };
        return format!("{text}T{time}Z").parse().ok();
    }
    text.parse().ok()
}
