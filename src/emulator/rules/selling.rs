//! Plans, subscriptions and orders: where transactions come from (CONTRACT A5.4, A8).

use super::actions::Outcome;
use crate::emulator::account::billing::{Metadata, Transaction};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem, PlanItem, Product};
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::{Plan, Subscription};
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;
use crate::emulator::account::text::Text;

/// Says who starts to be billed by which plan, when and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start {
    pub(crate) customer: Position,
    pub(crate) plan: Position,
    pub(crate) starts_on: Day,
    pub(crate) charge_now: Option<bool>,
}

impl Store {
    /// Adds a plan, whose name must be its own.
    pub(crate) fn create_plan(&mut self, mut plan: Plan, at: i64) -> Outcome {
        if self.plans.rows().any(|(_, row)| row.object.name == plan.name) {
            return Err(Refusal::NameTaken);
        }
        plan.id = self.fresh_id::<Plan>();
        plan.created_at = self.created(at);
        let position = self.add(plan, at);
        self.record::<Plan>("plan.created", position, at)?;
        Ok(vec![position])
    }

    /// Subscribes a customer; the first bill comes with those of the day `starts_on`.
    pub(crate) fn create_subscription(
        &mut self,
        customer: Position,
        plan: Position,
        starts_on: Day,
        at: i64,
    ) -> Outcome {
        let start = Start { customer, plan, starts_on, charge_now: None };
        let position = self.add_subscription(start, at)?;
        self.billing.add(starts_on, position);
        Ok(vec![position])
    }

    /// Subscribes a customer; one who starts today or before is billed at once.
    pub(crate) fn subscribe(&mut self, start: Start, at: i64) -> Outcome {
        let position = self.add_subscription(start, at)?;
        if start.starts_on <= Day::of(at) {
            self.bill(position, at)?;
        } else {
            self.billing.add(start.starts_on, position);
        }
        Ok(vec![position])
    }

    fn add_subscription(&mut self, start: Start, at: i64) -> Result<Position, Refusal> {
        let Start { customer, plan, starts_on, charge_now } = start;
        let customer = self.customers.get(customer)?.id.clone();
        let plan = self.plans.get(plan)?.clone();
        let subscription = Subscription {
            id: self.fresh_id::<Subscription>(),
            created_at: self.created(at),
            customer,
            plan,
            // Dates carry a time part in the samples (A7), here the 07:00 of A-12.
            starts_on: starts_on.start() + 7 * 3_600,
            next_transaction_on: Some(starts_on),
            started_at: None,
            ended_at: 0,
            cancelled_at: 0,
            billed: 0,
            charge_now,
        };
        let position = self.add(subscription, at);
        self.record::<Subscription>("subscription.created", position, at)?;
        Ok(position)
    }

    /// Bills one interval and sets the day of the next bill. Nobody is billed for an interval
    /// that was over before the subscription was known.
    pub(crate) fn bill(&mut self, position: Position, at: i64) -> Outcome {
        let subscription = self.subscriptions.edit(position)?;
        if subscription.cancelled_at != 0 {
            return Err(Refusal::AlreadyCancelled);
        }
        let plan = &subscription.plan;
        let (today, start) = (Day::of(at), Day::of(subscription.starts_on));
        let (interval, count) = (plan.interval, i64::from(plan.interval_count.max(1)));
        let mut billed = subscription.billed + 1;
        while interval.after(start, billed * count) <= today {
            billed += 1;
        }
        let next = interval.after(start, billed * count);
        let is_charged = subscription.charge_now == Some(true);
        let transaction = Transaction {
            amount: plan.amount,
            currency: plan.currency.unwrap_or_default(),
            description: plan.description.clone(),
            customer: subscription.customer.clone(),
            rank: Some(1),
            serviced_on: today.start(),
            metadata: Metadata(vec![("period".into(), Text::from(today.month_text()))]),
            ..Transaction::default()
        };
        subscription.billed = billed;
        subscription.started_at.get_or_insert(at);
        subscription.next_transaction_on = Some(next);
        self.billing.add(next, position);
        self.record::<Subscription>("subscription.updated", position, at)?;
        if is_charged {
            self.create_charged(transaction, at)
        } else {
            self.create_transaction(transaction, at)
        }
    }

    /// Ends a subscription now.
    pub(crate) fn cancel(&mut self, position: Position, at: i64) -> Outcome {
        let subscription = self.subscriptions.edit(position)?;
        if subscription.cancelled_at != 0 {
            return Err(Refusal::AlreadyCancelled);
        }
        subscription.cancelled_at = at;
        subscription.ended_at = at;
        subscription.next_transaction_on = None;
        self.record::<Subscription>("subscription.cancelled", position, at)?;
        Ok(vec![position])
    }

    /// Adds a product.
    pub(crate) fn create_product(&mut self, mut product: Product, at: i64) -> Outcome {
        product.id = self.fresh_id::<Product>();
        product.created_at = self.created(at);
        product.updated_at = at;
        let position = self.add(product, at);
        self.record::<Product>("product.created", position, at)?;
        Ok(vec![position])
    }

    /// Puts a product into a plan.
    pub(crate) fn create_plan_item(&mut self, mut item: PlanItem, at: i64) -> Outcome {
        item.id = self.fresh_id::<PlanItem>();
        item.created_at = self.created(at);
        item.updated_at = at;
        let position = self.add(item, at);
        self.record::<PlanItem>("plan_item.created", position, at)?;
        Ok(vec![position])
    }

    /// Adds an order, still worth nothing.
    pub(crate) fn create_order(&mut self, mut order: Order, at: i64) -> Outcome {
        order.id = self.fresh_id::<Order>();
        order.created_at = self.created(at);
        order.updated_at = at;
        order.amount = 0;
        let position = self.add(order, at);
        self.record::<Order>("order.created", position, at)?;
        Ok(vec![position])
    }

    /// Adds an item and what it costs to the order's amount.
    pub(crate) fn create_order_item(&mut self, mut item: OrderItem, at: i64) -> Outcome {
        let order = item.order.clone();
        self.orders.position(&order)?;
        item.id = self.fresh_id::<OrderItem>();
        item.created_at = self.created(at);
        item.updated_at = at;
        let position = self.add(item, at);
        self.order_items.file_under(&order, position);
        self.record::<OrderItem>("order_item.created", position, at)?;
        self.recount_order(&order, at)?;
        Ok(vec![position])
    }

    /// Derives the amount of an order from its items.
    pub(crate) fn recount_order(&mut self, order: &str, at: i64) -> Result<(), Refusal> {
        let mut amount = 0_i64;
        for item in self.order_items.under(order) {
            amount = amount.saturating_add(self.cost(self.order_items.get(item)?));
        }
        let position = self.orders.position(order)?;
        let changed = self.orders.edit(position)?;
        changed.amount = amount;
        changed.updated_at = at;
        self.record::<Order>("order.updated", position, at)
    }

    /// Finds what an item costs: what its transaction asks for, or else its price.
    fn cost(&self, item: &OrderItem) -> i64 {
        let transaction = item.transaction.as_ref().map(|id| self.transactions.position(id));
        match transaction.map(|position| self.transactions.get(position?)) {
            Some(transaction) => transaction.map_or(0, |transaction| transaction.amount),
            None => item.pricing.total(),
        }
    }
}
