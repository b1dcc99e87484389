//! Passwords, names and keys that come from the environment or from a file of their own: one line of text each.
//!
//! What is set but unusable is an error: CI sets a missing secret to an empty variable, and a run without it is green.

use std::path::Path;

use super::read;
use crate::cli::Failure;

/// The line in that variable of the environment; absent where it is not set.
pub(super) fn from_environment(variable: &str) -> Result<Option<String>, Failure> {
    let Some(value) = std::env::var_os(variable) else { return Ok(None) };
    let text = value.into_string().map_err(|_| "is not UTF-8");
    let line = text.and_then(|text| one_line(&text));
    line.map(Some).map_err(|why| {
        Failure::usage(format!(
            "the environment variable {variable} {why}\n  help: set it to the right value, or unset it; a CI job gets an \
             empty one where its secret does not exist, has another name or is kept from forks"
        ))
    })
}

/// The line that a file holds, and nothing else.
pub(super) fn from_file(path: &Path) -> Result<String, String> {
    let text = read(path).map_err(|failure| failure.what)?;
    one_line(&text).map_err(|why| format!("{} {why}", path.display()))
}

/// Without the byte order mark and the line ends that editors and shells put around it.
fn one_line(text: &str) -> Result<String, &'static str> {
    let line = text.trim_matches(['\u{feff}', '\r', '\n']);
    if line.trim().is_empty() {
        return Err("is empty");
    }
    if line.contains(['\r', '\n', '\0']) { Err("holds more than one line") } else { Ok(line.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_marks_around_a_secret_are_no_part_of_it() {
        for text in [" a b ", " a b \n", "\u{feff} a b \r\n", "\n a b \n\n"] {
            assert_eq!(one_line(text).as_deref(), Ok(" a b "), "{text:?}");
        }
        for text in ["", " ", "\n", "\u{feff}", "a\nb", "a\0"] {
            assert!(one_line(text).is_err(), "{text:?}");
        }
    }
}
