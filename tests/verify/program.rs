//! What the program prints and how it ends.

use super::*;

fn program(home: &Home, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_paid-sync"))
        .args(words)
        .args(["--no-progress", "--config"])
        .arg(home.path("sync.toml"))
        .env("PAID_API_KEY", Options::default().api_key)
        .output()
        .unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn json_names_ids_and_fields_but_no_values() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let id = one_id(&home, "SELECT id FROM paid.webhooks ORDER BY id");
    write(&emulator, "PUT", &format!("/webhooks/{id}"), "url=https%3A%2F%2Fsecret.example%2Fhook");
    let output = program(&home, &["verify", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&found["mode"], &found["differences"]), (&"walk".into(), &1.into()));
    assert_eq!(found["exit_code"], 1);
    let streams = found["streams"].as_array().unwrap();
    let webhooks = streams.iter().find(|stream| stream["stream"] == "webhooks").unwrap();
    let difference = &webhooks["differences"][0];
    assert_eq!(text(difference, "id"), id);
    assert_eq!(
        (text(difference, "verdict"), &difference["fields"][0]),
        ("different", &"url".into())
    );
    let months = webhooks["months"].as_array().unwrap();
    let different: u64 = months.iter().map(|month| month["different"].as_u64().unwrap()).sum();
    assert_eq!(different, 1);
    for told in [stdout(&output), stderr(&output)] {
        assert!(!told.contains("secret.example"), "{told}");
        assert!(!told.contains("sk_test"), "{told}");
    }
    assert!(stderr(&output).contains("verify --repair"), "{}", stderr(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_show_what_differs_and_more_when_asked() {
    let emulator = silent_account().await;
    let home = mirrored(&emulator).await;
    let equal = program(&home, &["verify", "--stream", "transactions,plans"]);
    assert_eq!(equal.status.code(), Some(0), "{}", stderr(&equal));
    assert_eq!(stdout(&equal).matches("total").count(), 2, "{}", stdout(&equal));
    assert!(stderr(&equal).contains("no difference"), "{}", stderr(&equal));

    let id = deletable(&home);
    let month = one_id(
        &home,
        &format!("SELECT strftime(created_at, '%Y-%m') FROM paid.transactions WHERE id = '{id}'"),
    );
    write(&emulator, "DELETE", &format!("/transactions/{id}"), "");
    let short = program(&home, &["verify", "--stream", "transactions"]);
    assert_eq!(short.status.code(), Some(1));
    let text = stdout(&short);
    assert!(text.contains(&month) && text.contains("at the API"), "{text}");
    assert!(stderr(&short).contains("1 extra"), "{}", stderr(&short));
    let long = program(&home, &["verify", "--stream", "transactions", "-v"]);
    assert!(stdout(&long).lines().count() > text.lines().count());
    let csv = stdout(&program(&home, &["verify", "--stream", "transactions", "--format", "csv"]));
    let months = "SELECT count(DISTINCT strftime(created_at, '%Y-%m')) FROM paid.transactions";
    assert_eq!(i128::try_from(csv.lines().count()).unwrap(), 1 + number(&home.open(), months));
    assert!(csv.starts_with("source,stream,month,api,warehouse,"), "{csv}");

    let repair = program(&home, &["verify", "--stream", "transactions", "--repair"]);
    assert_eq!(repair.status.code(), Some(0), "{}", stderr(&repair));
    assert!(stderr(&repair).contains("all 1 are repaired"), "{}", stderr(&repair));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sample_tells_its_seed_and_what_is_unpublished_ends_with_four() {
    let emulator = account().await;
    let unpublished = Home::new(&emulator.base_url(), "");
    let output = program(&unpublished, &["verify"]);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    let home = mirrored(&emulator).await;
    let words = ["verify", "--sample", "5", "--seed", "42", "--stream", "plans,customers"];
    let output = program(&home, &words);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("--seed 42"), "{}", stderr(&output));
    let wrong = program(&home, &["verify", "--seed", "42"]);
    assert_eq!(wrong.status.code(), Some(2), "{}", stderr(&wrong));
}
