//! What a path asks for.

use axum::http::Uri;
use url::form_urlencoded;

use super::streams::{self, Stream};
use super::writes;

/// Begins every API path.
pub(crate) const API_PREFIX: &str = "/v0";

/// Names what a path asks for.
#[derive(Debug)]
pub(crate) enum Route {
    /// Asks for the account.
    Account,
    /// Asks for a list.
    List(&'static Stream),
    /// Asks for the object with that id.
    Object(&'static Stream, String),
    /// Asks for the statements of the customer with that id.
    Statements(String),
    /// Asks to do something, named last, to the object with that id.
    Verb(&'static Stream, String, String),
    /// Finds or creates a customer.
    ByExternalId,
    /// Leads nowhere in the API.
    Unknown,
    /// Leads out of the API.
    Outside,
}

impl Route {
    /// Finds what a request asks for.
    pub(crate) fn of(uri: &Uri) -> Self {
        let Some(path) = uri.path().strip_prefix(API_PREFIX) else {
            return Self::Outside;
        };
        let segments: Vec<String> = path.split('/').skip(1).map(decode).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["account"] => Self::Account,
            ["customers", "by_external_id"] => Self::ByExternalId,
            ["customers", id, "statements"] => Self::Statements((*id).to_owned()),
            // The documents delete a user under a path in the singular.
            ["user", id] => Self::object("users", id),
            [name] => streams::find(name).map_or(Self::Unknown, Self::List),
            [name, id] => Self::object(name, id),
            [name, id, verb] => Self::verb(name, id, verb),
            _ => Self::Unknown,
        }
    }

    fn object(name: &str, id: &str) -> Self {
        let stream = streams::find(name);
        stream.map_or(Self::Unknown, |stream| Self::Object(stream, id.to_owned()))
    }

    fn verb(name: &str, id: &str, verb: &str) -> Self {
        let found = streams::find(name)
            .map(|stream| Self::Verb(stream, id.to_owned(), verb.to_owned()))
            .filter(|route| writes::knows(&route.pattern()));
        found.unwrap_or(Self::Unknown)
    }

    /// Gives the id in the path.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Object(_, id) | Self::Statements(id) | Self::Verb(_, id, _) => id,
            _ => "",
        }
    }

    /// Writes the path without `/v0`, with `{id}` in place of an id.
    pub(crate) fn pattern(&self) -> String {
        match self {
            Self::Account => "/account".to_owned(),
            Self::List(stream) => format!("/{}", stream.name),
            Self::Object(stream, _) => format!("/{}/{{id}}", stream.name),
            Self::Statements(_) => "/customers/{id}/statements".to_owned(),
            Self::Verb(stream, _, verb) => format!("/{}/{{id}}/{verb}", stream.name),
            Self::ByExternalId => "/customers/by_external_id".to_owned(),
            Self::Unknown | Self::Outside => "unknown".to_owned(),
        }
    }
}

/// Decodes a path segment. Ids hold no `+`, which is all that tells paths from forms here.
fn decode(segment: &str) -> String {
    let form = format!("={segment}");
    let mut pairs = form_urlencoded::parse(form.as_bytes());
    pairs.next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}
