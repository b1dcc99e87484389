//! Known failures, by the built program: what fails as recorded is known, all else is told, and nothing passes unseen.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::harness::{Ended, Place, Program, Proxy, Reaction, answer, write};

const HIT: &str = "envelope/unknown-path::beside-the-users";
const ROWS: [&str; 4] = ["beside-the-users", "below-the-login", "below-an-account", "deep"];
const RULE: &str = "envelope.unknown-path-refused";

/// What the target does with paths that it does not have.
#[derive(Clone, Copy)]
enum Way {
    Good,
    Accepts,
    Crashes,
    Throttles,
    AcceptsOne,
}

/// A target whose ways can be changed, and a folder with a baseline for it.
struct Scene {
    place: Place,
    proxy: Proxy,
    way: Arc<AtomicU8>,
}

impl Scene {
    fn new(way: Way) -> Scene {
        let now = Arc::new(AtomicU8::new(way as u8));
        let way = Arc::clone(&now);
        let proxy = Proxy::with_client(move |asked, stream| {
            let way = way.load(Ordering::SeqCst);
            let is = |other: Way| way == other as u8;
            if asked.method != "GET" || !asked.target.contains("wabizspec") {
                return Reaction::Forward;
            }
            let accepted = answer("200 OK", "", r#"{"meta":{"version":"v2.37.1","api_status":"stable"}}"#);
            if is(Way::Accepts) || (is(Way::AcceptsOne) && asked.target == "/v1/wabizspec-unknown") {
                write(stream, accepted);
            } else if is(Way::Crashes) {
                write(stream, answer("500 Oops", "", "{\"errors\":[{\"code\":1,\"title\":\"x\"}]}"));
            } else if is(Way::Throttles) {
                write(stream, answer("429 Too Many Requests", "Retry-After: 100\r\n", "{}"));
            } else {
                return Reaction::Forward;
            }
            Reaction::Keep
        });
        let place = Place::new();
        // The first run gives the admin this password; the others log in with it.
        place.write("password", "Sufficient-1");
        place.write("wabizspec.toml", "[credentials]\npassword_file = \"password\"\n");
        Scene { place, proxy, way: now }
    }

    fn turns(&self, way: Way) {
        self.way.store(way as u8, Ordering::SeqCst);
    }

    /// Judges some cases with that baseline.
    fn judged(&self, baseline: &str, more: &[&str]) -> Ended {
        self.place.write("known.toml", baseline);
        let url = self.proxy.url();
        let arguments = ["--target", &url, "--fresh", "--allow", "users", "--baseline", "known.toml"];
        let cases = ["envelope/control", "envelope/unknown-path::*", "users/read-admin"];
        self.place.judge(arguments.iter().chain(&cases).chain(more)).end()
    }

    /// The entries that the report of a run with an empty baseline ends with.
    fn entries(&self) -> String {
        entries(&self.judged("", &[]))
    }
}

fn entries(ran: &Ended) -> String {
    let start = ran.stdout.find("[[known]]").unwrap_or_else(|| panic!("no entries: {}", ran.stdout));
    ran.stdout[start..].to_owned()
}

/// The entries with their reasons written.
fn reasoned(entries: &str) -> String {
    entries.replace("reason = \"\"", "reason = \"it is an old one\"\nissue = \"https://tracker.example/7\"")
}

#[test]
fn what_fails_as_recorded_is_known() {
    let scene = Scene::new(Way::Accepts);
    let first = scene.judged("", &[]);
    assert_eq!((first.code, first.count("fail")), (Some(1), 4), "{}", first.stdout);
    let entries = entries(&first);
    assert!(entries.matches("[[known]]").count() >= 4, "{entries}");
    assert!(first.stdout.ends_with(&entries), "the report ends with the entries");

    let unwritten = scene.judged(&entries, &[]);
    assert_eq!(unwritten.code, Some(2), "{}", unwritten.stdout);
    assert!(unwritten.stderr.contains("the reason is empty"), "{}", unwritten.stderr);

    for more in [&[][..], &["--strict-baseline"]] {
        let ran = scene.judged(&reasoned(&entries), more);
        assert_eq!(ran.code, Some(0), "{}", ran.stdout);
        assert_eq!((ran.count("fail"), ran.count("known")), (0, 4), "{}", ran.stdout);
        assert_eq!(ran.verdict(HIT), "known");
        assert_eq!(ran.reason(HIT), "it is an old one (https://tracker.example/7)");
        assert!(ran.broken(HIT).contains(&RULE), "the finding is still told");
        assert_eq!(ran.requirement(RULE), "known");
        assert!(!ran.stdout.contains("[[known]]"), "nothing is new");
        assert_eq!(ran.notes(), "[]");
    }
}

#[test]
fn what_fails_otherwise_is_a_finding() {
    let scene = Scene::new(Way::Accepts);
    let known = reasoned(&scene.entries());
    scene.turns(Way::Crashes);
    let ran = scene.judged(&known, &[]);
    assert_eq!((ran.code, ran.count("fail"), ran.count("known")), (Some(1), 4, 0), "{}", ran.stdout);
    assert!(ran.notes().contains("fails in another way than recorded"), "{}", ran.notes());
    assert!(entries(&ran).contains("500"), "{}", ran.stdout);
}

#[test]
fn what_passes_again_is_told() {
    let scene = Scene::new(Way::Accepts);
    let known = reasoned(&scene.entries());
    scene.turns(Way::Good);
    let ran = scene.judged(&known, &[]);
    assert_eq!((ran.code, ran.count("known")), (Some(0), 0), "{}", ran.stdout);
    assert!(ran.notes().contains("does not break it any more"), "{}", ran.notes());
    assert_eq!(scene.judged(&known, &["--strict-baseline"]).code, Some(1));
}

/// An entry for all rows at once.
fn for_all_rows(scene: &Scene) -> String {
    let written: toml::Table = scene.entries().parse().expect("entries are TOML");
    let entries = written["known"].as_array().expect("entries").clone();
    let of_the_rule = |entry: &&toml::Value| entry["requirement"].as_str() == Some(RULE);
    let signature = entries.iter().find(of_the_rule).expect("an entry")["signature"].clone();
    format!(
        "[[known]]\ncase = \"envelope/unknown-path::*\"\nrequirement = \"{RULE}\"\nsignature = {signature}\n\
         reason = \"all alike\"\n"
    )
}

#[test]
fn one_entry_may_stand_for_rows_and_tells_of_those_that_mended() {
    let scene = Scene::new(Way::Accepts);
    let all = for_all_rows(&scene);
    let ran = scene.judged(&all, &["--strict-baseline"]);
    assert_eq!((ran.code, ran.count("known")), (Some(0), 4), "{}", ran.stdout);
    for row in ROWS {
        assert_eq!(ran.reason(&format!("envelope/unknown-path::{row}")), "all alike");
    }
    scene.turns(Way::AcceptsOne);
    let ran = scene.judged(&all, &[]);
    assert_eq!((ran.code, ran.count("known")), (Some(0), 1), "{}", ran.stdout);
    assert!(ran.notes().contains("of 4 cases, 3 do not break it any more"), "{}", ran.notes());
    assert_eq!(scene.judged(&all, &["--strict-baseline"]).code, Some(1));
}

#[test]
fn an_expired_entry_excuses_nothing() {
    let scene = Scene::new(Way::Accepts);
    let with = |day: &str| format!("{}expires = {day}\n", for_all_rows(&scene));
    let ran = scene.judged(&with("2020-01-31"), &[]);
    assert_eq!((ran.code, ran.count("fail"), ran.count("known")), (Some(1), 4, 0), "{}", ran.stdout);
    assert!(ran.notes().contains("expired after 2020-01-31"), "{}", ran.notes());
    for day in ["2999-12-31", "\"2999-12-31\""] {
        let ran = scene.judged(&with(day), &["--strict-baseline"]);
        assert_eq!((ran.code, ran.count("known")), (Some(0), 4), "{}", ran.stdout);
        assert!(ran.reason(HIT).contains("until 2999-12-31"), "{}", ran.reason(HIT));
    }
}

#[test]
fn an_expired_entry_is_told_also_where_nothing_fails() {
    let scene = Scene::new(Way::Accepts);
    let expired = format!("{}expires = 2020-01-31\n", for_all_rows(&scene));
    scene.turns(Way::Good);
    let ran = scene.judged(&expired, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.notes().contains("expired after 2020-01-31"), "{}", ran.notes());
    assert_eq!(scene.judged(&expired, &["--strict-baseline"]).code, Some(1));
}

#[test]
fn an_entry_that_matches_nothing_is_told() {
    let scene = Scene::new(Way::Good);
    let entry = |case: &str| {
        format!("[[known]]\ncase = \"{case}\"\nrequirement = \"{RULE}\"\nsignature = \"s\"\nreason = \"r\"\n")
    };
    for case in ["envelope/no-such-case", "envelope/unknown-path::no-such-row", "envelope/unknown-path::zz*"] {
        let ran = scene.judged(&entry(case), &[]);
        assert_eq!(ran.code, Some(0), "{}", ran.stdout);
        assert!(ran.notes().contains("the suite has no such case"), "{}", ran.notes());
        assert_eq!(scene.judged(&entry(case), &["--strict-baseline"]).code, Some(1), "{case}");
    }
    // A case that was not selected may still fail as recorded.
    let ran = scene.judged(&entry("login/standard-login"), &["--strict-baseline"]);
    assert_eq!(ran.code, Some(0), "{}", ran.stdout);
    assert!(ran.notes().contains("1 of 1 entries speak of cases that were not judged"), "{}", ran.notes());
}

#[test]
fn what_could_not_be_judged_is_never_excused() {
    let scene = Scene::new(Way::Accepts);
    let known = for_all_rows(&scene);
    scene.turns(Way::Throttles);
    for more in [&[][..], &["--strict-baseline"]] {
        let ran = scene.judged(&known, more);
        assert_eq!((ran.code, ran.count("known"), ran.count("blocked")), (Some(3), 0, 4), "{}", ran.stdout);
        assert!(ran.notes().contains("not judged in this run"), "{}", ran.notes());
    }
}

#[test]
fn a_list_that_was_cut_off_passes_nothing() {
    let scene = Scene::new(Way::Accepts);
    let known = reasoned(&scene.entries());
    let last = known.rfind("[[known]]").expect("entries");
    let ran = scene.judged(&known[..last], &[]);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.count("fail") >= 1);
    let reason = last + known[last..].find("reason").expect("a reason");
    for cut in [last + 9, last + 20, reason, reason + 8, reason + 12] {
        let ran = scene.judged(&known[..cut], &[]);
        assert_eq!(ran.code, Some(2), "{}: {}", &known[last..cut], ran.stdout);
        assert!(ran.stderr.contains("known.toml:"), "{}", ran.stderr);
    }
}

