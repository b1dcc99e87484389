//! What the names in an input's text stand for on one target: `${user}`, `${user_password}` and so on.
//!
//! The names are those of scenario files, with their filters (`${user_password|init}`).

use std::borrow::Cow;

use crate::documented::basic::{self, Credentials};
use crate::template::Filter;

/// The values of one account's inputs.
#[derive(Debug, Clone)]
pub struct Bindings {
    /// The account whose credentials count as right.
    pub(crate) user: Cow<'static, str>,
    pub(crate) user_password: Cow<'static, str>,
    /// A second account, whose password holds colons.
    pub(crate) colon_user: Cow<'static, str>,
    pub(crate) colon_password: Cow<'static, str>,
    pub(crate) user_token: Cow<'static, str>,
    /// A token of the admin; empty where none is to be had.
    pub(crate) admin_token: Cow<'static, str>,
    /// A token of `user` that was logged out.
    pub(crate) dead_token: Cow<'static, str>,
    /// A name that no account has.
    pub(crate) nobody: Cow<'static, str>,
    /// A name of its own for this input.
    pub(crate) unique: Cow<'static, str>,
    /// A strong password that nobody has yet.
    pub(crate) new_password: Cow<'static, str>,
    /// A certificate that can be read, in base64.
    pub(crate) cert: Cow<'static, str>,
    /// What requests carry as `Host`.
    pub(crate) host: Cow<'static, str>,
    /// What paths begin with.
    pub(crate) base: Cow<'static, str>,
}

/// Every sign that base64 writes as `+` or `/` at any place: `>` third in a group gives `+`, `?` gives `/`.
pub const PASSWORD_END: &str = ">>>???";

/// Fixed values, for inputs that meet no server.
pub static FIXED: Bindings = Bindings {
    user: Cow::Borrowed("fuzzfinding"),
    user_password: Cow::Borrowed("Kd8!tHq2zPw4>>>???"),
    colon_user: Cow::Borrowed("fuzzcolons"),
    colon_password: Cow::Borrowed("Aa1!kq:w7:Zz:"),
    user_token: Cow::Borrowed("dXNlci10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE"),
    admin_token: Cow::Borrowed("YWRtaW4tdG9rZW4tb2YtYS1mdXp6LXJ1bi0wMDAwMDE"),
    dead_token: Cow::Borrowed("ZGVhZC10b2tlbi1vZi1hLWZ1enotcnVuLTAwMDAwMDE"),
    nobody: Cow::Borrowed("fuzznobody"),
    unique: Cow::Borrowed("fuzznew001"),
    new_password: Cow::Borrowed("Qv7#mXb2sLd9Rt"),
    cert: Cow::Borrowed(
        "CmUKIQjA9ark09qYAhIGZW50OndhIghBY21lIEx0ZFCA1c+IBhpAAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v\
         MDEyMzQ1Njc4OTo7PD0+PxIuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
    ),
    host: Cow::Borrowed("localhost"),
    base: Cow::Borrowed(""),
};

impl Bindings {
    /// The right credentials as the value of a header; `${basic}` is the code in it.
    pub(crate) fn basic(&self) -> String {
        basic::render(&Credentials::new(&*self.user, &*self.user_password))
    }

    fn value(&self, name: &[u8]) -> Option<Cow<'_, str>> {
        if name == b"basic" {
            return Some(self.basic().split_off("Basic ".len()).into());
        }
        // A table, so that libFuzzer counts one loop and no branch for each name.
        let values = [
            ("user", &self.user),
            ("user_password", &self.user_password),
            ("colon_user", &self.colon_user),
            ("colon_password", &self.colon_password),
            ("user_token", &self.user_token),
            ("admin_token", &self.admin_token),
            ("dead_token", &self.dead_token),
            ("nobody", &self.nobody),
            ("unique", &self.unique),
            ("new_password", &self.new_password),
            ("cert", &self.cert),
            ("host", &self.host),
            ("base", &self.base),
        ];
        let found = values.iter().find(|(known, _)| known.as_bytes() == name);
        found.map(|(_, value)| Cow::Borrowed(&***value))
    }

    /// The text with every known name replaced. What is no name stays as it is: any text is fine.
    pub fn render<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        let beginning = |text: &[u8]| text.windows(2).position(|pair| pair == b"${");
        let Some(mut start) = beginning(text) else {
            return Cow::Borrowed(text);
        };
        let mut rendered = Vec::with_capacity(text.len() + 64);
        let mut rest = text;
        loop {
            rendered.extend_from_slice(&rest[..start]);
            let inside = &rest[start + 2..];
            match self.named(inside) {
                Some((value, length)) => {
                    rendered.extend_from_slice(value.as_bytes());
                    rest = &inside[length..];
                }
                None => {
                    rendered.extend_from_slice(b"${");
                    rest = inside;
                }
            }
            match beginning(rest) {
                Some(next) => start = next,
                None => break,
            }
        }
        rendered.extend_from_slice(rest);
        Cow::Owned(rendered)
    }

    /// The value of the `name}` or `name|filter}` that a text begins with, if it does, and how long that is.
    fn named(&self, text: &[u8]) -> Option<(Cow<'_, str>, usize)> {
        // No name holds a second one: a text of nothing but beginnings is gone through once.
        let end = text.iter().take(62).position(|byte| matches!(byte, b'}' | b'$'))?;
        let (inside, [b'}', ..]) = text.split_at(end) else {
            return None;
        };
        let mut words = inside.split(|byte| *byte == b'|');
        let value = self.value(words.next()?)?;
        let value = words.try_fold(value, |value, word| {
            let filter = Filter::named(std::str::from_utf8(word).ok()?)?;
            Some(filter.apply(&value).into())
        })?;
        Some((value, end + 1))
    }
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn the_fixed_values_are_what_they_stand_for() {
        let cert = crate::documented::certificate::SampleCertificate::new("Acme Ltd");
        assert_eq!(FIXED.cert, cert.to_base64());
        assert!(FIXED.user_password.ends_with(PASSWORD_END));
    }

    #[test]
    fn the_password_needs_both_signs_that_the_url_safe_alphabet_replaces() {
        for shift in ["", "x", "xy"] {
            use base64::Engine;
            let code = base64::engine::general_purpose::STANDARD.encode(format!("{shift}{PASSWORD_END}"));
            assert!(code.contains('+') && code.contains('/'), "{code}");
        }
    }
}
