//! Products, plan items, orders and order items (CONTRACT A3.12). Clients save them with either
//! method. An object that stands between others needs to be told which.

use super::call::{Answer, Call, Visit};
use crate::emulator::account::billing::Transaction;
use crate::emulator::account::calendar::Day;
use crate::emulator::account::catalogue::{Order, OrderItem, PlanItem, Pricing, Product};
use crate::emulator::account::list::Resource;
use crate::emulator::account::objects::{Customer, Plan};
use crate::emulator::account::text::Text;
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::params::Params;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

fn fill_pricing(params: &Params, pricing: &mut Pricing) -> Result<(), ApiError> {
    params.change("pricing[currency]", &mut pricing.currency)?;
    params.change("pricing[price]", &mut pricing.price)?;
    params.change("pricing[quantity]", &mut pricing.quantity)?;
    params.change("pricing[type]", &mut pricing.kind)
}

/// Reads the id of the object that a parameter names: of a draft one has to be named.
fn refer<T: Resource>(
    visit: &Visit<'_>,
    param: &'static str,
    field: &mut Text,
) -> Result<(), ApiError> {
    match visit.named::<T>(param)? {
        Some(position) => *field = visit.get::<T>(position)?.id().clone(),
        None if field.is_empty() => return Err(ApiError::missing(param)),
        None => {}
    }
    Ok(())
}

fn fill_product(params: &Params, product: &mut Product) -> Result<(), ApiError> {
    params.change_all([
        ("name", &mut product.name),
        ("description", &mut product.description),
        ("transaction_description", &mut product.transaction_description),
    ])?;
    params.change("external_id", &mut product.external_id)?;
    params.change_metadata(&mut product.metadata)?;
    fill_pricing(params, &mut product.pricing)
}

pub(super) fn create_product(call: &Call<'_>) -> Answer {
    call.create(
        |_, product| fill_product(&call.params, product),
        |product| Action::CreateProduct(Box::new(product)),
    )
}

pub(super) fn update_product(call: &Call<'_>) -> Answer {
    call.update(
        |_, product| fill_product(&call.params, product),
        |position, product| Action::Demand(Demand::UpdateProduct(position, Box::new(product))),
    )
}

fn fill_plan_item(call: &Call<'_>, visit: &Visit<'_>, item: &mut PlanItem) -> Result<(), ApiError> {
    refer::<Plan>(visit, "plan", &mut item.plan)?;
    refer::<Product>(visit, "product", &mut item.product)?;
    fill_pricing(&call.params, &mut item.pricing)
}

pub(super) fn create_plan_item(call: &Call<'_>) -> Answer {
    call.create(|visit, item| fill_plan_item(call, visit, item), Action::CreatePlanItem)
}

pub(super) fn update_plan_item(call: &Call<'_>) -> Answer {
    call.update(
        |visit, item| fill_plan_item(call, visit, item),
        |position, item| Action::Demand(Demand::UpdatePlanItem(position, item)),
    )
}

/// Reads when a service starts and ends; by default it is that of one day, today.
fn fill_service(
    call: &Call<'_>,
    visit: &Visit<'_>,
    (starts_on, ends_on): (&mut i64, &mut i64),
) -> Result<(), ApiError> {
    let today = Day::of(visit.now);
    call.params.change_date("service_starts_on", starts_on, today.start())?;
    call.params.change_date("service_ends_on", ends_on, today.end())
}

fn fill_order(call: &Call<'_>, visit: &Visit<'_>, order: &mut Order) -> Result<(), ApiError> {
    refer::<Customer>(visit, "customer", &mut order.customer)?;
    call.params.change("charge_now", &mut order.charge_now)?;
    fill_service(call, visit, (&mut order.service_starts_on, &mut order.service_ends_on))
}

pub(super) fn create_order(call: &Call<'_>) -> Answer {
    call.create(
        |visit, order: &mut Order| {
            let today = Day::of(visit.now);
            (order.service_starts_on, order.service_ends_on) = (today.start(), today.end());
            fill_order(call, visit, order)
        },
        Action::CreateOrder,
    )
}

pub(super) fn update_order(call: &Call<'_>) -> Answer {
    call.update(
        |visit, order| fill_order(call, visit, order),
        |position, order| Action::Demand(Demand::UpdateOrder(position, order)),
    )
}

fn fill_order_item(
    call: &Call<'_>,
    visit: &Visit<'_>,
    item: &mut OrderItem,
) -> Result<(), ApiError> {
    refer::<Order>(visit, "order", &mut item.order)?;
    refer::<Product>(visit, "product", &mut item.product)?;
    if call.params.has("transaction") {
        item.transaction = match visit.named::<Transaction>("transaction")? {
            Some(line) => Some(visit.get::<Transaction>(line)?.id.clone()),
            None => None,
        };
    }
    fill_service(call, visit, (&mut item.service_starts_on, &mut item.service_ends_on))?;
    fill_pricing(&call.params, &mut item.pricing)
}

pub(super) fn create_order_item(call: &Call<'_>) -> Answer {
    call.create(
        |visit, item: &mut OrderItem| {
            let today = Day::of(visit.now);
            (item.service_starts_on, item.service_ends_on) = (today.start(), today.end());
            fill_order_item(call, visit, item)
        },
        |item| Action::CreateOrderItem(Box::new(item)),
    )
}

pub(super) fn update_order_item(call: &Call<'_>) -> Answer {
    call.update(
        |visit, item| fill_order_item(call, visit, item),
        |position, item| Action::Demand(Demand::UpdateOrderItem(position, Box::new(item))),
    )
}
