//! The challenges of a 401 ask for what is accepted there (RFC 9110, 11.6.1).

use super::{Seen, mismatch};
use crate::documented::api::Operation;
use crate::exchange::{Request, Response, shortened};
use crate::judge::Mismatch;
use crate::judge::facts::{Expected, Observed, Place};

const HEADER: &str = "WWW-Authenticate";

/// A login asks for Basic credentials, and no other operation does. A path that is none of the API's may be anybody's.
pub(super) fn challenge_fits(seen: &Seen<'_>) -> Option<Vec<Mismatch>> {
    let response = seen.response.filter(|response| response.status == 401)?;
    let Request::Http(request) = &seen.exchange.request else { return None };
    let path = request.target.split('?').next().unwrap_or_default();
    // The target may have a base path.
    let mut below = path.match_indices('/').filter_map(|(at, _)| path.get(at..));
    let is_login = below.find_map(|path| Operation::of(&request.method, path))? == Operation::LogIn;
    let value = response.header(HEADER)?;
    let is_asked = schemes(response).any(|scheme| scheme.eq_ignore_ascii_case("Basic"));
    if is_asked == is_login {
        return None;
    }
    let expected = if is_login { Expected::BasicChallenge } else { Expected::NoBasicChallenge };
    let observed = Observed::Text(shortened(&String::from_utf8_lossy(value)));
    mismatch(Place::Header(HEADER.to_owned()), expected, observed)
}

/// The names of the schemes. A challenge is a scheme and its parameters, and commas part both challenges and parameters.
fn schemes(response: &Response) -> impl Iterator<Item = String> {
    let fields = response.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(HEADER));
    let items = fields.flat_map(|header| {
        let mut is_quoted = false;
        let value = String::from_utf8_lossy(&header.value).replace("\\\"", "");
        let items = value.split(move |c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        items.map(str::to_owned).collect::<Vec<String>>()
    });
    items.filter_map(|item| {
        let (name, rest) = item.trim().split_once(' ').unwrap_or((item.trim(), ""));
        // A parameter: `realm="x"`, or with blanks around its `=`.
        let is_parameter = name.contains('=') || rest.trim_start().starts_with('=');
        (!is_parameter).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::{Exchange, Header, HttpRequest};

    #[test]
    fn a_login_asks_for_basic_credentials_and_nothing_else_does() {
        let (login, read) = (("POST", Operation::LogIn.path()), ("GET", "/v1/users/admin"));
        let other = ("GET", "/v1/nothing");
        for ((method, path), value, fits) in [
            (login, "Basic realm=\"x\"", true),
            (login, "Bearer, Basic", true),
            (login, "Bearer", false),
            (read, "Bearer", true),
            (read, "Bearer, Basic", false),
            (other, "Basic", true),
        ] {
            for base in ["", "/base"] {
                let request = HttpRequest::of(method, &format!("{base}{path}"), &[], "");
                let answer = Response::of(401, &[("www-authenticate", value)], "");
                let exchange = Exchange::answered(request, answer);
                assert_eq!(challenge_fits(&Seen::new(&exchange)).is_none(), fits, "{method} {base}{path}: {value}");
            }
        }
    }

    #[test]
    fn schemes_are_told_from_parameters() {
        for (values, expected) in [
            (&["Basic realm=\"a, Digest b\""][..], &["Basic"][..]),
            (&["Bearer, basic realm = x"], &["Bearer", "basic"]),
            (&["Bearer realm=\"x\\\", Basic\", error=\"y\" , Negotiate YWJj=="], &["Bearer", "Negotiate"]),
            (&["Digest a=b", "Basic"], &["Digest", "Basic"]),
        ] {
            let headers = values.iter().map(|value| Header::new(HEADER, *value)).collect();
            let response = Response::new(401, headers, "");
            assert!(schemes(&response).eq(expected.iter().copied()), "{values:?}");
        }
    }
}
