//! The page with all reports in a real browser, made of an account whose names attack it.
//!
//! `PAID_SYNC_BROWSER` names the browser, a Chromium; without it these tests are skipped.

use std::path::PathBuf;

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::bad_input::hostile_text::NAMES;
use crate::bad_input::site::{Site, customer, serve_account};
use crate::support::browser::Browser;
use crate::support::script::Script;

/// Names that are harmless and hard to lay out.
const UNUSUAL: [&str; 4] = ["שלום עולם בע״מ (1)", "👩‍💻🏴‍☠️ Söhne", "", "株式会社"];

/// Functions for the expressions below.
const HELPERS: &str = "
    const all = (selector) => Array.from(document.querySelectorAll(selector));
    const unfold = () => all('details').forEach((part) => { part.open = true; });
    const shown = (element) => element.checkVisibility();";

/// The page, made once, and the folder that holds it.
static PAGE: OnceCell<(Site, PathBuf)> = OnceCell::const_new();

async fn page() -> PathBuf {
    let made = || async {
        let script = Script::start().await;
        let names: Vec<String> = NAMES
            .iter()
            .chain(&UNUSUAL)
            .map(|name| (*name).to_owned())
            .chain(["endless".repeat(60), "very long ".repeat(40)])
            .collect();
        serve(&script, &names);
        let streams = ["customers", "invoices", "transactions", "plans", "subscriptions"];
        let site = Site::mirroring_only(&streams, script.base_url().as_str());
        site.run("sync").expect(0, &["published"]);
        site.run("report --format html --output page.html").expect(0, &[]);
        let path = site.path("page.html");
        (site, path)
    };
    PAGE.get_or_init(made).await.1.clone()
}

/// Serves an account in which everybody owes something, in three currencies, one of them unknown.
fn serve(script: &Script, names: &[String]) {
    let ago = |days: usize| {
        let hours = i64::try_from(days * 24).unwrap();
        (Timestamp::now() - hours.hours()).as_second()
    };
    let mut customers = Vec::new();
    let (mut invoices, mut transactions, mut subscriptions) = (Vec::new(), Vec::new(), Vec::new());
    for (number, name) in names.iter().enumerate() {
        customers.push(customer(&format!("cus_{number}"), name));
        let currency =
            [Value::from("usd"), "usd".into(), "jpy".into(), Value::Null].get(number % 4).cloned();
        for part in 0..3 {
            let (id, issued) =
                (format!("{number}_{part}"), ago(1 + (number * 13) % 200 + part * 30));
            let amount = i64::try_from(1_000 * (number + 1) + part).unwrap();
            // Credits, so that numbers are not sorted as the words they are shown as.
            let amount = if number == 0 || number == 4 { -amount } else { amount };
            invoices.push(json!({
                "object": "invoice", "id": format!("inv_{id}"), "customer": format!("cus_{number}"),
                "number": format!("=cmd|<b>{id}"), "amount": amount, "unpaid_amount": amount, "terms": 30,
                "paid": false, "voided": false, "issued_at": issued, "created_at": issued,
            }));
            transactions.push(json!({
                "object": "transaction", "id": format!("tr_{id}"), "customer": format!("cus_{number}"),
                "invoice": format!("inv_{id}"), "amount": amount, "currency": currency, "paid": false,
                "description": name, "created_at": issued,
            }));
        }
        subscriptions.push(json!({
            "object": "subscription", "id": format!("sub_{number}"), "customer": format!("cus_{number}"),
            "plan": "pl_1", "starts_on": ago(number * 20), "started_at": ago(number * 20),
            "ended_at": 0, "cancelled_at": 0, "created_at": ago(number * 20),
        }));
    }
    let plans = [json!({
        "object": "plan", "id": "pl_1", "name": "<img src=x onerror=alert(2)>", "description": "\"pro\"",
        "currency": "usd", "interval": "month", "interval_count": 1, "amount": 4_900,
        "created_at": ago(900),
    })];
    serve_account(
        script,
        "=acct<script>1",
        &[
            ("/customers", &customers),
            ("/invoices", &invoices),
            ("/transactions", &transactions),
            ("/plans", &plans),
            ("/subscriptions", &subscriptions),
        ],
    );
}

