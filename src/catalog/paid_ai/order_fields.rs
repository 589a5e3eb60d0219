//! Columns of orders, their lines and seats, and of what is sold (CONTRACT B3).

use super::shared_fields::{
    ARCHIVED_AT, CREATED_AT, CREATION_STATE, CUSTOMER_ID, DESCRIPTION, END_DATE, END_DATE_TS,
    EXTERNAL_ID, METADATA, NAME, ORDER_ID, ORGANIZATION_ID, PRODUCT_ID, START_DATE, START_DATE_TS,
    UPDATED_AT,
};
use crate::catalog::spec::{Coercion, Field, field};

pub(super) const ORDER_FIELDS: &[Field] = &[
    ORGANIZATION_ID,
    CUSTOMER_ID,
    field(
        "billing_customer_id",
        &["billingCustomerId", "billing_customer_id"],
        Coercion::Reference,
        "Customer who is billed: customers.id; v2 only.",
    ),
    field(
        "billing_contact_ids",
        &["billingContactIds", "billing_contact_ids"],
        Coercion::Json,
        "Contacts who are billed; v2 only.",
    ),
    NAME,
    DESCRIPTION,
    field("number", &["number"], Coercion::Text, "Number; v2 only."),
    START_DATE,
    START_DATE_TS,
    END_DATE,
    END_DATE_TS,
    field(
        "subscription_terms",
        &["subscriptionTerms", "subscription_terms"],
        Coercion::Integer,
        "Length of the term as sent; v2 only.",
    ),
    field(
        "total_amount",
        &["totalAmount", "total_amount"],
        Coercion::Decimal,
        "Total; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    field(
        "order_amount",
        &["orderAmount", "order_amount"],
        Coercion::Decimal,
        "Amount of the order, in the smallest unit of the currency, unscaled; v2 only.",
    ),
    field(
        "estimated_tax",
        &["estimatedTax", "estimated_tax"],
        Coercion::Decimal,
        "Expected tax; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    field(
        "billed_amount_no_tax",
        &["billedAmountNoTax", "billed_amount_no_tax"],
        Coercion::Decimal,
        "Billed without tax; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    field(
        "billed_tax",
        &["billedTax", "billed_tax"],
        Coercion::Decimal,
        "Tax billed; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    field(
        "total_billed_amount",
        &["totalBilledAmount", "total_billed_amount"],
        Coercion::Decimal,
        "Billed with tax; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    field(
        "pending_billing_amount",
        &["pendingBillingAmount", "pending_billing_amount"],
        Coercion::Decimal,
        "Not billed yet; unit not stated by the source in v1, in the smallest unit of the currency, unscaled in v2.",
    ),
    CREATION_STATE,
    field(
        "payment_terms",
        &["paymentTerms", "payment_terms"],
        Coercion::Text,
        "Payment terms as sent; v2 only.",
    ),
    field(
        "purchase_order_reference",
        &["purchaseOrderReference", "purchase_order_reference"],
        Coercion::Text,
        "The customer's own reference; v2 only.",
    ),
    field(
        "billing_frequency_overridden",
        &["billingFrequencyOverridden", "billing_frequency_overridden"],
        Coercion::Boolean,
        "Billed at other times than its lines say; v2 only.",
    ),
    field(
        "billing_frequency_override",
        &["billingFrequencyOverride", "billing_frequency_override"],
        Coercion::Json,
        "How often then: frequency, customMonths; v2 only.",
    ),
    field(
        "show_payment_link",
        &["showPaymentLink", "show_payment_link"],
        Coercion::Boolean,
        "Payment link shown; v2 only.",
    ),
    field(
        "show_bank_details",
        &["showBankDetails", "show_bank_details"],
        Coercion::Boolean,
        "Bank details shown; v2 only.",
    ),
    field(
        "auto_post_invoices",
        &["autoPostInvoices", "auto_post_invoices"],
        Coercion::Boolean,
        "Invoices are posted at once; v2 only.",
    ),
    field(
        "auto_send_billing_emails",
        &["autoSendBillingEmails", "auto_send_billing_emails"],
        Coercion::Boolean,
        "Billing mails are sent at once; v2 only.",
    ),
    field(
        "auto_send_payment_emails",
        &["autoSendPaymentEmails", "auto_send_payment_emails"],
        Coercion::Boolean,
        "Payment mails are sent at once; v2 only.",
    ),
    field("version", &["version"], Coercion::Integer, "Version of the order; v2 only."),
    field(
        "order_lines",
        &["orderLines", "order_lines"],
        Coercion::Json,
        "Lines as sent; v1 only, see order_lines.",
    ),
    field("customer", &["customer"], Coercion::JsonObject, "Embedded customer as sent; v1 only."),
    METADATA,
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const ORDER_LINE_FIELDS: &[Field] =
    &[ORDER_ID, PRODUCT_ID, NAME, DESCRIPTION, START_DATE, START_DATE_TS, END_DATE, END_DATE_TS];

/// Lines that stand inside their order (v1).
pub(super) const NESTED_ORDER_LINE_FIELDS: &[Field] = &[
    field("line_id", &["id"], Coercion::Text, "Id of the line."),
    field(
        "product_id",
        &["agentId", "agent_id", "productId", "product_id"],
        Coercion::Text,
        "Agent or product: agents.id.",
    ),
    NAME,
    DESCRIPTION,
    field("start_date", &["startDate", "start_date"], Coercion::Date, "First day."),
    field("end_date", &["endDate", "end_date"], Coercion::Date, "Last day."),
    field(
        "total_amount",
        &["totalAmount", "total_amount"],
        Coercion::Decimal,
        "Total; unit not stated by the source.",
    ),
    field(
        "billed_amount_no_tax",
        &[
            "billedAmountWithoutTax",
            "billed_amount_without_tax",
            "billedAmountNoTax",
            "billed_amount_no_tax",
        ],
        Coercion::Decimal,
        "Billed without tax; unit not stated by the source.",
    ),
    field(
        "billed_tax",
        &["billedTax", "billed_tax"],
        Coercion::Decimal,
        "Tax billed; unit not stated by the source.",
    ),
    field(
        "total_billed_amount",
        &["totalBilledAmount", "total_billed_amount"],
        Coercion::Decimal,
        "Billed with tax; unit not stated by the source.",
    ),
    field(
        "creation_state",
        &["creationState", "creation_state"],
        Coercion::Text,
        "Draft or active.",
    ),
    field("agent", &["agent"], Coercion::AnyJson, "Embedded agent as sent."),
    field(
        "order_line_attributes",
        &["orderLineAttributes", "order_line_attributes"],
        Coercion::AnyJson,
        "What is billed and how, as sent.",
    ),
];

pub(super) const SEAT_FIELDS: &[Field] = &[
    ORDER_ID,
    field(
        "product_external_id",
        &["productExternalId", "product_external_id"],
        Coercion::Text,
        "The merchant's own id of the product.",
    ),
    field(
        "status",
        &["status"],
        Coercion::Enum(&["assigned", "unassigned"]),
        "Whether someone has it.",
    ),
    field("assignee", &["assignee"], Coercion::JsonObject, "Who has it: id, externalId, email."),
    CREATED_AT,
    UPDATED_AT,
];

pub(super) const AGENT_FIELDS: &[Field] = &[
    ORGANIZATION_ID,
    EXTERNAL_ID,
    NAME,
    DESCRIPTION,
    field("active", &["active"], Coercion::Boolean, "Can be sold."),
    field("agent_code", &["agentCode", "agent_code"], Coercion::Text, "Code."),
    field(
        "agent_attributes",
        &["agentAttributes", "agent_attributes"],
        Coercion::Json,
        "What is billed and how, as sent.",
    ),
];

pub(super) const PRODUCT_FIELDS: &[Field] = &[
    ORGANIZATION_ID,
    EXTERNAL_ID,
    field("display_id", &["displayId", "display_id"], Coercion::Text, "Id for people; v1 only."),
    NAME,
    DESCRIPTION,
    field(
        "type",
        &["type"],
        Coercion::Enum(&["agent", "product", "prepaidCreditBundle"]),
        "What is sold; v1 only.",
    ),
    field("active", &["active"], Coercion::Boolean, "Can be sold."),
    field("product_code", &["productCode", "product_code"], Coercion::Text, "Code."),
    field(
        "product_attributes",
        &["ProductAttribute", "productAttribute", "product_attribute"],
        Coercion::Json,
        "What is billed and how, as sent; v1 only.",
    ),
    ARCHIVED_AT,
    METADATA,
    CREATED_AT,
    UPDATED_AT,
];
