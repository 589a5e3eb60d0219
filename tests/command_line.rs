//! Words, lines and errors of the command line, without running any command.

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};

use paid_sync::cli::args::{Arguments, Command, LogFormat, OutputFormat, Size, Stop, read};
use paid_sync::cli::failure;
use paid_sync::cli::printer::{Printer, PrinterOptions, check_output};
use paid_sync::cli::progress::Progress;
use paid_sync::error::{Error, Kind};
use paid_sync::model::{Event, Observer, Outcome, RowCounts, StreamStatus, Table};
use paid_sync::report::{Format, REPORTS};

fn words(line: &str, stdout_is_terminal: bool) -> Result<Arguments, Stop> {
    let words = ["paid-sync"].into_iter().chain(line.split_whitespace()).map(OsString::from);
    read(words, stdout_is_terminal)
}

fn understood(line: &str) -> Arguments {
    words(line, true).unwrap_or_else(|stop| panic!("{line}: {}", stop.text(false)))
}

/// A writer that keeps what it is given.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A writer that fails the same way every time.
#[derive(Debug)]
struct Failing(io::ErrorKind);

impl Write for Failing {
    fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Err(self.0.into())
    }
}

fn printer(options: PrinterOptions) -> (Printer, Kept, Kept) {
    let (stdout, stderr) = (Kept::default(), Kept::default());
    (Printer::writing_to(options, stdout.clone(), stderr.clone()), stdout, stderr)
}

fn json_printer() -> (Printer, Kept, Kept) {
    printer(PrinterOptions { log_format: LogFormat::Json, ..PrinterOptions::default() })
}

fn failed_sync() -> Error {
    let cause = Error::new(Kind::Network, "GET /invoices failed")
        .because(io::Error::other("reset by \u{1b}[31mpeer"));
    Error::new(Kind::Network, "stream `invoices` failed").because(cause)
}

#[test]
fn every_command_is_understood_with_its_defaults() {
    let arguments = understood("sync");
    assert!(matches!(arguments.command, Command::Sync { full: false, dry_run: false }));
    assert_eq!(arguments.global.config, Path::new("sync.toml"));
    assert_eq!(arguments.global.format, OutputFormat::Table);
    assert_eq!(arguments.global.log_format, LogFormat::Text);
    assert!(arguments.global.stream.is_empty() && !arguments.global.quiet);

    let Command::Demo(demo) = understood("demo").command else { panic!("demo") };
    assert_eq!((demo.dir.as_path(), demo.size, demo.seed), (Path::new("demo"), Size::Small, 1));
    let Command::Emulate(emulate) = understood("emulate").command else { panic!("emulate") };
    assert_eq!((emulate.port, emulate.size, emulate.page_cap), (8787, Size::Small, None));
    assert!(emulate.latency.is_zero() && emulate.now.is_none() && !emulate.hide_created_at);
    let Command::Verify(verify) = understood("verify --repair").command else { panic!("verify") };
    assert_eq!((verify.sample, verify.seed, verify.repair), (None, None, true));
    for line in ["verify --sample 0", "verify --seed 1"] {
        assert_eq!(words(line, true).unwrap_err().exit_code(), 2, "{line}");
    }
    for line in ["init", "check", "status", "streams", "report"] {
        understood(line);
    }
}

