//! Invoices (CONTRACT A3.4, A5.2).

use super::call::{Answer, Call, Visit};
use crate::emulator::account::billing::{Invoice, Via};
use crate::emulator::account::chase::Schedule;
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::Customer;
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::params::Params;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

const CHASE_SCHEDULE: &str = "chase_schedule";

fn fill(params: &Params, invoice: &mut Invoice) -> Result<(), ApiError> {
    params.replace("terms", &mut invoice.terms)?;
    if invoice.terms < 0 {
        return Err(ApiError::invalid("terms"));
    }
    params.change("number", &mut invoice.number)?;
    params.change("summary", &mut invoice.summary)?;
    params.change_metadata(&mut invoice.metadata)?;
    if let Some(entries) = params.list(CHASE_SCHEDULE)? {
        let schedule = Schedule::of_entries(entries);
        invoice.chase_schedule = schedule.ok_or_else(|| ApiError::invalid(CHASE_SCHEDULE))?;
    }
    Ok(())
}

/// Says whether the card shall be charged at once.
fn wants_charge(params: &Params) -> Result<bool, ApiError> {
    Ok(params.read("charge_now")?.unwrap_or(false))
}

fn charge_soon(visit: &mut Visit<'_>, invoice: Position) -> Result<(), ApiError> {
    visit.act(Action::Demand(Demand::ChargeSoon(invoice))).map(drop)
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.require::<Customer>("customer")?;
        let currency = visit.get::<Customer>(customer)?.currency;
        let draft = visit.store().draft_invoice(customer, currency);
        let mut draft = draft.map_err(|_| ApiError::invalid("customer"))?;
        fill(&call.params, &mut draft)?;
        let wants_charge = wants_charge(&call.params)?;
        let invoice = visit.act(Action::Demand(Demand::CreateInvoice(Box::new(draft))))?;
        if wants_charge {
            charge_soon(visit, invoice)?;
        }
        visit.show::<Invoice>(invoice)
    })
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let position = visit.find::<Invoice>()?;
        let mut invoice = visit.get::<Invoice>(position)?.clone();
        if let Some(customer) = visit.named::<Customer>("customer")? {
            invoice.customer = visit.get::<Customer>(customer)?.id.clone();
        }
        fill(&call.params, &mut invoice)?;
        let wants_charge = wants_charge(&call.params)?;
        if wants_charge && (invoice.paid || invoice.voided) {
            // Refused here, before anything else changes.
            charge_soon(visit, position)?;
        }
        visit.act(Action::UpdateInvoice(position, Box::new(invoice)))?;
        if wants_charge {
            charge_soon(visit, position)?;
        }
        visit.show::<Invoice>(position)
    })
}

pub(super) fn issue(call: &Call<'_>) -> Answer {
    call.act_on::<Invoice>(Action::IssueInvoice)
}

pub(super) fn mark_as_paid(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let invoice = visit.find::<Invoice>()?;
        let via: Via = call.params.require("via")?;
        visit.act(Action::PayInvoice(invoice, via))?;
        visit.show::<Invoice>(invoice)
    })
}

pub(super) fn void(call: &Call<'_>) -> Answer {
    call.act_on::<Invoice>(Action::VoidInvoice)
}

pub(super) fn charge(call: &Call<'_>) -> Answer {
    call.act_on::<Invoice>(|invoice| Action::Demand(Demand::ChargeInvoice(invoice)))
}
