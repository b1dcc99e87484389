//! Tables of bodies and what they are read as.

use serde_json::json;

use super::*;
use crate::documented::api::Operation;
use crate::vectors::vectors;

fn not_a_string(member: &'static str) -> MemberError {
    MemberError::Invalid(member, Invalid::NotAString)
}

#[test]
fn the_required_members_are_those_of_the_operation() {
    let rule = AccountRule::documented();
    for operation in Operation::ALL {
        let parse = |body: &[u8]| match operation {
            Operation::CreateUser => CreateUserBody::parse(body).err(),
            Operation::UpdateUser => changed_password(body).err(),
            Operation::Register => AccountBody::parse(body, &rule).err(),
            Operation::Verify => verification_code(body).err(),
            Operation::SetPin => new_pin(body, &rule.pin).err(),
            Operation::LogIn => LoginBody::parse(body).err(),
            // The others have no body.
            _ => None,
        };
        let missing: Vec<MemberError> = operation.required().iter().map(|name| MemberError::Missing(name)).collect();
        let needs_a_body = !missing.is_empty();
        assert_eq!(parse(b"{}"), needs_a_body.then_some(BodyError::Members(missing)), "{operation}");
        let empty = parse(b"");
        assert_eq!(matches!(empty, Some(BodyError::Malformed(_))), needs_a_body, "{operation}: {empty:?}");
    }
}

#[test]
fn bodies_of_a_login_and_their_new_password() {
    for (body, expected) in vectors::<(String, String)>("login_bodies") {
        let read = match LoginBody::parse(body.as_bytes()) {
            Ok(read) => json!(read.new_password).to_string(),
            // What follows are the words of the JSON parser.
            Err(BodyError::Malformed(_)) => "not valid JSON".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(read, expected, "{body}");
    }
    for not_utf8 in [&b"{\"a\":\"\xff\"}"[..], b"\xff\xfe{\0}\0"] {
        let parsed = LoginBody::parse(not_utf8);
        assert!(matches!(parsed, Err(BodyError::Malformed(_))), "{}: {parsed:?}", not_utf8.escape_ascii());
    }
}

#[test]
fn depth_costs_no_stack() {
    let depth = 100_000;
    let arrays = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = format!("{}1{}", r#"{"a":"#.repeat(depth), "}".repeat(depth));
    for nested in [&arrays, &objects] {
        let parsed = LoginBody::parse(format!(r#"{{"unknown":{nested}}}"#).as_bytes());
        assert_eq!(parsed, Ok(LoginBody::default()));
        let parsed = LoginBody::parse(format!(r#"{{"new_password":{nested}}}"#).as_bytes());
        assert_eq!(parsed, Err(BodyError::Members(vec![not_a_string("new_password")])));
    }
    assert_eq!(LoginBody::parse(arrays.as_bytes()), Err(BodyError::NotAnObject));
    for open in ["[", r#"{"a":"#] {
        let parsed = LoginBody::parse(open.repeat(depth).as_bytes());
        assert!(matches!(parsed, Err(BodyError::Malformed(_))));
    }
}

#[test]
fn all_errors_are_reported_together() {
    let error = CreateUserBody::parse(br#"{"username":null}"#).unwrap_err();
    let expected = vec![not_a_string("username"), MemberError::Missing("password")];
    assert_eq!(error.to_string(), "username is not a string; password is missing");
    assert_eq!(error, BodyError::Members(expected));
}

#[test]
fn good_bodies() {
    let body = br#"{"password":"p:w","username":"anna","role":"ROLE_ADMIN"}"#;
    let user = CreateUserBody { username: "anna".into(), password: "p:w".into() };
    assert_eq!(CreateUserBody::parse(body), Ok(user));
    assert_eq!(changed_password(br#"{"password":"x"}"#), Ok("x".into()));
    assert_eq!(verification_code(br#"{"code":"012345"}"#), Ok("012345".into()));
}

#[test]
fn usernames_of_4_to_32_characters() {
    for (name, expected) in vectors::<(String, String)>("usernames") {
        let error = UsernameRule::documented().check(&name).err();
        assert_eq!(error.map(|error| error.to_string()).unwrap_or_default(), expected, "{name:?}");
    }
}

/// A good account body with one member set to this JSON text.
fn account(member: &str, value: &str) -> Result<AccountBody, BodyError> {
    let mut body = json!({"cc": "49", "phone_number": "15112345678", "method": "sms", "cert": "CgA="});
    body[member] = serde_json::from_str(value).unwrap();
    AccountBody::parse(body.to_string().as_bytes(), &AccountRule::documented())
}

#[test]
fn good_account_bodies() {
    let expected = AccountBody {
        cc: "49".into(),
        phone_number: "15112345678".into(),
        method: Method::Sms,
        cert: "CgA=".into(),
        pin: None,
    };
    let with_pin = AccountBody { pin: Some("012345".into()), ..expected.clone() };
    assert_eq!(account("pin", r#""012345""#), Ok(with_pin));
    let by_voice = AccountBody { method: Method::Voice, ..expected.clone() };
    assert_eq!(account("method", r#""voice""#), Ok(by_voice));
    assert_eq!(account("other", "1"), Ok(expected));
}

#[test]
fn values_of_account_members() {
    for (member, value, expected) in vectors::<(String, String, String)>("registration_members") {
        let error = account(&member, &value).err();
        assert_eq!(error.map(|error| error.to_string()).unwrap_or_default(), expected, "{member}: {value}");
    }
}
