//! Files that are kept in the repository and follow from something else: compared, or written anew on request.

use std::path::Path;

/// Holds a kept file to what it should be now; with `WABIZSPEC_ACCEPT` in the environment it is written first.
pub fn assert_current(file: &str, test: &str, now: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("WABIZSPEC_ACCEPT").is_some() {
        std::fs::write(&path, now).unwrap_or_else(|error| panic!("{file}: {error}"));
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    if kept == now {
        return;
    }
    let differences = |from: &str, by: &str, sign: char| {
        let lines = from.lines().filter(|line| !by.lines().any(|other| other == *line));
        lines.take(20).map(|line| format!("{sign} {line}\n")).collect::<String>()
    };
    panic!(
        "{file} is not what it should be:\n{}{}look at the difference, then run: WABIZSPEC_ACCEPT=1 cargo test --test it {test}::",
        differences(&kept, now, '-'),
        differences(now, &kept, '+'),
    );
}