#[test]
fn flags_are_understood_before_and_after_the_command() {
    for line in [
        "--stream invoices,events -vv --no-progress --log-format json sync --full",
        "sync --full --stream invoices --stream events -v -v --log-format json --no-progress",
    ] {
        let Arguments { command, global } = understood(line);
        assert!(matches!(command, Command::Sync { full: true, .. }), "{line}");
        assert_eq!(global.stream, ["invoices", "events"], "{line}");
        assert_eq!((global.verbose, global.log_format), (2, LogFormat::Json), "{line}");
        assert!(global.no_progress, "{line}");
    }
    let Command::Report(words) = understood("report ar_aging --as-of 2026-10-31").command else {
        panic!("report")
    };
    assert_eq!(words.name.as_deref(), Some("ar_aging"));
    assert_eq!(words.as_of.map(|day| day.to_string()).as_deref(), Some("2026-10-31"));
    let line = "emulate --port 0 --size large --now 2026-11-01T00:00:00Z --page-cap 5 \
                --latency 20ms --hide-created-at --api-key secret";
    let arguments = understood(line);
    assert!(!format!("{arguments:?}").contains("secret"));
    let Command::Emulate(emulate) = arguments.command else { panic!("emulate") };
    assert_eq!(emulate.now.unwrap().as_second(), 1_793_491_200);
    assert_eq!((emulate.latency.as_millis(), emulate.page_cap), (20, Some(5)));
}

#[test]
fn wrong_words_end_with_exit_code_2_on_stderr() {
    for (line, told) in [
        ("", "Usage"),
        ("snyc", "sync"),
        ("sync --ful", "--full"),
        ("sync --quiet -v", "cannot be used with"),
        ("sync --format yaml", "table"),
        ("sync --format html", "for `report` only"),
        ("status --format parquet --output x", "for `report` only"),
        ("report --format parquet", "--output FILE"),
        ("report --as-of 2026-02-30", "YYYY-MM-DD"),
        ("report --as-of 2026-10-31T00", "YYYY-MM-DD"),
        ("report --as-of yesterday", "YYYY-MM-DD"),
        ("demo --size large", "`small` or `medium`"),
        ("demo --seed x", "--seed"),
        ("emulate --latency 20", "20ms"),
        ("emulate --latency -1s", "-1"),
        ("emulate --port 70000", "70000"),
        ("emulate --page-cap 0", "0"),
        ("emulate --now tomorrow", "--now"),
    ] {
        let stop = words(line, true).expect_err(line);
        assert!(stop.is_error(), "{line}");
        assert_eq!(stop.exit_code(), 2, "{line}");
        assert!(stop.text(false).contains(told), "{line}: {}", stop.text(false));
    }
    assert!(words("report --format parquet", false).is_ok(), "stdout is redirected");
    assert!(words("report --format parquet --output x", true).is_ok());
}

#[test]
fn help_and_version_are_data_and_every_command_shows_examples() {
    for line in [
        "--help",
        "demo --help",
        "init --help",
        "check --help",
        "sync --help",
        "status --help",
        "streams --help",
        "report --help",
        "emulate --help",
    ] {
        let stop = words(line, true).expect_err(line);
        assert_eq!((stop.is_error(), stop.exit_code()), (false, 0), "{line}");
        let text = stop.text(false);
        assert!(text.contains("Examples:\n  paid-sync "), "{line}\n{text}");
        assert!(!text.contains('`'), "help shows no markup of comments: {text}");
        let (printer, stdout, stderr) = printer(PrinterOptions::default());
        assert_eq!(failure::stop(&stop, &printer), ExitCode::from(0));
        assert_eq!((stdout.text(), stderr.text()), (text, String::new()));
    }
    assert!(words("--version", true).unwrap_err().text(false).starts_with("paid-sync "));
}

