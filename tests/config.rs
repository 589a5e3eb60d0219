//! `sync.toml` and its overrides: what is accepted, what is refused, and how it is said.

use std::path::{Path, PathBuf};

use paid_sync::config::{
    self, KeyOrigin, Place, Problem, Readers, Sensitive, Settings, TEMPLATE, parse,
};
use paid_sync::error::Kind;

const KEY: &str = "sk_live_hunter2";

fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parsed(text: &str, pairs: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    parse(text, Path::new("sync.toml"), &variables(pairs))
}

fn accepted(text: &str) -> Settings {
    parsed(text, &[]).unwrap_or_else(|problems| panic!("{text}\n{problems:#?}"))
}

fn messages(text: &str, pairs: &[(&str, &str)]) -> Vec<String> {
    let problems = parsed(text, pairs).expect_err(text);
    problems.iter().map(ToString::to_string).collect()
}

fn only_message(text: &str, pairs: &[(&str, &str)]) -> String {
    let all = messages(text, pairs);
    assert_eq!(all.len(), 1, "{text}\n{all:#?}");
    all.into_iter().next().unwrap()
}

/// A source with one more line, which is line 2.
fn source_with(line: &str) -> String {
    format!("[[source]]\n{line}\n")
}

#[test]
fn the_template_says_the_defaults() {
    let (template, bare) = (accepted(TEMPLATE), accepted("[[source]]"));
    assert_eq!(template.warehouse, bare.warehouse);
    assert_eq!(template.sync, bare.sync);
    assert_eq!(format!("{:?}", template.sources), format!("{:?}", bare.sources));

    assert_eq!(bare.warehouse.dir, Path::new("warehouse"));
    assert_eq!(bare.warehouse.readers, Readers::Group);
    assert_eq!(bare.warehouse.report_timezone, "UTC");
    assert_eq!(bare.sync.settle_lag, 60);
    assert_eq!(bare.sync.lookback, 3 * 86_400);
    assert_eq!(bare.sync.rewalk_every, 7 * 86_400);
    assert_eq!(bare.sync.refresh_budget, 500);
    assert_eq!(bare.sync.sensitive, Sensitive::Keep);
    let [source] = bare.sources.as_slice() else { panic!("one source") };
    assert_eq!((source.name.as_str(), source.kind.name), ("paid", "paid"));
    assert_eq!(source.base_url.as_str(), "https://api.paidlabs.com/v0");
    assert_eq!(source.key, KeyOrigin::Environment("PAID_API_KEY".to_owned()));
    assert_eq!((source.page_size, source.requests_per_second, source.max_in_flight), (100, 4, 2));
    assert_eq!(source.default_currency, None);
    assert!(source.kind.streams.iter().all(|stream| source.selects(stream.name)));
}

#[test]
fn the_template_shows_every_setting() {
    // Each commented-out setting must be one that works.
    let uncommented = TEMPLATE
        .replace("# default_currency", "default_currency")
        .replace("api_key_env = \"PAID_API_KEY\"\n", "")
        .replace("# api_key_file", "api_key_file");
    let source = &accepted(&uncommented).sources[0];
    assert_eq!(source.default_currency.as_deref(), Some("usd"));
    assert_eq!(source.key, KeyOrigin::File(PathBuf::from("paid.key")));
}

/// A line of a source, and what is said about it.
const BAD_LINES: &[(&str, &str)] = &[
    ("lookbak = 1", "unknown key `lookbak`"),
    ("pagesize = 10", "unknown key `pagesize` (did you mean `page_size`?)"),
    (
        "kind = \"payd\"",
        "unknown kind `payd`; known: paid, paid-ai, alternative-payments (did you mean `paid`?)",
    ),
    ("api_version = \"v2\"", "sources of kind `paid` have no `api_version`"),
    (
        "streams = [\"invoces\"]",
        "unknown stream `invoces`; `paid-sync streams` lists them (did you mean `invoices`?)",
    ),
    (
        "streams = [\"*\", \"!webhook\"]",
        "unknown stream `webhook`; `paid-sync streams` lists them (did you mean `webhooks`?)",
    ),
    ("streams = []", "`streams` selects nothing; [\"*\"] selects all"),
    ("streams = [\"events\", \"!events\"]", "`streams` selects nothing; [\"*\"] selects all"),
    ("streams = \"*\"", "`streams` must be a list, such as [\"*\"], not text"),
    ("streams = [1]", "`streams` must be a list of texts in quotes, not a number"),
    ("page_size = 1.5", "`page_size` must be a whole number without quotes, not a fraction"),
    ("page_size = \"9\"", "`page_size` must be a whole number without quotes, not text"),
    (
        "default_currency = \"dollar\"",
        "`default_currency` must be a code of three letters, such as \"usd\"",
    ),
    ("name = \"\"", "`name` must not be empty"),
    ("name = 5", "`name` must be text in quotes, not a number"),
    ("api_key_env = true", "`api_key_env` must be text in quotes, not true or false"),
    ("api_key_env = \"A\"\napi_key_file = \"b\"", "give `api_key_env` or `api_key_file`, not both"),
];

