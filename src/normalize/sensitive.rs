//! Hides sensitive values: in the record itself, in the object inside an event, and in every
//! embedded object whose `object` names a type of the catalogue (CONTRACT N1.6).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use sha2::{Digest, Sha256};

use super::account_numbers;
use super::json::{JsonType, Member, Object, Value};
use super::write::{MAX_DEPTH, exact_string};
use crate::catalog::{SOURCE_KINDS, StreamSpec};

/// What becomes of values that the catalogue calls sensitive.
#[derive(Clone, PartialEq, Eq)]
pub enum Sensitive {
    /// They stay: the mirror equals its source.
    Keep,
    /// They become the hex SHA-256 of salt and text: equal values stay equal.
    Hash {
        /// Secret of this installation; without it short values could be guessed.
        salt: Vec<u8>,
    },
    /// They are left out.
    Drop,
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keep => "Keep",
            Self::Hash { .. } => "Hash { .. }",
            Self::Drop => "Drop",
        })
    }
}

/// Stands for a sensitive value wherever people read.
const STARS: &str = "***";

/// How one sensitive value is written.
#[derive(Debug, Clone, Copy)]
enum Cover<'s> {
    Salted(&'s [u8]),
    Removed,
    Stars,
    /// It stays.
    Nothing,
}

/// Rewrites records of one stream.
#[derive(Debug, Clone)]
pub(super) struct Masker {
    sensitive: Sensitive,
    /// Sensitive fields of the stream's own type.
    own: &'static [&'static str],
    /// Account and card numbers are sensitive wherever they stand, whatever the settings say.
    masks_numbers: bool,
    /// Sensitive fields by the value of `object`, over all source kinds.
    types: BTreeMap<&'static str, Vec<&'static str>>,
}

impl Masker {
    /// Collects the sensitive fields of the catalogue.
    pub(super) fn new(sensitive: Sensitive, spec: &StreamSpec) -> Self {
        let mut types: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for table in SOURCE_KINDS.iter().flat_map(|kind| kind.tables()) {
            if !table.sensitive.is_empty() && !table.object.is_empty() {
                types.entry(table.object).or_default().extend(table.sensitive);
            }
        }
        Self { sensitive, own: spec.sensitive, masks_numbers: spec.masks_numbers, types }
    }

    /// Gives the element as it may be stored, if that differs from what was received.
    ///
    /// In a changed element fields keep their order, and duplicate keys and whitespace are gone.
    /// Values nested deeper than 64 levels cannot be searched and become `null`.
    pub(super) fn element(&self, text: &str) -> Option<String> {
        let text = text.trim_ascii();
        let cover = match &self.sensitive {
            Sensitive::Keep if !self.masks_numbers => return None,
            Sensitive::Keep => Cover::Nothing,
            Sensitive::Hash { salt } => Cover::Salted(salt),
            Sensitive::Drop => Cover::Removed,
        };
        self.rewrite(Value::trusted(text), self.own, cover)
    }

    /// Gives a value as problem records show it: the text received, sensitive parts starred.
    pub(super) fn shown<'a>(&self, field: &str, value: Value<'a>) -> Cow<'a, str> {
        if self.own.contains(&field) || self.masks_numbers {
            return Cow::Borrowed(STARS);
        }
        match value.json_type() {
            JsonType::Array | JsonType::Object => self
                .rewrite(value, &[], Cover::Stars)
                .map_or(Cow::Borrowed(value.text()), Cow::Owned),
            _ => Cow::Borrowed(value.quoted().unwrap_or(value.text())),
        }
    }

    fn rewrite(&self, value: Value<'_>, names: &[&str], cover: Cover<'_>) -> Option<String> {
        let out = String::with_capacity(value.text().len());
        let masks_numbers = self.masks_numbers;
        let mut rewriting =
            Rewriting { types: &self.types, cover, masks_numbers, out, changed: false };
        rewriting.value(value, names, 0);
        rewriting.changed.then_some(rewriting.out)
    }
}

struct Rewriting<'m> {
    types: &'m BTreeMap<&'static str, Vec<&'static str>>,
    cover: Cover<'m>,
    masks_numbers: bool,
    out: String,
    changed: bool,
}

