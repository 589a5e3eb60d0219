//! One request, one answer. The only file that knows the HTTP library; it decides nothing.

use std::net::IpAddr;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use reqwest::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::retry;
use super::token::{Credential, TokenRefused, Tokens};
use crate::catalog::Authentication;
use crate::error::{Context, Error, Kind, Result};

/// Time-outs of the official client (CONTRACT A1.1).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);
/// Bytes of a body that are read when the status says that it is no data.
const ERROR_BODY_BYTES: usize = 64 * 1024;
/// Header of paid.ai that says when requests are welcome again (CONTRACT B1).
static RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");
/// Largest buffer made on the word of a `Content-Length` header alone.
const TRUSTED_LENGTH: usize = 1024 * 1024;

/// Why a request has no whole answer. Never holds an address or a header.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Connecting, sending or receiving failed, or took too long.
    #[error("the connection failed")]
    Request(#[source] reqwest::Error),
    /// The body is larger than allowed.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// Bytes allowed.
        limit: usize,
    },
}

impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        Self::Request(error.without_url())
    }
}

/// An answer as received.
#[derive(Debug)]
pub(super) struct Answer {
    /// HTTP status.
    pub(super) status: u16,
    /// `Date` header, microseconds since the Unix epoch.
    pub(super) date: Option<i64>,
    /// `Retry-After` header.
    pub(super) retry_after: Option<Duration>,
    /// Decompressed body; of an error only its start.
    pub(super) body: Bytes,
}

/// A connection pool for one base address and credential.
pub(super) struct Transport {
    client: reqwest::Client,
    base: Url,
    /// Value of the `Authorization` header; with `tokens`, of the request for one only.
    header: SecretString,
    tokens: Option<Tokens>,
    max_body_bytes: usize,
}

impl Transport {
    /// Makes a pool; fails with `Configuration` if address or key cannot be used.
    pub(super) fn new(
        base: Url,
        authentication: Authentication,
        key: &SecretString,
        max_body_bytes: usize,
    ) -> Result<Self> {
        let loopback = check_base(&base)?;
        let client = build_client(&base, loopback)
            .context(Kind::Configuration, || "the HTTP client cannot be set up")?;
        let header = header_of(&client, &base, authentication, key)?;
        let tokens = (authentication == Authentication::ClientCredentials).then(Tokens::default);
        Ok(Self { client, base, header, tokens, max_body_bytes })
    }

    /// Gives the address that all paths are below.
    pub(super) fn base(&self) -> &Url {
        &self.base
    }

    /// Gives what must not be shown anywhere, besides the key: the credential as it stands in the
    /// header after the scheme.
    pub(super) fn secret(&self) -> SecretString {
        let text = self.header.expose_secret();
        text.split_once(' ').map_or("", |(_, credential)| credential).into()
    }

    /// Gives what requests prove themselves with.
    pub(super) async fn credential(&self) -> Result<Credential, TokenRefused> {
        match &self.tokens {
            None => Ok(Credential { header: self.header.clone(), fresh: None }),
            Some(tokens) => tokens.current(self.ask_for_token()).await,
        }
    }

    /// Drops a token that was refused; `false` if the credential is no token.
    pub(super) async fn forget(&self, header: &SecretString) -> bool {
        let Some(tokens) = &self.tokens else { return false };
        tokens.forget(header).await;
        true
    }

    /// Sends a GET. `path` starts with `/` and is percent-encoded already; `query` is not.
    pub(super) async fn get(
        &self,
        path: &str,
        query: &[(String, String)],
        header: &SecretString,
    ) -> Result<Answer, TransportError> {
        self.send(self.client.get(self.address(path, query)), header).await
    }

    /// The only POST of the mirror (DESIGN I6).
    async fn ask_for_token(&self) -> Result<Answer, TransportError> {
        let request = self
            .client
            .post(self.address("/oauth/token", &[]))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        self.send(request, &self.header).await
    }

