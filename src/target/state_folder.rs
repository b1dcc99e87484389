//! Where a run keeps what must outlive it: the credential journal and the lock of a target.
//!
//! It only names paths; nothing is made or opened here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::origin::Origin;

/// How a variable of the environment is looked up; tests bring their own.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// The folder for state that outlives a run (XDG Base Directory Specification, `XDG_STATE_HOME`), if this user has one.
fn state_folder(environment: Environment<'_>) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("wabizspec"))
}

/// The name by which a target's files are told from those of others: its host, port and base path.
fn key(origin: &Origin) -> String {
    let text = format!("{}-{}{}", origin.connect_host(), origin.port(), origin.base_path());
    let plain = |c: char| match c.is_ascii_alphanumeric() || matches!(c, '.' | '-') {
        true => c,
        false => '_',
    };
    text.chars().map(plain).collect()
}

/// Where the credential journal of a target lies unless `--journal` says otherwise; in the current folder where this
/// user has no folder for state.
pub fn journal(origin: &Origin, environment: Environment<'_>) -> PathBuf {
    match state_folder(environment) {
        Some(folder) => folder.join(format!("{}.journal", key(origin))),
        None => PathBuf::from("wabizspec.journal"),
    }
}

/// Where the lock of a target may lie, in the order in which to try. It does not follow the journal: two runs that keep
/// different journals still disturb each other.
pub fn locks(origin: &Origin, environment: Environment<'_>) -> Vec<PathBuf> {
    let name = format!("{}.lock", key(origin));
    let shared = std::env::temp_dir().join("wabizspec");
    let folders = state_folder(environment).into_iter().chain([shared]);
    folders.map(|folder| folder.join(&name)).collect()
}

/// Variables that name the folder in which a CI system checks a project out, and which it clears or throws away.
const WORKSPACES: [&str; 8] = [
    "GITHUB_WORKSPACE",
    "CI_PROJECT_DIR",
    "BUILD_SOURCESDIRECTORY",
    "CIRCLE_WORKING_DIRECTORY",
    "BITBUCKET_CLONE_DIR",
    "BUILDKITE_BUILD_CHECKOUT_PATH",
    "TRAVIS_BUILD_DIR",
    "WORKSPACE",
];

/// Variables that say, with that value, that the whole machine is thrown away after the job.
const THROWN_AWAY: [(&str, &str); 2] = [
    ("RUNNER_ENVIRONMENT", "github-hosted"),
    ("CI_DISPOSABLE_ENVIRONMENT", "true"),
];

/// Why a file at that path would not be there any more when it is needed, if that is to be feared.
pub fn vanishing(path: &Path, environment: Environment<'_>) -> Option<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let inside = |name: &&&str| {
        let workspace = environment(name).map(PathBuf::from);
        workspace.is_some_and(|workspace| workspace.is_absolute() && path.starts_with(workspace))
    };
    if let Some(name) = WORKSPACES.iter().find(inside) {
        return Some(format!(
            "it lies in the CI workspace ({name}), which vanishes with the job"
        ));
    }
    let thrown_away = |(name, value): &&(&str, &str)| environment(name).is_some_and(|found| found == *value);
    let (name, value) = THROWN_AWAY.iter().find(thrown_away)?;
    Some(format!("this machine is thrown away after the job ({name}={value})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(known: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| {
            let found = known.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        }
    }

    fn origin(url: &str) -> Origin {
        url.parse().expect(url)
    }

    #[test]
    fn a_target_has_files_of_its_own() {
        let home = environment(&[("HOME", "/home/o")]);
        let of = |url: &str| journal(&origin(url), &home).display().to_string();
        assert_eq!(of("http://a:1"), "/home/o/.local/state/wabizspec/a-1.journal");
        assert_eq!(
            of("https://[::1]/x/../y"),
            "/home/o/.local/state/wabizspec/__1-443_y.journal"
        );
        let state = environment(&[("HOME", "/home/o"), ("XDG_STATE_HOME", "/s")]);
        assert_eq!(
            journal(&origin("http://a:1"), &state),
            Path::new("/s/wabizspec/a-1.journal")
        );
        assert_eq!(
            journal(&origin("http://a:1"), &environment(&[])),
            Path::new("wabizspec.journal")
        );
    }

    #[test]
    fn what_vanishes_is_told_and_what_stays_is_not() {
        let job = environment(&[("GITHUB_WORKSPACE", "/w/repo"), ("HOME", "/home/o")]);
        assert!(vanishing(Path::new("/w/repo/x.journal"), &job).is_some_and(|why| why.contains("GITHUB_WORKSPACE")));
        assert_eq!(vanishing(Path::new("/w/repository/x.journal"), &job), None);
        assert_eq!(vanishing(Path::new("/srv/x.journal"), &job), None);
        let hosted = environment(&[("RUNNER_ENVIRONMENT", "github-hosted")]);
        assert!(vanishing(Path::new("/srv/x.journal"), &hosted).is_some());
        assert_eq!(vanishing(Path::new("/srv/x.journal"), &environment(&[])), None);
    }
}
