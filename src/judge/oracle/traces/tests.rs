use super::{trace, without_tags};
use crate::exchange::escapes::in_json;
use crate::judge::oracle::readings::Readings;
use crate::judge::oracle::tests::in_html;

/// One frame or head of each kind as programs print it, each below a line that names the language.
fn printed() -> Vec<&'static str> {
    let samples = include_str!("printed.txt").split("---- ").skip(1);
    samples.map(|sample| sample.split_once('\n').and_then(|(_, text)| text.strip_suffix('\n')).expect(sample)).collect()
}

/// Texts of correct responses.
fn honest() -> Vec<&'static str> {
    let of_lines = ["", "\n    at least 8 characters\n    at most 64 characters", "\n    at www.example.com\n"];
    include_str!("honest.txt").lines().chain(of_lines).collect()
}

fn as_json(text: &str) -> String {
    format!("{{\"errors\":[{{\"code\":1009,\"title\":\"{}\"}}]}}", in_json(text))
}

fn as_html(text: &str) -> String {
    let text = in_html(text).replace('`', "&#x60;");
    let text = text.replace('\n', "<br>").replace('\t', "&#9;").replace("  ", " &nbsp;");
    format!("<!DOCTYPE html>\n<html><body>\n<pre>{text}</pre>\n</body></html>\n")
}

fn as_page(text: &str) -> String {
    let text = text.replace('\n', "<br/>\n").replace("  ", "&nbsp;&nbsp;");
    format!("<html><body><p class=\"error\">{text}</p></body></html>")
}

/// A text in the spellings that answers come in.
fn spelled(text: &str) -> Vec<String> {
    let json = as_json(text);
    // Some encoders escape what HTML gives a meaning.
    let careful = json.replace('<', "\\u003c").replace('>', "\\u003E").replace('&', "\\u0026");
    vec![
        text.to_owned(),
        text.replace('\n', "\r\n"),
        format!("{{{json}"),
        careful,
        json.replace('/', "\\/"),
        as_json(&json),
        as_html(text),
        as_page(text),
        as_json(&as_html(text)),
        as_html(&json),
        json,
    ]
}

fn found(text: &str) -> Option<String> {
    Readings::of(text.into()).iter().find_map(trace)
}

#[test]
fn a_trace_is_found_in_every_spelling_and_nothing_else_is() {
    for (samples, is_trace) in [(printed(), true), (honest(), false)] {
        let texts = samples.into_iter().flat_map(spelled);
        let wrong: Vec<String> = texts.filter(|text| found(text).is_some() != is_trace).collect();
        assert_eq!(wrong, [""; 0], "is a trace: {is_trace}");
    }
}

#[test]
fn each_line_of_a_page_of_express_is_a_frame() {
    let page = "<pre>SyntaxError: Expected &#39;,&#39; at position 5<br> &nbsp; &nbsp;at JSON.parse (&lt;anonymous&gt;)\
                <br> &nbsp; &nbsp;at parse (/app/node_modules/body-parser/lib/types/json.js:92:19)</pre>";
    assert!(found(page).is_some());
    for frame in page.split("<br>").skip(1) {
        assert!(found(&format!("<br>{frame}")).is_some(), "{frame}");
    }
}

#[test]
fn what_is_shown_begins_with_the_trace() {
    let words = "words ".repeat(1000);
    for (text, shown) in [
        (format!("{words}\n    at parse (/app/x.js:1:2)"), "at parse (/app/x.js:1:2)"),
        (format!("{words} in /app/x.php on line 3"), "/app/x.php on line 3"),
        (format!("{words}(Bär.java:12)"), "Bär.java:12)"),
    ] {
        assert_eq!(found(&text).as_deref(), Some(shown));
    }
}

#[test]
fn long_hostile_texts_are_read_to_their_end() {
    let parts = "at | at x(|.js:1|.go:1 |<|<b|&#|\\u00|%4|\"|((|.py\",\"line|Stack trace: ";
    for part in parts.split('|') {
        let text = part.repeat(100_000 / part.len());
        assert_eq!(found(&text), None, "{part}");
        assert!(found(&format!("{text}\n    at node:internal/x:1:2")).is_some(), "{part}");
    }
}

#[test]
fn tags_that_lay_out_text_are_removed_and_others_stay() {
    let html = "<h1 class=\"x\">E</h1>a <b>bold</b> <BR/>Object.<anonymous> 1 < 2 </p>end <br";
    assert_eq!(without_tags(html), "\nE\na bold \nObject.<anonymous> 1 < 2 \nend <br");
}
