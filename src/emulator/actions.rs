//! Every way in which the account changes. Whoever acts, a seeded customer or a caller, goes
//! through `Store::apply`, so each change follows the same rules and leaves the same events.

use super::billing::{Transaction, Via};
use super::calendar::Day;
use super::catalogue::{Order, OrderItem, PlanItem, Product};
use super::list::Position;
use super::objects::{Customer, Expiry, Organization, Plan, Statement, User, UserEntry, Webhook};
use super::refusal::Refusal;
use super::store::Store;

/// Lists the positions of the objects that an action made or changed.
pub(super) type Outcome = Result<Vec<Position>, Refusal>;

/// Names a business action. Drafts need no id and no time; the store fills them in.
#[derive(Debug)]
pub(super) enum Action {
    /// Adds a customer.
    CreateCustomer(Box<Customer>),
    /// Gives a customer another name.
    RenameCustomer(Position, String),
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
    /// Makes invoices of everything uninvoiced of a customer (A5.2).
    GenerateInvoices(Position),
    /// Sends an invoice.
    IssueInvoice(Position),
    /// Notices that an invoice is late.
    FallOverdue(Position),
    /// Marks an invoice and its transactions paid.
    PayInvoice(Position, Via),
    /// Takes an invoice back.
    VoidInvoice(Position),
    /// Makes a link to a customer's balance.
    CreateStatement(Position),
    /// Ends such a link by hand.
    ExpireStatement(Position),
    /// Adds a user.
    CreateUser(User),
    /// Adds a webhook.
    CreateWebhook(Webhook),
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
}

impl Store {
    /// Does an action at a Unix second, or refuses it and changes nothing. Times must not go
    /// back from one call to the next, because every list is kept in the order of creation.
    pub(super) fn apply(&mut self, action: Action, at: i64) -> Outcome {
        match action {
            Action::CreateCustomer(draft) => self.create_customer(*draft, at),
            Action::RenameCustomer(customer, name) => self.rename_customer(customer, name, at),
            Action::CreatePlan(draft) => self.create_plan(*draft, at),
            Action::CreateSubscription { customer, plan, starts_on } => {
                self.create_subscription(customer, plan, starts_on, at)
            }
            Action::BillSubscription(subscription) => self.bill(subscription, at),
            Action::CancelSubscription(subscription) => self.cancel(subscription, at),
            Action::CreateTransaction(draft) => self.create_transaction(*draft, at),
            Action::PayTransaction(transaction) => self.pay_transaction(transaction, at),
            Action::RefundTransaction(transaction, amount) => self.refund(transaction, amount, at),
            Action::GenerateInvoices(customer) => self.generate_invoices(customer, at),
            Action::IssueInvoice(invoice) => self.issue(invoice, at),
            Action::FallOverdue(invoice) => self.fall_overdue(invoice, at),
            Action::PayInvoice(invoice, via) => self.pay_invoice(invoice, via, at),
            Action::VoidInvoice(invoice) => self.void(invoice, at),
            Action::CreateStatement(customer) => self.create_statement(customer, at),
            Action::ExpireStatement(statement) => self.expire_statement(statement, at),
            Action::CreateUser(draft) => Ok(self.create_user(draft, at)),
            Action::CreateWebhook(draft) => Ok(self.create_webhook(draft, at)),
            Action::CreateOrganization(draft) => Ok(self.create_organization(draft, at)),
            Action::RenameOrganization(position, name) => {
                let organization = self.organizations.edit(position)?;
                organization.name = name;
                organization.updated_at = at;
                Ok(vec![position])
            }
            Action::CreateProduct(draft) => self.create_product(*draft, at),
            Action::CreatePlanItem(draft) => self.create_plan_item(draft, at),
            Action::CreateOrder(draft) => self.create_order(draft, at),
            Action::CreateOrderItem(draft) => self.create_order_item(*draft, at),
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

    // Statements, users, webhooks and organizations leave no events: the official client cannot
    // read an event about them (CONTRACT A8.1, last row).

    fn create_statement(&mut self, customer: Position, at: i64) -> Outcome {
        let resource = self.customers.get(customer)?.id.clone();
        let id = self.fresh_id::<Statement>();
        let expiry = if self.statements.rows().len().is_multiple_of(2) {
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
        let position = self.add(statement, at);
        self.statements.file_under(&resource, position);
        Ok(vec![position])
    }

    fn expire_statement(&mut self, position: Position, at: i64) -> Outcome {
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
        user.created_at = at.to_string();
        vec![self.add(UserEntry::User(user), at)]
    }

    /// Adds a webhook; the first two also show up among the users.
    fn create_webhook(&mut self, mut webhook: Webhook, at: i64) -> Vec<Position> {
        webhook.id = self.fresh_id::<Webhook>();
        webhook.created_at = at.to_string();
        webhook.updated_at = at.to_string();
        if self.webhooks.rows().len() < 2 {
            self.add(UserEntry::Misplaced(webhook.clone()), at);
        }
        vec![self.add(webhook, at)]
    }

    fn create_organization(&mut self, mut organization: Organization, at: i64) -> Vec<Position> {
        organization.id = self.fresh_id::<Organization>();
        organization.created_at = at;
        organization.updated_at = at;
        vec![self.add(organization, at)]
    }
}
