//! Tables of bodies and what they are read as.

use serde_json::json;

use super::*;
use crate::documented::api::Operation;

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
    for (body, new_password) in [
        ("", None),
        ("{}", None),
        (" \r\n\t{ } ", None),
        (r#"{"foo":"bar"}"#, None),
        (r#"{"New_Password":"x","new_password ":"y","new_password\u0000":"z"}"#, None),
        (r#"{"a":{"new_password":"x"},"a":[1e400,-0,{"b":null}],"c":"\ud83d\ude00"}"#, None),
        (r#"{"__proto__":{},"":1}"#, None),
        (r#"{"new_password":"Abcdef1!"}"#, Some("Abcdef1!")),
        (r#"{"new_password":"\u0041bcdef1\/"}"#, Some("Abcdef1/")),
        (r#"{"\u006eew_password":"x"}"#, Some("x")),
        (r#"{"new_password":""}"#, Some("")),
        (r#"{"new_password":"a\u0000\ud83d\ude00"}"#, Some("a\0\u{1f600}")),
    ] {
        let expected = LoginBody { new_password: new_password.map(str::to_owned) };
        assert_eq!(LoginBody::parse(body.as_bytes()), Ok(expected), "{body}");
    }
}

#[test]
fn a_new_password_of_another_type_is_refused_not_turned_into_text() {
    let other_types = ["null", "true", "0", "1e400", "[]", r#"["Abcdef1!"]"#, "{}"];
    let other_types = other_types.map(|value| (value, Invalid::NotAString));
    for (value, why) in other_types.into_iter().chain([(r#""Abcdef1!\ud800""#, Invalid::NotUnicode)]) {
        let parsed = LoginBody::parse(format!(r#"{{"new_password":{value}}}"#).as_bytes());
        let expected = MemberError::Invalid("new_password", why);
        assert_eq!(parsed, Err(BodyError::Members(vec![expected])), "{value}");
    }
}

#[test]
fn bodies_that_are_not_json() {
    let short = ["{", " ", "{'a':1}", "{a:1}", "{}{}", "{} x", "{}\0", "[1,", "nul", "//\n{}", "\u{feff}{}"];
    let values = ["1,", "01", "+1", ".5", "NaN", "\"\n\"", r#""\x""#, r#""\u12""#];
    let in_objects = ["a", "new_password"].map(|name| values.map(|value| format!("{{{name:?}:{value}}}").into_bytes()));
    let others = [
        &b"{\"a\":\"\xff\"}"[..],
        b"\xff\xfe{\0}\0",
        b"{\"new_password\":\"cut",
        br#"{"new_password":"Abcdef1!","new_password":"Abcdef1!"}"#,
        br#"{"new_password":"weak","\u006eew_password":"Abcdef1!"}"#,
        // Objects, but with a name that is not text.
        br#"{"\ud800":1}"#,
        b" \n{\"new_password\":\"Abcdef1!\",\"\\udc00\":{}}",
    ];
    let in_objects = in_objects.as_flattened().iter().map(Vec::as_slice);
    for body in in_objects.chain(short.map(str::as_bytes)).chain(others) {
        let parsed = LoginBody::parse(body);
        let shown = body.escape_ascii();
        assert!(matches!(parsed, Err(BodyError::Malformed(_))), "{shown}: {parsed:?}");
    }
}

#[test]
fn bodies_that_are_not_objects() {
    for body in ["null", "true", "1", "\"x\"", "[]", r#"[{"new_password":"Abcdef1!"}]"#, "1e400"] {
        assert_eq!(LoginBody::parse(body.as_bytes()), Err(BodyError::NotAnObject), "{body}");
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
    let length = |count| Some(Invalid::Length { unit: "characters", count, min: 4, max: 32 });
    for (names, invalid) in [
        (&["abcd", "äöüß", &"u".repeat(32), &"ü".repeat(32), "logins", "../x"][..], None),
        (&[""], length(0)),
        (&["abc", "äöü"], length(3)),
        (&[&"u".repeat(33)], length(33)),
        (&["an:na", "an\0na", "anna\r\n"], Some(Invalid::Unsendable)),
        (&["login", "logout"], Some(Invalid::Reserved)),
    ] {
        for name in names {
            let expected = invalid.map(|why| MemberError::Invalid("username", why));
            assert_eq!(UsernameRule::documented().check(name).err(), expected, "{name:?}");
        }
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
fn bad_account_values() {
    for (member, values) in [
        ("cc", &[r#""+1""#, r#""""#, r#""abc""#, r#""1234""#, r#""١""#, "49", "null"][..]),
        ("phone_number", &[r#""+15112""#, r#""151 12""#, r#""""#, r#""1234567890123456""#, "15112"]),
        ("method", &[r#""SMS""#, r#""sms ""#, r#""voice\u0000""#, r#""fax""#, r#""""#, "1"]),
        ("cert", &[r#""""#, "null", "{}"]),
        ("pin", &[r#""12345""#, r#""1234567""#, r#""12345a""#, r#""١٢٣٤٥٦""#, r#""""#, "123456", "null"]),
    ] {
        for value in values {
            let Err(BodyError::Members(errors)) = account(member, value) else {
                panic!("{member}: {value} is accepted");
            };
            assert!(
                matches!(errors[..], [MemberError::Invalid(name, _)] if name == member),
                "{member}: {value}: {errors:?}"
            );
        }
    }
    let error = account("pin", r#""1234567""#).unwrap_err();
    assert_eq!(error.to_string(), "pin has 7 digits, not 6 to 6");
}
