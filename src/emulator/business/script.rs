//! The seeded business: what the merchant and the customers do, day by day.
//!
//! A day begins at midnight with what the service does by itself. What people do happens from
//! 06:00 to 09:00 UTC, in phases of a quarter of an hour, each played when it is over, so that
//! time never runs backwards. What follows later is put on an agenda; when its day comes the
//! world may have changed, and then the action is refused and forgotten.

use fastrand::Rng;

use super::names;
use crate::emulator::account::billing::{Transaction, Via};
use crate::emulator::account::calendar::{Agenda, Day};
use crate::emulator::account::list::Position;
use crate::emulator::account::money::Currency;
use crate::emulator::account::store::Store;
use crate::emulator::options::{Options, Stock, Trade};
use crate::emulator::rules::actions::Action;

const OPENING: i64 = 6 * 3_600;
const PHASE_SECONDS: i64 = 15 * 60;

/// Orders what happens on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Midnight,
    SignUp,
    Bill,
    Sell,
    Generate,
    Issue,
    Notice,
    Pay,
    Refund,
    Void,
    Cancel,
    Rename,
    Statement,
}

impl Phase {
    const ALL: [Self; 13] = [
        Self::Midnight,
        Self::SignUp,
        Self::Bill,
        Self::Sell,
        Self::Generate,
        Self::Issue,
        Self::Notice,
        Self::Pay,
        Self::Refund,
        Self::Void,
        Self::Cancel,
        Self::Rename,
        Self::Statement,
    ];

    /// Says whether everything in the phase happens in one second, as batch jobs do.
    fn is_batch(self) -> bool {
        matches!(self, Self::Bill | Self::Generate | Self::Issue)
    }
}

/// Names what someone means to do on some day.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
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
pub(crate) struct Script {
    pub(crate) rng: Rng,
    pub(crate) day: Day,
    pub(crate) second: i64,
    /// Is when something was last done beside the script, which must not act before it.
    not_before: i64,
    /// Counts the customers so far, to spread the odd ones evenly.
    pub(crate) signed_up: usize,
    phase: Phase,
    /// Numbers the phase of the day that comes next.
    next_phase: usize,
    first_day: Day,
    haste: i64,
    agenda: Agenda<(Day, Phase), Task>,
    /// Gives so many customers in so many days.
    growth: (u32, u32),
    growth_due: u32,
    /// Counts what is there before the first customer comes.
    pub(crate) stock: Stock,
    pub(crate) trade: Trade,
    noticed_invoices: Position,
    /// Holds the invoices that fell overdue since they were last looked at.
    fallen: Vec<Position>,
}

impl Script {
    /// Starts a business that wins its customers in so many days.
    pub(crate) fn new(options: &Options, days: u32, first_day: Day) -> Self {
        let customers = options.size.customers();
        Self {
            rng: Rng::with_seed(options.seed),
            day: first_day,
            second: first_day.start(),
            not_before: i64::MIN,
            signed_up: 0,
            phase: Phase::Midnight,
            next_phase: 0,
            first_day,
            haste: options.size.haste(),
            agenda: Agenda::default(),
            growth: (customers, days),
            // Some of the customers are there from the first day.
            growth_due: options.size.first_customers() * days,
            stock: options.size.stock(),
            trade: options.size.trade(),
            noticed_invoices: 0,
            fallen: Vec::new(),
        }
    }

    /// Tells when the next phase can be played.
    pub(crate) fn next_moment(&self) -> i64 {
        match i64::try_from(self.next_phase) {
            Ok(0) | Err(_) => self.day.start(),
            Ok(number) => self.day.start() + OPENING + number * PHASE_SECONDS,
        }
    }

    /// Notices that something was done beside the script. A phase is played when it is over, and
    /// what happens in it comes after what others did while it lasted.
    pub(crate) fn give_way(&mut self, at: i64) {
        self.not_before = self.not_before.max(at);
    }

    /// Plays the next phase; without people only what the service does by itself.
    pub(crate) fn play_slot(&mut self, store: &mut Store, with_people: bool) {
        self.phase = Phase::ALL.get(self.next_phase).copied().unwrap_or(Phase::Midnight);
        self.second = self.next_moment();
        if self.phase != Phase::Midnight {
            self.second = (self.second - PHASE_SECONDS).max(self.not_before);
        }
        self.begin_phase(store, with_people);
        if with_people {
            for task in self.agenda.take_until(&(self.day, self.phase)) {
                self.step();
                self.carry_out(task, store);
            }
        }
        self.next_phase += 1;
        if self.next_phase == Phase::ALL.len() {
            self.next_phase = 0;
            self.day = self.day.plus_days(1);
        }
    }

    fn begin_phase(&mut self, store: &mut Store, with_people: bool) {
        match self.phase {
            Phase::Midnight => self.fallen.append(&mut store.begin_day(self.day)),
            Phase::SignUp if with_people => self.grow(store),
            Phase::Bill => self.bill(store),
            Phase::Generate => store.invoice_cycles(self.day, self.second),
            Phase::Issue if with_people => self.notice_invoices(store),
            Phase::Notice if with_people => self.notice_overdue(store),
            _ => {}
        }
    }

    /// Puts a task on the agenda of a day; if its moment has passed, on tomorrow's.
    pub(crate) fn plan(&mut self, day: Day, task: Task) {
        let moment = (day, task.phase());
        let tomorrow = self.day.plus_days(1);
        let is_past = moment <= (self.day, self.phase);
        self.agenda.add(if is_past { (tomorrow, moment.1) } else { moment }, task);
    }

    /// Plans a task so many days from today.
    pub(crate) fn plan_in(&mut self, days: i64, task: Task) {
        self.plan(self.day.plus_days(days), task);
    }

    /// Decides with a chance in per cent.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.rng.u32(0..100) < percent
    }

    /// Lets some seconds pass, unless a batch is running or the phase is over.
    pub(crate) fn step(&mut self) {
        if !self.phase.is_batch() {
            let last = self.next_moment() - 1;
            self.second = (self.second + self.rng.i64(0..self.haste)).min(last);
        }
    }

    /// Does an action now. A refusal is no error here: the plan was made before the change that
    /// made it impossible.
    pub(crate) fn act(&self, store: &mut Store, action: Action) -> Vec<Position> {
        store.apply(action, self.second).unwrap_or_default()
    }

    fn grow(&mut self, store: &mut Store) {
        if self.day == self.first_day {
            self.found(store);
        }
        let (customers, days) = self.growth;
        self.growth_due += customers;
        while self.growth_due >= days {
            self.growth_due -= days;
            self.step();
            self.sign_up(store);
        }
    }

    fn bill(&mut self, store: &mut Store) {
        for subscription in store.bill_due(self.day, self.second) {
            self.after_bill(store, subscription);
            self.meter(store, subscription);
        }
    }

    fn notice_invoices(&mut self, store: &Store) {
        let count = store.invoices.ever();
        for invoice in self.noticed_invoices..count {
            self.decide_fate(store, invoice);
        }
        self.noticed_invoices = count;
    }

    fn notice_overdue(&mut self, store: &Store) {
        for invoice in std::mem::take(&mut self.fallen) {
            self.after_overdue(store, invoice);
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
                    Action::RefundTransaction(line, amount.saturating_mul(i64::from(percent)) / 100)
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
