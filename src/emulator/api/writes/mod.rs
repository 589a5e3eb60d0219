//! The writes of CONTRACT A8: which path and method does what.
//!
//! Where the contract says nothing: cards, empty invoices, and what an order, an item or a
//! product needs are our assumptions.

mod account;
mod call;
mod catalogue;
mod customers;
mod invoices;
mod people;
mod plans;
mod transactions;

use axum::response::Response;

use super::answer::ApiError;
pub(crate) use call::Call;

/// Serves a write.
type Handler = fn(&Call<'_>) -> Result<Response, ApiError>;

const POST: &[&str] = &["POST"];
/// Updates an existing object; the documents use either method.
const EDIT: &[&str] = &["POST", "PUT"];
const DELETE: &[&str] = &["DELETE"];
/// Reads, and writes all the same.
const GET: &[&str] = &["GET"];

static WRITES: [(&str, &[&str], Handler); 42] = [
    ("/account", EDIT, account::update),
    ("/customers", POST, customers::create),
    ("/customers/{id}", EDIT, customers::update),
    ("/customers/by_external_id", GET, customers::find_or_create),
    ("/customers/by_external_id", EDIT, customers::update_or_create),
    ("/customers/{id}/generate_invoices", POST, customers::generate_invoices),
    ("/customers/{id}/generate_invoice", POST, customers::generate_invoice),
    ("/customers/{id}/statements", POST, customers::create_statement),
    ("/customers/{id}/cards", POST, customers::add_card),
    ("/invoices", POST, invoices::create),
    ("/invoices/{id}", EDIT, invoices::update),
    ("/invoices/{id}/issue", POST, invoices::issue),
    ("/invoices/{id}/mark_as_paid", POST, invoices::mark_as_paid),
    ("/invoices/{id}/void", POST, invoices::void),
    ("/invoices/{id}/charge", POST, invoices::charge),
    ("/plans", POST, plans::create),
    ("/plans/{id}", EDIT, plans::update),
    ("/subscriptions", POST, plans::subscribe),
    ("/subscriptions/{id}/cancel", POST, plans::cancel),
    ("/transactions", POST, transactions::create),
    ("/transactions/{id}", EDIT, transactions::update),
    ("/transactions/{id}", DELETE, transactions::delete),
    ("/transactions/{id}/mark_as_paid", POST, transactions::mark_as_paid),
    ("/transactions/{id}/refunds", POST, transactions::refund),
    ("/transactions/{id}/void", POST, transactions::void),
    ("/users", POST, people::create_user),
    ("/users/{id}", EDIT, people::update_user),
    ("/users/{id}", DELETE, people::delete_user),
    ("/webhooks", POST, people::create_webhook),
    ("/webhooks/{id}", EDIT, people::update_webhook),
    ("/webhooks/{id}", DELETE, people::delete_webhook),
    ("/statements/{id}", EDIT, people::update_statement),
    ("/organizations", POST, people::create_organization),
    ("/organizations/{id}", EDIT, people::update_organization),
    ("/products", EDIT, catalogue::create_product),
    ("/products/{id}", EDIT, catalogue::update_product),
    ("/plan_items", EDIT, catalogue::create_plan_item),
    ("/plan_items/{id}", EDIT, catalogue::update_plan_item),
    ("/orders", EDIT, catalogue::create_order),
    ("/orders/{id}", EDIT, catalogue::update_order),
    ("/order_items", EDIT, catalogue::create_order_item),
    ("/order_items/{id}", EDIT, catalogue::update_order_item),
];

/// Finds what serves a method on a path, written with `{id}` in place of ids.
pub(crate) fn find(pattern: &str, method: &str) -> Option<Handler> {
    let serves = |(path, methods, _): &&(&str, &[&str], Handler)| {
        *path == pattern && methods.contains(&method)
    };
    WRITES.iter().find(serves).map(|&(_, _, handler)| handler)
}

/// Says whether something can be written to a path.
pub(crate) fn knows(pattern: &str) -> bool {
    WRITES.iter().any(|(path, _, _)| *path == pattern)
}
