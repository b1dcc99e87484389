//! From a step and its bindings to the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::custody::Target;
use crate::exchange::{Header, Request};
use crate::scenario::{Action, Authorization, Draft};
use crate::template::{Bindings, Unbound};

/// The request of a step; `None` for a step that sends nothing.
pub(crate) fn compose(target: &Target, action: &Action, bindings: &Bindings) -> Result<Option<Request>, Unbound> {
    Ok(match action {
        Action::Send(draft) => Some(filled_in(target, draft, bindings)?),
        Action::Raw(template) => Some(Request::Raw(template.render(bindings)?.into_bytes())),
        Action::Hex(template) => Some(Request::Raw(template.render_hex(bindings)?)),
        Action::Advance(_) => None,
    })
}

fn filled_in(target: &Target, draft: &Draft, bindings: &Bindings) -> Result<Request, Unbound> {
    let authorization = match &draft.authorization {
        Authorization::None => None,
        Authorization::Basic(template) => Some(format!("Basic {}", STANDARD.encode(template.render(bindings)?))),
        Authorization::Bearer(template) => Some(format!("Bearer {}", template.render(bindings)?)),
    };
    let mut headers: Vec<Header> = authorization.into_iter().map(|value| Header::new("Authorization", value)).collect();
    for (name, value) in &draft.headers {
        headers.push(Header::new(name.clone(), value.render(bindings)?));
    }
    let typed = headers.iter().any(|header| header.name.eq_ignore_ascii_case("Content-Type"));
    if draft.is_json && !typed {
        headers.push(Header::new("Content-Type", "application/json"));
    }
    let body = draft.body.as_ref().map(|body| body.render(bindings)).transpose()?;
    let path = draft.path.render(bindings)?;
    Ok(target.transport.request(draft.method.clone(), &path, headers, body.map(String::into_bytes)))
}
