//! Steps of a scenario file as text, and those in which an operation is accepted: what a refusal is compared with.

use crate::documented::api::Operation;
use crate::exchange::harmless_line;

/// The answer to a request that must be granted.
pub(super) const ACCEPTED: &str = r#"status = "2xx""#;

pub(super) fn step(name: &str, sent: &str, requirement: &str, expected: &str) -> String {
    format!("\n[[steps]]\nname = \"{name}\"\n{sent}\n[steps.expect]\n\"{requirement}\" = {{ {expected} }}\n")
}

pub(super) fn send(operation: Operation) -> String {
    format!("send = \"{operation}\"\n")
}

/// Makes an account. The name of those that are encoded has eighteen letters, so that its base64 is the beginning of that of
/// any text it begins.
pub(super) fn account(name: &str, ending: &str, password: &str) -> String {
    let body = quoted(&format!(r#"{{"username":"${{unique}}{ending}","password":"{password}"}}"#));
    let sent = format!("{}bearer = \"${{admin_token}}\"\njson = {body}\n", send(Operation::CreateUser));
    step(&format!("make the account {name}"), &sent, "users.create.created", ACCEPTED)
        + &format!("\n[steps.capture]\n{name} = \"/users/0/username\"\n")
}

/// The login of the ordinary user.
fn login() -> String {
    format!("{}basic = \"${{user}}:${{user_password}}\"\njson = \"{{}}\"\n", send(Operation::LogIn))
}

/// Gets a token and logs out with it. The name is that of the ended token.
pub(super) fn ended_token(name: &str) -> String {
    let logout = format!("{}bearer = \"${{{name}}}\"\n", send(Operation::LogOut));
    step(&format!("log in for {name}"), &login(), "login.credentials.accepted", ACCEPTED)
        + &format!("\n[steps.capture]\n{name} = \"/users/0/token\"\n")
        + &step(&format!("end {name}"), &logout, "tokens.logout.answered", ACCEPTED)
}

/// The steps in which a good request of the operation is accepted; for requests of no operation, any good request.
pub(super) fn accepted(operation: Option<Operation>) -> String {
    let operation = operation.unwrap_or(Operation::ReadUser);
    let path =
        operation.path().replace("{username}", if operation == Operation::ReadUser { "${user}" } else { "${good}" });
    let call = format!("send = \"{} {path}\"\n", operation.method());
    let as_admin = |body: &str| match body {
        "" => format!("{call}bearer = \"${{admin_token}}\"\n"),
        body => format!("{call}bearer = \"${{admin_token}}\"\njson = {}\n", quoted(body)),
    };
    let good = |sent: &str, requirement: &str| step("send it as it should be", sent, requirement, ACCEPTED);
    let made = || account("good", "good", "${new_password|json}");
    let registered = r#"{"cc":"${cc}","phone_number":"${phone_number}","method":"sms","cert":"${cert}"}"#;
    match operation {
        Operation::LogIn => good(&login(), "login.credentials.accepted"),
        Operation::LogOut => ended_token("good_token"),
        Operation::CreateUser => made(),
        Operation::ReadUser => good(&as_admin(""), "users.read.answered"),
        Operation::UpdateUser => {
            made() + &good(&as_admin(r#"{"password":"${new_password|json}"}"#), "users.update.answered")
        }
        Operation::DeleteUser => made() + &good(&as_admin(""), "users.delete.answered"),
        Operation::Register => good(&as_admin(registered), "account.request.sent"),
        Operation::Verify => good(&as_admin(r#"{"code":"${code|json}"}"#), "account.verify.accepted"),
        Operation::SetPin => good(&as_admin(r#"{"pin":"271828"}"#), "account.two-step.set"),
        Operation::RemovePin => good(&as_admin(""), "account.two-step.removed"),
    }
}

/// A text as a TOML string, in which nothing drives a terminal or a CI server that shows the file.
pub(super) fn quoted(text: &str) -> String {
    let is_harmless = harmless_line(text) == text;
    let escape = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if is_harmless || (c.is_ascii_graphic() && c != '#' && c != ':') || c == ' ' => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}
