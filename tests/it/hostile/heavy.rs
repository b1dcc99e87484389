//! Answers that are made to cost: each is judged, what is written of it stays short, and twice as much costs no more than
//! twice as much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{HIT, SPOT, arguments, sound};
use crate::harness::{Ended, Place, Proxy, Reaction, answer, write};

/// What a report of one case may take, in bytes.
const REPORT: u64 = 120 * 1024;

/// Runs the case with an answer made for it; gives what came of it and how long the report is.
#[track_caller]
fn met(bytes: impl Fn() -> Vec<u8> + Send + Sync + 'static, more: &[&str]) -> (Ended, u64) {
    let proxy = Proxy::with_client(move |asked, stream| match asked.is("GET", SPOT) {
        true => {
            write(stream, bytes());
            Reaction::Drop
        }
        false => Reaction::Forward,
    });
    let place = Place::new();
    let ran = place.judge(arguments(&proxy.url(), &[HIT, "-v"])).args(more).end();
    sound(&ran);
    let report = std::fs::metadata(place.path().join("report.json")).expect("a report").len();
    assert!(report < REPORT, "the report has {report} bytes");
    assert!(ran.stdout.len() < 64 * 1024, "the console shows {} bytes", ran.stdout.len());
    (ran, report)
}

/// Judges the answer of that size and the one of twice the size.
#[track_caller]
fn grows_no_faster_than_it_is_sent(size: usize, bytes: fn(usize) -> Vec<u8>) {
    let of = |size: usize| met(move || bytes(size), &[]);
    let (once, twice) = (of(size), of(2 * size));
    assert_eq!(twice.0.verdict(HIT), "fail", "{}", twice.0.stdout);
    assert!(twice.1 < once.1 + 1024, "the report has {}, then {} bytes", once.1, twice.1);
    let sent = u64::try_from(bytes(size).len() / 1024).expect("a length");
    let (once, twice) = (once.0.peak_kib, twice.0.peak_kib);
    assert!(twice < once + 16 * sent + 8 * 1024, "it takes {once}, then {twice} KiB for {sent} KiB more");
}

fn refused(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("404 Not Found", "", body)
}

#[test]
fn many_tokens() {
    grows_no_faster_than_it_is_sent(21_000, |size| {
        let members: Vec<String> = (0..size).map(|n| format!("\"token{n}\":\"abcdefgh{n:06}\"")).collect();
        refused(format!("{{{}}}", members.join(",")))
    });
}

#[test]
fn of_many_tokens_none_is_shown_wherever_it_stands() {
    let members: Vec<String> = (0..2_000).map(|n| format!("\"the_token\" : \"abcdefgh{n:06}\"")).collect();
    let error = |token: &String| format!("{{\"code\":{{{token}}}}}");
    let errors: Vec<String> = members[1_000..1_020].iter().map(error).collect();
    let body = format!("{{\"errors\":[{}],{}}}", errors.join(","), members.join(","));
    let (ran, _) = met(move || refused(body.clone()), &[]);
    assert!(ran.stdout.contains("/errors/9/code"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("abcdefgh0") && !ran.0.to_string().contains("abcdefgh0"), "{}", ran.stdout);
}

#[test]
fn a_token_of_one_letter() {
    grows_no_faster_than_it_is_sent(40_000, |size| {
        let text = "a banana ".repeat(size);
        refused(format!("{{\"token\":\"a\",\"errors\":[{{\"details\":\"{text}\"}}]}}"))
    });
}

#[test]
fn a_token_of_one_letter_is_hidden_where_it_is_a_value_and_nowhere_else() {
    let body = r#"{"token":"a","errors":[{"details":"a banana"}]}"#;
    let (ran, _) = met(move || refused(body), &[]);
    assert!(ran.stdout.contains(r#"{"token":"$TOKEN","errors":[{"details":"a banana"}]}"#), "{}", ran.stdout);
}

#[test]
fn a_token_of_a_megabyte() {
    grows_no_faster_than_it_is_sent(200_000, |size| refused(format!("{{\"token\":\"{}\"}}", "Ab3".repeat(size))));
}

#[test]
fn fractions_deep_inside() {
    grows_no_faster_than_it_is_sent(100_000, |size| {
        refused(["[".repeat(99), "1.5,".repeat(size), "1".to_owned(), "]".repeat(99)].concat())
    });
}

#[test]
fn a_name_without_end_that_is_there_twice() {
    grows_no_faster_than_it_is_sent(200_000, |size| {
        let name = "k".repeat(size);
        refused(format!("{{\"{name}\":1,\"{name}\":2}}"))
    });
}

#[test]
fn codes_without_end() {
    grows_no_faster_than_it_is_sent(10_000, |size| {
        refused(format!("{{\"errors\":[{}{{}}]}}", "{\"code\":77},".repeat(size)))
    });
}

#[test]
fn a_length_that_is_no_number() {
    grows_no_faster_than_it_is_sent(20_000, |size| {
        format!("HTTP/1.1 404 No\r\nContent-Length: {}\r\n\r\n", "-".repeat(size)).into_bytes()
    });
}

#[test]
fn a_header_without_end() {
    grows_no_faster_than_it_is_sent(20_000, |size| {
        answer("404 No", &format!("X-Long: {}\r\n", "x".repeat(size)), "{}")
    });
}

#[test]
fn a_snapshot_of_which_every_line_has_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = AtomicUsize::new(1);
    let lines = move || {
        let factor = asked.fetch_add(2, Ordering::SeqCst);
        let items: Vec<String> = (0..10_000).map(|n| (n * factor % 10_007).to_string()).collect();
        refused(format!("{{\"errors\":[{{\"code\":1006,\"title\":\"x\"}}],\"a\":[{}]}}", items.join(",")))
    };
    let kept = folder.path().display().to_string();
    let lines = Arc::new(lines);
    let again = Arc::clone(&lines);
    met(move || lines(), &["--snapshots", &kept, "--accept"]);
    let (ran, _) = met(move || again(), &["--snapshots", &kept]);
    assert!(ran.stdout.contains("more lines"), "{}", ran.stdout);
}
