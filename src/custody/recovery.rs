//! Whether a password works, and what a target may have stored instead of it. Nothing here changes anything.

use std::time::Duration;

use super::Target;
use super::accounts::Account;
use super::reading::{basic, json_type, outcome, token_in};
use crate::documented::api::Operation;
use crate::documented::errors::ErrorCode;
use crate::transport::throttle::is_throttled;

pub enum Probe {
    /// With this token, which somebody has to log out.
    LoggedIn(String),
    /// The password is right, but it is the default one and has to be changed first (code 1024).
    ChangeRequired,
    Refused(String),
    Throttled(Duration),
    Unreachable(String),
}

/// Logs in with a body that changes nothing.
pub async fn probe(target: &Target, account: &Account) -> Probe {
    let headers = vec![basic(&account.username, &account.password), json_type()];
    let request = target.transport.call(Operation::LogIn, headers, Some(b"{}".to_vec()));
    let exchange = target.transport.send(request).await;
    if let Some(token) = token_in(&exchange) {
        return Probe::LoggedIn(token);
    }
    let response = match &exchange.outcome {
        Err(none) => return Probe::Unreachable(target.transport.secrets().apply(&none.to_string())),
        Ok(response) => response,
    };
    if is_throttled(response) {
        let seconds = response.header_text("Retry-After").and_then(|value| value.trim().parse().ok());
        return Probe::Throttled(Duration::from_secs(seconds.unwrap_or(1)));
    }
    let change_required = response.error_codes().contains(&ErrorCode::PasswordChangeRequired.number());
    match response.status {
        _ if change_required => Probe::ChangeRequired,
        500.. => Probe::Unreachable(format!("it answers with status {}", response.status)),
        _ => Probe::Refused(outcome(&exchange)),
    }
}

/// What a target may have stored instead of a password: bcrypt reads 72 bytes, fields hold 64, C strings end at a NUL.
pub fn spellings(password: &str) -> Vec<(String, &'static str)> {
    let cut = |bytes: usize| password[..password.floor_char_boundary(bytes)].to_owned();
    let all = [
        (password.trim().to_owned(), "without blanks at its ends"),
        (cut(72), "cut to 72 bytes"),
        (cut(64), "cut to 64 bytes"),
        (password.split('\0').next().unwrap_or_default().to_owned(), "up to its first NUL"),
    ];
    let other = |(spelling, _): &(String, &str)| !spelling.is_empty() && spelling != password;
    all.into_iter().filter(other).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_differ_from_the_password() {
        assert_eq!(spellings("Aa1!aaaa"), []);
        assert_eq!(spellings(" Aa1! "), [("Aa1!".to_owned(), "without blanks at its ends")]);
        let long = "é".repeat(40);
        let cut: Vec<usize> = spellings(&long).iter().map(|(spelling, _)| spelling.len()).collect();
        assert_eq!(cut, [72, 64]);
        assert_eq!(spellings("ab\0c"), [("ab".to_owned(), "up to its first NUL")]);
    }
}
