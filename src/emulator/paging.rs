//! List requests: which part of a list is asked for (CONTRACT A2.2, A2.4), and the answer.

use std::borrow::Cow;

use bytes::Bytes;
use url::form_urlencoded;

use super::answer::ApiError;
use super::calendar::Day;
use super::list::{List, Position, Resource};
use super::streams::Stream;

const LIMIT: &str = "pagination[limit]";
const STARTING_AFTER: &str = "pagination[starting_after]";
const ENDING_BEFORE: &str = "pagination[ending_before]";
const DEFAULT_LIMIT: usize = 25;

/// Asks for a part of a list.
#[derive(Debug)]
pub(super) struct ListQuery {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
    /// Bounds `created_at`: from the first, before the second.
    created: (i64, i64),
    parents: Vec<String>,
}

impl ListQuery {
    /// Asks for everything.
    pub(super) fn everything() -> Self {
        Self {
            limit: usize::MAX,
            starting_after: None,
            ending_before: None,
            created: (i64::MIN, i64::MAX),
            parents: Vec::new(),
        }
    }

    /// Reads a query string; brackets may be raw or encoded. Unknown parameters are ignored in
    /// silence, as the real service does (A1.3).
    pub(super) fn parse(query: &str, stream: &Stream, cap: usize) -> Result<Self, ApiError> {
        let mut parsed = Self { limit: DEFAULT_LIMIT.min(cap), ..Self::everything() };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                LIMIT => match value.parse() {
                    Ok(limit) if limit > 0 => parsed.limit = cap.min(limit),
                    _ => return Err(ApiError::invalid(LIMIT)),
                },
                STARTING_AFTER => parsed.starting_after = Some(value.into_owned()),
                ENDING_BEFORE => parsed.ending_before = Some(value.into_owned()),
                name => parsed.filter(name, value, stream)?,
            }
        }
        Ok(parsed)
    }

    /// Narrows to what is filed under a parent.
    pub(super) fn under(mut self, parent: String) -> Self {
        self.parents.push(parent);
        self
    }

    /// Reads a query string for the lists that ignore limit and cursors.
    pub(super) fn parse_unpaged(query: &str, stream: &Stream) -> Result<Self, ApiError> {
        let mut parsed = Self::everything();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            parsed.filter(&name, value, stream)?;
        }
        Ok(parsed)
    }

    fn filter(&mut self, name: &str, value: Cow<'_, str>, stream: &Stream) -> Result<(), ApiError> {
        if let Some(operator) = name.strip_prefix("created_at")
            && ["", "[gt]", "[gte]", "[lt]", "[lte]"].contains(&operator)
        {
            self.bound(operator, &value)?;
        } else if stream.parents.contains(&name) {
            self.parents.push(value.into_owned());
        }
        Ok(())
    }

    fn bound(&mut self, operator: &str, value: &str) -> Result<(), ApiError> {
        let second: i64 = value.parse().map_err(|_| ApiError::invalid("created_at"))?;
        let next = second.saturating_add(1);
        let (from, until) = match operator {
            "[gt]" => (next, i64::MAX),
            "[gte]" => (second, i64::MAX),
            "[lt]" => (i64::MIN, second),
            "[lte]" => (i64::MIN, next),
            _ => (second, next),
        };
        self.created = (self.created.0.max(from), self.created.1.min(until));
        Ok(())
    }
}

/// Answers a list request.
#[derive(Debug)]
pub(super) struct Page {
    objects: Vec<Bytes>,
    pages: usize,
}

impl Page {
    /// Writes the envelope (A2.1).
    pub(super) fn body(&self, with_total: bool) -> Vec<u8> {
        let size: usize = self.objects.iter().map(|object| object.len() + 1).sum();
        let mut body = Vec::with_capacity(size + 64);
        body.extend_from_slice(br#"{"object":"list","data":["#);
        for (index, object) in self.objects.iter().enumerate() {
            if index > 0 {
                body.push(b',');
            }
            body.extend_from_slice(object);
        }
        body.push(b']');
        if with_total {
            body.extend_from_slice(format!(",\"total_pages\":{}", self.pages).as_bytes());
        }
        body.push(b'}');
        body
    }
}

/// Serves a list whatever its objects are.
pub(super) trait Listing {
    /// Cuts out a page, newest first.
    fn page(&self, query: &ListQuery) -> Result<Page, ApiError>;

