//! Keys: read whole from where the configuration says, refused elsewhere, never shown.

use std::path::Path;

use paid_sync::config::{Problem, Settings, parse};
use paid_sync::error::Kind;
use secrecy::ExposeSecret;

const KEY: &str = "sk_live_hunter2";

fn parsed(text: &str, variables: &[(&str, &str)]) -> Result<Settings, Vec<Problem>> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    parse(text, Path::new("sync.toml"), &variables.iter().map(owned).collect::<Vec<_>>())
}

/// A source with one more line.
fn source_with(line: &str) -> String {
    format!("[[source]]\n{line}\n")
}

#[test]
fn a_key_in_the_wrong_place_is_refused_and_never_shown() {
    let url = format!("base_url = \"https://{KEY}@example.com\"");
    let query = format!("base_url = \"https://example.com?key={KEY}\"");
    let broken = format!("base_url = \"https://exa mple.com/{KEY}\"");
    for line in [
        format!("api_key = \"{KEY}\""),
        format!("apikey = \"{KEY}\""),
        format!("api_key_env = \"{KEY}\""),
        format!("page_size = \"{KEY}\""),
        url,
        query,
        broken,
    ] {
        let problems = parsed(&source_with(&line), &[]).expect_err(&line);
        let told =
            format!("{problems:?}") + &problems.iter().map(ToString::to_string).collect::<String>();
        assert!(!told.contains("hunter2"), "{told}");
    }
    let problems = parsed(&source_with(&format!("api_key = \"{KEY}\"")), &[]).unwrap_err();
    let [Problem { message, .. }] = problems.as_slice() else { panic!("one problem") };
    assert!(message.contains("`api_key_env`"), "{message}");
    let variable = ("PAID_SYNC__SOURCE__PAID__API_KEY", KEY);
    let told = format!("{:?}", parsed("[[source]]", &[variable]).unwrap_err());
    assert!(told.contains("`api_key_env`") && !told.contains("hunter2"), "{told}");
}

#[test]
fn keys_are_read_from_the_environment() {
    let source = &parsed("[[source]]", &[]).unwrap().sources[0];
    let read = |value: Option<&str>| {
        let value = value.map(str::to_owned);
        source.read_key(&move |name| if name == "PAID_API_KEY" { value.clone() } else { None })
    };
    for (given, kept) in
        [("k-1", "k-1"), ("k-1\n", "k-1"), ("k-1\r\n", "k-1"), (KEY, KEY), ("a:/+=~!", "a:/+=~!")]
    {
        assert_eq!(read(Some(given)).unwrap().expose_secret(), kept, "{given:?}");
    }
    assert!(!format!("{:?}", read(Some(KEY)).unwrap()).contains("hunter2"));
    for (given, fault) in [
        (None, "is not set"),
        (Some(""), "is empty"),
        (Some("\n"), "is empty"),
        (Some("hunter2\n\n"), "holds a space, a line break"),
        (Some(" hunter2"), "holds a space, a line break"),
        (Some("hunter2\u{1b}[0m"), "holds a space, a line break"),
        (Some("hunter2\u{200b}"), "holds a space, a line break"),
    ] {
        let error = read(given).expect_err("no key");
        let told = format!("{error} {error:?}");
        assert_eq!(error.kind(), Kind::Configuration);
        assert!(told.contains(fault), "{given:?}: {told}");
        assert!(told.contains("environment variable `PAID_API_KEY`"), "{told}");
        assert!(told.contains("source `paid`") && !told.contains("hunter2"), "{told}");
    }
}

#[test]
fn keys_are_read_from_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("paid.key");
    let text = source_with("api_key_file = \"paid.key\"");
    let settings = parse(&text, &folder.path().join("sync.toml"), &[]).unwrap();
    let read = || settings.sources[0].read_key(&|_| None);

    let error = read().unwrap_err();
    assert_eq!(error.kind(), Kind::Configuration);
    assert!(error.to_string().contains("paid.key"), "{error}");
    std::fs::write(&file, "file-key\n").unwrap();
    assert_eq!(read().unwrap().expose_secret(), "file-key");
    std::fs::write(&file, "two\nlines\n").unwrap();
    let error = read().unwrap_err().to_string();
    assert!(error.contains("paid.key") && !error.contains("lines\n"), "{error}");
}