/// Opens the page; nothing where there is no browser to test with.
async fn opened() -> Option<Browser> {
    let mut browser = Browser::start()?;
    browser.open(&page().await);
    browser.evaluate(HELPERS);
    Some(browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_loads_nothing_and_runs_nothing_but_its_own() {
    let Some(mut browser) = opened().await else { return };
    let asked: Vec<String> = browser
        .events("Network.requestWillBeSent")
        .iter()
        .map(|request| request["request"]["url"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(asked, [format!("file://{}", page().await.display())]);
    for kind in [
        "Log.entryAdded",
        "Runtime.consoleAPICalled",
        "Runtime.exceptionThrown",
        "Page.javascriptDialogOpening",
    ] {
        assert_eq!(browser.events(kind), Vec::<&Value>::new(), "{kind}");
    }
    assert_eq!(
        browser.evaluate("all('script, img, iframe, object, embed, link, form, base').length"),
        1
    );
    assert_eq!(browser.evaluate("all('*').filter((one) => [...one.attributes].some((it) => /^on|^style$/.test(it.name))).length"), 0);
    assert_eq!(
        browser.evaluate("all('[href]').every((one) => one.getAttribute('href').startsWith('#'))"),
        true
    );
    // Whatever found its way in would be stopped all the same.
    let stopped = browser.evaluate(
        "new Promise((done) => {
            const stopped = [];
            document.addEventListener('securitypolicyviolation', (event) => {
                stopped.push(event.effectiveDirective);
                if (stopped.length === 3) done(stopped.sort());
            });
            const script = document.createElement('script');
            script.textContent = 'window.owned = true';
            document.body.append(script);
            document.body.setAttribute('style', 'color: red');
            const image = document.createElement('img');
            image.src = 'http://127.0.0.1:9/x.png';
            document.body.append(image);
        })",
    );
    assert_eq!(stopped, json!(["img-src", "script-src-elem", "style-src-attr"]));
    assert_eq!(browser.evaluate("window.owned === undefined"), true);
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_names_are_shown_as_they_are() {
    let Some(mut browser) = opened().await else { return };
    browser.evaluate("unfold()");
    let text = browser.evaluate("document.body.innerText").as_str().unwrap().to_owned();
    for name in [
        "<script>alert('paid')</script> Ltd",
        "\"><svg/onload=alert(1)>&amp;",
        UNUSUAL[0],
        UNUSUAL[1],
    ] {
        assert!(text.contains(name), "{name} is not shown");
    }
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    let order = "all('h2').map((heading) => heading.textContent)";
    let expected =
        json!(["Freshness and tie-outs", "JPY", "USD", "Currency (unknown)", "All reports"]);
    assert_eq!(browser.evaluate(order), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn headings_sort_numbers_by_value_and_text_by_words() {
    let Some(mut browser) = opened().await else { return };
    browser.click("details:has(> #numbers-ar_aging) > summary");
    let heading = |name: &str| {
        let find = format!(
            "(() => {{ const heading = all('#numbers-ar_aging th').find((one) => one.innerText.startsWith({name:?}));
                heading.querySelector('button').id = 'sorts'; return heading.cellIndex + 1; }})()"
        );
        ("all('#sorts').forEach((one) => one.removeAttribute('id'))", find)
    };
    let mut sorted = |name: &str| -> Vec<String> {
        let (forget, find) = heading(name);
        browser.evaluate(forget);
        let place = browser.evaluate(&find);
        browser.click("#sorts");
        let cells = format!(
            "all('#numbers-ar_aging tbody td:nth-child({place})').map((cell) => cell.dataset.value ?? cell.innerText)"
        );
        serde_json::from_value(browser.evaluate(&cells)).unwrap()
    };
    let numbers = |texts: Vec<String>| -> Vec<i64> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    let (up, down) = (numbers(sorted("total")), numbers(sorted("total")));
    assert!(up.len() > 20 && up.is_sorted(), "{up:?}");
    assert!(down.is_sorted_by(|one, next| one >= next), "{down:?}");
    let currencies = sorted("currency");
    assert!(currencies.is_sorted() && currencies[0] != currencies[20], "{currencies:?}");
    let state = "all('#numbers-ar_aging th[aria-sort]').map((one) => one.ariaSort + one.innerText.split(' ')[0])";
    assert_eq!(browser.evaluate(state), json!(["ascendingcurrency"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_debtor_opens_its_invoices_with_scripts_and_without() {
    let Some(mut browser) = opened().await else { return };
    let target = "document.getElementById('debtor-1-0')";
    let state = format!(
        "[{target}.closest('details').open, shown({target}),
          {target}.getBoundingClientRect().top >= 0 && {target}.getBoundingClientRect().top < innerHeight]"
    );
    for has_scripts in [true, false] {
        browser.call("Emulation.setScriptExecutionDisabled", &json!({"value": !has_scripts}));
        browser.open(&page().await);
        browser.evaluate(HELPERS);
        assert_eq!(browser.evaluate(&state)[0], false, "scripts: {has_scripts}");
        browser.click("a[href='#debtor-1-0']");
        assert_eq!(browser.evaluate(&state), json!([true, true, true]), "scripts: {has_scripts}");
    }
    let same = "document.querySelector(\"a[href='#debtor-1-0']\").innerText";
    let name = browser.evaluate(same);
    let summary = browser.evaluate(&format!("{target}.closest('details').innerText"));
    assert!(summary.as_str().unwrap().contains(name.as_str().unwrap()), "{name} in {summary}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_has_a_name_and_its_place_in_the_outline() {
    let Some(mut browser) = opened().await else { return };
    browser.evaluate("unfold()");
    let levels: Vec<u32> = serde_json::from_value(
        browser.evaluate("all('h1, h2, h3, h4, h5, h6').map((one) => Number(one.localName[1]))"),
    )
    .unwrap();
    assert_eq!((levels[0], levels.iter().filter(|level| **level == 1).count()), (1, 1));
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    let untold = "all('table').filter((one) => !(one.caption?.innerText.trim()
        && [...one.querySelectorAll('th')].every((it) => it.scope === 'col'))).length";
    assert_eq!(browser.evaluate(untold), 0, "every table has a caption, every heading a scope");
    let twice = "all('[id]').length - new Set(all('[id]').map((one) => one.id)).size";
    assert_eq!(browser.evaluate(twice), 0, "every anchor is one");
    assert_eq!(browser.evaluate("document.documentElement.lang"), "en");
    let tree = browser.call("Accessibility.getFullAXTree", &json!({}));
    let mut seen = std::collections::BTreeMap::new();
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        if node["ignored"] == true
            || !["image", "link", "button", "table", "navigation"].contains(&role)
        {
            continue;
        }
        let name = node["name"]["value"].as_str().unwrap_or_default();
        assert!(!name.trim().is_empty(), "a {role} has no name: {node}");
        *seen.entry(role.to_owned()).or_insert(0) += 1;
    }
    assert!(seen["image"] >= 6 && seen["table"] >= 15 && seen["link"] >= 10, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_shows_it_without_scrolling_sideways() {
    let Some(mut browser) = opened().await else { return };
    let phone = json!({"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": true});
    browser.call("Emulation.setDeviceMetricsOverride", &phone);
    for step in ["0", "unfold()"] {
        browser.evaluate(step);
        let widths = browser.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert_eq!(widths, json!([390, 390]), "{step}");
    }
    let small = browser.evaluate(
        "all('figure > svg').filter(shown).flatMap((svg) => [...svg.querySelectorAll('text')]
            .map((text) => parseFloat(text.getAttribute('font-size')) * svg.clientWidth / svg.viewBox.baseVal.width))
            .reduce((least, size) => Math.min(least, size), 100)",
    );
    assert!(small.as_f64().unwrap() > 10.0, "text of charts is {small} pixels high");
}

/// Gives the least contrast of any text with what is behind it.
const CONTRAST: &str = "(() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const light = (colour) => {
        const [red, green, blue] = parts(colour).map((part) => part / 255)
            .map((part) => part <= .03928 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4);
        return .2126 * red + .7152 * green + .0722 * blue;
    };
    const behind = (element) => {
        for (let one = element; one !== null; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (parts(colour)[3] !== 0) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let [least, where, count] = [100, '', 0];
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !shown(element) || element.localName === 'script') continue;
        const style = getComputedStyle(element);
        const [one, other] = [light(element.closest('svg') ? style.fill : style.color), light(behind(element))];
        const ratio = (Math.max(one, other) + .05) / (Math.min(one, other) + .05);
        count += 1;
        if (ratio < least) [least, where] = [ratio, element.outerHTML.slice(0, 200)];
    }
    return [least, where, count];
})()";

#[tokio::test(flavor = "multi_thread")]
async fn text_can_be_read_in_light_in_dark_and_on_paper() {
    let Some(mut browser) = opened().await else { return };
    browser.evaluate("unfold()");
    let mut grounds = Vec::new();
    for (media, scheme) in
        [("screen", "light"), ("screen", "dark"), ("print", "light"), ("print", "dark")]
    {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        browser.call("Emulation.setEmulatedMedia", &json!({"media": media, "features": features}));
        let contrast = browser.evaluate(CONTRAST);
        assert!(contrast[0].as_f64().unwrap() >= 4.5, "{media} {scheme}: {contrast}");
        assert!(contrast[2].as_u64().unwrap() > 1_000, "{media} {scheme}: {contrast}");
        let ground = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('pattern rect')).fill]";
        grounds.push(browser.evaluate(ground));
    }
    assert_ne!(grounds[0][0], grounds[1][0], "dark is not light");
    assert_ne!(grounds[0][1], grounds[1][1], "nor are the colours of charts");
    assert_eq!(
        (&grounds[2], &grounds[2][0]),
        (&grounds[3], &json!("rgb(255, 255, 255)")),
        "paper is white"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_shows_what_is_open_and_nothing_that_needs_a_click() {
    let Some(mut browser) = opened().await else { return };
    browser.call("Emulation.setEmulatedMedia", &json!({"media": "print"}));
    let visible = "[shown(all('nav')[0]), shown(all('#reports')[0]), shown(all('figure')[0]), shown(all('#debtors-1')[0])]";
    assert_eq!(browser.evaluate(visible), json!([false, false, true, true]));
    browser.evaluate("document.getElementById('numbers-ar_aging').closest('details').open = true");
    assert_eq!(
        browser.evaluate(
            "[shown(all('#reports')[0]), all('.reports > details').filter(shown).length]"
        ),
        json!([true, 1])
    );
    let cut = "all('.scroll').filter(shown).filter((one) => one.scrollHeight > one.clientHeight + 1).length";
    assert_eq!(browser.evaluate(cut), 0, "tables are printed whole");
}
