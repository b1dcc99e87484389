//! The documented keys of the files that CI systems read: <https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax>,
//! …/workflow-syntax and <https://docs.gitlab.com/ci/yaml/>. A key that is none of them is passed over in silence there, and an
//! error here.

use serde_json::Value;

/// What is inserted into a script is run by the shell, whatever it is; so scripts take values from the environment.
fn is_plain(script: &Value) {
    let script = script.as_str().expect("a script");
    assert!(!script.contains("${{"), "an expression in a script: {script}");
}

/// Holds a mapping to keys that are required and keys that it may have besides, separated by blanks.
fn keys(what: &str, value: &Value, required: &str, optional: &str) {
    let object = value.as_object().unwrap_or_else(|| panic!("{what} is no mapping: {value}"));
    for key in object.keys() {
        let known = required.split(' ').chain(optional.split(' ')).any(|known| known == key);
        assert!(known, "{what} has no key `{key}`");
    }
    for key in required.split(' ') {
        assert!(object.contains_key(key), "{what} needs `{key}`");
    }
}

fn each(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().expect("a mapping").iter()
}

pub fn action(action: &Value) {
    keys("the action", action, "name description runs", "author inputs outputs branding");
    for (name, input) in each(&action["inputs"]) {
        keys(name, input, "description", "required default deprecationMessage");
        assert!(input["default"].is_null() || input["default"].is_string(), "{name}: a default is text");
    }
    for (name, output) in each(&action["outputs"]) {
        keys(name, output, "description value", "");
    }
    keys("branding", &action["branding"], "icon color", "");
    keys("runs", &action["runs"], "using steps", "");
    assert_eq!(action["runs"]["using"], "composite");
    for step in action["runs"]["steps"].as_array().expect("steps") {
        let common = "id name if env continue-on-error";
        if step.get("run").is_some() {
            keys("a step", step, "run shell", &format!("{common} working-directory"));
            is_plain(&step["run"]);
        } else {
            keys("a step", step, "uses", &format!("{common} with"));
        }
    }
}

pub fn workflow(workflow: &Value, action: &Value) {
    let optional = "name run-name permissions env defaults concurrency";
    keys("the workflow", workflow, "on jobs", optional);
    for (name, job) in each(&workflow["jobs"]) {
        let optional = "name needs if permissions environment concurrency outputs \
            env defaults timeout-minutes strategy continue-on-error container services";
        keys(name, job, "runs-on steps", optional);
        for (service, value) in job.get("services").and_then(Value::as_object).into_iter().flatten() {
            keys(service, value, "image", "credentials env ports volumes options");
        }
        for step in job["steps"].as_array().expect("steps") {
            let optional = "id name if env continue-on-error timeout-minutes";
            if step.get("run").is_some() {
                keys(name, step, "run", &format!("{optional} shell working-directory"));
                is_plain(&step["run"]);
                continue;
            }
            keys(name, step, "uses", &format!("{optional} with"));
            let uses = step["uses"].as_str().expect("text");
            assert!(uses.contains('@'), "{uses} names no version");
            if uses.contains("/wabizspec@") {
                for (input, _) in each(&step["with"]) {
                    assert!(action["inputs"].get(input).is_some(), "the action has no input `{input}`");
                }
            }
        }
    }
}

pub fn pipeline(pipeline: &Value) {
    for (name, job) in each(pipeline) {
        let optional = "image services variables cache before_script after_script artifacts \
            rules stage needs timeout resource_group tags interruptible";
        keys(name, job, "script", optional);
        for service in job["services"].as_array().into_iter().flatten() {
            keys("a service", service, "name", "alias entrypoint command variables pull_policy");
        }
        if let Some(cache) = job.get("cache") {
            keys("cache", cache, "paths", "key policy when untracked unprotect fallback_keys");
        }
        let optional = "name when expire_in exclude expose_as untracked public access reports";
        keys("artifacts", &job["artifacts"], "paths", optional);
        keys("reports", &job["artifacts"]["reports"], "junit", "");
    }
}
