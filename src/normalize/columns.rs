//! Columns under construction.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Int64Builder, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, TimeUnit};

use super::coerce::{self, Notes};
use super::json::Value;
use super::number::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::catalog::{Coercion, Field};

/// Name of the column in which 0 is a problem: everything has a time of creation.
const CREATED_AT: &str = "created_at";

/// Text to reserve per row; a guess that spares most of the growing.
const TEXT_PER_ROW: usize = 24;

/// Gives the Arrow type of a coercion's column.
pub(super) fn data_type(coercion: Coercion) -> DataType {
    match coercion {
        Coercion::Cents | Coercion::Integer => DataType::Int64,
        Coercion::Decimal => DataType::Decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
        Coercion::Boolean => DataType::Boolean,
        Coercion::Instant | Coercion::InstantOnly => {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        }
        Coercion::Date => DataType::Date32,
        Coercion::Text
        | Coercion::TextOrJson
        | Coercion::LowerText
        | Coercion::LowerTextWithout(_)
        | Coercion::ApiVersion
        | Coercion::Enum(_)
        | Coercion::Json
        | Coercion::JsonObject
        | Coercion::AnyJson
        | Coercion::Map
        | Coercion::Reference
        | Coercion::ReferenceWithPrefix(_)
        | Coercion::EventCustomer => DataType::Utf8,
    }
}

/// One typed column, filled row by row.
#[derive(Debug)]
pub(super) enum ColumnBuilder {
    Text(StringBuilder),
    Integer(Int64Builder),
    Decimal(Decimal128Builder),
    Boolean(BooleanBuilder),
    Instant(TimestampMicrosecondBuilder),
    Day(Date32Builder),
}

impl ColumnBuilder {
    /// Makes an empty column for about `rows` rows.
    pub(super) fn new(coercion: Coercion, rows: usize) -> Self {
        let data_type = data_type(coercion);
        match data_type {
            DataType::Int64 => Self::Integer(Int64Builder::with_capacity(rows)),
            DataType::Decimal128(..) => {
                Self::Decimal(Decimal128Builder::with_capacity(rows).with_data_type(data_type))
            }
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            DataType::Timestamp(..) => {
                Self::Instant(TimestampMicrosecondBuilder::with_capacity(rows))
            }
            DataType::Date32 => Self::Day(Date32Builder::with_capacity(rows)),
            _ => Self::Text(StringBuilder::with_capacity(rows, rows * TEXT_PER_ROW)),
        }
    }

    /// Adds one row; `None` stands for missing or null.
    pub(super) fn append(&mut self, field: &Field, value: Option<Value<'_>>, notes: &mut Notes) {
        match self {
            Self::Text(column) => column.append_option(
                value.and_then(|value| coerce::text_column(field.coercion, value, notes)),
            ),
            Self::Integer(column) => {
                column.append_option(value.and_then(|value| coerce::integer(value, notes)));
            }
            Self::Decimal(column) => {
                column.append_option(value.and_then(|value| coerce::decimal(value, notes)));
            }
            Self::Boolean(column) => {
                column.append_option(value.and_then(|value| coerce::boolean(value, notes)));
            }
            Self::Instant(column) => {
                column.append_option(value.and_then(|value| instant(field, value, notes)));
            }
            Self::Day(column) => {
                column.append_option(value.and_then(|value| coerce::day(value, notes)));
            }
        }
    }

    /// Adds one row of a text column, whatever the record says.
    pub(super) fn append_text(&mut self, text: Option<&str>) {
        if let Self::Text(column) = self {
            column.append_option(text);
        }
    }

    /// Ends the column.
    pub(super) fn finish(mut self) -> ArrayRef {
        match &mut self {
            Self::Text(column) => Arc::new(column.finish()),
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Decimal(column) => Arc::new(column.finish()),
            Self::Boolean(column) => Arc::new(column.finish()),
            Self::Instant(column) => Arc::new(column.finish()),
            Self::Day(column) => Arc::new(column.finish()),
        }
    }
}

fn instant(field: &Field, value: Value<'_>, notes: &mut Notes) -> Option<i64> {
    if field.coercion == Coercion::InstantOnly {
        return coerce::instant_only(value, notes);
    }
    coerce::instant(value, field.column == CREATED_AT, notes)
}
