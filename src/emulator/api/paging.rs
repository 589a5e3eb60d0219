//! List requests: which part of a list is asked for (CONTRACT A2.2, A2.4), and the answer.

use std::borrow::Cow;

use bytes::Bytes;
use url::form_urlencoded;

use super::answer::ApiError;
use super::streams::Stream;
use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::{List, Position, Resource, Row};

const LIMIT: &str = "pagination[limit]";
const STARTING_AFTER: &str = "pagination[starting_after]";
const ENDING_BEFORE: &str = "pagination[ending_before]";
const DEFAULT_LIMIT: usize = 25;

/// Asks for a part of a list.
#[derive(Clone, Debug)]
pub(crate) struct ListQuery {
    pub(crate) limit: usize,
    pub(crate) starting_after: Option<String>,
    pub(crate) ending_before: Option<String>,
    /// Bounds `created_at`: from the first, before the second.
    pub(crate) created: (i64, i64),
    pub(crate) parents: Vec<String>,
}

impl ListQuery {
    /// Asks for everything.
    pub(crate) fn everything() -> Self {
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
    pub(crate) fn parse(query: &str, stream: &Stream, cap: usize) -> Result<Self, ApiError> {
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
    pub(crate) fn under(mut self, parent: String) -> Self {
        self.parents.push(parent);
        self
    }

    /// Says whether only a part of the objects is asked for, whatever the page.
    pub(crate) fn is_filtered(&self) -> bool {
        self.created != (i64::MIN, i64::MAX) || !self.parents.is_empty()
    }

    /// Asks for the same page of the whole list.
    pub(crate) fn unfiltered(self) -> Self {
        Self { created: (i64::MIN, i64::MAX), parents: Vec::new(), ..self }
    }

    /// Refuses the cursor.
    pub(crate) fn refused_cursor(&self, status: u16) -> ApiError {
        let after = self.starting_after.as_deref().map(|id| (STARTING_AFTER, id));
        let before = self.ending_before.as_deref().map(|id| (ENDING_BEFORE, id));
        let (param, id) = after.or(before).unwrap_or((STARTING_AFTER, ""));
        ApiError::unknown_cursor(param, id).with_status(status)
    }

    /// Reads a query string for the lists that ignore limit and cursors.
    pub(crate) fn parse_unpaged(query: &str, stream: &Stream) -> Result<Self, ApiError> {
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
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) objects: Vec<Bytes>,
    pages: usize,
}

impl Page {
    /// Writes the envelope (A2.1).
    pub(crate) fn body(&self, with_total: bool) -> Vec<u8> {
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
pub(crate) trait Listing {
    /// Cuts out a page, newest first.
    fn page(&self, query: &ListQuery) -> Result<Page, ApiError>;

    /// Renders one object as GET by id shows it.
    fn retrieve(&self, id: &str, today: Day) -> Option<Bytes>;

    /// Renders all objects that belong into the list as GET by id shows them, oldest first.
    fn truth(&self, today: Day) -> Vec<Bytes>;

    /// Tells id and second of creation of all objects that belong into the list, oldest first, also
    /// where the objects do not show the time.
    fn dates(&self) -> Vec<(String, i64)>;

    /// Counts the objects that belong into the list, and those that do not (A-04).
    fn counts(&self) -> (usize, usize);

    /// Says whether an object with this id was removed.
    fn is_removed(&self, id: &str) -> bool;
}

impl<T: Resource> Listing for List<T> {
    fn page(&self, query: &ListQuery) -> Result<Page, ApiError> {
        let chosen = self.choose(query);
        let before = |bound: i64| {
            let is_older =
                |&position: &Position| self.row(position).is_some_and(|row| row.created_at < bound);
            chosen.partition_point(is_older)
        };
        let (mut from, mut until) = if self.is_sorted_by_time() {
            (before(query.created.0), before(query.created.1))
        } else {
            (0, chosen.len())
        };
        let pages = until.saturating_sub(from).div_ceil(query.limit);
        if let Some(cursor) = self.cursor(STARTING_AFTER, query.starting_after.as_deref())? {
            until = until.min(self.rank(&chosen, cursor));
        }
        if let Some(cursor) = self.cursor(ENDING_BEFORE, query.ending_before.as_deref())? {
            let rank = self.rank(&chosen, cursor);
            // A cursor that the filter leaves out is not among the chosen.
            let is_chosen = chosen.get(rank) == Some(&cursor);
            from = from.max(rank + usize::from(is_chosen));
            until = until.min(from.saturating_add(query.limit));
        }
        from = from.max(until.saturating_sub(query.limit));
        let positions = chosen.get(from..until).unwrap_or_default().iter().rev();
        let objects = positions.filter_map(|&position| self.row(position)).map(Row::json);
        Ok(Page { objects: objects.collect(), pages })
    }

    fn retrieve(&self, id: &str, today: Day) -> Option<Bytes> {
        let position = self.position(id).ok()?;
        self.row(position).map(|row| row.full_view(today))
    }

    fn truth(&self, today: Day) -> Vec<Bytes> {
        let genuine = self.rows().filter(|(_, row)| row.object.is_genuine());
        genuine.map(|(_, row)| row.full_view(today)).collect()
    }

    fn dates(&self) -> Vec<(String, i64)> {
        let genuine = self.rows().filter(|(_, row)| row.object.is_genuine());
        genuine.map(|(_, row)| (row.object.id().to_string(), row.created_at)).collect()
    }

    fn counts(&self) -> (usize, usize) {
        let genuine = self.rows().filter(|(_, row)| row.object.is_genuine()).count();
        (genuine, self.order().len() - genuine)
    }

    fn is_removed(&self, id: &str) -> bool {
        Self::is_removed(self, id)
    }
}

impl<T: Resource> List<T> {
    fn cursor(&self, param: &'static str, id: Option<&str>) -> Result<Option<Position>, ApiError> {
        id.map(|id| self.position(id).map_err(|_| ApiError::unknown_cursor(param, id))).transpose()
    }

    /// Chooses by parent and, in a list that is out of order, by time, oldest first.
    fn choose(&self, query: &ListQuery) -> Cow<'_, [Position]> {
        let mut chosen = match query.parents.split_first() {
            None => Cow::Borrowed(self.order()),
            Some((first, others)) => {
                let mut own = self.under(first);
                for other in others {
                    let allowed = self.under(other);
                    own.retain(|position| allowed.contains(position));
                }
                Cow::Owned(own)
            }
        };
        if !self.is_sorted_by_time() {
            let (from, until) = query.created;
            chosen.to_mut().retain(|&position| {
                self.row(position).is_some_and(|row| (from..until).contains(&row.created_at))
            });
        }
        chosen
    }
}
