//! One suite, two clients, every way to a target: the verdicts are the same, and a server that is not trusted gets nothing.

use std::net::Ipv6Addr;

use crate::harness::tls::{issued, params};
use crate::harness::*;
use wabizspec::reference::Server;

const CLIENTS: [&str; 2] = ["wire", "reqwest"];

/// Judges what is at that address, with everything that a disposable target allows.
fn program(target: &(impl Address + ?Sized), server: &Server, client: &str, more: &str) -> Program {
    let config = format!("[target]\nclient = \"{client}\"\n[state]\nallow = [\"registration\"]\n");
    let program = Program::judge("--registration open -q").at(target).resetting(server);
    program.args(more).file("wabizspec.toml", &config)
}

/// The id and verdict of each case that ran, and what its findings are about.
fn judged(report: &Report) -> Vec<(&str, &str, Vec<&str>)> {
    let ran = report.cases().iter().filter(|case| case["verdict"] != "skipped");
    ran.map(|case| (text(case, "id"), text(case, "verdict"), broken_by(case))).collect()
}

/// That the second report says of each of its cases what the first says, and leaves only those out that it must.
#[track_caller]
fn agree(wire: &Report, reqwest: &Report) {
    let (ours, theirs) = (judged(wire), judged(reqwest));
    let expected: Vec<_> = ours.iter().filter(|(id, ..)| reqwest.verdict(id) != "skipped").cloned().collect();
    assert_eq!(expected, theirs);
    assert!(theirs.len() * 10 > ours.len() * 9, "{} of {}", theirs.len(), ours.len());
    for case in reqwest.cases().iter().filter(|case| case["verdict"] == "skipped") {
        let for_the_client = text(case, "reason").contains("the configured client cannot send");
        assert!(for_the_client || wire.verdict(text(case, "id")) == "skipped", "{case}");
    }
}

/// The same run with each client; both end with this code.
#[track_caller]
fn both(target: &impl Address, server: &Server, more: &str, code: i32) -> [Ended; 2] {
    CLIENTS.map(|client| program(target, server, client, more).end().exited(code))
}

#[test]
fn a_good_target() {
    let server = reference(|_| {});
    let [wire, reqwest] = both(&server, &server, "", 0);
    agree(&wire, &reqwest.counts("blocked", 0));
}

#[test]
fn a_faulty_target() {
    let server = faulty(&[
        "login.first.default-password-lives-on",
        "tokens.logout.token-lives-on",
        "users.delete.not-done",
        "envelope.no-crash.on-an-unknown-account",
    ]);
    let [wire, reqwest] = both(&server, &server, "login tokens", 1);
    agree(&wire.counts_over("fail", 5), &reqwest);
}

/// A target over https, its client, and the authority that a client may be given to trust it.
fn secure() -> (Proxy, Server, String) {
    let identity = issued(params(&["127.0.0.1"]));
    let server = reference(|_| {});
    (Proxy::secure(&server, identity.config(&[])), server, identity.issuer)
}

#[test]
fn https_with_whatever_certificate_or_one_of_a_private_authority() {
    let (proxy, server, authority) = secure();
    assert!(proxy.url().starts_with("https://"));
    for client in CLIENTS {
        let insecure = program(&proxy, &server, client, "tokens envelope --insecure").end().exited(0);
        let trusted = program(&proxy, &server, client, "tokens envelope --cacert ca.pem");
        let trusted = trusted.file("ca.pem", &authority).end().exited(0).counts_over("pass", 100);
        assert_eq!(judged(&insecure), judged(&trusted));
    }
}

#[test]
fn an_https_server_that_is_not_trusted_gets_nothing() {
    let ((proxy, server, _), (_other, _, foreign)) = (secure(), secure());
    for client in CLIENTS {
        let wrong = program(&proxy, &server, client, "--cacert ca.pem").file("ca.pem", &foreign);
        for program in [wrong, program(&proxy, &server, client, "")] {
            let ended = program.end().exited(3).counts("pass", 0);
            assert!(ended.said().to_lowercase().contains("certificate"), "{}", ended.said());
        }
        // Plain text to a port that speaks TLS.
        program(&proxy.url().replace("https:", "http:"), &server, client, "").end().exited(3);
    }
    assert_eq!(proxy.requests(), 0);
}

