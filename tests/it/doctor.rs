//! What a new owner does: `init`, `doctor`, `run`, against a reference client behind TLS with a certificate of its own; and
//! what `doctor` says of each common mistake.

use crate::harness::tls::{authority, expired, params, self_signed};
use crate::harness::{PASSWORD, Place, Program, Proxy, fresh, in_use};
use rcgen::DnType;
use wabizspec::reference::Server;

/// A TLS proxy before a reference client, its address, and its certificate as PEM.
struct Secure {
    proxy: Proxy,
    url: String,
    pem: String,
}

/// The certificate is self-signed. Without a name it has `localhost` in its CN alone, as old ones did.
fn behind_tls(server: &Server, name: Option<&str>, is_expired: bool) -> Secure {
    let mut params = authority(params(name.as_slice()));
    params.distinguished_name.push(DnType::CommonName, "localhost");
    let identity = self_signed(if is_expired { expired(params) } else { params });
    let proxy = Proxy::secure(server, identity.config(&[]));
    Secure { url: format!("https://localhost:{}", proxy.address.port()), proxy, pem: identity.own }
}

fn doctor(url: &str, more: &str) -> Program {
    Program::new("doctor").at(url).args(more)
}

#[test]
fn init_writes_what_doctor_and_run_read() {
    let sample = Program::new("init").end().exited(0).says("wabizspec doctor").file("wabizspec.toml");
    let server = in_use("sunset");
    let proxy = behind_tls(&server, Some("localhost"), false);
    let edited = sample.replace("http://127.0.0.1:9090", &proxy.url);
    let edited = edited.replace("# cacert = \"ca.pem\"", "cacert = \"ca.pem\"");
    assert!(edited.contains(&proxy.url) && edited.contains("\ncacert"), "{edited}");
    let place = Place::with(&[("wabizspec.toml", &edited), ("ca.pem", &proxy.pem)]);
    let before = server.dump();
    let ended = place.program("doctor").password().end().exited(0);
    ended.says("ok    credentials   logs in as admin").says("sunset, found out");
    assert_eq!(server.dump(), before, "doctor changes nothing");
    let run = place.program("run --report html=r.html --report junit=j.xml").password();
    let ended = run.end().exited(0).says("configuration: wabizspec.toml");
    let ended = ended.says("the plan changes nothing").says("everything that ran conforms");
    assert!(ended.file("r.html").contains(&proxy.url) && ended.file("j.xml").contains("<testsuite"));
    assert_eq!(server.dump(), before);
    // An init that would overwrite it does nothing.
    let again = Program::new("init").file("wabizspec.toml", "mine").end().exited(2);
    assert_eq!(again.file("wabizspec.toml"), "mine");
}

#[test]
fn a_certificate_that_is_not_accepted_says_what_would_help() {
    let server = in_use("open");
    let behind = |name, is_expired| behind_tls(&server, name, is_expired);
    let own = behind(Some("localhost"), false);
    for (proxy, more, says) in [
        (&behind(None, false), "--cacert ca.pem", "the CN does not count"),
        (&own, "", "give --cacert FILE"),
        (&behind(Some("other.example"), false), "--cacert ca.pem", "for another name"),
        (&behind(Some("localhost"), true), "--cacert ca.pem", "renew the certificate"),
    ] {
        let place = Place::with(&[("ca.pem", &proxy.pem)]);
        let line = |command: &str| place.program(command).at(&proxy.url).args(more).password().end();
        line("doctor").exited(3).says("bad   address").says(says);
        // A run waits for a target to come back; doctor answers at once.
        assert_eq!(proxy.proxy.connections(), 1);
        // A run says nothing else, and where to look.
        line("run").exited(3).says("wabizspec doctor");
        doctor(&proxy.url, "--insecure").password().end().exited(0).says("any certificate (--insecure)");
    }
    let trusting = doctor(&own.url, "--cacert ca.pem").file("ca.pem", &own.pem).password();
    trusting.end().exited(0).says("logs in as admin");
    doctor(&own.url, "--cacert ca.pem --insecure").end().exited(2).says("cannot be used with");
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
        doctor(&url, "").end().exited(3).says("bad   address").says(says).never_says("in use");
    }
    for (file, says) in
        [("[target]\nurl = \"127.0.0.1:9090\"\n", "http"), ("[target]\nurll = \"x\"\n", "did you mean `url`?")]
    {
        Program::new("doctor").file("wabizspec.toml", file).end().exited(2).says(says);
    }
    Program::new("doctor").end().exited(2).says("no target is named").says("wabizspec init");
}

#[test]
fn credentials_and_state_are_told_apart() {
    let server = in_use("open");
    let url = server.url();
    let wrong = |more: &str| doctor(&url, more).env(PASSWORD, "Wr0ng?pass").end();
    let ended = wrong("").exited(3).says("is refused with the password that was given");
    ended.says("help: set WABIZSPEC_ADMIN_PASSWORD").never_says("Wr0ng?pass");
    doctor(&url, "").end().exited(0).says("only cases run that need no login");
    // What a reset undoes is no obstacle.
    wrong("--reset true").exited(0).says("a run resets it first");
    for (text, says) in [
        ("headers = { X-Gateway-Key = \"env:GATEWAY_KEY\" }\n", "export GATEWAY_KEY"),
        ("[credentials]\npassword_file = \"none\"\n", "password_file under [credentials] names a file"),
        ("[credentials]\npassword_file = \"empty\"\n", "empty is empty"),
    ] {
        let config = format!("[target]\nurl = \"{url}\"\n{text}");
        let place = Place::with(&[("wabizspec.toml", &config), ("empty", "\n")]);
        place.program("doctor").end().exited(2).says(says);
    }
    let fresh = fresh("open");
    doctor(&fresh.url(), "").end().exited(0).says("give --fresh to let a run");
    doctor(&fresh.url(), "").password().end().exited(3).says("the run's first login sets it");
    doctor(&fresh.url(), "--fresh").password().end().exited(0);
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let servers = [(); 3].map(|()| in_use("open"));
    let [a, b, c] = servers.each_ref().map(Server::url);
    let file = format!(
        "[target]\nurl = \"{c}\"\njobs = 3\n[credentials]\nusername = \"filed\"\n[state]\nallow = [\"users\"]\n"
    );
    let place = Place::with(&[("wabizspec.toml", &file)]);
    let in_environment = [("WABIZSPEC_TARGET", b.as_str()), ("WABIZSPEC_ADMIN_USERNAME", "named")];
    let by_flag = format!("--target {a}");
    for (args, environment, name, value, source) in [
        (&*by_flag, &in_environment[..], "url", a.as_str(), "(flag)"),
        ("", &in_environment, "url", &b, "(environment)"),
        ("", &[], "url", &c, "(file)"),
        ("", &in_environment, "username", "named", "(environment)"),
        ("", &[], "username", "filed", "(file)"),
        ("--jobs 2", &[], "jobs", "2", "(flag)"),
        ("", &[], "jobs", "3", "(file)"),
        ("", &[], "allow", "users", "(file)"),
        ("", &[], "fresh", "no", "(default)"),
    ] {
        let program = place.program("doctor").args(args);
        let program = environment.iter().fold(program, |program, (name, value)| program.env(name, value));
        let said = program.end().said();
        let line = said.lines().map(str::trim).find(|line| line.starts_with(&format!("{name} ")));
        let line = line.unwrap_or_else(|| panic!("no {name} in\n{said}"));
        assert!(line.contains(value) && line.ends_with(source), "{args} {environment:?}: {line}");
    }
}
