//! The first day of the account, and how customers come.

use super::actions::Action;
use super::catalogue::{PlanItem, Pricing, Product};
use super::habits::plans_in;
use super::list::Position;
use super::money::Currency;
use super::names;
use super::objects::{Address, Customer, Interval, Organization, Plan, User, Webhook};
use super::script::{Script, Task};
use super::store::Store;

/// Lists the offers: name, US cents per bill, interval, intervals per bill.
const OFFERS: [(&str, i64, Interval, u8); 6] = [
    ("Starter", 2_900, Interval::Month, 1),
    ("Team", 9_900, Interval::Month, 1),
    ("Business", 49_900, Interval::Month, 1),
    ("Support", 15_000, Interval::Month, 3),
    ("Courier", 1_900, Interval::Week, 2),
    ("Enterprise", 1_200_000, Interval::Year, 1),
];

/// Lists the products: name, description, US cents.
const PRODUCTS: [(&str, &str, i64); 6] = [
    ("Seat", "One more person", 1_900),
    ("Onboarding", "Two days on site", 250_000),
    ("Scanner", "Handheld, with dock", 15_999),
    ("Café voucher ☕", "Für Gäste – \"nur\" 2026", 500),
    ("API pack", "100 000 calls", 4_900),
    ("Audit <b>plus</b>", "Report & advice", 99_900),
];

const EVENT_KINDS: [Option<&str>; 4] =
    [Some("invoice.issued"), Some("invoice.paid"), None, Some("transaction.created")];

impl Script {
    /// Sets up the account before the first customer comes.
    pub(super) fn found(&mut self, store: &mut Store) {
        for (index, kind) in EVENT_KINDS.into_iter().cycle().take(9).enumerate() {
            self.step();
            let url = format!("https://hooks.emulated.example/{index}?token=not-a-secret");
            self.act(
                store,
                Action::CreateWebhook(Webhook { url, event: kind, ..Webhook::default() }),
            );
        }
        for _ in 0..30 {
            self.hire(store);
        }
        for currency in Currency::ALL {
            self.offer(store, currency);
        }
        for (name, description, price) in PRODUCTS {
            self.stock(store, name, description, price);
        }
        for plan in 0..store.plans.rows().len() {
            self.fill_plan(store, plan);
        }
    }

    fn hire(&mut self, store: &mut Store) {
        self.step();
        let (first_name, last_name) = names::person(&mut self.rng);
        let number = store.users.rows().len();
        let email = format!("{}{number}@emulated.example", first_name.to_lowercase());
        let user = User { email, first_name, last_name, ..User::default() };
        self.act(store, Action::CreateUser(user));
    }

    fn offer(&mut self, store: &mut Store, currency: Currency) {
        for (name, us_cents, interval, interval_count) in OFFERS {
            self.step();
            let plan = Plan {
                amount: currency.price(us_cents),
                // A plan without a currency bills in usd, which is the default (A3.5).
                currency: Some(currency).filter(|_| !(currency == Currency::Usd && name == "Team")),
                description: format!("{name} plan").into(),
                name: format!("{}-{}", name.to_lowercase(), currency.code().to_lowercase()),
                interval,
                interval_count,
                ..Plan::default()
            };
            self.act(store, Action::CreatePlan(Box::new(plan)));
        }
    }

    fn stock(&mut self, store: &mut Store, name: &'static str, about: &'static str, price: i64) {
        self.step();
        let product = Product {
            name,
            description: about,
            transaction_description: format!("{name}: {about}").into(),
            metadata: names::metadata(&mut self.rng),
            pricing: Pricing { price, ..Pricing::default() },
            ..Product::default()
        };
        self.act(store, Action::CreateProduct(Box::new(product)));
    }

