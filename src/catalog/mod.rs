//! What can be mirrored, as data: source kinds, their streams, and every column with its coercion.
//!
//! Adding a stream is adding a record. The facts come from CONTRACT A2.5, B2 and C2 (lists), N2, N4
//! and B3 (columns) and N1.2 (coercions); nothing here does anything.

mod alternative_payments;
mod paid;
mod paid_ai;
mod spec;

pub use spec::{
    ARCHIVED_AT, Authentication, Class, Coercion, CreatedFilter, Field, Follows, Listing,
    NestedTable, PARENT, Paging, Settled, SingleRead, SourceKind, StreamSpec,
};

/// Every kind of source, by the name used in `sync.toml`; of several versions of an API the one
/// that is mirrored unless another is asked for comes first.
pub const SOURCE_KINDS: &[&SourceKind] =
    &[&paid::PAID, &paid_ai::V1, &paid_ai::V2, &alternative_payments::ALTERNATIVE_PAYMENTS];

/// Finds a source kind by its name or its [identity](SourceKind::identity).
#[must_use]
pub fn source_kind(name: &str) -> Option<&'static SourceKind> {
    let mut kinds = SOURCE_KINDS.iter().copied();
    kinds.find(|kind| kind.name == name || kind.identity() == name)
}
