//! Passwords are in files that only their user can read, and never in the working directory unless a person says so.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use wabizspec::custody::journal::{Account, Journal};
use wabizspec::custody::lock::RunLock;
use wabizspec::files::user;
use wabizspec::reference::Server;

use super::{VICTIM, place, program};
use crate::harness::{Ended, OWNERS, Place, fresh, in_use};

/// A run that sets the admin's password, without a home.
fn homeless(place: &Place, server: &Server) -> Ended {
    let program = program(place, "run login/control --fresh --allow passwords").at(server);
    program.without_env("HOME").without_env("XDG_STATE_HOME").env("TMPDIR", place.join("tmp")).end()
}

/// A run on a target just installed.
fn first_run(place: &Place, server: &Server, more: &str) -> Ended {
    program(place, "run login/control --fresh").at(server).args(more).end()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("folder").map(|entry| entry.expect("entry").path()).collect()
}

#[test]
fn without_a_home_the_password_lies_in_a_folder_of_this_user_alone() {
    let (place, server) = (place(), fresh("open"));
    place.folder("tmp");
    homeless(&place, &server).says("HOME is set");
    let known = ["tmp", "victim", "elsewhere"].map(|name| place.join(name));
    let mut here = entries(place.path());
    here.retain(|path| !known.contains(path));
    assert!(here.is_empty(), "{here:?} are in the working directory");
    let folder = place.join(format!("tmp/wabizspec-{}", user()));
    assert_eq!(mode(&folder), 0o700);
    let files = entries(&folder);
    assert!(files.iter().any(|path| path.extension().is_some_and(|name| name == "journal")), "{files:?}");
    assert!(files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

#[test]
fn a_folder_that_is_not_this_users_own_is_no_place_for_a_password() {
    let (place, server) = (place(), fresh("open"));
    let name = format!("tmp/wabizspec-{}", user());
    place.link(&name, "elsewhere");
    homeless(&place, &server).exited(2).says("is a symbolic link");
    assert!(entries(&place.join("elsewhere")).is_empty());
    // Only the administrator can give a folder away.
    if user() == 0 {
        fs::remove_file(place.join(&name)).expect("remove");
        for folder in [&name, "theirs"] {
            chown(place.folder(folder), Some(54_321), None).expect("chown");
        }
        homeless(&place, &server).exited(2).says("belongs to another user (number 54321)");
        let ended = first_run(&place, &server, "--journal theirs/a.journal");
        ended.exited(2).says("belongs to another user (number 54321)");
        assert!(entries(&place.join("theirs")).is_empty());
    }
    assert_eq!(server.dump()["users"]["admin"], fresh("open").dump()["users"]["admin"], "nothing was sent");
}

#[test]
fn a_state_folder_that_others_can_read_is_closed_to_them() {
    let (place, server) = (place(), fresh("open"));
    let folder = place.folder("state/wabizspec");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("mode");
    first_run(&place, &server, "");
    assert_eq!(mode(&folder), 0o700);
    let files = entries(&folder);
    assert!(files.len() >= 2 && files.iter().all(|path| mode(path) == 0o600), "{files:?}");
}

#[test]
fn the_mode_of_a_device_stays_as_it_is() {
    let before = fs::metadata("/dev/null").expect("device").mode();
    first_run(&place(), &fresh("open"), "--journal /dev/null").exited(2).says("it is a device");
    assert_eq!(fs::metadata("/dev/null").expect("device").mode(), before);
}

#[test]
fn a_journal_below_the_working_directory_is_warned_of() {
    let place = place();
    let ended = first_run(&place, &fresh("open"), "--journal a.journal");
    ended.says("warning: the credential journal a.journal lies below");
    assert_eq!(mode(&place.join("a.journal")), 0o600);
    assert_eq!(place.read("victim"), VICTIM);
}

#[test]
fn one_target_has_one_lock_whatever_it_is_called() {
    let place = place();
    let lock = place.join("state/wabizspec/localhost-1.lock");
    let _held = RunLock::take(&[lock]).expect("lock");
    for host in ["http://127.0.0.1", "http://localhost", "https://localhost.", "http://[::1]", "http://127.1.2.3"] {
        program(&place, "run").at(&format!("{host}:1/")).end().exited(2).says("another run is at work");
    }
}

#[tokio::test]
async fn the_journal_of_a_former_name_is_found_and_goes_with_the_settled_one() {
    let (place, server) = (place(), in_use("open"));
    let port = server.address().port();
    let folder = place.join("state/wabizspec");
    let former = folder.join(format!("127.0.0.1-{port}.journal"));
    let old = Journal::open(&former, Vec::new(), &server.url(), "admin").expect("journal");
    let credentials = |password: &str| Account { username: "admin".to_owned(), password: password.to_owned() };
    old.record(&[credentials(OWNERS)]).await.expect("record");
    drop(old);
    program(&place, "recover").at(&server).end().exited(0).says("the newest entry of the journal");
    let now = folder.join(format!("localhost-{port}.journal"));
    let open = || Journal::open(&now, vec![former.clone()], &server.url(), "admin").expect("journal");
    let journal = open();
    assert_eq!(journal.earlier().passwords_of("admin"), [OWNERS]);
    journal.record(&[credentials("later")]).await.expect("record");
    assert_eq!(open().earlier().passwords_of("admin"), ["later", OWNERS], "both are read");
    journal.settle(&[credentials(OWNERS)]).await.expect("settle");
    assert!(!former.exists());
    assert_eq!(open().earlier().passwords_of("admin"), [OWNERS]);
}
