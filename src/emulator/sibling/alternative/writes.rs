//! The writes of Alternative Payments that move no money: customers, their users, archiving.

use serde_json::{Map, Value, json};

use super::no_such;
use crate::emulator::sibling::business::archive;
use crate::emulator::sibling::dice::{Dice, instant};
use crate::emulator::sibling::exchange::{Ask, Reply};
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};
use crate::emulator::sibling::store::{Entry, Store};

const KIND: SiblingKind = SiblingKind::AlternativePayments;

/// Fields that PATCH takes; name and legal name among them, email and external id not.
const PATCHED: [&str; 9] = [
    "name",
    "legal_name",
    "ein",
    "street_address",
    "sub_premise",
    "city",
    "state",
    "postal_code",
    "country",
];

/// Answers a request that is no read.
pub(crate) fn answer(store: &mut Store, options: &SiblingOptions, ask: &Ask) -> Reply {
    let Some(fields) = ask.fields() else {
        return Reply::error(KIND, 400, "The body is no JSON object.");
    };
    let route = ask.route();
    let is_archivable = |list: &str| store.kind(list).is_some_and(|kind| kind.is_archivable);
    match (ask.method.as_str(), route.as_slice()) {
        ("POST", ["customers"]) => create(store, options, &fields, ask.now),
        ("PATCH", ["customers", id]) => change(store, id, fields),
        ("POST", ["customers", id, "users"]) => add_user(store, options, id, &fields),
        ("DELETE", [list, id]) if is_archivable(list) => keep(store, list, id, true, ask.now),
        ("POST", [list, id, "restore"]) if is_archivable(list) => {
            keep(store, list, id, false, ask.now)
        }
        _ => Reply::error(KIND, 405, "This method is not served here."),
    }
}

fn create(
    store: &mut Store,
    options: &SiblingOptions,
    fields: &Map<String, Value>,
    now: i64,
) -> Reply {
    for required in ["name", "email"] {
        if fields.get(required).and_then(Value::as_str).is_none_or(str::is_empty) {
            return Reply::invalid(KIND, 422, required, "is required");
        }
    }
    let id = dice(store, options).uuid();
    let mut object = json!({"id": id, "created_at": instant(now)});
    for name in PATCHED.iter().chain(&["email", "external_id"]) {
        object[*name] = fields.get(*name).cloned().unwrap_or_default();
    }
    object["default_payment_method_id"] = Value::Null;
    store.add("customers", Entry::of(object));
    show(store, "customers", &id)
}

fn change(store: &mut Store, id: &str, fields: Map<String, Value>) -> Reply {
    let Some(entry) = store.edit("customers", id) else { return no_such("customer", id) };
    for (name, value) in fields.into_iter().filter(|(name, _)| PATCHED.contains(&name.as_str())) {
        entry.object[&name] = value;
    }
    show(store, "customers", id)
}

fn add_user(
    store: &mut Store,
    options: &SiblingOptions,
    customer: &str,
    fields: &Map<String, Value>,
) -> Reply {
    if store.get("customers", customer).is_none() {
        return no_such("customer", customer);
    }
    if fields.get("email").and_then(Value::as_str).is_none_or(str::is_empty) {
        return Reply::invalid(KIND, 422, "email", "is required");
    }
    let id = dice(store, options).uuid();
    let mut object = json!({"id": id});
    for name in ["email", "first_name", "last_name"] {
        object[name] = fields.get(name).cloned().unwrap_or_default();
    }
    store.add("users", Entry::of(object).under(customer));
    show(store, "users", &id)
}

/// Archives or restores, and answers with the object (CONTRACT C4).
fn keep(store: &mut Store, list: &str, id: &str, away: bool, now: i64) -> Reply {
    if store.get(list, id).is_none() {
        return no_such(list.trim_end_matches('s'), id);
    }
    archive(store, list, id, away, now);
    show(store, list, id)
}

fn show(store: &Store, list: &str, id: &str) -> Reply {
    let object = store.get(list, id).map(|entry| store.view(list, entry)).unwrap_or_default();
    Reply::json(&object)
}

fn dice(store: &Store, options: &SiblingOptions) -> Dice {
    Dice::new(options.seed ^ store.serial().rotate_left(29))
}
