//! Normalisation: one page of raw JSON elements becomes one Arrow batch and its findings. Pure.
//!
//! Owns the coercions of CONTRACT N1.2, the row hash, `_extra`, quarantine and masking. Does no IO
//! and knows nothing of other stages. What holds for every page:
//!
//! * `received == rows + quarantined`; no element and no top-level field is dropped (I7).
//! * A bad value costs its column, never its row; a bad element costs itself, never the page.
//! * Digits are read as digits: no number passes through a float.
//! * No input panics or exhausts the stack, however deep or long.
//!
//! The steps of one element: scan it once into top-level fields (`json`), write its canonical form
//! and hash that (`write`), mask it if so configured (`sensitive`), look up where each field goes
//! (`layout`), coerce (`coerce`, `number`, `time`), append (`columns`, `page`).

mod account_numbers;
mod coerce;
mod columns;
mod json;
mod layout;
mod number;
mod page;
mod sensitive;
mod time;
mod write;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};

pub use self::sensitive::Sensitive;

use self::layout::Layout;
use self::page::Rows;
use self::sensitive::Masker;
use crate::catalog::StreamSpec;
use crate::error::Result;
use crate::model::{Batch, Page};

/// Version of what becomes of an element. To be raised with every change that gives other columns
/// for the same element: the change log is then replayed before the next run.
pub const NORMALIZER_VERSION: i64 = 1;
/// Version of warehouses that were made before versions were written down.
pub const FIRST_NORMALIZER_VERSION: i64 = 1;

/// Turns pages of one stream into batches; made once, used for every page.
#[derive(Debug, Clone)]
pub struct Normalizer {
    spec: &'static StreamSpec,
    schema: SchemaRef,
    layout: Layout,
    masker: Masker,
    /// Fields that list copies carry; empty where no list copy was seen.
    list_fields: BTreeSet<String>,
}

impl Normalizer {
    /// Prepares for a stream. `sensitive` decides about links that work without a login.
    #[must_use]
    pub fn new(spec: &'static StreamSpec, sensitive: Sensitive) -> Self {
        Self {
            spec,
            schema: Arc::new(stage_schema(spec)),
            layout: Layout::new(spec),
            masker: Masker::new(sensitive, spec),
            list_fields: BTreeSet::new(),
        }
    }

    /// Tells which fields list copies of the stream carry, so that a GET copy, which may have more
    /// (CONTRACT A-31), can be compared with the list copy that was seen before.
    #[must_use]
    pub fn with_list_fields(mut self, list_fields: BTreeSet<String>) -> Self {
        self.list_fields = list_fields;
        self
    }

    /// Gives the schema of every batch: [`stage_schema`] of the stream.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Normalises one page; rows come in the order of its elements.
    ///
    /// # Errors
    ///
    /// [`Contract`](crate::error::Kind::Contract) if an element is not valid JSON in UTF-8.
    pub fn normalize(&self, page: &Page) -> Result<Batch> {
        let mut rows = Rows::new(self, page);
        for (position, element) in (page.first_position..).zip(&page.elements) {
            rows.element(position, element)?;
        }
        rows.finish(page)
    }
}

/// Gives the columns of a staged batch, in order.
///
/// | column | content |
/// | --- | --- |
/// | `id` | the record's id, never NULL |
/// | one per catalogue field | NULL where missing, null or unreadable; money in minor units, instants UTC |
/// | `_row_hash` | 32 hex digits: XXH3-128 of the canonical object without volatile fields, unmasked |
/// | `_list_hash` | the same over the fields that list copies carry; equals `_row_hash` for a list copy |
/// | `_extra` | JSON object: fields without a column, and values that lost against a preferred name |
/// | `_problems` | JSON array of `{"field", "code", "got", "type"}` (CONTRACT N6) |
/// | `_raw` | the element as received, except what `sensitive` masked |
/// | `_request` | number of the request within the run (I5) |
/// | `_observed_at` | server time of the answer, UTC |
/// | `_view` | `list` or `get` |
#[must_use]
pub fn stage_schema(spec: &StreamSpec) -> Schema {
    let text = |name: &str| ArrowField::new(name, DataType::Utf8, false);
    let mut columns = vec![text("id")];
    columns.extend(
        spec.fields
            .iter()
            .map(|field| ArrowField::new(field.column, columns::data_type(field.coercion), true)),
    );
    columns.extend(["_row_hash", "_list_hash", "_extra", "_problems", "_raw"].map(text));
    columns.push(ArrowField::new("_request", DataType::Int64, false));
    let instant = DataType::Timestamp(TimeUnit::Microsecond, None);
    columns.push(ArrowField::new("_observed_at", instant, false));
    columns.push(text("_view"));
    Schema::new(columns)
}
