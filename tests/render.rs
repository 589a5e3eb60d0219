//! Tables as text, JSON, CSV and HTML, with the worst that an API can put into a cell.

use paid_sync::model::{Cell, ColumnKind, Table};
use paid_sync::report::{Format, Terminal, printable, render};

const FILE: Terminal = Terminal { width: None, colour: false };
const FORMATS: [Format; 4] = [Format::Table, Format::Json, Format::Csv, Format::Html];

fn drawn(table: &Table, format: Format, terminal: Terminal) -> String {
    String::from_utf8(render(table, format, terminal).unwrap()).unwrap()
}

fn screen(width: u16) -> Terminal {
    Terminal { width: Some(width), colour: false }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

/// One column `name` of text.
fn texts(values: &[&str]) -> Table {
    let mut table = Table::new(&[("name", ColumnKind::Text)]);
    table.rows = values.iter().map(|value| vec![text(value)]).collect();
    table
}

fn invoices() -> Table {
    let mut table = Table::new(&[
        ("customer", ColumnKind::Text),
        ("due", ColumnKind::Date),
        ("count", ColumnKind::Integer),
        ("total", ColumnKind::MinorUnits),
        ("paid", ColumnKind::Boolean),
    ]);
    table.rows = vec![
        vec![
            text("Acme, \"Ltd\""),
            text("2026-10-31"),
            Cell::Integer(12_345),
            Cell::Integer(-1_234_567),
            Cell::Boolean(true),
        ],
        vec![Cell::Null, Cell::Null, Cell::Null, Cell::Null, Cell::Null],
        vec![
            text("Čeněk 株式会社"),
            text("2026-01-01"),
            Cell::Integer(7),
            Cell::Integer(99),
            Cell::Boolean(false),
        ],
    ];
    table
}

#[test]
fn a_table_aligns_numbers_to_the_right_and_separates_money() {
    let drawn = drawn(&invoices(), Format::Table, FILE);
    assert_eq!(
        drawn,
        "\
──────────────────────────────────────────────────────────
 customer         due          count        total   paid
══════════════════════════════════════════════════════════
 Acme, \"Ltd\"      2026-10-31   12345   -1,234,567   true
 -                -                -            -   -
 Čeněk 株式会社   2026-01-01       7           99   false
──────────────────────────────────────────────────────────
"
    );
}

#[test]
fn money_is_separated_every_three_digits() {
    for (number, shown) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (-999, "-999"),
        (-1_000, "-1,000"),
        (123_456_789, "123,456,789"),
        (i128::MIN, "-170,141,183,460,469,231,731,687,303,715,884,105,728"),
    ] {
        let mut table = Table::new(&[("m", ColumnKind::MinorUnits)]);
        table.rows.push(vec![Cell::Integer(number)]);
        let drawn = drawn(&table, Format::Table, FILE);
        assert!(drawn.lines().any(|line| line.trim() == shown), "{shown}\n{drawn}");
        for format in [Format::Json, Format::Csv, Format::Html] {
            let drawn = self::drawn(&table, format, FILE);
            assert!(drawn.contains(&number.to_string()), "plain in {format:?}: {drawn}");
        }
    }
}

#[test]
fn a_table_fits_the_terminal_by_cutting_text_but_never_numbers() {
    let mut table = Table::new(&[("name", ColumnKind::Text), ("total", ColumnKind::MinorUnits)]);
    table.rows.push(vec![text(&"long name ".repeat(20)), Cell::Integer(123_456_789_012)]);
    table.rows.push(vec![text("short"), Cell::Integer(1)]);
    let narrow = drawn(&table, Format::Table, screen(40));
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(narrow.contains("123,456,789,012") && narrow.contains('…'), "{narrow}");
    assert_eq!(narrow.lines().count(), 6, "one line for each row:\n{narrow}");
    let wide = drawn(&table, Format::Table, FILE);
    assert!(wide.contains("long name long name") && !wide.contains('…'), "{wide}");
    assert!(drawn(&table, Format::Table, screen(5)).contains("123,456,789,012"));
}

