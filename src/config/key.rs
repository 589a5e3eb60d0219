//! Reads a source's key, the only secret; no message here holds any part of it.

use std::fs;

use secrecy::SecretString;

use super::settings::{KeyOrigin, Source};
use crate::error::{Context, Error, Kind, Result};

impl Source {
    /// Reads the key from where the configuration says and drops one line break at its end.
    ///
    /// `environment` gives the value of a variable.
    ///
    /// # Errors
    /// [`Kind::Configuration`], naming variable or file, if there is no key, or if it holds
    /// anything but visible ASCII characters (a pasted space or line break within).
    pub fn read_key(&self, environment: &dyn Fn(&str) -> Option<String>) -> Result<SecretString> {
        let (text, place) = match &self.key {
            KeyOrigin::Environment(name) => {
                let place = format!("environment variable `{name}`");
                let text = environment(name).ok_or_else(|| self.refusal(&place, "is not set"))?;
                (text, place)
            }
            KeyOrigin::File(path) => {
                let place = format!("key file `{}`", path.display());
                let text = fs::read_to_string(path).context(Kind::Configuration, || {
                    format!("the {place} of source `{}` cannot be read", self.name)
                })?;
                (text, place)
            }
        };
        let key = text.strip_suffix('\n').unwrap_or(&text);
        let key = key.strip_suffix('\r').unwrap_or(key);
        if key.is_empty() {
            return Err(self.refusal(&place, "is empty"));
        }
        if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            let fault = "holds a space, a line break or another character that no key has";
            return Err(self.refusal(&place, fault));
        }
        Ok(SecretString::from(key))
    }

    fn refusal(&self, place: &str, fault: &str) -> Error {
        Error::new(
            Kind::Configuration,
            format!("the {place}, which should hold the key of source `{}`, {fault}", self.name),
        )
    }
}
