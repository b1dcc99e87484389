//! A target that dies in the middle: the rest is blocked, the report is whole, and the run ends soon. One that only
//! stumbles is judged to the end.

use crate::harness::{Asked, Ended, Program, Proxy, Reaction, parallel, reference};

/// Judges the whole suite behind that proxy: every planned case has one verdict, and those that could not be judged say why.
#[track_caller]
fn judge(program: Program, proxy: &Proxy) -> Ended {
    let ended = program.args("--registration open").at(proxy).end();
    ended.is_whole();
    let listed = Program::new("list cases --json").end().exited(0).stdout;
    let cases: Vec<serde_json::Value> = serde_json::from_str(&listed).expect("JSON");
    assert_eq!(ended.cases().len(), cases.len());
    for case in ended.cases() {
        let needs_reason = matches!(case["verdict"].as_str(), Some("blocked" | "skipped"));
        assert_eq!(case["reason"].is_string(), needs_reason, "{case}");
    }
    ended
}

type React = fn(&Asked) -> Reaction;

const DIES: React = |_| Reaction::Die;
const IS_SILENT: React = |_| Reaction::Hang;
const HANGS_UP: React = |_| Reaction::Drop;
const FRESH: &str = "--fresh --wrong-logins 1000 --allow users,passwords";

/// The requests that are answered, what becomes of the others, arguments, the most failures (what was in flight), and the
/// most requests after that: not one after another, but what was in flight, three in a row, the canary while it is waited
/// for, and the clean-up. Rows with `--jobs` are without resets, for which a run would wait.
type Row = (usize, React, &'static str, u64, usize);

const ROWS: [Row; 10] = [
    // While refusals share a fresh client, and while accounts are made for cases.
    (40, DIES, "", 12, 12),
    (700, DIES, "", 12, 12),
    (60, DIES, "--jobs 1", 1, 12),
    (60, DIES, "--jobs 8", 8, 12),
    (40, IS_SILENT, "--timeout 500ms", 15, 120),
    (700, IS_SILENT, "--timeout 500ms", 15, 120),
    (60, IS_SILENT, "--timeout 500ms --jobs 1", 4, 120),
    (60, IS_SILENT, "--timeout 500ms --jobs 8", 11, 120),
    (60, HANGS_UP, "--jobs 1", 4, 400),
    (60, HANGS_UP, "--jobs 8", 11, 400),
];

#[test]
fn a_target_that_is_gone_in_the_middle_ends_the_run() {
    parallel(3, ROWS, |(requests, then, args, most_failed, most_requests)| {
        let server = reference(|_| {});
        let proxy = Proxy::until(&server, requests, then);
        let is_fresh = args.contains("--jobs");
        let program = Program::judge(args);
        let program = if is_fresh { program.args(FRESH) } else { program.resetting(&server) };
        let ended = judge(program, &proxy).says(if is_fresh { "the target is gone" } else { "blocked" });
        let ended = ended.counts_over("blocked", 50);
        let failed = ended.count("fail");
        assert!(failed <= most_failed, "{requests} {args}: at most what was in flight: {}", ended.summary());
        assert_eq!(ended.code, Some(if failed > 0 { 1 } else { 3 }), "{requests} {args}: {}", ended.said());
        assert!(proxy.requests() <= requests + most_requests, "{requests} {args}: {} requests", proxy.requests());
        // What needs a login was not proven by a target that died before the first one.
        assert!(requests > 40 || ended.proven().is_empty(), "{requests} {args}: {:?}", ended.proven());
        for case in ended.cases().iter().filter(|case| case["verdict"] == "blocked") {
            let cites = |requirement: &&serde_json::Value| {
                requirement["cases"].as_array().expect("cases").contains(&case["id"])
            };
            let mut cited = ended.requirements().iter().filter(cites);
            assert!(cited.all(|requirement| requirement["verdict"] != "pass"), "{requests} {args}: {case}");
        }
    });
}

#[test]
fn a_target_that_stumbles_and_comes_back() {
    let server = reference(|_| {});
    let proxy = Proxy::of(&server, |number, asked| {
        // The requests that ask whether the target is there are answered.
        Reaction::Drop.when((300..306).contains(&number) && asked.path() != "/v1/users/admin")
    });
    let ended = judge(Program::judge("").resetting(&server), &proxy).counts_over("pass", 600);
    assert!(ended.count("fail") <= 6 && ended.count("blocked") <= 6, "{}", ended.said());
}
