//! Known failures, with the built program: what fails as recorded is known, all else is reported, and nothing passes
//! unseen.

use std::sync::{Arc, Mutex};

use crate::harness::{Ended, Place, Program, Proxy, answer};
use crate::reports::sarif::results;
use serde_json::Value;

const HIT: &str = "envelope/unknown-path::beside-the-users";
const ROWS: [&str; 5] = ["behind-a-prefix", "beside-the-users", "below-the-login", "below-an-account", "deep"];
const RULE: &str = "envelope.unknown-path-refused";

/// What the target answers to a path that it does not have, if it does not refuse it.
type Way = fn(&str) -> Option<Vec<u8>>;

const GOOD: Way = |_| None;
const ACCEPTS: Way = |_| Some(answer("200 OK", "", r#"{"meta":{"version":"v2.37.1","api_status":"stable"}}"#));
const ACCEPTS_ONE: Way = |target| (target == "/v1/wabizspec-unknown").then(|| ACCEPTS(target)).flatten();
const CRASHES: Way = |_| Some(answer("500 Oops", "", r#"{"errors":[{"code":1,"title":"x"}]}"#));
const THROTTLES: Way = |_| Some(answer("429 Too Many Requests", "Retry-After: 100\r\n", "{}"));

/// A target whose way can be changed, and a folder with a baseline for it.
struct Scene {
    place: Place,
    proxy: Proxy,
    way: Arc<Mutex<Way>>,
}

impl Scene {
    fn new(way: Way) -> Scene {
        let now = Arc::new(Mutex::new(way));
        let way = Arc::clone(&now);
        let proxy = Proxy::answering(move |asked| {
            let is_unknown = asked.method == "GET" && asked.target.contains("wabizspec");
            is_unknown.then(|| way.lock().expect("a way")(&asked.target)).flatten()
        });
        // The first run gives the admin this password; the others log in with it.
        let config = "[credentials]\npassword_file = \"password\"\n";
        let place = Place::with(&[("password", "Sufficient-1"), ("wabizspec.toml", config)]);
        Scene { place, proxy, way: now }
    }

    fn turns(&self, way: Way) {
        *self.way.lock().expect("a way") = way;
    }

    fn judged(&self, baseline: &str, more: &str) -> Ended {
        self.place.write("known.toml", baseline);
        let line = "--fresh --allow users --baseline known.toml envelope/control envelope/unknown-path::*";
        self.place.judge(line).args("users/read-admin").at(&self.proxy).args(more).end()
    }

    /// The entries that the report of a run with an empty baseline ends with.
    fn entries(&self) -> String {
        entries(&self.judged("", ""))
    }

    fn known(&self) -> String {
        reasoned(&self.entries())
    }
}

fn entries(ran: &Ended) -> String {
    let start = ran.stdout.find("[[known]]").unwrap_or_else(|| panic!("no entries: {}", ran.stdout));
    ran.stdout[start..].to_owned()
}

fn reasoned(entries: &str) -> String {
    entries.replace("reason = \"\"", "reason = \"it is an old one\"\nissue = \"https://tracker.example/7\"")
}

const STRICT: &str = "--strict-baseline";

#[track_caller]
fn notes(ran: &Ended, part: &str) {
    assert!(ran.notes().contains(part), "{}", ran.notes());
}

#[test]
fn what_fails_as_recorded_is_known() {
    let scene = Scene::new(ACCEPTS);
    let first = scene.judged("", "");
    let first = first.exited(1).counts("fail", 5);
    let entries = entries(&first);
    assert!(entries.matches("[[known]]").count() >= 4, "{entries}");
    assert!(first.stdout.ends_with(&entries), "the report ends with the entries");

    scene.judged(&entries, "").exited(2).says("the reason is empty");

    for more in ["", "--strict-baseline --report sarif=known.sarif"] {
        let ran = scene.judged(&reasoned(&entries), more).exited(0).counts("fail", 0).counts("known", 5);
        assert_eq!(ran.verdict(HIT), "known");
        assert_eq!(ran.reason(HIT), "it is an old one (https://tracker.example/7)");
        assert!(ran.broken(HIT).contains(&RULE), "the finding is still reported");
        assert_eq!(ran.requirement(RULE), "known");
        assert!(!ran.stdout.contains("[[known]]"), "nothing is new");
        assert_eq!(ran.notes(), "[]");
    }
    let suppressed = results(&scene.place, "known.sarif").into_iter().filter(|result| result["level"] != "note");
    let why: Vec<Value> = suppressed.map(|result| result["suppressions"][0]["justification"].clone()).collect();
    assert_eq!(why, vec![Value::from("it is an old one (https://tracker.example/7)"); 5]);
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

type Row<'b> = (&'static str, Way, &'b str, &'static str, i32, [u64; 3], &'static str);

/// Each with the way of the target, the baseline, arguments, the exit code, how many cases fail, are known and are blocked,
/// and a note.
#[test]
fn a_baseline_excuses_what_fails_as_recorded_and_nothing_else() {
    let scene = Scene::new(ACCEPTS);
    let (known, all) = (&scene.known(), &for_all_rows(&scene));
    let expired = &format!("{all}expires = 2020-01-31\n");
    let rows: [Row<'_>; 15] = [
        ("it fails otherwise", CRASHES, known, "", 1, [5, 0, 0], "fails in another way than recorded"),
        ("it passes again", GOOD, known, "", 0, [0, 0, 0], "does not break it any more"),
        ("it passes again", GOOD, known, STRICT, 1, [0, 0, 0], "does not break it any more"),
        ("one entry covers all rows", ACCEPTS, all, STRICT, 0, [0, 5, 0], ""),
        ("most of its rows pass again", ACCEPTS_ONE, all, "", 0, [0, 1, 0], "of 5 cases, 4 do not break it any more"),
        ("most of its rows pass again", ACCEPTS_ONE, all, STRICT, 1, [0, 1, 0], ""),
        ("it has expired", ACCEPTS, expired, "", 1, [5, 0, 0], "expired after 2020-01-31"),
        ("it has expired and passes", GOOD, expired, "", 0, [0, 0, 0], "expired after 2020-01-31"),
        ("it has expired and passes", GOOD, expired, STRICT, 1, [0, 0, 0], ""),
        ("it cannot be judged", THROTTLES, all, "", 3, [0, 0, 5], "not judged in this run"),
        ("it cannot be judged", THROTTLES, all, STRICT, 3, [0, 0, 5], "not judged in this run"),
        ("known failures use up no allowed ones", ACCEPTS, known, "--max-fail 1 --jobs 1", 0, [0, 5, 0], ""),
        ("it expires later", ACCEPTS, &format!("{all}expires = 2999-12-31\n"), STRICT, 0, [0, 5, 0], ""),
        ("it expires later", ACCEPTS, &format!("{all}expires = \"2999-12-31\"\n"), STRICT, 0, [0, 5, 0], ""),
        ("nothing is known", ACCEPTS, "", "", 1, [5, 0, 0], ""),
    ];
    for (name, way, baseline, args, code, counts, note) in rows {
        scene.turns(way);
        let ran = scene.judged(baseline, args);
        assert_eq!(ran.code, Some(code), "{name}: {}", ran.said());
        assert_eq!(["fail", "known", "blocked"].map(|verdict| ran.count(verdict)), counts, "{name}: {}", ran.said());
        assert!(ran.notes().contains(note), "{name}: {}", ran.notes());
        for row in ROWS.iter().filter(|_| baseline.starts_with(all.as_str()) && counts[1] == 5) {
            let reason = ran.reason(&format!("envelope/unknown-path::{row}"));
            assert!(reason.starts_with("all alike"), "{name}: {reason}");
            assert_eq!(reason.contains("until 2999-12-31"), name == "it expires later", "{name}: {reason}");
        }
    }
    scene.judged("", "--max-fail 1 --jobs 1").exited(1).counts("fail", 1).counts_over("blocked", 0);
}

#[test]
fn a_baseline_is_written_and_makes_the_next_run_green() {
    let scene = Scene::new(ACCEPTS);
    let run = |line: &str| {
        let filters = "--fresh --allow users envelope/control envelope/unknown-path::* users/read-admin";
        scene.place.judge(filters).at(&scene.proxy).args(line).end()
    };
    run("--write-baseline new.toml").exited(1).says("new.toml: entries added: ").never_says("reason = ");
    run("--baseline new.toml --strict-baseline").exited(0).counts("known", 5);
    run("--write-baseline new.toml").exited(2).says("new.toml exists already");
    run("--write-baseline report.json").exited(2);
    run("--prune-baseline").exited(2);
    // What is known stays as it was written, and what is new comes after it.
    let first = scene.place.read("new.toml").replace("not explained yet", "mine");
    let last = first.rfind("\n[[known]]").expect("entries");
    scene.place.write("new.toml", &first[..last]);
    run("--baseline new.toml --write-baseline new.toml").exited(1).says("entries added: 1, removed: 0");
    let text = scene.place.read("new.toml");
    assert!(text.starts_with(&first[..last]) && text.matches("not explained yet").count() == 1, "{text}");
    run("--baseline new.toml").exited(0);
}

#[test]
fn a_baseline_is_pruned_of_what_no_longer_fails_and_of_nothing_else() {
    let scene = Scene::new(ACCEPTS);
    let entry = |above: &str, case: &str| {
        format!("{above}[[known]]\ncase = \"{case}\"\nrequirement = \"{RULE}\"\nsignature = \"s\"\nreason = \"r\"\n\n")
    };
    let of = |text: &str, row: &str| entry(text, &format!("envelope/unknown-path::{row}"));
    let head = "# Ours.\n\n";
    let unjudged = entry("# About the login.\n", "login/standard-login");
    let known = scene.known();
    let (gone, mended) = (of("# Long ago.\n", "no-such-row"), of("# All rows.\n# Both lines.\n", "*"));
    let prune = |baseline: &str, code: i32| {
        scene.judged(baseline, "--prune-baseline").exited(code);
        scene.place.read("known.toml")
    };
    let whole = format!("{head}{gone}{unjudged}{known}");
    assert_eq!(prune(&whole, 0), format!("{head}{unjudged}{known}"), "what still fails stays");
    scene.turns(CRASHES);
    assert_eq!(prune(&whole, 1), format!("{head}{unjudged}{known}"), "what fails in another way stays");
    scene.turns(THROTTLES);
    assert_eq!(prune(&format!("{head}{unjudged}{known}"), 3), format!("{head}{unjudged}{known}"), "unjudged");
    scene.turns(GOOD);
    assert_eq!(prune(&format!("{head}{mended}{unjudged}{gone}"), 0), format!("{head}{unjudged}"));
    scene.turns(ACCEPTS_ONE);
    let all = for_all_rows(&scene);
    assert_eq!(prune(&all, 0), all, "some of its cases still fail");
}

#[test]
fn an_entry_that_matches_nothing_is_reported() {
    let scene = Scene::new(GOOD);
    let entry = |case: &str| {
        format!("[[known]]\ncase = \"{case}\"\nrequirement = \"{RULE}\"\nsignature = \"s\"\nreason = \"r\"\n")
    };
    for case in ["envelope/no-such-case", "envelope/unknown-path::no-such-row", "envelope/unknown-path::zz*"] {
        notes(&scene.judged(&entry(case), "").exited(0), "the suite has no such case");
        scene.judged(&entry(case), STRICT).exited(1);
    }
    // A case that was not selected may still fail as recorded.
    let ran = scene.judged(&entry("login/standard-login"), STRICT).exited(0);
    notes(&ran, "1 of 1 entries speak of cases that were not judged");
}

#[test]
fn a_list_that_was_cut_off_passes_nothing() {
    let scene = Scene::new(ACCEPTS);
    let known = scene.known();
    let last = known.rfind("[[known]]").expect("entries");
    scene.judged(&known[..last], "").exited(1).counts_over("fail", 0);
    let reason = last + known[last..].find("reason").expect("a reason");
    for cut in [last + 9, last + 20, reason, reason + 8, reason + 12] {
        scene.judged(&known[..cut], "").exited(2).says("known.toml:");
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
        (entry("reason = \"r\"\n").repeat(2), "known.toml:6:1", "is already in line 1"),
        ("[known]\n".to_owned(), "known.toml:1", ""),
        ("[[knwon]]\n".to_owned(), "known.toml:1:3", "did you mean `known`?"),
        ("[[known]".to_owned(), "known.toml:1", ""),
    ] {
        let program = Program::judge("--baseline known.toml").at("http://127.0.0.1:1");
        program.file("known.toml", &text).end().exited(2).says(place).says(words).says("help: ");
    }
}
