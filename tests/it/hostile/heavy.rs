//! Answers that are made to cost: each is judged, what is written of it stays short, and twice as much costs no more than
//! twice as much.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{HIT, LIMIT, doing, judge, misbehaviour, sound};
use crate::harness::{Address, Ended, Place, answer, none};

/// The most bytes that a report of one case may have.
const REPORT: u64 = 120 * 1024;

/// Runs the case with an answer made for it; gives the run and the length of its report.
#[track_caller]
fn tried(bytes: impl Fn() -> Vec<u8> + Send + Sync + 'static, more: &[&str]) -> (Ended, u64) {
    let (place, proxy) = (Place::new(), doing(&misbehaviour::making(bytes)));
    let ran = judge(&place, &proxy.url(), LIMIT, "-v").args(HIT).list(more).end();
    sound(&ran);
    let report = place.join("report.json").metadata().expect("a report").len();
    assert!(report < REPORT, "the report has {report} bytes");
    assert!(ran.stdout.len() < 64 * 1024, "the console shows {} bytes", ran.stdout.len());
    (ran, report)
}

/// What is wrong with the costs of the answer of that size and of the one of twice the size.
fn grows_faster_than_it_is_sent(size: usize, bytes: fn(usize) -> Vec<u8>) -> Option<String> {
    let of = |size: usize| tried(move || bytes(size), &[]);
    let ((once, report_once), (twice, report_twice)) = (of(size), of(2 * size));
    assert_eq!(twice.verdict(HIT), "fail", "{}", twice.stdout);
    if report_twice >= report_once + 1024 {
        return Some(format!("the report has {report_once}, then {report_twice} bytes"));
    }
    let sent = u64::try_from(bytes(size).len() / 1024).expect("a length");
    let (once, twice) = (once.peak_kib, twice.peak_kib);
    let too_much = twice >= once + 16 * sent + 8 * 1024;
    too_much.then(|| format!("it takes {once}, then {twice} KiB for {sent} KiB more"))
}

fn refused(body: impl AsRef<[u8]>) -> Vec<u8> {
    answer("404 Not Found", "", body)
}

type Row = (&'static str, usize, fn(usize) -> Vec<u8>);

const ROWS: [Row; 8] = [
    ("many tokens", 21_000, |size| {
        let members: Vec<String> = (0..size).map(|n| format!("\"token{n}\":\"abcdefgh{n:06}\"")).collect();
        refused(format!("{{{}}}", members.join(",")))
    }),
    ("a token of one letter", 40_000, |size| {
        let text = "a banana ".repeat(size);
        refused(format!("{{\"token\":\"a\",\"errors\":[{{\"details\":\"{text}\"}}]}}"))
    }),
    ("a token of a megabyte", 200_000, |size| refused(format!("{{\"token\":\"{}\"}}", "Ab3".repeat(size)))),
    ("fractions deep inside", 100_000, |size| {
        refused(["[".repeat(99), "1.5,".repeat(size), "1".to_owned(), "]".repeat(99)].concat())
    }),
    ("an endless name that is there twice", 200_000, |size| {
        let name = "k".repeat(size);
        refused(format!("{{\"{name}\":1,\"{name}\":2}}"))
    }),
    ("endless codes", 10_000, |size| refused(format!("{{\"errors\":[{}{{}}]}}", "{\"code\":77},".repeat(size)))),
    ("a length that is no number", 20_000, |size| {
        format!("HTTP/1.1 404 No\r\nContent-Length: {}\r\n\r\n", "-".repeat(size)).into_bytes()
    }),
    ("an endless header", 20_000, |size| answer("404 No", &format!("X-Long: {}\r\n", "x".repeat(size)), "{}")),
];

#[test]
fn an_answer_of_twice_the_size_costs_at_most_twice_as_much() {
    let faster = |(name, size, bytes): Row| Some(format!("{name}: {}", grows_faster_than_it_is_sent(size, bytes)?));
    none(ROWS.into_iter().filter_map(faster));
}

#[test]
fn of_many_tokens_none_is_shown_wherever_it_is() {
    let members: Vec<String> = (0..2_000).map(|n| format!("\"the_token\" : \"abcdefgh{n:06}\"")).collect();
    let error = |token: &String| format!("{{\"code\":{{{token}}}}}");
    let errors: Vec<String> = members[1_000..1_020].iter().map(error).collect();
    let body = format!("{{\"errors\":[{}],{}}}", errors.join(","), members.join(","));
    let (ran, _) = tried(move || refused(body.clone()), &[]);
    assert!(ran.stdout.contains("/errors/9/code"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("abcdefgh0") && !ran.0.to_string().contains("abcdefgh0"), "{}", ran.stdout);
}

#[test]
fn a_token_of_one_letter_is_hidden_where_it_is_a_value_and_nowhere_else() {
    let (ran, _) = tried(|| refused(r#"{"token":"a","errors":[{"details":"a banana"}]}"#), &[]);
    assert!(ran.stdout.contains(r#"{"token":"$TOKEN","errors":[{"details":"a banana"}]}"#), "{}", ran.stdout);
}

#[test]
fn a_snapshot_of_which_every_line_has_changed() {
    let (place, asked) = (Place::new(), AtomicUsize::new(1));
    let lines = Arc::new(move || {
        let factor = asked.fetch_add(2, Ordering::SeqCst);
        let items: Vec<String> = (0..10_000).map(|n| (n * factor % 10_007).to_string()).collect();
        refused(format!("{{\"errors\":[{{\"code\":1006,\"title\":\"x\"}}],\"a\":[{}]}}", items.join(",")))
    });
    let (again, kept) = (Arc::clone(&lines), place.path().display().to_string());
    tried(move || lines(), &["--snapshots", &kept, "--accept"]);
    let (ran, _) = tried(move || again(), &["--snapshots", &kept]);
    assert!(ran.stdout.contains("more lines"), "{}", ran.stdout);
}
