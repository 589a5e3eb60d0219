//! Normalisation against CONTRACT V2, V3, V6, the quirks of A4, and hostile input.

mod coercions;
mod hostile;
mod rows;
mod secrets;

use std::collections::BTreeSet;

use arrow::array::{Array, StringArray};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::util::display::array_value_to_string;
use bytes::Bytes;
use paid_sync::catalog::{StreamSpec, source_kind};
use paid_sync::error::Kind;
use paid_sync::model::{Batch, Page, ProblemCode, View};
use paid_sync::normalize::{Normalizer, Sensitive, stage_schema};
use proptest::prelude::*;
use serde_json::{Value, json};

/// SHA-256 of `pepper` followed by [`LINK`], by another program.
const LINK_DIGEST: &str = "966518adaf64a970c599ee7bbf9e385a658c197e792a20ee33f2d42eef271d19";
const LINK: &str = "https://payments.paidlabs.com/i/secret";

fn spec(stream: &str) -> &'static StreamSpec {
    let paid = source_kind("paid").unwrap();
    paid.tables().find(|table| table.name == stream).unwrap()
}

fn page(elements: &[&str]) -> Page {
    Page {
        view: View::List,
        request: 7,
        observed_at: 1_426_021_736_000_001,
        elements: elements.iter().map(|text| Bytes::copy_from_slice(text.as_bytes())).collect(),
        first_position: 50,
    }
}

fn normalize_as(stream: &str, sensitive: Sensitive, elements: &[&str]) -> Batch {
    let batch = Normalizer::new(spec(stream), sensitive).normalize(&page(elements)).unwrap();
    let stored = batch.records.num_rows() + batch.quarantined.len();
    assert_eq!(batch.received, u64::try_from(stored).unwrap());
    assert_eq!(batch.received, u64::try_from(elements.len()).unwrap());
    batch
}

fn normalize(stream: &str, elements: &[&str]) -> Batch {
    normalize_as(stream, Sensitive::Keep, elements)
}

/// The value of a cell as text, `None` for NULL.
fn cell(batch: &Batch, row: usize, column: &str) -> Option<String> {
    let array = batch.records.column_by_name(column).unwrap_or_else(|| panic!("no {column}"));
    array.is_valid(row).then(|| array_value_to_string(array, row).unwrap())
}

fn text(batch: &Batch, row: usize, column: &str) -> String {
    let array = batch.records.column_by_name(column).unwrap();
    array.as_any().downcast_ref::<StringArray>().unwrap().value(row).to_owned()
}

fn findings(batch: &Batch) -> Vec<(&str, &'static str)> {
    batch.problems.iter().map(|problem| (&*problem.field, problem.code.name())).collect()
}

fn element(stream: &str, fields: &str) -> String {
    format!(r#"{{"id":"x_1","object":"{}",{fields}}}"#, spec(stream).object)
}

/// One row of a coercion table: stream, field, JSON value, column, result, codes.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static [&'static str],
);

fn check(cases: &[Case]) {
    for (stream, field, value, column, expected, codes) in cases {
        let batch = normalize(stream, &[&element(stream, &format!("\"{field}\":{value}"))]);
        let found: Vec<_> = batch.problems.iter().map(|problem| problem.code.name()).collect();
        assert_eq!(
            (cell(&batch, 0, column).as_deref(), &*found),
            (*expected, *codes),
            "{stream}.{column} from {value}"
        );
    }
}

fn check_column(
    stream: &'static str,
    column: &'static str,
    cases: &[(&'static str, Option<&'static str>, &'static [&'static str])],
) {
    let cases: Vec<Case> = cases
        .iter()
        .map(|(value, expected, codes)| (stream, column, *value, column, *expected, *codes))
        .collect();
    check(&cases);
}

fn pepper() -> Sensitive {
    Sensitive::Hash { salt: b"pepper".to_vec() }
}
