//! The CI recipes of the documents and `action.yml`: well formed, and each of their scripts run by bash as a CI system would
//! run it, against a server that conforms (the job is green) and one that does not (it is red).
//!
//! Nothing here needs a network: what stands for the network in a recipe is replaced, and said to be.

mod github;
mod gitlab;
mod workplace;

use crate::harness::{OWNERS, PASSWORD, faulty as server, nobody, none, reset_of, take};
use crate::schema::validator;
use serde_json::{Value, json};
use wabizspec::reference::Server;
use workplace::{Install, Workplace};

const ACTION: &str = include_str!("../../../action.yml");
const CI: &str = concat!(include_str!("../../../docs/ci.md"), include_str!("../../../docs/proof.md"));

const ADDRESSES: [&str; 3] = ["https://wabiz.example.com:9090", "http://localhost:9090", "http://wabiz:9090"];

/// A fault that every refusal shows, so without any permission too.
const VISIBLE: &str = "envelope.error-shape.without-title";

fn blocks(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    let blocks = CI.split(fence.as_str()).skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

fn block(language: &str, containing: &str) -> &'static str {
    let mut found = blocks(language).into_iter().filter(|block| block.contains(containing));
    let block = found.next().unwrap_or_else(|| panic!("the documents have a {language} block with {containing}"));
    assert_eq!(found.next(), None, "two blocks with {containing}");
    block
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn workflow() -> &'static str {
    block("yaml", "# .github/workflows/")
}

fn pipeline() -> &'static str {
    block("yaml", "# .gitlab-ci.yml")
}

/// The server under test, at the address that the recipe gives.
fn at(server: &Server, recipe: &str) -> String {
    let recipe = ADDRESSES.iter().fold(recipe.to_owned(), |text, address| text.replace(address, &server.url()));
    let mut words = recipe.split_whitespace();
    let left = words.find(|word| word.contains("//") && word.contains(":9090"));
    assert_eq!(left, None, "an address that is none of {ADDRESSES:?}");
    recipe
}

/// The same with [`OWNERS`] as the admin's password, and no token out: a target in use.
fn in_use(faults: &[&str]) -> Server {
    let server = server(faults);
    take(&server, OWNERS);
    server
}

/// The schemas have the documented keys: <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>,
/// …/workflow-syntax and <https://docs.gitlab.com/ci/yaml/>. A key that is none of them is passed over in silence there. What
/// is inserted into a script is run by the shell, whatever it is; so scripts take values from the environment.
#[test]
fn the_recipes_have_the_documented_shape() {
    let (action, workflow) = (yaml(ACTION), yaml(workflow()));
    for (schema, value) in [
        (include_str!("action.schema.json"), &action),
        (include_str!("workflow.schema.json"), &workflow),
        (include_str!("pipeline.schema.json"), &yaml(pipeline())),
    ] {
        let validator = validator(&serde_json::from_str(schema).expect("JSON"));
        none(validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())));
    }
    let steps = workflow["jobs"].as_object().expect("jobs").values().flat_map(|job| job["steps"].as_array());
    for step in steps.flatten().filter(|step| step["uses"].as_str().is_some_and(|uses| uses.contains("/wabizspec@"))) {
        let mut given = step["with"].as_object().expect("inputs").keys();
        assert!(given.all(|input| action["inputs"].get(input).is_some()), "an input that the action has not: {step}");
    }
    // Every block of YAML is one that is run here: a further recipe needs a test of its own.
    assert_eq!(blocks("yaml").len(), 2);
}

#[test]
fn the_github_jobs_are_green_on_a_conforming_target_and_red_on_a_broken_one() {
    let action = yaml(ACTION);
    for (job, start) in [("deployed", in_use as fn(&[&str]) -> Server), ("disposable", server)] {
        for (faults, green) in [(&[][..], true), (&[VISIBLE][..], false)] {
            let server = start(faults);
            let before = server.dump();
            let place = Workplace::new(Install::OnThePath);
            let ran = github::job(&place, &yaml(&at(&server, workflow())), job, &action);
            assert_eq!(ran.is_green, green, "{job}, {faults:?}\n{}", ran.log);
            assert_eq!(ran.outputs["exit-code"], if green { "0" } else { "1" }, "{}", ran.log);
            let annotation = if green { "::notice title=wabizspec" } else { "::error " };
            assert!(ran.log.contains(annotation), "{job}\n{}", ran.log);
            assert!(ran.summary.contains(&server.url()), "{job}: the job summary\n{}", ran.summary);
            for report in ["junit.xml", "report.html", "events.ndjson"] {
                let written = place.read(&format!("wabizspec-reports/{report}"));
                assert!(written.len() > 500, "{job}: {report} is `{written}`");
            }
            assert_eq!(place.installations(), 0, "what is on the path is not built again\n{}", ran.log);
            let judged = place.read("wabizspec-reports/events.ndjson").matches("\"verdict\":\"").count();
            let passed = ran.log.lines().find(|line| line.contains(" pass, ")).unwrap_or_default();
            assert!(job == "deployed" || judged > 700, "{job}: {passed}");
            if job == "deployed" {
                assert_eq!(server.dump(), before, "nothing was allowed");
            }
        }
    }
}

