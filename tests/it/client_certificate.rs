//! Targets that ask their clients for a certificate: what the configuration names is shown to them, and a missing one or a
//! wrong one is reported as what it is, by `doctor`, `run` and both clients.

use crate::harness::tls::{Identity, issued, params};
use crate::harness::{Place, Proxy, in_use};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ALL_VERSIONS, SupportedProtocolVersion};
use wabizspec::reference::Server;

/// A target that takes only clients with a certificate of one authority, and such a certificate.
struct Guarded {
    proxy: Proxy,
    server: Server,
    own: Identity,
    client: Identity,
}

fn guarded(versions: &[&'static SupportedProtocolVersion]) -> Guarded {
    let (own, client) = (issued(params(&["127.0.0.1"])), issued(params(&["a client"])));
    let server = in_use("sunset");
    let proxy = Proxy::secure(&server, own.config_for(&client.issuer, versions));
    Guarded { proxy, server, own, client }
}

impl Guarded {
    /// A folder whose configuration is about this target, with these lines more, and these files.
    fn place(&self, client: &str, lines: &str, files: &[(&str, &str)]) -> Place {
        let address = self.proxy.address;
        let config =
            format!("[target]\nurl = \"https://{address}\"\ncacert = \"ca.pem\"\nclient = \"{client}\"\n{lines}\n");
        Place::with(&[&[("wabizspec.toml", config.as_str()), ("ca.pem", &self.own.issuer)], files].concat())
    }
}

#[test]
fn the_configured_certificate_is_shown() {
    let target = guarded(ALL_VERSIONS);
    let (own, key) = (&*target.client.own, &*target.client.key_pem);
    let both = [own, key].concat();
    for client in ["wire", "reqwest"] {
        let two = target.place(client, "cert = \"c.pem\"\nkey = \"k.pem\"", &[("c.pem", own), ("k.pem", key)]);
        let one = target.place(client, "cert = \"both.pem\"", &[("both.pem", &both)]);
        for place in [two, one] {
            let before = target.server.dump();
            place.program("doctor").password().end().exited(0).says("logs in as admin");
            place.program("run envelope login").password().end().exited(0).says("everything that ran conforms");
            assert_eq!(target.server.dump(), before);
        }
    }
}

#[test]
fn one_that_is_missing_or_wrong_is_no_finding() {
    let stranger = issued(params(&["a stranger"]));
    let strange = [stranger.own, stranger.key_pem].concat();
    for versions in [&[&TLS13], &[&TLS12]] {
        let target = guarded(versions);
        for client in ["wire", "reqwest"] {
            for (lines, files) in [("", &[][..]), ("cert = \"s.pem\"", &[("s.pem", &*strange)])] {
                let place = target.place(client, lines, files);
                place
                    .program("doctor")
                    .password()
                    .end()
                    .exited(3)
                    .says("bad   address")
                    .says("cert and key under [target]");
                place.program("run").password().end().exited(3).says("wabizspec doctor");
            }
        }
        assert_eq!(target.proxy.requests(), 0);
    }
}

#[test]
fn files_that_are_no_certificate_and_key_are_named() {
    let target = guarded(ALL_VERSIONS);
    let other = issued(params(&["another"]));
    let (own, key) = (&*target.client.own, &*target.client.key_pem);
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let two = "cert = \"c.pem\"\nkey = \"k.pem\"";
    for (lines, cert, second, says) in [
        ("key = \"k.pem\"", own, key, "but there is none"),
        (two, "", key, "c.pem holds no certificate"),
        (two, own, "", "k.pem holds no private key"),
        (two, own, encrypted, "openssl pkey -in k.pem"),
        (two, own, &*other.key_pem, "cannot be used together"),
        ("cert = \"c.pem\"", own, key, "c.pem holds no private key"),
        ("cert = \"c.pem\"\nkey = \"none.pem\"", own, key, "cannot read the key none.pem"),
        ("cert = \"none.pem\"", own, key, "cannot read the certificate file none.pem"),
    ] {
        let place = target.place("wire", lines, &[("c.pem", cert), ("k.pem", second)]);
        place.program("run").password().end().exited(2).says(says);
    }
    assert_eq!(target.proxy.requests(), 0);
}

#[test]
fn lines_to_paste_show_it_too_and_another_target_never_sees_it() {
    let target = guarded(ALL_VERSIONS);
    let both = [&*target.client.own, &target.client.key_pem].concat();
    let place = target.place("wire", "cert = \"a:b.pem\"", &[("a:b.pem", &both)]);
    let script = place.program("reproduce login/control").password().end().exited(0);
    script.says(r"--cert 'a\:b.pem' --key a:b.pem");
    let other = place.program("doctor --target https://127.0.0.1:1").password().end().exited(3);
    other.says("cert").says("does not count");
}
