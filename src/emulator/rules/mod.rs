//! How the account changes: the life cycles of CONTRACT A5, behind one door (`Store::apply`).

pub(crate) mod actions;
pub(crate) mod charging;
pub(crate) mod clockwork;
pub(crate) mod demands;
pub(crate) mod edits;
pub(crate) mod invoicing;
pub(crate) mod selling;
pub(crate) mod transacting;
