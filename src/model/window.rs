//! Windows of `created_at`.

use std::fmt;

/// The interval `(from, to]` of `created_at` in Unix seconds UTC; neighbours share a bound and
/// nothing else (DESIGN 1). `None` leaves that side open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Window {
    /// Exclusive lower bound, sent as `created_at[gt]`.
    pub from: Option<i64>,
    /// Inclusive upper bound, sent as `created_at[lte]`.
    pub to: Option<i64>,
}

impl Window {
    /// The whole list: nothing is asked of the server's filter.
    pub const ALL: Self = Self { from: None, to: None };

    /// Tells whether an instant (Unix seconds) lies inside.
    #[must_use]
    pub fn contains(&self, created_at: i64) -> bool {
        self.from.is_none_or(|from| created_at > from) && self.to.is_none_or(|to| created_at <= to)
    }

    /// Tells whether a filter has to be sent at all.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        *self != Self::ALL
    }
}

impl fmt::Display for Window {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.to) {
            (None, None) => formatter.write_str("everything"),
            (Some(from), None) => write!(formatter, "({from}, …)"),
            (None, Some(to)) => write!(formatter, "(…, {to}]"),
            (Some(from), Some(to)) => write!(formatter, "({from}, {to}]"),
        }
    }
}