#[test]
fn help_of_a_report_is_its_contract_above_the_options() {
    for report in REPORTS {
        let contract = report.contract().unwrap();
        let stop = words(&format!("report {} --help", report.name), true).expect_err(report.name);
        assert_eq!((stop.is_error(), stop.exit_code()), (false, 0), "{}", report.name);
        let text = stop.text(false);
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.starts_with(&format!("{}: {}", report.name, contract.title)), "{text}");
        // Lines are folded: what is said is compared, not where it breaks.
        let told = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = told(&text);
        let said =
            [&contract.question, &contract.description, &contract.grain, &contract.tie_out.claim]
                .into_iter()
                .cloned()
                .chain(contract.parameters.iter().map(|parameter| {
                    let (name, kind) = (&parameter.name, &parameter.sql_type);
                    format!("{name} ({kind}): {} Default: {}", parameter.meaning, parameter.default)
                }))
                .chain(contract.columns.iter().map(|column| {
                    let (name, kind) = (&column.name, &column.sql_type);
                    format!("{name} ({kind}, {}): {}", column.unit, column.meaning)
                }))
                .chain(["--as-of <DATE>".to_owned(), "--known-at <INSTANT>".to_owned()]);
        for said in said {
            assert!(text.contains(&told(&said)), "{said}\n{text}");
        }
    }
    let plain = words("report --help", true).unwrap_err().text(false);
    for line in ["report -h ar_aging", "--quiet report ar_aging --as-of 2026-01-31 --help"] {
        let text = words(line, true).unwrap_err().text(false);
        assert!(text.starts_with("ar_aging: ") && text.len() > plain.len(), "{line}: {text}");
    }
    let stop = words("report ar_agin --help", true).unwrap_err();
    assert_eq!(stop.exit_code(), 2);
    assert!(stop.text(false).contains("did you mean `ar_aging`?"), "{}", stop.text(false));
}

#[test]
fn examples_in_the_help_are_understood() {
    let mut tried = 0;
    for line in ["demo", "init", "check", "sync", "status", "streams", "report", "emulate"] {
        let help = words(&format!("{line} --help"), true).unwrap_err().text(false);
        for example in help.lines().filter_map(|line| line.strip_prefix("  paid-sync ")) {
            // What it does may stand beside it.
            let example = example.split("  ").next().unwrap();
            if !example.ends_with("--help") {
                understood(example);
            }
            tried += 1;
        }
    }
    assert!(tried >= 16, "{tried}");
}

#[test]
fn an_error_is_printed_once_with_causes_and_advice() {
    let (printer, stdout, stderr) = printer(PrinterOptions::default());
    assert_eq!(failure::report(&failed_sync(), &printer), ExitCode::from(3));
    assert_eq!(stdout.text(), "");
    assert_eq!(
        stderr.text(),
        format!(
            "error: stream `invoices` failed\n  because: GET /invoices failed\n  \
             because: reset by \u{fffd}[31mpeer\n  help: {}\n",
            Kind::Network.hint().unwrap()
        )
    );
}

#[test]
fn a_cause_that_the_sentence_already_tells_is_not_repeated() {
    let error = Error::new(Kind::Degraded, "loading failed: disk full")
        .because(io::Error::other("disk full"));
    assert_eq!(failure::describe(&error), "error: loading failed: disk full");
    let error = Error::new(Kind::Degraded, "2 problems:\na:1: x\na:2: y");
    assert_eq!(failure::describe(&error), "error: 2 problems:\n  a:1: x\n  a:2: y");
}

#[test]
fn an_error_is_one_line_where_logs_are_json() {
    let (printer, _, stderr) = json_printer();
    failure::report(&failed_sync(), &printer);
    assert_eq!(stderr.text().lines().count(), 1);
    let read: serde_json::Value = serde_json::from_str(&stderr.text()).unwrap();
    assert_eq!(read["level"], "ERROR");
    assert_eq!(read["message"], "stream `invoices` failed");
    assert_eq!(read["causes"][1], "reset by \u{1b}[31mpeer");
    assert_eq!(read["exit_code"], 3);
    assert!(read["timestamp"].is_string() && read["help"].is_string());
}

#[test]
fn quiet_keeps_notes_back_but_not_warnings() {
    for (quiet, told) in [(false, "note\nwarning: look\n"), (true, "warning: look\n")] {
        let (printer, stdout, stderr) = printer(PrinterOptions { quiet, ..Default::default() });
        printer.note("note");
        printer.warning("look");
        printer.data(b"data").unwrap();
        assert_eq!((stdout.text().as_str(), stderr.text().as_str()), ("data", told));
    }
}

