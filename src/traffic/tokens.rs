//! The token of a call: whether it is good, and what becomes of requests that have a good one.

use super::call::{Authorization, Call, Form};
use super::held::{Held, code, status};
use super::known::{ADMIN, Known, Life, is_masked};
use super::login::is_well_before;
use crate::documented::errors::ErrorCode;
use crate::judge::Check;

/// What is known of the token of a request.
enum Standing {
    Absent,
    /// `Authorization` is of another kind.
    NoBearer,
    /// No login gave it.
    Invalid,
    /// It ended; the requirement that it breaks if it works.
    Dead(&'static str),
    /// It is that user's.
    Living(String),
    Unknown,
}

fn standing(call: &Call<'_>, known: &Known, held: &Held<'_>) -> Standing {
    let token = match &call.authorization {
        Authorization::None if known.has_authorization => return Standing::Absent,
        Authorization::None => return Standing::Unknown,
        Authorization::Basic(..) => return Standing::NoBearer,
        Authorization::Odd => return odd(call, known),
        Authorization::Bearer(token) => token,
    };
    let Some(token) = known.tokens.get(token).filter(|_| !is_masked(token)) else {
        let is_invalid = known.is_closed && !is_masked(token);
        return if is_invalid { Standing::Invalid } else { Standing::Unknown };
    };
    match token.life {
        Life::LoggedOut => return Standing::Dead("tokens.logout.token-dead"),
        Life::Orphaned if known.exists(&token.user) == Some(true) => {
            return Standing::Dead("tokens.recreated-user.dead");
        }
        Life::Orphaned => return Standing::Dead("tokens.deleted-user.dead"),
        Life::Unknown => return Standing::Unknown,
        Life::Living => {}
    }
    let (Some(now), Some((from, until))) = (held.response.date(), token.ends) else { return Standing::Unknown };
    let later = known.accounts.get(&token.user).map_or(0, |account| account.logins) - token.logins;
    // A server may keep a few tokens of an ordinary user only.
    let kept = if token.user == ADMIN { u64::MAX } else { 2 };
    match () {
        () if is_well_before(until, now) => Standing::Dead("tokens.expiry.dead"),
        () if is_well_before(now, from) && later <= kept => Standing::Living(token.user.clone()),
        () => Standing::Unknown,
    }
}

/// `Authorization` in another form than the documented one: some servers read a token in it all the same.
fn odd(call: &Call<'_>, known: &Known) -> Standing {
    let mut words = Vec::new();
    for header in call.request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization")) {
        let latin: String = header.value.iter().map(|byte| char::from(*byte)).collect();
        let is_blank = |c: char| c == ',' || c.is_whitespace() || c.is_control() || c == '\u{feff}';
        words.extend(latin.split(is_blank).filter(|word| !word.is_empty()).map(str::to_owned));
    }
    let is_bearer = |word: &String| word.to_ascii_lowercase().contains("bearer");
    match words.iter().any(|word| is_masked(word) && word.len() > 3) {
        true => Standing::Unknown,
        false if !words.iter().any(is_bearer) => Standing::NoBearer,
        false if known.is_closed && !words.iter().any(|word| known.tokens.contains_key(word)) => Standing::NoBearer,
        false => Standing::Unknown,
    }
}

/// The user whose living token the request carries. If it is refused or granted for its token, the answer is held to that.
pub fn caller(call: &Call<'_>, is_good: bool, known: &mut Known, held: &mut Held<'_>) -> Option<String> {
    let is_plain = call.form() == Form::Plain && is_good;
    let strictly = if is_plain { "401" } else { "4xx" };
    let (requirement, statuses) = match standing(call, known, held) {
        Standing::Living(user) => {
            if let (true, Authorization::Bearer(token)) = (held.is_granted(), &call.authorization) {
                known.proven = known.tokens.get(token).map(|token| token.since);
            }
            return Some(user);
        }
        Standing::Unknown => {
            if let (true, Authorization::Bearer(text)) = (held.is_granted(), &call.authorization) {
                known.works(text);
            }
            return None;
        }
        Standing::Absent => ("tokens.bearer.required", strictly),
        Standing::NoBearer => ("tokens.bearer.scheme", if is_plain { "400 401" } else { "4xx" }),
        Standing::Invalid => ("tokens.bearer.invalid", if is_plain { "400 401" } else { "4xx" }),
        Standing::Dead("tokens.recreated-user.dead") => ("tokens.recreated-user.dead", "4xx"),
        Standing::Dead(requirement) => (requirement, strictly),
    };
    held.refused(requirement, statuses);
    if held.status() == 401 && is_plain {
        held.to("tokens.bearer.code", vec![code(&[ErrorCode::AccessDenied.number()])]);
    }
    None
}

/// A request that the documents grant to that caller. If it is refused with 401, its token is what was refused.
pub fn granted(
    call: &Call<'_>,
    requirement: &'static str,
    mut checks: Vec<Check>,
    known: &mut Known,
    held: &mut Held<'_>,
) {
    let Some(operation) = call.operation else { return };
    let statuses = operation.success().iter().map(u16::to_string).collect::<Vec<String>>().join(" ");
    checks.insert(0, status(&statuses));
    let token = match &call.authorization {
        Authorization::Bearer(token) => known.tokens.get_mut(token),
        _ => None,
    };
    match (call.form(), token) {
        (Form::Odd, _) => {}
        (Form::Plain, Some(token)) if held.status() == 401 => {
            let requirement = if token.spared_by.is_empty() { "tokens.bearer.accepted" } else { token.spared_by };
            held.unless_reset(requirement, checks);
            token.life = Life::Unknown;
        }
        (Form::Plain, _) => {
            held.to("tokens.bearer.accepted", vec![status(&statuses)]);
            held.to(requirement, checks);
        }
        (Form::Allowed(requirement), _) => drop(held.to(requirement, checks)),
    }
}
