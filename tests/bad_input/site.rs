use std::fmt::{self, Display};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paid_sync::catalog::source_kind;
use paid_sync::database::{Access, Database};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::script::{Reply, Request, Script};

/// The key of every test, looked for in everything that the program says.
pub(crate) const KEY: &str = "sk_live_4fK9-never-to-be-shown";
/// An instant long before any window that the lookback reaches.
pub(crate) const LONG_AGO: i64 = 1_700_000_000;

/// A folder with a `sync.toml`, in which the program is run.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// Makes a folder with this configuration.
    pub(crate) fn configured(text: &str) -> Self {
        let site = Self { folder: tempfile::tempdir().unwrap() };
        site.configure(text);
        site
    }

    /// Makes a folder whose one source is at this address.
    pub(crate) fn mirroring(base_url: &str) -> Self {
        Self::configured(&one_source(base_url))
    }

    /// Makes a folder whose one source has only these streams, to be quick.
    pub(crate) fn mirroring_only(streams: &[&str], base_url: &str) -> Self {
        Self::configured(&format!("{}streams = {streams:?}\n", one_source(base_url)))
    }

    /// Replaces the configuration.
    pub(crate) fn configure(&self, text: &str) {
        std::fs::write(self.path("sync.toml"), text).unwrap();
    }

    /// Gives a path below the folder.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join(relative)
    }

    /// Runs the program with the key.
    pub(crate) fn run(&self, words: &str) -> Ended {
        self.run_with(words, &[("PAID_API_KEY", KEY)])
    }

    /// Runs the program with these variables and checks that it keeps the key to itself.
    pub(crate) fn run_with(&self, words: &str, variables: &[(&str, &str)]) -> Ended {
        let output = Command::new(env!("CARGO_BIN_EXE_paid-sync"))
            .args(words.split_whitespace())
            .current_dir(self.folder.path())
            .env_clear()
            .env("PAID_SYNC_RETRY_BASE_MS", "1")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let ended = Ended {
            words: words.to_owned(),
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        for secret in secrets() {
            assert!(!ended.stdout.contains(&secret), "stdout shows the key: {ended}");
            assert!(!ended.stderr.contains(&secret), "stderr shows the key: {ended}");
        }
        ended
    }

    /// Looks at what readers see.
    pub(crate) fn published(&self) -> Published {
        Published {
            snapshot: FileState::of(&self.path("warehouse/warehouse.duckdb")),
            tables: std::fs::read_link(self.path("warehouse/tables")).ok(),
        }
    }

    /// Checks that readers see what they saw, and that no file was left half-written.
    #[track_caller]
    pub(crate) fn assert_unchanged(&self, before: &Published) {
        assert!(self.published() == *before, "what readers see has changed");
        for path in files_below(self.folder.path()) {
            let is_part = path.extension().is_some_and(|ending| ending == "part");
            assert!(!is_part, "half-written: {}", path.display());
        }
    }

    /// Checks that readers find nothing, and that no file was left half-written.
    #[track_caller]
    pub(crate) fn assert_unpublished(&self) {
        self.assert_unchanged(&Published::default());
    }

    /// Checks that no file below the folder holds the key.
    #[track_caller]
    pub(crate) fn assert_keeps_the_key_out_of_files(&self) {
        for path in files_below(self.folder.path()) {
            let content = std::fs::read(&path).unwrap();
            for secret in secrets() {
                let mut windows = content.windows(secret.len());
                let is_there = windows.any(|window| window == secret.as_bytes());
                assert!(!is_there, "{} holds the key", path.display());
            }
        }
    }

    /// Gives the first column of a query on the snapshot.
    pub(crate) fn ask_snapshot(&self, sql: &str) -> Vec<String> {
        let path = self.path("warehouse/warehouse.duckdb");
        Database::open(&path, &Access::ReadOnly).unwrap().texts(sql, &[]).unwrap()
    }
}

/// Writes a configuration with one fast source.
pub(crate) fn one_source(base_url: &str) -> String {
    format!("[[source]]\nbase_url = \"{base_url}\"\nrequests_per_second = 10000\n")
}

/// Gives the key, and the form in which it travels.
pub(crate) fn secrets() -> [String; 2] {
    [KEY.to_owned(), STANDARD.encode(format!("{KEY}:"))]
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        // Links to directories lead to what is listed elsewhere.
        if entry.file_type().unwrap().is_dir() {
            files.extend(files_below(&entry.path()));
        } else if entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files
}

/// How the program ended.
pub(crate) struct Ended {
    words: String,
    code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// Checks the exit code and that stderr holds all these words.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, told: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{self}");
        for words in told {
            assert!(self.stderr.contains(words), "{words:?} is missing: {self}");
        }
        self
    }

    /// Reads stdout as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl Display for Ended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, code, stdout, stderr } = self;
        write!(formatter, "paid-sync {words} ended with {code:?}\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// What readers see of a warehouse.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Published {
    snapshot: Option<FileState>,
    tables: Option<PathBuf>,
}

impl Published {
    /// Tells whether there is a snapshot.
    pub(crate) fn is_there(&self) -> bool {
        self.snapshot.is_some() && self.tables.is_some()
    }
}

/// Content and time of a file.
#[derive(PartialEq, Eq)]
pub(crate) struct FileState {
    content: Vec<u8>,
    modified: SystemTime,
}

impl FileState {
    /// Looks at a file, if it is there.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let modified = std::fs::metadata(path).ok()?.modified().unwrap();
        Some(Self { content: std::fs::read(path).unwrap(), modified })
    }
}

/// Scripts an account with these lists; all others are empty.
pub(crate) fn serve_account(script: &Script, account_id: &str, lists: &[(&str, &[Value])]) {
    let account = json!({"object": "account", "id": account_id});
    script.answer("/account", move |_| Reply::json(200, &account));
    for spec in source_kind("paid").unwrap().streams {
        let given = lists.iter().find(|(path, _)| *path == spec.path);
        serve_list(script, spec.path, given.map_or(&[], |(_, elements)| *elements));
    }
}

/// Scripts a list that honours cursor, limit and `created_at`.
pub(crate) fn serve_list(script: &Script, path: &str, elements: &[Value]) {
    let elements = elements.to_vec();
    script.answer(path, move |request| Reply::list(&page(&elements, request)));
}

fn page(elements: &[Value], request: &Request) -> Vec<Value> {
    let number = |name| request.param(name).map(|text| text.parse::<i64>().unwrap());
    let (from, to) = (number("created_at[gt]"), number("created_at[lte]"));
    let limit = usize::try_from(number("pagination[limit]").unwrap()).unwrap();
    let asked = elements.iter().filter(|element| {
        let at = element["created_at"].as_i64();
        from.is_none_or(|from| at.is_some_and(|at| at > from))
            && to.is_none_or(|to| at.is_some_and(|at| at <= to))
    });
    let after = request.after();
    let is_before = |element: &&Value| after.as_deref().is_some_and(|id| element["id"] != id);
    let rest = asked.skip_while(is_before).skip(usize::from(after.is_some()));
    rest.take(limit).cloned().collect()
}

/// Makes a customer.
pub(crate) fn customer(id: &str, name: &str) -> Value {
    json!({"object": "customer", "id": id, "name": name, "created_at": LONG_AGO})
}
