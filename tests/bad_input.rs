//! Bad input of every kind, given to the real program: documented exit code, a message that says
//! what, where and what to do, the key nowhere, nothing half-written.

/// Amounts that reports cannot add up, instants that nothing is known of.
mod amounts;
/// Answers that are no answers, elements that are no rows.
mod answers;
/// `sync.toml` and the command line.
mod configuration;
/// Names that attack terminals, browsers and spreadsheets.
pub(crate) mod hostile_text;
/// No key, a wrong one, another account's one, no server at all.
mod keys_and_hosts;
/// What later runs make of it.
mod recovery;
/// A folder in which the program runs.
pub(crate) mod site;
/// Directories and files that cannot be used, runs that collide.
mod warehouse;
