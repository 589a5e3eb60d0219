//! Calls a sibling account over plain sockets, with its credentials.

use std::ops::Deref;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paid_sync::emulator::{Sibling, SiblingFault, SiblingKind, SiblingOptions, SiblingTrouble};
use serde_json::Value;

use crate::support::http::{Answer, Cut, Line, text};

/// All kinds.
pub(super) const KINDS: [SiblingKind; 3] =
    [SiblingKind::PaidAiV1, SiblingKind::PaidAiV2, SiblingKind::AlternativePayments];

/// A running account and what its callers need.
pub(super) struct Caller {
    sibling: Sibling,
    prefix: &'static str,
    pub(super) authorization: String,
}

impl Deref for Caller {
    type Target = Sibling;

    fn deref(&self) -> &Sibling {
        &self.sibling
    }
}

impl Caller {
    /// Starts the usual account.
    pub(super) async fn start(kind: SiblingKind) -> Self {
        Self::start_with(kind, |_| ()).await
    }

    /// Starts an account that differs from the usual one.
    pub(super) async fn start_with(
        kind: SiblingKind,
        change: impl FnOnce(&mut SiblingOptions),
    ) -> Self {
        let mut options = SiblingOptions { kind, ..SiblingOptions::default() };
        change(&mut options);
        let prefix = match kind {
            SiblingKind::PaidAiV1 => "/api/v1",
            SiblingKind::PaidAiV2 => "/api/v2",
            SiblingKind::AlternativePayments => "",
        };
        let authorization = format!("Bearer {}", options.api_key);
        let sibling = Sibling::start(options).await.unwrap();
        assert!(sibling.base_url().ends_with(prefix));
        let mut caller = Self { sibling, prefix, authorization };
        if kind == SiblingKind::AlternativePayments {
            caller.authorization = caller.token();
        }
        caller
    }

    /// Asks for a token and gives the header that carries it.
    pub(super) fn token(&self) -> String {
        let answer = self.grant("client_emulator:secret_emulator", "grant_type=client_credentials");
        assert_eq!(answer.status, 200, "{}", answer.body);
        format!("Bearer {}", text(&answer.json(), "access_token"))
    }

    /// Asks for a token with credentials and a body.
    pub(super) fn grant(&self, credentials: &str, body: &str) -> Answer {
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        self.line().ask("POST", "/oauth/token", &basic, body).unwrap()
    }

    fn line(&self) -> Line {
        Line::to(&self.base_url())
    }

    /// Reads a path below the base.
    pub(super) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "")
    }

    /// Sends a request below the base.
    pub(super) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        self.ask_as(&self.authorization, method, path, body).unwrap()
    }

    /// Sends a request with another credential.
    pub(super) fn ask_as(
        &self,
        authorization: &str,
        method: &str,
        path: &str,
        body: &str,
    ) -> Result<Answer, Cut> {
        self.line().ask(method, &format!("{}{path}", self.prefix), authorization, body)
    }

    /// Calls an endpoint of the emulator itself.
    pub(super) fn control(&self, method: &str, path: &str, body: &str) -> Answer {
        self.line().ask(method, &format!("/_emulator{path}"), "none", body).unwrap()
    }

    /// Reads a list of v1.
    pub(super) fn array(&self, path: &str) -> Vec<Value> {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json().as_array().unwrap_or_else(|| panic!("{path} is no array")).clone()
    }

    /// Walks a list of v2 by offset.
    pub(super) fn walk_offsets(&self, path: &str, limit: usize) -> Vec<Value> {
        let mut all = Vec::new();
        loop {
            let offset = all.len();
            let answer = self.get(&format!("{path}?limit={limit}&offset={offset}"));
            let page = answer.data();
            let is_last = page.is_empty() || answer.json()["pagination"]["hasMore"] == false;
            all.extend(page);
            if is_last {
                return all;
            }
        }
    }

    /// Walks a list behind cursors; `query` goes along, and begins with `&` unless it is empty.
    pub(super) fn walk_cursors(&self, path: &str, limit: usize, query: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), String::new());
        loop {
            let answer = self.get(&format!("{path}?limit={limit}{query}{after}"));
            all.extend(answer.data());
            let page = answer.json();
            if page["has_next_page"] == false {
                return all;
            }
            after = format!("&after={}", encoded(text(&page, "end_cursor")));
        }
    }

    /// Reads every live object of a list.
    pub(super) fn objects(&self, list: &str) -> Vec<Value> {
        self.truth(list).unwrap_or_else(|| panic!("there is no list {list}"))
    }

    /// Orders a fault that strikes once.
    pub(super) fn break_once(&self, path: &str, what: SiblingTrouble) {
        self.fault(SiblingFault { path_prefix: path.to_owned(), skip: 0, times: 1, what });
    }
}

/// Encodes what a query cannot hold.
pub(super) fn encoded(text: &str) -> String {
    text.replace('%', "%25").replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
}

/// Takes out of objects what only the truth tells, and gives it beside them.
pub(super) fn parted(objects: Vec<Value>) -> Vec<(String, Value)> {
    let part = |mut object: Value| {
        let parent = object.as_object_mut().unwrap().remove("_parent").unwrap_or_default();
        (parent.as_str().unwrap_or_default().to_owned(), object)
    };
    objects.into_iter().map(part).collect()
}

/// Sorts objects, for lists whose order is no promise.
pub(super) fn sorted(mut objects: Vec<Value>) -> Vec<Value> {
    objects.sort_by_cached_key(Value::to_string);
    objects
}
