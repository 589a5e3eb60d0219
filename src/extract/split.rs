//! Where to cut a walk in two, as a pure decision (cutting itself is in `drive`).
//!
//! A segment runs from where it began down to where the next older one begins. Until the oldest
//! object is found the oldest segment has no lower end: it is cut further and further back, each
//! time four times as far from the head of the list as before, until nothing is found there. From
//! then on the segment with the most pages left is cut in the middle of its remaining time.

/// Pages that must be left of a segment for a cut to pay.
const LEAST_PAGES: i128 = 6;
/// Pages of the whole walk before its first cut: small lists are never cut.
const PAGES_BEFORE: u64 = 3;
/// Step of the first cut where rows show no time, seconds.
const FIRST_STEP: i64 = 86_400;
/// Times as far from the head as the segment stands, for the next cut further back.
const STRIDE: i64 = 4;

/// What is known of a segment. Times are `created_at`, Unix seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct View {
    /// Time at which it began.
    pub(super) began: i64,
    /// Time that it is known to be past: where it began, or further where rows show no time.
    pub(super) since: i64,
    /// Time that it has reached, where its rows show it.
    pub(super) low: Option<i64>,
    /// Time below which it has nothing to look for; `None` until that is known.
    pub(super) until: Option<i64>,
    /// Rows that came in so many seconds of `created_at`, its own or those of the segment it was
    /// cut from.
    pub(super) density: Option<(u64, i64)>,
    /// It can be cut now: not ended, no cut under way, and it can tell what it has passed.
    pub(super) is_open: bool,
}

impl View {
    fn position(&self) -> i64 {
        self.low.unwrap_or(self.since)
    }

    /// Estimates the pages left, from the density of the rows so far; days where there is none.
    fn pages_left(&self, page: u32) -> Option<i128> {
        let seconds = i128::from(self.position().saturating_sub(self.until?));
        Some(match self.density {
            Some((rows, span)) if span > 0 => {
                seconds * i128::from(rows) / i128::from(span) / i128::from(page.max(1))
            }
            _ => seconds / i128::from(FIRST_STEP),
        })
    }
}

/// Chooses the segment to cut and the time at which; `floor` is the lower end of the walk, `pages`
/// what the whole walk has sent.
pub(super) fn choose(views: &[View], floor: i64, page: u32, pages: u64) -> Option<(usize, i64)> {
    if pages < PAGES_BEFORE {
        return None;
    }
    let open = || views.iter().enumerate().filter(|(_, view)| view.is_open);
    if let Some((index, view)) = open().find(|(_, view)| view.until.is_none()) {
        let head = views.iter().map(|view| view.began).max()?;
        let distance = head.saturating_sub(view.position()).max(FIRST_STEP / STRIDE);
        let at = head.saturating_sub(distance.saturating_mul(STRIDE));
        return Some((index, at.max(floor.saturating_add(1))));
    }
    let (index, left) = open()
        .filter_map(|(index, view)| Some((index, view.pages_left(page)?)))
        .max_by_key(|(_, left)| *left)?;
    let view = views.get(index)?;
    let until = view.until?;
    let middle = until + view.position().saturating_sub(until) / 2;
    (left >= LEAST_PAGES && middle > until && middle < view.position()).then_some((index, middle))
}

/// Estimates the pages left of a walk, from the density of what came so far; `floor` is the lower end
/// of its window. `None` while the oldest object is not found, or where rows show no time.
pub(super) fn pages_left(views: &[View], floor: Option<i64>, page: u32) -> Option<u64> {
    let left = |view: &View| {
        view.low?;
        View { until: view.until.or(floor), ..*view }.pages_left(page)
    };
    let left: Option<Vec<i128>> = views.iter().map(left).collect();
    u64::try_from(left?.into_iter().sum::<i128>()).ok()
}

#[cfg(test)]
mod tests {
    use super::{View, choose, pages_left};

    const DAY: i64 = 86_400;
    const HEAD: i64 = 2_000 * DAY;

    fn view(since: i64, low: i64, until: Option<i64>) -> View {
        View {
            began: since,
            since,
            low: Some(low),
            until,
            density: Some((1_000, DAY)),
            is_open: true,
        }
    }

    #[test]
    fn a_short_walk_is_not_cut() {
        let views = [view(HEAD, HEAD - DAY, None)];
        assert_eq!(choose(&views, 0, 100, 2), None);
        assert!(choose(&views, 0, 100, 3).is_some());
    }

    #[test]
    fn the_pages_left_follow_from_density_once_the_end_is_known() {
        let open = view(HEAD, HEAD - DAY, None);
        assert_eq!(pages_left(&[open], None, 100), None);
        assert_eq!(pages_left(&[open], Some(HEAD - 3 * DAY), 100), Some(20));
        let bounded = view(HEAD - 5 * DAY, HEAD - 6 * DAY, Some(HEAD - 7 * DAY));
        assert_eq!(pages_left(&[open, bounded], Some(HEAD - 3 * DAY), 100), Some(30));
        assert_eq!(pages_left(&[View { low: None, ..bounded }], None, 100), None);
    }

    #[test]
    fn the_oldest_object_is_sought_in_growing_strides() {
        let first = choose(&[view(HEAD, HEAD - DAY, None)], 0, 100, 3);
        assert_eq!(first, Some((0, HEAD - 4 * DAY)));
        let views = [
            view(HEAD, HEAD - DAY, Some(HEAD - 4 * DAY)),
            view(HEAD - 4 * DAY, HEAD - 4 * DAY, None),
        ];
        assert_eq!(choose(&views, 0, 100, 4), Some((1, HEAD - 16 * DAY)));
        let floor = HEAD - 10 * DAY;
        assert_eq!(choose(&views, floor, 100, 4), Some((1, floor + 1)));
    }

    #[test]
    fn the_segment_with_most_left_is_cut_in_its_middle() {
        let views = [
            view(HEAD, HEAD - DAY, Some(HEAD - 4 * DAY)),
            view(HEAD - 4 * DAY, HEAD - 5 * DAY, Some(HEAD - 9 * DAY)),
        ];
        assert_eq!(choose(&views, 0, 100, 9), Some((1, HEAD - 7 * DAY)));
        let busy = views.map(|view| View { is_open: view.until != views[1].until, ..view });
        assert_eq!(choose(&busy, 0, 100, 9), Some((0, HEAD - 4 * DAY + 3 * DAY / 2)));
    }

    #[test]
    fn what_has_little_left_is_not_cut() {
        let views = [view(HEAD, HEAD - DAY, Some(HEAD - DAY - DAY / 4))];
        assert_eq!(choose(&views, 0, 100, 9), None);
        let second = View { density: Some((u64::MAX, 1)), ..view(HEAD, 11, Some(10)) };
        assert_eq!(choose(&[second], 0, 100, 9), None, "a second cannot be cut");
    }
}
