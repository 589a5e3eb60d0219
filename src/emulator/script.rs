//! The seeded business: what the merchant and the customers do, day by day.
//!
//! Everything a day brings happens between 06:00 and 10:00 UTC, in fixed phases, so that time
//! never runs backwards. What follows later is put on an agenda; when its day comes the world may
//! have changed, and then the action is refused and forgotten.

use fastrand::Rng;

use super::actions::Action;
use super::billing::{Transaction, Via};
use super::calendar::{Agenda, Day};
use super::list::Position;
use super::money::Currency;
use super::names;
use super::store::Store;

const OPENING: i64 = 6 * 3_600;
const CLOSING: i64 = 10 * 3_600 - 1;
const PHASE_SECONDS: i64 = 15 * 60;

/// Orders what happens on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    SignUp,
    Bill,
    Sell,
    Generate,
    Issue,
    Overdue,
    Pay,
    Refund,
    Void,
    Cancel,
    Rename,
    Statement,
}

impl Phase {
    const ALL: [Self; 12] = [
        Self::SignUp,
        Self::Bill,
        Self::Sell,
        Self::Generate,
        Self::Issue,
        Self::Overdue,
        Self::Pay,
        Self::Refund,
        Self::Void,
        Self::Cancel,
        Self::Rename,
        Self::Statement,
    ];

    /// Says whether everything in the phase happens in one second, as batch jobs do.
    fn is_batch(self) -> bool {
        matches!(self, Self::Bill | Self::Generate | Self::Issue | Self::Overdue)
    }
}

/// Names what someone means to do on some day.
#[derive(Clone, Copy, Debug)]
pub(super) enum Task {
    /// Sells a customer something outside the subscription.
    Sell(Position),
    /// Takes an order of one product.
    Order(Position),
    Generate(Position),
    Issue(Position),
    Pay(Position, Via),
    /// Pays only the first transaction of an invoice.
    PayPart(Position),
    /// Gives back so many per cent of an invoice's first transaction.
    Refund(Position, u8),
    Void(Position),
    Cancel(Position),
    Rename(Position),
    RenameOrganization(Position),
    State(Position),
    Expire(Position),
}

impl Task {
    fn phase(self) -> Phase {
        match self {
            Self::Sell(_) | Self::Order(_) => Phase::Sell,
            Self::Generate(_) => Phase::Generate,
            Self::Issue(_) => Phase::Issue,
            Self::Pay(..) | Self::PayPart(_) => Phase::Pay,
            Self::Refund(..) => Phase::Refund,
            Self::Void(_) => Phase::Void,
            Self::Cancel(_) => Phase::Cancel,
            Self::Rename(_) | Self::RenameOrganization(_) => Phase::Rename,
            Self::State(_) | Self::Expire(_) => Phase::Statement,
        }
    }
}

/// Plays the business.
#[derive(Debug)]
pub(super) struct Script {
    pub(super) rng: Rng,
    pub(super) day: Day,
    pub(super) second: i64,
    /// Counts the customers so far, to spread the odd ones evenly.
    pub(super) signed_up: usize,
    phase: Phase,
    first_day: Day,
    agenda: Agenda<(Day, Phase), Task>,
    /// Gives so many customers in so many days.
    growth: (u32, u32),
    growth_due: u32,
    noticed_invoices: Position,
}

impl Script {
    /// Starts a business that wins `customers` in `days`.
    pub(super) fn new(seed: u64, customers: u32, days: u32, first_day: Day) -> Self {
        Self {
            rng: Rng::with_seed(seed),
            day: first_day,
            second: first_day.start(),
            signed_up: 0,
            phase: Phase::SignUp,
            first_day,
            agenda: Agenda::default(),
            growth: (customers, days),
            // A twentieth of the customers is there from the first day.
            growth_due: customers / 20 * days,
            noticed_invoices: 0,
        }
    }

    /// Plays one day.
    pub(super) fn play_day(&mut self, store: &mut Store) {
        self.second = self.day.start() + OPENING;
        if self.day == self.first_day {
            self.found(store);
        }
        for (phase, offset) in Phase::ALL.into_iter().zip(0..) {
            self.phase = phase;
            self.second = self.second.max(self.day.start() + OPENING + offset * PHASE_SECONDS);
            self.begin_phase(store);
            for task in self.agenda.take(&(self.day, phase)) {
                self.step();
                self.carry_out(task, store);
            }
        }
        self.day = self.day.plus_days(1);
    }

    fn begin_phase(&mut self, store: &mut Store) {
        match self.phase {
            Phase::SignUp => self.grow(store),
            Phase::Bill => self.bill(store),
            Phase::Issue => self.notice_invoices(store),
            Phase::Overdue => self.notice_overdue(store),
            Phase::Sell
            | Phase::Generate
            | Phase::Pay
            | Phase::Refund
            | Phase::Void
            | Phase::Cancel
            | Phase::Rename
            | Phase::Statement => {}
        }
    }

