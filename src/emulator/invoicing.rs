//! The life of invoices (CONTRACT A5.2).

use std::collections::BTreeMap;

use super::actions::Outcome;
use super::billing::{Invoice, InvoiceStatus, Metadata, Payment, Transaction, Via};
use super::calendar::Day;
use super::chase::Schedule;
use super::list::Position;
use super::money::Currency;
use super::refusal::Refusal;
use super::store::Store;
use super::text::Text;

/// Tells transactions apart that must not share an invoice.
type Group = (Currency, Option<Text>);

/// Applies where a customer agreed on no terms.
const DEFAULT_TERMS: i64 = 30;

impl Store {
    fn groups(&self, customer: Position) -> Result<BTreeMap<Group, Vec<Position>>, Refusal> {
        let mut groups: BTreeMap<Group, Vec<Position>> = BTreeMap::new();
        for &position in &self.customers.get(customer)?.uninvoiced {
            let transaction = self.transactions.get(position)?;
            let group = (transaction.currency, transaction.group_by.clone());
            groups.entry(group).or_default().push(position);
        }
        Ok(groups)
    }

    /// Says whether every invoice that would be generated asks for money. Nobody sends a bill
    /// that asks for none, so refunds wait until enough business is there to absorb them.
    pub(super) fn can_invoice(&self, customer: Position) -> bool {
        let owed = |positions: &Vec<Position>| -> i64 {
            let lines = positions.iter().filter_map(|&line| self.transactions.get(line).ok());
            lines.map(|line| line.amount).sum()
        };
        self.groups(customer)
            .is_ok_and(|groups| !groups.is_empty() && groups.values().all(|lines| owed(lines) > 0))
    }

    /// Makes one invoice per currency and `group_by` of all uninvoiced transactions.
    pub(super) fn generate_invoices(&mut self, customer: Position, at: i64) -> Outcome {
        let groups = self.groups(customer)?;
        if groups.is_empty() {
            return Err(Refusal::NothingToInvoice);
        }
        let owner = self.customers.edit(customer)?;
        owner.uninvoiced.clear();
        let issues_at_once = owner.auto_issue;
        let mut invoices = Vec::with_capacity(groups.len());
        for ((currency, _), lines) in groups {
            let invoice = self.insert_invoice(customer, currency, at)?;
            self.put_on_invoice(invoice, &lines, at)?;
            self.recount(invoice, at)?;
            self.record::<Invoice>("invoice.generated", invoice, at)?;
            if issues_at_once {
                self.issue(invoice, at)?;
            }
            invoices.push(invoice);
        }
        Ok(invoices)
    }

    fn insert_invoice(
        &mut self,
        customer: Position,
        currency: Currency,
        at: i64,
    ) -> Result<Position, Refusal> {
        let owner = self.customers.get(customer)?;
        let (customer, terms) = (owner.id.clone(), owner.terms.unwrap_or(DEFAULT_TERMS));
        let serial = self.invoices.rows().len() + 1;
        let metadata = match serial % 4 {
            0 => vec![("channel".into(), "web".into()), ("büro".into(), "Köln".into())],
            _ => Vec::new(),
        };
        let invoice = Invoice {
            id: self.fresh_id::<Invoice>(),
            number: format!("INV-{serial:06}"),
            amount: 0,
            amount_string: String::new(),
            unpaid_amount: 0,
            overdue_amount: 0,
            summary: serial.is_multiple_of(3).then_some("Thank you for your business."),
            customer: customer.clone(),
            issued_at: None,
            due_date: None,
            terms,
            paid: false,
            payment: None,
            status: InvoiceStatus::Generated,
            voided: false,
            voided_at: None,
            views: 0,
            url: self.fresh_link("https://payments.paidlabs.com/i/"),
            metadata: Metadata(metadata),
            created_at: self.shown(at),
            currency,
            chase_schedule: if serial.is_multiple_of(2) {
                Schedule::Sample
            } else {
                Schedule::Text
            },
        };
        let position = self.add(invoice, at);
        self.invoices.file_under(&customer, position);
        Ok(position)
    }

