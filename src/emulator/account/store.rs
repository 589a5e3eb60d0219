//! The whole state of the account: every list, and what the service itself does as time passes.

use std::collections::BTreeMap;

use fastrand::Rng;

use super::billing::{Invoice, Transaction};
use super::calendar::{Agenda, DAY_SECONDS, Day};
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::feed::Feed;
use super::list::{List, Position, Resource};
use super::objects::{
    Account, Customer, Event, Organization, Plan, Statement, Subscription, UserEntry, Webhook,
};
use super::refusal::Refusal;
use super::text::Text;
use crate::emulator::options::Options;

/// Keeps all objects of the account.
#[derive(Debug)]
pub(crate) struct Store {
    pub(crate) account: Account,
    pub(crate) customers: List<Customer>,
    pub(crate) events: List<Event>,
    pub(crate) invoices: List<Invoice>,
    pub(crate) plans: List<Plan>,
    pub(crate) subscriptions: List<Subscription>,
    pub(crate) transactions: List<Transaction>,
    pub(crate) users: List<UserEntry>,
    pub(crate) webhooks: List<Webhook>,
    pub(crate) statements: List<Statement>,
    pub(crate) organizations: List<Organization>,
    pub(crate) products: List<Product>,
    pub(crate) plan_items: List<PlanItem>,
    pub(crate) orders: List<Order>,
    pub(crate) order_items: List<OrderItem>,
    /// Holds the subscriptions to bill on a day.
    pub(crate) billing: Agenda<Day, Position>,
    /// Holds the issued invoices whose last day to pay was the day before.
    pub(crate) falling_overdue: Agenda<Day, Position>,
    /// Holds the statements whose last day was the day before.
    pub(crate) expiring: Agenda<Day, Position>,
    /// Holds the invoices whose card is charged at a Unix second.
    pub(crate) charges: Agenda<i64, Position>,
    /// Tells what the event feed shows.
    pub(crate) feed: Feed,
    /// Ends the time in which transactions were written with their older names.
    pub(crate) old_names_until: i64,
    /// Dates what is created back to this second.
    pub(crate) created_at: Option<i64>,
    /// Is the summary of many invoices, kept once.
    pub(crate) thanks: Text,
    ids: Rng,
    hides_created_at: bool,
}

impl Store {
    /// Opens an empty account.
    pub(crate) fn new(options: &Options, old_names_until: i64) -> Self {
        let events_from = options.now - i64::from(options.event_days) * DAY_SECONDS;
        let mut ids = Rng::with_seed(options.seed ^ 0x1D5);
        let account_id = options.account_id.as_deref().map(Text::from);
        let account = Account {
            id: account_id.unwrap_or_else(|| random_id(&mut ids, "acct_")),
            business_name: Some("Paid Sync Emulated, Inc.".into()),
            business_url: Some("www.emulated.example".into()),
            business_logo: None,
            details: BTreeMap::new(),
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
            expiring: Agenda::default(),
            charges: Agenda::default(),
            feed: Feed::new(events_from, options.seed),
            old_names_until,
            created_at: None,
            thanks: "Thank you for your business.".into(),
            ids,
            hides_created_at: options.hide_created_at,
        }
    }

    /// Draws the id of a new object.
    pub(crate) fn fresh_id<T: Resource>(&mut self) -> Text {
        random_id(&mut self.ids, T::PREFIX)
    }

    /// Draws the secret part of a public link.
    pub(crate) fn fresh_link(&mut self, base: &str) -> String {
        random_id(&mut self.ids, base).to_string()
    }

    /// Gives `created_at` as customers, invoices and transactions show it.
    pub(crate) fn shown(&self, at: i64) -> Option<i64> {
        (!self.hides_created_at).then_some(self.created(at))
    }

    /// Gives the time of creation of what is made now.
    pub(crate) fn created(&self, at: i64) -> i64 {
        self.created_at.unwrap_or(at)
    }

    /// Adds an object to the list of its kind.
    pub(crate) fn add<T: Resource>(&mut self, object: T, at: i64) -> Position {
        let created_at = self.created(at);
        T::list_mut(self).push(object, created_at)
    }

    /// Records an event with the object as GET by id shows it at that time.
    pub(crate) fn record<T: Resource>(
        &mut self,
        kind: &'static str,
        position: Position,
        at: i64,
    ) -> Result<(), Refusal> {
        if at < self.feed.from || self.feed.is_silent {
            return Ok(());
        }
        let row = T::list(self).row(position).ok_or(Refusal::Missing)?;
        self.tell(kind, &row.full_view(Day::of(at)), at);
        Ok(())
    }

    /// Records an event with a snapshot that was taken before.
    pub(crate) fn tell(&mut self, kind: &'static str, snapshot: &[u8], at: i64) {
        if at < self.feed.from || self.feed.is_silent {
            return;
        }
        let data = String::from_utf8(snapshot.to_vec()).unwrap_or_default();
        let id = random_id(&mut self.feed.ids, Event::PREFIX);
        let data = serde_json::value::RawValue::from_string(data).unwrap_or_default();
        self.publish(Event { id, kind, created_at: at, data }, at);
    }

    /// Renders again all list views that changed.
    pub(crate) fn refresh(&mut self) {
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