    /// Puts a task on the agenda of a day; if its moment has passed, on tomorrow's.
    pub(super) fn plan(&mut self, day: Day, task: Task) {
        let moment = (day, task.phase());
        let tomorrow = self.day.plus_days(1);
        let is_past = moment <= (self.day, self.phase);
        self.agenda.add(if is_past { (tomorrow, moment.1) } else { moment }, task);
    }

    /// Plans a task so many days from today.
    pub(super) fn plan_in(&mut self, days: i64, task: Task) {
        self.plan(self.day.plus_days(days), task);
    }

    /// Decides with a chance in per cent.
    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// Lets some seconds pass, unless a batch is running or the day's business is closing.
    pub(super) fn step(&mut self) {
        if !self.phase.is_batch() {
            let closing = self.day.start() + CLOSING;
            self.second = (self.second + self.rng.i64(0..45)).min(closing);
        }
    }

    /// Does an action now. A refusal is no error here: the plan was made before the change that
    /// made it impossible.
    pub(super) fn act(&self, store: &mut Store, action: Action) -> Vec<Position> {
        store.apply(action, self.second).unwrap_or_default()
    }

    fn grow(&mut self, store: &mut Store) {
        let (customers, days) = self.growth;
        self.growth_due += customers;
        while self.growth_due >= days {
            self.growth_due -= days;
            self.step();
            self.sign_up(store);
        }
    }

    fn bill(&mut self, store: &mut Store) {
        for subscription in store.billing.take(&self.day) {
            if !self.act(store, Action::BillSubscription(subscription)).is_empty() {
                self.after_bill(store, subscription);
            }
        }
    }

    fn notice_invoices(&mut self, store: &mut Store) {
        let count = store.invoices.rows().len();
        for invoice in self.noticed_invoices..count {
            self.decide_fate(store, invoice);
        }
        self.noticed_invoices = count;
    }

    fn notice_overdue(&mut self, store: &mut Store) {
        for invoice in store.falling_overdue.take(&self.day) {
            if !self.act(store, Action::FallOverdue(invoice)).is_empty() {
                self.after_overdue(store, invoice);
            }
        }
    }

    fn carry_out(&mut self, task: Task, store: &mut Store) {
        let action = match task {
            Task::Sell(customer) => return self.sell(store, customer),
            Task::Order(customer) => return self.order(store, customer),
            Task::Generate(customer) if !store.can_invoice(customer) => return,
            Task::Generate(customer) => Action::GenerateInvoices(customer),
            Task::Issue(invoice) => Action::IssueInvoice(invoice),
            Task::Pay(invoice, via) => Action::PayInvoice(invoice, via),
            Task::PayPart(invoice) => match first_line(store, invoice) {
                Some((line, _)) => Action::PayTransaction(line),
                None => return,
            },
            Task::Refund(invoice, percent) => match first_line(store, invoice) {
                Some((line, amount)) => {
                    Action::RefundTransaction(line, amount * i64::from(percent) / 100)
                }
                None => return,
            },
            Task::Void(invoice) => Action::VoidInvoice(invoice),
            Task::Cancel(subscription) => Action::CancelSubscription(subscription),
            Task::Rename(customer) => {
                let name = names::plain_company(&mut self.rng);
                Action::RenameCustomer(customer, name)
            }
            Task::RenameOrganization(organization) => {
                let name = names::plain_company(&mut self.rng);
                Action::RenameOrganization(organization, name)
            }
            Task::State(customer) => return self.send_statement(store, customer),
            Task::Expire(statement) => Action::ExpireStatement(statement),
        };
        self.act(store, action);
    }

    fn send_statement(&mut self, store: &mut Store, customer: Position) {
        for statement in self.act(store, Action::CreateStatement(customer)) {
            if self.chance(20) {
                self.plan_in(2, Task::Expire(statement));
            }
        }
    }

    fn sell(&mut self, store: &mut Store, customer: Position) {
        let Ok(owner) = store.customers.get(customer) else { return };
        let is_foreign = self.chance(4);
        let currency = if is_foreign { Currency::Eur } else { owner.currency };
        let (description, group_by) = names::extra(&mut self.rng);
        let amount = currency.price(self.rng.i64(5..400) * 50);
        let is_discount = self.chance(8);
        let draft = Transaction {
            amount: if is_discount { -amount / 10 } else { amount },
            currency,
            description: if is_discount { "Discount".into() } else { description.into() },
            customer: owner.id.clone(),
            group_by: group_by.filter(|_| !is_discount).map(Into::into),
            serviced_on: self.second,
            metadata: names::metadata(&mut self.rng),
            ..Transaction::default()
        };
        self.act(store, Action::CreateTransaction(Box::new(draft)));
    }
}

/// Finds the first transaction of an invoice that has several, or that is paid.
fn first_line(store: &Store, invoice: Position) -> Option<(Position, i64)> {
    let invoice = store.invoices.get(invoice).ok()?;
    let lines = store.transactions.under(&invoice.id);
    let line = *lines.first().filter(|_| invoice.paid || lines.len() > 1)?;
    Some((line, store.transactions.get(line).ok()?.amount))
}
