//! The first day of the account: people, webhooks, offers and products.

use super::names;
use super::script::Script;
use crate::emulator::account::catalogue::{PlanItem, Pricing, Product};
use crate::emulator::account::list::Position;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{Interval, Plan, User, Webhook};
use crate::emulator::account::store::Store;
use crate::emulator::rules::actions::Action;

/// Lists the offers: name, US cents per bill, interval, intervals per bill.
const OFFERS: [(&str, i64, Interval, u16); 6] = [
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
    pub(crate) fn found(&mut self, store: &mut Store) {
        for (index, kind) in EVENT_KINDS.into_iter().cycle().take(self.stock.webhooks).enumerate() {
            self.step();
            let url = format!("https://hooks.emulated.example/{index}?token=not-a-secret");
            self.act(
                store,
                Action::CreateWebhook(Webhook {
                    url,
                    event: kind.map(Into::into),
                    ..Webhook::default()
                }),
            );
        }
        for _ in 0..self.stock.users {
            self.hire(store);
        }
        for currency in Currency::ALL.into_iter().take(self.stock.currencies) {
            self.offer(store, currency);
        }
        for (name, description, price) in PRODUCTS.into_iter().take(self.stock.products) {
            self.stock(store, name, description, price);
        }
        for plan in 0..store.plans.ever() {
            self.fill_plan(store, plan);
        }
    }

    /// Adds a user.
    pub(crate) fn hire(&mut self, store: &mut Store) {
        self.step();
        let (first_name, last_name) = names::person(&mut self.rng);
        let number = store.users.ever();
        let email = format!("{}{number}@emulated.example", first_name.to_lowercase());
        let user = User {
            email,
            first_name: first_name.into(),
            last_name: last_name.map(Into::into),
            ..User::default()
        };
        self.act(store, Action::CreateUser(user));
    }

    fn offer(&mut self, store: &mut Store, currency: Currency) {
        for (name, us_cents, interval, interval_count) in OFFERS.into_iter().take(self.stock.offers)
        {
            self.step();
            let plan = Plan {
                amount: currency.price(us_cents),
                // A plan without a currency bills in usd, which is the default (A3.5).
                currency: Some(currency).filter(|_| !(currency == Currency::Usd && name == "Team")),
                description: format!("{name} plan").into(),
                name: format!("{}-{}", name.to_lowercase(), currency.code()),
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
            name: name.into(),
            description: about.into(),
            transaction_description: format!("{name}: {about}").into(),
            metadata: names::metadata(&mut self.rng),
            pricing: Pricing { price, ..Pricing::default() },
            ..Product::default()
        };
        self.act(store, Action::CreateProduct(Box::new(product)));
    }

    fn fill_plan(&mut self, store: &mut Store, plan: Position) {
        let product = plan % self.stock.products;
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
}
