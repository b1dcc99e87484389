//! Names and passwords that no other run uses.

use std::sync::atomic::{AtomicU32, Ordering};

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Makes the names of one run. Every name is told from those of other runs by its random part.
#[derive(Debug)]
pub struct Names {
    run: String,
    next: AtomicU32,
}

impl Names {
    /// The names of a new run.
    pub fn new() -> Names {
        let mut start = [0_u8; 2];
        random(&mut start);
        Names {
            run: word(LETTERS, 5),
            // Somewhere in the middle, so that short names of two runs seldom meet.
            next: AtomicU32::new(u32::from(u16::from_le_bytes(start)) % 40_000),
        }
    }

    /// Ten characters, lower case letters and digits, and four of the same kind; unused so far.
    pub fn next(&self) -> (String, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let digit = |place: u32| char::from(LETTERS[(number / 36_u32.pow(place) % 36) as usize]);
        let digits: String = (0..4).rev().map(digit).collect();
        (format!("w{}{digits}", self.run), format!("w{}", &digits[1..]))
    }

    /// Whether the name was made for this run.
    pub fn made(&self, name: &str) -> bool {
        name.strip_prefix('w').is_some_and(|rest| rest.starts_with(&self.run))
    }
}

impl Default for Names {
    fn default() -> Self {
        Names::new()
    }
}

/// A password of twenty characters that fulfils the documented rule with something to spare: 95 random bits.
pub fn password() -> String {
    format!("{}xW7-", word(MIXED, 16))
}

fn word(alphabet: &[u8], length: usize) -> String {
    let mut bytes = vec![0_u8; length];
    random(&mut bytes);
    bytes
        .iter()
        .map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()]))
        .collect()
}

fn random(bytes: &mut [u8]) {
    // Without entropy there is no unique name to be had, and going on could delete what is not ours.
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documented::password::PasswordRule;

    #[test]
    fn names_are_of_their_length_and_differ() {
        let names = Names::new();
        let made: Vec<(String, String)> = (0..2000).map(|_| names.next()).collect();
        for (long, short) in &made {
            assert_eq!((long.len(), short.len()), (10, 4));
            assert!(names.made(long) && !Names::new().made(long));
        }
        let distinct: std::collections::BTreeSet<_> = made.iter().collect();
        assert_eq!(distinct.len(), made.len());
    }

    #[test]
    fn passwords_fulfil_the_rule() {
        let password = password();
        assert_eq!(password.len(), 20);
        assert_eq!(PasswordRule::documented().check(&password), Ok(()));
    }
}
