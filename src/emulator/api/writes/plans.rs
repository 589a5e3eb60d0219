//! Plans, and who is billed by them (CONTRACT A3.5, A3.6, A5.4).

use super::call::{Answer, Call};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::money::Currency;
use crate::emulator::account::objects::{Customer, Plan, Subscription};
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::params::Params;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;
use crate::emulator::rules::selling::Start;

fn fill(params: &Params, plan: &mut Plan) -> Result<(), ApiError> {
    if params.has("currency") {
        plan.currency = Some(params.read("currency")?.unwrap_or_default());
    }
    params.change("interval", &mut plan.interval)?;
    if params.has("interval_count") {
        plan.interval_count = params.read("interval_count")?.unwrap_or(1);
    }
    Ok(())
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    let params = &call.params;
    call.create(
        |_, plan: &mut Plan| {
            plan.amount = params.require("amount")?;
            plan.description = params.require("description")?;
            plan.name = params.require("name")?;
            plan.currency = Some(Currency::default());
            plan.interval_count = 1;
            fill(params, plan)
        },
        |plan| Action::CreatePlan(Box::new(plan)),
    )
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    let params = &call.params;
    call.update(
        |_, plan: &mut Plan| {
            params.replace("amount", &mut plan.amount)?;
            params.replace("description", &mut plan.description)?;
            params.replace("name", &mut plan.name)?;
            fill(params, plan)
        },
        |position, plan| Action::Demand(Demand::UpdatePlan(position, Box::new(plan))),
    )
}

pub(super) fn subscribe(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.require::<Customer>("customer")?;
        let plan = visit.require::<Plan>("plan")?;
        let starts_on = call.params.read("starts_on")?.unwrap_or(Day::of(visit.now));
        let charge_now = call.params.read("charge_now")?;
        let start = Start { customer, plan, starts_on, charge_now };
        let subscription = visit.act(Action::Demand(Demand::Subscribe(start)))?;
        visit.show::<Subscription>(subscription)
    })
}

pub(super) fn cancel(call: &Call<'_>) -> Answer {
    call.act_on::<Subscription>(Action::CancelSubscription)
}
