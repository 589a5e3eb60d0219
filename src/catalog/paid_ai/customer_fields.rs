//! Columns of customers and contacts, the union of both versions (CONTRACT N4.1, B3).

use super::shared_fields::{
    API_VERSION, CREATED_AT, CREATION_STATE, CUSTOMER_EXTERNAL_ID, CUSTOMER_ID, EXTERNAL_ID,
    METADATA, NAME, ORGANIZATION_ID, UPDATED_AT,
};
use crate::catalog::spec::{Coercion, Field, field};

pub(super) const CUSTOMER_FIELDS: &[Field] = &[
    ORGANIZATION_ID,
    NAME,
    field("legal_name", &["legalName", "legal_name"], Coercion::Text, "Name in law; v2 only."),
    field("email", &["email"], Coercion::Text, "E-mail; v2 only."),
    field("phone", &["phone"], Coercion::Text, "Telephone."),
    field("website", &["website"], Coercion::Text, "Web address."),
    EXTERNAL_ID,
    field(
        "vat_number",
        &["vatNumber", "vat_number"],
        Coercion::Text,
        "Value added tax number; v2 only.",
    ),
    field(
        "default_currency",
        &["defaultCurrency", "default_currency"],
        Coercion::Text,
        "ISO 4217 code in capitals; v2 only.",
    ),
    field(
        "employee_count",
        &["employeeCount", "employee_count"],
        Coercion::Integer,
        "Number of employees; v1 only.",
    ),
    field(
        "annual_revenue",
        &["annualRevenue", "annual_revenue"],
        Coercion::Decimal,
        "Revenue a year; unit and currency not stated by the source; v1 only.",
    ),
    field(
        "tax_exempt_status",
        &["taxExemptStatus", "tax_exempt_status"],
        Coercion::Enum(&["none", "exempt", "reverse"]),
        "Whether tax is due.",
    ),
    field(
        "creation_source",
        &["creationSource", "creation_source"],
        Coercion::Enum(&["manual", "api", "crm", "other"]),
        "Where the customer came from; v1 only.",
    ),
    CREATION_STATE,
    field(
        "billing_line1",
        &[
            "billingAddress.line1",
            "billing_address.line1",
            "billingAddress.line_1",
            "billing_address.line_1",
        ],
        Coercion::Text,
        "First line of the billing address.",
    ),
    field(
        "billing_line2",
        &[
            "billingAddress.line2",
            "billing_address.line2",
            "billingAddress.line_2",
            "billing_address.line_2",
        ],
        Coercion::Text,
        "Second line of the billing address.",
    ),
    field(
        "billing_city",
        &["billingAddress.city", "billing_address.city"],
        Coercion::Text,
        "City of the billing address.",
    ),
    field(
        "billing_state",
        &["billingAddress.state", "billing_address.state"],
        Coercion::Text,
        "State or region of the billing address.",
    ),
    field(
        "billing_zip_code",
        &[
            "billingAddress.zipCode",
            "billingAddress.zip_code",
            "billing_address.zip_code",
            "billing_address.zipCode",
        ],
        Coercion::Text,
        "Postal code of the billing address, leading zeros kept.",
    ),
    field(
        "billing_country",
        &["billingAddress.country", "billing_address.country"],
        Coercion::Text,
        "Country of the billing address.",
    ),
    field(
        "billing_address",
        &["billingAddress", "billing_address"],
        Coercion::Json,
        "Billing address as sent.",
    ),
    field(
        "churn_date",
        &["churnDate", "churn_date"],
        Coercion::Date,
        "Day on which the customer left; v2 only.",
    ),
    METADATA,
    CREATED_AT,
    UPDATED_AT,
    API_VERSION,
];

pub(super) const CONTACT_FIELDS: &[Field] = &[
    ORGANIZATION_ID,
    CUSTOMER_ID,
    CUSTOMER_EXTERNAL_ID,
    EXTERNAL_ID,
    field(
        "salutation",
        &["salutation"],
        Coercion::Enum(&["Mr.", "Mrs.", "Miss", "Ms.", "Dr.", "Prof."]),
        "Form of address; v1 only.",
    ),
    field("first_name", &["firstName", "first_name"], Coercion::Text, "First name."),
    field("last_name", &["lastName", "last_name"], Coercion::Text, "Last name."),
    field("email", &["email"], Coercion::Text, "E-mail."),
    field("phone", &["phone"], Coercion::Text, "Telephone."),
    field(
        "billing_street",
        &["billingStreet", "billing_street", "billingAddress.street", "billing_address.street"],
        Coercion::Text,
        "Street.",
    ),
    field(
        "billing_city",
        &["billingCity", "billing_city", "billingAddress.city", "billing_address.city"],
        Coercion::Text,
        "City.",
    ),
    field(
        "billing_state",
        &[
            "billingStateProvince",
            "billing_state_province",
            "billingAddress.state",
            "billing_address.state",
        ],
        Coercion::Text,
        "State or region.",
    ),
    field(
        "billing_country",
        &["billingCountry", "billing_country", "billingAddress.country", "billing_address.country"],
        Coercion::Text,
        "Country.",
    ),
    field(
        "billing_zip_code",
        &[
            "billingPostalCode",
            "billing_postal_code",
            "billingAddress.zipCode",
            "billing_address.zip_code",
        ],
        Coercion::Text,
        "Postal code.",
    ),
    field(
        "billing_address",
        &["billingAddress", "billing_address"],
        Coercion::Json,
        "Address as sent; v2 only.",
    ),
    field(
        "roles",
        &["roles"],
        Coercion::Json,
        "What the contact is for: BILLING, ACCOUNTS_PAYABLE; v2 only.",
    ),
    CREATED_AT,
    UPDATED_AT,
];
