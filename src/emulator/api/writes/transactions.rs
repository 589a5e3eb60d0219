//! Transactions (CONTRACT A3.7, A5.3).

use axum::http::StatusCode;

use super::call::{Answer, Call, Visit};
use super::customers;
use crate::emulator::account::billing::Transaction;
use crate::emulator::account::calendar::Day;
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::Customer;
use crate::emulator::account::text::Text;
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::params::Params;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

/// Says whose a transaction shall be.
enum Owner {
    Known(Position),
    /// Has yet to be made, and is known only by the merchant's own id.
    New(String),
}

impl Owner {
    /// Finds the owner that the caller names, if any.
    fn named(call: &Call<'_>, visit: &Visit<'_>) -> Result<Option<Self>, ApiError> {
        if let Some(customer) = visit.named::<Customer>("customer")? {
            return Ok(Some(Self::Known(customer)));
        }
        let external_id = call.params.read::<String>("customer_external_id")?;
        Ok(external_id.map(|id| match customers::by_external_id(visit.store(), &id) {
            Some(customer) => Self::Known(customer),
            None => Self::New(id),
        }))
    }

    /// Gives the id of the owner, who is made if need be.
    fn id(self, visit: &mut Visit<'_>) -> Result<Text, ApiError> {
        let position = match self {
            Self::Known(position) => position,
            Self::New(external_id) => customers::create_known_as(visit, external_id)?,
        };
        Ok(visit.get::<Customer>(position)?.id.clone())
    }
}

/// Applies what may be left out. Returns whether the card shall be charged.
fn fill(params: &Params, line: &mut Transaction, now: i64) -> Result<bool, ApiError> {
    params.change("currency", &mut line.currency)?;
    params.change_metadata(&mut line.metadata)?;
    params.change("rank", &mut line.rank)?;
    let paid_on = paid_on(params)?;
    params.change_date("serviced_on", &mut line.serviced_on, line.created_at.unwrap_or(now))?;
    params.change("group_by", &mut line.group_by)?;
    let charge_now = params.read("charge_now")?.unwrap_or(false);
    // Clients send `paid=false` with everything else (A8.1).
    if params.read("paid")?.unwrap_or(paid_on.is_some()) {
        line.paid = true;
        line.paid_on = Some(paid_on.unwrap_or(Day::of(now)));
    }
    Ok(charge_now && !line.paid)
}

/// Reads the day of payment, also under its older name.
fn paid_on(params: &Params) -> Result<Option<Day>, ApiError> {
    params.read("paid_at")?.map_or_else(|| params.read("paid_on"), |day| Ok(Some(day)))
}

fn accepted(answer: Answer) -> Answer {
    answer.map(|mut response| {
        *response.status_mut() = StatusCode::ACCEPTED;
        response
    })
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let mut draft = Transaction {
            amount: call.params.require("amount")?,
            description: call.params.require("description")?,
            serviced_on: visit.now,
            ..Transaction::default()
        };
        let owner = Owner::named(call, visit)?.ok_or_else(|| ApiError::missing("customer"))?;
        let is_charged = fill(&call.params, &mut draft, visit.now)?;
        draft.customer = owner.id(visit)?;
        let draft = Box::new(draft);
        if is_charged {
            let line = visit.act(Action::Demand(Demand::CreateCharged(draft)))?;
            return accepted(visit.show::<Transaction>(line));
        }
        let line = visit.act(Action::CreateTransaction(draft))?;
        visit.show::<Transaction>(line)
    })
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    let params = &call.params;
    call.change(|visit| {
        let position = visit.find::<Transaction>()?;
        let mut line = visit.get::<Transaction>(position)?.clone();
        let is_bound = line.paid || line.voided || line.invoice.is_some();
        params.replace("amount", &mut line.amount)?;
        params.replace("description", &mut line.description)?;
        let owner = Owner::named(call, visit)?;
        let is_charged = fill(params, &mut line, visit.now)?;
        match owner {
            // Refused below, before anybody is made.
            Some(Owner::New(_)) if is_bound => line.customer = Text::default(),
            Some(owner) => line.customer = owner.id(visit)?,
            None => {}
        }
        visit.act(Action::UpdateTransaction(position, Box::new(line)))?;
        if is_charged {
            visit.act(Action::Demand(Demand::ChargeTransaction(position)))?;
            return accepted(visit.show::<Transaction>(position));
        }
        visit.show::<Transaction>(position)
    })
}

pub(super) fn delete(call: &Call<'_>) -> Answer {
    call.delete::<Transaction>(Action::DeleteTransaction)
}

pub(super) fn mark_as_paid(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let line = visit.find::<Transaction>()?;
        let day = paid_on(&call.params)?.unwrap_or(Day::of(visit.now));
        visit.act(Action::Demand(Demand::PayOn(line, day)))?;
        visit.show::<Transaction>(line)
    })
}

pub(super) fn refund(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let position = visit.find::<Transaction>()?;
        let line = visit.get::<Transaction>(position)?;
        let amount = match call.params.read("amount")? {
            Some(..=0) => return Err(ApiError::invalid("amount")),
            Some(amount) => amount,
            None => line.amount - line.refunded,
        };
        let refund = visit.act(Action::RefundTransaction(position, amount))?;
        visit.show::<Transaction>(refund)
    })
}

pub(super) fn void(call: &Call<'_>) -> Answer {
    call.act_on::<Transaction>(Action::VoidTransaction)
}
