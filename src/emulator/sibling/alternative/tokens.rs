//! Access tokens (CONTRACT C1): given to a client that proves itself, good until they expire on the
//! simulated clock or are taken back.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use url::form_urlencoded;

use crate::emulator::sibling::dice::Dice;
use crate::emulator::sibling::exchange::{Ask, Reply};
use crate::emulator::sibling::options::{SiblingKind, SiblingOptions};

const KIND: SiblingKind = SiblingKind::AlternativePayments;

/// Keeps the tokens that are good.
#[derive(Debug)]
pub(crate) struct Tokens {
    dice: Dice,
    issued: u64,
    /// Holds the second from which on a token is no longer good.
    good: HashMap<String, i64>,
}

impl Tokens {
    /// Begins without tokens.
    pub(crate) fn new(seed: u64) -> Self {
        Self { dice: Dice::new(seed ^ 0x746f_6b65_6e73), issued: 0, good: HashMap::new() }
    }

    /// Counts the tokens given so far.
    pub(crate) fn issued(&self) -> u64 {
        self.issued
    }

    /// Takes all tokens back.
    pub(crate) fn revoke(&mut self) {
        self.good.clear();
    }

    /// Says whether a request carries a good token.
    pub(crate) fn let_in(&self, ask: &Ask) -> bool {
        let (scheme, token) = ask.header("authorization").split_once(' ').unwrap_or_default();
        let until = self.good.get(token.trim());
        scheme.eq_ignore_ascii_case("bearer") && until.is_some_and(|until| ask.now < *until)
    }

    /// Answers `POST /oauth/token`. Wrong credentials are answered with 403 (CONTRACT C-10).
    pub(crate) fn grant(&mut self, options: &SiblingOptions, ask: &Ask) -> Reply {
        let proof = format!("{}:{}", options.client_id, options.client_secret);
        let (scheme, given) = ask.header("authorization").split_once(' ').unwrap_or_default();
        let is_known = STANDARD.decode(given.trim()).is_ok_and(|given| given == proof.as_bytes());
        if !scheme.eq_ignore_ascii_case("basic") || !is_known {
            return Reply::error(KIND, 403, "The client credentials are not valid.");
        }
        let grant = form_urlencoded::parse(&ask.body).find(|(name, _)| name == "grant_type");
        match grant {
            None => Reply::invalid(KIND, 400, "grant_type", "is required, in a form body"),
            Some((_, grant)) if grant != "client_credentials" => {
                Reply::invalid(KIND, 400, "grant_type", "must be client_credentials")
            }
            Some(_) => {
                self.issued += 1;
                let token = self.dice.code("apt_", 40);
                let until = ask.now.saturating_add(options.token_seconds.into());
                self.good.insert(token.clone(), until);
                Reply::json(&json!({
                    "access_token": token,
                    "token_type": "Bearer",
                    "expires_in": options.token_seconds,
                }))
            }
        }
    }
}
