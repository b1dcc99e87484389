//! Whether a target has an operation. Nothing is changed to find out, and no credentials are sent.

use super::accounts::Accounts;
use super::reading::json_type;
use crate::documented::api::{self, Operation, Resource};
use crate::exchange::{Exchange, Header, Response};

/// The status that says that there is no such operation.
///
/// A body that is not JSON changes nothing, even on a target that needs no credentials. But where the body is read before the
/// path is looked at, every path refuses it alike. Then a list says more: it has no member that an operation could use.
pub(crate) async fn absence(accounts: &Accounts, operation: Operation, first: &[Exchange; 2]) -> Option<u16> {
    if operation.required().is_empty() {
        return absence_by(accounts, operation, None, first).await.ok()?;
    }
    match absence_by(accounts, operation, Some("{"), first).await {
        Ok(status) => status,
        Err(Alike) => absence_by(accounts, operation, Some("[]"), first).await.ok()?,
    }
}

/// The target refuses the body on every path.
struct Alike;

/// As [`absence`], by one body.
///
/// A 404 may also mean that there is no such account: some servers look for it before they look for a token. So it counts
/// only where a path that cannot exist gets the same answer, and the path of the administrator, who exists, gets a 404 too.
async fn absence_by(
    accounts: &Accounts,
    operation: Operation,
    body: Option<&str>,
    [login, read]: &[Exchange; 2],
) -> Result<Option<u16>, Alike> {
    let (name, elsewhere) = accounts.names().next();
    let nowhere = format!("/{elsewhere}/{name}");
    // The administrator is not put at risk by a body that can be read.
    let is_of_admin = operation == Operation::ReadUser || operation == Operation::UpdateUser && body == Some("{");
    let path = match operation.resource() {
        Resource::User if is_of_admin => api::user(accounts.admin_name()),
        Resource::User => api::user(&name),
        _ => operation.path().to_owned(),
    };
    let asked;
    let exchange = if operation == Operation::LogIn {
        login
    } else {
        asked = send(accounts, operation.method(), &path, body).await;
        &asked
    };
    let Some(answer) = exchange.response() else { return Ok(None) };
    match answer.status {
        405 | 501 => return Ok(Some(answer.status)),
        400 | 404 | 415 | 422 => {}
        _ => return Ok(None),
    }
    let unknown = send(accounts, operation.method(), &nowhere, body).await;
    let Some(unknown) = unknown.response() else { return Ok(None) };
    let is_alike = unknown.status == answer.status && shape(answer, &path) == shape(unknown, &nowhere);
    match (answer.status, is_alike) {
        (404, true) => {}
        (_, true) => return Err(Alike),
        (_, false) => return Ok(None),
    }
    // Where no account was there to try this on, an answer of the API, which has the path, is about the account.
    let has_path = read.response().is_some_and(|read| !matches!(read.status, 404 | 405 | 501));
    let is_of_an_account = operation.resource() == Resource::User && !is_of_admin && has_path;
    let is_about_account =
        is_of_an_account && (!answer.error_codes().is_empty() || knows_methods(accounts, &path).await);
    Ok((!is_about_account).then_some(404))
}

/// Whether a method that the API does not have is refused as such on this path: then one that gets a 404 is there.
async fn knows_methods(accounts: &Accounts, path: &str) -> bool {
    let refused = send(accounts, "PATCH", path, None).await;
    refused.response().is_some_and(|response| matches!(response.status, 405 | 501))
}

/// Sends a request without credentials.
async fn send(accounts: &Accounts, method: &'static str, path: &str, body: Option<&str>) -> Exchange {
    let headers: Vec<Header> = body.iter().map(|_| json_type()).collect();
    let transport = &accounts.target.transport;
    let body = body.map(|body| body.as_bytes().to_vec());
    transport.send(transport.request(method, path, headers, body)).await
}

/// What an answer looks like apart from the path, which it may repeat.
fn shape(response: &Response, path: &str) -> (Option<String>, usize) {
    let kind = response.header_text("Content-Type").map(str::to_owned);
    (kind, String::from_utf8_lossy(&response.body).replace(path, "").len())
}
