//! From a step and its bindings to the request.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::custody::Target;
use crate::exchange::{Header, Request};
use crate::scenario::{Action, Authorization, Draft};
use crate::template::{Bindings, Template, Unbound};

/// The request of a step; `None` for a step that sends nothing.
pub(crate) fn compose(target: &Target, action: &Action, bindings: &Bindings) -> Result<Option<Request>, Unbound> {
    Ok(match action {
        Action::Send(draft) => Some(filled_in(target, draft, bindings)?),
        Action::Raw(template) => Some(Request::Raw(raw(template, bindings)?.into_bytes())),
        Action::Hex(template) => Some(Request::Raw(template.render_hex(bindings)?)),
        Action::Advance(_) => None,
    })
}

/// `${length}` is the length of what follows the first empty line.
fn raw(template: &Template, bindings: &Bindings) -> Result<String, Unbound> {
    let mut bindings = bindings.clone();
    bindings.bind("length", "");
    let text = template.render(&bindings)?;
    let body = text.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    bindings.bind("length", body.len().to_string());
    template.render(&bindings)
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
    let body = body.map(String::into_bytes);
    Ok(target.transport.request_in(draft.manner, draft.method.clone(), &path, headers, body))
}
