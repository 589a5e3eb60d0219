//! What happens around the account: organizations, users and webhooks.

use super::chooser::Chooser;
use crate::emulator::account::objects::{Organization, User, UserEntry, Webhook};
use crate::emulator::business::names;
use crate::emulator::rules::actions::Action;

/// Adds an organization.
pub(super) fn organize(chooser: &mut Chooser<'_>) -> Option<Action> {
    let serial = chooser.store.organizations.ever() + 1;
    let form = chooser.pick(&["Group", "Holding", "Partners"])?;
    let name = format!("{} {form}", names::company(serial, chooser.rng));
    let external_id = chooser.chance(50).then(|| format!("group-{serial}"));
    Some(Action::CreateOrganization(Organization { name, external_id, ..Organization::default() }))
}

/// Gives an organization another name.
pub(super) fn reorganize(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.any::<Organization>()?;
    let serial = chooser.rng.usize(0..1_000);
    Some(Action::RenameOrganization(position, names::company(serial, chooser.rng)))
}

/// Adds a user.
pub(super) fn hire(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (first_name, last_name) = names::person(chooser.rng);
    let serial = chooser.store.users.ever();
    let domain = chooser.pick(&["emulated.example", "branch.emulated.example"])?;
    let email = format!("{}{serial}@{domain}", first_name.to_lowercase());
    Some(Action::CreateUser(User {
        email,
        first_name: first_name.into(),
        last_name: last_name.map(Into::into),
        ..User::default()
    }))
}

/// Removes a user.
pub(super) fn dismiss(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, _) = chooser.one(|entry: &UserEntry| matches!(entry, UserEntry::User(_)))?;
    Some(Action::DeleteUser(position))
}

/// Adds a webhook.
pub(super) fn hook(chooser: &mut Chooser<'_>) -> Option<Action> {
    let url = address(chooser);
    let event = chooser.pick(&[None, Some("invoice.paid"), Some("customer.updated")])?;
    Some(Action::CreateWebhook(Webhook { url, event: event.map(Into::into), ..Webhook::default() }))
}

/// Sends a webhook to another address.
pub(super) fn rehook(chooser: &mut Chooser<'_>) -> Option<Action> {
    let (position, webhook) = chooser.any::<Webhook>()?;
    let changed = Webhook { url: address(chooser), ..webhook.clone() };
    Some(Action::UpdateWebhook(position, changed))
}

/// Removes a webhook.
pub(super) fn unhook(chooser: &mut Chooser<'_>) -> Option<Action> {
    chooser.any::<Webhook>().map(|(position, _)| Action::DeleteWebhook(position))
}

fn address(chooser: &mut Chooser<'_>) -> String {
    format!("https://hooks.emulated.example/{:08x}", chooser.rng.u32(..))
}