#[test]
fn a_base_path_behind_a_reverse_proxy() {
    let server = reference(|_| {});
    let rules = Rules { prefix: "/gateway/wabiz", ..Rules::default() };
    let proxy = Proxy::open(&server, rules).expect("the loopback address can be listened on");
    let areas = "login/control users tokens account envelope";
    let direct = program(&server, &server, "wire", areas).end().exited(0);
    // With the slash at the end and without.
    let [wire, reqwest] = both(&proxy, &server, areas, 0);
    agree(&wire, &reqwest);
    assert_eq!(judged(&direct), judged(&wire));
    let slash = program(&format!("{}/", proxy.url()), &server, "wire", "envelope");
    slash.end().exited(0).counts_over("pass", 30);
    for asked in proxy.log() {
        // One form of a target names the host, too.
        let origin = asked.target.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let path = origin.map_or(asked.target.clone(), |(_, path)| format!("/{path}"));
        assert!(path.starts_with("/gateway/wabiz/") || path == "*", "{}", asked.target);
    }
}

#[test]
fn an_address_of_ipv6() {
    let server = reference(|_| {});
    let rules = Rules { listen: (Ipv6Addr::LOCALHOST, 0).into(), ..Rules::default() };
    let proxy = match Proxy::open(&server, rules) {
        Ok(proxy) => proxy,
        Err(error) => return eprintln!("not tested: this machine has no IPv6 loopback address ({error})"),
    };
    assert!(proxy.url().starts_with("http://[::1]:"), "{}", proxy.url());
    for ended in both(&proxy, &server, "tokens envelope", 0) {
        ended.counts_over("pass", 100);
    }
}

#[test]
fn headers_of_the_configuration_go_with_every_request() {
    const KEY: &str = "k3y-0f-the-gateway";
    for client in CLIENTS {
        let server = reference(|_| {});
        let proxy = Proxy::of(&server, |_, asked| {
            let known = (asked.header("x-gateway-key"), asked.header("x-tenant")) == (Some(KEY), Some("acme"));
            Reaction::Drop.when(!known)
        });
        let config = format!(
            "[target]\nclient = \"{client}\"\nurl = \"{}\"\nheaders = {{ X-Gateway-Key = \"env:GATEWAY_KEY\", X-Tenant = \
             \"acme\" }}\n[state]\nreset = \"{}\"\n",
            proxy.url(),
            reset_of(&server),
        );
        let program = Program::judge("users").file("wabizspec.toml", &config).env("GATEWAY_KEY", KEY);
        let ended = program.end().exited(0).says("configuration: wabizspec.toml");
        ended.counts_over("pass", 100).never_says(KEY);
    }
}

#[test]
fn hooks_are_commands_or_urls() {
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        return eprintln!("not tested: this machine has no curl");
    }
    let served = Served::reference();
    let url = &served.url;
    let judge = |config: &str| {
        let cases = "login/first-login login/first-login-after-a-refused-one tokens/expired";
        Program::judge("--allow clock").at(url).args(cases).file("wabizspec.toml", config).end()
    };
    // The clock is moved by a command, which finds in its environment where the target is and by how much.
    let by_command = r#"advance = '''curl -sf -d "{\"seconds\":$WABIZSPEC_SECONDS}" "$WABIZSPEC_TARGET/__control/advance" && echo $WABIZSPEC_SECONDS >> moved'''"#;
    let ended = judge(&format!("[state]\nreset = \"POST {url}/__control/reset\"\n{by_command}\n")).exited(0);
    let ended = ended.counts("skipped", 0);
    assert!(ended.0["resets"].as_u64() >= Some(2), "{}", ended.0["resets"]);
    assert!(ended.file("moved").lines().any(|seconds| seconds.parse::<u32>().is_ok()));
    // A command that fails and a URL that answers anything but 2xx did not reset.
    for reset in ["echo no container >&2; exit 3".to_owned(), format!("POST {url}/__control/nothing")] {
        let ended = judge(&format!("[state]\nreset = \"{reset}\"\n{by_command}\n")).exited(3);
        assert_eq!(ended.says("the reset failed").0["resets"], 0);
    }
}
