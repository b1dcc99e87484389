//! What a new owner does: `init`, `doctor`, `run`, against a reference client behind TLS with a certificate of its own; and
//! what `doctor` says of each thing that is commonly wrong.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::safety_support::{OWNERS, fresh_server, initialised_server};
use crate::support::{Ended, Program};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use wabizspec::reference::Server;

/// A TLS proxy before a reference client, and its certificate.
struct Front {
    url: String,
    pem: String,
    /// How many connections were opened.
    opened: Arc<AtomicUsize>,
}

/// The certificate is self-signed, and marked as an authority, as `openssl req -x509` makes them.
/// Without a name it says `localhost` in its CN alone, as those of old did.
fn behind_tls(server: &Server, name: Option<&str>, is_expired: bool) -> Front {
    let names: Vec<String> = name.into_iter().map(str::to_owned).collect();
    let mut params = CertificateParams::new(names).expect("a name");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    if is_expired {
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
    }
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    let private: PrivateKeyDer<'static> = key.serialize_der().try_into().expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], private)
        .expect("a certificate with its key");
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.set_nonblocking(true).expect("a listener for tokio");
    let port = listener.local_addr().expect("an address").port();
    let backend = server.address();
    let opened = Arc::<AtomicUsize>::default();
    let count = Arc::clone(&opened);
    std::thread::spawn(move || relay(listener, TlsAcceptor::from(Arc::new(config)), backend, &count));
    Front { url: format!("https://localhost:{port}"), pem: certificate.pem(), opened }
}

fn relay(listener: std::net::TcpListener, acceptor: TlsAcceptor, backend: SocketAddr, opened: &AtomicUsize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
        while let Ok((stream, _)) = listener.accept().await {
            opened.fetch_add(1, Ordering::SeqCst);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut client) = acceptor.accept(stream).await else {
                    return;
                };
                if let Ok(mut server) = tokio::net::TcpStream::connect(backend).await {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
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
    let server = initialised_server("sunset");
    let front = behind_tls(&server, Some("localhost"), false);
    let edited =
        sample.replace("http://127.0.0.1:9090", &front.url).replace("# cacert = \"ca.pem\"", "cacert = \"ca.pem\"");
    assert!(edited.contains(&front.url) && edited.contains("\ncacert"), "{edited}");
    let files = [("wabizspec.toml", edited.as_str()), ("ca.pem", &front.pem)];
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
    assert!(ended.file("r.html").contains(&front.url) && ended.file("j.xml").contains("<testsuite"));
    assert_eq!(server.dump(), before);
    // An init that would overwrite it does nothing.
    let again = Program::new(["init"]).file("wabizspec.toml", "mine").end().exited(2);
    assert_eq!(again.file("wabizspec.toml"), "mine");
}

#[test]
fn a_certificate_that_is_not_accepted_says_what_would_help() {
    let server = initialised_server("open");
    let own = behind_tls(&server, Some("localhost"), false);
    let (other, old) =
        (behind_tls(&server, Some("other.example"), false), behind_tls(&server, Some("localhost"), true));
    let nameless = behind_tls(&server, None, false);
    for (front, cacert, says) in [
        (&nameless, true, "the CN does not count"),
        (&own, false, "give --cacert FILE"),
        (&other, true, "for another name"),
        (&old, true, "renew the certificate"),
    ] {
        let target = ["--target", &front.url];
        let trusting = ["--cacert", "ca.pem"];
        let args: Vec<&str> = target.iter().chain(trusting.iter().filter(|_| cacert)).copied().collect();
        let files = [("ca.pem", front.pem.as_str())];
        doctor(&args, &[PASSWORD], &files).exited(3).says("bad   address").says(says);
        // A run waits for a target to come back; whoever asks what is wrong is told at once.
        assert_eq!(front.opened.load(Ordering::SeqCst), 1);
        // A run says nothing else, and where to look.
        let mut run = Program::new(["run"].iter().chain(&args)).file("ca.pem", &front.pem);
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
    let server = initialised_server("open");
    let front = behind_tls(&server, Some("localhost"), false);
    let gone = fresh_server("open").url();
    for (url, says) in [
        (gone, "nothing listens there"),
        (front.url.replace("https:", "http:"), "called with http://"),
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
    let server = initialised_server("open");
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
    let fresh = fresh_server("open");
    doctor(&["--target", &fresh.url()], &[], &[]).exited(0).says("give --fresh to let a run");
    doctor(&["--target", &fresh.url()], &[PASSWORD], &[]).exited(3).says("the run's first login sets it");
    doctor(&["--target", &fresh.url(), "--fresh"], &[PASSWORD], &[]).exited(0);
}

#[test]
fn flags_win_over_the_environment_and_the_environment_over_the_file() {
    let servers = [(); 3].map(|()| initialised_server("open"));
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
