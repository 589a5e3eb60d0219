//! The API as callers see it: paths, credentials, parameters, pages and errors.

pub(crate) mod answer;
pub(crate) mod auth;
pub(crate) mod paging;
pub(crate) mod params;
pub(crate) mod readers;
pub(crate) mod route;
pub(crate) mod routes;
pub(crate) mod streams;
pub(crate) mod wire;
pub(crate) mod writes;
