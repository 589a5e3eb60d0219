//! Every way in which the account changes. Whoever acts, a seeded customer or a caller, goes
//! through `Store::apply`, so each change follows the same rules and leaves the same events.

use super::demands::Demand;
use crate::emulator::account::billing::{Invoice, Transaction, Via};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem, PlanItem, Product};
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::{
    Customer, Expiry, Organization, Plan, Statement, User, UserEntry, Webhook,
};
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;

/// Lists the positions of the objects that an action made or changed.
pub(crate) type Outcome = Result<Vec<Position>, Refusal>;

/// Names a business action. Drafts need no id and no time; the store fills them in.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// Adds a customer.
    CreateCustomer(Box<Customer>),
    /// Gives a customer another name.
    RenameCustomer(Position, String),
    /// Replaces what a customer is like.
    UpdateCustomer(Position, Box<Customer>),
    /// Adds a plan.
    CreatePlan(Box<Plan>),
    /// Subscribes a customer to a plan from a day on.
    CreateSubscription { customer: Position, plan: Position, starts_on: Day },
    /// Bills a subscription for its next interval.
    BillSubscription(Position),
    /// Ends a subscription; what it billed stays (A5.4).
    CancelSubscription(Position),
    /// Adds a transaction.
    CreateTransaction(Box<Transaction>),
    /// Marks one transaction paid, on an invoice or not.
    PayTransaction(Position),
    /// Gives back a part of a paid transaction (A5.3).
    RefundTransaction(Position, i64),
    /// Replaces what an unpaid transaction says.
    UpdateTransaction(Position, Box<Transaction>),
    /// Takes an unpaid transaction out of the account.
    DeleteTransaction(Position),
    /// Takes an unpaid transaction back.
    VoidTransaction(Position),
    /// Makes invoices of everything uninvoiced of a customer without a billing cycle (A5.2).
    GenerateInvoices(Position),
    /// Does the same at the end of a billing cycle.
    CloseCycle(Position),
    /// Sends an invoice.
    IssueInvoice(Position),
    /// Notices that an invoice is late.
    FallOverdue(Position),
    /// Marks an invoice and its transactions paid.
    PayInvoice(Position, Via),
    /// Takes an invoice back.
    VoidInvoice(Position),
    /// Replaces what an invoice says.
    UpdateInvoice(Position, Box<Invoice>),
    /// Counts that somebody looked at an issued invoice.
    ViewInvoice(Position),
    /// Makes a link to a customer's balance.
    CreateStatement(Position),
    /// Ends such a link by hand.
    ExpireStatement(Position),
    /// Adds a user.
    CreateUser(User),
    /// Adds a webhook.
    CreateWebhook(Webhook),
    /// Takes a user out of the account.
    DeleteUser(Position),
    /// Replaces what a webhook is like.
    UpdateWebhook(Position, Webhook),
    /// Takes a webhook out of the account.
    DeleteWebhook(Position),
    /// Adds an organization.
    CreateOrganization(Organization),
    /// Gives an organization another name.
    RenameOrganization(Position, String),
    /// Adds a product.
    CreateProduct(Box<Product>),
    /// Puts a product into a plan.
    CreatePlanItem(PlanItem),
    /// Adds an order without items.
    CreateOrder(Order),
    /// Adds an item to an order.
    CreateOrderItem(Box<OrderItem>),
    /// Does what only callers of the API ask for.
    Demand(Demand),
}

impl Store {
    /// Does an action in one of the ways that only the emulator's own callers may choose: without
    /// an event, or dated back.
    pub(crate) fn act(
        &mut self,
        action: Action,
        at: i64,
        is_silent: bool,
        created_at: Option<i64>,
    ) -> Outcome {
        self.feed.is_silent = is_silent;
        self.created_at = created_at;
        let outcome = self.apply(action, at);
        self.feed.is_silent = false;
        self.created_at = None;
        outcome
    }

