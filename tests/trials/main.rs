//! The suite as an implementer's tests: this program starts itself again as the test binary of an implementer.

#[allow(dead_code, unused_imports, reason = "these tests need a part of it")]
#[path = "../it/harness/mod.rs"]
mod harness;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use harness::server::LOOPBACK;
use harness::{Address, OWNERS, Place, Proxy, Reaction, files_of, in_use};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Builder, Runtime};
use wabizspec::custody::lock::RunLock;
use wabizspec::custody::{Instance, InstanceError, state_folder};
use wabizspec::plan::{Case, WRONG_LOGINS, cases};
use wabizspec::reference::{Server, Settings};
use wabizspec::scenario::{Change, Suite};
use wabizspec::trials::Trials;

/// The test binary that docs/rust.md shows.
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

    fn advance(&self, by: Duration) -> Result<(), InstanceError> {
        self.runtime.block_on(async { Instance::advance(&self.server, by) })
    }

    fn code(&self) -> Result<String, InstanceError> {
        self.runtime.block_on(async { Instance::code(&self.server) })
    }
}

fn owner(builder: fn() -> Builder) -> ExitCode {
    let start = move || {
        Ok::<_, std::io::Error>(Owner {
            server: Server::start(LOOPBACK, Settings::default())?,
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
        ("the_documents_show_the_example", the_documents_show_the_example),
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

/// Runs this program as that implementer's test binary; whether it succeeded, and what it said.
fn run(role: &str, place: &Place, url: &str, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.current_dir(place.path()).env(ROLE, role).env("TRIALS_URL", url).args(args);
    let output = command.env("XDG_STATE_HOME", place.join("state")).output().expect("the program runs");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    (output.status.success(), said)
}

#[track_caller]
fn succeeded((is_success, said): (bool, String), passed: usize) {
    assert!(is_success && said.contains(&format!("{passed} passed; 0 failed")), "{said}");
}

fn an_instance_may_own_a_runtime() {
    // One that only asks, one that moves the clock, one that needs a code.
    for role in ["multi-thread", "current-thread"] {
        for case in ["users/read-itself", "tokens/expired-in-use", "account/registration"] {
            succeeded(run(role, &Place::new(), "", &["--exact", case]), 1);
        }
    }
}

fn the_documents_show_the_example() {
    let page = include_str!("../../docs/rust.md");
    let shown = format!("```rust,no_run\n{}```\n", include_str!("axum_server.rs"));
    assert!(page.contains(&shown), "docs/rust.md shows tests/trials/axum_server.rs unchanged");
    // The lines for Cargo.toml name the file and versions that the example is tested with.
    let lines = page.split("```toml\n").map(|block| block.split("```").next().unwrap_or_default());
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
    succeeded(run("axum", &Place::new(), "", &["--exact", "envelope/challenge-to-a-login"]), 1);
    let (is_success, said) = run("axum", &Place::new(), "", &["--exact", "login/standard-login"]);
    assert!(!is_success, "{said}");
    assert!(said.contains("0 passed; 1 failed") && !said.contains("panicked"), "{said}");
}

/// A suite of one scenario that changes the admin's password, for a target in use, and of one that needs a short name.
fn with_suite() -> Place {
    let scenario = |changes: &str, send: &str, json: &str, status: u16| {
        format!(
            "title = \"{changes} change\"\ngiven = \"admin\"\nchanges = [\"{changes}\"]\n[[steps]]\nname = \"change it\"\n\
             send = \"{send}\"\nbearer = \"${{admin_token}}\"\njson = '{json}'\n[steps.expect]\n\
             \"users.one\" = {{ status = {status} }}\n"
        )
    };
    let password = r#""password": "${new_password|json}""#;
    let short = format!(r#"{{"username": "${{unique4}}", {password}}}"#);
    Place::with(&[
        ("suite/requirements.toml", &harness::program::register("users.one")),
        ("suite/users/admin.toml", &scenario("passwords", "PUT /v1/users/${admin}", &format!("{{{password}}}"), 200)),
        ("suite/users/short.toml", &scenario("users", "POST /v1/users", &short, 201)),
    ])
}

fn an_address_is_left_as_it_was() {
    let (server, place) = (in_use("open"), with_suite());
    let before = server.dump();
    let state = place.folder("state");
    // Whether there is a journal on the disk when a password is about to be changed.
    let journals = Arc::<Mutex<Vec<bool>>>::default();
    let seen = Arc::clone(&journals);
    let proxy = Proxy::of(&server, move |_, asked| {
        if asked.method == "PUT" {
            seen.lock().expect("no holder panics").push(!files_of(&state, "journal").is_empty());
        }
        Reaction::Forward
    });
    succeeded(run("shared", &place, &proxy.url(), &[]), 2);
    assert_eq!(server.dump(), before, "the admin has the owner's password, and no account or token is left");
    // Changed by the case and set back by the run.
    assert_eq!(*journals.lock().expect("no holder panics"), [true, true]);
    let name = |path: &str| path.strip_prefix("/v1/users/").map_or(0, str::len);
    let looked_for = proxy.count(|asked| asked.method == "GET" && name(asked.path()) == 4);
    assert_eq!(looked_for, 1, "a short name may be somebody else's");
}

fn an_address_is_locked() {
    let (server, place) = (in_use("open"), Place::new());
    let state = place.join("state").into_os_string();
    let environment = |name: &str| (name == "XDG_STATE_HOME").then(|| state.clone());
    let locks = state_folder::locks(&server.url().parse().expect("an address"), &environment);
    let lock = RunLock::take(&locks).expect("the lock");
    let args = ["--exact", "login/standard-login"];
    let (_, refused) = run("shared", &place, &server.url(), &args);
    assert!(refused.contains("another run is at work on this target"), "{refused}");
    drop(lock);
    succeeded(run("shared", &place, &server.url(), &args), 1);
}

fn trials_of_an_address_take_turns() {
    let server = in_use("open");
    let cases = ["users/read", "--test-threads", "8"];
    let (is_success, said) = run("shared", &Place::new(), &server.url(), &cases);
    assert!(is_success && !said.contains(" 0 passed") && !said.contains(" 1 passed"), "{said}");
}

fn wrong_logins_at_an_address_are_few() {
    let list = |args: &[&str]| {
        let (_, said) = run("shared", &Place::new(), "http://127.0.0.1:1", args);
        let names = said.lines().filter_map(|line| line.strip_suffix(": test"));
        names.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let (all, ignored) = (list(&["--list"]), list(&["--list", "--ignored"]));
    let runs = |case: &&Case| all.contains(&case.id) && !ignored.contains(&case.id);
    let suite = Suite::embedded().expect("a suite");
    let wrong_logins: u32 = cases(&suite).iter().filter(runs).map(Case::wrong_logins).sum();
    assert!((1..=WRONG_LOGINS).contains(&wrong_logins), "{wrong_logins} wrong logins");
}
