//! What was sold, billed and collected; what subscriptions bring; what contradicts itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::facts::{Book, Subscription, days, months, optional, row};
use super::receivable::{Owed, owed};

/// Sums of a part of the revenue.
#[derive(Default)]
struct Revenue<'a> {
    billed: i64,
    credits: i64,
    voided: i64,
    collected: i64,
    lines: usize,
    invoices: BTreeSet<&'a str>,
    customers: BTreeSet<&'a str>,
    last_on: Option<Date>,
    open: i64,
}

impl<'a> Revenue<'a> {
    fn bill(&mut self, owed: &Owed<'a>) {
        match owed.amount() {
            amount if amount >= 0 => self.billed += amount,
            amount => self.credits += amount,
        }
        self.lines += 1;
        self.invoices.insert(&owed.invoice.id);
        self.customers.insert(&owed.invoice.customer);
        self.last_on = self.last_on.max(Some(owed.begins));
    }

    fn net(&self) -> i64 {
        self.billed + self.credits + self.voided
    }
}

pub(super) fn revenue_by_month(book: &Book, day: Date) -> Vec<String> {
    let lines = owed(book);
    let mut parts: BTreeMap<(Date, &str, &str), Revenue<'_>> = BTreeMap::new();
    for owed in lines.iter().filter(|owed| owed.begins <= day) {
        let (currency, serviced) = (owed.line.currency.as_str(), owed.line.serviced_on);
        for (basis, on) in [("billing", owed.begins), ("service", serviced)] {
            parts.entry((on.first_of_month(), basis, currency)).or_default().bill(owed);
            if let Some(void) = owed.voided_by(day) {
                let on = if basis == "billing" { void } else { serviced };
                let part = parts.entry((on.first_of_month(), basis, currency)).or_default();
                part.voided -= owed.amount();
            }
        }
    }
    for line in book.lines.iter().filter(|line| !line.is_void) {
        let Some(paid_on) = line.paid_on.filter(|on| *on <= day) else { continue };
        for (basis, on) in [("billing", paid_on), ("service", line.serviced_on)] {
            let part =
                parts.entry((on.first_of_month(), basis, line.currency.as_str())).or_default();
            part.collected += line.amount;
        }
    }
    let rows = parts.iter().map(|((month, basis, currency), sums)| {
        let (net, count) = (sums.net(), sums.invoices.len());
        let Revenue { billed, credits, voided, collected, .. } = sums;
        row(&[month, basis, currency, billed, credits, voided, &net, collected, &count])
    });
    rows.collect()
}

pub(super) fn revenue_by_customer(book: &Book, day: Date, from: Option<Date>) -> Vec<String> {
    let lines = owed(book);
    let mut parts: BTreeMap<(&str, &str), Revenue<'_>> = BTreeMap::new();
    for owed in lines.iter().filter(|owed| owed.begins <= day) {
        let is_in_period = from.is_none_or(|from| owed.begins >= from);
        if !is_in_period && !owed.is_open_on(day) {
            continue;
        }
        let key = (owed.invoice.customer.as_str(), owed.line.currency.as_str());
        let part = parts.entry(key).or_default();
        if is_in_period {
            part.bill(owed);
            part.voided -= owed.voided_by(day).map_or(0, |_| owed.amount());
        }
        part.open += if owed.is_open_on(day) { owed.amount() } else { 0 };
    }
    let rows = parts.iter().map(|((customer, currency), it)| {
        let (net, last_on) = (it.net(), optional(it.last_on));
        let (name, count) = (book.name(customer), it.invoices.len());
        let Revenue { billed, credits, voided, open, .. } = it;
        row(&[customer, &name, currency, billed, credits, voided, &net, open, &count, &last_on])
    });
    rows.collect()
}

