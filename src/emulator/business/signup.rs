//! How customers come, and what they take.

use super::names;
use super::script::{Script, Task};
use crate::emulator::account::list::Position;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{
    Address, BillingType, Customer, Cycle, Organization, Plan,
};
use crate::emulator::account::store::Store;
use crate::emulator::rules::actions::Action;

impl Script {
    /// Wins a customer, who takes some plans; some come with an organization or a colleague.
    pub(crate) fn sign_up(&mut self, store: &mut Store) {
        self.signed_up += 1;
        let draft = self.customer();
        let customers = self.act(store, Action::CreateCustomer(Box::new(draft)));
        let Some(&customer) = customers.first() else { return };
        // Buyers come in blocks of ten, which hold every habit of paying.
        if !(self.signed_up / 10).is_multiple_of(self.trade.one_buyer_in) {
            return;
        }
        if self.chance(12) {
            self.organize(store);
        }
        if self.signed_up.is_multiple_of(40) {
            self.hire(store);
        }
        // The odd ones keep their names, the hostile among them.
        if self.signed_up.is_multiple_of(2) && self.chance(30) {
            let days = self.rng.i64(30..900);
            self.plan_in(days, Task::Rename(customer));
        }
        if self.chance(20) {
            self.plan_in(0, Task::Order(customer));
            self.plan_in(0, Task::Generate(customer));
        }
        self.subscribe(store, customer);
    }

    fn organize(&mut self, store: &mut Store) {
        let name = names::company(self.signed_up + 7, &mut self.rng);
        let external_id = self.chance(50).then(|| format!("org-{}", self.signed_up));
        let organization = Organization { name, external_id, ..Organization::default() };
        let created = self.act(store, Action::CreateOrganization(organization));
        for organization in created {
            let days = self.rng.i64(20..600);
            self.plan_in(days, Task::RenameOrganization(organization));
        }
    }

    fn subscribe(&mut self, store: &mut Store, customer: Position) {
        let plans = plans_in(store, customer);
        let count = match self.rng.u32(0..100) {
            0..4 => 0,
            4..65 => 1,
            65..92 => 2,
            _ => 3,
        };
        for _ in 0..count {
            let starts_on = match self.rng.u32(0..100) {
                0..35 => self.day,
                35..85 => self.day.next_month(),
                _ => self.day.plus_days(self.rng.i64(1..21)),
            };
            // Small plans are taken more often: the lesser of two draws.
            let draw = self.rng.usize(0..plans.len().max(1)).min(self.rng.usize(0..6));
            let Some(&plan) = plans.get(draw) else { return };
            self.act(store, Action::CreateSubscription { customer, plan, starts_on });
        }
    }

    fn customer(&mut self) -> Customer {
        let serial = self.signed_up;
        let has_name = !serial.is_multiple_of(33);
        let name = has_name.then(|| names::company(serial, &mut self.rng));
        let (billing_cycle, auto_generate) = match self.rng.u32(0..100) {
            0..60 => (Cycle::Monthly, false),
            60..72 => (Cycle::Weekly, false),
            72..92 => (Cycle::Manual, false),
            _ => (Cycle::Manual, true),
        };
        let is_charged = self.chance(10);
        Customer {
            email: has_name.then(|| format!("billing@customer{serial}.example")),
            name,
            description: serial.is_multiple_of(5).then(|| "Came by referral".into()),
            external_id: (!serial.is_multiple_of(3)).then(|| format!("{:06}", serial * 37)),
            phone: self.chance(60).then(|| format!("+1 555 01{:02}", serial % 100)),
            address: self.address(),
            allow_ach: self.chance(80),
            allow_wire: self.chance(70),
            allow_check: self.chance(40),
            allow_credit_card: is_charged || self.chance(75),
            allow_paypal: self.chance(30).then_some(serial.is_multiple_of(2)),
            auto_generate,
            auto_issue: self.chance(50),
            billing_type: if is_charged { BillingType::Charge } else { BillingType::Invoice },
            billing_cycle,
            cc_emails: self.chance(15).then(|| "cfo@a.example, ap@b.example".to_owned()),
            notes: self.chance(10).then(|| "Line one\nLine \"two\", with\ttab".to_owned()),
            stripe_customer_id: is_charged.then(|| format!("cus_stripe{serial}")),
            tax_id: self.chance(40).then(|| format!("0{:08}", serial * 7_919)),
            tax_id_label: self.chance(30).then(|| "VAT".into()),
            terms: self.terms(),
            currency: self.currency(),
            is_played: true,
            ..Customer::default()
        }
    }

    fn terms(&mut self) -> Option<i64> {
        match self.rng.u32(0..100) {
            0..12 => Some(0),
            12..30 => Some(14),
            30..75 => Some(30),
            75..85 => Some(45),
            85..95 => Some(60),
            _ => None,
        }
    }

    fn currency(&mut self) -> Currency {
        match self.rng.u32(0..100) {
            0..72 => Currency::Usd,
            72..86 => Currency::Eur,
            86..95 => Currency::Gbp,
            _ => Currency::Jpy,
        }
    }

    fn address(&mut self) -> Address {
        let (city, state, zip, country) = names::place(&mut self.rng);
        if self.chance(15) {
            return Address::default();
        }
        Address {
            line1: Some(format!("{} Main Street", self.rng.u32(1..999))),
            line2: self.chance(20).then(|| "2nd floor".to_owned()),
            city: Some(city.into()),
            state: Some(state.into()),
            zip: Some(zip.to_owned()),
            country: Some(country.into()),
        }
    }
}

/// Lists the plans a customer can take: those in the own currency.
fn plans_in(store: &Store, customer: Position) -> Vec<Position> {
    let Ok(owner) = store.customers.get(customer) else { return Vec::new() };
    let fits = |plan: &Plan| plan.currency.unwrap_or_default() == owner.currency;
    let plans = store.plans.rows();
    plans.filter(|(_, row)| fits(&row.object)).map(|(position, _)| position).collect()
}
