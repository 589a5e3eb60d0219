//! Foreign text made fit for logs and errors: no secret, no control character, bounded.

use std::sync::{PoisonError, RwLock};

use secrecy::{ExposeSecret, SecretString};

/// Replaces the credential wherever it is echoed.
pub(super) struct Cleaner {
    secrets: RwLock<Vec<SecretString>>,
}

impl Cleaner {
    /// Takes every form in which the credential could be echoed; empty forms are ignored.
    pub(super) fn new(secrets: Vec<SecretString>) -> Self {
        let secrets = secrets.into_iter().filter(|s| !s.expose_secret().is_empty()).collect();
        Self { secrets: RwLock::new(secrets) }
    }

    /// Takes another secret, such as a token just given.
    pub(super) fn learn(&self, secret: SecretString) {
        self.secrets.write().unwrap_or_else(PoisonError::into_inner).push(secret);
    }

    /// Gives the text of foreign bytes, at most `limit` bytes of it.
    pub(super) fn clean(&self, bytes: &[u8], limit: usize) -> String {
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        // Before cutting: half a key would not be recognised.
        for secret in self.secrets.read().unwrap_or_else(PoisonError::into_inner).iter() {
            text = text.replace(secret.expose_secret(), "[key]");
        }
        let mut cleaned = String::with_capacity(text.len().min(limit));
        for character in text.chars() {
            let shown = if is_invisible(character) { ' ' } else { character };
            if cleaned.len() + shown.len_utf8() > limit {
                break;
            }
            cleaned.push(shown);
        }
        cleaned
    }
}

/// Control characters, and marks that reorder the text around them.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}
