//! The whole state of the account: every list, and what the service itself does as time passes.

use fastrand::Rng;

use super::billing::{Invoice, Transaction};
use super::calendar::{Agenda, Day};
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::list::{List, Position, Resource};
use super::objects::{
    Account, Customer, Event, Organization, Plan, Statement, Subscription, UserEntry, Webhook,
};
use super::options::Options;
use super::refusal::Refusal;
use super::text::Text;

/// Keeps all objects of the account.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) account: Account,
    pub(super) customers: List<Customer>,
    pub(super) events: List<Event>,
    pub(super) invoices: List<Invoice>,
    pub(super) plans: List<Plan>,
    pub(super) subscriptions: List<Subscription>,
    pub(super) transactions: List<Transaction>,
    pub(super) users: List<UserEntry>,
    pub(super) webhooks: List<Webhook>,
    pub(super) statements: List<Statement>,
    pub(super) organizations: List<Organization>,
    pub(super) products: List<Product>,
    pub(super) plan_items: List<PlanItem>,
    pub(super) orders: List<Order>,
    pub(super) order_items: List<OrderItem>,
    /// Holds the subscriptions to bill on a day.
    pub(super) billing: Agenda<Day, Position>,
    /// Holds the issued invoices whose last day to pay was the day before.
    pub(super) falling_overdue: Agenda<Day, Position>,
    /// Ends the time in which transactions were written with their older names.
    pub(super) old_names_until: i64,
    ids: Rng,
    event_ids: Rng,
    events_from: i64,
    hides_created_at: bool,
}

impl Store {
    /// Opens an empty account whose events are kept from `events_from` on.
    pub(super) fn new(options: &Options, old_names_until: i64, events_from: i64) -> Self {
        let mut ids = Rng::with_seed(options.seed ^ 0x1D5);
        let account_id = options.account_id.as_deref().map(Text::from);
        let account = Account {
            id: account_id.unwrap_or_else(|| random_id(&mut ids, "acct_")),
            business_name: "Paid Sync Emulated, Inc.",
            business_url: "www.emulated.example",
            business_logo: None,
        };
        Self {
            account,
            customers: List::default(),
            events: List::default(),
            invoices: List::default(),
            plans: List::default(),
            subscriptions: List::default(),
            transactions: List::default(),
            users: List::default(),
            webhooks: List::default(),
            statements: List::default(),
            organizations: List::default(),
            products: List::default(),
            plan_items: List::default(),
            orders: List::default(),
            order_items: List::default(),
            billing: Agenda::default(),
            falling_overdue: Agenda::default(),
            old_names_until,
            ids,
            event_ids: Rng::with_seed(options.seed ^ 0xE7E),
            events_from,
            hides_created_at: options.hide_created_at,
        }
    }

    /// Draws the id of a new object.
    pub(super) fn fresh_id<T: Resource>(&mut self) -> Text {
        random_id(&mut self.ids, T::PREFIX)
    }

    /// Draws the secret part of a public link.
    pub(super) fn fresh_link(&mut self, base: &str) -> String {
        random_id(&mut self.ids, base).to_string()
    }

    /// Gives `created_at` as customers, invoices and transactions show it.
    pub(super) fn shown(&self, at: i64) -> Option<i64> {
        (!self.hides_created_at).then_some(at)
    }

    /// Adds an object to the list of its kind.
    pub(super) fn add<T: Resource>(&mut self, object: T, at: i64) -> Position {
        T::list_mut(self).push(object, at)
    }

    /// Records an event with the object as GET by id shows it now. Event ids come from a stream
    /// of their own, so that a shorter feed changes nothing else.
    pub(super) fn record<T: Resource>(
        &mut self,
        kind: &'static str,
        position: Position,
        at: i64,
    ) -> Result<(), Refusal> {
        if at < self.events_from {
            return Ok(());
        }
        let snapshot = T::list(self).get(position)?.full_view(Day::of(at));
        let data = String::from_utf8(snapshot).unwrap_or_default();
        let event = Event {
            id: random_id(&mut self.event_ids, Event::PREFIX),
            kind,
            created_at: at,
            data: serde_json::value::RawValue::from_string(data).unwrap_or_default(),
        };
        self.events.push(event, at);
        Ok(())
    }

    /// Renders again all list views that changed.
    pub(super) fn refresh(&mut self) {
        self.customers.refresh();
        self.events.refresh();
        self.invoices.refresh();
        self.plans.refresh();
        self.subscriptions.refresh();
        self.transactions.refresh();
        self.users.refresh();
        self.webhooks.refresh();
        self.statements.refresh();
        self.organizations.refresh();
        self.products.refresh();
        self.plan_items.refresh();
        self.orders.refresh();
        self.order_items.refresh();
    }
}

fn random_id(source: &mut Rng, prefix: &str) -> Text {
    let mut id = String::with_capacity(prefix.len() + 16);
    id.push_str(prefix);
    id.extend((0..16).map(|_| source.alphanumeric()));
    id.into()
}
