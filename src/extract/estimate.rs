//! How long a list is, from a few of its pages.

use super::client::{Client, Question};
use super::decode::{Envelope, Row};
use super::dialect::{self, Ask};
use crate::catalog::StreamSpec;
use crate::error::{Error, Result};
use crate::model::Window;

/// Steps back in search of the oldest object, each four times as far as the one before.
const STEPS: u32 = 10;
/// Halvings of the last step.
const HALVINGS: u32 = 3;
/// Shortest first step, seconds.
const FIRST_STEP: i64 = 86_400;
/// Parts of the list's time at whose borders its density is looked at.
const SAMPLES: i64 = 4;

/// An estimate of a list's length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Rows; `None` if a few pages cannot tell.
    pub rows: Option<u64>,
    /// They were counted, not estimated.
    pub is_exact: bool,
}

impl Client {
    /// Estimates the number of rows in a part of a list, by at most twenty requests: counts a single
    /// page, else takes the server's own page count, else multiplies the time that they span with the
    /// density of a few pages.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4).
    pub async fn estimate_rows(
        &self,
        spec: &'static StreamSpec,
        window: Window,
    ) -> Result<Estimate> {
        let limit = self.served(spec.path).limit;
        let head = self.peek(spec, Ask { window, limit, after: None }).await?;
        let count = count(&head.rows);
        if count < u64::from(limit) && self.is_all(spec, window, limit, &head).await? {
            return Ok(Estimate { rows: Some(count), is_exact: true });
        }
        let rows = match (head.total_pages, span(&head.rows)) {
            (Some(pages), _) => Some(pages.saturating_mul(count)),
            (None, Some(span)) => Some(self.measure(spec, window, span, &head.rows).await?),
            (None, None) => None,
        };
        Ok(Estimate { rows, is_exact: false })
    }

    /// A server may show less at once than it is asked for.
    async fn is_all(
        &self,
        spec: &'static StreamSpec,
        window: Window,
        limit: u32,
        head: &Envelope,
    ) -> Result<bool> {
        let Some(after) = head.rows.last().and_then(|row| row.id.clone()) else { return Ok(true) };
        let ask = Ask { window, limit, after: Some(after) };
        Ok(self.peek(spec, ask).await?.rows.is_empty())
    }

    async fn measure(
        &self,
        spec: &'static StreamSpec,
        window: Window,
        (newest, low): (i64, i64),
        head: &[Row],
    ) -> Result<u64> {
        let oldest = self.oldest(spec, window.from.unwrap_or(0), newest, low).await?;
        let limit = self.served(spec.path).limit;
        let mut densities = vec![density(head, newest)];
        for part in 1..SAMPLES {
            let at = newest - (newest - oldest) / SAMPLES * part;
            let window = Window { to: Some(at), ..window };
            let page = self.peek(spec, Ask { window, limit, after: None }).await?;
            densities.push(density(&page.rows, at));
        }
        let seconds = u128::try_from(newest.saturating_sub(oldest)).unwrap_or(0);
        let (rows, spans) =
            densities.iter().fold((0, 0), |sum, (rows, span)| (sum.0 + rows, sum.1 + span));
        let all = rows * seconds / spans.max(1);
        Ok(u64::try_from(all).unwrap_or(u64::MAX).max(count(head)))
    }

    /// Finds about when the oldest object after `floor` was made.
    async fn oldest(
        &self,
        spec: &'static StreamSpec,
        floor: i64,
        newest: i64,
        low: i64,
    ) -> Result<i64> {
        let found_until = async |at| {
            let found = self.newest_until(spec, at).await?;
            Ok::<_, Error>(found.filter(|found| *found > floor).map(|found| found.min(at)))
        };
        let (mut some, mut none) = (low, floor);
        let mut distance = newest.saturating_sub(low).max(FIRST_STEP);
        for _ in 0..STEPS {
            distance = distance.saturating_mul(4);
            let at = newest.saturating_sub(distance);
            if at <= floor {
                break;
            }
            let Some(found) = found_until(at).await? else {
                none = at;
                break;
            };
            some = found;
        }
        for _ in 0..HALVINGS {
            let middle = none + some.saturating_sub(none) / 2;
            match found_until(middle).await? {
                Some(found) => some = found,
                None => none = middle,
            }
        }
        Ok(none + some.saturating_sub(none) / 2)
    }

    async fn peek(&self, spec: &'static StreamSpec, ask: Ask) -> Result<Envelope> {
        let dialect = dialect::of(spec.paging);
        let query = dialect.query(&ask);
        let question = Question { query, ..Question::of(spec, spec.path) };
        Ok(self.ask(&question, |body| dialect.decode(body)).await?.value)
    }
}

fn count(rows: &[Row]) -> u64 {
    u64::try_from(rows.len()).unwrap_or(u64::MAX)
}

/// Gives the newest and the oldest time of a page, if it shows them.
fn span(rows: &[Row]) -> Option<(i64, i64)> {
    let times = || rows.iter().filter_map(|row| row.created_at);
    Some((times().max()?, times().min()?))
}

/// Gives the rows of a page of what was made until `at`, and the seconds that they span.
fn density(rows: &[Row], at: i64) -> (u128, u128) {
    let seconds = span(rows).map_or(0, |(_, oldest)| at.saturating_sub(oldest));
    (u128::from(count(rows)), u128::try_from(seconds).unwrap_or(0))
}
