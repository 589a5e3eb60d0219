//! The one table of what may happen, how often, and how it is dated.

use fastrand::Rng;

use Dating::{Back, Late, Timely};

use super::chooser::Chooser;
use super::{billing, customers, selling, staff};
use crate::emulator::account::billing::{Invoice, Transaction};
use crate::emulator::account::calendar::DAY_SECONDS;
use crate::emulator::account::catalogue::{Order, OrderItem};
use crate::emulator::account::list::{Position, Resource};
use crate::emulator::account::objects::{
    Customer, Organization, Plan, Statement, Subscription, UserEntry, Webhook,
};
use crate::emulator::account::store::Store;
use crate::emulator::account::text::Text;
use crate::emulator::rules::actions::Action;

/// Bounds how many seconds late an object arrives.
const LATEST: i64 = 600;
/// Bounds how many days an object is dated back.
const OLDEST: i64 = 900;

/// Chooses what an action does to which object; nothing if it finds none.
type Idea = fn(&mut Chooser<'_>) -> Option<Action>;

/// Says to when the objects that an action makes are dated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Dating {
    /// To the present.
    Timely,
    /// To some seconds or minutes ago, as if they had been under way.
    Late,
    /// To some days or months ago.
    Back,
}

impl Dating {
    /// Draws the second, if it is not the present one.
    pub(super) fn draw(self, rng: &mut Rng, at: i64) -> Option<i64> {
        match self {
            Self::Timely => None,
            Self::Late => Some(at - rng.i64(1..=LATEST)),
            Self::Back => {
                // Recent days are more likely than those of years ago.
                let days = rng.i64(1..=OLDEST).min(rng.i64(1..=OLDEST));
                Some(at - days * DAY_SECONDS - rng.i64(0..DAY_SECONDS))
            }
        }
    }
}

/// Names an action and the objects it concerns.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) stream: &'static str,
    find_id: fn(&Store, Position) -> Option<&Text>,
}

impl Kind {
    /// Names the object at a position, also one that the action removed.
    pub(super) fn id<'a>(&self, store: &'a Store, position: Position) -> Option<&'a Text> {
        (self.find_id)(store, position)
    }
}

const fn kind<T: Resource + 'static>(name: &'static str, stream: &'static str) -> Kind {
    Kind { name, stream, find_id: |store, position| T::list(store).id_at(position) }
}

/// Names what begins an order.
pub(super) const ORDER: Kind = kind::<Order>("create_order", "orders");
/// Names what an order costs.
pub(super) const CHARGE: Kind = kind::<Transaction>("create_transaction", "transactions");
/// Names what joins an order and its cost.
pub(super) const ITEM: Kind = kind::<OrderItem>("create_order_item", "order_items");

/// Describes one kind of thing that may happen.
pub(super) struct Deed {
    /// Is the share of all draws, relative to the other deeds.
    weight: u32,
    pub(super) dating: Dating,
    pub(super) kind: Kind,
    idea: Idea,
}

impl Deed {
    /// Draws a deed by weight.
    pub(super) fn draw(rng: &mut Rng) -> Option<&'static Self> {
        let mut ticket = rng.u32(0..DEEDS.iter().map(|deed| deed.weight).sum());
        DEEDS.iter().find(|deed| {
            let is_drawn = ticket < deed.weight;
            ticket = ticket.saturating_sub(deed.weight);
            is_drawn
        })
    }

    /// Says whether nothing is dated back.
    pub(super) fn is_timely(&self) -> bool {
        self.dating == Timely
    }

    /// Chooses the object and what happens to it.
    pub(super) fn choose(&self, chooser: &mut Chooser<'_>) -> Option<Action> {
        (self.idea)(chooser)
    }
}

const fn customer(weight: u32, name: &'static str, dating: Dating, idea: Idea) -> Deed {
    Deed { weight, dating, kind: kind::<Customer>(name, "customers"), idea }
}

const fn transaction(weight: u32, name: &'static str, dating: Dating, idea: Idea) -> Deed {
    Deed { weight, dating, kind: kind::<Transaction>(name, "transactions"), idea }
}

const fn invoice(weight: u32, name: &'static str, dating: Dating, idea: Idea) -> Deed {
    Deed { weight, dating, kind: kind::<Invoice>(name, "invoices"), idea }
}

const fn other(weight: u32, kind: Kind, idea: Idea) -> Deed {
    Deed { weight, dating: Timely, kind, idea }
}

/// Lists everything that may happen.
static DEEDS: [Deed; 34] = [
    customer(3, "create_customer", Timely, customers::create),
    customer(1, "create_customer", Late, customers::create),
    customer(1, "create_customer", Back, customers::create),
    customer(3, "rename_customer", Timely, customers::rename),
    customer(5, "update_customer", Timely, customers::update),
    transaction(16, "create_transaction", Timely, selling::sell),
    transaction(4, "create_transaction", Late, selling::sell),
    transaction(4, "create_transaction", Back, selling::sell),
    transaction(8, "update_transaction", Timely, billing::edit_transaction),
    transaction(4, "delete_transaction", Timely, billing::delete_transaction),
    transaction(2, "void_transaction", Timely, billing::void_transaction),
    transaction(5, "pay_transaction", Timely, billing::pay_transaction),
    transaction(4, "refund_transaction", Timely, billing::refund),
    invoice(8, "generate_invoices", Timely, billing::generate),
    invoice(1, "generate_invoices", Late, billing::generate),
    invoice(2, "generate_invoices", Back, billing::generate),
    invoice(10, "issue_invoice", Timely, billing::issue),
    invoice(10, "pay_invoice", Timely, billing::pay),
    invoice(3, "void_invoice", Timely, billing::void),
    invoice(5, "update_invoice", Timely, billing::edit_invoice),
    invoice(8, "view_invoice", Timely, billing::view),
    other(1, kind::<Plan>("create_plan", "plans"), selling::plan),
    other(3, kind::<Subscription>("create_subscription", "subscriptions"), selling::subscribe),
    other(2, kind::<Subscription>("cancel_subscription", "subscriptions"), selling::cancel),
    other(3, ORDER, selling::order),
    other(2, kind::<Statement>("create_statement", "statements"), customers::create_statement),
    other(1, kind::<Statement>("expire_statement", "statements"), customers::expire_statement),
    other(1, kind::<Organization>("create_organization", "organizations"), staff::organize),
    other(1, kind::<Organization>("rename_organization", "organizations"), staff::reorganize),
    other(1, kind::<UserEntry>("create_user", "users"), staff::hire),
    other(1, kind::<UserEntry>("delete_user", "users"), staff::dismiss),
    other(1, kind::<Webhook>("create_webhook", "webhooks"), staff::hook),
    other(1, kind::<Webhook>("update_webhook", "webhooks"), staff::rehook),
    other(1, kind::<Webhook>("delete_webhook", "webhooks"), staff::unhook),
];
