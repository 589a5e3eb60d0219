//! Plans, subscriptions and orders: where transactions come from (CONTRACT A5.4, A8).

use super::actions::Outcome;
use super::billing::{Metadata, Transaction};
use super::calendar::Day;
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::list::Position;
use super::objects::{Plan, Subscription};
use super::refusal::Refusal;
use super::store::Store;
use super::text::Text;

impl Store {
    /// Adds a plan.
    pub(super) fn create_plan(&mut self, mut plan: Plan, at: i64) -> Outcome {
        plan.id = self.fresh_id::<Plan>();
        plan.created_at = at;
        let position = self.add(plan, at);
        self.record::<Plan>("plan.created", position, at)?;
        Ok(vec![position])
    }

    /// Subscribes a customer; the first bill comes on `starts_on`.
    pub(super) fn create_subscription(
        &mut self,
        customer: Position,
        plan: Position,
        starts_on: Day,
        at: i64,
    ) -> Outcome {
        let customer = self.customers.get(customer)?.id.clone();
        let plan = self.plans.get(plan)?.clone();
        let subscription = Subscription {
            id: self.fresh_id::<Subscription>(),
            created_at: at,
            customer,
            plan,
            // Dates carry a time part in the samples (A7), here the 07:00 of A-12.
            starts_on: starts_on.start() + 7 * 3_600,
            next_transaction_on: Some(starts_on),
            started_at: None,
            ended_at: 0,
            cancelled_at: 0,
            billed: 0,
        };
        let position = self.add(subscription, at);
        self.billing.add(starts_on, position);
        self.record::<Subscription>("subscription.created", position, at)?;
        Ok(vec![position])
    }

    /// Bills one interval and sets the day of the next bill.
    pub(super) fn bill(&mut self, position: Position, at: i64) -> Outcome {
        let subscription = self.subscriptions.edit(position)?;
        if subscription.cancelled_at != 0 {
            return Err(Refusal::AlreadyCancelled);
        }
        let plan = &subscription.plan;
        let (today, start) = (Day::of(at), Day::of(subscription.starts_on));
        let steps = (subscription.billed + 1) * i64::from(plan.interval_count);
        let next = plan.interval.after(start, steps);
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
        subscription.billed += 1;
        subscription.started_at.get_or_insert(at);
        subscription.next_transaction_on = Some(next);
        self.billing.add(next, position);
        self.record::<Subscription>("subscription.updated", position, at)?;
        self.create_transaction(transaction, at)
    }

    /// Ends a subscription now.
    pub(super) fn cancel(&mut self, position: Position, at: i64) -> Outcome {
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
    pub(super) fn create_product(&mut self, mut product: Product, at: i64) -> Outcome {
        product.id = self.fresh_id::<Product>();
        product.created_at = at;
        product.updated_at = at;
        let position = self.add(product, at);
        self.record::<Product>("product.created", position, at)?;
        Ok(vec![position])
    }

    /// Puts a product into a plan.
    pub(super) fn create_plan_item(&mut self, mut item: PlanItem, at: i64) -> Outcome {
        item.id = self.fresh_id::<PlanItem>();
        item.created_at = at;
        item.updated_at = at;
        let position = self.add(item, at);
        self.record::<PlanItem>("plan_item.created", position, at)?;
        Ok(vec![position])
    }

    /// Adds an order, still worth nothing.
    pub(super) fn create_order(&mut self, mut order: Order, at: i64) -> Outcome {
        order.id = self.fresh_id::<Order>();
        order.created_at = at;
        order.updated_at = at;
        order.amount = 0;
        let position = self.add(order, at);
        self.record::<Order>("order.created", position, at)?;
        Ok(vec![position])
    }

    /// Adds an item, whose transaction says what it costs, and raises the order's amount.
    pub(super) fn create_order_item(&mut self, mut item: OrderItem, at: i64) -> Outcome {
        let order = self.orders.position(&item.order)?;
        let cost = match &item.transaction {
            Some(id) => self.transactions.get(self.transactions.position(id)?)?.amount,
            None => 0,
        };
        item.id = self.fresh_id::<OrderItem>();
        item.created_at = at;
        item.updated_at = at;
        let position = self.add(item, at);
        self.record::<OrderItem>("order_item.created", position, at)?;
        let changed = self.orders.edit(order)?;
        changed.amount += cost;
        changed.updated_at = at;
        self.record::<Order>("order.updated", order, at)?;
        Ok(vec![position])
    }
}
