//! Which resource a path names, and which user.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::documented::api::{self, Resource};

/// Where a request goes.
pub(super) struct Route<'p> {
    /// `None` for a path that the API does not have.
    pub resource: Option<Resource>,
    /// The name in the path of a user, percent-decoded. Elsewhere it is empty.
    pub username: Cow<'p, str>,
}

impl<'p> Route<'p> {
    /// The route of a path without its query.
    pub fn of(path: &'p str) -> Self {
        let resource = Resource::of(path);
        let username = api::username(path).map_or(Some(Cow::default()), decoded);
        Route { resource: resource.filter(|_| username.is_some()), username: username.unwrap_or_default() }
    }
}

/// A path segment with its percent-encoding undone (RFC 3986 §2.1), if that is text.
fn decoded(segment: &str) -> Option<Cow<'_, str>> {
    // The crate leaves a bad escape as it is. Here the segment is not a name then.
    let mut escapes = segment.split('%').skip(1);
    let is_escape = |after: &str| after.len() >= 2 && after.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if !escapes.all(is_escape) {
        return None;
    }
    percent_decode_str(segment).decode_utf8().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    #[test]
    fn paths_and_their_routes() {
        for (path, resource, username) in vectors::<(String, String, String)>("routes") {
            let route = Route::of(&path);
            let found = (route.resource.map_or("", Resource::path), &*route.username);
            assert_eq!(found, (&*resource, &*username), "{path}");
        }
    }
}
