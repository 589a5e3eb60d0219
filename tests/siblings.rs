//! paid.ai and Alternative Payments through the same pipeline, against their simulated accounts.

mod archives;
mod bad_input;
mod below;
mod histories;
mod kills;
mod mirror;
mod site;
