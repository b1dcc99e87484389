//! Tables of bodies and what they are read as.

use super::*;
use crate::documented::api::Operation;

fn missing(member: &'static str) -> MemberError {
    MemberError::Missing { member }
}

fn not_a_string(member: &'static str) -> MemberError {
    MemberError::invalid(member, "is not a string")
}

fn new_password(body: &str) -> Option<String> {
    let parsed = LoginBody::parse(body.as_bytes());
    parsed.unwrap_or_else(|error| panic!("{body}: {error}")).new_password
}

#[test]
fn the_required_members_are_those_of_the_operation() {
    for operation in Operation::ALL {
        let error = match operation {
            Operation::CreateUser => CreateUserBody::parse(b"{}").err(),
            Operation::UpdateUser => UpdateUserBody::parse(b"{}").err(),
            Operation::Register => AccountBody::parse(b"{}", &AccountRule::documented()).err(),
            Operation::Verify => VerifyBody::parse(b"{}").err(),
            Operation::LogIn => LoginBody::parse(b"{}").err(),
            // They have no body.
            Operation::LogOut | Operation::ReadUser | Operation::DeleteUser => None,
        };
        let required: Vec<MemberError> = operation.required().iter().map(|member| missing(member)).collect();
        assert_eq!(error, (!required.is_empty()).then_some(BodyError::Members(required)), "{operation}");
    }
}

#[test]
fn a_login_needs_no_body_and_ignores_what_it_does_not_know() {
    for body in [
        "",
        "{}",
        " \r\n\t{ } ",
        r#"{"foo":"bar"}"#,
        r#"{"New_Password":"x","new_password ":"y","new_password\u0000":"z"}"#,
        r#"{"a":{"new_password":"x"},"a":[1e400,-0,{"b":null}],"c":"\ud83d\ude00"}"#,
        r#"{"__proto__":{},"":1}"#,
    ] {
        assert_eq!(new_password(body), None, "{body}");
    }
}

