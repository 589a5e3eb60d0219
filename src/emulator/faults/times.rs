//! How often a fault strikes.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// Counts how often a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// Strikes for ever.
    Always,
    /// Strikes so many times.
    Exactly(u32),
}

impl Times {
    /// Reads a number, where 0 is for ever.
    pub(crate) fn of(times: u32) -> Self {
        if times == 0 { Self::Always } else { Self::Exactly(times) }
    }

    /// Says whether a fault that struck so often strikes again.
    pub(crate) fn allows(self, fired: u64) -> bool {
        match self {
            Self::Always => true,
            Self::Exactly(times) => fired < u64::from(times),
        }
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Always => serializer.serialize_str("always"),
            Self::Exactly(times) => serializer.serialize_u32(*times),
        }
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number {
            Some(number) => Ok(Self::of(number)),
            None if value == "always" => Ok(Self::Always),
            None => Err(D::Error::custom("`times` must be a whole number or \"always\"")),
        }
    }
}
