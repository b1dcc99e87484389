//! Row J19: paths.

use super::row::{Aimed, aimed};
use crate::fuzz::Surface;
use crate::fuzz::grammar::Choice;
use crate::fuzz::grammar::path::{Asker, Length, Method, PathInput};

pub(super) fn inputs() -> Vec<Aimed> {
    let mut all = Vec::new();
    let mut add = |asker, method, length, text: &str| {
        let input = PathInput { asker, method, length, text: text.as_bytes().to_vec().into() };
        all.push(aimed("J19", Surface::Path, input.encode()));
    };
    for text in [
        "/v1/users/%00",
        "/v1/users/%2F",
        "/v1/users/%2e%2e%2faccount",
        "/v1/users/%252e%252e",
        "/v1/users/%c0%ae%c0%ae",
        "/v1/users/admin;x",
        "//v1/users/admin",
        "/v1//users/admin",
        "/v1/users/admin/",
        "/V1/USERS/ADMIN",
        "/v1/users/./admin",
        "/v1/users/x/../admin",
        "/v1/users/${user}/../admin",
        "/v1/users/${user}%2f..%2fadmin",
        "/v1/users/admin%00",
        "/v1/users/admin%20",
        "/v1/users/%61dmin",
        "/v1/users/${user}?username=admin",
        "/v1/users/${user}#/admin",
        "/v1/users/",
        "/v1/users/%",
        "/v1/users/%zz",
        "/v1/users/*",
        "/",
        "",
        "/v1/users/admin%0d%0aX:y",
        "/v1/users/\u{430}dmin",
        "/v1/users/${user};/admin",
        "/v1/users/admin.json",
        "/..;/v1/users/admin",
        "/v1/users/__proto__",
    ] {
        for asker in Asker::ALL {
            add(*asker, Method::Get, Length::Plain, text);
        }
    }
    for method in Method::ALL {
        add(Asker::User, *method, Length::Plain, "/v1/users/login/x");
        add(Asker::Nobody, *method, Length::Long, "/v1/users/");
    }
    all
}
