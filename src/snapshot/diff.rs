//! What changed between two transcripts, line by line, with a bound on the work and on the text.

use std::fmt::Write;
use std::ops::Range;

use similar::DiffTag;
use similar::algorithms::{Capture, Compact, Replace, myers};

/// Up to so many lines a side, between the first and the last change, are compared: the work may grow with their square.
const COMPARED: usize = 1_000;

/// How many lines of a change are shown.
const SHOWN: usize = 100;

/// How many lines are shown before and after a change.
const CONTEXT: usize = 2;

/// The changes in the form of `diff -u`.
pub(super) fn diff(known: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (known.lines().collect(), new.lines().collect());
    let mut text = String::from("--- accepted\n+++ now\n");
    let mut shown = 0;
    let changes = changes(&old, &new);
    for (index, (removed, added)) in changes.iter().enumerate() {
        let before = removed.start.saturating_sub(CONTEXT).max(shown);
        // Writing to a String does not fail.
        let _ = writeln!(text, "@@ line {} @@", before + 1);
        section(&mut text, ' ', &old[before..removed.start]);
        section(&mut text, '-', &old[removed.clone()]);
        section(&mut text, '+', &new[added.clone()]);
        let unchanged_until = changes.get(index + 1).map_or(old.len(), |(next, _)| next.start);
        shown = (removed.end + CONTEXT).min(unchanged_until);
        section(&mut text, ' ', &old[removed.end..shown]);
    }
    text
}

/// Every change: the old lines, and the new ones in their place. Where there is too much to compare, they are one.
fn changes<T: PartialEq>(old: &[T], new: &[T]) -> Vec<(Range<usize>, Range<usize>)> {
    let same = |(a, b): &(&T, &T)| a == b;
    let head = old.iter().zip(new).take_while(same).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(same).count();
    let (old_part, new_part) = (head..old.len() - tail, head..new.len() - tail);
    if old_part.len().max(new_part.len()) > COMPARED {
        return vec![(old_part, new_part)];
    }
    let mut operations = Compact::new(Replace::new(Capture::new()), old, new);
    let Ok(()) = myers::diff(&mut operations, old, old_part, new, new_part);
    let operations = operations.into_inner().into_inner().into_ops();
    let changed = operations.iter().filter(|operation| operation.tag() != DiffTag::Equal);
    changed.map(|operation| (operation.old_range(), operation.new_range())).collect()
}

fn section(text: &mut String, sign: char, lines: &[&str]) {
    for line in lines.iter().take(SHOWN) {
        let _ = writeln!(text, "{sign}{line}");
    }
    if let Some(more) = lines.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(text, "{sign}… {more} more lines");
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn changes_are_shown_with_the_lines_around_them() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nX\nd\ne\nf\ng\nY\nh\n";
        let shown = "--- accepted\n+++ now\n@@ line 1 @@\n a\n b\n-c\n+X\n d\n e\n@@ line 6 @@\n f\n g\n+Y\n h\n";
        assert_eq!(diff(old, new), shown);
        assert_eq!(diff("a\nb", "a\nb"), "--- accepted\n+++ now\n");
        assert_eq!(diff("a", ""), "--- accepted\n+++ now\n@@ line 1 @@\n-a\n");
    }

    #[test]
    fn a_long_change_is_cut() {
        let lines = |sign: &str| (0..40_000).map(|n| format!("{sign}{n}\n")).collect::<String>();
        let text = diff(&lines("a"), &lines("b"));
        assert!(text.len() < 4_000 && text.contains("-… 39900 more lines") && text.contains("+b99\n"), "{text}");
    }

    /// A line that counts how often it is compared.
    struct Line<'c>(usize, &'c Cell<usize>);

    impl PartialEq for Line<'_> {
        fn eq(&self, other: &Self) -> bool {
            self.1.set(self.1.get() + 1);
            self.0 == other.0
        }
    }

    #[test]
    fn twice_the_lines_are_twice_the_work() {
        let compared = |lines: usize| {
            let count = Cell::new(0);
            let of = |factor: usize| (0..lines).map(|n| Line(n * factor % 10_007, &count)).collect::<Vec<_>>();
            let (old, new) = (of(3), of(7));
            changes(&old, &new);
            count.get()
        };
        let (once, twice) = (compared(4_000), compared(8_000));
        assert!(once <= 8_000 && twice <= 2 * once + 10, "{once} {twice}");
        assert!(compared(1_000) < 4 * COMPARED * COMPARED);
    }
}
