//! The suite as an implementer's tests: this program starts itself again as the test binary of an implementer.

#[allow(dead_code, unused_imports, reason = "these tests need a part of it")]
#[path = "../it/harness/mod.rs"]
mod harness;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::{OWNERS, Proxy, Reaction, in_use};
use libtest_mimic::{Arguments, Failed, Trial};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use wabizspec::custody::lock::RunLock;
use wabizspec::custody::{Instance, state_folder};
use wabizspec::plan::{Case, WRONG_LOGINS, cases};
use wabizspec::reference::{Server, Settings};
use wabizspec::scenario::{Change, Suite};
use wabizspec::trials::Trials;

/// The test binary that the README shows.
mod example {
    include!("axum_server.rs");

    pub fn run() -> std::process::ExitCode {
        main()
    }
}

/// In the environment: which implementer's test binary this process is.
const ROLE: &str = "TRIALS_ROLE";

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok("axum") => example::run(),
        Ok("multi-thread") => owner(Builder::new_multi_thread),
        Ok("current-thread") => owner(Builder::new_current_thread),
        Ok("shared") => shared(),
        Ok(role) => panic!("no such role: {role}"),
        Err(_) => checks(),
    }
}

/// The reference client and a runtime that its instance owns and uses.
struct Owner {
    server: Server,
    runtime: Runtime,
}

impl Instance for Owner {
    fn url(&self) -> String {
        self.runtime.block_on(async { self.server.url() })
    }

    fn advance(&self, by: Duration) -> Result<(), String> {
        self.runtime.block_on(async { Instance::advance(&self.server, by) })
    }

    fn code(&self) -> Result<String, String> {
        self.runtime.block_on(async { Instance::code(&self.server) })
    }
}

fn owner(builder: fn() -> Builder) -> ExitCode {
    let start = move || {
        Ok::<_, std::io::Error>(Owner {
            server: Server::start((Ipv4Addr::LOCALHOST, 0).into(), Settings::default())?,
            runtime: builder().enable_all().build()?,
        })
    };
    Trials::of(start).moves_clock().tells_code().main()
}

/// The suite in the current folder, against the address in the environment.
fn shared() -> ExitCode {
    let url = std::env::var("TRIALS_URL").expect("an address");
    let suite = Suite::from_folder(Path::new("suite")).unwrap_or_else(|_| Suite::embedded().expect("a suite"));
    let trials = Trials::at(url, Some(OWNERS.to_owned()), [Change::Users, Change::Passwords]);
    libtest_mimic::run(&Arguments::from_args(), trials.trials(suite)).exit_code()
}

fn checks() -> ExitCode {
    let checks: [(&str, fn()); 7] = [
        ("an_instance_may_own_a_runtime", an_instance_may_own_a_runtime),
        ("the_readme_shows_the_example", the_readme_shows_the_example),
        ("the_example_judges_its_server", the_example_judges_its_server),
        ("an_address_is_left_as_it_was", an_address_is_left_as_it_was),
        ("an_address_is_locked", an_address_is_locked),
        ("trials_of_an_address_take_turns", trials_of_an_address_take_turns),
        ("wrong_logins_at_an_address_are_few", wrong_logins_at_an_address_are_few),
    ];
    let trial = |(name, check): (&str, fn())| {
        Trial::test(name, move || {
            check();
            Ok::<(), Failed>(())
        })
    };
    libtest_mimic::run(&Arguments::from_args(), checks.into_iter().map(trial).collect()).exit_code()
}

/// This program as that implementer's test binary, with its state in that folder.
fn run(role: &str, folder: &Path, url: &str, args: &[&str]) -> Output {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .current_dir(folder)
        .env(ROLE, role)
        .env("TRIALS_URL", url)
        .env("XDG_STATE_HOME", folder.join("state"))
        .args(args);
    command.output().expect("the program runs")
}

