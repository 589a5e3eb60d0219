//! Reads other than walks: the account, one object by id, the probe of the `created_at` filter.

use super::client::{Client, Question, Reply};
use super::decode::{self, Row};
use super::dialect::{self, Ask, Dialect};
use super::failure::HttpFailure;
use super::ids::path_of;
use crate::catalog::{SingleRead, StreamSpec};
use crate::error::{Error, Kind, Result};
use crate::model::{Page, RequestNumber, View, Window};

/// Seconds ahead of now at which no object can have been created.
const A_DAY: i64 = 86_400;

/// What a GET by id found.
#[derive(Debug, Clone)]
pub enum Single {
    /// The object, as the only element of a page.
    Found(Page),
    /// The API itself says that there is no such object: 404 in its own error shape.
    Missing {
        /// Number of the request.
        request: RequestNumber,
        /// Server time of the answer, microseconds since the Unix epoch, UTC.
        observed_at: i64,
    },
}

/// Whether a list heeds `created_at[gt]` and `created_at[lte]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FilterSupport {
    /// Both bounds work, as far as a probe can tell.
    Honoured,
    /// At least one bound does nothing, or hides rows it should not.
    Ignored,
}

impl Client {
    /// Reads the object that stands at the path of `spec` itself, such as `/account`.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4).
    pub async fn account(&self, spec: &'static StreamSpec) -> Result<Page> {
        self.one(&Question::of(spec, spec.path)).await
    }

    /// Asks for the first element of a list, which proves the key and tells the server's time, and
    /// gives the first of its fields `names` that holds a text.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4).
    pub async fn first_text(
        &self,
        spec: &'static StreamSpec,
        names: &[&str],
    ) -> Result<Option<String>> {
        let rows = self.first_rows(spec, Window::ALL).await?;
        let text = |row: &Row| {
            let object: serde_json::Value = serde_json::from_slice(&row.json).ok()?;
            names.iter().find_map(|name| Some(object.get(*name)?.as_str()?.to_owned()))
        };
        Ok(rows.iter().find_map(text).filter(|text| !text.is_empty()))
    }

    /// Reads one object by id.
    ///
    /// # Errors
    /// `Contract` without any request if the id may not stand in a path (CONTRACT 0.3) or the
    /// objects cannot be read singly; `Contract` for a 404 that is not the API's own; else as any
    /// request.
    pub async fn read_one(&self, spec: &'static StreamSpec, id: &str) -> Result<Single> {
        let refuse = |why| {
            let question = Question::of(spec, spec.path);
            self.error(Kind::Contract, &question, why)
        };
        if spec.single == SingleRead::None {
            return Err(refuse("its objects cannot be read by id"));
        }
        let path = path_of(spec.path, id).ok_or_else(|| {
            refuse("the id of an object would address something else; it was not asked for")
        })?;
        let question = Question::of(spec, &path);
        let error = match self.one(&question).await {
            Ok(page) => return Ok(Single::Found(page)),
            Err(error) => error,
        };
        let dialect = dialect::of(spec.paging);
        match HttpFailure::of(&error) {
            Some(failure) if says_gone(failure, dialect) => {
                let HttpFailure { request, observed_at, .. } = *failure;
                Ok(Single::Missing { request, observed_at })
            }
            Some(failure) if failure.status == Some(404) => {
                let what = "answered 404, but not in the API's own words: something on the way did";
                Err(self.error(Kind::Contract, &question, what).because(error))
            }
            _ => Err(error),
        }
    }

    /// Finds out whether a list heeds its `created_at` filter, by up to four requests of one row.
    ///
    /// `lte=1` and `gt=` tomorrow must be empty, `gt=1&lte=now` must not be; if it is, an
    /// unfiltered request tells an empty list, where nothing can be wrong, from a broken filter.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4), but a 400 that names `created_at` means `Ignored`.
    pub async fn probe_created_filter(&self, spec: &'static StreamSpec) -> Result<FilterSupport> {
        match self.probe(spec).await {
            Err(error) if refuses_filter(&error) => Ok(FilterSupport::Ignored),
            other => other,
        }
    }

    async fn probe(&self, spec: &'static StreamSpec) -> Result<FilterSupport> {
        let before_all = Window { from: None, to: Some(1) };
        if self.has_rows(spec, before_all).await? {
            return Ok(FilterSupport::Ignored);
        }
        let now = self.server_now()?;
        let after_all = Window { from: Some(now.saturating_add(A_DAY)), to: None };
        if self.has_rows(spec, after_all).await? {
            return Ok(FilterSupport::Ignored);
        }
        let everything = Window { from: Some(1), to: Some(now) };
        if self.has_rows(spec, everything).await? || !self.has_rows(spec, Window::ALL).await? {
            return Ok(FilterSupport::Honoured);
        }
        Ok(FilterSupport::Ignored)
    }

    /// Gives the newest `created_at` of a list, Unix seconds, that is not after a bound; `None` if
    /// the list shows nothing so old. Only for lists whose filter is trusted.
    ///
    /// # Errors
    /// As any request (CONTRACT A1.4).
    pub async fn newest_until(&self, spec: &'static StreamSpec, to: i64) -> Result<Option<i64>> {
        let window = Window { from: None, to: Some(to) };
        let rows = self.first_rows(spec, window).await?;
        Ok(rows.first().map(|row| row.created_at.unwrap_or(to)))
    }

    async fn has_rows(&self, spec: &'static StreamSpec, window: Window) -> Result<bool> {
        Ok(!self.first_rows(spec, window).await?.is_empty())
    }

    async fn first_rows(&self, spec: &'static StreamSpec, window: Window) -> Result<Vec<Row>> {
        let dialect = dialect::of(spec.paging);
        let query = dialect.query(&Ask { window, limit: 1, after: None });
        let question = Question { query, ..Question::of(spec, spec.path) };
        let reply = self.ask(&question, |body| dialect.decode(body)).await?;
        Ok(reply.value.rows)
    }

    async fn one(&self, question: &Question<'_>) -> Result<Page> {
        let Reply { value, request, observed_at, .. } = self.ask(question, decode::single).await?;
        let elements = vec![value];
        Ok(Page { view: View::Get, request, observed_at, elements, first_position: 0 })
    }
}

/// Tells whether the API itself says that there is no such object (CONTRACT N1.8).
fn says_gone(failure: &HttpFailure, dialect: &dyn Dialect) -> bool {
    let is_404 = failure.status == Some(404) && dialect.owns(&failure.api);
    is_404 || failure.api.code.as_deref() == Some("ACCOUNT_NOT_FOUND")
}

fn refuses_filter(error: &Error) -> bool {
    HttpFailure::of(error)
        .is_some_and(|failure| failure.status == Some(400) && failure.api.mentions(&["created_at"]))
}
