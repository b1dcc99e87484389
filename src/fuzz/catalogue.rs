//! The catalogue of mistakes in words: what the rows of the aimed inputs mean. The texts are `catalogue.toml`.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::Deserialize;

use super::{Check, Surface, aimed};

/// The texts of all rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// What judges every answer.
    always: Vec<Check>,
    /// What each oracle checks.
    oracles: BTreeMap<Check, String>,
    /// The rows by their ids, such as `A7`.
    pub rows: BTreeMap<String, Row>,
}

/// One kind of mistake.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The case, and what is right.
    pub what: String,
    /// The rule, or who got it wrong.
    pub source: String,
    oracles: Vec<Check>,
    /// How it is tried, where that is not by inputs of its own.
    pub tried: Option<String>,
}

impl Catalogue {
    /// The catalogue that is built in.
    ///
    /// # Errors
    ///
    /// Where the file is invalid, which a test excludes.
    pub fn embedded() -> Result<Catalogue, toml::de::Error> {
        toml::from_str(include_str!("catalogue.toml"))
    }

    /// A row for people: what it is, how it is tried, and what judges it.
    pub fn explained(&self, id: &str) -> Option<String> {
        let Row { what, source, oracles, tried } = self.rows.get(id)?;
        let mut text = format!("{id}, a row of the fuzzer's catalogue\n\n  {what}\n\n  source: {source}\n");
        let inputs = aimed::all(&Surface::ALL);
        let of_row: Vec<_> = inputs.iter().filter(|aimed| aimed.row == id).collect();
        for surface in Surface::ALL {
            let count = of_row.iter().filter(|aimed| aimed.surface == surface).count();
            if let Some(first) = of_row.iter().find(|aimed| aimed.surface == surface) {
                let _ = writeln!(text, "\n  tried by `wabizspec fuzz {surface}`: {count} aimed inputs, such as");
                let _ = writeln!(text, "    {}", first.input.escape_ascii());
            }
        }
        tried.iter().for_each(|how| text.push_str(&format!("\n  tried {how}\n")));
        text.push_str("\n  judged by:\n");
        for check in oracles.iter().chain(&self.always) {
            let _ = writeln!(text, "    {check:<15}  {}", self.oracles.get(check).map_or("", String::as_str));
        }
        Some(text)
    }
}