#[test]
fn one_bad_line_gives_one_message_with_file_line_and_advice() {
    for (line, message) in BAD_LINES {
        // The last of several lines is the one that is wrong.
        let place = 1 + line.lines().count();
        let told = only_message(&source_with(line), &[]);
        assert_eq!(told, format!("sync.toml:{place}: {message}"));
    }
}

#[test]
fn numbers_stay_within_their_bounds() {
    for (key, most) in
        [("page_size", 1_000), ("requests_per_second", 100_000), ("max_in_flight", 64)]
    {
        for good in [1, most] {
            accepted(&source_with(&format!("{key} = {good}")));
        }
        for bad in ["0", "-1", "99999999999999999999", &(most + 1).to_string()] {
            let told = only_message(&source_with(&format!("{key} = {bad}")), &[]);
            assert_eq!(
                told,
                format!("sync.toml:2: `{key}` must be a whole number from 1 to {most}")
            );
        }
    }
}

#[test]
fn bad_values_of_the_other_sections_are_explained() {
    let cases: &[(&str, &str)] = &[
        ("[warehous]", "unknown key `warehous` (did you mean `warehouse`?)"),
        ("[sync]\nlookbak = \"3d\"", "unknown key `lookbak` (did you mean `lookback`?)"),
        (
            "[warehouse]\nreaders = \"grup\"",
            "`readers` must be one of \"owner\", \"group\", \"all\", not `grup` (did you mean `group`?)",
        ),
        (
            "[sync]\nsensitive = \"Drop\"",
            "`sensitive` must be one of \"keep\", \"hash\", \"drop\", not `Drop` (did you mean `drop`?)",
        ),
        (
            "[warehouse]\nreport_timezone = \"Europe/Zurch\"",
            "`Europe/Zurch` is no IANA time zone, such as \"Europe/Zurich\" (did you mean `Europe/Zurich`?)",
        ),
        ("[warehouse]\ndir = \"\"", "`dir` must not be empty"),
        (
            "[sync]\nrefresh_budget = 1000001",
            "`refresh_budget` must be a whole number from 0 to 1000000",
        ),
        ("[sync]\nsettle_lag = \"25h\"", "`settle_lag` must be at most \"1d\""),
        ("[sync]\nlookback = \"99999999999999999999d\"", "`lookback` must be at most \"365d\""),
        ("[sync]\nlookback = 3", "`lookback` must be text in quotes, not a number"),
        ("sync = 3", "`sync` must be a table; write `[sync]`, not a number"),
    ];
    for (section, message) in cases {
        let place = section.lines().count();
        let told = only_message(&format!("{section}\n[[source]]\n"), &[]);
        assert_eq!(told, format!("sync.toml:{place}: {message}"));
    }
    assert_eq!(
        only_message("[source]\nname = \"a\"", &[]),
        "sync.toml:1: `source` must be a list of tables; write `[[source]]`, not a table"
    );
}

#[test]
fn spans_of_time_are_a_number_and_a_unit() {
    let lookback = |text: &str| parsed(&format!("[sync]\nlookback = \"{text}\"\n[[source]]"), &[]);
    for (text, seconds) in [
        ("0s", 0),
        ("90s", 90),
        ("15m", 900),
        ("12h", 43_200),
        ("3d", 259_200),
        ("365d", 31_536_000),
    ] {
        assert_eq!(lookback(text).unwrap().sync.lookback, seconds, "{text}");
    }
    for text in ["3", "d", "-3d", "+3d", "3 d", "1.5d", "3w", "3D", "3dd", "1d12h", "٣d", "3ä"] {
        let problems = lookback(text).expect_err(text);
        assert!(problems[0].message.contains("a number and one of s, m, h, d"), "{text}");
    }
}

