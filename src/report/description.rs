//! A report's contract, written for people.

use super::catalog::Report;
use super::header::Contract;
use crate::error::Result;

impl Report {
    /// Writes the contract for people: question, rules, grain, parameters, columns, tie-out.
    ///
    /// # Errors
    /// Those of [`Report::contract`].
    pub fn description(&self) -> Result<String> {
        let contract = self.contract()?;
        let name = self.name;
        Ok([
            format!(
                "{name}: {}\n{}\n\n{}\n\n",
                contract.title, contract.question, contract.description
            ),
            format!("Grain: {}\n\nParameters\n", contract.grain),
            parameters(&contract),
            "\nColumns\n".to_owned(),
            columns(&contract),
            format!("\nTie-out: {}\n\nIn SQL\n", contract.tie_out.claim),
            format!("  FROM reports.{name}\n  FROM reports.{name}_as_of(DATE '2026-10-31')\n"),
        ]
        .concat())
    }
}

fn parameters(contract: &Contract) -> String {
    let line = |parameter: &super::header::Parameter| {
        format!(
            "  {} ({}): {}\n      Default: {}\n",
            parameter.name, parameter.sql_type, parameter.meaning, parameter.default
        )
    };
    contract.parameters.iter().map(line).collect()
}

fn columns(contract: &Contract) -> String {
    let line = |column: &super::header::ContractColumn| {
        format!("  {} ({}, {}): {}\n", column.name, column.sql_type, column.unit, column.meaning)
    };
    contract.columns.iter().map(line).collect()
}
