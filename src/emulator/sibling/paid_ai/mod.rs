//! Paid (paid.ai), v1 and v2 (CONTRACT part B).

pub(crate) mod churn;
pub(crate) mod first;
mod invoicing;
pub(crate) mod people;
pub(crate) mod second;
mod selling;
pub(crate) mod spelling;
mod writes;

use serde_json::{Value, json};

use super::business::child_list;
use super::exchange::{Ask, Reply};
use super::faults::SiblingTrouble;
use super::options::{SiblingKind, SiblingOptions};
use super::store::{Entry, Store};

/// Counts the rows of a page of v2 unless the caller says how many.
const USUAL_LIMIT: usize = 20;
/// Lists of v2 that are not paged.
const UNPAGED: [&str; 2] = ["credit_currencies", "webhooks"];

/// Answers a request.
pub(crate) fn answer(store: &mut Store, options: &SiblingOptions, ask: &Ask) -> Reply {
    let kind = options.kind;
    let (scheme, key) = ask.header("authorization").split_once(' ').unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") || key.trim() != options.api_key {
        return Reply::error(kind, 401, "Invalid API key");
    }
    if ask.method != "GET" {
        return writes::answer(store, options, ask);
    }
    let route = ask.route();
    let desk = Desk { store, options, ask };
    match (kind, route.as_slice()) {
        (_, [list, ..]) if list.contains('_') => desk.nowhere(),
        (SiblingKind::PaidAiV1, route) => desk.first(route),
        (_, route) => desk.second(route),
    }
}

/// Names the list behind the first part of a path.
pub(crate) fn list_name(part: &str) -> String {
    part.replace('-', "_")
}

/// Says that an id names nothing (CONTRACT B-01).
pub(crate) fn no_such(kind: SiblingKind, noun: &str, id: &str) -> Reply {
    let code = match noun {
        "customer" => "ACCOUNT_NOT_FOUND".to_owned(),
        _ => format!("{}_NOT_FOUND", noun.to_ascii_uppercase().replace(' ', "_")),
    };
    let mut name = noun.to_owned();
    name.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
    Reply::error_called(kind, 404, &code, &format!("{name} not found: {id}"))
}

/// Holds what a read needs.
struct Desk<'a> {
    store: &'a Store,
    options: &'a SiblingOptions,
    ask: &'a Ask,
}

