//! `wabizspec claim`: a claim says no more than its report shows, its badge is green only where it may be, and every
//! change of the claim or of the report is seen.

mod changed;
mod stated;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use crate::harness::*;

const GREEN: &str = "#1a7f37";

/// Moves the clock of a reference client and fetches its codes, so that every case can run.
const HOOKS: &str = r#"[state]
advance = '''curl -sf -d "{\"seconds\":$WABIZSPEC_SECONDS}" "$WABIZSPEC_TARGET/__control/advance"'''
[registration]
code_command = '''curl -sf "$WABIZSPEC_TARGET/__control/code" | tr -dc 0-9'''
"#;

/// The claim of the report, and the texts of its badge, the title first. The claim is checked.
fn claimed(place: &Place, report: &str) -> (Value, Vec<String>) {
    let made = place.program(&format!("claim {report} --out claim.json --badge badge.svg")).end().exited(0);
    assert_eq!(made.stdout, "");
    let claim = place.json("claim.json");
    made.says(text(&claim, "outcome"));
    place.program(&format!("claim --verify claim.json {report}")).end().exited(0).says("what the report gives");
    let badge = place.read("badge.svg");
    let green = claim["outcome"] == "conforms" && claim["target"]["embedded"] == false;
    assert_eq!(badge.contains(GREEN), green, "{badge}");
    (claim, texts(&badge))
}

/// The texts of the badge in the order of its elements; the title is named first too, for those who hear it.
fn texts(badge: &str) -> Vec<String> {
    let mut reader = Reader::from_str(badge);
    let (mut texts, mut label) = (Vec::new(), None);
    loop {
        match reader.read_event().expect("XML") {
            Event::Start(element) if element.name().as_ref() == "svg" => {
                let found = element.attributes().map(|it| it.expect("an attribute"));
                let found = found.filter(|it| it.key.as_ref() == "aria-label").last().expect("a label");
                label = Some(quick_xml::escape::unescape(&found.value).expect("escaped").into_owned());
            }
            Event::Text(text) => texts.push(text.to_string()),
            Event::GeneralRef(entity) => texts.push(format!("&{};", &*entity)),
            Event::End(_) => texts.push("\n".to_owned()),
            Event::Eof => break,
            _ => {}
        }
    }
    let whole = quick_xml::escape::unescape(&texts.concat()).expect("escaped").into_owned();
    let texts: Vec<String> = whole.lines().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect();
    assert_eq!(texts.first(), label.as_ref());
    texts
}

/// Runs and claims: the outcome, the limits, and what the badge says.
fn outcome(place: &Place, run: Program) -> (String, Vec<String>, String) {
    let ended = run.args("--report json=report.json").end();
    assert!(matches!(ended.code, Some(0 | 1 | 3 | 130)), "{}", ended.said());
    of_report(place, "report.json")
}

fn of_report(place: &Place, report: &str) -> (String, Vec<String>, String) {
    let (claim, texts) = claimed(place, report);
    let limits = claim["limits"].as_array().expect("limits").iter();
    let limits = limits.map(|limit| limit.as_str().expect("a limit").to_owned()).collect();
    assert_eq!(texts.len(), 3, "{texts:?}");
    assert_eq!(texts[1], format!("wabizspec {}", env!("CARGO_PKG_VERSION")));
    (text(&claim, "outcome").to_owned(), limits, texts[2].clone())
}

#[test]
fn a_whole_run_in_which_nothing_failed_is_all_that_conforms() {
    let place = Place::new();
    let embedded = outcome(&place, place.program("run --embedded"));
    assert_eq!(embedded, ("conforms".into(), vec![], "reference client conforms".into()));
    let claim = place.json("claim.json");
    assert_eq!(claim["target"], json!({ "embedded": true, "registration": "open", "versions": ["v2.53.1"] }));
    assert_eq!(claim["musts"]["percent"], 100);
    let reasons: Vec<&str> =
        claim["excused"].as_array().expect("entries").iter().map(|it| text(it, "reason")).collect();
    assert_eq!(reasons, ["not applicable: it is for targets whose registration is sunset, not open"]);

    let server = fresh("open");
    let run =
        |line: &str| place.program(&format!("run {line}")).at(&server).resetting(&server).file("hooks.toml", HOOKS);
    let whole = "--config hooks.toml --allow registration";
    assert_eq!(outcome(&place, run(whole)), ("conforms".into(), vec![], "conforms".into()));
    assert!(!place.read("claim.json").contains(&server.url()), "the address is the owner's business");
    // Without permissions, without hooks, without a part of the API: nothing failed, and yet it is not the whole.
    for (line, limits) in [
        ("--config hooks.toml", &["skipped", "unproven"][..]),
        ("--allow registration", &["skipped", "unproven"]),
        ("--config less.toml --allow registration", &["left-out"]),
        ("--config hooks.toml --allow registration --exclude login/control", &["selection", "unproven"]),
        ("login/control", &["selection", "unproven"]),
    ] {
        let run = run(line).file("less.toml", &format!("[target]\nwithout = [\"account\"]\n{HOOKS}"));
        let (outcome, found, badge) = outcome(&place, run);
        assert_eq!((outcome.as_str(), found), ("partial", limits.iter().map(|it| it.to_string()).collect()), "{line}");
        assert!(badge.starts_with("partial: ") && badge.ends_with(" % of the musts proven"), "{badge}");
    }
}

