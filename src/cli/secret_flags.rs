//! Refuses secrets on the command line, where other users and CI logs can read them. The error does not repeat them.

use std::ffi::OsString;

use super::Failure;

/// Flags that people try, each with the place where its value belongs.
const FLAGS: [(&[&str], &str); 4] = [
    (
        &["--password", "--admin-password", "--pass", "--passwd", "--secret", "--new-password"],
        "set WABIZSPEC_ADMIN_PASSWORD, or put the password into a file and name it as password_file under \
         [credentials] in wabizspec.toml",
    ),
    (
        &["--user", "--credentials", "--auth", "--basic", "-u"],
        "set WABIZSPEC_ADMIN_USERNAME and WABIZSPEC_ADMIN_PASSWORD, or use [credentials] in wabizspec.toml",
    ),
    (
        &["--token", "--bearer", "--admin-token", "--api-key"],
        "set WABIZSPEC_ADMIN_PASSWORD, with which wabizspec logs in by itself, or WABIZSPEC_ADMIN_TOKEN",
    ),
    (
        &["--header", "--headers", "-H"],
        "write headers = { NAME = \"env:VARIABLE\" } under [target] in wabizspec.toml, and set VARIABLE",
    ),
];

/// Refuses a flag that brings a secret, and a URL with a password in it, before anything else reads the arguments.
pub(super) fn refuse(arguments: impl Iterator<Item = OsString>) -> Result<(), Failure> {
    for argument in arguments {
        let argument = argument.to_string_lossy();
        let flag = argument.split('=').next().unwrap_or_default();
        // A value may follow a short flag without a blank.
        let flag = if flag.starts_with("--") { flag } else { flag.get(..2).unwrap_or(flag) };
        if let Some((_, advice)) = FLAGS.iter().find(|(flags, _)| flags.contains(&flag)) {
            return Err(Failure::usage(format!(
                "{flag} would put a secret on the command line, where other users and CI logs can read it\n  help: {advice}"
            )));
        }
        if holds_credentials(&argument) {
            return Err(Failure::usage(
                "a URL on the command line holds credentials, and other users and CI logs can read them\n  help: leave \
                 out what stands before the `@`; the admin's password belongs into WABIZSPEC_ADMIN_PASSWORD, that of \
                 a proxy or a hook into wabizspec.toml",
            ));
        }
    }
    Ok(())
}

/// `…://name:word@…`, anywhere in the argument.
fn holds_credentials(argument: &str) -> bool {
    argument.split("://").skip(1).any(|rest| {
        let authority = rest.split(['/', '?', '#', ' ', '"', '\'']).next().unwrap_or_default();
        authority.contains('@')
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vectors::vectors;

    fn refused(argument: &str) -> Option<String> {
        let arguments = ["run", argument].into_iter().map(OsString::from);
        refuse(arguments).err().map(|failure| failure.what)
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        for argument in vectors::<String>("secret_flags") {
            let what = refused(&argument).unwrap_or_else(|| panic!("{argument} was let through"));
            assert!(!what.contains("Canary") && what.contains("help:"), "{what}");
        }
    }

    #[test]
    fn everything_else_is_let_through() {
        for argument in ["--target=http://127.0.0.1:1/a@b", "login/*", "-v", "-q", "--color=never", "a@b", "--help"] {
            assert_eq!(refused(argument), None, "{argument}");
        }
    }
}
