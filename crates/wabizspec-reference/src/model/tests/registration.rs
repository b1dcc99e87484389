//! account and account/verify.

use super::*;
use crate::documented::certificate::SampleCertificate;

fn account(phone_number: &str, name: &str) -> String {
    let cert = SampleCertificate::new(name).to_base64();
    json!({"cc": "49", "phone_number": phone_number, "method": "sms", "cert": cert}).to_string()
}

fn register(bench: &mut Bench, token: &str, body: &str) -> Answer {
    bench.with_token(token, "POST", "/v1/account", body)
}

fn verify(bench: &mut Bench, token: &str, code: &str) -> Answer {
    let body = json!({"code": code}).to_string();
    bench.with_token(token, "POST", "/v1/account/verify", &body)
}

#[test]
fn a_number_is_registered_with_the_code_sent() {
    let (mut bench, admin) = Bench::started(|_| {});
    assert_eq!(bench.model.code(), None);
    assert_eq!(refusal(&verify(&mut bench, &admin, "000000")), one(403, 1005));
    let body = account("15112345678", "Café Übër 東京");
    let answer = register(&mut bench, &admin, &body);
    assert_eq!((answer.status, text(&answer, "/account/0/vname")), (202, Some("Café Übër 東京")));
    let code = bench.model.code().unwrap().to_owned();
    assert_eq!(code.len(), 6);

    let wrong = if code == "111111" { "222222" } else { "111111" };
    for wrong in [wrong, "", &code[..5], &format!("{code}0"), &format!(" {code}")] {
        assert_eq!(refusal(&verify(&mut bench, &admin, wrong)), one(403, 1005), "{wrong}");
    }
    let answer = verify(&mut bench, &admin, &code);
    assert_eq!((answer.status, members(&answer)), (201, vec!["meta"]));

    let answer = register(&mut bench, &admin, &body);
    assert_eq!((answer.status, text(&answer, "/account/0/vname")), (201, None));
    assert_eq!(refusal(&verify(&mut bench, &admin, &code)), one(403, 1005), "a code works once");
}

#[test]
fn another_number_needs_another_code_and_replaces_the_first() {
    let (mut bench, admin) = Bench::started(|_| {});
    for number in ["15112345678", "15112345679"] {
        assert_eq!(register(&mut bench, &admin, &account(number, "Acme")).status, 202);
        let code = bench.model.code().unwrap().to_owned();
        assert_eq!(verify(&mut bench, &admin, &code).status, 201);
        assert_eq!(register(&mut bench, &admin, &account(number, "Acme")).status, 201);
    }
    let body = account("15112345678", "Acme");
    assert_eq!(register(&mut bench, &admin, &body).status, 202);
    let first = bench.model.code().unwrap().to_owned();
    register(&mut bench, &admin, &body);
    assert_ne!(bench.model.code(), Some(first.as_str()));
    assert_eq!(refusal(&verify(&mut bench, &admin, &first)), one(403, 1005), "only the last code counts");
}

#[test]
fn with_two_step_verification_on_a_request_needs_the_pin() {
    const PATH: &str = "/v1/settings/account/two-step";
    let (mut bench, admin) = Bench::started(|_| {});
    let body = account("15112345678", "Acme");
    let with = |pin: &str| body.replace('}', &format!(",\"pin\":\"{pin}\"}}"));
    let set = |bench: &mut Bench, pin: &str| bench.with_token(&admin, "POST", PATH, &json!({"pin": pin}).to_string());
    assert_eq!(register(&mut bench, &admin, &with("012345")).status, 202, "none is needed yet");
    for pin in ["012345", "123456"] {
        let answer = set(&mut bench, pin);
        assert_eq!((answer.status, members(&answer)), (200, vec!["meta"]));
        for wrong in [body.clone(), with("999999"), with(if pin == "012345" { "123456" } else { "012345" })] {
            assert_eq!(refusal(&register(&mut bench, &admin, &wrong)), one(403, 1005), "{wrong}");
        }
        assert_eq!(register(&mut bench, &admin, &with(pin)).status, 202);
    }
    for _ in 0..2 {
        let answer = bench.with_token(&admin, "DELETE", PATH, "");
        assert_eq!((answer.status, members(&answer)), (200, vec!["meta"]));
        assert_eq!(register(&mut bench, &admin, &body).status, 202);
    }
}

#[test]
fn a_reset_forgets_everything() {
    let (mut bench, admin) = Bench::started(|_| {});
    let fresh = Bench::new().model.dump();
    bench.user(&admin, "anna", GOOD);
    register(&mut bench, &admin, &account("15112345678", "Acme"));
    assert_ne!(bench.model.dump(), fresh);
    bench.model.reset();
    assert_eq!(bench.model.dump(), fresh);
    assert_eq!(bench.model.code(), None);
    assert!(!bench.works(&admin, "admin"));
    assert_eq!(refusal(&bench.login("admin", "secret", "")), one(401, 1024));
}