impl Desk<'_> {
    fn first(&self, route: &[&str]) -> Reply {
        match route {
            ["invoices" | "credit_currencies", ..] => self.nowhere(),
            ["traces"] => Reply::json(&self.spend()),
            ["customers", "external", external, rest] => match *rest {
                _ if self.store.external("customers", external).is_none() => {
                    no_such(self.options.kind, "customer", external)
                }
                "usage" => {
                    let (limit, offset) = (100, 0);
                    let info = json!({
                        "limit": limit, "offset": offset, "total": 0, "hasMore": false,
                    });
                    Reply::json(&json!({"data": [], "pagination": info}))
                }
                "costs" => Reply::json(&self.spend()),
                "payment-methods" => Reply::json(&json!([])),
                _ => self.nowhere(),
            },
            ["orders", id, "invoices"] => match self.store.get("orders", id) {
                Some(_) => {
                    let entries = self.store.entries("invoices");
                    let own = entries.filter(|entry| entry.text("orderId") == *id);
                    self.array("invoices", own)
                }
                None => no_such(self.options.kind, "order", id),
            },
            [list] => match self.store.list(list) {
                Some(_) => self.array(list, self.store.entries(list)),
                None => self.nowhere(),
            },
            _ => self.single(route),
        }
    }

    fn second(&self, route: &[&str]) -> Reply {
        match route {
            ["credits", "currencies"] => self.unpaged("credit_currencies"),
            ["customers", id, "credits", "balances"] => match self.store.get("customers", id) {
                Some(_) => Reply::json(&json!({"data": []})),
                None => no_such(self.options.kind, "customer", id),
            },
            ["pricing"] => match self.ask.parameter("productId") {
                Some(_) => Reply::json(&json!({"data": []})),
                None => Reply::invalid(self.options.kind, 400, "productId", "is required"),
            },
            ["order-lines" | "invoice-lines" | "seats" | "credit-currencies", ..] => self.nowhere(),
            [list] => {
                let name = list_name(list);
                match self.store.list(&name) {
                    Some(_) if UNPAGED.contains(&name.as_str()) => self.unpaged(&name),
                    Some(_) => self.page(&name, self.store.entries(&name).rev()),
                    None => self.nowhere(),
                }
            }
            [list @ ("orders" | "invoices"), id, child @ ("lines" | "seats")] => {
                let name = child_list(list, child);
                match (self.store.get(list, id), self.store.list(name)) {
                    (Some(_), Some(lines)) => {
                        self.page(name, lines.under(id).map(|(_, entry)| entry).rev())
                    }
                    (None, Some(_)) => no_such(self.options.kind, list.trim_end_matches('s'), id),
                    (_, None) => self.nowhere(),
                }
            }
            _ => self.single(route),
        }
    }

    fn single(&self, route: &[&str]) -> Reply {
        let (list, id, found) = match route {
            [list, "external", external] => {
                let name = list_name(list);
                let found = self.store.external(&name, external);
                (name, external, found)
            }
            [list, id] => {
                let name = list_name(list);
                let found = self.store.get(&name, id);
                (name, id, found)
            }
            _ => return self.nowhere(),
        };
        match (self.store.kind(&list), found) {
            (Some(_), Some(entry)) => Reply::json(&self.show(&list, entry)),
            (Some(kind), None) => no_such(self.options.kind, kind.noun, id),
            (None, _) => self.nowhere(),
        }
    }

    fn show(&self, list: &str, entry: &Entry) -> Value {
        spelling::spelled(self.store.view(list, entry), self.options)
    }

    fn array<'a>(&self, list: &str, entries: impl Iterator<Item = &'a Entry>) -> Reply {
        let objects: Vec<Value> = entries.map(|entry| self.show(list, entry)).collect();
        Reply::json(&objects.into())
    }

    fn unpaged(&self, list: &str) -> Reply {
        let entries = self.store.entries(list);
        let objects: Vec<Value> = entries.map(|entry| self.show(list, entry)).collect();
        Reply::json(&json!({"data": objects}))
    }

    fn page<'a>(&self, list: &str, entries: impl Iterator<Item = &'a Entry>) -> Reply {
        let number = |name: &str, usual: usize| match self.ask.parameter(name) {
            None => Ok(usual),
            Some(text) => text.parse::<usize>().map_err(|_| name.to_owned()),
        };
        let (limit, offset) = match (number("limit", USUAL_LIMIT), number("offset", 0)) {
            (Ok(0), _) => {
                return Reply::invalid(self.options.kind, 400, "limit", "must be at least 1");
            }
            (Ok(limit), Ok(offset)) => (limit, offset),
            (Err(name), _) | (_, Err(name)) => {
                return Reply::invalid(self.options.kind, 400, &name, "must be a whole number");
            }
        };
        let limit = limit.min(usize::try_from(self.options.page_cap).unwrap_or(usize::MAX));
        let chosen: Vec<&Entry> = entries.filter(|entry| self.is_wanted(list, entry)).collect();
        let total = chosen.len();
        let rows = chosen.into_iter().skip(offset).take(limit);
        let data: Vec<Value> = rows.map(|entry| self.show(list, entry)).collect();
        let has_more = offset.saturating_add(data.len()) < total;
        let mut body = json!({"data": data});
        if list == "value_receipts" {
            body["total"] = total.into();
        } else if self.ask.trouble != Some(SiblingTrouble::NoPageInfo) {
            body["pagination"] =
                json!({"limit": limit, "offset": offset, "total": total, "hasMore": has_more});
        }
        Reply::json(&body)
    }

    /// Applies the filters of the list (CONTRACT B2.2); others are ignored.
    fn is_wanted(&self, list: &str, entry: &Entry) -> bool {
        let asked = |parameter: &str, field: &str| {
            let wanted = self.ask.parameter(parameter);
            wanted.is_none_or(|wanted| entry.text(field) == wanted)
        };
        match list {
            "checkouts" => asked("status", "status"),
            "seats" => asked("status", "status") && asked("productExternalId", "productExternalId"),
            "value_receipts" => {
                let is_archived = !entry.object["archivedAt"].is_null();
                let wanted = self.ask.parameter("archived");
                wanted.is_none_or(|wanted| (wanted == "true") == is_archived)
                    && asked("customerId", "customerId")
                    && asked("externalCustomerId", "customerExternalId")
                    && asked("orderId", "orderId")
                    && asked("productId", "productId")
            }
            _ => true,
        }
    }

    fn spend(&self) -> Value {
        let meta = json!({"limit": 100, "offset": 0, "count": 0, "hasMore": false});
        spelling::spelled(json!({"traces": [], "meta": meta}), self.options)
    }

    fn nowhere(&self) -> Reply {
        Reply::error(self.options.kind, 404, "There is nothing at this path.")
    }
}