#[test]
fn a_reader_that_went_away_is_no_error_but_a_full_disk_is() {
    let gone = |kind| Printer::writing_to(PrinterOptions::default(), Failing(kind), Failing(kind));
    let printer = gone(io::ErrorKind::BrokenPipe);
    printer.data(b"x").unwrap();
    printer.data(b"y").unwrap();
    printer.warning("nobody reads this");
    let error = gone(io::ErrorKind::StorageFull).data(b"x").unwrap_err();
    assert_eq!(error.kind(), Kind::Disk);
}

#[test]
fn an_output_file_is_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("out.csv");
    std::fs::write(&output, "something older and longer").unwrap();
    let options = PrinterOptions { output: Some(output.clone()), ..PrinterOptions::default() };
    let (printer, stdout, _) = printer(options);
    printer.table(&Table::new(&[]), Format::Json).unwrap();
    assert_eq!(std::fs::read_to_string(&output).unwrap(), "[]\n");
    assert_eq!(stdout.text(), "");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
}

#[test]
fn an_output_file_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("missing").join("out.csv");
    assert_eq!(check_output(&output).unwrap_err().kind(), Kind::Usage);
    check_output(&PathBuf::from("out.csv")).unwrap();
    let options = PrinterOptions { output: Some(output), ..PrinterOptions::default() };
    let error = printer(options).0.data(b"x").unwrap_err();
    assert_eq!(error.kind(), Kind::Disk);
    assert!(error.to_string().contains("missing"), "{error}");
    check_output(Path::new("/dev/null")).unwrap();
    let options =
        PrinterOptions { output: Some(PathBuf::from("/dev/null")), ..PrinterOptions::default() };
    printer(options).0.data(b"x").unwrap();
    assert!(!Path::new("/dev/null").is_file(), "a device is written to, not replaced");
}

#[test]
fn a_run_is_told_in_lines_where_there_is_no_terminal() {
    let (printer, stdout, stderr) = printer(PrinterOptions::default());
    let progress = Progress::new(&printer);
    let (source, stream) = ("paid", "invoices");
    let mut outcome = Outcome {
        status: StreamStatus::Complete,
        rows: RowCounts {
            received: 7,
            inserted: 4,
            updated: 1,
            unchanged: 2,
            ..RowCounts::default()
        },
        note: None,
    };
    progress.notify(&Event::StreamStarted { source, stream, plan: "full walk", is_resumed: false });
    progress.notify(&Event::PageFetched {
        source,
        stream,
        rows: 7,
        total_pages: Some(1),
        pages_left: None,
    });
    progress.notify(&Event::Committed { source, stream, inserted: 4, updated: 1 });
    progress.notify(&Event::Retrying {
        path: "/invoices",
        reason: "503",
        attempt: 1,
        wait_seconds: 0.25,
    });
    progress.notify(&Event::StreamFinished { source, stream, outcome: &outcome });
    outcome.status = StreamStatus::Forbidden;
    outcome.rows.quarantined = 3;
    outcome.note = Some("key\u{1b} refused".to_owned());
    progress.notify(&Event::StreamFinished { source, stream: "users", outcome: &outcome });
    progress.notify(&Event::Warning { text: "odd" });
    progress.notify(&Event::Publishing);
    progress.notify(&Event::Published { run: "r1" });
    drop(progress);
    assert_eq!(stdout.text(), "");
    assert_eq!(
        stderr.text(),
        "\
paid.invoices: full walk
/invoices: 503; attempt 1 failed, next in 0.2 s
paid.invoices: complete, 7 received: 4 new, 1 changed, 2 unchanged
warning: paid.users: forbidden, 7 received: 4 new, 1 changed, 2 unchanged, 3 quarantined; key\u{fffd} refused
warning: odd
publishing the snapshot
published run r1
"
    );
}
