//! The contract at the top of a query file: what it takes, what it gives, and what that means.
//!
//! ```text
//! -- title: One line
//! -- question: One line, what it answers (reports only)
//! -- description:
//! --   Any number of lines.
//! -- grain: One line
//! -- period: name of the column by which a period is cut out (optional)
//! -- parameters:
//! --   name | TYPE | default | meaning
//! -- columns:
//! --   name | TYPE | unit | meaning
//! -- tie_out: One line, what holds (reports only)
//! --   One SELECT over any number of lines that gives a row for whatever does not hold.
//! ```

use crate::error::{Error, Kind, Result};
use crate::model::ColumnKind;

/// What a query promises.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contract {
    /// Heading for people.
    pub title: String,
    /// The question of its reader; empty for a view that is no report.
    pub question: String,
    /// Exact definitions, one line per line.
    pub description: String,
    /// What one row stands for.
    pub grain: String,
    /// Column of days or months by which `--from` and `--to` cut out a period.
    pub period: Option<String>,
    /// Parameters, in the order of the table macro.
    pub parameters: Vec<Parameter>,
    /// Columns, in the order of the result.
    pub columns: Vec<ContractColumn>,
    /// What must hold between this report and what it was made from.
    pub tie_out: TieOut,
}

/// A statement that must give no row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TieOut {
    /// What holds, in a sentence.
    pub claim: String,
    /// The SELECT that finds whatever does not.
    pub sql: String,
}

/// One parameter, written `$name` in the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name.
    pub name: String,
    /// SQL type.
    pub sql_type: String,
    /// What is taken when it is not given, in words.
    pub default: String,
    /// Meaning.
    pub meaning: String,
}

/// One column of the result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContractColumn {
    /// Name.
    pub name: String,
    /// SQL type.
    pub sql_type: String,
    /// Unit of the values.
    pub unit: String,
    /// Meaning.
    pub meaning: String,
}

impl ContractColumn {
    /// Tells how the column is shown: its unit decides, then its type.
    #[must_use]
    pub fn kind(&self) -> ColumnKind {
        match (self.unit.as_str(), self.sql_type.as_str()) {
            (unit, _) if unit.starts_with("minor units") => ColumnKind::MinorUnits,
            (_, decimal) if decimal.starts_with("DECIMAL") => ColumnKind::Decimal,
            (_, "BIGINT" | "INTEGER") => ColumnKind::Integer,
            (_, "DATE") => ColumnKind::Date,
            (_, "TIMESTAMP") => ColumnKind::Instant,
            (_, "BOOLEAN") => ColumnKind::Boolean,
            _ => ColumnKind::Text,
        }
    }

    /// Tells whether values of several rows may be added up, currency by currency.
    #[must_use]
    pub fn adds_up(&self) -> bool {
        matches!(self.unit.as_str(), "minor units" | "count")
    }

    /// Gives the COMMENT of the column: meaning and unit.
    #[must_use]
    pub fn comment(&self) -> String {
        format!("{} Unit: {}.", self.meaning, self.unit)
    }
}

#[derive(Clone, Copy)]
enum Section {
    None,
    Description,
    Parameters,
    Columns,
    TieOut,
}

/// Parses a query file into its contract and the one statement below it.
///
/// # Errors
/// [`Kind::State`] where a line of the header has no meaning, or title, grain, columns or the
/// statement are missing; the sentence names the line.
pub fn parse(file: &str) -> Result<(Contract, &str)> {
    let mut contract = Contract::default();
    let mut section = Section::None;
    let mut rest = file;
    let mut number = 0_usize;
    while let Some(comment) = rest.strip_prefix("--") {
        let (line, below) = comment.split_once('\n').unwrap_or((comment, ""));
        rest = below;
        number += 1;
        section = read_line(&mut contract, section, line)
            .ok_or_else(|| malformed(&format!("line {number} is not understood: `--{line}`")))?;
    }
    let statement = rest.trim().trim_end_matches(';').trim_end();
    let missing = [
        ("title", contract.title.is_empty()),
        ("description", contract.description.is_empty()),
        ("grain", contract.grain.is_empty()),
        ("columns", contract.columns.is_empty()),
        ("statement", statement.is_empty()),
    ];
    match missing.iter().find(|(_, absent)| *absent) {
        Some((part, _)) => Err(malformed(&format!("`{part}` is missing"))),
        None => Ok((contract, statement)),
    }
}

