//! The life of invoices (CONTRACT A5.2).

use std::collections::{BTreeMap, HashSet};

use super::actions::Outcome;
use crate::emulator::account::billing::{
    Invoice, InvoiceStatus, Metadata, Payment, Transaction, Via,
};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::chase::Schedule;
use crate::emulator::account::list::Position;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::BillingType;
use crate::emulator::account::refusal::Refusal;
use crate::emulator::account::store::Store;
use crate::emulator::account::text::Text;

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
    pub(crate) fn can_invoice(&self, customer: Position) -> bool {
        let owed = |positions: &Vec<Position>| -> i64 {
            let lines = positions.iter().filter_map(|&line| self.transactions.get(line).ok());
            lines.fold(0, |sum, line| sum.saturating_add(line.amount))
        };
        self.groups(customer)
            .is_ok_and(|groups| !groups.is_empty() && groups.values().all(|lines| owed(lines) > 0))
    }

    /// Makes one invoice per currency and `group_by` of the uninvoiced transactions, but no more
    /// than `most` invoices.
    pub(crate) fn generate_invoices(
        &mut self,
        customer: Position,
        most: usize,
        at: i64,
    ) -> Outcome {
        let groups: Vec<_> = self.groups(customer)?.into_iter().take(most).collect();
        if groups.is_empty() {
            return Err(Refusal::NothingToInvoice);
        }
        let issues_at_once = self.customers.get(customer)?.auto_issue;
        let mut invoices = Vec::with_capacity(groups.len());
        for ((currency, _), lines) in groups {
            let invoice = self.generate_invoice(customer, currency, &lines, at)?;
            if issues_at_once {
                self.issue(invoice, at)?;
            }
            invoices.push(invoice);
        }
        Ok(invoices)
    }

    /// Makes an invoice of transactions in one currency.
    pub(crate) fn generate_invoice(
        &mut self,
        customer: Position,
        currency: Currency,
        lines: &[Position],
        at: i64,
    ) -> Result<Position, Refusal> {
        let draft = self.draft_invoice(customer, currency)?;
        let invoice = self.add_invoice(draft, at);
        self.put_on_invoice(invoice, lines, at)?;
        let billed: HashSet<&Position> = lines.iter().collect();
        self.customers.edit(customer)?.uninvoiced.retain(|line| !billed.contains(line));
        self.recount(invoice, at)?;
        self.record::<Invoice>("invoice.generated", invoice, at)?;
        Ok(invoice)
    }

    /// Drafts an empty invoice as the service makes them, still without an id.
    pub(crate) fn draft_invoice(
        &self,
        customer: Position,
        currency: Currency,
    ) -> Result<Invoice, Refusal> {
        let owner = self.customers.get(customer)?;
        let serial = self.invoices.ever() + 1;
        let metadata = match serial % 4 {
            0 => vec![("channel".into(), "web".into()), ("büro".into(), "Köln".into())],
            _ => Vec::new(),
        };
        Ok(Invoice {
            id: Text::default(),
            number: Some(format!("INV-{serial:06}")),
            amount: 0,
            amount_string: currency.format(0),
            unpaid_amount: 0,
            overdue_amount: 0,
            summary: serial.is_multiple_of(3).then(|| self.thanks.clone()),
            customer: owner.id.clone(),
            issued_at: None,
            due_date: None,
            terms: owner.terms.unwrap_or(DEFAULT_TERMS),
            paid: false,
            payment: None,
            status: InvoiceStatus::Generated,
            voided: false,
            voided_at: None,
            views: 0,
            url: String::new(),
            metadata: Metadata(metadata),
            created_at: None,
            currency,
            chase_schedule: if serial.is_multiple_of(2) {
                Schedule::Sample
            } else {
                Schedule::Text
            },
        })
    }

    /// Adds a drafted invoice to the list.
    pub(crate) fn add_invoice(&mut self, mut draft: Invoice, at: i64) -> Position {
        draft.id = self.fresh_id::<Invoice>();
        draft.url = self.fresh_link("https://payments.paidlabs.com/i/");
        draft.created_at = self.shown(at);
        let customer = draft.customer.clone();
        let position = self.add(draft, at);
        self.invoices.file_under(&customer, position);
        position
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
    pub(crate) fn recount(&mut self, position: Position, at: i64) -> Result<(), Refusal> {
        let (mut amount, mut unpaid) = (0_i64, 0_i64);
        for line in self.transactions.under(&self.invoices.get(position)?.id) {
            let transaction = self.transactions.get(line)?;
            amount = amount.saturating_add(transaction.amount);
            if !transaction.paid {
                unpaid = unpaid.saturating_add(transaction.amount);
            }
        }
        let invoice = self.invoices.edit(position)?;
        invoice.amount = amount;
        invoice.amount_string = invoice.currency.format(amount);
        invoice.unpaid_amount = unpaid;
        invoice.settle(at);
        Ok(())
    }

    /// Sends an invoice; a customer who is charged pays at the same moment, if the card can be
    /// charged.
    pub(crate) fn issue(&mut self, position: Position, at: i64) -> Outcome {
        let customer = self.send(position, at)?;
        if self.customers.get(customer)?.billing_type == BillingType::Charge {
            drop(self.charge_card(position, at));
        }
        Ok(vec![position])
    }

    /// Sends an invoice and finds whose it is.
    pub(crate) fn send(&mut self, position: Position, at: i64) -> Result<Position, Refusal> {
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
        Ok(customer)
    }

    /// Notices that the last day to pay has passed, if it has.
    pub(crate) fn fall_overdue(&mut self, position: Position, at: i64) -> Outcome {
        let invoice = self.invoices.get(position)?;
        if invoice.status == InvoiceStatus::Overdue || !invoice.is_late(at) {
            return Err(Refusal::NotIssued);
        }
        self.invoices.edit(position)?.settle(at);
        self.record::<Invoice>("invoice.overdue", position, at)?;
        Ok(vec![position])
    }

    /// Marks an issued invoice paid, and those of its transactions that are not yet.
    pub(crate) fn pay_invoice(&mut self, position: Position, via: Via, at: i64) -> Outcome {
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
        for line in self.transactions.under(&id) {
            if !self.transactions.get(line)?.paid {
                self.mark_paid(line, Day::of(at), at)?;
            }
        }
        self.recount(position, at)?;
        self.record::<Invoice>("invoice.paid", position, at)?;
        Ok(vec![position])
    }

    /// Counts an invoice again after one of its transactions changed.
    pub(crate) fn update_invoice(&mut self, id: &str, at: i64) -> Result<(), Refusal> {
        let position = self.invoices.position(id)?;
        self.recount(position, at)?;
        self.record::<Invoice>("invoice.updated", position, at)
    }

    /// Counts that somebody looked at an invoice, which is no event.
    pub(crate) fn view(&mut self, position: Position) -> Outcome {
        if self.invoices.get(position)?.issued_at.is_none() {
            return Err(Refusal::NotIssued);
        }
        self.invoices.edit(position)?.views += 1;
        Ok(vec![position])
    }

    /// Takes an invoice back. Its transactions stay on it, unpaid: nobody documents more.
    pub(crate) fn void(&mut self, position: Position, at: i64) -> Outcome {
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
