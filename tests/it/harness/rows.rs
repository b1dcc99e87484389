//! Many things of one kind: tried some at a time, and every complaint told at once.

use std::panic::resume_unwind;
use std::sync::Mutex;
use std::thread;

use serde::de::DeserializeOwned;

/// The rows of one table of a file beside a test; there are some.
pub fn rows<T: DeserializeOwned>(file: &str, table: &str) -> Vec<T> {
    let mut tables: toml::Table = toml::from_str(file).expect("TOML");
    let rows = tables.remove(table).unwrap_or_else(|| panic!("there is no table `{table}`"));
    let rows: Vec<T> = rows.try_into().unwrap_or_else(|error| panic!("{table}: {error}"));
    assert!(!rows.is_empty(), "the table `{table}` is empty");
    rows
}

#[track_caller]
pub fn none(complaints: impl IntoIterator<Item = String>) {
    let complaints: Vec<String> = complaints.into_iter().collect();
    assert!(complaints.is_empty(), "{}:\n{}", complaints.len(), complaints.join("\n"));
}

/// The results of the work for each item, in no order. So many items are worked on at a time; a panic is passed on.
pub fn parallel<T: Send, R: Send>(
    at_once: usize,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Sync,
) -> Vec<R> {
    let waiting = Mutex::new(items.into_iter().collect::<Vec<T>>().into_iter());
    let next = || waiting.lock().expect("items").next();
    let worker = || std::iter::from_fn(next).map(&work).collect::<Vec<R>>();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}
