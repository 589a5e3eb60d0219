//! How fields are spelled: the wire says `camelCase`, the documents of the Ruby SDK `snake_case`
//! (CONTRACT B-06).

use serde_json::{Map, Value};

use crate::emulator::sibling::options::SiblingOptions;

/// Names whose values belong to the merchant, down to their keys.
const MERCHANTS: [&str; 2] = ["metadata", "pricePoints"];

/// Old and new names of references to customers (CONTRACT B4).
const OLD_NAMES: [(&str, &str); 3] = [
    ("customerId", "accountId"),
    ("customerExternalId", "accountExternalId"),
    ("customer", "account"),
];

/// Spells an object as the options want it.
pub(crate) fn spelled(mut object: Value, options: &SiblingOptions) -> Value {
    if options.old_names {
        object = renamed(object, &|name| {
            let old = OLD_NAMES.iter().find(|(new, _)| *new == name);
            old.map_or_else(|| name.to_owned(), |(_, old)| (*old).to_owned())
        });
    }
    if options.snake_case { renamed(object, &snake) } else { object }
}

/// Spells what a caller sent as the wire does.
pub(crate) fn camel_fields(fields: Map<String, Value>) -> Map<String, Value> {
    match renamed(Value::Object(fields), &camel) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn renamed(value: Value, rename: &impl Fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => {
            items.into_iter().map(|item| renamed(item, rename)).collect::<Vec<_>>().into()
        }
        Value::Object(fields) => {
            let named = |(name, value): (String, Value)| {
                let is_kept = MERCHANTS.contains(&name.as_str()) || name == "price_points";
                let value = if is_kept { value } else { renamed(value, rename) };
                (rename(&name), value)
            };
            Value::Object(fields.into_iter().map(named).collect())
        }
        plain => plain,
    }
}

fn snake(name: &str) -> String {
    let mut spelled = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_lowercase());
    }
    spelled
}

fn camel(name: &str) -> String {
    let mut spelled = String::new();
    for (position, part) in name.split('_').enumerate() {
        let mut letters = part.chars();
        match letters.next() {
            Some(first) if position > 0 => {
                spelled.push(first.to_ascii_uppercase());
                spelled.push_str(letters.as_str());
            }
            _ => spelled.push_str(part),
        }
    }
    spelled
}
