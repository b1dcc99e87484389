//! users, and what is refused at any endpoint.

use super::*;
use crate::documented::certificate::SampleCertificate;
use crate::vectors::vectors;

#[test]
fn refused_requests_change_nothing() {
    let (mut bench, admin) = Bench::started(|_| {});
    bench.user(&admin, "bert", GOOD);
    let before = bench.model.dump();
    let cert = SampleCertificate::new("Acme").to_base64();
    for (call, body, status, codes) in vectors::<(String, String, u16, Vec<i64>)>("refusals") {
        let (method, path) = call.split_once(' ').unwrap();
        let answer = bench.with_token(&admin, method, path, &body.replace("${cert}", &cert));
        assert_eq!(refusal(&answer), (status, codes), "{call} {body}");
        if method == "PUT" {
            let answer = bench.with_token(&admin, method, "/v1/users/nobody", &body);
            assert_eq!(refusal(&answer), one(404, 1006), "{body}");
        }
    }
    assert_eq!(bench.model.dump(), before);
}

#[test]
fn a_user_may_do_nothing_to_others() {
    let (mut bench, admin) = Bench::started(|_| {});
    let anna = bench.user(&admin, "anna", GOOD);
    bench.user(&admin, "bert", GOOD);
    let before = bench.model.dump();
    for operation in Operation::ALL {
        let names = match operation.caller() {
            Caller::Admin => &["anna", "bert", "admin", "nobody"][..],
            Caller::SelfOrAdmin => &["bert", "admin", "nobody"],
            Caller::AnyUser | Caller::Credentials => &[],
        };
        for name in names {
            let path = operation.path().replace("{username}", name);
            for body in ["{", &user("carl", GOOD)] {
                let answer = bench.with_token(&anna, operation.method(), &path, body);
                assert_eq!(refusal(&answer), one(403, 1005), "{operation} {name}");
            }
        }
    }
    assert_eq!(bench.model.dump(), before);
}
