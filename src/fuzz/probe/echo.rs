//! Whether an answer that holds a part of its request gives a secret away by it.

use crate::exchange::{Exchange, Json, Request};
use crate::judge::echoed;

/// Whether what seems to be echoed stands in the answer for another reason: it is of words that answers are made of
/// (`password: no`, `Bearer r`), or part of the name that an answer has to repeat.
pub(super) fn is_told_anyway(exchange: &Exchange) -> bool {
    let Request::Http(request) = &exchange.request else {
        return false;
    };
    let json = request.body.as_deref().and_then(|body| Json::parse(body).ok());
    let name = json.as_ref().and_then(|json| json.at("/username")?.as_str());
    // Without a digit it is no strong password: an answer that echoes passwords is seen by those that have one.
    let is_word = |text: &String| {
        text.bytes()
            .all(|byte| byte.is_ascii_alphabetic() || b" _-:;,.'()".contains(&byte))
    };
    let is_name = |text: &String| request.target.contains("/users") && name.is_some_and(|name| name.contains(text));
    echoed(exchange).iter().all(|text| is_word(text) || is_name(text))
}
