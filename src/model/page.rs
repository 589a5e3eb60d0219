//! What extraction hands to normalisation.

use bytes::Bytes;

use super::RequestNumber;

/// Which copy of an object an answer shows; the two may differ in fields (CONTRACT A-31).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// An element of a list.
    List,
    /// The answer of a GET by id.
    Get,
}

impl View {
    /// Gives the name stored in the warehouse.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Get => "get",
        }
    }
}

/// The elements of one answer, each still the JSON text as received.
#[derive(Debug, Clone)]
pub struct Page {
    /// How the elements were seen.
    pub view: View,
    /// Taken when the request was sent; orders observations within a run (I5).
    pub request: RequestNumber,
    /// Server time at which the answer was observed, microseconds since the Unix epoch, UTC.
    pub observed_at: i64,
    /// JSON text of each element: slices of one shared body, valid UTF-8 and valid JSON values.
    pub elements: Vec<Bytes>,
    /// Position of the first element within its walk, 0-based; used to name quarantined elements.
    pub first_position: u64,
}

impl Page {
    /// Gives an element with one more field at its end, `value` being JSON; `None` if the element is
    /// no object.
    #[must_use]
    pub fn with_member(element: &[u8], name: &str, value: &str) -> Option<Bytes> {
        let text = element.trim_ascii();
        let inner = text.strip_prefix(b"{")?.strip_suffix(b"}")?;
        let comma = if inner.trim_ascii().is_empty() { "" } else { "," };
        let field = format!("{comma}\"{name}\":{value}}}");
        Some([b"{", inner, field.as_bytes()].concat().into())
    }
}