impl Rewriting<'_> {
    /// Writes a value; in an object the fields `names` are sensitive, and those of its type.
    fn value(&mut self, value: Value<'_>, names: &[&str], depth: usize) {
        match value.json_type() {
            JsonType::Object | JsonType::Array if depth == MAX_DEPTH => {
                self.changed = true;
                self.out.push_str("null");
            }
            JsonType::Object => {
                if let Some(object) = value.object() {
                    self.object(&object, names, depth);
                }
            }
            JsonType::Array => self.array(value, depth),
            _ => self.leaf(value),
        }
    }

    fn leaf(&mut self, value: Value<'_>) {
        match self.masks_numbers.then(|| account_numbers::mask(value)).flatten() {
            Some(masked) => {
                self.changed = true;
                self.out.push_str(&masked);
            }
            None => self.out.push_str(value.text()),
        }
    }

    fn array(&mut self, value: Value<'_>, depth: usize) {
        self.out.push('[');
        for (index, item) in value.items().unwrap_or_default().into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value(item, &[], depth + 1);
        }
        self.out.push(']');
    }

    fn object(&mut self, object: &Object<'_>, names: &[&str], depth: usize) {
        let types = self.types;
        let of_type = |name: Option<String>| {
            name.and_then(|name| types.get(&*name)).map_or(&[][..], Vec::as_slice)
        };
        let of_object = of_type(text(object, "object"));
        let of_data = of_type(event_subject(object));
        self.out.push('{');
        let mut first = true;
        for member in object.as_sent() {
            let is_named = |names: &&[&str]| names.iter().any(|name| is(member, name));
            let sensitive =
                !matches!(self.cover, Cover::Nothing) && [names, of_object].iter().any(is_named);
            if sensitive && matches!(self.cover, Cover::Removed) {
                self.changed = true;
                continue;
            }
            if !std::mem::take(&mut first) {
                self.out.push(',');
            }
            exact_string(&member.key, &mut self.out);
            self.out.push(':');
            let is_leaf = !matches!(member.value.json_type(), JsonType::Object | JsonType::Array);
            if sensitive && !member.value.is_null() {
                self.covered(member.value);
            } else if is_leaf && account_numbers::is_id(&member.key) {
                self.out.push_str(member.value.text());
            } else {
                let inner = if is(member, "data") { of_data } else { &[] };
                self.value(member.value, inner, depth + 1);
            }
        }
        self.out.push('}');
    }

    fn covered(&mut self, value: Value<'_>) {
        self.changed = true;
        self.out.push('"');
        match self.cover {
            Cover::Salted(salt) => {
                let text = value.string().map_or(Cow::Borrowed(value.text()), |(text, _)| text);
                let digest = Sha256::new_with_prefix(salt).chain_update(text.as_bytes()).finalize();
                for byte in digest {
                    // Writing to a String cannot fail.
                    let _ = write!(self.out, "{byte:02x}");
                }
            }
            Cover::Stars | Cover::Removed | Cover::Nothing => self.out.push_str(STARS),
        }
        self.out.push('"');
    }
}

fn is(member: &Member<'_>, name: &str) -> bool {
    *member.key == *name.as_bytes()
}

fn text(object: &Object<'_>, name: &str) -> Option<String> {
    object.get(name)?.string().map(|(text, _)| text.into_owned())
}

/// Gives the type an event is about, from its `type` (`invoice.paid`): its `data` may lack `object`.
fn event_subject(object: &Object<'_>) -> Option<String> {
    text(object, "type")?.split_once('.').map(|(subject, _)| subject.to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Masker, Sensitive};
    use crate::catalog::source_kind;

    #[test]
    fn numbers_are_masked_and_everything_else_stays() {
        let kind = source_kind("alternative-payments").unwrap();
        let masker = Masker::new(Sensitive::Keep, kind.stream("payment_methods").unwrap());
        let shown = |text: &str| masker.element(text).unwrap_or_else(|| text.to_owned());
        for (text, expected) in [
            (r#"{"number":"4242 4242 4242 4242"}"#, r#"{"number":"**** **** **** 4242"}"#),
            (r#"{"bank":{"account":"000123456789"}}"#, r#"{"bank":{"account":"********6789"}}"#),
            (
                r#"{"iban":["CH93 0076 2011 6238 5295 7"]}"#,
                r#"{"iban":["CH** **** **** **** *295 7"]}"#,
            ),
            (r#"{"account":123456789012}"#, r#"{"account":"********9012"}"#),
            (r#"{"id":"pm_123456789012","customer_id":"12345678901234"}"#, ""),
            (r#"{"id":123456789012345}"#, ""),
            (r#"{"created_at":"2026-11-25T10:00:00Z","exp":"12/2030","at":1764061200}"#, ""),
            (r#"{"last4":"4242","name":"A \u00e9"}"#, ""),
        ] {
            assert_eq!(shown(text), if expected.is_empty() { text } else { expected });
        }
    }
}
