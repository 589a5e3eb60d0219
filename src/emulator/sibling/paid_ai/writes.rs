//! What the official SDKs write: customers, contacts, orders, products and agents.

use serde_json::{Map, Value, json};

use super::people::ORGANIZATION;
use super::{list_name, no_such, spelling};
use crate::emulator::sibling::business::touch;
use crate::emulator::sibling::dice::{Dice, instant_with_milliseconds};
use crate::emulator::sibling::exchange::{Ask, Reply};
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};
use crate::emulator::sibling::store::{Entry, Store};

/// Lists that can be written, with the fields that a new object must have.
const WRITABLE: [(&str, &[&str]); 5] = [
    ("customers", &["name"]),
    ("contacts", &["firstName", "lastName"]),
    ("orders", &["name"]),
    ("products", &["name"]),
    ("agents", &["name"]),
];
/// Fields that no caller sets.
const OURS: [&str; 4] = ["id", "createdAt", "updatedAt", "organizationId"];

/// Answers a request that is no read.
pub(crate) fn answer(store: &mut Store, options: &SiblingOptions, ask: &Ask) -> Reply {
    let kind = options.kind;
    let route = ask.route();
    let list = route.first().map(|first| list_name(first)).unwrap_or_default();
    let required = WRITABLE.iter().find(|(name, _)| *name == list).map(|(_, required)| required);
    let (Some(required), Some(known)) = (required, store.kind(&list)) else {
        return Reply::error(kind, 405, "This cannot be written.");
    };
    let Some(fields) = ask.fields() else {
        return Reply::error(kind, 400, "The body is no JSON object.");
    };
    let fields = spelling::camel_fields(fields);
    let (id, rest) = match route.as_slice() {
        [_] if ask.method == "POST" => {
            return create(store, options, &list, required, fields, ask.now);
        }
        [_, "external", external, rest @ ..] => {
            let found = store.external(&list, external).map(|entry| entry.id.clone());
            match found {
                Some(id) => (id, rest),
                None => return no_such(kind, known.noun, external),
            }
        }
        [_, id, rest @ ..] => ((*id).to_owned(), rest),
        _ => return Reply::error(kind, 405, "This method is not served here."),
    };
    if store.get(&list, &id).is_none() {
        return no_such(kind, known.noun, &id);
    }
    match (ask.method.as_str(), rest) {
        ("PUT", []) => update(store, options, &list, &id, fields, ask.now),
        ("DELETE", []) => {
            store.remove(&list, &id);
            Reply::json(&json!({}))
        }
        ("POST", ["activate"]) if list == "orders" => {
            let active = Map::from_iter([("creationState".to_owned(), "active".into())]);
            update(store, options, &list, &id, active, ask.now)
        }
        _ => Reply::error(kind, 405, "This method is not served here."),
    }
}

fn create(
    store: &mut Store,
    options: &SiblingOptions,
    list: &str,
    required: &[&str],
    fields: Map<String, Value>,
    now: i64,
) -> Reply {
    let kind = options.kind;
    let is_missing = |name: &&&str| fields.get(**name).is_none_or(|value| value == "");
    if let Some(missing) = required.iter().find(is_missing) {
        return Reply::invalid(kind, 400, missing, "is required");
    }
    if let Some(reply) = refused(store, kind, list, None, &fields) {
        return reply;
    }
    let mut dice = Dice::new(options.seed ^ store.serial().rotate_left(17));
    let mut object = blank(kind, list, now, &mut dice);
    if list != "customers"
        && let Some(customer) = payer(store, &fields)
    {
        object["customerId"] = customer.into();
    }
    merge(&mut object, fields);
    let id = object["id"].as_str().unwrap_or_default().to_owned();
    store.add(list, Entry::of(object));
    shown(store, options, list, &id)
}

/// Finds the customer that new objects name by either of its ids.
fn payer(store: &Store, fields: &Map<String, Value>) -> Option<String> {
    let named = |name: &str| fields.get(name).and_then(Value::as_str);
    let entry = match named("customerId") {
        Some(id) => store.get("customers", id),
        None => store.external("customers", named("customerExternalId")?),
    };
    entry.map(|entry| entry.id.clone())
}

