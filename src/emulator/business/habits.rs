//! What people do in answer to bills, and how late.

use fastrand::Rng;

use super::names;
use super::script::{Script, Task};
use crate::emulator::account::billing::{Transaction, Via};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem};
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::Cycle;
use crate::emulator::account::store::Store;
use crate::emulator::rules::actions::Action;

/// Tells how a customer pays: chances in per cent, tried in this order.
struct Habit {
    on_time: u32,
    late: u32,
    /// Counts the most days between the last day to pay and the payment.
    latest: i64,
    disputes: u32,
}

const PROMPT: Habit = Habit { on_time: 93, late: 4, latest: 25, disputes: 1 };
const SLOW: Habit = Habit { on_time: 45, late: 45, latest: 85, disputes: 3 };
const STRUGGLING: Habit = Habit { on_time: 25, late: 55, latest: 150, disputes: 8 };

impl Habit {
    /// Gives one customer in ten trouble and two more patience.
    fn of(customer: Position) -> &'static Self {
        match customer % 10 {
            4 => &STRUGGLING,
            1 | 7 => &SLOW,
            _ => &PROMPT,
        }
    }
}

impl Script {
    /// Follows up a bill of a subscription: invoicing, and sometimes a sale or an end.
    pub(crate) fn after_bill(&mut self, store: &Store, subscription: Position) {
        let Some((customer, cycle)) = owner_of_subscription(store, subscription) else { return };
        if cycle == Cycle::Manual {
            let days = self.rng.i64(0..6);
            self.plan_in(days, Task::Generate(customer));
        }
        if self.chance(2) {
            let notice = self.rng.i64(1..20);
            self.plan_in(notice, Task::Cancel(subscription));
        }
        if self.chance(18) {
            let wait = self.rng.i64(1..25);
            self.plan_in(wait, Task::Sell(customer));
        }
        if self.chance(2) {
            let wait = self.rng.i64(1..10);
            self.plan_in(wait, Task::Order(customer));
            self.plan_in(wait, Task::Generate(customer));
        }
    }

    /// Bills the usage beside a subscription, so that it comes on the same invoice.
    pub(crate) fn meter(&mut self, store: &mut Store, subscription: Position) {
        for _ in 0..self.trade.metered_lines {
            let Ok(billed) = store.subscriptions.get(subscription) else { return };
            let draft = Transaction {
                amount: billed.plan.amount / 100 * self.rng.i64(1..40),
                currency: billed.plan.currency.unwrap_or_default(),
                description: names::usage(&mut self.rng).into(),
                customer: billed.customer.clone(),
                serviced_on: self.day.start(),
                metadata: names::metadata(&mut self.rng),
                ..Transaction::default()
            };
            self.act(store, Action::CreateTransaction(Box::new(draft)));
        }
    }

    /// Decides when a new invoice is sent, and whether and when it is paid or taken back.
    pub(crate) fn decide_fate(&mut self, store: &Store, position: Position) {
        let Ok(invoice) = store.invoices.get(position) else { return };
        let Ok(customer) = store.customers.position(&invoice.customer) else { return };
        if !store.customers.get(customer).is_ok_and(|owner| owner.is_played) {
            return;
        }
        let (terms, is_sent) = (invoice.terms, invoice.issued_at.is_some());
        let delay = match self.rng.u32(0..100) {
            _ if is_sent => 0,
            0..85 => 0,
            85..98 => self.rng.i64(1..6),
            _ => return self.leave_unsent(position),
        };
        self.plan_in(delay, Task::Issue(position));
        let last_day = self.day.plus_days(delay + terms);
        let habit = Habit::of(customer);
        let paid_on_time = habit.on_time;
        let paid_late = paid_on_time + habit.late;
        let disputed = paid_late + habit.disputes;
        let roll = self.rng.u32(0..100);
        if roll < paid_on_time {
            let days = delay + self.rng.i64(1..=terms.max(1));
            self.pay(self.day.plus_days(days), position);
        } else if roll < paid_late {
            let days = self.rng.i64(1..=habit.latest);
            self.pay(last_day.plus_days(days), position);
        } else if roll < disputed {
            let days = delay + self.rng.i64(1..20);
            self.plan_in(days, Task::Void(position));
        } else if self.chance(85) {
            let days = self.rng.i64(45..240);
            self.plan(last_day.plus_days(days), Task::Void(position));
        }
    }

