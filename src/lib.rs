//! paid-sync
