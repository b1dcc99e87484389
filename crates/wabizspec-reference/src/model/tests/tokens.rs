//! Tokens and users/logout.

use super::*;

#[test]
fn a_token_works_for_seven_days() {
    let (mut bench, token) = Bench::started(|_| {});
    bench.now += SignedDuration::from_secs(604_799);
    assert!(bench.works(&token, "admin"));
    bench.now += SignedDuration::from_secs(1);
    assert_eq!(refusal(&bench.with_token(&token, "GET", "/v1/users/admin", "")), one(401, 1005));
    assert!(bench.logs_in("admin", GOOD));
}

#[test]
fn every_operation_but_login_needs_a_token() {
    let (mut bench, token) = Bench::started(|_| {});
    let flipped = format!("{}{}", &token[..token.len() - 1], if token.ends_with('A') { 'B' } else { 'A' });
    let basic = render(&Credentials::new("admin", GOOD));
    let headers = [
        "",
        "Bearer",
        "Bearer ",
        &basic,
        &token,
        &format!("Bearer{token}"),
        &format!("Bearer {flipped}"),
        &format!("Bearer {}", &token[1..]),
        &format!("Bearer {token}x"),
        &format!("Token {token}"),
    ];
    let before = bench.model.dump();
    for operation in Operation::ALL.into_iter().filter(|operation| operation.caller() != Caller::Credentials) {
        for name in ["admin", "nobody"] {
            let path = operation.path().replace("{username}", name);
            for sent in headers.chunks(1).chain([&[][..]]) {
                let answer = bench.send(operation.method(), &path, sent, "{");
                assert_eq!(refusal(&answer), one(401, 1005), "{operation} {name} {sent:?}");
                assert!(answer.header("www-authenticate").is_some());
            }
        }
    }
    assert_eq!(bench.model.dump(), before);
}