pub(super) fn revenue_by_plan(book: &Book, day: Date, from: Option<Date>) -> Vec<String> {
    let lines = owed(book);
    let mut parts: BTreeMap<(String, &str), Revenue<'_>> = BTreeMap::new();
    for owed in lines.iter().filter(|owed| owed.begins <= day) {
        if from.is_some_and(|from| owed.begins < from) {
            continue;
        }
        let key = (optional(plan(book, owed)), owed.line.currency.as_str());
        let part = parts.entry(key).or_default();
        part.bill(owed);
        part.voided -= owed.voided_by(day).map_or(0, |_| owed.amount());
    }
    let rows = parts.iter().map(|((plan, currency), it)| {
        let (net, customers) = (it.net(), it.customers.len());
        let Revenue { billed, credits, voided, lines, .. } = it;
        row(&[plan, currency, billed, credits, voided, &net, &customers, lines])
    });
    rows.collect()
}

/// Finds the one plan of the line's customer whose text is that of the line.
fn plan<'a>(book: &'a Book, owed: &Owed<'_>) -> Option<&'a str> {
    let of_customer = book.subscriptions.iter().filter(|it| it.customer == owed.customer());
    let told = |it: &&Subscription| {
        book.plans.get(&it.plan).is_some_and(|plan| plan.description == owed.line.description)
    };
    let plans: BTreeSet<&str> = of_customer.filter(told).map(|it| it.plan.as_str()).collect();
    match plans.len() {
        1 => plans.into_iter().next(),
        _ => None,
    }
}

pub(super) fn unbilled_transactions(book: &Book, day: Date) -> Vec<String> {
    let is_unbilled = |line: &&super::facts::Line| {
        let is_there = line.created_on.is_none_or(|created| created <= day);
        let is_paid = line.paid_on.is_some_and(|paid| paid <= day);
        let invoice = line.invoice.as_ref().map(|id| &book.invoices[id]);
        let is_billed = invoice.is_some_and(|invoice| {
            let is_issued = invoice.issued_on.is_some_and(|issued| issued <= day);
            let is_given_up = invoice.issued_on.is_none()
                && invoice.voided_on.is_some_and(|voided| voided <= day);
            is_issued || is_given_up
        });
        line.amount != 0 && is_there && !line.is_void && !is_paid && !is_billed
    };
    let rows = book.lines.iter().filter(is_unbilled).map(|line| {
        row(&[
            &line.id,
            &line.customer,
            &book.name(&line.customer),
            &line.currency,
            &line.amount,
            &optional(line.created_on),
            &line.serviced_on,
            &days(line.serviced_on, day),
            &optional(line.invoice.as_ref()),
        ])
    });
    rows.collect()
}

pub(super) fn refunds(book: &Book, day: Date) -> Vec<String> {
    let created = |line: &super::facts::Line| line.created_on.unwrap_or(line.serviced_on);
    let given = book.lines.iter().filter(|line| line.amount < 0 && !line.is_void);
    let rows = given.filter(|line| created(line) <= day).map(|line| {
        row(&[
            &line.id,
            &line.customer,
            &line.currency,
            &line.amount,
            &line.description.starts_with("Refund for:"),
            &created(line),
            &optional(line.paid_on.filter(|paid| *paid <= day)),
            &optional(line.invoice.as_ref()),
        ])
    });
    rows.collect()
}

/// Groups subscriptions that ran at all by currency, with the months since the first began.
fn running(book: &Book, day: Date) -> Vec<(&str, Vec<&Subscription>, Vec<(Date, Date)>)> {
    let runs = |it: &&Subscription| it.ever_runs() && it.started_on <= day;
    let codes: BTreeSet<&str> =
        book.subscriptions.iter().filter(runs).map(|it| it.currency.as_str()).collect();
    let group = |code| {
        let all: Vec<_> =
            book.subscriptions.iter().filter(runs).filter(|it| it.currency == code).collect();
        let first = all.iter().map(|it| it.started_on).min().unwrap();
        (code, all, months(first, day))
    };
    codes.into_iter().map(group).collect()
}

