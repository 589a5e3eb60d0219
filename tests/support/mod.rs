//! What several test modules share.

pub(crate) mod account;
pub(crate) mod browser;
pub(crate) mod essence;
pub(crate) mod http;
pub(crate) mod oracle;
pub(crate) mod script;
pub(crate) mod warehouse;
