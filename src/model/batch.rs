//! What normalisation hands to loading.

use std::collections::BTreeSet;

use arrow::record_batch::RecordBatch;

/// Number of a request within a run, taken when the request is sent; later is newer (I5).
pub type RequestNumber = i64;

/// How bad a problem is (CONTRACT N6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// Nothing was lost or guessed wrongly; kept for the curious.
    Info,
    /// A column is NULL although the source sent something.
    Warning,
    /// The record could not enter its table.
    Quarantine,
}

macro_rules! problem_codes {
    ($($variant:ident = $name:literal, $severity:ident, $doc:literal;)+) => {
        /// Problem codes of CONTRACT N6 that concern one record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ProblemCode { $(#[doc = $doc] $variant,)+ }

        impl ProblemCode {
            /// Every code, for tables and tests.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Gives the name stored in the warehouse.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Gives the level.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)+ }
            }
        }
    };
}

problem_codes! {
    Coerced = "coerced", Info, "The value was of another type and could be read exactly.";
    UnknownEnum = "unknown_enum", Info, "A value outside the documented set, kept as sent.";
    ObjectMissing = "object_missing", Info, "The element does not name its object type.";
    TextRepaired = "text_repaired", Warning, "U+0000 or a lone surrogate became U+FFFD.";
    BadText = "bad_text", Warning, "Object or array where text belongs.";
    BadNumber = "bad_number", Warning, "Not a number.";
    NotInteger = "not_integer", Warning, "A fraction where an integer belongs.";
    OutOfRange = "out_of_range", Warning, "Outside the column's range.";
    BadBoolean = "bad_boolean", Warning, "Not a boolean.";
    BadTime = "bad_time", Warning, "Not an instant or date.";
    ZeroTime = "zero_time", Warning, "`created_at` was 0.";
    BadJson = "bad_json", Warning, "A scalar where an object or array belongs.";
    BadRef = "bad_ref", Warning, "Not a usable id of another object.";
    UnexpectedObject = "unexpected_object", Quarantine, "The element is of another object type.";
    NotAnObject = "not_an_object", Quarantine, "The element is not a JSON object.";
    NoId = "no_id", Quarantine, "The element has no usable id.";
}

/// One finding about one field of one record (CONTRACT N6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Id of the record.
    pub id: String,
    /// Source field, as the API spells it.
    pub field: String,
    /// What is wrong.
    pub code: ProblemCode,
    /// The value as received, cut to 100 characters, masked if sensitive.
    pub got: String,
    /// JSON type of the value: `null boolean number string array object`.
    pub json_type: &'static str,
}

/// An element that cannot enter its table (CONTRACT N1.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// 0-based position within the walk.
    pub position: u64,
    /// The `object` it names, if any.
    pub object: Option<String>,
    /// The `id` it carries, if any.
    pub id: Option<String>,
    /// The element as received.
    pub raw: String,
    /// Why.
    pub code: ProblemCode,
}

/// A field without a column, seen in a batch (CONTRACT N1.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownField {
    /// Name as received.
    pub field: String,
    /// JSON type of one sample.
    pub json_type: &'static str,
    /// Rows of the batch that carry it.
    pub rows: u64,
}

/// One page, normalised. `received == records.num_rows() + quarantined.len()`.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Rows in the stage schema of the stream (see `normalize::Normalizer::schema`).
    pub records: RecordBatch,
    /// Findings of all rows, in row order.
    pub problems: Vec<Problem>,
    /// Elements kept out of the table.
    pub quarantined: Vec<Quarantined>,
    /// Fields without a column.
    pub unknown_fields: Vec<UnknownField>,
    /// Names of the fields that list copies carry; empty for a GET copy.
    pub list_fields: BTreeSet<String>,
    /// Elements received.
    pub received: u64,
}