    /// Renders one object as GET by id shows it.
    fn retrieve(&self, id: &str, today: Day) -> Option<Vec<u8>>;

    /// Renders all objects that belong into the list, one per line, oldest first.
    fn truth(&self, today: Day) -> Vec<u8>;

    /// Counts the objects that belong into the list, and those that do not (A-04).
    fn counts(&self) -> (usize, usize);
}

impl<T: Resource> Listing for List<T> {
    fn page(&self, query: &ListQuery) -> Result<Page, ApiError> {
        let choice = Choice::of(self, &query.parents);
        let created_before = |bound: i64| {
            choice.rank(|position| {
                self.rows().get(position).is_some_and(|row| row.created_at < bound)
            })
        };
        let (mut from, mut until) =
            (created_before(query.created.0), created_before(query.created.1));
        let pages = until.saturating_sub(from).div_ceil(query.limit);
        if let Some(cursor) = self.cursor(STARTING_AFTER, query.starting_after.as_deref())? {
            until = until.min(choice.rank(|position| position < cursor));
        }
        if let Some(cursor) = self.cursor(ENDING_BEFORE, query.ending_before.as_deref())? {
            from = from.max(choice.rank(|position| position <= cursor));
            until = until.min(from.saturating_add(query.limit));
        }
        from = from.max(until.saturating_sub(query.limit));
        let positions = (from..until).rev().map(|rank| choice.at(rank));
        let objects =
            positions.filter_map(|position| self.rows().get(position)).map(|row| row.json.clone());
        Ok(Page { objects: objects.collect(), pages })
    }

    fn retrieve(&self, id: &str, today: Day) -> Option<Vec<u8>> {
        let position = self.position(id).ok()?;
        self.get(position).ok().map(|object| object.full_view(today))
    }

    fn truth(&self, today: Day) -> Vec<u8> {
        let mut lines = Vec::new();
        for row in self.rows().iter().filter(|row| row.object.is_genuine()) {
            lines.extend_from_slice(&row.object.full_view(today));
            lines.push(b'\n');
        }
        lines
    }

    fn counts(&self) -> (usize, usize) {
        let genuine = self.rows().iter().filter(|row| row.object.is_genuine()).count();
        (genuine, self.rows().len() - genuine)
    }
}

impl<T: Resource> List<T> {
    fn cursor(&self, param: &'static str, id: Option<&str>) -> Result<Option<Position>, ApiError> {
        id.map(|id| self.position(id).map_err(|_| ApiError::unknown_cursor(param, id))).transpose()
    }
}

/// Chooses positions of a list by parent, in ascending order.
enum Choice<'a> {
    Everything(usize),
    Some(Cow<'a, [Position]>),
}

impl<'a> Choice<'a> {
    fn of<T: Resource>(list: &'a List<T>, parents: &[String]) -> Self {
        let Some((first, others)) = parents.split_first() else {
            return Self::Everything(list.rows().len());
        };
        let mut chosen = Cow::Borrowed(list.under(first));
        for other in others {
            let allowed = list.under(other);
            chosen.to_mut().retain(|position| allowed.binary_search(position).is_ok());
        }
        Self::Some(chosen)
    }

    fn len(&self) -> usize {
        match self {
            Self::Everything(len) => *len,
            Self::Some(positions) => positions.len(),
        }
    }

    fn at(&self, rank: usize) -> Position {
        match self {
            Self::Everything(_) => rank,
            Self::Some(positions) => positions.get(rank).copied().unwrap_or(Position::MAX),
        }
    }

    /// Counts the chosen positions at the old end for which `holds`, by binary search.
    fn rank(&self, holds: impl Fn(Position) -> bool) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if holds(self.at(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}
