//! Why a business action or a request cannot be done.

use std::fmt;

/// Says why an action was refused; the account is then unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// Nothing is at that position.
    Missing,
    /// The invoice has no open part to do this to.
    NotIssued,
    /// The invoice was issued before.
    AlreadyIssued,
    /// The invoice or transaction was paid before.
    AlreadyPaid,
    /// The invoice or transaction was voided before.
    AlreadyVoided,
    /// The customer is invoiced by billing cycle, not by request.
    NotManual,
    /// The customer has no uninvoiced transaction.
    NothingToInvoice,
    /// The subscription was cancelled before.
    AlreadyCancelled,
    /// The transaction was not paid, so that nothing can be given back.
    NotPaid,
    /// The refund is not positive, is more than what is left, or is of a refund.
    RefundTooLarge,
    /// The transaction is on an invoice, all of whose transactions share customer and currency.
    OnInvoice,
    /// There is no card, or nothing to charge to it.
    ChargeFailed,
    /// Another plan has that name.
    NameTaken,
    /// The plan was used by a subscription.
    PlanInUse,
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
            Self::AlreadyVoided => "It has already been voided.",
            Self::NotManual => "The billing cycle of the customer is not manual.",
            Self::NothingToInvoice => "The customer has nothing to invoice.",
            Self::AlreadyCancelled => "The subscription has already been cancelled.",
            Self::NotPaid => "The transaction has not been paid.",
            Self::OnInvoice => "The invoice of the transaction is for that customer and currency.",
            Self::ChargeFailed => "The card cannot be charged.",
            Self::NameTaken => "Another plan has that name.",
            Self::PlanInUse => "The plan has been used by a subscription.",
            Self::RefundTooLarge => "The refund exceeds what can be refunded.",
            Self::AlreadyExpired => "The statement has already expired.",
        })
    }
}
