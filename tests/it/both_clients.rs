//! One suite, two clients, every way to a target: the verdicts are the same, and whom not to trust is not talked to.

use std::net::{Ipv6Addr, SocketAddr};

use crate::harness::tls::{issued, params};
use crate::harness::{Ended, Program, Proxy, Reaction, Report, Rules, Served, reference, reset_of};
use wabizspec::reference::{Deletes, Server};

/// Judges what is at that address, with everything that a disposable target allows.
fn program(url: &str, reset: &str, client: &str, more: &[&str]) -> Program {
    let config = format!("[target]\nclient = \"{client}\"\n[state]\nallow = [\"registration\"]\n");
    let args = ["--target", url, "--reset", reset, "--registration", "open", "-q"];
    Program::judge(args.iter().chain(more)).file("wabizspec.toml", &config)
}

/// The verdict of each case that ran, and of each finding what it is about.
fn judged(report: &Report) -> Vec<(String, String, Vec<String>)> {
    let ran = report.cases().iter().filter(|case| case["verdict"] != "skipped");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    ran.map(|case| {
        let findings = case["findings"].as_array().expect("findings");
        let about = findings.iter().map(|finding| text(&finding["requirement"])).collect();
        (text(&case["id"]), text(&case["verdict"]), about)
    })
    .collect()
}

/// That the second report says of each of its cases what the first says, and leaves only those out that it must.
#[track_caller]
fn agree(wire: &Report, reqwest: &Report) {
    let (ours, theirs) = (judged(wire), judged(reqwest));
    let expected: Vec<_> = ours.iter().filter(|(id, ..)| reqwest.case(id)["verdict"] != "skipped").cloned().collect();
    assert_eq!(expected, theirs);
    assert!(theirs.len() * 10 > ours.len() * 9, "{} of {}", theirs.len(), ours.len());
    for case in reqwest.cases().iter().filter(|case| case["verdict"] == "skipped") {
        let reason = case["reason"].as_str().expect("a reason");
        let for_the_client = reason.contains("the configured client cannot send");
        assert!(for_the_client || wire.case(case["id"].as_str().expect("an id"))["verdict"] == "skipped", "{case}");
    }
}

fn both(url: &str, reset: &str, more: &[&str]) -> [Ended; 2] {
    ["wire", "reqwest"].map(|client| program(url, reset, client, more).end())
}

#[test]
fn a_good_target() {
    let server = reference(|_| {});
    let [wire, reqwest] = both(&server.url(), &reset_of(&server), &[]);
    let (wire, reqwest) = (wire.exited(0).report(), reqwest.exited(0).report());
    assert_eq!(reqwest.count("blocked"), 0);
    agree(&wire, &reqwest);
}

#[test]
fn a_faulty_target() {
    let server = reference(|settings| {
        let login = &mut settings.behaviour.login;
        login.old_password_stays = true;
        settings.behaviour.tokens.on_logout = wabizspec::reference::Revokes::Nothing;
        settings.behaviour.users.deletes = Deletes::Nobody;
        settings.behaviour.refusals[wabizspec::reference::Refusal::NoCredentials].status = 500;
    });
    let [wire, reqwest] = both(&server.url(), &reset_of(&server), &["login", "tokens"]);
    let (wire, reqwest) = (wire.exited(1).report(), reqwest.exited(1).report());
    assert!(wire.count("fail") > 5, "{}", wire.0["summary"]);
    agree(&wire, &reqwest);
}

/// A target over https, and what a client may be given to trust it.
struct Secure {
    proxy: Proxy,
    server: Server,
    authority: String,
}

fn secure() -> Secure {
    let identity = issued(params(&["127.0.0.1"]));
    let server = reference(|_| {});
    let rules = Rules { tls: Some(identity.config(&[])), ..Rules::default() };
    let proxy = Proxy::open(server.address(), rules).expect("the loopback address can be listened on");
    Secure { proxy, server, authority: identity.issuer }
}

#[test]
fn https_with_whatever_certificate_or_one_of_a_private_authority() {
    let target = secure();
    let (url, reset) = (target.proxy.url(), reset_of(&target.server));
    assert!(url.starts_with("https://"));
    for client in ["wire", "reqwest"] {
        let areas = ["tokens", "envelope"];
        let judge = |more: &[&str]| program(&url, &reset, client, &[&areas, more].concat());
        let insecure = judge(&["--insecure"]).end().exited(0).report();
        let trusted = judge(&["--cacert", "ca.pem"]).file("ca.pem", &target.authority);
        let trusted = trusted.end().exited(0).report();
        assert!(trusted.count("pass") > 100, "{}", trusted.0["summary"]);
        assert_eq!(judged(&insecure), judged(&trusted));
    }
}

