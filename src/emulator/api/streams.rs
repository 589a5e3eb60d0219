//! The table of list endpoints (CONTRACT A2.5) and which list of the store serves each.

use super::paging::Listing;
use crate::emulator::account::store::Store;

/// Describes one list endpoint.
#[derive(Debug)]
pub(crate) struct Stream {
    /// Names the list in its path.
    pub(crate) name: &'static str,
    /// Names one object in messages.
    pub(crate) noun: &'static str,
    /// Lists the query parameters that select by parent; others are ignored (A1.3).
    pub(crate) parents: &'static [&'static str],
    /// Says that paging is not documented (A2.5, rows 7 and 8).
    pub(crate) is_unpaged: bool,
    /// Finds the list.
    pub(crate) listing: fn(&Store) -> &dyn Listing,
}

const fn stream(
    name: &'static str,
    noun: &'static str,
    parents: &'static [&'static str],
    listing: fn(&Store) -> &dyn Listing,
) -> Stream {
    Stream { name, noun, parents, is_unpaged: false, listing }
}

/// Lists all streams.
pub(crate) static STREAMS: [Stream; 14] = [
    stream("customers", "customer", &[], |store| &store.customers),
    stream("events", "event", &[], |store| &store.events),
    stream("invoices", "invoice", &["customer", "customer_id"], |store| &store.invoices),
    stream("plans", "plan", &[], |store| &store.plans),
    stream("subscriptions", "subscription", &[], |store| &store.subscriptions),
    stream("transactions", "transaction", &["customer", "customer_id", "invoice"], |store| {
        &store.transactions
    }),
    Stream { is_unpaged: true, ..stream("users", "user", &[], |store| &store.users) },
    Stream { is_unpaged: true, ..stream("webhooks", "webhook", &[], |store| &store.webhooks) },
    stream("statements", "statement", &[], |store| &store.statements),
    stream("organizations", "organization", &[], |store| &store.organizations),
    stream("products", "product", &[], |store| &store.products),
    stream("plan_items", "plan_item", &[], |store| &store.plan_items),
    stream("orders", "order", &[], |store| &store.orders),
    stream("order_items", "order_item", &[], |store| &store.order_items),
];

/// Finds a stream by its name in the path.
pub(crate) fn find(name: &str) -> Option<&'static Stream> {
    STREAMS.iter().find(|stream| stream.name == name)
}