/// A red step must not be hidden by what comes after it, nor a usage error taken for a verdict.
#[test]
fn the_action_is_red_where_no_target_is_named_or_none_answers() {
    let (action, nobody) = (yaml(ACTION), "http://127.0.0.1:9");
    for (with, code) in [
        (json!({}), "2"),
        (json!({ "target": "" }), "2"),
        (json!({ "target": nobody }), "3"),
        (json!({ "target": nobody, "args": "--nonsense" }), "2"),
        (json!({ "config": "none.toml" }), "2"),
    ] {
        let ran = github::action(&Workplace::new(Install::OnThePath), &action, &with, &Default::default());
        assert!(!ran.is_green, "{with}\n{}", ran.log);
        assert_eq!(ran.outputs["exit-code"], code, "{with}\n{}", ran.log);
    }
}

#[test]
fn the_action_takes_the_target_from_the_configuration_and_keeps_blanks_in_arguments() {
    let server = server(&[]);
    let config = format!("[target]\nurl = \"{}\"\n", server.url());
    let args = format!("--reset\n{}\n\nlogin/first-login\n", reset_of(&server));
    for (file, with) in [
        ("wabizspec.toml", json!({ "args": args, "min-cases": "1" })),
        ("ci/target.toml", json!({ "config": "ci/target.toml", "min-cases": "" })),
    ] {
        let place = Workplace::new(Install::OnThePath);
        place.write(file, &config);
        let ran = github::action(&place, &yaml(ACTION), &with, &Default::default());
        assert!(ran.is_green, "{}", ran.log);
    }
}

/// A secret that does not exist, or that a fork is not given, arrives as an empty input.
#[test]
fn the_action_is_red_where_the_password_is_lost_and_takes_it_from_the_job_too() {
    let server = in_use(&[]);
    let action = yaml(ACTION);
    for (password_input, variable, code) in [(Some(""), None, "3"), (None, Some(OWNERS), "0"), (None, Some(""), "2")] {
        let mut with = json!({ "target": server.url() });
        if let Some(password) = password_input {
            with["admin-password"] = json!(password);
        }
        let environment = variable.map(|value| (PASSWORD.to_owned(), value.to_owned()));
        let place = Workplace::new(Install::OnThePath);
        let ran = github::action(&place, &action, &with, &environment.into_iter().collect());
        assert_eq!(ran.outputs["exit-code"], code, "{}", ran.log);
        assert_eq!(ran.log.contains("fewer than the 100"), code == "3", "{}", ran.log);
    }
}

#[test]
fn where_the_program_is_missing_it_is_built_once() {
    let server = in_use(&[]);
    let place = Workplace::new(Install::Missing);
    let with = json!({ "target": server.url(), "admin-password": OWNERS });
    for _ in 0..2 {
        let ran = github::action(&place, &yaml(ACTION), &with, &Default::default());
        assert!(ran.is_green, "{}", ran.log);
        assert_eq!(place.installations(), 1, "{}", ran.log);
    }
    let place = Workplace::new(Install::Missing);
    for _ in 0..2 {
        let ran = gitlab::job(&place, &yaml(&at(&server, pipeline())), "conformance");
        assert!(ran.is_green, "{}", ran.log);
        assert_eq!(place.installations(), 1, "{}", ran.log);
    }
}

#[test]
fn the_gitlab_job_is_green_on_a_conforming_target_and_red_on_a_broken_one() {
    for (faults, green) in [(&[][..], true), (&[VISIBLE][..], false)] {
        let server = server(faults);
        let place = Workplace::new(Install::OnThePath);
        let pipeline = yaml(&at(&server, pipeline()));
        let ran = gitlab::job(&place, &pipeline, "conformance");
        assert_eq!(ran.is_green, green, "{}", ran.log);
        assert_eq!(place.installations(), 0, "{}", ran.log);
        for path in gitlab::artifacts(&pipeline, "conformance") {
            assert!(place.read(&path).len() > 500, "{path}\n{}", ran.log);
        }
    }
}

#[test]
fn the_shell_recipe_is_green_on_a_conforming_target_and_red_on_a_broken_one() {
    for (faults, green) in [(&[][..], true), (&[VISIBLE][..], false)] {
        let server = in_use(faults);
        let place = Workplace::new(Install::OnThePath);
        place.write("admin.password", &format!("{OWNERS}\n"));
        let recipe = at(&server, block("sh", "--report junit="));
        let ran = place.bash("-e", &recipe, &Default::default());
        assert_eq!(ran.is_green, green, "{}", ran.log);
        assert!(place.read("junit.xml").contains("<testsuite"), "{}", ran.log);
    }
}

/// On a port that is free.
#[test]
fn the_recipe_with_a_fault_turns_a_gate_red() {
    let free = nobody();
    let recipe = block("sh", "--fault").replace("127.0.0.1:9091", free.trim_start_matches("http://"));
    let run = |recipe: &str| Workplace::new(Install::OnThePath).bash("+e", recipe, &Default::default());
    let red = run(&recipe);
    assert!(red.is_green, "{}", red.log);
    // Without the fault the gate stays green, and the recipe says so.
    let sound = recipe.replace(" --fault login.first.default-password-accepted", "");
    assert_eq!(run(&sound).code, Some(1));
}
