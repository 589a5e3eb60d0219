//! The sibling accounts answer as CONTRACT parts B and C describe, and add up.

mod account;
mod alternative;
mod caller;
mod faults;
mod paid_ai;
mod program;
mod sums;