#[test]
fn source_names_follow_the_pattern_and_avoid_what_the_warehouse_uses() {
    let name = |name: &str| parsed(&source_with(&format!("name = \"{name}\"")), &[]);
    let longest = "a".repeat(31);
    for good in ["a", "paid", "paid_2", "history", "a__b", longest.as_str()] {
        assert_eq!(name(good).unwrap().sources[0].name, good);
    }
    let too_long = "a".repeat(32);
    for bad in ["Paid", "1a", "_a", "a-b", "a b", "ä", "a.b", "a\\u0000", too_long.as_str()] {
        let problems = name(bad).expect_err(bad);
        assert!(problems[0].message.contains("must begin with a letter a-z"), "{bad}");
    }
    for reserved in [
        "warehouse",
        "reports",
        "model",
        "conformed",
        "main",
        "information_schema",
        "work",
        "working",
        "temp",
        "system",
        "pg_catalog",
        "memory",
    ] {
        let problems = name(reserved).expect_err(reserved);
        assert!(problems[0].message.contains("is reserved"), "{reserved}");
    }
    let problems = name("paid_history").unwrap_err();
    assert!(problems[0].message.contains("must not end in `_history`"));
}

#[test]
fn two_sources_cannot_share_a_name() {
    let message = "another source is already named `paid`; give this account a `name` of its own";
    assert_eq!(
        only_message("[[source]]\n[[source]]\nname = \"paid\"", &[]),
        format!("sync.toml:3: {message}")
    );
    // Neither says its name, so the second table is the place.
    assert_eq!(only_message("[[source]]\n[[source]]", &[]), format!("sync.toml:2: {message}"));
    assert_eq!(accepted("[[source]]\n[[source]]\nname = \"other\"").sources.len(), 2);
}

#[test]
fn a_file_without_sources_shows_the_lines_to_add() {
    for (text, line) in [("", 1), ("[sync]\n\n", 1), ("source = []\n[warehouse]", 2)] {
        assert_eq!(
            only_message(text, &[]),
            format!(
                "sync.toml:{line}: at least one source is needed: add a line `[[source]]` and, \
                 below it, `name = \"paid\"` and `api_key_env = \"PAID_API_KEY\"`"
            )
        );
    }
}

#[test]
fn base_urls_are_https_or_this_machine() {
    let url = |url: &str| parsed(&source_with(&format!("base_url = \"{url}\"")), &[]);
    for (given, kept) in [
        ("https://api.example.com/v0", "https://api.example.com/v0"),
        ("https://api.example.com/v0/", "https://api.example.com/v0"),
        ("https://api.example.com", "https://api.example.com/"),
        ("http://127.0.0.1:8787", "http://127.0.0.1:8787/"),
        ("http://127.9.9.9", "http://127.9.9.9/"),
        ("http://[::1]:80/v0", "http://[::1]/v0"),
        ("http://LOCALHOST:8787/v0", "http://localhost:8787/v0"),
    ] {
        assert_eq!(url(given).unwrap().sources[0].base_url.as_str(), kept, "{given}");
    }
    for (given, fault) in [
        ("http://api.example.com", "must use https"),
        ("http://128.0.0.1", "must use https"),
        ("http://0.0.0.0", "must use https"),
        ("http://[::2]", "must use https"),
        ("http://[::ffff:127.0.0.1]", "must use https"),
        ("http://localhost.example.com", "must use https"),
        ("http://127.0.0.1.example.com", "must use https"),
        ("http://127.0.0.1@example.com", "must use https"),
        ("ftp://127.0.0.1", "must begin with `https://`"),
        ("file:///etc/passwd", "must begin with `https://`"),
        ("mailto:a@b", "must begin with `https://`"),
        ("api.example.com", "is not a URL"),
        ("https://", "is not a URL"),
        ("https://user@example.com", "must not hold a user name or password"),
        ("https://:word@example.com", "must not hold a user name or password"),
        ("https://example.com?a=b", "must not hold a query"),
        ("https://example.com#a", "must not hold a query"),
    ] {
        let problems = url(given).expect_err(given);
        assert_eq!(problems.len(), 1, "{given}");
        assert!(problems[0].message.contains(fault), "{given}: {}", problems[0]);
    }
}

#[test]
fn stream_lists_add_and_leave_out() {
    let chosen = |list: &str| {
        let settings = accepted(&source_with(&format!("streams = {list}")));
        settings.sources[0].streams.names().collect::<Vec<_>>()
    };
    let mut all = chosen("[\"*\"]");
    assert!(all.contains(&"webhooks") && all.contains(&"invoices"));
    assert_eq!(chosen("[\"invoices\", \"events\", \"invoices\"]"), ["events", "invoices"]);
    all.retain(|name| !["webhooks", "customers"].contains(name));
    assert_eq!(chosen("[\"!webhooks\", \"*\", \"!customers\"]"), all);
    assert_eq!(chosen("[\"!webhooks\", \"!customers\"]"), all);

    let source = &accepted(&source_with("streams = [\"*\", \"!plans\"]")).sources[0];
    assert!(source.selects("invoices") && !source.selects("plans") && !source.selects("nothing"));
}

