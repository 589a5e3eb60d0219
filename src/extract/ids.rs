//! Which ids may enter a request (CONTRACT 0.3 rule 2).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Words that are routes below a list path; `by_external_id` even creates objects.
const RESERVED: [&str; 5] = ["by_external_id", "external", "request", "events", "retry"];

/// Everything but the unreserved characters of RFC 3986.
const ID: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Tells whether an id from data may stand in a path or serve as a cursor.
///
/// Refused are empty ids, `.` and `..`, ids with `/`, `?` or `#`, and the reserved words; the words
/// also in other cases and with a format suffix (`by_external_id.json`), which routers take alike.
#[must_use]
pub fn is_usable_id(id: &str) -> bool {
    let stem = id.split_once('.').map_or(id, |(stem, _)| stem);
    !id.is_empty()
        && id != "."
        && id != ".."
        && !id.contains(['/', '?', '#'])
        && !RESERVED.iter().any(|word| stem.eq_ignore_ascii_case(word))
}

/// Gives the path of one object, or `None` for an id that may not be asked for.
pub(super) fn path_of(list: &str, id: &str) -> Option<String> {
    let list = list.trim_end_matches('/');
    is_usable_id(id).then(|| format!("{list}/{}", utf8_percent_encode(id, ID)))
}

/// Gives the path of a list, below an object where it stands below one; `None` for an id that may
/// not be asked for, or a missing one.
pub(super) fn path_below(list: &str, id: Option<&str>) -> Option<String> {
    match (list.split_once("{id}"), id) {
        (None, _) => Some(list.to_owned()),
        (Some((before, after)), Some(id)) => {
            path_of(before, id).map(|object| format!("{object}{after}"))
        }
        (Some(_), None) => None,
    }
}
