//! Lines that are owed: from when, until when, and how they ended.

use jiff::civil::Date;

use super::facts::{Book, Invoice, Line};

/// A line of an issued invoice.
pub(super) struct Owed<'a> {
    pub(super) line: &'a Line,
    pub(super) invoice: &'a Invoice,
    /// First evening on which it is owed.
    pub(super) begins: Date,
    pub(super) end: Option<End>,
}

/// Why a line is not owed any more.
#[derive(Clone, Copy)]
pub(super) struct End {
    /// First evening on which it is not.
    pub(super) on: Date,
    pub(super) is_void: bool,
}

/// Gives every line that is or was owed.
pub(super) fn owed(book: &Book) -> Vec<Owed<'_>> {
    let lines = book.lines.iter().filter(|line| line.amount != 0);
    let on_invoices = lines.filter_map(|line| {
        let invoice = book.invoices.get(line.invoice.as_deref()?)?;
        Some((line, invoice, invoice.issued_on?))
    });
    on_invoices
        .map(|(line, invoice, issued_on)| {
            let begins = line.created_on.map_or(issued_on, |created| created.max(issued_on));
            let payment = line.paid_on.map(|on| End { on, is_void: false });
            let void = invoice.voided_on.map(|on| End { on, is_void: true });
            let first = match (payment, void) {
                (Some(payment), Some(void)) if void.on < payment.on => Some(void),
                (payment, void) => payment.or(void),
            };
            let end = first.map(|end| End { on: end.on.max(begins), ..end });
            Owed { line, invoice, begins, end }
        })
        .collect()
}

impl Owed<'_> {
    pub(super) fn amount(&self) -> i64 {
        self.line.amount
    }

    pub(super) fn currency(&self) -> &str {
        &self.line.currency
    }

    /// The customer of the invoice owes it, whoever the line names.
    pub(super) fn customer(&self) -> &str {
        &self.invoice.customer
    }

    pub(super) fn is_open_on(&self, evening: Date) -> bool {
        self.begins <= evening && self.end.is_none_or(|end| end.on > evening)
    }

    /// Gives the day of its payment, if it was paid by then.
    pub(super) fn paid_by(&self, day: Date) -> Option<Date> {
        self.end.filter(|end| !end.is_void && end.on <= day).map(|end| end.on)
    }

    /// Gives the day of its void, if it was voided by then.
    pub(super) fn voided_by(&self, day: Date) -> Option<Date> {
        self.end.filter(|end| end.is_void && end.on <= day).map(|end| end.on)
    }
}