#[test]
fn kinds_have_versions_names_and_paces_of_their_own() {
    let source = |lines: &str| accepted(&format!("[[source]]\n{lines}\n")).sources.remove(0);
    let first = source("kind = \"paid-ai\"");
    assert_eq!((first.name.as_str(), first.kind.identity().as_str()), ("paid_ai", "paid-ai v1"));
    assert_eq!(first.key, KeyOrigin::Environment("PAID_AI_API_KEY".to_owned()));
    let second = source("kind = \"paid-ai\"\napi_version = \"v2\"\nname = \"ai\"");
    assert_eq!(second.kind.identity(), "paid-ai v2");
    assert_eq!(second.base_url.as_str(), "https://api.agentpaid.io/api/v2");
    let other = source("kind = \"alternative-payments\"\nrequests_per_second = 5");
    assert_eq!(other.name, "alternative_payments");
    let local = "base_url = \"http://127.0.0.1:1\"\nrequests_per_second = 500";
    assert_eq!(
        source(&format!("kind = \"alternative-payments\"\n{local}")).requests_per_second,
        500
    );
    for (lines, expected) in [
        (
            "kind = \"paid-ai\"\napi_version = \"v3\"",
            "`api_version` must be one of v1, v2, not `v3`",
        ),
        (
            "kind = \"alternative-payments\"\nrequests_per_second = 6",
            "`requests_per_second` must be a whole number from 1 to 5",
        ),
    ] {
        let problems = parsed(&format!("[[source]]\n{lines}\n"), &[]).unwrap_err();
        assert_eq!(problems[0].message, expected);
    }
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_file() {
    let text = "\
[warehouse]
reders = \"all\"

[sync]
lookback = \"3\"
sensitive = \"hide\"

[[source]]
name = \"Main\"
page_size = 0
base_url = \"http://example.com\"
api_key = \"sk_live_hunter2\"

[[source]]
kind = \"paid-ia\"
streams = [\"x\"]
";
    let problems = parsed(text, &[("PAID_SYNC__SYNC__SETTLE_LAG", "soon")]).unwrap_err();
    let lines: Vec<usize> = problems
        .iter()
        .filter_map(|problem| match &problem.place {
            Place::File { line, .. } => Some(*line),
            Place::Variable(_) => None,
        })
        .collect();
    assert_eq!(lines, [2, 5, 6, 9, 10, 11, 12, 15]);
    assert_eq!(problems.len(), 9);
    assert_eq!(
        problems[8].place,
        Place::Variable("PAID_SYNC__SYNC__SETTLE_LAG".to_owned()),
        "variables come last"
    );
    assert_eq!(
        problems[0].place,
        Place::File { path: PathBuf::from("sync.toml"), line: 2, column: 1 }
    );
    assert_eq!(problems[0].suggestion.as_deref(), Some("readers"));
}

#[test]
fn syntax_errors_are_told_without_repeating_the_line() {
    let text = format!("[[source]]\napi_key = \"{KEY}\nname = = 1\n");
    let all = messages(&text, &[]).join("\n");
    assert!(all.starts_with("sync.toml:2: not valid TOML: "), "{all}");
    assert!(!all.contains("hunter2"), "{all}");
    let unquoted = messages(&source_with(&format!("api_key = {KEY}")), &[]).join("\n");
    assert!(unquoted.contains("sync.toml:2: not valid TOML") && !unquoted.contains("hunter2"));
    assert!(
        only_message("[sync]\nlookback = \"1d\"\nlookback = \"2d\"", &[]).contains("duplicate")
    );
}

#[test]
fn variables_override_the_file() {
    let text = "[sync]\nlookback = \"1d\"\n[[source]]\nname = \"a__b_\"\napi_key_env = \"X\"\n";
    let settings = parsed(
        text,
        &[
            ("PAID_SYNC__WAREHOUSE__DIR", "/srv/mirror"),
            ("PAID_SYNC__SYNC__LOOKBACK", "2h"),
            ("PAID_SYNC__SOURCE__A__B___BASE_URL", "http://localhost:1"),
            ("PAID_SYNC__SOURCE__A__B___PAGE_SIZE", "7"),
            ("PAID_SYNC__SOURCE__A__B___STREAMS", "events, plans"),
            ("PAID_SYNC__SOURCE__A__B___API_KEY_FILE", "a.key"),
            ("PAID_SYNC_LOG", "debug"),
            ("PATH", "/bin"),
        ],
    )
    .unwrap();
    assert_eq!(settings.warehouse.dir, Path::new("/srv/mirror"));
    assert_eq!(settings.sync.lookback, 7_200);
    let source = settings.source("a__b_").unwrap();
    assert_eq!(source.base_url.as_str(), "http://localhost:1/");
    assert_eq!(source.page_size, 7);
    assert_eq!(source.streams.names().collect::<Vec<_>>(), ["events", "plans"]);
    assert_eq!(source.key, KeyOrigin::File(PathBuf::from("a.key")), "replaces the file's variable");
}

#[test]
fn problems_of_variables_name_the_variable() {
    let cases: &[(&str, &str, &str)] = &[
        (
            "PAID_SYNC__SYNC__LOOKBAK",
            "1d",
            "no setting of this name (did you mean `PAID_SYNC__SYNC__LOOKBACK`?)",
        ),
        (
            "PAID_SYNC__SYNC__LOOKBACK",
            "x",
            "`lookback` must be a number and one of s, m, h, d, such as \"60s\", \"12h\", \"3d\"",
        ),
        (
            "PAID_SYNC__SYNC__REFRESH_BUDGET",
            "x",
            "`refresh_budget` must be a whole number from 0 to 1000000",
        ),
        (
            "PAID_SYNC__SOURCE__PAYD__PAGE_SIZE",
            "1",
            "no source of this name in the configuration file (did you mean `PAID_SYNC__SOURCE__PAID__PAGE_SIZE`?)",
        ),
        (
            "PAID_SYNC__SOURCE__PAID__PAGESIZE",
            "1",
            "no setting of this name (did you mean `PAID_SYNC__SOURCE__PAID__PAGE_SIZE`?)",
        ),
        ("PAID_SYNC__SOURCE__PAID__NAME", "b", "the name of a source cannot be overridden"),
        (
            "PAID_SYNC__SOURCE__PAID",
            "b",
            "unknown variable; write PAID_SYNC__SOURCE__<NAME>__<KEY>",
        ),
    ];
    for (name, value, message) in cases {
        assert_eq!(only_message("[[source]]", &[(name, value)]), format!("{name}: {message}"));
    }
    let message = only_message("[[source]]", &[("PAID_SYNC__WAREHUSE__DIR", "x")]);
    assert!(message.starts_with("PAID_SYNC__WAREHUSE__DIR: unknown variable"), "{message}");
    assert!(message.ends_with("(did you mean `PAID_SYNC__WAREHOUSE__…`?)"), "{message}");
}

#[test]
fn relative_paths_start_at_the_folder_of_the_file() {
    let text = "[warehouse]\ndir = \"w\"\n[[source]]\napi_key_file = \"k\"\n";
    for (file, dir, key) in [
        ("/etc/paid/sync.toml", "/etc/paid/w", "/etc/paid/k"),
        ("conf/sync.toml", "conf/w", "conf/k"),
        ("sync.toml", "w", "k"),
    ] {
        let settings = parse(text, Path::new(file), &[]).unwrap();
        assert_eq!(settings.warehouse.dir, Path::new(dir));
        assert_eq!(settings.sources[0].key, KeyOrigin::File(PathBuf::from(key)));
    }
    let settings = parse("[warehouse]\ndir = \"/w\"\n[[source]]", Path::new("a/b"), &[]).unwrap();
    assert_eq!(settings.warehouse.dir, Path::new("/w"));
}

#[test]
fn loading_reads_the_file_and_lists_every_problem_one_a_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sync.toml");
    let load = || config::load(&file, &Vec::new);

    let error = load().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("`paid-sync init`"), "{error}");

    std::fs::write(&file, TEMPLATE).unwrap();
    assert_eq!(load().unwrap().warehouse.dir, folder.path().join("warehouse"));

    std::fs::write(&file, "[sync]\nlookbak = 1\n[[source]]\npage_size = 0\n").unwrap();
    let error = load().unwrap_err();
    let name = file.display();
    assert_eq!(error.kind(), Kind::Configuration);
    assert_eq!(
        error.to_string(),
        format!(
            "2 problems in the configuration:\n\
             {name}:2: unknown key `lookbak` (did you mean `lookback`?)\n\
             {name}:4: `page_size` must be a whole number from 1 to 1000"
        )
    );

    std::fs::write(&file, b"name = \"\xff\"").unwrap();
    assert_eq!(load().unwrap_err().kind(), Kind::Configuration);
    let error = config::load(folder.path(), &Vec::new).unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
}