fn malformed(what: &str) -> Error {
    Error::new(Kind::State, format!("the header of a query file is malformed: {what}"))
}

/// Takes in what follows `--` on one line; `None` where it means nothing.
fn read_line(contract: &mut Contract, section: Section, line: &str) -> Option<Section> {
    if let Some(item) = line.strip_prefix("   ") {
        read_item(contract, section, item.trim())?;
        return Some(section);
    }
    let (key, value) = line.strip_prefix(' ')?.split_once(':')?;
    match (key, value.trim()) {
        ("title", value) => value.clone_into(&mut contract.title),
        ("grain", value) => value.clone_into(&mut contract.grain),
        ("question", value) => value.clone_into(&mut contract.question),
        ("period", value) => contract.period = Some(value.to_owned()),
        ("tie_out", value) if !value.is_empty() => {
            value.clone_into(&mut contract.tie_out.claim);
            return Some(Section::TieOut);
        }
        ("description", "") => return Some(Section::Description),
        ("parameters", "") => return Some(Section::Parameters),
        ("columns", "") => return Some(Section::Columns),
        _ => return None,
    }
    Some(Section::None)
}

fn read_item(contract: &mut Contract, section: Section, item: &str) -> Option<()> {
    match section {
        Section::None => return None,
        Section::Description => {
            if !contract.description.is_empty() {
                contract.description.push('\n');
            }
            contract.description.push_str(item);
        }
        Section::TieOut => {
            if !contract.tie_out.sql.is_empty() {
                contract.tie_out.sql.push('\n');
            }
            contract.tie_out.sql.push_str(item);
        }
        Section::Parameters => {
            let [name, sql_type, default, meaning] = four_parts(item)?;
            contract.parameters.push(Parameter { name, sql_type, default, meaning });
        }
        Section::Columns => {
            let [name, sql_type, unit, meaning] = four_parts(item)?;
            contract.columns.push(ContractColumn { name, sql_type, unit, meaning });
        }
    }
    Some(())
}

fn four_parts(item: &str) -> Option<[String; 4]> {
    let parts: Vec<String> = item.splitn(4, '|').map(|part| part.trim().to_owned()).collect();
    parts.iter().all(|part| !part.is_empty()).then_some(())?;
    parts.try_into().ok()
}

/// Puts another relation in place of each mention of one; longer names that begin alike stay.
pub(super) fn replaced(sql: &str, relation: &str, by: &str) -> String {
    let mut parts = sql.split(relation);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        replaced.push_str(if is_whole(part) { by } else { relation });
        replaced.push_str(part);
    }
    replaced
}

/// Counts the mentions of a relation.
pub(super) fn mentions(sql: &str, relation: &str) -> usize {
    sql.split(relation).skip(1).filter(|after| is_whole(after)).count()
}

/// Tells from what follows a name whether the name ends there.
fn is_whole(after: &str) -> bool {
    !after.starts_with(|next: char| next.is_alphanumeric() || next == '_')
}

#[cfg(test)]
mod tests {
    use super::{mentions, replaced};

    #[test]
    fn a_relation_is_told_from_those_that_begin_alike() {
        let sql = "FROM reports.aging JOIN reports.aging_detail, (SELECT * FROM reports.aging)";
        assert_eq!(mentions(sql, "reports.aging"), 2);
        assert_eq!(
            replaced(sql, "reports.aging", "kept.aging"),
            "FROM kept.aging JOIN reports.aging_detail, (SELECT * FROM kept.aging)"
        );
        assert_eq!(replaced(sql, "reports.mrr", "kept.mrr"), sql);
    }
}
