//! Who changes the account: a seeded merchant and seeded customers, day by day.

pub(crate) mod churn;
pub(crate) mod founding;
pub(crate) mod habits;
pub(crate) mod names;
pub(crate) mod script;
pub(crate) mod signup;
