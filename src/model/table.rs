//! A small table of results, made by commands and reports, drawn by `report::render`.

/// What a column holds; decides alignment and number formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text, left-aligned.
    Text,
    /// Plain integer (counts, days), right-aligned.
    Integer,
    /// Money in minor units (cents), right-aligned. Shown to people in the major units of the
    /// currency that the row names in its column `currency`; data for machines stays in minor units.
    MinorUnits,
    /// Number with a fraction, as text, right-aligned.
    Decimal,
    /// `YYYY-MM-DD`.
    Date,
    /// `YYYY-MM-DDTHH:MM:SSZ`, UTC.
    Instant,
    /// true or false.
    Boolean,
}

/// A column's name and kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Name, as in SQL.
    pub name: String,
    /// Kind.
    pub kind: ColumnKind,
}

/// One value. Dates and instants are text in the form that [`ColumnKind`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// No value.
    Null,
    /// Text, as the source sent it: not yet safe for a terminal, HTML or a spreadsheet.
    Text(String),
    /// Number.
    Integer(i128),
    /// Truth value.
    Boolean(bool),
}

/// Rows of cells; every row has as many cells as there are columns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Headings.
    pub columns: Vec<Column>,
    /// Rows, in the order to show.
    pub rows: Vec<Vec<Cell>>,
    /// Sums for people, shown below the rows; as long as rows.
    pub totals: Vec<Vec<Cell>>,
    /// What a person should know about it, shown at its foot.
    pub notes: Vec<String>,
}

impl Table {
    /// Makes an empty table with these columns.
    #[must_use]
    pub fn new(columns: &[(&str, ColumnKind)]) -> Self {
        let columns = columns
            .iter()
            .map(|(name, kind)| Column { name: (*name).to_owned(), kind: *kind })
            .collect();
        Self { columns, ..Self::default() }
    }
}
