//! Writes JSON values: one way for hashes, one way for columns.

use std::fmt::Write as _;

use super::json::{JsonType, Object, Piece, Value, pieces, repair};

/// Deepest level that is sorted and freed of duplicate keys. Below it tokens are copied in a loop,
/// so that no input can exhaust the stack.
pub(super) const MAX_DEPTH: usize = 64;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// Keys sorted by their bytes, nothing repaired: equal data gives equal text.
    Canonical,
    /// Keys in the order sent, text repaired: what JSON columns hold.
    Column,
}

/// Writes the canonical form of an object with the fields that `keeps` chooses by their names.
///
/// Whitespace goes, strings are decoded and encoded one way, of duplicate keys the last stays.
/// Numbers keep their text: `100` and `100.0` stay apart, which costs a history version at worst.
pub(super) fn canonical(object: &Object<'_>, keeps: impl Fn(&[u8]) -> bool, out: &mut String) {
    let mut writer = Writer { style: Style::Canonical, out, repaired: false };
    writer.members(object.members().iter().filter(|member| keeps(&member.key)), 0);
}

/// Writes a value for a JSON column; `true` tells that text in it had to be repaired.
pub(super) fn compact(value: Value<'_>, out: &mut String) -> bool {
    let mut writer = Writer { style: Style::Column, out, repaired: false };
    writer.value(value, 0);
    writer.repaired
}

/// Writes a decoded string with its quotes for a JSON column; `true` tells of a repair.
pub(super) fn compact_string(wtf8: &[u8], out: &mut String) -> bool {
    let mut writer = Writer { style: Style::Column, out, repaired: false };
    writer.string(wtf8);
    writer.repaired
}

/// Writes a decoded string with its quotes, losing nothing.
pub(super) fn exact_string(wtf8: &[u8], out: &mut String) {
    Writer { style: Style::Canonical, out, repaired: false }.string(wtf8);
}

struct Writer<'o> {
    style: Style,
    out: &'o mut String,
    repaired: bool,
}

impl Writer<'_> {
    fn value(&mut self, value: Value<'_>, depth: usize) {
        match value.json_type() {
            JsonType::Object | JsonType::Array if depth == MAX_DEPTH => self.tokens(value.text()),
            JsonType::Object => self.object(value, depth),
            // Without objects there is nothing to sort and no duplicate: one pass will do.
            JsonType::Array if !value.text().contains('{') => self.tokens(value.text()),
            JsonType::Array => self.array(value, depth),
            JsonType::String => self.raw_string(value),
            JsonType::Null | JsonType::Boolean | JsonType::Number => {
                self.out.push_str(value.text());
            }
        }
    }

    fn object(&mut self, value: Value<'_>, depth: usize) {
        let Some(object) = value.object() else { return self.tokens(value.text()) };
        match self.style {
            Style::Canonical => self.members(object.members().iter(), depth),
            Style::Column => self.members(object.as_sent().into_iter(), depth),
        }
    }

    fn members<'m, 'a: 'm>(
        &mut self,
        members: impl Iterator<Item = &'m super::json::Member<'a>>,
        depth: usize,
    ) {
        self.out.push('{');
        for (index, member) in members.enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.string(&member.key);
            self.out.push(':');
            self.value(member.value, depth + 1);
        }
        self.out.push('}');
    }

    fn array(&mut self, value: Value<'_>, depth: usize) {
        self.out.push('[');
        for (index, item) in value.items().unwrap_or_default().into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value(item, depth + 1);
        }
        self.out.push(']');
    }

    fn raw_string(&mut self, value: Value<'_>) {
        let escaped = value.text().as_bytes().contains(&b'\\');
        match value.string_bytes() {
            Some(decoded) if escaped => self.string(&decoded),
            _ => self.out.push_str(value.text()),
        }
    }

    fn string(&mut self, wtf8: &[u8]) {
        self.out.push('"');
        match self.style {
            Style::Column => {
                let (text, repaired) = repair(wtf8);
                self.repaired |= repaired;
                self.escaped(&text);
            }
            Style::Canonical => self.exact(wtf8),
        }
        self.out.push('"');
    }

    fn exact(&mut self, wtf8: &[u8]) {
        if let Ok(text) = std::str::from_utf8(wtf8) {
            return self.escaped(text);
        }
        for piece in pieces(wtf8) {
            match piece {
                Piece::Text(text) => self.escaped(text),
                Piece::Surrogate(unit) => self.unit(unit.into()),
            }
        }
    }

    fn escaped(&mut self, text: &str) {
        if !text.bytes().any(|byte| byte < b' ' || byte == b'"' || byte == b'\\') {
            return self.out.push_str(text);
        }
        for letter in text.chars() {
            match letter {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\0'..='\u{1f}' => self.unit(letter.into()),
                _ => self.out.push(letter),
            }
        }
    }

    fn unit(&mut self, unit: u32) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "\\u{unit:04x}");
    }

    /// Copies tokens one by one, without whitespace and in a loop: the way for values that need no
    /// sorting, or that are nested too deep for it.
    fn tokens(&mut self, text: &str) {
        if !text.bytes().any(|byte| byte <= b' ' || byte == b'\\') {
            return self.out.push_str(text);
        }
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let length = if first == '"' { string_length(rest) } else { first.len_utf8() };
            let (token, after) = rest.split_at_checked(length).unwrap_or((rest, ""));
            match first {
                '"' => self.raw_string(Value::trusted(token)),
                ' ' | '\t' | '\n' | '\r' => {}
                _ => self.out.push_str(token),
            }
            rest = after;
        }
    }
}

/// Gives the length in bytes of the string literal at the start of `text`, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
