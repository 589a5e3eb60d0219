//! What exists in the account: every object, the lists that hold them, money and calendar.

pub(crate) mod billing;
pub(crate) mod calendar;
pub(crate) mod catalogue;
pub(crate) mod chase;
pub(crate) mod feed;
pub(crate) mod list;
pub(crate) mod money;
pub(crate) mod objects;
pub(crate) mod refusal;
pub(crate) mod resources;
pub(crate) mod store;
pub(crate) mod text;
