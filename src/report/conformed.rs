//! Schema `conformed`: the same things of different systems side by side.

use super::models::ModelSource;
use crate::database::{identifier, literal};

/// Columns of `conformed.customers`: name, column of `model.customers`, comment.
const CUSTOMER: &[(&str, &str, &str)] = &[
    ("customer_id", "id", "Id at the source."),
    ("name", "name", "Name."),
    ("email", "email", "E-mail."),
    ("external_id", "external_id", "The merchant's own id."),
    ("address_line1", "address_line1", "First line of the address."),
    ("address_line2", "address_line2", "Second line of the address."),
    ("address_city", "address_city", "City."),
    ("address_state", "address_state", "State or region."),
    ("address_zip", "address_zip", "Postal code."),
    ("address_country", "address_country", "Country as sent."),
    ("tax_id", "tax_id", "Tax number."),
    ("created_at", "created_at", "When the customer was made, UTC, where the source says so."),
];

/// Writes the statements that (re)create `conformed.customers`: one row per customer of any source.
///
/// `match_id` is the external id where a customer of another source or account has it too, so that
/// rows of one company meet; a guess that needs no table of pairs, and decides nothing. They need the
/// views of [`model_sql`](super::model_sql).
#[must_use]
pub fn conformed_sql(sources: &[ModelSource]) -> Vec<String> {
    let selected: Vec<String> = CUSTOMER
        .iter()
        .map(|(column, from, _)| format!("own.{} AS {}", identifier(from), identifier(column)))
        .collect();
    let kinds: Vec<String> = sources
        .iter()
        .map(|source| format!("({}, {})", literal(&source.name), literal(source.kind)))
        .chain(std::iter::once("(NULL, NULL)".to_owned()))
        .collect();
    let comment = |column: &str, text: &str| {
        format!("COMMENT ON COLUMN conformed.customers.{} IS {}", identifier(column), literal(text))
    };
    let mut statements = vec![
        "CREATE SCHEMA IF NOT EXISTS conformed".to_owned(),
        format!(
            "CREATE OR REPLACE VIEW conformed.customers AS WITH shared AS (\
             SELECT external_id FROM model.customers WHERE external_id <> '' GROUP BY external_id \
             HAVING count(DISTINCT source || ' ' || account_id) > 1), \
             kinds(source, kind) AS (VALUES {}) \
             SELECT {}, shared.external_id AS match_id, kinds.kind, own.source, own.account_id \
             FROM model.customers AS own LEFT JOIN shared ON shared.external_id = own.external_id \
             LEFT JOIN kinds ON kinds.source = own.source",
            kinds.join(", "),
            selected.join(", "),
        ),
        "COMMENT ON VIEW conformed.customers IS \
         'One row per customer of any source; customer_id is unique with source and account_id.'"
            .to_owned(),
    ];
    statements.extend(CUSTOMER.iter().map(|(column, _, text)| comment(column, text)));
    statements.push(comment(
        "match_id",
        "External id where a customer of another source or account has it too; else NULL.",
    ));
    statements.push(comment("kind", "API of the source: kind in sync.toml."));
    statements.push(comment("source", "Source in sync.toml."));
    statements.push(comment("account_id", "Account at the source."));
    statements
}
