//! What the service does by itself as time passes: it bills subscriptions, invoices by billing
//! cycle, notices what is late, charges cards, and ends statements (CONTRACT A5).

use super::actions::Action;
use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::Cycle;
use crate::emulator::account::store::Store;

impl Store {
    /// Begins a day: invoices fall overdue, statements expire, old events are forgotten. Returns
    /// the invoices that fell overdue.
    pub(crate) fn begin_day(&mut self, day: Day) -> Vec<Position> {
        let midnight = day.start();
        let mut fallen = Vec::new();
        for invoice in self.falling_overdue.take_until(&day) {
            if self.apply(Action::FallOverdue(invoice), midnight).is_ok() {
                fallen.push(invoice);
            }
        }
        for statement in self.expiring.take_until(&day) {
            // One that was expired by hand before stays as it is, as does one that lasts longer.
            if self.statements.get(statement).is_ok_and(|it| Day::of(it.expires_on) < day) {
                drop(self.apply(Action::ExpireStatement(statement), midnight));
            }
        }
        self.forget_old_events(midnight);
        fallen
    }

    /// Bills the subscriptions that are due on a day or before, and returns those billed.
    pub(crate) fn bill_due(&mut self, day: Day, at: i64) -> Vec<Position> {
        let mut billed = Vec::new();
        for subscription in self.billing.take_until(&day) {
            if self.apply(Action::BillSubscription(subscription), at).is_ok() {
                billed.push(subscription);
            }
        }
        billed
    }

    /// Invoices the customers whose billing cycle ends on a day: weekly on Mondays, monthly on
    /// the first. Customers who would get a bill without a positive amount wait.
    pub(crate) fn invoice_cycles(&mut self, day: Day, at: i64) {
        let is_due = |cycle| match cycle {
            Cycle::Manual => false,
            Cycle::Weekly => day.is_monday(),
            Cycle::Monthly => day.is_first_of_month(),
        };
        if !is_due(Cycle::Weekly) && !is_due(Cycle::Monthly) {
            return;
        }
        let customers = self.customers.rows().filter(|(_, row)| {
            is_due(row.object.billing_cycle) && !row.object.uninvoiced.is_empty()
        });
        let customers: Vec<_> = customers.map(|(position, _)| position).collect();
        for customer in customers {
            if self.can_invoice(customer) {
                drop(self.apply(Action::CloseCycle(customer), at));
            }
        }
    }

    /// Tells when a card is charged or a late event shows up next.
    pub(crate) fn next_errand(&self) -> i64 {
        let charge = self.charges.next().copied().unwrap_or(i64::MAX);
        charge.min(self.feed.next_late().unwrap_or(i64::MAX))
    }

    /// Charges the cards and shows the late events that are due.
    pub(crate) fn run_errands(&mut self, now: i64) {
        for invoice in self.charges.take_until(&now) {
            // A charge that fails leaves the invoice as it is (CONTRACT A5.3).
            drop(self.charge_card(invoice, now));
        }
        self.show_late_events(now);
    }
}
