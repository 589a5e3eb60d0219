//! The parameters of a write: the query string first, then the form body, whose values win.
//!
//! Parameters that nobody asks for are ignored in silence, also an `id` that repeats the one in
//! the path. Those asked for are checked one at a time, and the first failure is reported
//! (CONTRACT A1.3, A8).

use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;

use super::answer::ApiError;
use super::readers::{Date, Readable};
use crate::emulator::account::billing::Metadata;
use crate::emulator::account::text::Text;

/// Bounds a body: one megabyte.
const MOST_BYTES: usize = 1 << 20;

/// Holds what was sent, in the order in which it was sent.
#[derive(Debug, Default)]
pub(crate) struct Params(Vec<Sent>);

#[derive(Debug)]
struct Sent {
    name: String,
    value: String,
    is_in_body: bool,
}

impl Params {
    /// Receives the parameters of a request.
    pub(crate) async fn receive(parts: &Parts, body: Body) -> Result<Self, ApiError> {
        let body = to_bytes(body, MOST_BYTES)
            .await
            .map_err(|_| ApiError::unreadable("The request body is broken or larger than 1 MB."))?;
        let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        if !body.is_empty() && (kind.contains("json") || kind.starts_with("multipart/")) {
            return Err(ApiError::unreadable(
                "The request body must be form encoded (application/x-www-form-urlencoded).",
            ));
        }
        Self::parse(parts.uri.query().unwrap_or_default().as_bytes(), &body)
    }

    fn parse(query: &[u8], body: &[u8]) -> Result<Self, ApiError> {
        let mut sent = Vec::new();
        for (text, is_in_body) in [(query, false), (body, true)] {
            for pair in text.split(|&letter| letter == b'&').filter(|pair| !pair.is_empty()) {
                let mut sides = pair.splitn(2, |&letter| letter == b'=');
                let mut side = || decode(sides.next().unwrap_or_default());
                let (Some(name), Some(value)) = (side(), side()) else {
                    return Err(ApiError::unreadable("The parameters are not valid UTF-8."));
                };
                sent.push(Sent { name, value, is_in_body });
            }
        }
        Ok(Self(sent))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().rfind(|sent| sent.name == name).map(|sent| sent.value.as_str())
    }

    /// Says whether a parameter was sent, be it blank.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// Reads a parameter, if it was sent and is not blank.
    pub(crate) fn read<T: Readable>(&self, name: &'static str) -> Result<Option<T>, ApiError> {
        let value = self.value(name).filter(|value| !value.is_empty());
        value.map(|value| T::read(value).ok_or_else(|| ApiError::invalid(name))).transpose()
    }

    /// Reads a parameter that has to be there.
    pub(crate) fn require<T: Readable>(&self, name: &'static str) -> Result<T, ApiError> {
        self.read(name)?.ok_or_else(|| ApiError::missing(name))
    }

    /// Changes a field, if its parameter was sent; a blank value clears it.
    pub(crate) fn change<T: Readable + Default>(
        &self,
        name: &'static str,
        field: &mut T,
    ) -> Result<(), ApiError> {
        if self.has(name) {
            *field = self.read(name)?.unwrap_or_default();
        }
        Ok(())
    }

    /// Changes a field that cannot be cleared.
    pub(crate) fn replace<T: Readable>(
        &self,
        name: &'static str,
        field: &mut T,
    ) -> Result<(), ApiError> {
        if self.has(name) {
            *field = self.read(name)?.ok_or_else(|| ApiError::invalid(name))?;
        }
        Ok(())
    }

    /// Changes a date kept as a Unix second; a blank value brings its default back.
    pub(crate) fn change_date(
        &self,
        name: &'static str,
        field: &mut i64,
        default: i64,
    ) -> Result<(), ApiError> {
        if self.has(name) {
            *field = self.read(name)?.map_or(default, |Date(second)| second);
        }
        Ok(())
    }

    /// Changes several fields of one kind, in that order.
    pub(crate) fn change_all<T: Readable + Default, const COUNT: usize>(
        &self,
        fields: [(&'static str, &mut T); COUNT],
    ) -> Result<(), ApiError> {
        fields.into_iter().try_for_each(|(name, field)| self.change(name, field))
    }

    /// Changes metadata key by key: a blank value removes its key, `metadata=` all of them.
    pub(crate) fn change_metadata(&self, metadata: &mut Metadata) -> Result<(), ApiError> {
        const NAME: &str = "metadata";
        for sent in &self.0 {
            if sent.name == NAME {
                if !sent.value.is_empty() {
                    return Err(ApiError::invalid(NAME));
                }
                metadata.0.clear();
            } else if let Some(key) = key_of(NAME, &sent.name) {
                metadata.set(key, &sent.value);
            }
        }
        Ok(())
    }

    /// Reads a list, `name[]=a&name[]=b`; one that is blank is empty. Lists are not merged.
    pub(crate) fn list(&self, name: &'static str) -> Result<Option<Vec<Text>>, ApiError> {
        let is_part = |sent: &&Sent| sent.name == name || key_of(name, &sent.name).is_some();
        let mut parts: Vec<&Sent> = self.0.iter().filter(is_part).collect();
        if parts.iter().any(|sent| sent.is_in_body) {
            parts.retain(|sent| sent.is_in_body);
        }
        match parts.as_slice() {
            [] => Ok(None),
            [only] if only.value.is_empty() => Ok(Some(Vec::new())),
            parts if parts.iter().any(|sent| sent.name == name) => Err(ApiError::invalid(name)),
            parts => Ok(Some(parts.iter().map(|sent| sent.value.as_str().into()).collect())),
        }
    }
}

/// Finds the key in `name[key]`.
fn key_of<'a>(name: &str, text: &'a str) -> Option<&'a str> {
    text.strip_prefix(name)?.strip_prefix('[')?.strip_suffix(']')
}

/// Decodes one side of a pair; nothing if it is not UTF-8. Percent signs that introduce no
/// hexadecimal number stand for themselves.
fn decode(text: &[u8]) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [letter, after @ ..] = rest {
        let (letter, after) = match (letter, after) {
            (b'+', _) => (b' ', after),
            (b'%', [high, low, beyond @ ..]) => match (hexadecimal(*high), hexadecimal(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, beyond),
                _ => (b'%', after),
            },
            _ => (*letter, after),
        };
        decoded.push(letter);
        rest = after;
    }
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