#[test]
fn what_fails_and_what_is_excused_does_not_conform() {
    let place = Place::new();
    let server = faulty(&["login.first.default-password-accepted"]);
    let run = |line: &str| place.program(&format!("run {line}")).at(&server).resetting(&server);
    let (word, _, badge) = outcome(&place, run("--write-baseline known.toml"));
    assert_eq!(word, "fails");
    let claim = place.json("claim.json");
    let failed = claim["requirements"]["fail"]["must"].as_array().expect("ids");
    assert!(failed.contains(&json!("login.first.refused")), "{failed:?}");
    assert!(badge.starts_with("fails: ") && badge.contains(" broken"), "{badge}");
    // A failure outweighs every limit.
    assert_eq!(outcome(&place, run("login --max-fail 1")).0, "fails");

    let (word, limits, _) = outcome(&place, run("--baseline known.toml"));
    assert_eq!((word.as_str(), limits.contains(&"known".to_owned())), ("partial", true), "{limits:?}");
    let claim = place.json("claim.json");
    let excused = claim["excused"].as_array().expect("entries");
    let known = excused.iter().find(|it| it["verdict"] == "known").expect("a known failure");
    assert!(text(known, "reason").contains("written by --write-baseline"), "{known}");
    assert!(known["requirements"].as_array().expect("ids").contains(&json!("login.first.refused")), "{known}");
    // Each requirement that is neither proven nor broken says why.
    let named: Vec<&Value> = excused.iter().flat_map(|it| it["requirements"].as_array().expect("ids")).collect();
    for verdict in ["known", "unproven", "blocked", "skipped"] {
        for level in ["must", "should"] {
            for id in claim["requirements"][verdict][level].as_array().expect("ids") {
                assert!(named.contains(&id), "{id} is {verdict}");
            }
        }
    }
}

#[test]
fn shards_show_the_whole_only_when_they_are_merged() {
    let place = Place::new();
    for shard in 1..=3 {
        place.program(&format!("run --embedded --shard {shard}/3 --report ndjson={shard}.ndjson")).end().exited(0);
    }
    let (word, limits, badge) = of_report(&place, "1.ndjson");
    assert_eq!((word.as_str(), limits[0].as_str()), ("partial", "shard"));
    assert!(badge.starts_with("reference client partial"), "{badge}");
    place.program("merge 1.ndjson 2.ndjson --report json=two.json").end().exited(3);
    let (word, limits, _) = of_report(&place, "two.json");
    assert_eq!((word.as_str(), limits[0].as_str()), ("partial", "incomplete"));
    place.program("merge 1.ndjson 3.ndjson 2.ndjson --report json=all.json --report ndjson=all.ndjson").end().exited(0);
    for report in ["all.json", "all.ndjson"] {
        assert_eq!(of_report(&place, report), ("conforms".into(), vec![], "reference client conforms".into()));
        assert_eq!(place.json("claim.json")["target"]["versions"], json!(["v2.53.1"]));
    }
    // One of them met a server of another version.
    place.write(
        "2.ndjson",
        place.read("2.ndjson").replace("{\"versions\":[\"v2.53.1\"]}", "{\"versions\":[\"v2.41.2\"]}"),
    );
    place.program("merge 1.ndjson 3.ndjson 2.ndjson --report json=all.json").end().exited(0);
    assert_eq!(of_report(&place, "all.json").1, ["several-versions"]);
    assert_eq!(place.json("claim.json")["target"]["versions"], json!(["v2.41.2", "v2.53.1"]));
}

