//! The account (CONTRACT A3.1). One key opens one account, so creating one changes it.

use super::call::{Answer, Call};
use crate::emulator::account::list::render;
use crate::emulator::account::text::Text;
use crate::emulator::api::answer::json_body;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

/// Names the fields that the account shows only once they are set.
const DETAILS: [&str; 10] = [
    "business_phone",
    "business_support_email",
    "address_line1",
    "address_line2",
    "address_city",
    "address_state",
    "address_zip",
    "address_country",
    "tax_id",
    "tax_id_label",
];

pub(super) fn update(call: &Call<'_>) -> Answer {
    let params = &call.params;
    call.change(|visit| {
        let mut account = visit.store().account.clone();
        params.change("business_name", &mut account.business_name)?;
        params.change("business_url", &mut account.business_url)?;
        for name in DETAILS.into_iter().filter(|name| params.has(name)) {
            match params.read::<Text>(name)? {
                Some(value) => account.details.insert(name, value),
                None => account.details.remove(name),
            };
        }
        visit.act(Action::Demand(Demand::UpdateAccount(Box::new(account))))?;
        Ok(json_body(render(&visit.store().account)))
    })
}
