//! Whether an answer that holds a part of its request gives a secret away by it.

use crate::documented::basic;
use crate::exchange::{Exchange, Json, Request};

/// Whether what seems to be echoed stands in the answer for another reason: it is of words that answers are made of
/// (`password: no`, `Bearer r`), part of the name that an answer has to repeat, or stands in none of the strings of a JSON
/// answer, but across its syntax (`"passwor` where a string begins so).
pub(super) fn is_told_anyway(exchange: &Exchange) -> bool {
    let (Some(response), Request::Http(request)) = (exchange.response(), &exchange.request) else {
        return false;
    };
    let json = request.body.as_deref().and_then(|body| Json::parse(body).ok());
    let member = |pointer: &str| Some(json.as_ref()?.at(pointer)?.as_str()?.to_owned());
    let name = member("/username").unwrap_or_default();
    let mut sent: Vec<String> = ["/password", "/new_password"].into_iter().filter_map(member).collect();
    if let Some(value) = request.header("Authorization") {
        let text = String::from_utf8_lossy(value);
        sent.extend(text.trim().split_once(' ').map(|(_, sent)| sent.trim().to_owned()));
        sent.extend(basic::parse(value).ok().map(|read| read.password));
    }
    let body = String::from_utf8_lossy(&response.body);
    let in_a_field = |text: &String| {
        let mut fields = response.headers.iter();
        fields.any(|header| String::from_utf8_lossy(&header.value).contains(text.as_str()))
    };
    let mut echoed = sent
        .iter()
        .filter(|text| text.len() >= 8 && (body.contains(text.as_str()) || in_a_field(text)))
        .peekable();
    // Without a digit it is no strong password: an answer that echoes passwords is seen by those that have one.
    let is_word = |text: &String| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b" _-:;,.'()".contains(&byte))
    };
    let strings = Json::parse(&response.body).ok().map(|json| {
        let mut strings = Vec::new();
        strings_of(json, &mut strings);
        strings
    });
    let is_syntax = |text: &String| {
        let said = |strings: &Vec<String>| strings.iter().any(|string| string.contains(text.as_str()));
        strings.as_ref().is_some_and(|strings| !said(strings)) && !in_a_field(text)
    };
    let is_name = |text: &String| request.target.contains("/users") && name.contains(text.as_str());
    echoed.peek().is_some() && echoed.all(|text| is_word(text) || is_name(text) || is_syntax(text))
}

/// Every string in it, with the names of members.
fn strings_of(json: Json, strings: &mut Vec<String>) {
    match json {
        Json::String(text) | Json::Number(text) => strings.push(text),
        Json::Array(items) => items.into_iter().for_each(|item| strings_of(item, strings)),
        Json::Object(members) => members.into_iter().for_each(|(name, value)| {
            strings.push(name);
            strings_of(value, strings);
        }),
        Json::Null | Json::Bool(_) => {}
    }
}
