//! How long a list is, from a few of its pages.

use super::client::{Client, Question};
use super::decode::{Envelope, Row};
use super::dialect::{self, Ask};
use crate::catalog::StreamSpec;
use crate::error::Result;
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
    /// Estimates the number of rows of a list, by at most twenty requests: counts a single page, else
    /// takes the server's own page count, else multiplies the time that the list spans with the
    /// density of a few pages.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4).
    pub async fn estimate_rows(&self, spec: &'static StreamSpec) -> Result<Estimate> {
        let limit = self.served(spec.path).limit;
        let head = self.peek(spec, Ask { window: Window::ALL, limit, after: None }).await?;
        let count = count(&head.rows);
        if count < u64::from(limit) && self.is_all(spec, limit, &head).await? {
            return Ok(Estimate { rows: Some(count), is_exact: true });
        }
        let rows = match (head.total_pages, span(&head.rows)) {
            (Some(pages), _) => Some(pages.saturating_mul(count)),
            (None, Some(span)) => Some(self.measure(spec, span, &head.rows).await?),
            (None, None) => None,
        };
        Ok(Estimate { rows, is_exact: false })
    }

    /// A server may show less at once than it is asked for.
    async fn is_all(&self, spec: &'static StreamSpec, limit: u32, head: &Envelope) -> Result<bool> {
        let Some(after) = head.rows.last().and_then(|row| row.id.clone()) else { return Ok(true) };
        let ask = Ask { window: Window::ALL, limit, after: Some(after) };
        Ok(self.peek(spec, ask).await?.rows.is_empty())
    }

    async fn measure(
        &self,
        spec: &'static StreamSpec,
        (newest, low): (i64, i64),
        head: &[Row],
    ) -> Result<u64> {
        let oldest = self.oldest(spec, newest, low).await?;
        let limit = self.served(spec.path).limit;
        let mut densities = vec![density(head)];
        for part in 1..SAMPLES {
            let at = newest - (newest - oldest) / SAMPLES * part;
            let window = Window { from: None, to: Some(at) };
            let page = self.peek(spec, Ask { window, limit, after: None }).await?;
            densities.push(density(&page.rows));
        }
        let seconds = u128::try_from(newest.saturating_sub(oldest)).unwrap_or(0);
        densities.retain(|(_, span)| *span > 0);
        // Rows per second of each sample; their mean over the whole span.
        let total: u128 = densities.iter().map(|(rows, span)| rows * seconds / span).sum();
        let mean = total / u128::try_from(densities.len().max(1)).unwrap_or(1);
        Ok(u64::try_from(mean).unwrap_or(u64::MAX).max(count(head)))
    }

    /// Finds about when the oldest object was made.
    async fn oldest(&self, spec: &'static StreamSpec, newest: i64, low: i64) -> Result<i64> {
        let (mut some, mut none) = (low, 0);
        let mut distance = newest.saturating_sub(low).max(FIRST_STEP);
        for _ in 0..STEPS {
            distance = distance.saturating_mul(4);
            let at = newest.saturating_sub(distance);
            if at <= 0 {
                break;
            }
            let Some(found) = self.newest_until(spec, at).await? else {
                none = at;
                break;
            };
            some = found.min(at);
        }
        for _ in 0..HALVINGS {
            let middle = none + some.saturating_sub(none) / 2;
            match self.newest_until(spec, middle).await? {
                Some(found) => some = found.min(middle),
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

/// Gives the rows of a page and the seconds that they span.
fn density(rows: &[Row]) -> (u128, u128) {
    let seconds = span(rows).map_or(0, |(newest, oldest)| newest.saturating_sub(oldest));
    (u128::from(count(rows)), u128::try_from(seconds).unwrap_or(0))
}