    fn fill_plan(&mut self, store: &mut Store, plan: Position) {
        let product = plan % PRODUCTS.len();
        let (Ok(plan), Ok(product)) = (store.plans.get(plan), store.products.get(product)) else {
            return;
        };
        let item = PlanItem {
            plan: plan.id.clone(),
            product: product.id.clone(),
            pricing: Pricing {
                currency: plan.currency.unwrap_or_default(),
                price: plan.amount,
                quantity: Some(1.0),
                ..Pricing::default()
            },
            ..PlanItem::default()
        };
        self.act(store, Action::CreatePlanItem(item));
    }

    /// Wins a customer, who takes some plans; some come with an organization or a colleague.
    pub(super) fn sign_up(&mut self, store: &mut Store) {
        self.signed_up += 1;
        let draft = self.customer();
        let customers = self.act(store, Action::CreateCustomer(Box::new(draft)));
        let Some(&customer) = customers.first() else { return };
        if self.chance(12) {
            let name = names::company(self.signed_up + 7, &mut self.rng);
            let external_id = self.chance(50).then(|| format!("org-{}", self.signed_up));
            let organization = Organization { name, external_id, ..Organization::default() };
            let created = self.act(store, Action::CreateOrganization(organization));
            for organization in created {
                let days = self.rng.i64(20..600);
                self.plan_in(days, Task::RenameOrganization(organization));
            }
        }
        if self.signed_up.is_multiple_of(40) {
            self.hire(store);
        }
        if self.chance(15) {
            let days = self.rng.i64(30..900);
            self.plan_in(days, Task::Rename(customer));
        }
        if self.chance(20) {
            self.plan_in(0, Task::Order(customer));
            self.plan_in(0, Task::Generate(customer));
        }
        self.subscribe(store, customer);
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
            0..60 => ("monthly", false),
            60..72 => ("weekly", false),
            72..92 => ("manual", false),
            _ => ("manual", true),
        };
        let is_charged = self.chance(10);
        Customer {
            email: has_name.then(|| format!("billing@customer{serial}.example")),
            name,
            description: (serial % 5 == 0).then_some("Came by referral"),
            external_id: (serial % 3 != 0).then(|| format!("{:06}", serial * 37)),
            phone: self.chance(60).then(|| format!("+1 555 01{:02}", serial % 100)),
            address: self.address(),
            allow_ach: self.chance(80),
            allow_wire: self.chance(70),
            allow_check: self.chance(40),
            allow_credit_card: is_charged || self.chance(75),
            allow_paypal: self.chance(30).then_some(serial.is_multiple_of(2)),
            auto_generate,
            auto_issue: self.chance(50),
            billing_type: if is_charged { "charge" } else { "invoice" },
            billing_cycle,
            cc_emails: self.chance(15).then(|| "cfo@a.example, ap@b.example".to_owned()),
            notes: self.chance(10).then(|| "Line one\nLine \"two\", with\ttab".to_owned()),
            stripe_customer_id: is_charged.then(|| format!("cus_stripe{serial}")),
            tax_id: self.chance(40).then(|| format!("0{:08}", serial * 7_919)),
            tax_id_label: self.chance(30).then_some("VAT"),
            terms: match self.rng.u32(0..100) {
                0..12 => Some(0),
                12..30 => Some(14),
                30..75 => Some(30),
                75..85 => Some(45),
                85..95 => Some(60),
                _ => None,
            },
            currency: match self.rng.u32(0..100) {
                0..72 => Currency::Usd,
                72..86 => Currency::Eur,
                86..95 => Currency::Gbp,
                _ => Currency::Jpy,
            },
            ..Customer::default()
        }
    }

    fn address(&mut self) -> Address {
        let (city, state, zip, country) = names::place(&mut self.rng);
        if self.chance(15) {
            return Address::default();
        }
        Address {
            address_line1: Some(format!("{} Main Street", self.rng.u32(1..999))),
            address_line2: self.chance(20).then(|| "2nd floor".to_owned()),
            address_city: Some(city),
            address_state: Some(state),
            address_zip: Some(zip.to_owned()),
            address_country: Some(country),
        }
    }
}
