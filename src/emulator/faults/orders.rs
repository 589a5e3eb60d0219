//! Faults as text.

use serde_json::Value;

use super::Fault;

impl Fault {
    /// Reads one fault or an array of faults, written as `POST /_emulator/faults` takes them.
    ///
    /// # Errors
    /// A sentence that names the first wrong rule and what is wrong with it.
    pub fn read_all(json: &[u8]) -> Result<Vec<Self>, String> {
        let read: Value =
            serde_json::from_slice(json).map_err(|error| format!("This is no JSON: {error}"))?;
        let rules = match read {
            Value::Array(rules) => rules,
            rule => vec![rule],
        };
        let numbered = rules.into_iter().zip(1..);
        numbered
            .map(|(rule, number)| {
                read_one(rule).map_err(|problem| format!("Rule {number}: {problem}."))
            })
            .collect()
    }
}

fn read_one(rule: Value) -> Result<Fault, String> {
    let fault: Fault = serde_json::from_value(rule).map_err(|error| error.to_string())?;
    match fault.problem() {
        Some(problem) => Err(problem.to_owned()),
        None => Ok(fault),
    }
}