#[test]
fn colours_appear_only_where_they_are_understood() {
    let colour = Terminal { width: Some(80), colour: true };
    assert!(drawn(&invoices(), Format::Table, colour).contains("\u{1b}["));
    assert!(!drawn(&invoices(), Format::Table, screen(80)).contains('\u{1b}'));
    for format in [Format::Json, Format::Csv, Format::Html] {
        assert!(!drawn(&invoices(), format, colour).contains('\u{1b}'), "{format:?}");
    }
}

#[test]
fn what_a_terminal_shows_cannot_steer_it() {
    let hostile = [
        "\u{1b}[31mred\u{1b}[0m",
        "\u{1b}]0;title\u{7}",
        "\u{9b}2J",
        "back\u{8}\u{8}space",
        "\u{0}nul\u{7f}",
        "abc\u{202e}fdp.exe",
        "\u{2066}isolate\u{2069}\u{61c}\u{200f}",
        "\u{2028}separator\u{feff}\u{e0041}",
        "line\r\nbreak\ttab",
    ];
    let steering = |letter: char| {
        (letter.is_control() && letter != '\n')
            || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}'
                | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{e0041}')
    };
    let mut table = texts(&hostile);
    table.columns[0].name = "na\u{1b}[1mme".to_owned();
    for format in FORMATS {
        let shown = drawn(&table, format, screen(200));
        assert!(!shown.contains(steering), "{format:?}\n{}", shown.escape_debug());
    }
    // Without a terminal text, JSON and HTML are as careful; CSV is data and keeps it all.
    for format in [Format::Table, Format::Json, Format::Html] {
        assert!(!drawn(&table, format, FILE).contains(steering), "{format:?}");
    }
    assert!(drawn(&table, Format::Csv, FILE).contains("\u{1b}[31mred"));
    // A line break must not start a row of its own.
    assert_eq!(drawn(&texts(&["a\nb"]), Format::Table, FILE).lines().count(), 5);
}

#[test]
fn ordinary_text_is_left_alone() {
    for ordinary in ["", "Čeněk", "株式会社", "👩‍💻 team", "می‌خواهم", "שלום", "a — b"]
    {
        assert_eq!(printable(ordinary), ordinary);
    }
    assert_eq!(printable("a\u{1b}[0m\tb"), "a\u{fffd}[0m b");
}

#[test]
fn json_reads_back_as_what_was_put_in() {
    let mut table = invoices();
    let hostile = "</script>\"\\ \u{1b}[0m \u{202e} \u{e0041} \u{9b} \n\t é";
    table.rows.push(vec![
        text(hostile),
        Cell::Null,
        Cell::Integer(0),
        Cell::Integer(i128::from(i64::MAX)),
        Cell::Null,
    ]);
    let written = drawn(&table, Format::Json, FILE);
    let read: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!(
        read,
        serde_json::json!([
            {"customer": "Acme, \"Ltd\"", "due": "2026-10-31", "count": 12345, "total": -1_234_567, "paid": true},
            {"customer": null, "due": null, "count": null, "total": null, "paid": null},
            {"customer": "Čeněk 株式会社", "due": "2026-01-01", "count": 7, "total": 99, "paid": false},
            {"customer": hostile, "due": null, "count": 0, "total": 9_223_372_036_854_775_807_i64, "paid": null},
        ])
    );
    assert_eq!(written.lines().count(), 6, "one line for each row:\n{written}");
    assert!(written.contains("{\"customer\":\"Acme, \\\"Ltd\\\"\",\"due\":"), "in column order");
    assert!(written.contains("\\u202e") && written.contains("\\udb40\\udc41"), "{written}");
}

#[test]
fn numbers_beyond_64_bits_stay_exact() {
    let mut table = Table::new(&[("n", ColumnKind::Integer)]);
    table.rows.push(vec![Cell::Integer(i128::MAX)]);
    assert_eq!(drawn(&table, Format::Json, FILE), format!("[\n{{\"n\":{}}}\n]\n", i128::MAX));
}

