//! Which time of a stream is complete.

use super::Window;

/// Windows that are complete, merged. Time outside of them is unknown, never assumed empty (DESIGN
/// 1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Disjoint `(from, to]`, oldest first; `i64::MIN` is the beginning of time.
    spans: Vec<(i64, i64)>,
}

impl Coverage {
    /// Merges windows; those that share a bound are one. A window without an end counts for nothing.
    #[must_use]
    pub fn of(windows: impl IntoIterator<Item = Window>) -> Self {
        let mut spans: Vec<_> = windows.into_iter().filter_map(span).collect();
        spans.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::with_capacity(spans.len());
        for (from, to) in spans {
            match merged.last_mut() {
                Some((_, end)) if from <= *end => *end = to.max(*end),
                _ => merged.push((from, to)),
            }
        }
        Self { spans: merged }
    }

    /// Adds a window.
    #[must_use]
    pub fn with(&self, window: Window) -> Self {
        Self::of(self.windows().chain([window]))
    }

    /// Gives the bound up to which everything since the beginning is complete, Unix seconds.
    #[must_use]
    pub fn complete_to(&self) -> Option<i64> {
        self.spans.first().filter(|(from, _)| *from == i64::MIN).map(|(_, to)| *to)
    }

    /// Gives the parts of a window that are not complete, oldest first.
    #[must_use]
    pub fn missing(&self, wanted: Window) -> Vec<Window> {
        let Some((mut from, to)) = span(wanted) else { return Vec::new() };
        let mut missing = Vec::new();
        for (start, end) in self.spans.iter().copied() {
            if end <= from {
                continue;
            }
            if start >= to {
                break;
            }
            if start > from {
                missing.push(window((from, start)));
            }
            from = end;
        }
        if from < to {
            missing.push(window((from, to)));
        }
        missing
    }

    fn windows(&self) -> impl Iterator<Item = Window> {
        self.spans.iter().copied().map(window)
    }
}

fn span(window: Window) -> Option<(i64, i64)> {
    let (from, to) = (window.from.unwrap_or(i64::MIN), window.to?);
    (from < to).then_some((from, to))
}

fn window((from, to): (i64, i64)) -> Window {
    Window { from: (from != i64::MIN).then_some(from), to: Some(to) }
}