#[test]
fn https_of_somebody_who_is_not_trusted_is_not_talked_to() {
    let (target, other) = (secure(), secure());
    let (url, reset) = (target.proxy.url(), reset_of(&target.server));
    for client in ["wire", "reqwest"] {
        let wrong = program(&url, &reset, client, &["--cacert", "ca.pem"]).file("ca.pem", &other.authority);
        for program in [wrong, program(&url, &reset, client, &[])] {
            let ended = program.end().exited(3);
            assert!(ended.said().to_lowercase().contains("certificate"), "{}", ended.said());
            assert_eq!(ended.report().count("pass"), 0);
        }
        // Plain text to a port that speaks TLS.
        let plain = url.replace("https:", "http:");
        program(&plain, &reset, client, &[]).end().exited(3);
    }
    assert_eq!(target.proxy.requests(), 0);
}

#[test]
fn a_base_path_behind_a_reverse_proxy() {
    let server = reference(|_| {});
    let rules = Rules { prefix: "/gateway/wabiz", ..Rules::default() };
    let proxy = Proxy::open(server.address(), rules).expect("the loopback address can be listened on");
    let areas = ["login/control", "users", "tokens", "account", "envelope"];
    let direct = program(&server.url(), &reset_of(&server), "wire", &areas).end().exited(0).report();
    // With the slash at the end and without.
    let [wire, reqwest] = both(&proxy.url(), &reset_of(&server), &areas);
    let wire = wire.exited(0).report();
    agree(&wire, &reqwest.exited(0).report());
    assert_eq!(judged(&direct), judged(&wire));
    let slash = format!("{}/", proxy.url());
    let ended = program(&slash, &reset_of(&server), "wire", &["envelope"]).end().exited(0);
    assert!(ended.report().count("pass") > 30);
    for asked in proxy.log() {
        assert!(asked.path().starts_with("/gateway/wabiz/v1/") || asked.target == "*", "{}", asked.target);
    }
}

#[test]
fn an_address_of_ipv6() {
    let server = reference(|_| {});
    let rules = Rules { listen: SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), ..Rules::default() };
    let proxy = match Proxy::open(server.address(), rules) {
        Ok(proxy) => proxy,
        Err(error) => return eprintln!("not tested: this machine has no IPv6 loopback address ({error})"),
    };
    assert!(proxy.url().starts_with("http://[::1]:"), "{}", proxy.url());
    for ended in both(&proxy.url(), &reset_of(&server), &["tokens", "envelope"]) {
        assert!(ended.exited(0).report().count("pass") > 100);
    }
}

#[test]
fn headers_of_the_configuration_go_with_every_request() {
    for client in ["wire", "reqwest"] {
        let server = reference(|_| {});
        let proxy =
            Proxy::of(server.address(), |_, head| match (head.header("x-gateway-key"), head.header("x-tenant")) {
                (Some("k3y-0f-the-gateway"), Some("acme")) => Reaction::Forward,
                _ => Reaction::Drop,
            });
        let config = format!(
            "[target]\nclient = \"{client}\"\nurl = \"{}\"\nheaders = {{ X-Gateway-Key = \"env:GATEWAY_KEY\", X-Tenant = \
             \"acme\" }}\n[state]\nreset = \"{}\"\n",
            proxy.url(),
            reset_of(&server),
        );
        let program = Program::judge(["users"]).file("wabizspec.toml", &config);
        let ended = program.env("GATEWAY_KEY", "k3y-0f-the-gateway").end().exited(0);
        assert!(ended.stderr.contains("configuration: wabizspec.toml"), "{}", ended.stderr);
        assert!(ended.report().count("pass") > 100);
        assert!(!ended.said().contains("k3y-0f-the-gateway"));
    }
}

#[test]
fn hooks_are_commands_or_urls() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        return eprintln!("not tested: this machine has no curl");
    }
    let served = Served::reference();
    let url = &served.url;
    let filters = ["login/first-login", "login/first-login-after-a-refused-one", "tokens/expired"];
    let judge = |config: &str| {
        let args = ["--target", url, "--allow", "clock"];
        Program::judge(args.iter().chain(&filters)).file("wabizspec.toml", config).end()
    };
    // The clock is moved by a command, which finds in its environment where the target is and by how much.
    let by_command = r#"advance = '''curl -sf -d "{\"seconds\":$WABIZSPEC_SECONDS}" "$WABIZSPEC_TARGET/__control/advance" && echo $WABIZSPEC_SECONDS >> moved'''"#;
    let ended = judge(&format!("[state]\nreset = \"POST {url}/__control/reset\"\n{by_command}\n")).exited(0);
    let report = ended.report();
    assert!(report.0["resets"].as_u64() >= Some(2), "{}", report.0["resets"]);
    assert_eq!(report.count("skipped"), 0, "{}", report.0["summary"]);
    assert!(ended.file("moved").lines().any(|seconds| seconds.parse::<u32>().is_ok()));
    // A command that fails and a URL that answers anything but 2xx did not reset.
    for reset in ["echo no container >&2; exit 3".to_owned(), format!("POST {url}/__control/nothing")] {
        let ended = judge(&format!("[state]\nreset = \"{reset}\"\n{by_command}\n")).exited(3);
        assert!(ended.said().contains("the reset failed"), "{}", ended.said());
        assert_eq!(ended.report().0["resets"], 0);
    }
}