    fn leave_unsent(&mut self, invoice: Position) {
        if self.chance(40) {
            let days = self.rng.i64(10..60);
            self.plan_in(days, Task::Void(invoice));
        }
    }

    fn pay(&mut self, day: Day, invoice: Position) {
        let via = match self.rng.u32(0..100) {
            0..40 => Via::Ach,
            40..70 => Via::CreditCard,
            70..88 => Via::Wire,
            _ => Via::Check,
        };
        if self.chance(5) {
            let before = self.rng.i64(1..8);
            self.plan(day.plus_days(-before), Task::PayPart(invoice));
        }
        self.plan(day, Task::Pay(invoice, via));
        if self.chance(3) {
            let after = self.rng.i64(2..40);
            let percent = if self.chance(40) { 100 } else { self.rng.u8(5..60) };
            self.plan(day.plus_days(after), Task::Refund(invoice, percent));
        }
    }

    /// Sends some late customers a statement of what they owe.
    pub(crate) fn after_overdue(&mut self, store: &Store, invoice: Position) {
        let Ok(invoice) = store.invoices.get(invoice) else { return };
        let Ok(customer) = store.customers.position(&invoice.customer) else { return };
        if self.chance(30) {
            let wait = self.rng.i64(1..10);
            self.plan_in(wait, Task::State(customer));
        }
    }

    /// Takes an order of one product: the order, what it costs, and the line that joins them.
    pub(crate) fn order(&mut self, store: &mut Store, customer: Position) {
        let Some(purchase) = Purchase::draw(&mut self.rng, store, customer, self.day) else {
            return;
        };
        let Purchase { order, charge, mut item } = purchase;
        let orders = self.act(store, Action::CreateOrder(order));
        let charges = self.act(store, Action::CreateTransaction(Box::new(charge)));
        let (Some(&order), Some(&charge)) = (orders.first(), charges.first()) else { return };
        let (Ok(order), Ok(charge)) = (store.orders.get(order), store.transactions.get(charge))
        else {
            return;
        };
        item.order = order.id.clone();
        item.transaction = Some(charge.id.clone());
        self.act(store, Action::CreateOrderItem(Box::new(item)));
    }
}

/// Describes an order of one product before it exists.
#[derive(Debug)]
pub(crate) struct Purchase {
    pub(crate) order: Order,
    pub(crate) charge: Transaction,
    /// Names neither the order nor the transaction yet.
    pub(crate) item: OrderItem,
}

impl Purchase {
    /// Draws what a customer orders on a day.
    pub(crate) fn draw(rng: &mut Rng, store: &Store, customer: Position, day: Day) -> Option<Self> {
        let product = rng.usize(0..store.products.ever().max(1));
        let owner = store.customers.get(customer).ok()?;
        let product = store.products.get(product).ok()?;
        let quantity = rng.u8(1..5);
        let mut pricing = product.pricing;
        pricing.currency = owner.currency;
        pricing.price = owner.currency.price(pricing.price);
        pricing.quantity = Some(f64::from(quantity));
        let charge = Transaction {
            amount: pricing.price.saturating_mul(i64::from(quantity)),
            currency: owner.currency,
            description: product.transaction_description.clone(),
            customer: owner.id.clone(),
            serviced_on: day.start(),
            ..Transaction::default()
        };
        let (starts, ends) = (day.start() + 4 * 3_600, day.plus_days(30).end());
        let order = Order {
            customer: owner.id.clone(),
            service_starts_on: starts,
            service_ends_on: ends,
            ..Order::default()
        };
        let item = OrderItem {
            product: product.id.clone(),
            service_starts_on: starts,
            service_ends_on: ends,
            pricing,
            ..OrderItem::default()
        };
        Some(Self { order, charge, item })
    }
}

fn owner_of_subscription(store: &Store, subscription: Position) -> Option<(Position, Cycle)> {
    let subscription = store.subscriptions.get(subscription).ok()?;
    let customer = store.customers.position(&subscription.customer).ok()?;
    let owner = store.customers.get(customer).ok().filter(|owner| owner.is_played)?;
    Some((customer, owner.billing_cycle))
}
