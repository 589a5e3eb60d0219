//! Lists as no honest account shows them, against a mirror of what was there before.

use serde_json::json;

use super::*;
use crate::support::script::{Reply, Request, Script};

/// Seconds at which the oldest plan was made.
const FIRST: i64 = 1_700_000_000;

fn plan(number: i64, amount: i64) -> Value {
    json!({
        "object": "plan", "id": format!("pl_{number}"), "name": format!("plan {number}"),
        "amount": amount, "currency": "usd", "created_at": FIRST + number * 86_400,
    })
}

/// Serves a list of one page, newest first, as the API does.
fn serve(script: &Script, mut plans: Vec<Value>) {
    plans.sort_by_key(|plan| -plan["created_at"].as_i64().unwrap_or(0));
    script.answer("/plans", move |request: &Request| {
        if request.after().is_some() {
            return Reply::list(&[]);
        }
        let bound = |name: &str| request.param(name).and_then(|text| text.parse::<i64>().ok());
        let (from, to) = (bound("created_at[gt]"), bound("created_at[lte]"));
        let inside: Vec<Value> = plans
            .iter()
            .filter(|plan| {
                let at = plan["created_at"].as_i64().unwrap_or(0);
                from.is_none_or(|from| at > from) && to.is_none_or(|to| at <= to)
            })
            .cloned()
            .collect();
        Reply::list(&inside)
    });
}

async fn scripted(plans: Vec<Value>) -> (Script, Home) {
    let script = Script::start().await;
    let account = json!({"object": "account", "id": "acct_1"});
    script.answer("/account", move |_| Reply::json(200, &account));
    serve(&script, plans);
    let base = script.base_url();
    let home = Home::new(base.as_str(), "");
    let config = std::fs::read_to_string(home.path("sync.toml")).unwrap();
    std::fs::write(home.path("sync.toml"), format!("{config}streams = [\"plans\"]\n")).unwrap();
    let summary = home.sync(SyncOptions::default()).await;
    assert!(summary.published, "{:#}", summary.to_json());
    (script, home)
}

#[tokio::test]
async fn a_field_without_a_column_differs_as_extra() {
    let plans = [1, 2, 3].map(|number| plan(number, 100));
    let (script, home) = scripted(plans.to_vec()).await;
    let mut changed = plans.to_vec();
    changed[1]["tier"] = json!({"secret": "gold"});
    serve(&script, changed);
    let findings = verified(&home).await;
    let expected = ("plans".to_owned(), "pl_2".to_owned(), Verdict::Different, fields(&["_extra"]));
    assert_eq!(differences(&findings), [expected]);
    assert!(!findings.to_json().to_string().contains("gold"));
}

#[tokio::test]
async fn a_change_shows_in_its_month_and_its_sum() {
    let plans: Vec<Value> = (1..=80).map(|number| plan(number, 100)).collect();
    let (script, home) = scripted(plans.clone()).await;
    let mut changed = plans;
    changed[40]["amount"] = json!(175);
    serve(&script, changed);
    let findings = verified(&home).await;
    let plans = stream(&findings, "plans");
    let expected =
        ("plans".to_owned(), "pl_41".to_owned(), Verdict::Different, fields(&["amount"]));
    assert_eq!(differences(&findings), [expected]);
    let month = plans.differences[0].month.clone();
    assert_eq!(month.as_deref(), Some("2023-12"));
    let differing: Vec<_> = plans.months.iter().filter(|m| m.counts.differences() > 0).collect();
    assert_eq!((differing.len(), &differing[0].month), (1, &month));
    let sums: Vec<_> = plans.sums.iter().filter(|sum| sum.api != sum.warehouse).collect();
    assert_eq!((sums.len(), &sums[0].month, sums[0].api - sums[0].warehouse), (1, &month, 75));
}

#[tokio::test]
async fn of_two_copies_the_later_one_counts() {
    let plans = [1, 2, 3].map(|number| plan(number, 100));
    let (script, home) = scripted(plans.to_vec()).await;
    let stale = plan(3, 90);
    serve(&script, [vec![stale], plans.to_vec()].concat());
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
    assert_eq!(stream(&findings, "plans").total().api, 3);
}

#[tokio::test]
async fn an_element_for_quarantine_is_counted_and_not_compared() {
    let plans = [1, 2, 3].map(|number| plan(number, 100));
    let (script, home) = scripted(plans.to_vec()).await;
    let mut changed = plans.to_vec();
    changed[1]["object"] = json!("webhook");
    serve(&script, changed);
    let findings = verified(&home).await;
    assert_eq!((findings.exit_code(), differences(&findings)), (0, vec![]));
    let plans = stream(&findings, "plans");
    assert_eq!((plans.quarantined, plans.total().api, plans.total().warehouse), (1, 2, 2));
}

#[tokio::test]
async fn an_id_that_may_not_be_asked_for_is_said_and_never_sent() {
    let mut plans = [1, 2].map(|number| plan(number, 100)).to_vec();
    plans[0]["id"] = json!("by_external_id");
    let (script, home) = scripted(plans).await;
    let found = plan(2, 100);
    script.answer("/plans/pl_2", move |_| Reply::json(200, &found));
    let findings = sampled(&home, 10, 1, &["plans"]).await;
    assert_eq!(findings.exit_code(), 0, "{:#}", findings.to_json());
    let plans = stream(&findings, "plans");
    assert_eq!((plans.unreadable, plans.total().same), (1, 1));
    assert!(script.requests().iter().all(|asked| !asked.path.contains("by_external_id")));
}
