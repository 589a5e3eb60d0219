use std::net::TcpListener;

use paid_sync::emulator::{Emulator, Options};

use super::site::{KEY, Site, one_source, secrets, serve_account};
use crate::support::script::{Reply, Script};

async fn emulator(api_key: &str, account_id: Option<&str>) -> Emulator {
    let options = Options {
        api_key: api_key.to_owned(),
        account_id: account_id.map(str::to_owned),
        ..Options::default()
    };
    Emulator::start(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_absent_key_is_asked_for_by_its_variable_before_anything_is_sent() {
    let script = Script::start().await;
    let site = Site::mirroring(script.base_url().as_str());
    let cases: &[(&[(&str, &str)], &str)] = &[
        (&[], "is not set"),
        (&[("PAID_API_KEY", "")], "is empty"),
        (&[("PAID_API_KEY", "sk_live_4fK9 never-to-be-shown")], "holds a space"),
        (&[("PAID_API_KEY", "sk_live_4fK9\nnever-to-be-shown")], "a line break"),
    ];
    for (variables, fault) in cases {
        for words in ["sync", "check"] {
            let told = ["environment variable `PAID_API_KEY`", "source `paid`", *fault, "help: "];
            let ended = site.run_with(words, variables).expect(2, &told);
            assert!(!ended.stderr.contains("never-to-be-shown"), "{ended}");
        }
    }
    site.configure(
        &(one_source(script.base_url().as_str()) + "api_key_file = \"secret/paid.key\"\n"),
    );
    site.run("sync").expect(2, &["key file `secret/paid.key`", "source `paid`", "cannot be read"]);
    assert!(script.requests().is_empty(), "nothing is sent without a key");
    assert!(!site.path("warehouse").exists(), "nothing is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_once_and_the_setting_is_named() {
    let emulator = emulator("sk_test_of_somebody_else", None).await;
    let site = Site::mirroring(&emulator.base_url());
    let told = ["source `paid`", "GET /account", "the key was refused (HTTP 401)", "`api_key_env`"];
    for words in ["sync", "check"] {
        site.run(words).expect(3, &told);
    }
    site.assert_unpublished();
    assert_eq!(emulator.requests().total, 2, "a refused key is not tried again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_repeats_the_key_cannot_make_it_appear_anywhere() {
    let script = Script::start().await;
    serve_account(&script, "acct_1", &[]);
    let site = Site::mirroring(script.base_url().as_str());
    let message = format!("\u{1b}[2J{KEY} is not a key");
    for status in [400, 401, 402, 403, 404, 418] {
        let refusal = Reply::error(status, &message);
        script.answer("/account", move |_| refusal.clone());
        let ended = site.run("sync -vvv").expect(3, &["GET /account", "is not a key"]);
        assert!(!ended.stderr.contains('\u{1b}'), "{ended}");
    }
    site.assert_unpublished();
    site.assert_keeps_the_key_out_of_files();
    let [_, travelling] = secrets();
    let expected = format!("Basic {travelling}");
    let sent = script.requests();
    assert!(sent.iter().all(|request| request.header("authorization") == Some(&*expected)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_host_is_named_after_all_tries() {
    let address = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let site = Site::mirroring(&format!("http://{address}/v0"));
    for words in ["sync", "check"] {
        let told = ["source `paid`", "GET /account", &address, "8 tries", "check `base_url`"];
        site.run(words).expect(3, &told);
    }
    site.assert_unpublished();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_account_is_refused_before_any_list_is_asked() {
    let first = emulator(KEY, None).await;
    let site = Site::mirroring(&first.base_url());
    // The simulated account shows webhooks among its users, which a first sync reports.
    site.run("sync").expect(1, &["published"]);
    let before = site.published();
    let known = site.ask_snapshot("SELECT DISTINCT _account_id FROM paid.customers");
    let [known] = known.as_slice() else { panic!("{known:?}") };

    let other = emulator(KEY, Some("acct_of_another")).await;
    site.configure(&one_source(&other.base_url()));
    let told =
        ["source `paid`", known, "acct_of_another", "[[source]] of its own", "not published"];
    for words in ["sync", "sync --full", "sync --stream invoices"] {
        site.run(words).expect(2, &told);
    }
    let asked: Vec<_> = other.requests().by_path.into_iter().collect();
    assert_eq!(asked, [("/account".to_owned(), 3)]);
    site.assert_unchanged(&before);

    site.configure(&one_source(&first.base_url()));
    site.run("sync").expect(0, &["published"]);
    assert!(site.published() != before, "a run that publishes is seen");
}
