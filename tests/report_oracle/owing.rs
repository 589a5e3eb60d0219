//! What customers owe: ageing, roll-forward, ledger, collections, reminders.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::facts::{Book, Invoice, days, months, optional, row};
use super::receivable::{Owed, owed};

/// Columns of an ageing, then their sum.
type Ages = [i64; 6];

/// Names of the first five of [`Ages`].
const BUCKETS: [&str; 5] = ["not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90"];

/// Reminders where no schedule is known (CONTRACT A6), as far as its documents agree.
const DEFAULT_SCHEDULE: [&str; 10] = ["-7", "-1", "0", "1", "5", "10", "15", "20", "25", "30"];

/// What is open of one invoice.
struct Open<'a> {
    invoice: &'a Invoice,
    currency: &'a str,
    amount: i64,
    lines: usize,
    since: Date,
}

impl Open<'_> {
    /// Gives the place among [`BUCKETS`].
    fn bucket(&self, evening: Date) -> usize {
        match self.invoice.due_on.map(|due| days(due, evening)) {
            Some(age) if self.amount > 0 && age > 0 => match age {
                1..=30 => 1,
                31..=60 => 2,
                61..=90 => 3,
                _ => 4,
            },
            _ => 0,
        }
    }
}

fn open_invoices<'a>(lines: &[Owed<'a>], evening: Date) -> Vec<Open<'a>> {
    let mut open: BTreeMap<&str, Open<'a>> = BTreeMap::new();
    for owed in lines.iter().filter(|owed| owed.is_open_on(evening)) {
        let (invoice, currency) = (owed.invoice, owed.line.currency.as_str());
        let fresh = || Open { invoice, currency, amount: 0, lines: 0, since: owed.begins };
        let entry = open.entry(&invoice.id).or_insert_with(fresh);
        assert_eq!(entry.currency, currency, "{} mixes currencies", invoice.id);
        entry.amount += owed.amount();
        entry.lines += 1;
        entry.since = entry.since.min(owed.begins);
    }
    open.into_values().filter(|invoice| invoice.amount != 0).collect()
}

fn add(ages: &mut Ages, invoice: &Open<'_>, evening: Date) {
    ages[invoice.bucket(evening)] += invoice.amount;
    ages[5] += invoice.amount;
}

fn written(ages: &Ages) -> String {
    ages.map(|amount| amount.to_string()).join("|")
}

pub(super) fn ar_aging(book: &Book, day: Date) -> Vec<String> {
    let mut ages: BTreeMap<(&str, &str), Ages> = BTreeMap::new();
    for invoice in open_invoices(&owed(book), day) {
        let key = (invoice.invoice.customer.as_str(), invoice.currency);
        add(ages.entry(key).or_default(), &invoice, day);
    }
    let rows = ages.iter().map(|((customer, currency), ages)| {
        row(&[customer, &book.name(customer), currency, &written(ages)])
    });
    rows.collect()
}

pub(super) fn ar_aging_detail(book: &Book, day: Date) -> Vec<String> {
    let rows = open_invoices(&owed(book), day).into_iter().map(|open| {
        let age = open.invoice.due_on.map(|due| days(due, day)).filter(|_| open.amount > 0);
        row(&[
            &open.invoice.customer,
            &book.name(&open.invoice.customer),
            &open.invoice.id,
            &open.currency,
            &open.amount,
            &open.lines,
            &open.since,
            &optional(open.invoice.due_on),
            &optional(age),
            &BUCKETS[open.bucket(day)],
            &false,
        ])
    });
    rows.collect()
}

pub(super) fn ar_aging_trend(book: &Book, day: Date) -> Vec<String> {
    let lines = owed(book);
    let first = day.first_of_month().checked_sub(23.months()).unwrap();
    let mut rows = Vec::new();
    for (month, evening) in months(first, day) {
        let mut ages: BTreeMap<&str, Ages> = BTreeMap::new();
        for invoice in open_invoices(&lines, evening) {
            add(ages.entry(invoice.currency).or_default(), &invoice, evening);
        }
        rows.extend(ages.iter().map(|(currency, ages)| row(&[&month, currency, &written(ages)])));
    }
    rows
}

