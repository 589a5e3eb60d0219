//! Cards, and transactions that are charged at once on an invoice of their own (CONTRACT A5.3).

use super::actions::Outcome;
use crate::emulator::account::billing::{Transaction, Via};
use crate::emulator::account::list::Position;
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;

/// Counts the seconds from the request for a charge to the charge.
const CHARGE_SECONDS: i64 = 3;

impl Store {
    /// Gives a customer a card.
    pub(crate) fn add_card(
        &mut self,
        customer: Position,
        stripe_id: Option<String>,
        at: i64,
    ) -> Outcome {
        let mut changed = self.customers.get(customer)?.clone();
        let stripe_id = stripe_id.unwrap_or_else(|| self.fresh_link("cus_"));
        changed.stripe_customer_id = Some(stripe_id);
        changed.allow_credit_card = true;
        self.update_customer(customer, changed, at)
    }

    /// Charges an issued invoice to the card of its customer.
    pub(crate) fn charge_card(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.get(position)?;
        let owner = self.customers.get(self.customers.position(&invoice.customer)?)?;
        let has_card = owner.allow_credit_card || owner.stripe_customer_id.is_some();
        if invoice.is_open() && !(has_card && invoice.unpaid_amount > 0) {
            return Err(Refusal::ChargeFailed);
        }
        self.pay_invoice(position, Via::CreditCard, at)
    }

    /// Sends an invoice, if it was not sent before, and has it charged a little later.
    pub(crate) fn charge_soon(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.get(position)?;
        match (invoice.paid, invoice.voided) {
            (true, _) => return Err(Refusal::AlreadyPaid),
            (_, true) => return Err(Refusal::AlreadyVoided),
            _ => {}
        }
        if invoice.issued_at.is_none() {
            self.send(position, at)?;
        }
        self.charges.add(at + CHARGE_SECONDS, position);
        Ok(vec![position])
    }

    /// Adds a transaction and has it charged, whether or not that will work.
    pub(crate) fn create_charged(&mut self, draft: Transaction, at: i64) -> Outcome {
        self.customers.position(&draft.customer)?;
        let line = self.insert_transaction(draft, at);
        self.record::<Transaction>("transaction.created", line, at)?;
        self.charge_transaction(line, at)
    }

    /// Has a transaction charged: on the invoice that it is on, or else on one of its own.
    pub(crate) fn charge_transaction(&mut self, line: Position, at: i64) -> Outcome {
        let transaction = self.open_transaction(line)?;
        let invoice = if let Some(id) = &transaction.invoice {
            self.invoices.position(id)?
        } else {
            let customer = self.customers.position(&transaction.customer)?;
            self.generate_invoice(customer, transaction.currency, &[line], at)?
        };
        self.charge_soon(invoice, at)?;
        Ok(vec![line])
    }
}
