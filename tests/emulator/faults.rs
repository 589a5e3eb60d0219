//! The emulator does wrong what it is told to do wrong, and nothing else.

/// Statuses, bodies, headers.
mod answers;
/// Chance by seed.
mod chance;
/// Resets, seen from the client's end.
mod connections;
/// Orders over HTTP, and the log.
mod control;
/// Pages, cursors, filters.
mod lists;
/// Where and when a fault strikes.
mod orders;
