//! Where a run keeps what must outlive it: the credential journal and the lock of a target.
//!
//! It only names paths. Each folder belongs to this user and is not the current one, whose files get published.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::files;
use crate::transport::origin::Origin;

/// How a variable of the environment is looked up; tests bring their own.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<OsString>;

/// The folder for state that outlives a run (XDG Base Directory Specification, `XDG_STATE_HOME`), if this user has one.
fn state_folder(environment: Environment<'_>) -> Option<PathBuf> {
    let absolute = |name: &str| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
    Some(state.join("wabizspec"))
}

/// The folder for a user without one for state. It may be gone after a restart.
fn temporary_folder() -> PathBuf {
    std::env::temp_dir().join(format!("wabizspec-{}", files::user()))
}

fn key(origin: &Origin) -> String {
    file_name(&origin.place().replacen(':', "-", 1))
}

fn file_name(text: &str) -> String {
    text.replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-'), "_")
}

/// Where the credential journal of a target lies unless `--journal` says otherwise.
pub fn journal(origin: &Origin, environment: Environment<'_>) -> PathBuf {
    let folder = state_folder(environment).unwrap_or_else(temporary_folder);
    folder.join(format!("{}.journal", key(origin)))
}

/// Where earlier versions kept that journal: they named it after the host as it was written.
pub fn former_journals(origin: &Origin, environment: Environment<'_>) -> Vec<PathBuf> {
    let now = journal(origin, environment);
    let Some(folder) = state_folder(environment) else { return Vec::new() };
    let mut hosts = BTreeSet::from([origin.connect_host()]);
    if origin.place().starts_with("localhost:") {
        hosts.extend(["127.0.0.1", "::1", "localhost"]);
    }
    let name = |host| file_name(&format!("{host}-{}{}", origin.port(), origin.base_path()));
    let paths = hosts.into_iter().map(|host| folder.join(format!("{}.journal", name(host))));
    paths.filter(|path| *path != now).collect()
}

/// Where the lock may lie, in the order to try. It does not follow the journal: any two runs disturb each other.
pub fn locks(origin: &Origin, environment: Environment<'_>) -> Vec<PathBuf> {
    let name = format!("{}.lock", key(origin));
    let folders = state_folder(environment).into_iter().chain([temporary_folder()]);
    folders.map(|folder| folder.join(&name)).collect()
}

/// Whether a file at that path lies below the current folder.
pub fn is_below_current(path: &Path) -> bool {
    let current = std::env::current_dir();
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    current.is_ok_and(|current| path.starts_with(current))
}

/// Variables that name the folder in which a CI system checks a project out, and which it clears or throws away.
const WORKSPACES: &str = "GITHUB_WORKSPACE CI_PROJECT_DIR BUILD_SOURCESDIRECTORY CIRCLE_WORKING_DIRECTORY \
    BITBUCKET_CLONE_DIR BUILDKITE_BUILD_CHECKOUT_PATH TRAVIS_BUILD_DIR WORKSPACE";

/// Variables that say, with that value, that the whole machine is thrown away after the job.
const THROWN_AWAY: [(&str, &str); 2] = [("RUNNER_ENVIRONMENT", "github-hosted"), ("CI_DISPOSABLE_ENVIRONMENT", "true")];

/// Why a file at that path may be gone when it is needed, if it may.
pub fn vanishing(path: &Path, environment: Environment<'_>) -> Option<String> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.starts_with(temporary_folder()) {
        return Some("it lies in the folder for temporary files, as neither XDG_STATE_HOME nor HOME is set".to_owned());
    }
    let inside = |name: &&str| {
        let workspace = environment(name).map(PathBuf::from);
        workspace.is_some_and(|workspace| workspace.is_absolute() && path.starts_with(workspace))
    };
    if let Some(name) = WORKSPACES.split(' ').find(inside) {
        return Some(format!("it lies in the CI workspace ({name}), which vanishes with the job"));
    }
    let thrown_away = |(name, value): &&(&str, &str)| environment(name).is_some_and(|found| found == *value);
    let (name, value) = THROWN_AWAY.iter().find(thrown_away)?;
    Some(format!("this machine is thrown away after the job ({name}={value})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

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
    fn a_target_has_its_own_files_however_it_is_written_and_the_former_ones_are_found() {
        let state = environment(&[("HOME", "/home/o"), ("XDG_STATE_HOME", "/s")]);
        for (url, name, former) in vectors::<(String, String, Vec<String>)>("state_files") {
            let file = |name: &str, kind: &str| PathBuf::from(format!("/s/wabizspec/{name}.{kind}"));
            let origin = origin(&url);
            assert_eq!(journal(&origin, &state), file(&name, "journal"), "{url}");
            assert_eq!(locks(&origin, &state)[0], file(&name, "lock"), "{url}");
            let found = former_journals(&origin, &state);
            assert!(former.iter().all(|name| found.contains(&file(name, "journal"))), "{url}: {found:?}");
            assert!(!former.is_empty() || found.is_empty(), "{url}: {found:?}");
        }
        let home = environment(&[("HOME", "/home/o")]);
        assert_eq!(journal(&origin("http://a:1"), &home), Path::new("/home/o/.local/state/wabizspec/a-1.journal"));
    }

    #[test]
    fn a_file_that_may_vanish_is_reported_and_one_that_stays_is_not() {
        let job = environment(&[("GITHUB_WORKSPACE", "/w/repo"), ("HOME", "/home/o")]);
        assert!(vanishing(Path::new("/w/repo/x.journal"), &job).is_some_and(|why| why.contains("GITHUB_WORKSPACE")));
        assert_eq!(vanishing(Path::new("/w/repository/x.journal"), &job), None);
        assert_eq!(vanishing(Path::new("/srv/x.journal"), &job), None);
        let hosted = environment(&[("RUNNER_ENVIRONMENT", "github-hosted")]);
        assert!(vanishing(Path::new("/srv/x.journal"), &hosted).is_some());
        assert_eq!(vanishing(Path::new("/srv/x.journal"), &environment(&[])), None);
    }
}