    async fn send(
        &self,
        request: reqwest::RequestBuilder,
        credential: &SecretString,
    ) -> Result<Answer, TransportError> {
        let request = request
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, sensitive(credential.expose_secret()));
        let response = request.send().await?;
        let date =
            header(response.headers(), &DATE).and_then(|date| httpdate::parse_http_date(date).ok());
        let retry_after = header(response.headers(), &RETRY_AFTER)
            .and_then(|value| retry::retry_after(value, date))
            .or_else(|| {
                let reset = header(response.headers(), &RATE_LIMIT_RESET)?;
                retry::rate_limit_reset(reset, date)
            });
        let status = response.status();
        let body = if status.is_success() {
            read_whole(response, self.max_body_bytes).await?
        } else {
            read_start(response, self.max_body_bytes.min(ERROR_BODY_BYTES)).await
        };
        Ok(Answer { status: status.as_u16(), date: date.and_then(microseconds), retry_after, body })
    }

    fn address(&self, path: &str, query: &[(String, String)]) -> Url {
        let mut address = self.base.clone();
        address.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            address.query_pairs_mut().extend_pairs(query);
        }
        address
    }
}

/// Microseconds since the Unix epoch by the local clock, for answers that carry no `Date`.
pub(super) fn local_now() -> i64 {
    microseconds(SystemTime::now()).unwrap_or_default()
}

fn microseconds(instant: SystemTime) -> Option<i64> {
    i64::try_from(instant.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_micros()).ok()
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Accepts `https`, and `http` to this machine only (CONTRACT A1.1); tells which of the two.
fn check_base(base: &Url) -> Result<bool> {
    let refuse = |why: &str| Err(Error::new(Kind::Configuration, format!("`base_url` {why}")));
    let loopback = match base.host() {
        None => return refuse("names no host"),
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
    };
    match base.scheme() {
        "https" => {}
        "http" if loopback => {}
        "http" => return refuse("uses http, which is accepted for loopback addresses only"),
        _ => return refuse("must start with https"),
    }
    if !base.username().is_empty() || base.password().is_some() {
        return refuse("must not hold a user name or password");
    }
    if base.query().is_some() || base.fragment().is_some() {
        return refuse("must not hold `?` or `#`");
    }
    Ok(loopback)
}

fn build_client(base: &Url, loopback: bool) -> reqwest::Result<reqwest::Client> {
    static PROVIDER: Once = Once::new();
    // An error means that the process has a provider already, which serves as well.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("paid-sync/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TOTAL_TIMEOUT)
        // A redirect could carry the credential to another host (CONTRACT A1.1).
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never());
    if loopback {
        // A proxy cannot reach this machine's loopback, and must not see the key.
        builder = builder.no_proxy();
    }
    if base.scheme() == "http" {
        // Without TLS no certificate is needed, and none may be installed.
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

/// Gives the value of the `Authorization` header that the key makes.
fn header_of(
    client: &reqwest::Client,
    base: &Url,
    authentication: Authentication,
    key: &SecretString,
) -> Result<SecretString> {
    let unusable = |why: &str| Error::new(Kind::Configuration, format!("the key {why}"));
    let key = key.expose_secret();
    if key.trim().is_empty() {
        return Err(unusable("is empty"));
    }
    let request = client.get(base.clone());
    let request = match authentication {
        Authentication::BasicKey => request.basic_auth(key, None::<&str>),
        Authentication::BearerKey => request.bearer_auth(key),
        Authentication::ClientCredentials => match key.split_once(':') {
            Some((id, secret)) if !id.is_empty() && !secret.is_empty() => {
                request.basic_auth(id, Some(secret))
            }
            _ => return Err(unusable("must be client id and client secret with `:` between")),
        },
    };
    // The library's error is dropped: it could quote the header.
    let request = request.build().map_err(|_| unusable("holds characters no header can carry"))?;
    let header = request.headers().get(AUTHORIZATION).and_then(|header| header.to_str().ok());
    header.map(SecretString::from).ok_or_else(|| unusable("gives no credential"))
}

/// Makes a header that is not shown by whoever logs requests.
fn sensitive(text: &str) -> HeaderValue {
    // What is no header text was refused before it came here.
    let mut header = HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

async fn read_whole(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Bytes, TransportError> {
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(TransportError::TooLarge { limit });
    }
    let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(TRUSTED_LENGTH));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Err(TransportError::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Reads as much as there is and fits: the status counts even if the body breaks off.
async fn read_start(mut response: reqwest::Response, limit: usize) -> Bytes {
    let mut body = BytesMut::new();
    while body.len() < limit
        && let Ok(Some(chunk)) = response.chunk().await
    {
        body.extend_from_slice(&chunk);
    }
    body.truncate(limit);
    body.freeze()
}