    /// Does an action at a Unix second, or refuses it and changes nothing. Times must not go
    /// back from one call to the next, because every list is kept in the order of creation.
    pub(crate) fn apply(&mut self, action: Action, at: i64) -> Outcome {
        match action {
            Action::CreateCustomer(draft) => self.create_customer(*draft, at),
            Action::RenameCustomer(customer, name) => self.rename_customer(customer, name, at),
            Action::UpdateCustomer(customer, changed) => {
                self.update_customer(customer, *changed, at)
            }
            Action::CreatePlan(draft) => self.create_plan(*draft, at),
            Action::CreateSubscription { customer, plan, starts_on } => {
                self.create_subscription(customer, plan, starts_on, at)
            }
            Action::BillSubscription(subscription) => self.bill(subscription, at),
            Action::CancelSubscription(subscription) => self.cancel(subscription, at),
            Action::CreateTransaction(draft) => self.create_transaction(*draft, at),
            Action::PayTransaction(line) => self.pay_transaction(line, Day::of(at), at),
            Action::RefundTransaction(line, amount) => self.refund(line, amount, at),
            Action::UpdateTransaction(line, changed) => self.update_transaction(line, *changed, at),
            Action::DeleteTransaction(line) => self.delete_transaction(line, at),
            Action::VoidTransaction(line) => self.void_transaction(line, at),
            Action::GenerateInvoices(customer) => self.generate_by_hand(customer, usize::MAX, at),
            Action::CloseCycle(customer) => self.generate_invoices(customer, usize::MAX, at),
            Action::IssueInvoice(invoice) => self.issue(invoice, at),
            Action::FallOverdue(invoice) => self.fall_overdue(invoice, at),
            Action::PayInvoice(invoice, via) => self.pay_invoice(invoice, via, at),
            Action::VoidInvoice(invoice) => self.void(invoice, at),
            Action::UpdateInvoice(invoice, changed) => self.replace_invoice(invoice, *changed, at),
            Action::ViewInvoice(invoice) => self.view(invoice),
            Action::CreateStatement(customer) => self.create_statement(customer, at),
            Action::ExpireStatement(statement) => self.expire_statement(statement, at),
            Action::CreateUser(draft) => Ok(self.create_user(draft, at)),
            Action::CreateWebhook(draft) => Ok(self.create_webhook(draft, at)),
            Action::DeleteUser(user) => self.delete_user(user),
            Action::UpdateWebhook(webhook, changed) => self.update_webhook(webhook, changed, at),
            Action::DeleteWebhook(webhook) => self.delete_webhook(webhook),
            Action::CreateOrganization(draft) => Ok(self.create_organization(draft, at)),
            Action::RenameOrganization(organization, name) => {
                self.rename_organization(organization, name, at)
            }
            Action::CreateProduct(draft) => self.create_product(*draft, at),
            Action::CreatePlanItem(draft) => self.create_plan_item(draft, at),
            Action::CreateOrder(draft) => self.create_order(draft, at),
            Action::CreateOrderItem(draft) => self.create_order_item(*draft, at),
            Action::Demand(demand) => self.demand(demand, at),
        }
    }

    fn create_customer(&mut self, mut customer: Customer, at: i64) -> Outcome {
        customer.id = self.fresh_id::<Customer>();
        customer.created_at = self.shown(at);
        let position = self.add(customer, at);
        self.record::<Customer>("customer.created", position, at)?;
        Ok(vec![position])
    }

    fn rename_customer(&mut self, position: Position, name: String, at: i64) -> Outcome {
        self.customers.edit(position)?.name = Some(name);
        self.record::<Customer>("customer.updated", position, at)?;
        Ok(vec![position])
    }

    fn rename_organization(&mut self, position: Position, name: String, at: i64) -> Outcome {
        let organization = self.organizations.edit(position)?;
        organization.name = name;
        organization.updated_at = at;
        Ok(vec![position])
    }

    // Statements, users, webhooks and organizations leave no events: the official client cannot
    // read an event about them (CONTRACT A8.1, last row).

    fn create_statement(&mut self, customer: Position, at: i64) -> Outcome {
        let resource = self.customers.get(customer)?.id.clone();
        let id = self.fresh_id::<Statement>();
        let expiry = if self.statements.ever().is_multiple_of(2) {
            Expiry::ExpiredAt(None)
        } else {
            Expiry::ExpiresAt(None)
        };
        let statement = Statement {
            id,
            resource: resource.clone(),
            url: self.fresh_link("https://secure.paidlabs.com/s/"),
            expires_on: Day::of(at).plus_days(7).start(),
            expiry,
        };
        let last_day = Day::of(statement.expires_on);
        let position = self.add(statement, at);
        self.expiring.add(last_day.plus_days(1), position);
        self.statements.file_under(&resource, position);
        Ok(vec![position])
    }

    /// Ends a statement now.
    pub(crate) fn expire_statement(&mut self, position: Position, at: i64) -> Outcome {
        let expiry = match self.statements.get(position)?.expiry {
            Expiry::ExpiredAt(None) => Expiry::ExpiredAt(Some(at)),
            Expiry::ExpiresAt(None) => Expiry::ExpiresAt(Some(at)),
            Expiry::ExpiredAt(Some(_)) | Expiry::ExpiresAt(Some(_)) => {
                return Err(Refusal::AlreadyExpired);
            }
        };
        self.statements.edit(position)?.expiry = expiry;
        Ok(vec![position])
    }

    fn create_user(&mut self, mut user: User, at: i64) -> Vec<Position> {
        user.id = self.fresh_id::<UserEntry>();
        user.created_at = self.created(at).to_string();
        vec![self.add(UserEntry::User(user), at)]
    }

    /// Adds a webhook; the first two also show up among the users.
    fn create_webhook(&mut self, mut webhook: Webhook, at: i64) -> Vec<Position> {
        webhook.id = self.fresh_id::<Webhook>();
        webhook.created_at = self.created(at).to_string();
        webhook.updated_at = at.to_string();
        if self.webhooks.ever() < 2 {
            self.add(UserEntry::Misplaced(webhook.clone()), at);
        }
        vec![self.add(webhook, at)]
    }

    fn create_organization(&mut self, mut organization: Organization, at: i64) -> Vec<Position> {
        organization.id = self.fresh_id::<Organization>();
        organization.created_at = self.created(at);
        organization.updated_at = at;
        vec![self.add(organization, at)]
    }
}
