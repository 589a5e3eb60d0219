use super::site::{KEY, Site, one_source};
use crate::support::script::Script;

const HOST: &str = "https://api.paidlabs.com/v0";

#[test]
fn every_mistake_in_the_configuration_is_named_with_its_line() {
    let key = format!("api_key = \"{KEY}\"");
    let key_as_name = format!("api_key_env = \"{KEY}\"");
    let address = format!("base_url = \"https://{KEY}@api.paidlabs.com/v0\"");
    let cases: &[(&str, &[&str])] = &[
        ("page_sise = 10", &["unknown key `page_sise`", "did you mean `page_size`?"]),
        ("page_size = 0", &["`page_size` must be a whole number from 1 to 1000"]),
        ("streams = [\"invocies\"]", &["unknown stream `invocies`", "did you mean `invoices`?"]),
        ("kind = \"payed\"", &["unknown kind `payed`", "did you mean `paid`?"]),
        ("name = \"Paid\"", &["source name `Paid`", "must begin with a letter a-z"]),
        ("name = \"warehouse\"", &["source name `warehouse`", "is reserved"]),
        ("name = \"paid_history\"", &["source name `paid_history`", "must not end in"]),
        ("name = \"a b\\u001b[31m\"", &["source name `a b\\u{1b}[31m`"]),
        ("base_url = \"http://billing.example.com/v0\"", &["`base_url`", "must use https"]),
        ("base_url = \"http://10.0.0.7/v0\"", &["must use https", "http://127.0.0.1"]),
        ("base_url = \"billing\"", &["`base_url` is not a URL"]),
        (&address, &["`base_url` must not hold a user name", "api_key_env"]),
        (&key, &["the key itself must not be written here", "api_key_env"]),
        (&key_as_name, &["`api_key_env` must be the name of an environment variable"]),
        ("name = paid", &["not valid TOML"]),
    ];
    for (line, told) in cases {
        let site = Site::configured(&format!("# one source\n[[source]]\n{line}\n"));
        for words in ["sync", "check", "status", "report ar_aging"] {
            let ended = site.run(words).expect(2, &["error: sync.toml:3: "]).expect(2, told);
            assert_eq!((ended.stdout.as_str(), ended.stderr.contains('\u{1b}')), ("", false));
        }
        assert!(!site.path("warehouse").exists(), "{line}: nothing is made");
    }
}

#[test]
fn all_mistakes_are_told_at_once_and_check_is_recommended() {
    let site = Site::configured(
        "[warehouse]\nreadrs = \"all\"\n\n[[source]]\npage_size = \"many\"\n\n[[source]]\n",
    );
    let told = [
        "problems in the configuration",
        "sync.toml:2: unknown key `readrs` (did you mean `readers`?)",
        "sync.toml:5: `page_size` must be a whole number without quotes, not text",
        "sync.toml:7: ",
        "help: `paid-sync check` lists every problem",
    ];
    site.run("sync").expect(2, &told);
}

#[test]
fn a_variable_that_overrides_nothing_is_named() {
    let site = Site::mirroring(HOST);
    let variables = [("PAID_API_KEY", KEY), ("PAID_SYNC__SYNC__LOKBACK", "1d")];
    site.run_with("sync", &variables)
        .expect(2, &["PAID_SYNC__SYNC__LOKBACK: ", "PAID_SYNC__SYNC__LOOKBACK"]);
}

#[test]
fn an_absent_configuration_is_named_with_the_command_that_writes_one() {
    let site = Site::mirroring(HOST);
    std::fs::remove_file(site.path("sync.toml")).unwrap();
    for words in ["sync", "check", "status", "report ar_aging"] {
        site.run(words).expect(2, &["there is no `sync.toml`", "`paid-sync init`"]);
        site.run(&format!("{words} --config other.toml")).expect(2, &["there is no `other.toml`"]);
    }
    assert!(std::fs::read_dir(site.path("")).unwrap().next().is_none(), "nothing is made");
}

#[test]
fn a_configuration_that_cannot_be_read_is_named() {
    let site = Site::mirroring(HOST);
    site.run("sync --config .").expect(2, &["the configuration `.` cannot be read"]);
    std::fs::write(site.path("sync.toml"), b"name = \"\xff\"").unwrap();
    site.run("sync").expect(2, &["the configuration `sync.toml` cannot be read", "UTF-8"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_on_the_command_line_that_nothing_has_are_told_with_those_there_are() {
    let script = Script::start().await;
    let site = Site::mirroring(script.base_url().as_str());
    let cases: &[(&str, &[&str])] = &[
        ("sync --stream invocies", &["there is no stream `invocies`", "invoices", "events"]),
        ("status --stream invocies", &["there is no stream `invocies`", "invoices"]),
        ("sync --source payed", &["there is no source `payed` (sources: paid)"]),
        ("check --source payed", &["there is no source `payed` (sources: paid)"]),
        ("report nosuch", &["there is no report `nosuch`", "ar_aging, ar_aging_detail"]),
        ("report ar_agin", &["there is no report `ar_agin`", "did you mean `ar_aging`?"]),
        ("sync --output none/x.csv", &["`--output`", "there is no folder `none`"]),
        ("snyc", &["unrecognized subcommand 'snyc'", "sync"]),
    ];
    for (words, told) in cases {
        let ended = site.run(words).expect(2, told);
        assert_eq!(ended.stdout, "", "{words}");
    }
    assert!(script.requests().is_empty(), "nothing is asked");
    assert!(!site.path("warehouse").exists(), "nothing is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_the_source_leaves_out_cannot_be_asked_for() {
    let script = Script::start().await;
    let config = one_source(script.base_url().as_str()) + "streams = [\"*\", \"!orders\"]\n";
    let site = Site::configured(&config);
    let ended = site.run("sync --stream orders").expect(2, &["there is no stream `orders`"]);
    assert!(!ended.stderr.contains(" orders,"), "what is left out is not offered: {ended}");
    assert!(script.requests().is_empty());
}
