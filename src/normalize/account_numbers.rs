//! Masks whatever looks like an account or card number, in records whose fields nobody documents
//! (CONTRACT C3): all digits but the last four.

use super::json::{JsonType, Value};
use super::write::{MAX_DEPTH, exact_string};

/// Digits on end from which a text holds such a number.
const SHORTEST: usize = 8;
/// Digits from which it does although spaces or dashes part them, or it is a bare number: dates and
/// Unix seconds have fewer.
const SHORTEST_PARTED: usize = 12;
/// Digits that stay, so that people can tell which one is meant.
const SHOWN: usize = 4;

/// Gives the element with its numbers masked, if it holds any. Ids stay: rows are found by them.
pub(super) fn mask(text: &str) -> Option<String> {
    let mut masking = Masking { out: String::with_capacity(text.len()), changed: false };
    masking.value("", Value::trusted(text), 0);
    masking.changed.then_some(masking.out)
}

struct Masking {
    out: String,
    changed: bool,
}

impl Masking {
    fn value(&mut self, name: &str, value: Value<'_>, depth: usize) {
        match value.json_type() {
            JsonType::Object | JsonType::Array if depth == MAX_DEPTH => {
                self.changed = true;
                self.out.push_str("null");
            }
            JsonType::Object => self.object(value, depth),
            JsonType::Array => self.array(value, depth),
            JsonType::String if !is_id(name) => self.text(value),
            JsonType::Number if digits(value.text()) >= SHORTEST_PARTED => {
                self.changed = true;
                self.out.push('"');
                self.out.push_str(&starred(value.text()));
                self.out.push('"');
            }
            _ => self.out.push_str(value.text()),
        }
    }

    fn object(&mut self, value: Value<'_>, depth: usize) {
        self.out.push('{');
        let Some(object) = value.object() else { return };
        for (index, member) in object.as_sent().into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            exact_string(&member.key, &mut self.out);
            self.out.push(':');
            self.value(&String::from_utf8_lossy(&member.key), member.value, depth + 1);
        }
        self.out.push('}');
    }

    fn array(&mut self, value: Value<'_>, depth: usize) {
        self.out.push('[');
        for (index, item) in value.items().unwrap_or_default().into_iter().enumerate() {
            if index > 0 {
                self.out.push(',');
            }
            self.value("", item, depth + 1);
        }
        self.out.push(']');
    }

    fn text(&mut self, value: Value<'_>) {
        let text = value.string().map(|(text, _)| text).unwrap_or_default();
        if !holds_number(&text) {
            return self.out.push_str(value.text());
        }
        self.changed = true;
        exact_string(starred(&text).as_bytes(), &mut self.out);
    }
}

fn is_id(name: &str) -> bool {
    name.starts_with('_') || name.eq_ignore_ascii_case("id") || name.ends_with("_id")
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

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn numbers_are_masked_and_everything_else_stays() {
        let masked = |text: &str| mask(text).unwrap_or_else(|| text.to_owned());
        for (text, expected) in [
            (r#"{"number":"4242 4242 4242 4242"}"#, r#"{"number":"**** **** **** 4242"}"#),
            (r#"{"bank":{"account":"000123456789"}}"#, r#"{"bank":{"account":"********6789"}}"#),
            (
                r#"{"iban":["CH93 0076 2011 6238 5295 7"]}"#,
                r#"{"iban":["CH** **** **** **** *295 7"]}"#,
            ),
            (r#"{"account":123456789012}"#, r#"{"account":"********9012"}"#),
            (r#"{"id":"pm_123456789012","customer_id":"12345678901234"}"#, ""),
            (r#"{"created_at":"2026-11-25T10:00:00Z","exp":"12/2030","at":1764061200}"#, ""),
            (r#"{"last4":"4242","name":"A \u00e9"}"#, ""),
        ] {
            assert_eq!(masked(text), if expected.is_empty() { text } else { expected });
        }
    }
}
