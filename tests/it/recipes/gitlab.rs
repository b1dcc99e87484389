//! As much of a GitLab runner as the recipes use.

use serde_json::Value;

use super::workplace::{Environment, Ran, Workplace};

/// `before_script` and `script` of a job: one script, as the runner makes of them.
pub fn job(place: &Workplace, pipeline: &Value, name: &str) -> Ran {
    let job = &pipeline[name];
    let mut environment: Environment = [
        ("CI", "true".to_owned()),
        ("GITLAB_CI", "true".to_owned()),
        ("CI_PROJECT_DIR", place.workspace().display().to_string()),
        ("CI_DISPOSABLE_ENVIRONMENT", "true".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    for (name, value) in job["variables"].as_object().into_iter().flatten() {
        environment.insert(name.clone(), value.as_str().expect("text").to_owned());
    }
    let lines = ["before_script", "script"].map(|part| job[part].as_array().expect("a list"));
    let lines: Vec<&str> = lines.into_iter().flatten().map(|line| line.as_str().expect("a line")).collect();
    place.bash("-eo pipefail", &lines.join("\n"), &environment)
}

pub fn artifacts(pipeline: &Value, name: &str) -> Vec<String> {
    let artifacts = &pipeline[name]["artifacts"];
    assert_eq!(artifacts["when"], "always", "the reports of a red job are those that matter");
    let paths = artifacts["paths"].as_array().into_iter().flatten();
    let paths = paths.chain([&artifacts["reports"]["junit"]]);
    paths.map(|path| path.as_str().expect("a path").to_owned()).collect()
}
