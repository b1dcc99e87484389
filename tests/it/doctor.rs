//! What a new owner does: `init`, `doctor`, `run`, against a reference client behind TLS with a certificate of its own; and
//! what `doctor` says of each thing that is commonly wrong.

use crate::harness::tls::{authority, expired, params, self_signed};
use crate::harness::{Ended, OWNERS, Program, Proxy, Rules, fresh, in_use};
use rcgen::DnType;
use wabizspec::reference::Server;

/// A TLS proxy before a reference client, and its certificate.
struct Secure {
    proxy: Proxy,
    url: String,
    pem: String,
}

/// The certificate is self-signed. Without a name it says `localhost` in its CN alone, as those of old did.
fn behind_tls(server: &Server, name: Option<&str>, is_expired: bool) -> Secure {
    let mut params = authority(params(name.as_slice()));
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let identity = self_signed(if is_expired { expired(params) } else { params });
    let rules = Rules { tls: Some(identity.config(&[])), ..Rules::default() };
    let proxy = Proxy::open(server.address(), rules).expect("the loopback address can be listened on");
    Secure { url: format!("https://localhost:{}", proxy.address.port()), proxy, pem: identity.own }
}

/// `doctor` with these arguments.
fn doctor(args: &[&str], environment: &[(&str, &str)], files: &[(&str, &str)]) -> Ended {
    let mut program = Program::new(["doctor"].iter().chain(args));
    for (name, value) in environment {
        program = program.env(name, value);
    }
    for (name, text) in files {
        program = program.file(name, text);
    }
    program.end()
}

const PASSWORD: (&str, &str) = ("WABIZSPEC_ADMIN_PASSWORD", OWNERS);

#[test]
fn init_writes_what_doctor_and_run_read() {
    let written = Program::new(["init"]).end().exited(0).says("wabizspec doctor");
    let sample = written.file("wabizspec.toml");
    let server = in_use("sunset");
    let proxy = behind_tls(&server, Some("localhost"), false);
    let edited =
        sample.replace("http://127.0.0.1:9090", &proxy.url).replace("# cacert = \"ca.pem\"", "cacert = \"ca.pem\"");
    assert!(edited.contains(&proxy.url) && edited.contains("\ncacert"), "{edited}");
    let files = [("wabizspec.toml", edited.as_str()), ("ca.pem", &proxy.pem)];
    let before = server.dump();
    let ended = doctor(&[], &[PASSWORD], &files).exited(0);
    ended.says("ok    credentials   logs in as admin").says("sunset, found out");
    assert_eq!(server.dump(), before, "doctor changes nothing");
    let run = Program::new(["run", "--report", "html=r.html", "--report", "junit=j.xml"])
        .env(PASSWORD.0, PASSWORD.1)
        .file(files[0].0, files[0].1)
        .file(files[1].0, files[1].1);
    let ended = run.end().exited(0).says("configuration: wabizspec.toml");
    let ended = ended.says("the plan changes nothing").says("everything that ran conforms");
    assert!(ended.file("r.html").contains(&proxy.url) && ended.file("j.xml").contains("<testsuite"));
    assert_eq!(server.dump(), before);
    // An init that would overwrite it does nothing.
    let again = Program::new(["init"]).file("wabizspec.toml", "mine").end().exited(2);
    assert_eq!(again.file("wabizspec.toml"), "mine");
}

#[test]
fn a_certificate_that_is_not_accepted_says_what_would_help() {
    let server = in_use("open");
    let own = behind_tls(&server, Some("localhost"), false);
    let (other, old) =
        (behind_tls(&server, Some("other.example"), false), behind_tls(&server, Some("localhost"), true));
    let nameless = behind_tls(&server, None, false);
    for (proxy, cacert, says) in [
        (&nameless, true, "the CN does not count"),
        (&own, false, "give --cacert FILE"),
        (&other, true, "for another name"),
        (&old, true, "renew the certificate"),
    ] {
        let target = ["--target", &proxy.url];
        let trusting = ["--cacert", "ca.pem"];
        let args: Vec<&str> = target.iter().chain(trusting.iter().filter(|_| cacert)).copied().collect();
        let files = [("ca.pem", proxy.pem.as_str())];
        doctor(&args, &[PASSWORD], &files).exited(3).says("bad   address").says(says);
        // A run waits for a target to come back; whoever asks what is wrong is told at once.
        assert_eq!(proxy.proxy.connections(), 1);
        // A run says nothing else, and where to look.
        let mut run = Program::new(["run"].iter().chain(&args)).file("ca.pem", &proxy.pem);
        run = run.env(PASSWORD.0, PASSWORD.1);
        run.end().exited(3).says("wabizspec doctor");
        let args = [&target[..], &["--insecure"]].concat();
        doctor(&args, &[PASSWORD], &[]).exited(0).says("any certificate (--insecure)");
    }
    let args = ["--target", &own.url, "--cacert", "ca.pem"];
    doctor(&args, &[PASSWORD], &[("ca.pem", &own.pem)]).exited(0).says("logs in as admin");
    let both = [&args[..], &["--insecure"]].concat();
    doctor(&both, &[], &[]).exited(2).says("cannot be used with");
}

