//! Guesses what a misspelt word means; the one file that names `strsim`.

/// Finds the candidate that a misspelt word probably means.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Below this likeness a suggestion confuses more than it helps.
    const ALIKE: f64 = 0.8;
    let word = word.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&word, &candidate.to_lowercase()), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|(left, _), (right, _)| left.total_cmp(right))
        .map(|(_, candidate)| candidate)
}

/// Writes the sentence for an unknown name: what there is, and what was probably meant.
///
/// `kind` is the thing named, such as `stream`.
#[must_use]
pub fn unknown(kind: &str, name: &str, known: &[&str]) -> String {
    let likely = nearest(name, known.iter().copied())
        .map_or_else(String::new, |likely| format!("; did you mean `{likely}`?"));
    format!("there is no {kind} `{name}` ({kind}s: {}){likely}", known.join(", "))
}