#[test]
fn a_run_that_ended_early_says_so() {
    let place = Place::new();
    let server = fresh("open");
    let proxy = Proxy::of(&server, |_, asked| Reaction::Hang.when(asked.target.contains("wabizspec")));
    let line = "run --timeout=600s --report ndjson=report.ndjson";
    let program = place.program(line).at(&proxy).start();
    eventually("the request comes", || proxy.count(|asked| asked.target.contains("wabizspec")) > 0);
    program.signal("INT");
    program.end().exited(130);
    let (word, limits, _) = of_report(&place, "report.ndjson");
    assert_eq!((word.as_str(), limits.contains(&"interrupted".to_owned())), ("partial", true), "{limits:?}");

    place.program("run --embedded --report ndjson=whole.ndjson").end().exited(0);
    let whole = place.read("whole.ndjson");
    let ended = whole.rfind("{\"ended\":").expect("an end");
    place.write("died.ndjson", &whole[..ended]);
    assert_eq!(of_report(&place, "died.ndjson").1, ["died"]);
}

#[test]
fn nothing_is_claimed_by_what_does_not_show_it() {
    let place = Place::new();
    place.program("run login/control --embedded --report json=report.json --report har=run.har").end().exited(0);
    let mut old = place.json("report.json");
    let suite = old["suite"].as_object_mut().expect("a suite");
    assert!(suite.remove("digest").is_some() && suite.remove("whole").is_some());
    place.write("old.json", old.to_string());
    place.program("claim old.json").end().exited(2).says("an older version").says("help: ");
    place.program("judge run.har --report json=judged.json").end().exited(0);
    place.program("claim judged.json").end().exited(2).says("recorded traffic").says("help: ");
    // No file that is read is overwritten, and none is written twice.
    let before = place.read("report.json");
    for line in ["--out report.json", "--badge report.json", "--out x --badge x"] {
        place.program(&format!("claim report.json {line}")).end().exited(2);
    }
    assert_eq!(place.read("report.json"), before);
    let piped = place.program("claim report.json").end().exited(0);
    let on_stdout: Value = serde_json::from_str(&piped.stdout).expect("only JSON");
    assert_eq!(on_stdout["outcome"], "partial");
}

/// A suite of one's own is easy to conform to.
#[test]
fn a_suite_of_ones_own_is_no_proof() {
    let steps = "given = \"fresh\"\ncontrol = true\n[[steps]]\nname = \"s\"\nsend = \"POST /v1/users/login\"\n\
        basic = \"admin:secret\"\njson = '{\"new_password\":\"Abcdef1!\"}'\n[steps.expect]\n\"login.one\" = { status = 200 }\n";
    let run = Program::new("run --embedded --scenarios suite --report json=report.json").suite(steps);
    let place = run.place().clone();
    run.end().exited(0);
    let made = place.program("claim report.json --badge badge.svg --out claim.json").end().exited(0);
    made.says("the suite is not the one built into this program");
    let claim = place.json("claim.json");
    assert_eq!((&claim["outcome"], &claim["limits"][0]), (&json!("partial"), &json!("other-suite")));
    place.program("claim --verify claim.json report.json").end().exited(3).says("cannot be checked by this program");
}

#[test]
fn a_badge_escapes_what_a_target_says_of_itself() {
    let place = Place::new();
    place.program("run login/control --embedded --report json=report.json").end().exited(0);
    let mut report = place.json("report.json");
    let hostile = "</title><script>alert(1)</script>&amp;\"' \u{202e}\u{1b}[31m";
    report["target"]["versions"] = json!([hostile, "x".repeat(100_000)]);
    place.write("hostile.json", report.to_string());
    let (claim, texts) = claimed(&place, "hostile.json");
    assert!(claim["limits"].as_array().expect("limits").contains(&json!("several-versions")));
    assert!(texts[0].contains("</title><script>alert(1)</script>&amp;\"' \\u{202e}\\u{1b}[31m"), "{}", texts[0]);
    let badge = place.read("badge.svg");
    assert!(!badge.contains("<script") && badge.len() < 5000, "{badge}");
}

#[test]
fn the_commands_of_the_documents_work() {
    let page = include_str!("../../docs/ci.md");
    let commands = page.split("```sh\n").find(|block| block.contains("wabizspec claim")).expect("commands");
    let place = Place::new();
    for line in commands.split("```").next().expect("a block").lines() {
        let words = line.split('#').next().and_then(|line| line.strip_prefix("wabizspec ")).expect("a command");
        place.program(words).end().exited(0);
    }
    assert!(place.has("claim.json") && place.has("claim.svg"));
}
