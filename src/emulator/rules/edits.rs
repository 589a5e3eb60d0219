//! Changes to what exists already, and what disappears (CONTRACT A5.1, A8). An update brings the
//! whole object; what nobody may change, such as amounts that are sums, is derived again.

use super::actions::Outcome;
use crate::emulator::account::billing::{Invoice, InvoiceStatus, Transaction};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem, PlanItem, Product};
use crate::emulator::account::list::{Position, Resource, render};
use crate::emulator::account::objects::{
    Account, Customer, Organization, Plan, User, UserEntry, Webhook,
};
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;
use crate::emulator::account::text::Text;

impl Store {
    fn replace<T: Resource>(
        &mut self,
        kind: &'static str,
        position: Position,
        changed: T,
        at: i64,
    ) -> Outcome {
        *T::list_mut(self).edit(position)? = changed;
        self.record::<T>(kind, position, at)?;
        Ok(vec![position])
    }

    /// Replaces what the account says about the business.
    pub(crate) fn update_account(&mut self, changed: Account, at: i64) -> Vec<Position> {
        self.account = changed;
        let snapshot = render(&self.account);
        self.tell("account.updated", &snapshot, at);
        Vec::new()
    }

    /// Replaces what a customer is like.
    pub(crate) fn update_customer(
        &mut self,
        position: Position,
        changed: Customer,
        at: i64,
    ) -> Outcome {
        self.replace("customer.updated", position, changed, at)
    }

    /// Replaces a plan, unless a subscription has used it.
    pub(crate) fn update_plan(&mut self, position: Position, changed: Plan, at: i64) -> Outcome {
        if self.subscriptions.rows().any(|(_, row)| row.object.plan.id == changed.id) {
            return Err(Refusal::PlanInUse);
        }
        let mut others = self.plans.rows().filter(|(other, _)| *other != position);
        let is_taken = others.any(|(_, row)| row.object.name == changed.name);
        drop(others);
        if is_taken {
            return Err(Refusal::NameTaken);
        }
        self.replace("plan.updated", position, changed, at)
    }

    /// Replaces what an invoice says. Other terms move its due date; another customer takes its
    /// transactions over.
    pub(crate) fn replace_invoice(
        &mut self,
        position: Position,
        mut changed: Invoice,
        at: i64,
    ) -> Outcome {
        self.customers.position(&changed.customer)?;
        let old = self.invoices.get(position)?;
        let (terms, customer, was_late) =
            (old.terms, old.customer.clone(), old.status == InvoiceStatus::Overdue);
        if let Some(issued_at) = changed.issued_at.filter(|_| changed.terms != terms) {
            let last_day = Day::of(issued_at).plus_days(changed.terms);
            changed.due_date = Some(last_day.end());
            self.falling_overdue.add(last_day.plus_days(1).max(Day::of(at)), position);
        }
        let (id, new_customer) = (changed.id.clone(), changed.customer.clone());
        *self.invoices.edit(position)? = changed;
        if new_customer != customer {
            self.invoices.unfile(&customer, position);
            self.invoices.file_under(&new_customer, position);
            for line in self.transactions.under(&id) {
                self.hand_over(line, &new_customer)?;
                self.record::<Transaction>("transaction.updated", line, at)?;
            }
        }
        self.update_invoice(&id, at)?;
        if !was_late && self.invoices.get(position)?.status == InvoiceStatus::Overdue {
            self.record::<Invoice>("invoice.overdue", position, at)?;
        }
        Ok(vec![position])
    }

    fn hand_over(&mut self, line: Position, customer: &Text) -> Result<(), Refusal> {
        let transaction = self.transactions.edit(line)?;
        let old = std::mem::replace(&mut transaction.customer, customer.clone());
        self.transactions.unfile(&old, line);
        self.transactions.file_under(customer, line);
        Ok(())
    }

    /// Replaces what a transaction says, unless it was paid or voided. One that is on an invoice
    /// keeps the customer and the currency, which all of them share.
    pub(crate) fn update_transaction(
        &mut self,
        position: Position,
        changed: Transaction,
        at: i64,
    ) -> Outcome {
        let old = self.open_transaction(position)?;
        let (invoice, customer) = (old.invoice.clone(), old.customer.clone());
        let fits = changed.customer == customer && changed.currency == old.currency;
        if invoice.is_some() && !fits {
            return Err(Refusal::OnInvoice);
        }
        if changed.customer != customer {
            let new = self.customers.position(&changed.customer)?;
            self.forget_line(&customer, position)?;
            self.customers.edit(new)?.uninvoiced.push(position);
            self.hand_over(position, &changed.customer)?;
        }
        let kind = if changed.paid { "transaction.paid" } else { "transaction.updated" };
        self.replace(kind, position, changed, at)?;
        self.follow(invoice, at)?;
        Ok(vec![position])
    }

