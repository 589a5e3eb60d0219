//! Masks whatever looks like an account or card number, in records whose fields nobody documents
//! (CONTRACT C3): all digits but the last four.

use super::json::{JsonType, Value};
use super::write::exact_string;

/// Digits on end from which a text holds such a number.
const SHORTEST: usize = 8;
/// Digits from which it does although spaces or dashes part them, or it is a bare number: dates and
/// Unix seconds have fewer.
const SHORTEST_PARTED: usize = 12;
/// Digits that stay, so that people can tell which one is meant.
const SHOWN: usize = 4;

/// Gives what stands for a text or number that looks like one; nothing for any other value.
pub(super) fn mask(value: Value<'_>) -> Option<String> {
    let mut masked = String::new();
    match value.json_type() {
        JsonType::String => {
            let text = value.string().map(|(text, _)| text).filter(|text| holds_number(text))?;
            exact_string(starred(&text).as_bytes(), &mut masked);
        }
        JsonType::Number if digits(value.text()) >= SHORTEST_PARTED => {
            exact_string(starred(value.text()).as_bytes(), &mut masked);
        }
        _ => return None,
    }
    Some(masked)
}

/// Tells whether a field holds an id: those stay, since rows are found by them.
pub(super) fn is_id(name: &[u8]) -> bool {
    name.starts_with(b"_") || name.eq_ignore_ascii_case(b"id") || name.ends_with(b"_id")
}

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Tells whether a text holds so many digits on end, or more of them with separators between.
fn holds_number(text: &str) -> bool {
    let (mut on_end, mut parted) = (0_usize, 0_usize);
    for character in text.chars() {
        match character {
            '0'..='9' => (on_end, parted) = (on_end + 1, parted + 1),
            ' ' | '-' => on_end = 0,
            _ => (on_end, parted) = (0, 0),
        }
        if on_end >= SHORTEST || parted >= SHORTEST_PARTED {
            return true;
        }
    }
    false
}

fn starred(text: &str) -> String {
    let mut hidden = digits(text).saturating_sub(SHOWN);
    text.chars()
        .map(|character| {
            let hides = character.is_ascii_digit() && hidden > 0;
            hidden -= usize::from(hides);
            if hides { '*' } else { character }
        })
        .collect()
}