#[test]
fn csv_quotes_what_it_must_and_leaves_null_empty() {
    assert_eq!(
        drawn(&invoices(), Format::Csv, FILE),
        "customer,due,count,total,paid\n\
         \"Acme, \"\"Ltd\"\"\",2026-10-31,12345,-1234567,true\n\
         ,,,,\n\
         Čeněk 株式会社,2026-01-01,7,99,false\n"
    );
    assert_eq!(drawn(&texts(&["two\nlines"]), Format::Csv, FILE), "name\n\"two\nlines\"\n");
}

#[test]
fn csv_text_never_starts_a_formula_and_numbers_stay_numbers() {
    for (given, written) in [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "\"'\r=1\""),
        ("\n=1", "\"'\n=1\""),
        ("＝1", "'＝1"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("=\"a\",b", "\"'=\"\"a\"\",b\""),
        ("a=1", "a=1"),
        ("'=1", "'=1"),
    ] {
        assert_eq!(drawn(&texts(&[given]), Format::Csv, FILE), format!("name\n{written}\n"));
    }
    // On a terminal the tab becomes a space first; a formula behind it stays harmless text.
    assert_eq!(drawn(&texts(&["=1"]), Format::Csv, screen(80)), "name\n'=1\n");

    let mut table = Table::new(&[("=n", ColumnKind::Integer), ("m", ColumnKind::MinorUnits)]);
    table.rows.push(vec![Cell::Integer(-5), Cell::Integer(-7)]);
    assert_eq!(drawn(&table, Format::Csv, FILE), "'=n,m\n-5,-7\n");
}

#[test]
fn html_shows_markup_instead_of_obeying_it() {
    let hostile = "<script>alert('x')</script><img src=x onerror=\"y\">&amp;";
    let mut table = texts(&[hostile]);
    table.columns[0].name = "<b>".to_owned();
    let page = drawn(&table, Format::Html, FILE);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    assert!(page.contains("default-src 'none'"));
    assert_eq!(page.matches("<script").count(), 1, "only ours: {page}");
    assert!(page.contains("script-src 'sha256-"), "and only it may run");
    assert!(!page.contains("<img") && !page.contains("<b>"), "{page}");
    assert!(page.contains(
        "<td class=\"long\">&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&lt;img src=x onerror=&quot;y&quot;&gt;&amp;amp;</td>"
    ));
}

#[test]
fn html_marks_numbers_and_nulls() {
    let page = drawn(&invoices(), Format::Html, FILE);
    assert!(page.contains(
        "<th scope=\"col\" class=\"number\"><button type=\"button\">total</button></th>"
    ));
    assert!(page.contains("<td class=\"number\" data-value=\"-1234567\">-1,234,567</td>"));
    assert_eq!(page.matches("null\">-</td>").count(), 5);
    assert_eq!(page.matches("<tr>").count(), 4);
}

#[test]
fn a_table_without_rows_or_with_short_ones_is_drawn_all_the_same() {
    let mut table = Table::new(&[("a", ColumnKind::Text), ("b", ColumnKind::Integer)]);
    assert_eq!(drawn(&table, Format::Json, FILE), "[]\n");
    assert_eq!(drawn(&table, Format::Csv, FILE), "a,b\n");
    assert!(drawn(&table, Format::Table, FILE).contains(" a   b"));
    assert!(drawn(&table, Format::Html, FILE).contains("<tbody>\n</tbody>"));
    table.rows.push(vec![text("x")]);
    assert_eq!(drawn(&table, Format::Json, FILE), "[\n{\"a\":\"x\",\"b\":null}\n]\n");
    assert_eq!(drawn(&table, Format::Csv, FILE), "a,b\nx,\n");
    for format in FORMATS {
        assert!(drawn(&Table::default(), format, FILE).ends_with('\n'), "{format:?}");
    }
}