fn update(
    store: &mut Store,
    options: &SiblingOptions,
    list: &str,
    id: &str,
    fields: Map<String, Value>,
    now: i64,
) -> Reply {
    if let Some(reply) = refused(store, options.kind, list, Some(id), &fields) {
        return reply;
    }
    if let Some(entry) = store.edit(list, id) {
        merge(&mut entry.object, fields);
        touch(&mut entry.object, now);
    }
    shown(store, options, list, id)
}

/// Says why fields cannot be written, if they cannot.
fn refused(
    store: &Store,
    kind: SiblingKind,
    list: &str,
    id: Option<&str>,
    fields: &Map<String, Value>,
) -> Option<Reply> {
    let external = fields.get("externalId").and_then(Value::as_str).unwrap_or_default();
    let owner = store.external(list, external).filter(|_| !external.is_empty());
    if owner.is_some_and(|owner| Some(owner.id.as_str()) != id) {
        let status = if kind == SiblingKind::PaidAiV1 { 400 } else { 409 };
        return Some(Reply::invalid(kind, status, "externalId", "is taken"));
    }
    let name = fields.get("name");
    let is_bad = name.is_some_and(|name| !name.is_string());
    is_bad.then(|| Reply::invalid(kind, 400, "name", "must be a text"))
}

/// Replaces fields; an address and metadata are replaced field by field.
fn merge(object: &mut Value, fields: Map<String, Value>) {
    for (name, value) in fields {
        if OURS.contains(&name.as_str()) {
            continue;
        }
        let before = object.get_mut(&name).and_then(Value::as_object_mut);
        match (before, value) {
            (Some(before), Value::Object(parts)) => before.extend(parts),
            (_, value) => object[name] = value,
        }
    }
}

/// Makes an object that holds what the service fills in itself.
fn blank(kind: SiblingKind, list: &str, now: i64, dice: &mut Dice) -> Value {
    let made = instant_with_milliseconds(now);
    let is_first = kind == SiblingKind::PaidAiV1;
    let id = match list {
        _ if is_first => dice.uuid(),
        "customers" => dice.code("cus_", 12),
        "contacts" => dice.code("con_", 12),
        "orders" => dice.code("ord_", 12),
        _ => dice.code("prod_", 12),
    };
    if is_first {
        let mut object = json!({"id": id, "organizationId": ORGANIZATION});
        match list {
            "customers" => {
                object["creationState"] = "active".into();
                object["creationSource"] = "api".into();
            }
            "orders" => {
                object["creationState"] = "draft".into();
                object["orderLines"] = json!([]);
            }
            "products" | "agents" => object["active"] = true.into(),
            _ => {}
        }
        return object;
    }
    let mut object = json!({"id": id, "externalId": null, "createdAt": made, "updatedAt": made});
    let rest = match list {
        "customers" => json!({
            "legalName": null, "email": "", "phone": "", "website": "", "creationState": "active",
            "billingAddress": null, "metadata": null, "churnDate": null, "vatNumber": null,
            "defaultCurrency": "USD",
        }),
        "contacts" => json!({"phone": null, "billingAddress": null, "roles": []}),
        "orders" => json!({
            "billingContactIds": [], "startDate": made, "endDate": null, "creationState": "draft",
            "billedAmountNoTax": 0, "billedTax": 0, "estimatedTax": 0, "orderAmount": 0,
            "pendingBillingAmount": 0, "totalAmount": 0, "totalBilledAmount": 0,
            "number": dice.between(10_000, 99_999), "metadata": null, "version": 1,
        }),
        _ => json!({"description": null, "active": true, "archivedAt": null, "metadata": null}),
    };
    if let (Some(object), Value::Object(rest)) = (object.as_object_mut(), rest) {
        object.extend(rest);
    }
    object
}

fn shown(store: &Store, options: &SiblingOptions, list: &str, id: &str) -> Reply {
    let object = store.get(list, id).map(|entry| store.view(list, entry)).unwrap_or_default();
    Reply::json(&spelling::spelled(object, options))
}
