//! What the names in an input's text stand for on one target: `${user}`, `${user_password}` and so on.
//!
//! The names are those of scenario files, with their filters (`${user_password|init}`). A size is written once:
//! `${x times 255}`.

use std::borrow::Cow;

use super::INPUT_BYTES;
use crate::documented::basic::{self, Credentials};
use crate::located;
use crate::template::Filter;

/// Writes each binding once: its name, what it stands for, and its value in [`FIXED`].
macro_rules! bindings {
    ($($(#[$meta:meta])* $name:ident = $fixed:expr,)*) => {
        #[derive(Debug, Clone)]
        pub struct Bindings {
            $($(#[$meta])* pub(crate) $name: Cow<'static, str>,)*
        }

        /// Fixed values, for inputs that meet no server.
        pub static FIXED: Bindings = Bindings { $($name: Cow::Borrowed($fixed),)* };

        impl Bindings {
            fn value(&self, name: &[u8]) -> Option<Cow<'_, str>> {
                // The code in the header with the right credentials.
                if name == b"basic" {
                    let value = basic::render(&Credentials::new(&*self.user, &*self.user_password));
                    return value.strip_prefix("Basic ").map(|code| code.to_owned().into());
                }
                // A table, so that libFuzzer counts one loop and no branch for each name.
                let values = [$((stringify!($name), &self.$name)),*];
                let found = values.iter().find(|(known, _)| known.as_bytes() == name);
                found.map(|(_, value)| Cow::Borrowed(&***value))
            }
        }
    };
}

bindings! {
    /// The account whose credentials count as right.
    user = "fuzzfinding",
    user_password = "Kd8!tHq2zPw4>>>???",
    /// A second account, whose password contains colons.
    colon_user = "fuzzcolons",
    colon_password = "Aa1!kq:w7:Zz:",
    user_token = "dXNlci10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE",
    /// A token of the admin.
    admin_token = "YWRtaW4tdG9rZW4tb2YtYS1mdXp6LXJ1bi0wMDAwMDE",
    /// A token of `user` that was logged out.
    dead_token = "ZGVhZC10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE",
    nobody = "fuzznobody",
    /// A name of its own for this input.
    unique = "fuzznew001",
    /// A strong password that no account has yet.
    new_password = "Qv7#mXb2sLd9Rt",
    /// A certificate that can be read, in base64.
    cert =
        "CmUKIQjA9ark09qYAhIGZW50OndhIghBY21lIEx0ZFCA1c+IBhpAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\
         MDEyMzQ1Njc4OTo7PD0+PxIuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    /// What requests carry as `Host`.
    host = "localhost",
    /// What paths begin with.
    base = "",
}

/// The longest text that repetitions make.
const MOST: usize = 2 * INPUT_BYTES;

/// The value of the `TEXT times COUNT}` that a text begins with, if it is at most `room` bytes, and the length of that form.
fn repeated(text: &[u8], room: usize) -> Option<(Cow<'static, str>, usize)> {
    let head = text[..text.len().min(40)].utf8_chunks().next()?.valid();
    let (unit, rest) = head.split_once(" times ")?;
    let (count, _) = rest.split_once('}')?;
    let times: usize = count.parse().ok()?;
    let fits = !unit.contains('$') && unit.len().checked_mul(times)? <= room;
    fits.then(|| (unit.repeat(times).into(), unit.len() + " times }".len() + count.len()))
}

/// The text with the first `${bulk}` replaced.
pub(super) fn with_bulk(mut text: Cow<'_, [u8]>, bulk: fn() -> String) -> Cow<'_, [u8]> {
    if text.contains(&b'$')
        && let Some(at) = text.windows(7).position(|window| window == b"${bulk}")
    {
        text.to_mut().splice(at..at + 7, bulk().into_bytes());
    }
    text
}

/// Every sign that base64 writes as `+` or `/` at any place: `>` third in a group gives `+`, `?` gives `/`.
pub const PASSWORD_END: &str = ">>>???";

impl Bindings {
    /// The text with every known name replaced. Everything else stays as it is.
    pub fn render<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let mut rendered = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.windows(2).position(|pair| pair == b"${") {
            let (before, inside) = (&rest[..start], &rest[start + 2..]);
            let room = MOST.saturating_sub(rendered.len());
            let found = self.named(inside).or_else(|| repeated(inside, room));
            let (value, length) = found.unwrap_or(("${".into(), 0));
            rendered.extend_from_slice(before);
            rendered.extend_from_slice(value.as_bytes());
            rest = &inside[length..];
        }
        if rest.len() == text.len() {
            return Cow::Borrowed(text);
        }
        rendered.extend_from_slice(rest);
        Cow::Owned(rendered)
    }

    /// The value of the `name}` or `name|filter}` that a text begins with, if it does, and how long that is.
    fn named(&self, text: &[u8]) -> Option<(Cow<'_, str>, usize)> {
        // Names do not nest, so a text that is all `${` is read only once.
        let end = text.iter().take(62).position(|byte| matches!(byte, b'}' | b'$'))?;
        let (inside, [b'}', ..]) = text.split_at(end) else { return None };
        let mut words = inside.split(|byte| *byte == b'|');
        let value = self.value(words.next()?)?;
        let value = words.try_fold(value, |value, word| {
            let filter: Filter = located::named(std::str::from_utf8(word).ok()?).ok()?;
            Some(filter.apply(&value).into())
        })?;
        Some((value, end + 1))
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;

    use super::*;

    #[test]
    fn names_are_replaced_and_everything_else_stays() {
        let render = |text: &str| String::from_utf8(FIXED.render(text.as_bytes()).into_owned()).expect("text");
        assert_eq!(render("${user}:x"), "fuzzfinding:x");
        assert_eq!(render("${user|upper}"), "FUZZFINDING");
        for plain in ["", "$", "${", "${}", "${nothing}", "${user", "$${x}", "${user|nothing}"] {
            assert_eq!(render(plain), plain);
        }
        assert_eq!(&*FIXED.render(b"\xff${nobody}\xfe"), b"\xfffuzznobody\xfe");
        assert_eq!(render("{${{\"a\": times 2}1${} times 3}"), "{{\"a\":{\"a\":1}}}");
        assert_eq!(render("${x times 65536}${y times 65535}").len(), 2 * INPUT_BYTES - 1);
        for plain in ["${x times 131073}", "${x times }", "${x times 2", "${x${y times 99999999999999999999}"] {
            assert_eq!(render(plain), plain);
        }
    }

    #[test]
    fn the_fixed_values_are_what_they_stand_for() {
        let cert = crate::documented::certificate::SampleCertificate::new("Acme Ltd");
        assert_eq!(FIXED.cert, cert.to_base64());
        assert!(FIXED.user_password.ends_with(PASSWORD_END));
        for shift in ["", "x", "xy"] {
            let code = base64::engine::general_purpose::STANDARD.encode(format!("{shift}{PASSWORD_END}"));
            assert!(code.contains('+') && code.contains('/'), "the URL-safe alphabet differs in both: {code}");
        }
    }
}