#[test]
fn a_new_password_is_read_with_its_escapes_undone() {
    for (body, expected) in [
        (r#"{"new_password":"Abcdef1!"}"#, "Abcdef1!"),
        (r#"{"new_password":"\u0041bcdef1\/"}"#, "Abcdef1/"),
        (r#"{"\u006eew_password":"x"}"#, "x"),
        (r#"{"new_password":""}"#, ""),
        (r#"{"new_password":"a\u0000\ud83d\ude00"}"#, "a\0\u{1f600}"),
    ] {
        assert_eq!(new_password(body).as_deref(), Some(expected), "{body}");
    }
}

#[test]
fn a_new_password_of_another_type_is_refused_not_turned_into_text() {
    for value in ["null", "true", "0", "1e400", "[]", r#"["Abcdef1!"]"#, "{}"] {
        let parsed = LoginBody::parse(format!(r#"{{"new_password":{value}}}"#).as_bytes());
        let expected = BodyError::Members(vec![not_a_string("new_password")]);
        assert_eq!(parsed, Err(expected), "{value}");
    }
    let parsed = LoginBody::parse(br#"{"new_password":"Abcdef1!\ud800"}"#);
    let expected = MemberError::invalid("new_password", "is not Unicode text");
    assert_eq!(parsed, Err(BodyError::Members(vec![expected])));
}

#[test]
fn what_is_no_json() {
    for body in [
        &b"{"[..],
        b" ",
        b"{\"a\":1,}",
        b"{'a':1}",
        b"{a:1}",
        b"{\"a\":01}",
        b"{\"a\":+1}",
        b"{\"a\":.5}",
        b"{\"a\":NaN}",
        b"{\"a\":\"\n\"}",
        b"{\"a\":\"\\x\"}",
        b"{}{}",
        b"{} x",
        b"{}\0",
        b"[1,",
        b"nul",
        b"//\n{}",
        b"\xef\xbb\xbf{}",
        b"{\"a\":\"\xff\"}",
        b"\xff\xfe{\0}\0",
        b"{\"new_password\":\"cut",
        b"{\"new_password\":\"\\u12\"}",
        br#"{"new_password":"Abcdef1!","new_password":"Abcdef1!"}"#,
        br#"{"new_password":"weak","\u006eew_password":"Abcdef1!"}"#,
    ] {
        let parsed = LoginBody::parse(body);
        let shown = body.escape_ascii();
        assert!(matches!(parsed, Err(BodyError::Malformed(_))), "{shown}: {parsed:?}");
    }
}

#[test]
fn an_object_with_a_name_that_is_no_text_is_malformed_but_an_object() {
    for body in [&br#"{"\ud800":1}"#[..], b" \n{\"new_password\":\"Abcdef1!\",\"\\udc00\":{}}"] {
        let parsed = LoginBody::parse(body);
        let shown = body.escape_ascii();
        assert!(matches!(parsed, Err(BodyError::Malformed(_))), "{shown}: {parsed:?}");
    }
}

#[test]
fn what_is_no_object() {
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
        assert_eq!(new_password(&format!(r#"{{"unknown":{nested}}}"#)), None);
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
fn every_missing_member_is_told() {
    let errors = |members: &[MemberError]| BodyError::Members(members.to_vec());
    let users = errors(&[missing("username"), missing("password")]);
    assert_eq!(CreateUserBody::parse(b"{}"), Err(users));
    let mixed = errors(&[not_a_string("username"), missing("password")]);
    assert_eq!(CreateUserBody::parse(br#"{"username":null}"#), Err(mixed));
    assert_eq!(UpdateUserBody::parse(b"{}"), Err(errors(&[missing("password")])));
    assert_eq!(VerifyBody::parse(b"{}"), Err(errors(&[missing("code")])));
    let account = ["cc", "phone_number", "method", "cert"].map(missing);
    let parsed = AccountBody::parse(b"{}", &AccountRule::documented());
    assert_eq!(parsed, Err(errors(&account)));
    for body in [&b""[..], b" "] {
        let parsed = CreateUserBody::parse(body);
        assert!(matches!(parsed, Err(BodyError::Malformed(_))), "{parsed:?}");
    }
}

#[test]
fn good_bodies() {
    let body = br#"{"password":"p:w","username":"anna","role":"ROLE_ADMIN"}"#;
    let user = CreateUserBody::parse(body).unwrap();
    assert_eq!((user.username.as_str(), user.password.as_str()), ("anna", "p:w"));
    assert_eq!(UpdateUserBody::parse(br#"{"password":"x"}"#).unwrap().password, "x");
    assert_eq!(VerifyBody::parse(br#"{"code":"012345"}"#).unwrap().code, "012345");
}

#[test]
fn usernames_of_4_to_32_characters() {
    for (name, good) in [
        ("abc", false),
        ("abcd", true),
        ("äöü", false),
        ("äöüß", true),
        (&"u".repeat(32), true),
        (&"ü".repeat(32), true),
        (&"u".repeat(33), false),
        ("", false),
        ("an:na", false),
        ("an\0na", false),
        ("anna\r\n", false),
        ("login", false),
        ("logout", false),
        ("logins", true),
        ("../x", true),
    ] {
        assert_eq!(UsernameRule::documented().check(name).is_ok(), good, "{name:?}");
    }
}

/// A good account body with one member set to this JSON text, or left out.
fn account(member: &str, value: Option<&str>) -> Result<AccountBody, BodyError> {
    let mut members =
        vec![("cc", r#""49""#), ("phone_number", r#""15112345678""#), ("method", r#""sms""#), ("cert", r#""CgA=""#)];
    members.retain(|(name, _)| *name != member);
    members.extend(value.map(|value| (member, value)));
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    AccountBody::parse(format!("{{{}}}", members.join(",")).as_bytes(), &AccountRule::documented())
}

#[test]
fn a_good_account_body() {
    let body = account("pin", Some(r#""012345""#)).unwrap();
    assert_eq!((body.cc.as_str(), body.phone_number.as_str()), ("49", "15112345678"));
    assert_eq!((body.method, body.cert.as_str()), (Method::Sms, "CgA="));
    assert_eq!(body.pin.as_deref(), Some("012345"));
    assert_eq!(account("pin", None).unwrap().pin, None);
    assert_eq!(account("method", Some(r#""voice""#)).unwrap().method, Method::Voice);
}

#[test]
fn each_required_account_member_alone() {
    for member in ["cc", "phone_number", "method", "cert"] {
        assert_eq!(account(member, None), Err(BodyError::Members(vec![missing(member)])));
    }
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
            let Err(BodyError::Members(errors)) = account(member, Some(value)) else {
                panic!("{member}: {value} is taken");
            };
            let [MemberError::Invalid { member: named, .. }] = errors.as_slice() else {
                panic!("{member}: {value}: {errors:?}");
            };
            assert_eq!(*named, member);
        }
    }
}

#[test]
fn reasons_are_told_together() {
    let mixed = CreateUserBody::parse(br#"{"username":1}"#).unwrap_err();
    assert_eq!(mixed.to_string(), "username is not a string; password is missing");
}