#[test]
fn a_wrong_address_says_which_part_of_it_is() {
    let server = in_use("open");
    let proxy = behind_tls(&server, Some("localhost"), false);
    let gone = fresh("open").url();
    for (url, says) in [
        (gone, "nothing listens there"),
        (proxy.url.replace("https:", "http:"), "called with http://"),
        (server.url().replace("http:", "https:"), "does not speak TLS"),
        (format!("{}/v1", server.url()), "leave /v1 out of the url"),
        (format!("{}/gateway", server.url()), "and the base path"),
        ("http://nobody.invalid".to_owned(), "check its spelling"),
    ] {
        let ended = doctor(&["--target", &url], &[], &[]).exited(3).says("bad   address").says(says);
        assert!(!ended.said().contains("in use"), "{}", ended.said());
    }
    let unusable =
        [("[target]\nurl = \"127.0.0.1:9090\"\n", "http"), ("[target]\nurll = \"x\"\n", "did you mean `url`?")];
    for (file, says) in unusable {
        doctor(&[], &[], &[("wabizspec.toml", file)]).exited(2).says(says);
    }
    doctor(&[], &[], &[]).exited(2).says("no target is named").says("wabizspec init");
}

#[test]
fn credentials_and_state_are_told_apart() {
    let server = in_use("open");
    let url = server.url();
    let wrong = ("WABIZSPEC_ADMIN_PASSWORD", "Wr0ng?pass");
    let ended = doctor(&["--target", &url], &[wrong], &[]).exited(3);
    let ended = ended.says("is refused with the password that was given").says("help: set WABIZSPEC_ADMIN_PASSWORD");
    assert!(!ended.said().contains("Wr0ng?pass"));
    doctor(&["--target", &url], &[], &[]).exited(0).says("only cases run that need no login");
    // What a reset undoes stands in nobody's way.
    doctor(&["--target", &url, "--reset", "true"], &[wrong], &[]).exited(0).says("a run resets it first");
    let file = |text: &str| [("wabizspec.toml", format!("[target]\nurl = \"{url}\"\n{text}"))];
    for (text, says) in [
        ("headers = { X-Gateway-Key = \"env:GATEWAY_KEY\" }\n", "export GATEWAY_KEY"),
        ("[credentials]\npassword_file = \"none\"\n", "password_file under [credentials] names a file"),
        ("[credentials]\npassword_file = \"empty\"\n", "empty is empty"),
    ] {
        let [(name, text)] = file(text);
        doctor(&[], &[], &[(name, &text), ("empty", "\n")]).exited(2).says(says);
    }
    let fresh = fresh("open");
    doctor(&["--target", &fresh.url()], &[], &[]).exited(0).says("give --fresh to let a run");
    doctor(&["--target", &fresh.url()], &[PASSWORD], &[]).exited(3).says("the run's first login sets it");
    doctor(&["--target", &fresh.url(), "--fresh"], &[PASSWORD], &[]).exited(0);
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let servers = [(); 3].map(|()| in_use("open"));
    let [a, b, c] = servers.each_ref().map(Server::url);
    let file = format!(
        "[target]\nurl = \"{c}\"\njobs = 3\n[credentials]\nusername = \"filed\"\n[state]\nallow = [\"users\"]\n"
    );
    let files = [("wabizspec.toml", file.as_str())];
    let line = |ended: Ended, name: &str| -> String {
        let said = ended.said();
        let line = said.lines().find(|line| line.trim_start().starts_with(&format!("{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in\n{said}")).trim().to_owned()
    };
    let in_environment = [("WABIZSPEC_TARGET", b.as_str()), ("WABIZSPEC_ADMIN_USERNAME", "named")];
    for (args, environment, name, value, source) in [
        (&["--target", &a][..], &in_environment[..], "url", a.as_str(), "(flag)"),
        (&[], &in_environment, "url", &b, "(environment)"),
        (&[], &[], "url", &c, "(file)"),
        (&[], &in_environment, "username", "named", "(environment)"),
        (&[], &[], "username", "filed", "(file)"),
        (&["--jobs", "2"], &[], "jobs", "2", "(flag)"),
        (&[], &[], "jobs", "3", "(file)"),
        (&[], &[], "allow", "users", "(file)"),
        (&[], &[], "fresh", "no", "(default)"),
    ] {
        let line = line(doctor(args, environment, &files), name);
        assert!(line.contains(value) && line.ends_with(source), "{args:?} {environment:?}: {line}");
    }
}
