//! A login: what its answer must be, and what it shows.

use jiff::{SignedDuration, Timestamp};

use super::call::{Authorization, Call, Form};
use super::held::{Held, code, differs, kind, lifetime, one, status};
use super::known::{ADMIN, Account, Known, Life, Likeness, Origin, Token, is_masked, is_replaced};
use crate::documented::api::DEFAULT_PASSWORD;
use crate::documented::errors::ErrorCode;
use crate::documented::password::{PasswordRule, Shortfall};
use crate::documented::token::{ExpiresAfter, LIFETIME};
use crate::exchange::Json;
use crate::fuzz::independent::authorization;
use crate::fuzz::independent::body::{self, Reading};
use crate::fuzz::independent::password::{Strength, strength};
use crate::fuzz::{Class, Place, refused_for};
use crate::judge::Placeholder;

/// How the token of an answer is found.
const TOKEN: &str = "/users/0/token";

pub fn login(call: &Call<'_>, known: &mut Known, held: &mut Held<'_>) {
    let reading = body::login(call.body(), call.is_labelled());
    match &call.authorization {
        Authorization::Basic(user, password) if is_masked(password) || is_masked(user) => {
            given(held, known, user, Life::Unknown);
        }
        Authorization::Basic(user, password) if user == ADMIN && password == DEFAULT_PASSWORD => {
            with_default_password(call, &reading, known, held);
        }
        Authorization::Basic(user, password) => with_credentials(call, &reading, (user, password), known, held),
        Authorization::None | Authorization::Odd | Authorization::Bearer(_) => without_credentials(call, known, held),
    }
}

/// The `new_password` of a body, if it is a text and there is no other.
fn new_password<'r>(reading: &'r Reading<'_>) -> Option<&'r str> {
    reading.json().filter(|_| reading.place == Place::Object).and_then(|json| json.at("/new_password")?.as_str())
}

fn without_credentials(call: &Call<'_>, known: &mut Known, held: &mut Held<'_>) {
    let values = call.request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case("Authorization"));
    let is_hidden = values.clone().any(|header| is_masked(&String::from_utf8_lossy(&header.value)));
    if !known.has_authorization || is_hidden {
        return;
    }
    let reading = authorization::login(&call.request.headers, &known.credentials());
    let is_surely_none = match reading.place {
        Place::Absent | Place::Elsewhere | Place::Empty | Place::NoCredentials => true,
        Place::OtherScheme | Place::NoScheme | Place::NoColon => true,
        // No decoder gets credentials out of these.
        _ if values.clone().all(|header| letters(&header.value) < 3) => true,
        _ => known.knows_all_passwords(),
    };
    if reading.class == Class::Reject && is_surely_none {
        let is_plain = call.form() == Form::Plain && body::login(call.body(), true).class == Class::Accept;
        let unauthorized = matches!(reading.place, Place::Absent | Place::OtherScheme) && is_plain;
        held.refused(refused_for(reading.place), if unauthorized { "401" } else { "4xx" });
    }
    if held.is_granted() {
        given(held, known, "", Life::Unknown);
        if body::mentions_password(call.body()) {
            known.forget();
        }
    }
}

/// How many characters of base64 are behind the scheme.
fn letters(value: &[u8]) -> usize {
    let code = value.iter().skip_while(|byte| **byte != b' ');
    code.filter(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte)).count()
}

/// The default password logs in on a target that was just installed, and there with a new password only.
fn with_default_password(call: &Call<'_>, reading: &Reading<'_>, known: &mut Known, held: &mut Held<'_>) {
    let new = new_password(reading);
    let strength = |new: &str| if is_replaced(new) { Strength::Open } else { strength(new) };
    let weakness = new.filter(|new| strength(new) == Strength::Weak).map(weakness);
    if held.is_granted() {
        match weakness {
            Some(requirement) => drop(held.refused(requirement, "4xx")),
            None if !body::mentions_password(call.body()) => drop(held.refused("login.first.refused", "4xx")),
            None => {}
        }
        known.is_fresh();
        match new {
            Some(new) => {
                known.account(ADMIN).set_password(new, Origin::FirstLogin, "login.first.default-password-dead");
                known.settle(ADMIN);
            }
            None => known.doubt(ADMIN),
        }
        return answered(held, known, ADMIN);
    }
    let was_in_place = known.accounts.get(ADMIN).is_some_and(|admin| admin.passwords == [DEFAULT_PASSWORD]);
    let codes = held.response.error_codes();
    if codes.contains(&ErrorCode::PasswordChangeRequired.number()) && !was_in_place {
        known.is_fresh();
    } else if held.status() != 401 && !was_in_place {
        // It may be in place or not.
        known.forget();
    }
    if !was_in_place || call.form() != Form::Plain {
        return;
    }
    match (new.map(strength), reading.class) {
        (Some(Strength::Strong), Class::Accept) => drop(held.to("login.first.accepted", vec![status("200")])),
        (Some(Strength::Weak), _) => {
            held.to("login.password.code", vec![status("400"), code(&[ErrorCode::ParameterInvalid.number()])]);
        }
        (None, Class::Accept) => {
            held.to("login.first.code", vec![status("401"), code(&[ErrorCode::PasswordChangeRequired.number()])]);
        }
        _ => {}
    }
}