    fn put_on_invoice(
        &mut self,
        invoice: Position,
        lines: &[Position],
        at: i64,
    ) -> Result<(), Refusal> {
        let id = self.invoices.get(invoice)?.id.clone();
        for &line in lines {
            self.transactions.edit(line)?.invoice = Some(id.clone());
            self.transactions.file_under(&id, line);
            self.record::<Transaction>("transaction.updated", line, at)?;
        }
        Ok(())
    }

    /// Derives the amounts of an invoice from its transactions (CONTRACT A8, emulator amounts).
    fn recount(&mut self, position: Position, at: i64) -> Result<(), Refusal> {
        let (mut amount, mut unpaid) = (0, 0);
        for &line in self.transactions.under(&self.invoices.get(position)?.id) {
            let transaction = self.transactions.get(line)?;
            amount += transaction.amount;
            unpaid += if transaction.paid { 0 } else { transaction.amount };
        }
        let invoice = self.invoices.edit(position)?;
        invoice.amount = amount;
        invoice.amount_string = invoice.currency.format(amount);
        invoice.unpaid_amount = unpaid;
        invoice.settle(at);
        Ok(())
    }

    /// Sends an invoice; a customer who is charged pays at the same moment.
    pub(super) fn issue(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.edit(position)?;
        if invoice.voided {
            return Err(Refusal::AlreadyVoided);
        }
        if invoice.issued_at.is_some() {
            return Err(Refusal::AlreadyIssued);
        }
        let last_day = Day::of(at).plus_days(invoice.terms);
        invoice.issued_at = Some(at);
        invoice.due_date = Some(last_day.end());
        invoice.settle(at);
        let customer = self.customers.position(&invoice.customer)?;
        self.falling_overdue.add(last_day.plus_days(1), position);
        self.record::<Invoice>("invoice.issued", position, at)?;
        if self.customers.get(customer)?.billing_type == "charge" {
            self.pay_invoice(position, Via::CreditCard, at)?;
        }
        Ok(vec![position])
    }

    /// Notices that the last day to pay has passed.
    pub(super) fn fall_overdue(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.edit(position)?;
        if !invoice.is_open() {
            return Err(Refusal::NotIssued);
        }
        invoice.settle(at);
        self.record::<Invoice>("invoice.overdue", position, at)?;
        Ok(vec![position])
    }

    /// Marks an issued invoice paid, and those of its transactions that are not yet.
    pub(super) fn pay_invoice(&mut self, position: Position, via: Via, at: i64) -> Outcome {
        let invoice = self.invoices.edit(position)?;
        match (invoice.is_open(), invoice.paid, invoice.voided) {
            (true, _, _) => {}
            (_, true, _) => return Err(Refusal::AlreadyPaid),
            (_, _, true) => return Err(Refusal::AlreadyVoided),
            _ => return Err(Refusal::NotIssued),
        }
        invoice.paid = true;
        invoice.payment = Some(Payment { via, paid_at: at });
        invoice.views += 2;
        let id = invoice.id.clone();
        for line in self.transactions.under(&id).to_vec() {
            if !self.transactions.get(line)?.paid {
                self.mark_paid(line, at)?;
            }
        }
        self.recount(position, at)?;
        self.record::<Invoice>("invoice.paid", position, at)?;
        Ok(vec![position])
    }

    /// Counts an invoice again after one of its transactions changed.
    pub(super) fn update_invoice(&mut self, id: &str, at: i64) -> Result<(), Refusal> {
        let position = self.invoices.position(id)?;
        self.recount(position, at)?;
        self.record::<Invoice>("invoice.updated", position, at)
    }

    /// Takes an invoice back. Its transactions stay on it, unpaid: nobody documents more.
    pub(super) fn void(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.edit(position)?;
        if invoice.voided {
            return Err(Refusal::AlreadyVoided);
        }
        if invoice.paid {
            return Err(Refusal::AlreadyPaid);
        }
        invoice.voided = true;
        invoice.voided_at = Some(at);
        invoice.settle(at);
        self.record::<Invoice>("invoice.voided", position, at)?;
        Ok(vec![position])
    }
}
