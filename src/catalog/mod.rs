//! What can be mirrored, as data: source kinds, their streams, and every column with its coercion.
//!
//! Adding a stream is adding a record. The facts come from CONTRACT A2.5 (lists), N2 (columns) and
//! N1.2 (coercions); nothing here does anything.

mod paid;
mod spec;

pub use spec::{
    Authentication, Class, Coercion, CreatedFilter, Field, Follows, Paging, Settled, SingleRead,
    SourceKind, StreamSpec,
};

/// Every kind of source, by the name used in `sync.toml`.
pub const SOURCE_KINDS: &[&SourceKind] = &[&paid::PAID];

/// Finds a source kind by its name.
#[must_use]
pub fn source_kind(name: &str) -> Option<&'static SourceKind> {
    SOURCE_KINDS.iter().copied().find(|kind| kind.name == name)
}
