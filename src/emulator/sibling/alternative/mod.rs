//! Alternative Payments (CONTRACT part C).

pub(crate) mod churn;
pub(crate) mod founding;
mod pages;
pub(crate) mod tokens;
mod trade;
mod writes;

use serde_json::{Value, json};

use super::business::child_list;
use super::exchange::{Ask, Reply};
use super::options::{SiblingKind, SiblingOptions};
use super::server::Books;
use super::store::{Kind, Store, text};
use pages::page;

const KIND: SiblingKind = SiblingKind::AlternativePayments;

/// Lists what the account keeps.
pub(crate) static KINDS: [Kind; 10] = [
    Kind::new("customers", "customer").archivable(),
    Kind::new("users", "user").under("customers"),
    Kind::new("payment_methods", "payment method").under("customers"),
    Kind::new("invoices", "invoice").archivable(),
    Kind::new("payments", "payment"),
    Kind::new("payouts", "payout"),
    Kind::new("payout_transactions", "payment").under("payouts").completed(show_payment),
    Kind::new("webhooks", "webhook"),
    Kind::new("webhook_events", "delivery"),
    Kind::new("payment_requests", "payment request"),
];

/// Lists that stand at the first level of paths.
const LISTED: [&str; 5] = ["customers", "invoices", "payments", "payouts", "webhooks"];

/// Answers a request.
pub(crate) fn answer(books: &mut Books, options: &SiblingOptions, ask: &Ask) -> Reply {
    let route = ask.route();
    if route == ["oauth", "token"] {
        return match ask.method.as_str() {
            "POST" => books.tokens.grant(options, ask),
            _ => Reply::error(KIND, 405, "Tokens are asked for with POST."),
        };
    }
    if !books.tokens.let_in(ask) {
        return Reply::error(KIND, 401, "The access token is missing, expired or unknown.");
    }
    if ask.method != "GET" {
        return writes::answer(&mut books.store, options, ask);
    }
    read(&books.store, options, ask, &route)
}

/// Says that an id names nothing.
fn no_such(noun: &str, id: &str) -> Reply {
    Reply::error(KIND, 404, &format!("There is no {noun} {id}."))
}

fn read(store: &Store, options: &SiblingOptions, ask: &Ask, route: &[&str]) -> Reply {
    match route {
        ["webhooks", "events"] => page(store, options, ask, "webhook_events", None),
        [list] if LISTED.contains(list) => page(store, options, ask, list, None),
        ["payments", "request", id] => single(store, "payment_requests", id),
        ["invoices", id, "payment-link" | "pdf-link"] => match store.get("invoices", id) {
            Some(_) => Reply::json(&json!({"url": format!("https://links.example/{id}")})),
            None => no_such("invoice", id),
        },
        [list, id, ..] if store.kind(list).is_some() && store.get(list, id).is_none() => {
            no_such(list.trim_end_matches('s'), id)
        }
        ["customers", id, "payment-methods"] => methods(store, id),
        ["customers", id, "payment-methods", method] => {
            let found = store.get("payment_methods", method);
            match found.filter(|entry| entry.parent.as_deref() == Some(id)) {
                Some(entry) => Reply::json(&store.view("payment_methods", entry)),
                None => no_such("payment method", method),
            }
        }
        [list @ ("customers" | "payouts"), id, child @ ("users" | "transactions")] => {
            page(store, options, ask, child_list(list, child), Some(id))
        }
        [list, id] if LISTED.contains(list) => single(store, list, id),
        _ => Reply::error(KIND, 404, "There is nothing at this path."),
    }
}

fn single(store: &Store, list: &str, id: &str) -> Reply {
    match (store.get(list, id), store.kind(list)) {
        (Some(entry), _) => Reply::json(&store.view(list, entry)),
        (None, Some(kind)) => no_such(kind.noun, id),
        (None, None) => Reply::error(KIND, 404, "There is nothing at this path."),
    }
}

/// Serves payment methods, which are not paged, as an array or under `data`: the customer decides.
fn methods(store: &Store, customer: &str) -> Reply {
    let rows = store.list("payment_methods").into_iter().flat_map(|list| list.under(customer));
    let data: Vec<Value> = rows.map(|(_, entry)| store.view("payment_methods", entry)).collect();
    let is_bare = customer.bytes().map(u32::from).sum::<u32>() % 2 == 0;
    if is_bare { Reply::json(&data.into()) } else { Reply::json(&json!({"data": data})) }
}

/// Puts the payment as it is now where a payout names it.
fn show_payment(store: &Store, object: &mut Value) {
    if let Some(entry) = store.get("payments", text(object, "id")) {
        *object = entry.object.clone();
    }
}
