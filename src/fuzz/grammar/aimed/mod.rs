//! The aimed inputs: for each row of the catalogue of attack classes at least one, written out.
//!
//! A row is a kind of mistake that some server has made. `A` is Basic and Bearer credentials, `J` JSON bodies and
//! paths, `P` passwords, `S` sequences of calls, `H` HTTP itself.

mod account_body;
mod basic;
mod http;
mod login_body;
mod passwords;
mod paths;
mod row;
mod sessions;
mod texts;
mod tokens;
mod users_body;

pub use row::Aimed;

use crate::fuzz::Surface;

/// The rows that are about several requests at once: no input covers them, the driver tries them by itself.
const TOGETHER: [(&str, Surface); 2] = [("A32", Surface::BasicAuth), ("H16", Surface::Http)];

/// The rows that these surfaces can cover, in order.
pub fn rows(surfaces: &[Surface]) -> Vec<&'static str> {
    let together = TOGETHER.iter().filter(|(_, surface)| surfaces.contains(surface));
    let mut rows: Vec<&'static str> = together.map(|(row, _)| *row).collect();
    for aimed in all(surfaces) {
        if !rows.contains(&aimed.row) {
            rows.push(aimed.row);
        }
    }
    rows.sort_by_key(|row| (row.as_bytes()[0], row[1..].parse::<u32>().unwrap_or(0)));
    rows
}

/// Every aimed input of these surfaces: first one of each row, then the others.
pub fn all(surfaces: &[Surface]) -> Vec<Aimed> {
    let parts = [
        basic::inputs(),
        login_body::inputs(),
        users_body::inputs(),
        account_body::inputs(),
        passwords::inputs(),
        tokens::inputs(),
        paths::inputs(),
        sessions::inputs(),
        http::inputs(),
    ];
    let mut inputs = parts.concat();
    inputs.retain(|aimed| surfaces.contains(&aimed.surface));
    let mut seen: Vec<(&str, Surface)> = Vec::new();
    let (first, others): (Vec<Aimed>, Vec<Aimed>) = inputs.into_iter().partition(|aimed| {
        let new = !seen.contains(&(aimed.row, aimed.surface));
        seen.push((aimed.row, aimed.surface));
        new
    });
    first.into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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