/// Groups lines that were ever owed by a day by currency, with the months since the first.
fn by_currency<'b, 'a>(lines: &'b [Owed<'a>], day: Date) -> Vec<Currency<'b, 'a>> {
    let begun = || lines.iter().filter(|owed| owed.begins <= day);
    let codes: BTreeSet<&str> = begun().map(Owed::currency).collect();
    let group = |code| {
        let lines: Vec<_> = begun().filter(|owed| owed.currency() == code).collect();
        let first = lines.iter().map(|owed| owed.begins).min().unwrap();
        Currency { code, lines, months: months(first, day) }
    };
    codes.into_iter().map(group).collect()
}

struct Currency<'b, 'a> {
    code: &'b str,
    lines: Vec<&'b Owed<'a>>,
    months: Vec<(Date, Date)>,
}

impl Currency<'_, '_> {
    fn sum(&self, part: impl Fn(&Owed<'_>) -> i64) -> i64 {
        self.lines.iter().map(|owed| part(owed)).sum()
    }

    fn open_on(&self, evening: Date) -> i64 {
        self.sum(|owed| if owed.is_open_on(evening) { owed.amount() } else { 0 })
    }
}

fn within(day: Option<Date>, (from, to): (Date, Date)) -> bool {
    day.is_some_and(|day| from <= day && day <= to)
}

pub(super) fn ar_rollforward(book: &Book, day: Date) -> Vec<String> {
    let mut rows = Vec::new();
    for currency in by_currency(&owed(book), day) {
        for &span in &currency.months {
            let (month, evening) = span;
            let part = |holds: &dyn Fn(&Owed<'_>) -> bool| {
                currency.sum(|owed| if holds(owed) { owed.amount() } else { 0 })
            };
            let begins = |owed: &Owed<'_>| within(Some(owed.begins), span);
            let cells = [
                currency.open_on(month.yesterday().unwrap()),
                part(&|owed| begins(owed) && owed.amount() >= 0),
                part(&|owed| begins(owed) && owed.amount() < 0),
                part(&|owed| within(owed.paid_by(evening), span)),
                part(&|owed| within(owed.voided_by(evening), span)),
                currency.open_on(evening),
                0,
            ];
            rows.push(row(&[&month, &currency.code, &cells.map(|it| it.to_string()).join("|")]));
        }
    }
    rows
}

/// Writes a quotient with one digit after the point, or nothing.
fn tenths(dividend: i64, divisor: i64) -> String {
    optional((divisor > 0).then(|| {
        let (dividend, divisor) = (i128::from(dividend) * 10, i128::from(divisor));
        let half = if dividend < 0 { -divisor } else { divisor };
        let rounded = (2 * dividend + half) / (2 * divisor);
        let sign = if rounded < 0 { "-" } else { "" };
        format!("{sign}{}.{}", rounded.abs() / 10, rounded.abs() % 10)
    }))
}

pub(super) fn collections(book: &Book, day: Date) -> Vec<String> {
    let mut rows = Vec::new();
    for currency in by_currency(&owed(book), day) {
        let billed = |(from, to)| {
            let is_in = |owed: &Owed<'_>| within(Some(owed.begins), (from, to));
            currency.sum(|owed| if is_in(owed) { owed.amount() } else { 0 })
        };
        for (place, &span) in currency.months.iter().enumerate() {
            let (month, evening) = span;
            let paid = |worth: &dyn Fn(&Owed<'_>, Date) -> i64| {
                currency.sum(|owed| match owed.paid_by(evening) {
                    Some(on) if on >= month && owed.amount() > 0 => worth(owed, on),
                    _ => 0,
                })
            };
            let all = paid(&|owed, _| owed.amount());
            let with_due = paid(&|owed, _| owed.invoice.due_on.map_or(0, |_| owed.amount()));
            let late = paid(&|owed, on| {
                if owed.invoice.due_on.is_some_and(|due| on > due) { owed.amount() } else { 0 }
            });
            let weighted = paid(&|owed, on| owed.amount() * days(owed.begins, on));
            let lately = (currency.months[place.saturating_sub(2)].0, evening);
            let length = days(lately.0, lately.1) + 1;
            let closing = currency.open_on(evening);
            rows.push(row(&[
                &month,
                &currency.code,
                &billed(span),
                &all,
                &late,
                &tenths(late * 100, with_due),
                &tenths(weighted, all),
                &closing,
                &tenths(closing * length, billed(lately)),
            ]));
        }
    }
    rows
}

pub(super) fn customer_ledger(book: &Book, day: Date) -> Vec<String> {
    let lines = owed(book);
    let mut entries: BTreeMap<(&str, &str, Date, usize, &str), i64> = BTreeMap::new();
    for owed in &lines {
        let mut enter = |on: Date, kind: usize, change: i64| {
            if on <= day {
                let key = (owed.customer(), owed.currency(), on, kind, owed.invoice.id.as_str());
                *entries.entry(key).or_default() += change;
            }
        };
        enter(owed.begins, usize::from(owed.amount() < 0), owed.amount());
        if let Some(end) = owed.end {
            enter(end.on, if end.is_void { 2 } else { 3 }, -owed.amount());
        }
    }
    let mut balances: BTreeMap<(&str, &str), i64> = BTreeMap::new();
    let rows = entries.iter().map(|((customer, currency, on, kind, invoice), change)| {
        let balance = balances.entry((*customer, *currency)).or_default();
        *balance += change;
        let kind = ["billed", "credit", "void", "payment"][*kind];
        row(&[
            customer,
            &book.name(customer),
            currency,
            on,
            &kind,
            invoice,
            change,
            balance,
            &false,
        ])
    });
    rows.collect()
}

/// Gives, for each open invoice with a due day, the row for its own schedule and the one for the
/// default: lists do not show schedules, so the mirror may know either.
pub(super) fn chase_calendar(book: &Book, day: Date) -> Vec<[String; 2]> {
    let lines = owed(book);
    let open = open_invoices(&lines, day).into_iter().filter(|open| open.amount > 0);
    let rows = open.filter_map(|open| {
        let due = open.invoice.due_on?;
        let written = |schedule: &[&str], known: &str| {
            let next = next_reminder(schedule, due, day);
            let invoice = open.invoice;
            let name = book.name(&invoice.customer);
            row(&[
                &invoice.customer,
                &name,
                &invoice.id,
                &open.currency,
                &open.amount,
                &due,
                &optional(next),
                &known,
            ])
        };
        let own: Vec<&str> = open.invoice.schedule.iter().map(String::as_str).collect();
        Some([written(&own, "valid"), written(&DEFAULT_SCHEDULE, "default")])
    });
    rows.collect()
}

/// Finds the first day of a valid schedule after a day (CONTRACT A6).
fn next_reminder(schedule: &[&str], due: Date, after: Date) -> Option<Date> {
    let mut last = due;
    for entry in schedule {
        if let Some(step) = entry.strip_prefix('~') {
            let step = step.parse::<i64>().unwrap().days();
            let repeated = std::iter::successors(last.checked_add(step).ok(), |day| {
                day.checked_add(step).ok()
            });
            let first = repeated.into_iter().find(|day| *day > after);
            return earliest(schedule, due, after).into_iter().chain(first).min();
        }
        last = due.checked_add(entry.parse::<i64>().unwrap().days()).unwrap();
    }
    earliest(schedule, due, after)
}

fn earliest(schedule: &[&str], due: Date, after: Date) -> Option<Date> {
    let offsets = schedule.iter().filter_map(|entry| entry.parse::<i64>().ok());
    offsets.map(|offset| due.checked_add(offset.days()).unwrap()).filter(|day| *day > after).min()
}
