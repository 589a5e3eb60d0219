//! The life of transactions (CONTRACT A5.3).

use super::actions::Outcome;
use crate::emulator::account::billing::{Transaction, Via};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::Position;
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;
use crate::emulator::account::text::Text;

impl Store {
    /// Adds a transaction; for an `auto_generate` customer also its invoice.
    pub(crate) fn create_transaction(&mut self, draft: Transaction, at: i64) -> Outcome {
        let customer = self.customers.position(&draft.customer)?;
        let position = self.insert_transaction(draft, at);
        self.customers.edit(customer)?.uninvoiced.push(position);
        self.record::<Transaction>("transaction.created", position, at)?;
        if self.customers.get(customer)?.auto_generate && self.can_invoice(customer) {
            self.generate_invoices(customer, usize::MAX, at)?;
        }
        Ok(vec![position])
    }

    /// Adds a drafted transaction to the list.
    pub(crate) fn insert_transaction(&mut self, mut transaction: Transaction, at: i64) -> Position {
        transaction.id = self.fresh_id::<Transaction>();
        transaction.created_at = self.shown(at);
        let count = self.transactions.ever();
        transaction.has_old_names = at < self.old_names_until && count.is_multiple_of(3);
        let (customer, invoice) = (transaction.customer.clone(), transaction.invoice.clone());
        let position = self.add(transaction, at);
        self.transactions.file_under(&customer, position);
        if let Some(invoice) = invoice {
            self.transactions.file_under(&invoice, position);
        }
        position
    }

    /// Marks one transaction paid and leaves its invoice to the caller.
    pub(crate) fn mark_paid(
        &mut self,
        line: Position,
        paid_on: Day,
        at: i64,
    ) -> Result<(), Refusal> {
        let transaction = self.transactions.edit(line)?;
        transaction.paid = true;
        transaction.paid_on = Some(paid_on);
        self.record::<Transaction>("transaction.paid", line, at)
    }

    /// Marks one transaction paid on a day, so that its invoice asks for less.
    pub(crate) fn pay_transaction(&mut self, line: Position, paid_on: Day, at: i64) -> Outcome {
        let invoice = self.open_transaction(line)?.invoice.clone();
        self.mark_paid(line, paid_on, at)?;
        self.follow(invoice, at)?;
        Ok(vec![line])
    }

    /// Reads a transaction, unless it was paid or voided and so stays as it is.
    pub(crate) fn open_transaction(&self, line: Position) -> Result<&Transaction, Refusal> {
        let transaction = self.transactions.get(line)?;
        match (transaction.paid, transaction.voided) {
            (true, _) => Err(Refusal::AlreadyPaid),
            (_, true) => Err(Refusal::AlreadyVoided),
            _ => Ok(transaction),
        }
    }

    /// Counts the invoice of a changed transaction again, if it is on one.
    pub(crate) fn follow(&mut self, invoice: Option<Text>, at: i64) -> Result<(), Refusal> {
        invoice.map_or(Ok(()), |id| self.update_invoice(&id, at))
    }

    /// Gives money back: on the card's invoice at once, otherwise with the next invoice.
    pub(crate) fn refund(&mut self, original: Position, amount: i64, at: i64) -> Outcome {
        let paid = self.transactions.get(original)?;
        if !paid.paid {
            return Err(Refusal::NotPaid);
        }
        if amount <= 0 || amount > paid.amount - paid.refunded {
            return Err(Refusal::RefundTooLarge);
        }
        let invoice = match &paid.invoice {
            Some(id) => Some(self.invoices.get(self.invoices.position(id)?)?),
            None => None,
        };
        let to_card = invoice
            .and_then(|invoice| invoice.payment)
            .is_some_and(|payment| payment.via == Via::CreditCard);
        let refund = Transaction {
            amount: -amount,
            currency: paid.currency,
            description: format!("Refund for: {}", paid.description).into(),
            customer: paid.customer.clone(),
            invoice: paid.invoice.clone().filter(|_| to_card),
            group_by: paid.group_by.clone(),
            paid: to_card,
            paid_on: to_card.then(|| Day::of(at)),
            serviced_on: at,
            ..Transaction::default()
        };
        self.transactions.edit(original)?.refunded += amount;
        self.book_refund(refund, at)
    }

    fn book_refund(&mut self, refund: Transaction, at: i64) -> Outcome {
        let customer = self.customers.position(&refund.customer)?;
        let invoice = refund.invoice.clone();
        let position = self.insert_transaction(refund, at);
        self.record::<Transaction>("transaction.created", position, at)?;
        match invoice {
            Some(id) => self.update_invoice(&id, at)?,
            None => self.customers.edit(customer)?.uninvoiced.push(position),
        }
        Ok(vec![position])
    }
}
