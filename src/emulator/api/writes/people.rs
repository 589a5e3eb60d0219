//! Users, webhooks, statements and organizations (CONTRACT A3.8–A3.11). Passwords and
//! subscription URLs are write only, so they are taken and forgotten.

use super::call::{Answer, Call, Visit};
use crate::emulator::account::calendar::Day;
use crate::emulator::account::objects::{Organization, Statement, User, UserEntry, Webhook};
use crate::emulator::api::answer::ApiError;
use crate::emulator::api::params::Params;
use crate::emulator::rules::actions::Action;
use crate::emulator::rules::demands::Demand;

pub(super) fn create_user(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let mut user = User {
            email: call.params.require("email")?,
            first_name: call.params.require("first_name")?,
            ..User::default()
        };
        call.params.change("last_name", &mut user.last_name)?;
        let position = visit.act(Action::CreateUser(user))?;
        visit.show::<UserEntry>(position)
    })
}

pub(super) fn update_user(call: &Call<'_>) -> Answer {
    call.change(|visit| {
        let position = visit.find::<UserEntry>()?;
        let mut user = match visit.get::<UserEntry>(position)? {
            UserEntry::User(user) => user.clone(),
            UserEntry::Misplaced(_) => return Err(ApiError::no_such("user", call.id)),
        };
        call.params.replace("email", &mut user.email)?;
        call.params.replace("first_name", &mut user.first_name)?;
        call.params.change("last_name", &mut user.last_name)?;
        visit.act(Action::Demand(Demand::UpdateUser(position, user)))?;
        visit.show::<UserEntry>(position)
    })
}

pub(super) fn delete_user(call: &Call<'_>) -> Answer {
    call.delete::<UserEntry>(Action::DeleteUser)
}

pub(super) fn create_webhook(call: &Call<'_>) -> Answer {
    call.create(
        |_, webhook: &mut Webhook| {
            webhook.url = call.params.require("url")?;
            call.params.change("event", &mut webhook.event)
        },
        Action::CreateWebhook,
    )
}

pub(super) fn update_webhook(call: &Call<'_>) -> Answer {
    call.update(
        |_, webhook: &mut Webhook| {
            call.params.replace("url", &mut webhook.url)?;
            call.params.change("event", &mut webhook.event)
        },
        Action::UpdateWebhook,
    )
}

pub(super) fn delete_webhook(call: &Call<'_>) -> Answer {
    call.delete::<Webhook>(Action::DeleteWebhook)
}

pub(super) fn update_statement(call: &Call<'_>) -> Answer {
    call.update(
        |visit: &Visit<'_>, statement: &mut Statement| {
            let default = Day::of(visit.now).plus_days(7).start();
            call.params.change_date("expires_on", &mut statement.expires_on, default)
        },
        |position, statement| {
            Action::Demand(Demand::ExtendStatement(position, statement.expires_on))
        },
    )
}

fn fill_organization(params: &Params, organization: &mut Organization) -> Result<(), ApiError> {
    params.change("external_id", &mut organization.external_id)
}

pub(super) fn create_organization(call: &Call<'_>) -> Answer {
    call.create(
        |_, organization: &mut Organization| {
            organization.name = call.params.require("name")?;
            fill_organization(&call.params, organization)
        },
        Action::CreateOrganization,
    )
}

pub(super) fn update_organization(call: &Call<'_>) -> Answer {
    call.update(
        |_, organization: &mut Organization| {
            call.params.replace("name", &mut organization.name)?;
            fill_organization(&call.params, organization)
        },
        |position, organization| Action::Demand(Demand::UpdateOrganization(position, organization)),
    )
}
