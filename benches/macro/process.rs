//! Processes, and what they cost.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use wait4::Wait4;

use crate::Outcome;

/// Present of the simulated account, so that every run meets the same one.
const NOW: &str = "2026-06-30T12:00:00Z";
const KEY: &str = "sk_test_emulator";

/// What a process cost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

/// Runs a command to its end; gives its cost and what it printed.
pub(crate) fn run(command: &mut Command) -> Outcome<(Cost, String, i32)> {
    let begun = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let mut printed = String::new();
    if let Some(output) = &mut child.stdout {
        output.read_to_string(&mut printed)?;
    }
    let ended = child.wait4()?;
    let cost = Cost {
        wall: begun.elapsed(),
        cpu: ended.rusage.utime + ended.rusage.stime,
        peak_bytes: ended.rusage.maxrss,
    };
    Ok((cost, printed, ended.status.code().unwrap_or(-1)))
}

/// An emulator in a process of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// Such as `http://127.0.0.1:8787`.
    pub(crate) address: String,
}

impl Server {
    /// Starts it.
    pub(crate) fn start(size: &str, latency: u64) -> Outcome<Self> {
        let latency = format!("{latency}ms");
        let mut child = Command::new(env!("CARGO_BIN_EXE_paid-sync"))
            .args(["emulate", "--port", "0", "--now", NOW, "--size", size, "--latency", &latency])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        let output = child.stderr.take().ok_or("the emulator has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.split_whitespace().find_map(|word| word.strip_suffix("/v0"));
        let address = address.ok_or_else(|| format!("the emulator said {line:?}"))?.to_owned();
        Ok(Self { child, address })
    }

    /// Asks a control route.
    pub(crate) fn control(&self, method: &str, path: &str) -> Outcome<String> {
        control(&self.address, method, path)
    }
}

/// Asks a control route of the emulator at an address.
pub(crate) fn control(address: &str, method: &str, path: &str) -> Outcome<String> {
    let url = format!("{address}/_emulator/{path}");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let request = client()?.request(method.parse()?, url);
        Ok(request.send().await?.error_for_status()?.text().await?)
    })
}

impl Drop for Server {
    fn drop(&mut self) {
        // A benchmark that ends has nothing else to do about a process that is gone already.
        let _gone = self.child.kill().and_then(|()| self.child.wait());
    }
}

/// Makes an HTTP client that knows the emulator's key.
pub(crate) fn client() -> Outcome<reqwest::Client> {
    let mut headers = reqwest::header::HeaderMap::new();
    let key = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("{KEY}:"));
    headers.insert("authorization", format!("Basic {key}").parse()?);
    // The provider may be there already.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    Ok(reqwest::Client::builder().default_headers(headers).build()?)
}

/// Writes the configuration of a mirror.
pub(crate) fn configure(home: &Path, server: &Server, width: usize) -> Outcome<()> {
    std::fs::create_dir_all(home)?;
    let text = format!(
        "[[source]]\nname = \"paid\"\nbase_url = \"{}/v0\"\nrequests_per_second = 100000\n\
         max_in_flight = {width}\n",
        server.address
    );
    Ok(std::fs::write(home.join("sync.toml"), text)?)
}

/// Runs `paid-sync sync`; gives its cost and its report.
pub(crate) fn sync(home: &Path, more: &[&str]) -> Outcome<(Cost, Value)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_paid-sync"));
    command.args(["sync", "--quiet", "--no-progress", "--format", "json", "--config"]);
    command.arg(home.join("sync.toml")).args(more).env("PAID_API_KEY", KEY).stderr(Stdio::null());
    let (cost, printed, code) = run(&mut command)?;
    let report: Value = serde_json::from_str(&printed)?;
    // 1: the account holds elements that belong to no table, as real ones do.
    if !matches!(code, 0 | 1) {
        return Err(format!("paid-sync ended with {code}: {report:#}").into());
    }
    Ok((cost, report))
}
