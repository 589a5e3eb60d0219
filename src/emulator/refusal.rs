//! Why a business action or a request cannot be done.

use std::fmt;

/// Says why an action was refused; the account is then unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Nothing is at that position.
    Missing,
    /// The invoice has no open part to do this to.
    NotIssued,
    /// The invoice was issued before.
    AlreadyIssued,
    /// The invoice or transaction was paid before.
    AlreadyPaid,
    /// The invoice was voided before.
    AlreadyVoided,
    /// The customer has no uninvoiced transaction.
    NothingToInvoice,
    /// The subscription was cancelled before.
    AlreadyCancelled,
    /// The refund is not positive, is more than what is left, or is of a refund.
    RefundTooLarge,
    /// The statement was expired before.
    AlreadyExpired,
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Missing => "No such object.",
            Self::NotIssued => "The invoice has not been issued.",
            Self::AlreadyIssued => "The invoice has already been issued.",
            Self::AlreadyPaid => "It has already been paid.",
            Self::AlreadyVoided => "The invoice has already been voided.",
            Self::NothingToInvoice => "The customer has nothing to invoice.",
            Self::AlreadyCancelled => "The subscription has already been cancelled.",
            Self::RefundTooLarge => "The refund exceeds what can be refunded.",
            Self::AlreadyExpired => "The statement has already expired.",
        })
    }
}