pub(super) fn mrr(book: &Book, day: Date) -> Vec<String> {
    let mut rows = Vec::new();
    for (currency, subscriptions, months) in running(book, day) {
        for (month, evening) in months {
            let now: Vec<_> = subscriptions.iter().filter(|it| it.runs_on(evening)).collect();
            let customers: BTreeSet<&str> = now.iter().map(|it| it.customer.as_str()).collect();
            let mrr: i64 = now.iter().map(|it| it.monthly).sum();
            rows.push(row(&[
                &month,
                &currency,
                &mrr,
                &(mrr * 12),
                &now.len(),
                &customers.len(),
                &0,
            ]));
        }
    }
    rows
}

pub(super) fn mrr_movements(book: &Book, day: Date) -> Vec<String> {
    let mut rows = Vec::new();
    for (currency, subscriptions, months) in running(book, day) {
        let mut before: BTreeMap<&str, i64> = BTreeMap::new();
        let mut ever: BTreeSet<&str> = BTreeSet::new();
        for (month, evening) in months {
            let mut now: BTreeMap<&str, i64> = BTreeMap::new();
            for it in subscriptions.iter().filter(|it| it.runs_on(evening)) {
                *now.entry(&it.customer).or_default() += it.monthly;
            }
            let customers: BTreeSet<&str> = before.keys().chain(now.keys()).copied().collect();
            // new, reactivation, expansion, contraction, churn
            let mut moved = [0; 5];
            for customer in customers {
                let of = |month: &BTreeMap<&str, i64>| month.get(customer).copied().unwrap_or(0);
                let (was, is) = (of(&before), of(&now));
                let kind = match (was, is) {
                    (0, 1..) if ever.contains(customer) => 1,
                    (0, 1..) => 0,
                    (_, 0) => 4,
                    _ if is > was => 2,
                    _ => 3,
                };
                moved[kind] += is - was;
            }
            ever.extend(now.iter().filter(|(_, amount)| **amount > 0).map(|(id, _)| *id));
            let total = |month: &BTreeMap<&str, i64>| month.values().sum::<i64>();
            let moved = moved.map(|amount| amount.to_string()).join("|");
            rows.push(row(&[&month, &currency, &total(&before), &moved, &total(&now)]));
            before = now;
        }
    }
    rows
}

/// Lists finding and object of what the account itself gets wrong.
pub(super) fn data_quality(book: &Book) -> Vec<String> {
    let mut findings = Vec::new();
    for invoice in book.invoices.values() {
        let lines: Vec<_> = book.lines_of(&invoice.id).collect();
        let sum: i64 = lines.iter().map(|line| line.amount).sum();
        let unpaid: Vec<_> = lines.iter().filter(|line| line.paid_on.is_none()).collect();
        let unpaid_sum: i64 = unpaid.iter().map(|line| line.amount).sum();
        let is_voided = invoice.voided_on.is_some();
        let mut find = |finding: &str, holds: bool| {
            if holds {
                findings.push(row(&[&finding, &invoice.id]));
            }
        };
        let has_lines = !lines.is_empty();
        find("balance", has_lines && !is_voided && sum != invoice.amount);
        find("unpaid_balance", has_lines && !is_voided && unpaid_sum != invoice.unpaid_amount);
        let is_half_paid = invoice.paid && unpaid_sum != 0;
        let is_all_but_paid = !invoice.paid && has_lines && unpaid.is_empty();
        find("paid_state", !is_voided && (is_half_paid || is_all_but_paid));
        let is_priceless = !has_lines && book.default_currency.is_none();
        find("no_currency", invoice.issued_on.is_some() && is_priceless);
        find("dangling", !book.customers.contains_key(&invoice.customer));
    }
    for line in &book.lines {
        let is_lost = line.invoice.as_ref().is_some_and(|id| !book.invoices.contains_key(id));
        let is_nobodys = !book.customers.contains_key(&line.customer);
        for _ in [is_lost, is_nobodys].iter().filter(|holds| **holds) {
            findings.push(row(&[&"dangling", &line.id]));
        }
    }
    findings
}