    /// Takes a transaction out of the account and off its invoice, unless it was paid.
    pub(crate) fn delete_transaction(&mut self, position: Position, at: i64) -> Outcome {
        let transaction = self.transactions.get(position)?;
        if transaction.paid {
            return Err(Refusal::AlreadyPaid);
        }
        let (invoice, customer) = (transaction.invoice.clone(), transaction.customer.clone());
        self.record::<Transaction>("transaction.deleted", position, at)?;
        self.forget_line(&customer, position)?;
        self.transactions.unfile(&customer, position);
        if let Some(id) = &invoice {
            self.transactions.unfile(id, position);
        }
        self.transactions.remove(position)?;
        self.follow(invoice, at)?;
        Ok(vec![position])
    }

    /// Takes a transaction back: off its invoice, never to be invoiced again.
    pub(crate) fn void_transaction(&mut self, position: Position, at: i64) -> Outcome {
        let transaction = self.open_transaction(position)?;
        let (invoice, customer) = (transaction.invoice.clone(), transaction.customer.clone());
        self.forget_line(&customer, position)?;
        let transaction = self.transactions.edit(position)?;
        transaction.voided = true;
        transaction.invoice = None;
        if let Some(id) = &invoice {
            self.transactions.unfile(id, position);
        }
        self.record::<Transaction>("transaction.voided", position, at)?;
        self.follow(invoice, at)?;
        Ok(vec![position])
    }

    /// Takes a transaction from those that a customer's next invoices will hold.
    fn forget_line(&mut self, customer: &str, line: Position) -> Result<(), Refusal> {
        let owner = self.customers.position(customer)?;
        self.customers.edit(owner)?.uninvoiced.retain(|&other| other != line);
        Ok(())
    }

    /// Gives a statement another last day, unless it has expired. One that is over expires now.
    pub(crate) fn extend_statement(&mut self, position: Position, until: i64, at: i64) -> Outcome {
        let statement = self.statements.get(position)?;
        if statement.expiry.time().is_some() {
            return Err(Refusal::AlreadyExpired);
        }
        self.statements.edit(position)?.expires_on = until;
        if Day::of(until) < Day::of(at) {
            return self.expire_statement(position, at);
        }
        self.expiring.add(Day::of(until).plus_days(1), position);
        Ok(vec![position])
    }

    /// Replaces what a user is like.
    pub(crate) fn update_user(&mut self, position: Position, changed: User) -> Outcome {
        *self.users.edit(position)? = UserEntry::User(changed);
        Ok(vec![position])
    }

    /// Takes a user out of the account.
    pub(crate) fn delete_user(&mut self, position: Position) -> Outcome {
        if !self.users.get(position)?.is_genuine() {
            return Err(Refusal::Missing);
        }
        self.users.remove(position)?;
        Ok(vec![position])
    }

    /// Replaces what a webhook is like, also where it is listed among the users.
    pub(crate) fn update_webhook(
        &mut self,
        position: Position,
        mut changed: Webhook,
        at: i64,
    ) -> Outcome {
        changed.updated_at = at.to_string();
        if let Ok(twin) = self.users.position(&changed.id) {
            *self.users.edit(twin)? = UserEntry::Misplaced(changed.clone());
        }
        *self.webhooks.edit(position)? = changed;
        Ok(vec![position])
    }

    /// Takes a webhook out of the account, also from among the users.
    pub(crate) fn delete_webhook(&mut self, position: Position) -> Outcome {
        let id = self.webhooks.get(position)?.id.clone();
        self.webhooks.remove(position)?;
        if let Ok(twin) = self.users.position(&id) {
            self.users.remove(twin)?;
        }
        Ok(vec![position])
    }

    /// Replaces what an organization is like.
    pub(crate) fn update_organization(
        &mut self,
        position: Position,
        mut changed: Organization,
        at: i64,
    ) -> Outcome {
        changed.updated_at = at;
        *self.organizations.edit(position)? = changed;
        Ok(vec![position])
    }

    /// Replaces what a product is like.
    pub(crate) fn update_product(
        &mut self,
        position: Position,
        mut changed: Product,
        at: i64,
    ) -> Outcome {
        changed.updated_at = at;
        self.replace("product.updated", position, changed, at)
    }

    /// Replaces what a plan contains.
    pub(crate) fn update_plan_item(
        &mut self,
        position: Position,
        mut changed: PlanItem,
        at: i64,
    ) -> Outcome {
        changed.updated_at = at;
        self.replace("plan_item.updated", position, changed, at)
    }

    /// Replaces what an order says.
    pub(crate) fn update_order(
        &mut self,
        position: Position,
        mut changed: Order,
        at: i64,
    ) -> Outcome {
        changed.updated_at = at;
        self.replace("order.updated", position, changed, at)
    }

    /// Replaces what a line of an order says, and counts its order or orders again.
    pub(crate) fn update_order_item(
        &mut self,
        position: Position,
        mut changed: OrderItem,
        at: i64,
    ) -> Outcome {
        let (old, new) = (self.order_items.get(position)?.order.clone(), changed.order.clone());
        self.orders.position(&new)?;
        changed.updated_at = at;
        self.replace("order_item.updated", position, changed, at)?;
        if new != old {
            self.order_items.unfile(&old, position);
            self.order_items.file_under(&new, position);
            self.recount_order(&old, at)?;
        }
        self.recount_order(&new, at)?;
        Ok(vec![position])
    }
}
