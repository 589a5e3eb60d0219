//! Customers, and what is done to all that they owe (CONTRACT A3.2, A5.2).

use super::call::{Answer, Call, Visit};
use crate::emulator::account::billing::Invoice;
use crate::emulator::account::list::Position;
use crate::emulator::account::objects::{Customer, Statement};
use crate::emulator::account::store::Store;
use crate::emulator::api::answer::{ApiError, json_body};
use crate::emulator::api::params::Params;
use crate::emulator::api::readers::Date;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

const EXTERNAL_ID: &str = "external_id";

fn fill(params: &Params, customer: &mut Customer) -> Result<(), ApiError> {
    params.change_all([
        ("name", &mut customer.name),
        ("email", &mut customer.email),
        (EXTERNAL_ID, &mut customer.external_id),
        ("phone", &mut customer.phone),
        ("address_line1", &mut customer.address.line1),
        ("address_line2", &mut customer.address.line2),
        ("address_zip", &mut customer.address.zip),
        ("cc_emails", &mut customer.cc_emails),
        ("notes", &mut customer.notes),
        ("stripe_customer_id", &mut customer.stripe_customer_id),
        ("tax_id", &mut customer.tax_id),
    ])?;
    params.change_all([
        ("description", &mut customer.description),
        ("address_city", &mut customer.address.city),
        ("address_state", &mut customer.address.state),
        ("address_country", &mut customer.address.country),
        ("tax_id_label", &mut customer.tax_id_label),
    ])?;
    params.change_all([
        ("allow_ach", &mut customer.allow_ach),
        ("allow_wire", &mut customer.allow_wire),
        ("allow_check", &mut customer.allow_check),
        ("allow_credit_card", &mut customer.allow_credit_card),
        ("auto_generate", &mut customer.auto_generate),
        ("auto_issue", &mut customer.auto_issue),
    ])?;
    params.change_all([
        ("allow_paypal", &mut customer.allow_paypal),
        ("roll_up_communications", &mut customer.roll_up_communications),
    ])?;
    params.change("billing_type", &mut customer.billing_type)?;
    params.change("billing_cycle", &mut customer.billing_cycle)?;
    params.change("terms", &mut customer.terms)?;
    match customer.terms {
        Some(..0) => Err(ApiError::invalid("terms")),
        _ => Ok(()),
    }
}

pub(super) fn create(call: &Call<'_>) -> Answer {
    call.create(
        |_, customer| fill(&call.params, customer),
        |customer| Action::CreateCustomer(Box::new(customer)),
    )
}

pub(super) fn update(call: &Call<'_>) -> Answer {
    call.update(
        |_, customer| fill(&call.params, customer),
        |position, customer| Action::UpdateCustomer(position, Box::new(customer)),
    )
}

/// Finds the customer with a merchant's own id, the oldest where several have it.
pub(super) fn by_external_id(store: &Store, external_id: &str) -> Option<Position> {
    let mut customers = store.customers.rows();
    let has_it = |customer: &Customer| customer.external_id.as_deref() == Some(external_id);
    customers.find(|(_, row)| has_it(&row.object)).map(|(position, _)| position)
}

/// Adds a customer of whom only the merchant's own id is known.
pub(super) fn create_known_as(
    visit: &mut Visit<'_>,
    external_id: String,
) -> Result<Position, ApiError> {
    let customer = Customer { external_id: Some(external_id), ..Customer::default() };
    visit.act(Action::CreateCustomer(Box::new(customer)))
}

pub(super) fn find_or_create(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let external_id: String = call.params.require(EXTERNAL_ID)?;
        let position = match by_external_id(visit.store(), &external_id) {
            Some(position) => position,
            None => create_known_as(visit, external_id)?,
        };
        visit.show::<Customer>(position)
    })
}

pub(super) fn update_or_create(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let external_id: String = call.params.require(EXTERNAL_ID)?;
        let found = by_external_id(visit.store(), &external_id);
        let mut customer = match found {
            Some(position) => visit.get::<Customer>(position)?.clone(),
            None => Customer::default(),
        };
        fill(&call.params, &mut customer)?;
        let customer = Box::new(customer);
        let position = visit.act(match found {
            Some(position) => Action::UpdateCustomer(position, customer),
            None => Action::CreateCustomer(customer),
        })?;
        visit.show::<Customer>(position)
    })
}

pub(super) fn generate_invoices(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.find::<Customer>()?;
        let invoices = visit.act_all(Action::GenerateInvoices(customer))?;
        let views = invoices.into_iter().map(|invoice| visit.view::<Invoice>(invoice));
        let views = views.collect::<Result<Vec<_>, _>>()?.join(&b',');
        Ok(json_body([&br#"{"object":"list","data":["#[..], &views, b"]}"].concat()))
    })
}

pub(super) fn generate_invoice(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.find::<Customer>()?;
        let invoice = visit.act(Action::Demand(Demand::GenerateInvoice(customer)))?;
        visit.show::<Invoice>(invoice)
    })
}

pub(super) fn create_statement(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.find::<Customer>()?;
        let until = call.params.read("expires_on")?;
        let statement = visit.act(Action::CreateStatement(customer))?;
        if let Some(Date(until)) = until {
            visit.act(Action::Demand(Demand::ExtendStatement(statement, until)))?;
        }
        visit.show::<Statement>(statement)
    })
}

pub(super) fn add_card(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let customer = visit.find::<Customer>()?;
        let stripe_id = call.params.read("stripe_customer_id")?;
        visit.act(Action::Demand(Demand::AddCard(customer, stripe_id)))?;
        visit.show::<Customer>(customer)
    })
}