#[test]
fn known_failures_do_not_use_up_the_failures_that_are_allowed() {
    let scene = Scene::new(Way::Accepts);
    let known = reasoned(&scene.entries());
    let ran = scene.judged(&known, &["--max-fail", "1", "--jobs", "1"]);
    assert_eq!((ran.code, ran.count("known"), ran.count("blocked")), (Some(0), 4, 0), "{}", ran.stdout);
    let ran = scene.judged("", &["--max-fail", "1", "--jobs", "1"]);
    assert_eq!((ran.code, ran.count("fail")), (Some(1), 1), "{}", ran.stdout);
    assert!(ran.count("blocked") > 0, "{}", ran.stdout);
}

#[test]
fn a_baseline_speaks_of_a_target() {
    let program = Program::judge(["--baseline", "known.toml", "login/control"]).file("known.toml", "");
    program.end().exited(2).says("--baseline is about a target");
    for wrong in [
        &["--target", "http://127.0.0.1:1", "--baseline", "no/such/file.toml"][..],
        &["--target", "http://127.0.0.1:1", "--strict-baseline"],
    ] {
        Program::judge(wrong).end().exited(2);
    }
}

#[test]
fn a_broken_list_is_refused_with_its_place() {
    let good = "case = \"login/x\"\nrequirement = \"login.x\"\nsignature = \"s\"\n";
    let entry = |more: &str| format!("[[known]]\n{good}{more}");
    for (text, place, words) in [
        (entry(""), "known.toml:1:1", "missing field `reason`"),
        (entry("reason = \"  \"\n"), "known.toml:5:10", "the reason is empty"),
        (entry("reason = \"r\"\nissue = \"\"\n"), "known.toml:6:9", "the issue is empty"),
        (entry("reason = \"r\"\nexpires = \"soon\"\n"), "known.toml:6:11", "`soon` is not a date"),
        (entry("reason = \"r\"\nexpires = 2026-02-30\n"), "known.toml:6", ""),
        (entry("reason = \"r\"\nexpires = 7\n"), "known.toml:6:11", "`7` is not a date"),
        (entry("reason = \"r\"\nexpired = 2026-01-01\n"), "known.toml:6:1", "did you mean `expires`?"),
        (entry("reason = \"r\"\n").replace("login/x", "log*/x"), "known.toml:2:8", "several files"),
        (entry("reason = \"r\"\n").replace("\"s\"", "\"\""), "known.toml:4:13", "the signature is empty"),
        (entry("reason = \"r\"\n").repeat(2), "known.toml:6:1", "stands in line 1 already"),
        ("[known]\n".to_owned(), "known.toml:1", ""),
        ("[[knwon]]\n".to_owned(), "known.toml:1:3", "did you mean `known`?"),
        ("[[known]".to_owned(), "known.toml:1", ""),
    ] {
        let program = Program::judge(["--target", "http://127.0.0.1:1", "--baseline", "known.toml"]);
        program.file("known.toml", &text).end().exited(2).says(place).says(words).says("help: ");
    }
}
