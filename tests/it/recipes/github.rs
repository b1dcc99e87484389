//! As much of a GitHub runner as the recipes use: steps in order, files for outputs, path and summary, composite actions,
//! and expressions that name a value, an alternative or a comparison. Anything else in a recipe fails the test.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::workplace::{Environment, Workplace, read};
use crate::harness::OWNERS;

pub struct Job {
    pub is_green: bool,
    pub log: String,
    pub summary: String,
    /// Of the action that judged.
    pub outputs: Environment,
}

/// Runs a job of a workflow; every secret of it is the admin's password.
pub fn job(place: &Workplace, workflow: &Value, name: &str, action_yml: &Value) -> Job {
    let job = &workflow["jobs"][name];
    let mut judged = None;
    for step in job["steps"].as_array().expect("steps") {
        let uses = step["uses"].as_str().expect("the jobs only use actions");
        if uses.starts_with("actions/checkout@") {
            continue;
        }
        assert!(uses.contains("/wabizspec@"), "{uses} is an action that is unknown here");
        let secret = |path: &str| match path.strip_prefix("secrets.") {
            Some(_) => OWNERS.to_owned(),
            None => panic!("{path} is unknown in a job"),
        };
        let with = strings(&step["with"]).into_iter().map(|(name, value)| (name, json!(evaluated(&value, &secret))));
        judged = Some(action(place, action_yml, &Value::Object(with.collect()), &strings(&job["env"])));
    }
    judged.expect("the job judges a target")
}

pub fn action(place: &Workplace, action: &Value, with: &Value, environment: &Environment) -> Job {
    let inputs = action["inputs"].as_object().expect("inputs").iter().map(|(name, input)| {
        let given = with.get(name).or(input.get("default")).and_then(Value::as_str);
        (name.clone(), given.unwrap_or_default().to_owned())
    });
    let inputs: Environment = inputs.collect();
    let mut steps: BTreeMap<String, Environment> = BTreeMap::new();
    let mut ended = Job { is_green: true, log: String::new(), summary: String::new(), outputs: Environment::new() };
    let mut added = String::new();
    for (number, step) in action["runs"]["steps"].as_array().expect("steps").iter().enumerate() {
        let look_up = |path: &str| -> String {
            let value = match path.split('.').collect::<Vec<_>>()[..] {
                ["inputs", name] => inputs.get(name),
                ["env", name] => environment.get(name),
                ["steps", id, "outputs", name] => steps.get(id).and_then(|outputs| outputs.get(name)),
                ["runner", "os" | "arch"] => None,
                _ => panic!("{path} is unknown in an action"),
            };
            value.cloned().unwrap_or_default()
        };
        let wanted = match step.get("if").and_then(Value::as_str) {
            Some("always()") => true,
            Some(condition) => ended.is_green && holds(condition, &look_up),
            None => ended.is_green,
        };
        if let Some(uses) = step.get("uses").and_then(Value::as_str) {
            // Nothing is fetched here, but their inputs have to be there.
            assert!(["actions/cache@v4", "actions/upload-artifact@v4"].contains(&uses), "{uses}");
            for value in step["with"].as_object().expect("with").values() {
                assert_ne!(evaluated(value.as_str().unwrap_or("a number"), &look_up), "", "{step}");
            }
            continue;
        }
        if !wanted {
            continue;
        }
        assert_eq!(step["shell"], "bash");
        let file = |name: &str| place.scratch(&format!("{number}-{name}"));
        let (output, path, summary) = (file("output"), file("path"), file("summary"));
        let mut variables = environment.clone();
        for (name, value) in strings(&step["env"]) {
            variables.insert(name, evaluated(&value, &look_up));
        }
        for (name, value) in [
            ("GITHUB_OUTPUT", output.display().to_string()),
            ("GITHUB_PATH", path.display().to_string()),
            ("GITHUB_STEP_SUMMARY", summary.display().to_string()),
            ("GITHUB_WORKSPACE", place.workspace().display().to_string()),
            ("GITHUB_ACTION_PATH", env!("CARGO_MANIFEST_DIR").to_owned()),
            ("GITHUB_ACTIONS", "true".to_owned()),
            ("RUNNER_ENVIRONMENT", "github-hosted".to_owned()),
            ("CI", "true".to_owned()),
            ("ADDED_TO_PATH", added.clone()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        // https://docs.github.com: `shell: bash` is `bash --noprofile --norc -eo pipefail {0}`.
        let ran = place.bash("-eo pipefail", step["run"].as_str().expect("a script"), &variables);
        ended.log.push_str(&ran.log);
        ended.is_green &= ran.is_green;
        ended.summary.push_str(&read(&summary));
        added.extend(read(&path).lines().map(|line| format!("{line}:")));
        if let Some(id) = step["id"].as_str() {
            steps.insert(id.to_owned(), assignments(&read(&output)));
        }
    }
    let output = |path: &str| {
        let ["steps", id, "outputs", name] = path.split('.').collect::<Vec<_>>()[..] else { panic!("{path}") };
        steps.get(id).and_then(|outputs| outputs.get(name)).cloned().unwrap_or_default()
    };
    let outputs = action["outputs"].as_object().expect("outputs").iter();
    let value = |value: &Value| evaluated(value["value"].as_str().expect("a value"), &output);
    ended.outputs = outputs.map(|(name, output)| (name.clone(), value(output))).collect();
    ended
}

/// `name=value`, a line each.
fn assignments(text: &str) -> Environment {
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().map(|line| pair(line).unwrap_or_else(|| panic!("`{line}` assigns nothing"))).collect()
}

fn strings(value: &Value) -> Environment {
    let pairs = value.as_object().into_iter().flatten();
    pairs.map(|(name, value)| (name.clone(), value.as_str().expect("text").to_owned())).collect()
}

/// The text with each `${{ … }}` replaced.
fn evaluated(text: &str, look_up: &dyn Fn(&str) -> String) -> String {
    let mut parts = text.split("${{");
    let mut value = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (expression, rest) = part.split_once("}}").expect("an expression ends");
        let mut alternatives = expression.split("||").map(|name| look_up(name.trim()));
        value.push_str(&alternatives.find(|value| !value.is_empty()).unwrap_or_default());
        value.push_str(rest);
    }
    value
}

fn holds(condition: &str, look_up: &dyn Fn(&str) -> String) -> bool {
    let (name, literal) = condition.split_once(" != ").unwrap_or_else(|| panic!("{condition}"));
    look_up(name) != literal.trim_matches('\'')
}
