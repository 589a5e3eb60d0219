//! The emulator's own endpoints, below `/_emulator`: time, truth, random business, faults,
//! and what callers did.

pub(crate) mod admin;
pub(crate) mod churn;
pub(crate) mod counters;
pub(crate) mod faults;
pub(crate) mod log;
