//! Where each kind of object lives, how its ids begin, and what GET by id shows of it.

use super::billing::{Invoice, Transaction};
use super::calendar::Day;
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::list::{List, Resource, render};
use super::objects::{
    Customer, Event, Organization, Plan, Statement, Subscription, UserEntry, Webhook,
};
use super::store::Store;
use super::text::Text;

macro_rules! resource {
    ($kind:ty, $noun:literal, $prefix:literal, $list:ident $(, $view:item)*) => {
        impl Resource for $kind {
            const NOUN: &'static str = $noun;
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

resource!(Customer, "customer", "cus_", customers);
resource!(Event, "event", "evt_", events);
resource!(
    Invoice,
    "invoice",
    "inv_",
    invoices,
    fn full_view(&self, today: Day) -> Option<Vec<u8>> {
        Some(render(&self.full(today)))
    }
);
resource!(Plan, "plan", "pl_", plans);
resource!(Subscription, "subscription", "sub_", subscriptions);
resource!(Transaction, "transaction", "tr_", transactions);
resource!(Webhook, "webhook", "hook_", webhooks);
resource!(Statement, "statement", "stmt_", statements);
resource!(Organization, "organization", "org_", organizations);
resource!(Product, "product", "prod_", products);
resource!(PlanItem, "plan_item", "pl_itm_", plan_items);
resource!(Order, "order", "ordr_", orders);
resource!(OrderItem, "order_item", "ordr_itm_", order_items);

impl Resource for UserEntry {
    const NOUN: &'static str = "user";
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
