//! What only callers of the API ask for; the seeded business has no use for it.

use super::actions::Outcome;
use super::selling::Start;
use crate::emulator::account::billing::{Invoice, Transaction};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem, PlanItem, Product};
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::{Account, Cycle, Organization, Plan, User};
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;

/// Names what a caller asks for. An update brings the whole object as it shall be.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    /// Replaces what the account says about the business.
    UpdateAccount(Box<Account>),
    /// Gives a customer a card, known to the card service under that id or a fresh one.
    AddCard(Position, Option<String>),
    /// Replaces a plan that no subscription has used.
    UpdatePlan(Position, Box<Plan>),
    /// Subscribes a customer, and bills what starts today or before at once.
    Subscribe(Start),
    /// Makes one invoice of the first group of uninvoiced transactions.
    GenerateInvoice(Position),
    /// Adds an invoice without transactions.
    CreateInvoice(Box<Invoice>),
    /// Charges an issued invoice to the card.
    ChargeInvoice(Position),
    /// Sends an invoice if needed, and has it charged a little later.
    ChargeSoon(Position),
    /// Adds a transaction that is charged on an invoice of its own.
    CreateCharged(Box<Transaction>),
    /// Has a transaction charged.
    ChargeTransaction(Position),
    /// Marks one transaction paid on a day.
    PayOn(Position, Day),
    /// Gives a statement another last day.
    ExtendStatement(Position, i64),
    /// Replaces what a user is like.
    UpdateUser(Position, User),
    /// Replaces what an organization is like.
    UpdateOrganization(Position, Organization),
    /// Replaces what a product is like.
    UpdateProduct(Position, Box<Product>),
    /// Replaces what a plan contains.
    UpdatePlanItem(Position, PlanItem),
    /// Replaces what an order says.
    UpdateOrder(Position, Order),
    /// Replaces what a line of an order says.
    UpdateOrderItem(Position, Box<OrderItem>),
}

impl Store {
    /// Does what a caller asks for, or refuses it and changes nothing.
    pub(crate) fn demand(&mut self, demand: Demand, at: i64) -> Outcome {
        match demand {
            Demand::UpdateAccount(changed) => Ok(self.update_account(*changed, at)),
            Demand::AddCard(customer, stripe_id) => self.add_card(customer, stripe_id, at),
            Demand::UpdatePlan(plan, changed) => self.update_plan(plan, *changed, at),
            Demand::Subscribe(start) => self.subscribe(start, at),
            Demand::GenerateInvoice(customer) => self.generate_by_hand(customer, 1, at),
            Demand::CreateInvoice(draft) => self.create_invoice(*draft, at),
            Demand::ChargeInvoice(invoice) => self.charge_card(invoice, at),
            Demand::ChargeSoon(invoice) => self.charge_soon(invoice, at),
            Demand::CreateCharged(draft) => self.create_charged(*draft, at),
            Demand::ChargeTransaction(line) => self.charge_transaction(line, at),
            Demand::PayOn(line, day) => self.pay_transaction(line, day, at),
            Demand::ExtendStatement(statement, until) => {
                self.extend_statement(statement, until, at)
            }
            Demand::UpdateUser(user, changed) => self.update_user(user, changed),
            Demand::UpdateOrganization(position, changed) => {
                self.update_organization(position, changed, at)
            }
            Demand::UpdateProduct(product, changed) => self.update_product(product, *changed, at),
            Demand::UpdatePlanItem(item, changed) => self.update_plan_item(item, changed, at),
            Demand::UpdateOrder(order, changed) => self.update_order(order, changed, at),
            Demand::UpdateOrderItem(item, changed) => self.update_order_item(item, *changed, at),
        }
    }

    /// Makes no more than `most` invoices for a customer who is invoiced on request only.
    pub(crate) fn generate_by_hand(&mut self, customer: Position, most: usize, at: i64) -> Outcome {
        if self.customers.get(customer)?.billing_cycle != Cycle::Manual {
            return Err(Refusal::NotManual);
        }
        self.generate_invoices(customer, most, at)
    }

    fn create_invoice(&mut self, draft: Invoice, at: i64) -> Outcome {
        self.customers.position(&draft.customer)?;
        let position = self.add_invoice(draft, at);
        self.record::<Invoice>("invoice.generated", position, at)?;
        Ok(vec![position])
    }
}
