//! JSON values as slices of the text they came in: opened one level at a time, never copied.
//!
//! A value's first byte tells its type, and its digits and escapes stay as sent until a coercion
//! reads them. Numbers therefore never pass through a float, and depth costs no stack: the scanner
//! behind [`RawValue`] is iterative.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Type of a JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JsonType {
    Null,
    Boolean,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// Gives the name used in problem records (CONTRACT N6).
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
            Self::Array => "array",
            Self::Object => "object",
        }
    }
}

/// One JSON value: its text, known to be valid and free of outer whitespace.
#[derive(Debug, Clone, Copy)]
pub(super) struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    /// Checks a text and makes it a value.
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Self> {
        serde_json::from_str::<&RawValue>(text).map(|raw| Self(raw.get()))
    }

    /// Takes a piece of a value that is already known to be valid.
    pub(super) const fn trusted(text: &'a str) -> Self {
        Self(text)
    }

    /// Gives the text as received.
    pub(super) const fn text(self) -> &'a str {
        self.0
    }

    /// Gives the type.
    pub(super) fn json_type(self) -> JsonType {
        match self.0.as_bytes().first() {
            Some(b'{') => JsonType::Object,
            Some(b'[') => JsonType::Array,
            Some(b'"') => JsonType::String,
            Some(b't' | b'f') => JsonType::Boolean,
            Some(b'n') | None => JsonType::Null,
            Some(_) => JsonType::Number,
        }
    }

    /// Tells whether it is `null`.
    pub(super) fn is_null(self) -> bool {
        self.json_type() == JsonType::Null
    }

    /// Gives a string's text between the quotes, escapes as sent.
    pub(super) fn quoted(self) -> Option<&'a str> {
        self.0.strip_prefix('"')?.strip_suffix('"')
    }

    /// Decodes a string. Lone surrogates come out in WTF-8, because they have no UTF-8 form.
    pub(super) fn string_bytes(self) -> Option<Cow<'a, [u8]>> {
        let quoted = self.quoted()?.as_bytes();
        if !quoted.contains(&b'\\') {
            return Some(Cow::Borrowed(quoted));
        }
        let mut deserializer = serde_json::Deserializer::from_str(self.0);
        Text::deserialize(&mut deserializer).ok().map(|text| text.0)
    }

    /// Decodes a string into storable text; `true` tells that something had to be repaired.
    pub(super) fn string(self) -> Option<(Cow<'a, str>, bool)> {
        let quoted = self.quoted()?;
        if !quoted.as_bytes().contains(&b'\\') {
            return Some((Cow::Borrowed(quoted), false));
        }
        let bytes = self.string_bytes()?;
        let (text, repaired) = repair(&bytes);
        Some((Cow::Owned(text.into_owned()), repaired))
    }

    /// Opens an object by one level.
    pub(super) fn object(self) -> Option<Object<'a>> {
        (self.json_type() == JsonType::Object).then(|| serde_json::from_str(self.0).ok()).flatten()
    }

    /// Opens an array by one level.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.0).ok()?;
        Some(items.into_iter().map(|item| Self(item.get())).collect())
    }
}

/// Replaces U+0000 and lone surrogates by U+FFFD (CONTRACT N1.2, text hygiene).
pub(super) fn repair(wtf8: &[u8]) -> (Cow<'_, str>, bool) {
    if let Ok(text) = std::str::from_utf8(wtf8)
        && !text.contains('\0')
    {
        return (Cow::Borrowed(text), false);
    }
    let mut text = String::with_capacity(wtf8.len() + 2);
    for piece in pieces(wtf8) {
        match piece {
            Piece::Text(valid) => text.push_str(&valid.replace('\0', "\u{fffd}")),
            Piece::Surrogate(_) => text.push('\u{fffd}'),
        }
    }
    (Cow::Owned(text), true)
}

/// A stretch of WTF-8.
pub(super) enum Piece<'a> {
    /// Valid UTF-8.
    Text(&'a str),
    /// The code unit of a lone surrogate.
    Surrogate(u16),
}

/// Splits WTF-8 into text and lone surrogates.
pub(super) fn pieces(wtf8: &[u8]) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = wtf8;
    while let Some(at) = rest.windows(3).position(is_surrogate) {
        let (before, after) = rest.split_at(at);
        pieces.push(Piece::Text(std::str::from_utf8(before).unwrap_or_default()));
        let (unit, after) = after.split_at(3);
        pieces.push(Piece::Surrogate(surrogate(unit)));
        rest = after;
    }
    pieces.push(Piece::Text(std::str::from_utf8(rest).unwrap_or_default()));
    pieces
}

/// In UTF-8 a byte 0xED is never followed by 0xA0 or more: only surrogates are.
fn is_surrogate(window: &[u8]) -> bool {
    matches!(window, [0xED, 0xA0..=0xBF, _])
}

fn surrogate(unit: &[u8]) -> u16 {
    match unit {
        [_, middle, last] => 0xD000 | (u16::from(middle & 0x3F) << 6) | u16::from(last & 0x3F),
        _ => 0xFFFD,
    }
}

/// One field of an object.
#[derive(Debug)]
pub(super) struct Member<'a> {
    /// Decoded name, WTF-8.
    pub(super) key: Cow<'a, [u8]>,
    /// Its value.
    pub(super) value: Value<'a>,
    position: usize,
}

/// The fields of an object: sorted by name, each name once, because of duplicates the last wins.
#[derive(Debug)]
pub(super) struct Object<'a> {
    members: Vec<Member<'a>>,
}

impl<'a> Object<'a> {
    /// Reads an element: `None` if it is valid JSON of another type.
    pub(super) fn parse(text: &'a str) -> serde_json::Result<Option<Self>> {
        if text.trim_ascii_start().starts_with('{') {
            serde_json::from_str(text).map(Some)
        } else {
            Value::parse(text).map(|_| None)
        }
    }

    /// Gives the fields in bytewise order of their names.
    pub(super) fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// Gives the fields in the order of their last appearance.
    pub(super) fn as_sent(&self) -> Vec<&Member<'a>> {
        let mut members: Vec<_> = self.members.iter().collect();
        members.sort_unstable_by_key(|member| member.position);
        members
    }

    /// Finds a field that is present and not null.
    pub(super) fn get(&self, name: &str) -> Option<Value<'a>> {
        let at = self.members.binary_search_by(|member| (*member.key).cmp(name.as_bytes())).ok()?;
        self.members.get(at).map(|member| member.value).filter(|value| !value.is_null())
    }
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Text(key)) = map.next_key()? {
            let value = Value(map.next_value::<&RawValue>()?.get());
            members.push(Member { key, value, position: members.len() });
        }
        members.sort_unstable_by(|left: &Member<'_>, right| {
            left.key.cmp(&right.key).then(left.position.cmp(&right.position))
        });
        members.dedup_by(|later, kept| {
            let same = later.key == kept.key;
            if same {
                std::mem::swap(later, kept);
            }
            same
        });
        Ok(Object { members })
    }
}

/// A decoded string, borrowed where it holds no escape.
struct Text<'a>(Cow<'a, [u8]>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_borrowed_bytes<E: serde::de::Error>(self, bytes: &'de [u8]) -> Result<Self::Value, E> {
        Ok(Text(Cow::Borrowed(bytes)))
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(Text(Cow::Owned(bytes.to_vec())))
    }
}