/// The requirement that a first login breaks which takes this password.
fn weakness(password: &str) -> &'static str {
    let shortfalls = PasswordRule::documented().check(password).err().unwrap_or_default();
    match shortfalls[..] {
        [Shortfall::TooShort { .. }, ..] => "login.password.too-short",
        [Shortfall::TooLong { .. }, ..] => "login.password.too-long",
        [Shortfall::NoDigit] => "login.password.digit",
        [Shortfall::NoUpper] => "login.password.upper",
        [Shortfall::NoLower] => "login.password.lower",
        [Shortfall::NoSpecial] if password.contains(' ') => "login.password.blank-no-special",
        [Shortfall::NoSpecial] => "login.password.special",
        _ => "login.password.classes",
    }
}

fn with_credentials(
    call: &Call<'_>,
    reading: &Reading<'_>,
    (user, password): (&str, &str),
    known: &mut Known,
    held: &mut Held<'_>,
) {
    let exists = known.exists(user);
    let likeness = match exists {
        Some(false) if is_plain(user) => Likeness::Differs,
        Some(false) => Likeness::Unknown,
        _ => known.accounts.get(user).map_or(Likeness::Unknown, |account| account.password_is(password)),
    };
    let new = new_password(reading);
    let form = call.form();
    match likeness {
        Likeness::Differs
            if authorization::login(&call.request.headers, &known.credentials()).class == Class::Reject =>
        {
            let account = known.accounts.get(user).cloned().unwrap_or_default();
            let requirement = wrong(&account, exists, user, password, new.is_some());
            let is_plain = form == Form::Plain && reading.class == Class::Accept && is_printable(password);
            let unauthorized =
                ["login.refused.wrong-password", "login.refused.unknown-user", "login.refused.empty-parts"];
            let statuses = if is_plain && unauthorized.contains(&requirement) { "401" } else { "4xx" };
            held.refused(requirement, statuses);
            if held.is_granted() {
                known.doubt(user);
            }
        }
        Likeness::Same if is_printable(password) && is_plain(user) => right(call, reading, user, form, known, held),
        _ => {}
    }
    if !held.is_granted() {
        let account = known.account(user);
        // Where two may have been in force, it was the other one.
        if held.status() == 401 && account.passwords.len() > 1 {
            account.passwords.retain(|one| one != password);
        }
        return;
    }
    let sequence = known.sequence;
    if known.account(user).is_born && !is_replaced(password) && strength(password) == Strength::Weak {
        held.refused("login.password.on-change", "4xx");
    }
    let account = known.account(user);
    account.exists = Some(true);
    let proven = (likeness == Likeness::Same).then_some(account.since);
    if likeness != Likeness::Same || account.passwords.len() != 1 {
        (account.passwords, account.since) = (vec![password.to_owned()], sequence);
    }
    match new
        .filter(|new| *new != password)
        .map(|new| (new, if is_replaced(new) { Strength::Open } else { strength(new) }))
    {
        Some((weak, Strength::Weak)) => account.bury(weak.to_owned(), "login.later.rule"),
        Some((new, _)) => {
            account.passwords.insert(0, new.to_owned());
            // Whether tokens outlive the password is open.
            known.each_token_of(user, |token| token.life = Life::Unknown);
        }
        None if reading.place != Place::Object && body::mentions_password(call.body()) => account.passwords.clear(),
        None => {}
    }
    known.proven = proven;
    answered(held, known, user);
}

