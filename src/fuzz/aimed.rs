//! The aimed inputs: for each row of the catalogue of attack classes at least one, written out in `fuzz/aimed`.
//!
//! A row is a kind of mistake that some server has made. `A` is Basic and Bearer credentials, `J` JSON bodies and
//! paths, `P` passwords, `S` sequences of calls, `H` HTTP itself.

use super::dictionary::unescape;
use super::{Surface, grammar};

/// One aimed input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aimed {
    /// The row it belongs to, such as `A7`.
    pub row: &'static str,
    /// Where it is sent.
    pub surface: Surface,
    /// The input.
    pub input: Vec<u8>,
}

/// A file of aimed inputs.
struct File {
    surface: Surface,
    name: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($surface:ident = $name:literal,)*) => {
        [$(File { surface: Surface::$surface, name: $name, text: include_str!(concat!("../../", $name)) },)*]
    };
}

/// In the order in which they are tried.
const FILES: [File; 9] = files![
    BasicAuth = "fuzz/aimed/basic-auth.txt",
    LoginBody = "fuzz/aimed/login-body.txt",
    UsersBody = "fuzz/aimed/users-body.txt",
    AccountBody = "fuzz/aimed/account-body.txt",
    Password = "fuzz/aimed/password.txt",
    Bearer = "fuzz/aimed/bearer.txt",
    Path = "fuzz/aimed/path.txt",
    Session = "fuzz/aimed/session.txt",
    Http = "fuzz/aimed/http.txt",
];

/// The rows that are about several requests at once: no input covers them, the driver tries them by itself.
const TOGETHER: [(&str, Surface); 2] = [("A32", Surface::BasicAuth), ("H16", Surface::Http)];

/// One line of a file.
fn parse(surface: Surface, line: &'static str) -> Result<Aimed, String> {
    let (row, input) = line.split_once(' ').ok_or("no blank between the row and the input")?;
    let number = row.strip_prefix(['A', 'J', 'P', 'S', 'H']).filter(|number| !number.starts_with('0'));
    if number.is_none_or(|number| number.parse::<u8>().is_err()) {
        return Err(format!("`{row}` is not a row such as A7"));
    }
    if input.trim_end() != input {
        return Err("a blank at the end; write \\x20".to_owned());
    }
    let input = unescape(input)?;
    match grammar::is_canonical(surface, &input) {
        true => Ok(Aimed { row, surface, input }),
        false => Err("a letter is missing or does not name a choice".to_owned()),
    }
}

fn parse_file(file: &File) -> Result<Vec<Aimed>, String> {
    let lines = file.text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let parsed = lines.map(|(index, line)| {
        parse(file.surface, line).map_err(|error| format!("{}:{}: {error}", file.name, index + 1))
    });
    parsed.collect()
}

/// The rows that these surfaces can cover, in order.
pub fn rows(surfaces: &[Surface]) -> Vec<&'static str> {
    let together = TOGETHER.iter().filter(|(_, surface)| surfaces.contains(surface)).map(|(row, _)| *row);
    let mut rows: Vec<&str> = all(surfaces).iter().map(|aimed| aimed.row).chain(together).collect();
    rows.sort_by_key(|row| (row.as_bytes()[0], row[1..].parse::<u32>().unwrap_or(0)));
    rows.dedup();
    rows
}

/// Every aimed input of these surfaces: first one of each row, then the others.
///
/// # Panics
/// When a file that is built in has a line that cannot be read.
pub fn all(surfaces: &[Surface]) -> Vec<Aimed> {
    let files = FILES.iter().filter(|file| surfaces.contains(&file.surface));
    let inputs = files.flat_map(|file| parse_file(file).unwrap_or_else(|error| panic!("{error}")));
    let mut seen: Vec<(&str, Surface)> = Vec::new();
    let (first, others): (Vec<Aimed>, Vec<Aimed>) = inputs.partition(|aimed| {
        let new = !seen.contains(&(aimed.row, aimed.surface));
        seen.push((aimed.row, aimed.surface));
        new
    });
    first.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_cannot_be_read_is_refused_with_its_place() {
        for (line, error) in [
            ("A1", "no blank between the row and the input"),
            ("B1 aaaaaa", "`B1` is not a row such as A7"),
            ("A07 aaaaaa", "`A07` is not a row such as A7"),
            ("A1 aaaaaax ", "a blank at the end; write \\x20"),
            ("A1 aaaaaa\\q", "`\\q` is not an escape"),
            ("A1 aaaaa", "a letter is missing or does not name a choice"),
            ("A1 zaaaaax", "a letter is missing or does not name a choice"),
        ] {
            let text = format!("# A comment.\n\n{line}\n").leak();
            let file = File { surface: Surface::BasicAuth, name: "fuzz/aimed/basic-auth.txt", text };
            assert_eq!(parse_file(&file), Err(format!("fuzz/aimed/basic-auth.txt:3: {error}")));
        }
        let read = parse(Surface::BasicAuth, "A10 aaaaaa${user}:a\\n\\\\\\xff\\x20").expect("an input");
        assert_eq!((read.row, read.input.as_slice()), ("A10", &b"aaaaaa${user}:a\n\\\xff "[..]));
    }

    #[test]
    fn every_file_can_be_read() {
        for file in FILES {
            let read = parse_file(&file).unwrap_or_else(|error| panic!("{error}"));
            assert!(!read.is_empty() && file.name.ends_with(&format!("/{}.txt", file.surface)), "{}", file.name);
        }
    }

    /// A33 is not fuzzed: failed logins until the target throttles would lock its owner out, and what 429 must look like
    /// the suite asks. The fuzzer never takes a 429 for a verdict.
    #[test]
    fn every_row_of_the_catalogue_is_tried() {
        let rows = rows(&Surface::ALL);
        for (letter, count) in [('A', 35), ('J', 19), ('P', 15), ('S', 12), ('H', 19)] {
            for number in 1..=count {
                let row = format!("{letter}{number}");
                assert!(row == "A33" || rows.contains(&row.as_str()), "{row} is not tried");
            }
        }
    }

    #[test]
    fn one_of_each_row_comes_within_the_first_thousand() {
        let inputs = all(&Surface::ALL);
        let rows = rows(&Surface::ALL);
        let last = rows
            .iter()
            .filter(|row| TOGETHER.iter().all(|(together, _)| together != *row))
            .map(|row| inputs.iter().position(|aimed| aimed.row == *row))
            .max()
            .flatten();
        assert!(last.is_some_and(|last| last < 200), "{last:?}");
    }
}
