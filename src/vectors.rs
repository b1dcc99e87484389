//! The tables of `vectors.toml`, for tests.

use serde::de::DeserializeOwned;

/// The rows of one table.
pub(crate) fn vectors<T: DeserializeOwned>(table: &str) -> Vec<T> {
    let mut tables: toml::Table = toml::from_str(include_str!("vectors.toml")).unwrap();
    let rows = tables.remove(table).unwrap_or_else(|| panic!("there is no table `{table}`"));
    rows.try_into().unwrap_or_else(|error| panic!("{table}: {error}"))
}