/// The requirement that such wrong credentials break where they are accepted.
fn wrong(account: &Account, exists: Option<bool>, user: &str, password: &str, brings: bool) -> &'static str {
    let dead = account.dead.iter().find(|(dead, _)| dead == password);
    let is_part = |known: &String| known.starts_with(password) || known.ends_with(password) || password.contains(known);
    match exists {
        Some(false) if user.is_empty() => "login.refused.empty-parts",
        Some(false) if account.was_deleted => "users.delete.login-dead",
        Some(false) => "login.refused.unknown-user",
        _ if let Some((_, requirement)) = dead => requirement,
        _ if password.is_empty() => "login.refused.empty-parts",
        _ if brings => "login.refused.nothing-taken-over",
        _ if account.passwords.iter().any(|known| known.eq_ignore_ascii_case(password)) => "login.credentials.case",
        _ if account.passwords.iter().any(is_part) => "login.credentials.whole",
        _ => "login.refused.wrong-password",
    }
}

/// Right credentials: the login is accepted, unless its form or its body is odd.
fn right(call: &Call<'_>, reading: &Reading<'_>, user: &str, form: Form, known: &Known, held: &mut Held<'_>) {
    let granted = || vec![status("200"), kind(TOKEN, Placeholder::Token)];
    let is_labelled = call.is_labelled() && form == Form::Plain;
    match (reading.class, form) {
        (Class::Accept, Form::Plain) => {
            let requirement = match known.accounts[user].origin {
                Origin::Seen => "login.credentials.accepted",
                Origin::FirstLogin => "login.first.new-password-works",
                Origin::Creation => "login.credentials.new-account",
                Origin::Update => "users.update.new-password-works",
            };
            match held.status() {
                401 => held.unless_reset(requirement, granted()),
                _ => drop(held.to(requirement, granted())),
            }
        }
        (Class::Accept, Form::Allowed(requirement)) => held.unless_reset(requirement, granted()),
        (Class::Either, Form::Plain) if is_labelled && reading.place == Place::Malformed => {
            let checks = vec![status("400"), code(&[ErrorCode::RequestInvalid.number()])];
            held.to("login.body.malformed", checks);
        }
        (Class::Either, Form::Plain)
            if reading.place == Place::Object && !body::mentions_password(call.body()) && call.body().len() < 1000 =>
        {
            held.to("login.body.unknown-members", granted());
        }
        _ => {}
    }
}

/// What an accepted login must answer; its token is that user's.
fn answered(held: &mut Held<'_>, known: &mut Known, user: &str) {
    held.to("login.credentials.accepted", vec![status("200")]);
    held.to("login.answer.one-user", vec![one("/users")]);
    held.to("login.answer.token", vec![kind(TOKEN, Placeholder::Token)]);
    held.to("login.answer.expires-after", vec![kind("/users/0/expires_after", Placeholder::ExpiresAfter)]);
    if held.response.date().is_some() && held.text("/users/0/expires_after").is_some() {
        held.to("login.answer.lifetime", vec![lifetime("/users/0/expires_after", 120)]);
        held.to("login.answer.lifetime-exact", vec![lifetime("/users/0/expires_after", 5)]);
    }
    if let Some(token) = held.text(TOKEN).filter(|token| !is_masked(token)).map(str::to_owned) {
        let other = if known.tokens.contains_key(&token) { &token } else { "" };
        held.to("login.token.own", vec![differs(TOKEN, other)]);
    }
    known.each_token_of(user, |token| token.spared_by = "login.token.earlier-valid");
    known.account(user).logins += 1;
    given(held, known, user, Life::Living);
}

/// Remembers the token of an answer.
fn given(held: &Held<'_>, known: &mut Known, user: &str, life: Life) {
    let Some(text) = held.text(TOKEN).filter(|token| !is_masked(token)) else { return };
    let stated = held.text("/users/0/expires_after").and_then(|text| text.parse::<ExpiresAfter>().ok());
    let documented = held.response.date().and_then(|date| date.checked_add(LIFETIME).ok());
    let ends = documented.map(|end| {
        let stated = stated.map_or(end, ExpiresAfter::timestamp);
        (end.min(stated), end.max(stated))
    });
    let logins = known.accounts.get(user).map_or(0, |account| account.logins);
    known.give(text, Token { user: user.to_owned(), life, ends, logins, since: known.sequence, spared_by: "" });
}

/// A name that no server reads as another.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_printable(password: &str) -> bool {
    password.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

/// Around its end a token may work or not.
pub const ABOUT: SignedDuration = SignedDuration::from_mins(5);

/// Whether an instant is well before another.
pub fn is_well_before(one: Timestamp, other: Timestamp) -> bool {
    one.checked_add(ABOUT).is_ok_and(|later| later < other)
}

/// The members of a body that the documents do not name, where it has some.
pub fn unnamed<'j>(json: &'j Json, named: &[&str]) -> Vec<&'j str> {
    let members = json.as_object().unwrap_or_default().iter();
    members.map(|(name, _)| name.as_str()).filter(|name| !named.contains(name)).collect()
}
