//! Passwords lie in files of one user alone, and never in the working directory unless a person says so.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;

use wabizspec::custody::journal::{Account, Journal};
use wabizspec::custody::lock::RunLock;
use wabizspec::files::user;

use super::{VICTIM, place, program, run};
use crate::harness::{Ended, OWNERS, Place, fresh, in_use};

/// A run that sets the admin's password, without a home.
fn homeless(place: &Place, url: &str) -> Ended {
    let args = ["run", "login/control", "--fresh", "--allow", "passwords", "--target", url];
    let program = program(place, &args).without_env("HOME").without_env("XDG_STATE_HOME");
    program.env("TMPDIR", place.path().join("tmp")).end()
}

fn own_folder(place: &Place) -> PathBuf {
    place.path().join(format!("tmp/wabizspec-{}", user()))
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[test]
fn without_a_home_the_password_lies_in_a_folder_of_this_user_alone() {
    let (place, server) = (place(), fresh("open"));
    fs::create_dir(place.path().join("tmp")).expect("folder");
    let ended = homeless(&place, &server.url());
    assert!(ended.said().contains("HOME is set"), "{}", ended.said());
    let here: Vec<String> = fs::read_dir(place.path())
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name != "tmp" && name != "victim")
        .collect();
    assert!(here.is_empty(), "{here:?} lie in the working directory");
    let folder = own_folder(&place);
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<PathBuf> =
        fs::read_dir(&folder).expect("folder").map(|entry| entry.expect("entry").path()).collect();
    assert!(files.iter().any(|path| path.extension().is_some_and(|name| name == "journal")), "{files:?}");
    assert!(files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

#[test]
fn a_folder_that_is_not_this_users_own_is_no_place_for_a_password() {
    let (place, server) = (place(), fresh("open"));
    let name = format!("tmp/wabizspec-{}", user());
    fs::create_dir(place.path().join("elsewhere")).expect("folder");
    place.link(&name, "elsewhere");
    homeless(&place, &server.url()).exited(2).says("is a symbolic link");
    assert_eq!(fs::read_dir(place.path().join("elsewhere")).expect("folder").count(), 0);
    // Only the administrator can give a folder away.
    if user() == 0 {
        fs::remove_file(place.path().join(&name)).expect("remove");
        fs::create_dir(place.path().join(&name)).expect("folder");
        chown(place.path().join(&name), Some(54_321), None).expect("chown");
        homeless(&place, &server.url()).exited(2).says("belongs to another user (number 54321)");
        fs::create_dir(place.path().join("theirs")).expect("folder");
        chown(place.path().join("theirs"), Some(54_321), None).expect("chown");
        let args = ["run", "login", "--fresh", "--target", &server.url(), "--journal", "theirs/a.journal"];
        run(&place, &args).exited(2).says("belongs to another user (number 54321)");
        assert_eq!(fs::read_dir(place.path().join("theirs")).expect("folder").count(), 0);
    }
    assert_eq!(server.dump()["users"]["admin"], fresh("open").dump()["users"]["admin"], "nothing was sent");
}

#[test]
fn a_state_folder_that_others_can_read_is_closed_to_them() {
    let (place, server) = (place(), fresh("open"));
    let folder = place.path().join("state/wabizspec");
    fs::create_dir_all(&folder).expect("folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("mode");
    run(&place, &["run", "login/control", "--fresh", "--target", &server.url()]);
    assert_eq!(mode(&folder), 0o700);
    let files = fs::read_dir(&folder).expect("folder").map(|entry| entry.expect("entry").path());
    let files: Vec<PathBuf> = files.collect();
    assert!(files.len() >= 2 && files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

#[test]
fn the_mode_of_a_device_stays_as_it_is() {
    let before = fs::metadata("/dev/null").expect("device").mode();
    let (place, server) = (place(), fresh("open"));
    let args = ["run", "login/control", "--fresh", "--target", &server.url(), "--journal", "/dev/null"];
    run(&place, &args).exited(2).says("it is a device");
    assert_eq!(fs::metadata("/dev/null").expect("device").mode(), before);
}

#[test]
fn a_journal_below_the_working_directory_is_warned_of() {
    let (place, server) = (place(), fresh("open"));
    let args = ["run", "login/control", "--fresh", "--target", &server.url(), "--journal", "a.journal"];
    let ended = run(&place, &args);
    assert!(ended.said().contains("warning: the credential journal a.journal lies below"), "{}", ended.said());
    assert_eq!(mode(&place.path().join("a.journal")), 0o600);
    assert_eq!(place.read("victim"), VICTIM);
}

#[test]
fn one_target_has_one_lock_whatever_it_is_called() {
    let place = place();
    let lock = place.path().join("state/wabizspec/localhost-1.lock");
    let _held = RunLock::take(&[lock]).expect("lock");
    for url in
        ["http://127.0.0.1:1", "http://localhost:1", "https://localhost.:1/", "http://[::1]:1", "http://127.1.2.3:1"]
    {
        run(&place, &["run", "--target", url]).exited(2).says("another run is at work");
    }
}

#[tokio::test]
async fn the_journal_of_a_former_name_is_found_and_goes_with_the_settled_one() {
    let (place, server) = (place(), in_use("open"));
    let port = server.url().rsplit(':').next().expect("port").to_owned();
    let folder = place.path().join("state/wabizspec");
    let former = folder.join(format!("127.0.0.1-{port}.journal"));
    let old = Journal::open(&former, &server.url(), "admin").expect("journal");
    let credentials = |password: &str| Account { username: "admin".to_owned(), password: password.to_owned() };
    old.record(&[credentials(OWNERS)]).await.expect("record");
    drop(old);
    run(&place, &["recover", "--target", &server.url()]).exited(0).says("the newest entry of the journal");
    let now = folder.join(format!("localhost-{port}.journal"));
    let open = || Journal::open_with_former(&now, vec![former.clone()], &server.url(), "admin").expect("journal");
    let journal = open();
    assert_eq!(journal.earlier().passwords_of("admin"), [OWNERS]);
    journal.record(&[credentials("later")]).await.expect("record");
    assert_eq!(open().earlier().passwords_of("admin"), ["later", OWNERS], "both are read");
    journal.settle(&[credentials(OWNERS)]).await.expect("settle");
    assert!(!former.exists());
    assert_eq!(open().earlier().passwords_of("admin"), [OWNERS]);
}
