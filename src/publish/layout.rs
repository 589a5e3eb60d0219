//! How the rows of a stream are spread over Parquet directories.

use std::path::Path;

use crate::database::literal;
use crate::durable;

/// How a stream's rows are spread over directories.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// `month=YYYY-MM` of `created_at`; rows without one in `month=unknown`.
    Month,
    /// `bucket=0` … `bucket=f` by id, where no row has a `created_at`.
    Bucket,
}

impl Layout {
    /// Partition of rows without a time, where others have one.
    pub(super) const UNKNOWN: &str = "month=unknown";

    /// Gives the SQL that names a row's partition.
    pub(super) const fn expression(self) -> &'static str {
        match self {
            Self::Month => "'month=' || coalesce(strftime(created_at, '%Y-%m'), 'unknown')",
            Self::Bucket => "'bucket=' || substr(md5(id), 1, 1)",
        }
    }

    /// Gives the SQL condition that a row is in one of these partitions.
    pub(super) fn holds(self, names: &[&String]) -> String {
        let wanted: Vec<String> = names.iter().map(|name| literal(name)).collect();
        let within = self.range(names).unwrap_or_default();
        format!("{within}{} IN ({})", self.expression(), wanted.join(", "))
    }

    /// Gives the range of time that months span: what lies outside of it need not be read.
    fn range(self, names: &[&String]) -> Option<String> {
        let month = |name: &&String| -> Option<String> {
            let month = name.strip_prefix(self.prefix())?;
            (self == Self::Month
                && name.as_str() != Self::UNKNOWN
                && month.len() == "2026-06".len())
            .then(|| format!("TIMESTAMP '{month}-01 00:00:00'"))
        };
        let months: Vec<String> = names.iter().map(month).collect::<Option<_>>()?;
        let (first, last) = (months.iter().min()?, months.iter().max()?);
        Some(format!("created_at >= {first} AND created_at < {last} + INTERVAL 1 MONTH AND "))
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Month => "month=",
            Self::Bucket => "bucket=",
        }
    }
}

/// Tells whether the directories below a path are those of a layout.
pub(super) fn has_layout(path: &Path, layout: Layout) -> bool {
    let Ok(entries) = durable::list(path) else { return false };
    entries.iter().all(|entry| {
        entry
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.starts_with(layout.prefix()))
    })
}