#[track_caller]
fn succeeded(output: &Output, passed: usize) {
    let told = told(output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains(&format!("{passed} passed; 0 failed")), "{told}");
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn an_instance_may_own_a_runtime() {
    // One that only asks, one that moves the clock, one that needs a code.
    let cases = ["users/read-itself", "tokens/expired-in-use", "account/registration"];
    for role in ["multi-thread", "current-thread"] {
        for case in cases {
            succeeded(&run(role, folder().path(), "", &["--exact", case]), 1);
        }
    }
}

fn the_readme_shows_the_example() {
    let readme = include_str!("../../README.md");
    let shown = format!("```rust,no_run\n{}```\n", include_str!("axum_server.rs"));
    assert!(readme.contains(&shown), "README.md shows tests/trials/axum_server.rs as it is");
    // The lines for Cargo.toml name the file and versions that the example is tested with.
    let lines = readme.split("```toml\n").map(|block| block.split("```").next().unwrap_or_default());
    let lines = lines.filter(|block| block.contains("[dev-dependencies]")).collect::<Vec<_>>();
    let [lines] = lines.as_slice() else { panic!("one block: {lines:?}") };
    let manifest: toml::Table = lines.parse().expect("TOML");
    let own: toml::Table = include_str!("../../Cargo.toml").parse().expect("TOML");
    assert_eq!(manifest["test"][0]["name"].as_str(), Some("conformance"));
    assert_eq!(manifest["test"][0]["harness"].as_bool(), Some(false));
    for name in ["axum", "tokio"] {
        let version = |table: &toml::Table| {
            let wanted = &table["dev-dependencies"][name];
            let version = wanted.get("version").unwrap_or(wanted).as_str();
            version.expect("a version").to_owned()
        };
        let (shown, used) = (version(&manifest), version(&own));
        assert!(used.starts_with(&format!("{shown}.")), "{name} {shown}, tested with {used}");
    }
    assert!(manifest["dev-dependencies"].get("wabizspec").is_some());
}

fn the_example_judges_its_server() {
    let good = run("axum", folder().path(), "", &["--exact", "envelope/challenge-to-a-login"]);
    succeeded(&good, 1);
    let bad = run("axum", folder().path(), "", &["--exact", "login/standard-login"]);
    let told = told(&bad);
    assert!(!bad.status.success(), "{told}");
    assert!(told.contains("0 passed; 1 failed") && !told.contains("panicked"), "{told}");
}

/// A suite of one scenario that changes the admin's password, for a target in use, and of one that needs a short name.
fn write_suite(folder: &Path) {
    let write = |name: &str, text: &str| {
        let path = folder.join("suite").join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("requirements.toml", &harness::program::register("users.one"));
    write(
        "users/admin.toml",
        "title = \"The admin's password is changed\"\ngiven = \"admin\"\nchanges = [\"passwords\"]\n\
         [[steps]]\nname = \"change it\"\nsend = \"PUT /v1/users/${admin}\"\nbearer = \"${admin_token}\"\n\
         json = '{\"password\": \"${new_password|json}\"}'\n[steps.expect]\n\"users.one\" = { status = 200 }\n",
    );
    write(
        "users/short.toml",
        "title = \"A short name\"\ngiven = \"admin\"\nchanges = [\"users\"]\n\
         [[steps]]\nname = \"create it\"\nsend = \"POST /v1/users\"\nbearer = \"${admin_token}\"\n\
         json = '{\"username\": \"${unique4}\", \"password\": \"${new_password|json}\"}'\n\
         [steps.expect]\n\"users.one\" = { status = 201 }\n",
    );
}

fn an_address_is_left_as_it_was() {
    let (server, folder) = (in_use("open"), folder());
    let before = server.dump();
    write_suite(folder.path());
    let state = folder.path().join("state/wabizspec");
    // What is on the disk when a password is about to be changed, and the names that are looked for.
    let (journals, looked_for) = (Arc::<Mutex<Vec<bool>>>::default(), Arc::<AtomicUsize>::default());
    let (seen, looks) = (Arc::clone(&journals), Arc::clone(&looked_for));
    let proxy = Proxy::of(server.address(), move |_, head| {
        let name = head.path().strip_prefix("/v1/users/").unwrap_or_default();
        if head.method == "PUT" {
            let mut files = std::fs::read_dir(&state).into_iter().flatten().flatten();
            let is_journal = |file: std::fs::DirEntry| file.path().extension() == Some(OsStr::new("journal"));
            seen.lock().expect("no holder panics").push(files.any(is_journal));
        }
        if head.method == "GET" && name.len() == 4 {
            looks.fetch_add(1, Ordering::SeqCst);
        }
        Reaction::Forward
    });
    succeeded(&run("shared", folder.path(), &proxy.url(), &[]), 2);
    assert_eq!(server.dump(), before, "the admin has the owner's password, and no account or token is left");
    // Changed by the case and set back by the run.
    assert_eq!(*journals.lock().expect("no holder panics"), [true, true]);
    assert_eq!(looked_for.load(Ordering::SeqCst), 1, "a short name may be somebody else's");
}

fn an_address_is_locked() {
    let (server, folder) = (in_use("open"), folder());
    let state = folder.path().join("state").into_os_string();
    let environment = |name: &str| (name == "XDG_STATE_HOME").then(|| state.clone());
    let locks = state_folder::locks(&server.url().parse().expect("an address"), &environment);
    let lock = RunLock::take(&locks).expect("the lock");
    let args = ["--exact", "login/standard-login"];
    let refused = told(&run("shared", folder.path(), &server.url(), &args));
    assert!(refused.contains("another run is at work on this target"), "{refused}");
    drop(lock);
    succeeded(&run("shared", folder.path(), &server.url(), &args), 1);
}

fn trials_of_an_address_take_turns() {
    let (server, folder) = (in_use("open"), folder());
    let cases = ["users/read", "--test-threads", "8"];
    let output = run("shared", folder.path(), &server.url(), &cases);
    let told = told(&output);
    assert!(output.status.success(), "{told}");
    assert!(!told.contains(" 0 passed") && !told.contains(" 1 passed"), "{told}");
}

fn wrong_logins_at_an_address_are_few() {
    let list = |args: &[&str]| {
        let listed = run("shared", folder().path(), "http://127.0.0.1:1", args);
        let names = told(&listed);
        let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
        names.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (all, ignored) = (list(&["--list"]), list(&["--list", "--ignored"]));
    let runs = |case: &Case| all.contains(&case.id) && !ignored.contains(&case.id);
    let suite = Suite::embedded().expect("a suite");
    let wrong_logins: u32 = cases(&suite).iter().filter(|case| runs(case)).map(Case::wrong_logins).sum();
    assert!((1..=WRONG_LOGINS).contains(&wrong_logins), "{wrong_logins} wrong logins");
}
