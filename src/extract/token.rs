//! A token that is asked for with other credentials, kept until it is about to expire (CONTRACT C1).

use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;

use super::http::{Answer, TransportError};

/// Time before its end at which a token is not used any more.
const MARGIN: Duration = Duration::from_mins(1);
/// How long a token lasts that does not say so (CONTRACT C1).
const USUAL_SECONDS: u64 = 3_600;

/// Why there is no token.
#[derive(Debug)]
pub(super) enum TokenRefused {
    /// No whole answer arrived.
    Unanswered(TransportError),
    /// An answer that holds no token.
    Answered(Answer),
}

/// What a request proves itself with.
pub(super) struct Credential {
    /// Value of the `Authorization` header.
    pub(super) header: SecretString,
    /// The token in it, if nobody has seen it before.
    pub(super) fresh: Option<SecretString>,
}

/// The token of one pair of credentials. One request at a time asks for it.
#[derive(Default)]
pub(super) struct Tokens {
    current: Mutex<Option<Token>>,
}

struct Token {
    header: SecretString,
    renew_at: Instant,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    expires_in: Option<u64>,
}

impl Tokens {
    /// Gives the token, asked for by `ask` unless one is known.
    pub(super) async fn current(
        &self,
        ask: impl Future<Output = Result<Answer, TransportError>>,
    ) -> Result<Credential, TokenRefused> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(Credential { header: token.header.clone(), fresh: None });
        }
        *current = None;
        let answer = ask.await.map_err(TokenRefused::Unanswered)?;
        let Some((text, lasts)) = read(&answer) else { return Err(TokenRefused::Answered(answer)) };
        // A token that hardly lasts is used for half of its time, not asked for with every request.
        let renew_at = Instant::now() + lasts.saturating_sub(MARGIN).max(lasts / 2);
        let header = SecretString::from(format!("Bearer {text}"));
        *current = Some(Token { header: header.clone(), renew_at });
        Ok(Credential { header, fresh: Some(SecretString::from(text)) })
    }

    /// Drops a token that was refused, unless another one took its place meanwhile.
    pub(super) async fn forget(&self, header: &SecretString) {
        let mut current = self.current.lock().await;
        let is_same = |token: &mut Token| token.header.expose_secret() == header.expose_secret();
        current.take_if(is_same);
    }
}

fn read(answer: &Answer) -> Option<(String, Duration)> {
    if !(200..300).contains(&answer.status) {
        return None;
    }
    let given: Given = serde_json::from_slice(&answer.body).ok()?;
    let text = given.access_token;
    let is_sendable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    let lasts = Duration::from_secs(given.expires_in.unwrap_or(USUAL_SECONDS));
    is_sendable.then_some((text, lasts))
}
