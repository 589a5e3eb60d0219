//! The table of list endpoints (CONTRACT A2.5) and which list of the store serves each.

use super::billing::{Invoice, Transaction};
use super::calendar::Day;
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::list::{List, Resource, render};
use super::objects::{
    Customer, Event, Organization, Plan, Statement, Subscription, UserEntry, Webhook,
};
use super::paging::Listing;
use super::store::Store;
use super::text::Text;

/// Describes one list endpoint.
#[derive(Debug)]
pub(super) struct Stream {
    /// Names the list in its path.
    pub(super) name: &'static str,
    /// Names one object in messages.
    pub(super) noun: &'static str,
    /// Lists the query parameters that select by parent; others are ignored (A1.3).
    pub(super) parents: &'static [&'static str],
    /// Says that paging is not documented (A2.5, rows 7 and 8).
    pub(super) is_unpaged: bool,
    /// Finds the list.
    pub(super) listing: fn(&Store) -> &dyn Listing,
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
pub(super) static STREAMS: [Stream; 14] = [
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
pub(super) fn find(name: &str) -> Option<&'static Stream> {
    STREAMS.iter().find(|stream| stream.name == name)
}

macro_rules! resource {
    ($kind:ty, $prefix:literal, $list:ident $(, $view:item)*) => {
        impl Resource for $kind {
            const PREFIX: &'static str = $prefix;

            fn list(store: &Store) -> &List<Self> {
                &store.$list
            }

            fn list_mut(store: &mut Store) -> &mut List<Self> {
                &mut store.$list
            }

            fn id(&self) -> &Text {
                &self.id
            }

            $($view)*
        }
    };
}

resource!(Customer, "cus_", customers);
resource!(Event, "evt_", events);
resource!(
    Invoice,
    "inv_",
    invoices,
    fn full_view(&self, today: Day) -> Vec<u8> {
        render(&self.full(today))
    }
);
resource!(Plan, "pl_", plans);
resource!(Subscription, "sub_", subscriptions);
resource!(Transaction, "tr_", transactions);
resource!(Webhook, "hook_", webhooks);
resource!(Statement, "stmt_", statements);
resource!(Organization, "org_", organizations);
resource!(Product, "prod_", products);
resource!(PlanItem, "pl_itm_", plan_items);
resource!(Order, "ordr_", orders);
resource!(OrderItem, "ordr_itm_", order_items);

impl Resource for UserEntry {
    const PREFIX: &'static str = "user_";

    fn list(store: &Store) -> &List<Self> {
        &store.users
    }

    fn list_mut(store: &mut Store) -> &mut List<Self> {
        &mut store.users
    }

    fn id(&self) -> &Text {
        match self {
            Self::User(user) => &user.id,
            Self::Misplaced(webhook) => &webhook.id,
        }
    }

    fn is_genuine(&self) -> bool {
        matches!(self, Self::User(_))
    }
}
