//! What is built in as files: the aimed inputs and the dictionaries.
//!
//! For each row of the catalogue of attack classes there is at least one aimed input. A row is a kind of mistake that
//! some server has made. `A` is Basic and Bearer credentials, `J` JSON bodies and paths, `P` passwords, `S` sequences of
//! calls, `H` HTTP itself.

use std::collections::BTreeSet;

use super::Surface;
use super::grammar::is_canonical;

/// One aimed input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aimed {
    /// The row it belongs to, such as `A7`.
    pub row: &'static str,
    /// Where it is sent.
    pub surface: Surface,
    /// The input.
    pub input: Vec<u8>,
    /// A size or a place at which parsers break.
    pub is_threshold: bool,
}

/// The rows that are about several requests at once: no input covers them, the driver tries them by itself.
const TOGETHER: [(&str, Surface); 2] = [("A32", Surface::BasicAuth), ("H16", Surface::Http)];

/// One line. Behind `ROW/cut` is an input that is cut off at every place of its text.
fn parse(surface: Surface, line: &'static str) -> Result<Vec<Aimed>, &'static str> {
    let (row, input) = line.split_once(' ').ok_or("no blank between the row and the input")?;
    let (row, is_cut) = row.strip_suffix("/cut").map_or((row, false), |row| (row, true));
    let number = row.strip_prefix(['A', 'J', 'P', 'S', 'H']).filter(|number| !number.starts_with('0'));
    if number.is_none_or(|number| number.parse::<u8>().is_err()) {
        return Err("the row is not one such as A7");
    }
    if input.trim_end() != input {
        return Err("a blank at the end; write \\x20");
    }
    let input = unescape(input)?;
    if !is_canonical(surface, &input) {
        return Err("a letter is missing or does not name a choice");
    }
    let is_threshold = is_cut || input.windows(7).any(|window| window == b" times ");
    let aimed = |input: &[u8]| Aimed { row, surface, input: input.to_vec(), is_threshold };
    if !is_cut {
        return Ok(vec![aimed(&input)]);
    }
    // Not inside the letters, and not inside a `${name}`.
    let is_whole =
        |cut: &&[u8]| is_canonical(surface, cut) && !cut.rsplit(|byte| *byte == b'$').next().is_some_and(is_open);
    Ok((0..input.len()).map(|end| &input[..end]).filter(is_whole).map(aimed).collect())
}

fn is_open(behind_dollar: &[u8]) -> bool {
    behind_dollar.starts_with(b"{") && !behind_dollar.contains(&b'}')
}

/// The text of `src/fuzz/aimed/SURFACE.txt`, or the number of its first invalid line and what is wrong with it.
fn parse_file(surface: Surface, text: &'static str) -> Result<Vec<Aimed>, (i32, &'static str)> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
    let read: Result<Vec<_>, _> =
        lines.map(|(line, number)| parse(surface, line).map_err(|why| (number, why))).collect();
    Ok(read?.concat())
}

/// The rows that these surfaces can cover, in order.
pub fn rows(surfaces: &[Surface]) -> Vec<&'static str> {
    let together = TOGETHER.iter().filter(|(_, surface)| surfaces.contains(surface)).map(|(row, _)| *row);
    let mut rows: Vec<&str> = all(surfaces).iter().map(|aimed| aimed.row).chain(together).collect();
    rows.sort_by_key(|row| (row.as_bytes()[0], row[1..].parse::<u32>().unwrap_or(0)));
    rows.dedup();
    rows
}

/// Every aimed input of these surfaces: first one of each row, then the thresholds, then the others.
pub fn all(surfaces: &[Surface]) -> Vec<Aimed> {
    let surfaces = Surface::AIMED.into_iter().filter(|surface| surfaces.contains(surface));
    let inputs = surfaces.flat_map(|surface| {
        let read = parse_file(surface, surface.row().aimed);
        read.unwrap_or_else(|(line, why)| panic!("src/fuzz/aimed/{surface}.txt:{line}: {why}"))
    });
    let mut seen = BTreeSet::new();
    let (mut first, mut others): (Vec<Aimed>, Vec<Aimed>) =
        inputs.partition(|aimed| seen.insert((aimed.row, aimed.surface)));
    others.sort_by_key(|aimed| !aimed.is_threshold);
    first.append(&mut others);
    first
}

pub(super) fn pieces(surface: Surface) -> Vec<Vec<u8>> {
    surface.row().dictionaries.iter().flat_map(|file| file.lines().filter_map(entry)).collect()
}

/// One line of a dictionary: `name="value"` or `"value"`, with the escapes `\\`, `\"` and `\xAB`.
fn entry(line: &'static str) -> Option<Vec<u8>> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    unescape(&line[line.find('"')? + 1..line.rfind('"')?]).ok()
}

/// Text with its escapes `\\`, `\"`, `\n` and `\xAB` undone.
fn unescape(text: &'static str) -> Result<Vec<u8>, &'static str> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        let (byte, rest) = match part.split_at_checked(1) {
            // Two backslashes: what is between them is empty.
            None => (b'\\', parts.next().ok_or("a backslash at the end")?),
            Some(("n", rest)) => (b'\n', rest),
            Some(("\"", rest)) => (b'"', rest),
            Some(("x", rest)) => {
                let digits = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                (digits.ok_or("`\\x` needs two hexadecimal digits")?, &rest[2..])
            }
            Some(_) => return Err("the escapes are \\\\, \\\", \\n and \\xAB"),
        };
        bytes.push(byte);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_line_is_refused_with_its_place() {
        for (line, error) in [
            ("A1", "no blank between the row and the input"),
            ("B1 aaaaaa", "the row is not one such as A7"),
            ("A07 aaaaaa", "the row is not one such as A7"),
            ("A1 aaaaaax ", "a blank at the end; write \\x20"),
            ("A1 aaaaaa\\q", "the escapes are \\\\, \\\", \\n and \\xAB"),
            ("A1 aaaaa", "a letter is missing or does not name a choice"),
            ("A1 zaaaaax", "a letter is missing or does not name a choice"),
        ] {
            let text = format!("# A comment.\n\n{line}\n").leak();
            let found = parse_file(Surface::BasicAuth, text).expect_err(line);
            assert_eq!(found, (3, error));
        }
        let read = parse(Surface::BasicAuth, "A10 aaaaaa${user}:a\\n\\\\\\xff\\x20").expect("an input");
        assert_eq!((read[0].row, read[0].input.as_slice()), ("A10", &b"aaaaaa${user}:a\n\\\xff "[..]));
        let cut = parse(Surface::LoginBody, "J2/cut aaaa{\"a\":1}").expect("inputs");
        let cut: Vec<&[u8]> = cut.iter().map(|aimed| &aimed.input[4..]).collect();
        assert_eq!(cut, ["", "{", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1"].map(str::as_bytes));
    }

    #[test]
    fn every_line_of_every_file_can_be_read() {
        for surface in Surface::ALL {
            let row = surface.row();
            let read = parse_file(surface, row.aimed).unwrap_or_else(|(line, why)| panic!("{surface}:{line}: {why}"));
            let path = format!("{}/src/fuzz/aimed/{surface}.txt", env!("CARGO_MANIFEST_DIR"));
            assert!(!read.is_empty() && row.aimed == std::fs::read_to_string(&path).expect("a file"), "{path}");
            for file in row.dictionaries {
                for line in file.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#')) {
                    assert!(entry(line).is_some_and(|value| !value.is_empty()), "{line}");
                }
            }
        }
        assert_eq!(entry(r#"nul="a\x00\\\"b""#), Some(b"a\0\\\"b".to_vec()));
    }
}
