//! Names and passwords that no other run uses.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::parallel::locked;

const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const MIXED: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Makes the names of one run. Every name differs from those of other runs by its random part.
#[derive(Debug)]
pub struct Names {
    /// What the long names begin with: `w` and the random part.
    begin: String,
    next: AtomicU32,
    short: Mutex<BTreeSet<String>>,
}

impl Names {
    pub fn new() -> Names {
        // Somewhere in the middle, so that short names of two runs seldom meet.
        let next = u32::from_le_bytes(random()) % 40_000;
        // With at least one digit, so that a password made of any name is always as strong.
        let random_part = loop {
            let word = word::<5>(LETTERS);
            if word.bytes().any(|byte| byte.is_ascii_digit()) {
                break word;
            }
        };
        Names { begin: format!("w{random_part}"), next: AtomicU32::new(next), short: Mutex::default() }
    }

    /// Ten characters, lower case letters and digits, and four of the same kind; unused so far. After a million and a half
    /// the long ones grow by a character, which takes a fuzzer some minutes.
    pub fn next(&self) -> (String, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let digit = |place: u32| char::from(LETTERS[(number / 36_u32.pow(place) % 36) as usize]);
        let places = 4.max(number.checked_ilog(36).unwrap_or(0) + 1);
        let name = |begin: &str, places: u32| begin.chars().chain((0..places).rev().map(digit)).collect();
        (name(&self.begin, places), name("w", 3))
    }

    /// Makes a short name the run's own. The target must have been seen not to have it, nor its first three characters.
    pub fn claim(&self, short: &str) {
        locked(&self.short).insert(short.to_owned());
    }

    /// Whether the name was made for this run, whatever a case appended to it; in any case of its letters.
    pub fn made(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let long = without_prefix(&name).starts_with(&self.begin);
        // The names that a case makes of a short one differ by its last character at most.
        long || locked(&self.short).iter().any(|short| *short == name || short.get(..3) == Some(name.as_str()))
    }
}

/// A password of twenty characters that meets the documented rule with a margin: 95 random bits.
pub fn password() -> String {
    format!("{}xW7-", word::<16>(MIXED))
}

/// Whether the name has the shape of one that a run makes up, whatever a case appended to it.
pub fn is_made_up(name: &str) -> bool {
    let is_letter = |byte: &u8| LETTERS.contains(byte);
    let name = name.to_ascii_lowercase();
    match without_prefix(&name).as_bytes() {
        // A short name, or its first three characters.
        [b'w', rest @ ..] if matches!(rest.len(), 2 | 3) => rest.iter().all(is_letter),
        [b'w', rest @ ..] if rest.len() >= 9 => {
            rest[..9].iter().all(is_letter) && rest[..5].iter().any(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// A case may put that word in front of a name: then it begins like the administrator's.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix("admin").unwrap_or(name)
}

fn word<const LENGTH: usize>(alphabet: &[u8]) -> String {
    random::<LENGTH>().iter().map(|byte| char::from(alphabet[usize::from(*byte) % alphabet.len()])).collect()
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    // Without entropy no name is unique, and going on could delete what is not ours.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_length_and_shape_and_differ() {
        let names = Names::new();
        let made: Vec<(String, String)> = (0..2000).map(|_| names.next()).collect();
        for (long, short) in &made {
            let extended = format!("Admin{} u", long.to_uppercase());
            assert_eq!((long.len(), short.len()), (10, 4));
            assert!(names.made(long) && names.made(&extended) && !names.made(short) && !Names::new().made(long));
            assert!(is_made_up(long) && is_made_up(&extended) && is_made_up(short) && is_made_up(&short[..3]));
        }
        for foreign in
            ["", "w", "admin", "administrator", "w12", "zzzz", &format!("x{}", made[0].0), &format!("{}u", made[0].1)]
        {
            assert!(!names.made(foreign), "{foreign}");
        }
        for other in
            ["", "w", "admin", "adminwallpapers", "alice", "wallpapers", "webmaster01", "root", "service1", "wéé"]
        {
            assert!(!is_made_up(other), "{other}");
        }
        assert_eq!(made.iter().collect::<BTreeSet<_>>().len(), made.len());
        for _ in 0..200 {
            assert!(is_made_up(&Names::new().next().0), "the random part of every run has a digit");
        }
    }

    #[test]
    fn names_do_not_repeat_in_a_long_run() {
        let names = Names::new();
        let first = names.next().0;
        names.next.fetch_add(36_u32.pow(4) - 1, Ordering::Relaxed);
        let (long, short) = names.next();
        assert!(names.made(&long) && long != first, "{long}");
        assert_eq!((long.len(), short.len()), (11, 4));
        assert!(long.ends_with(&first[6..]), "the next in the same place: {first} {long}");
    }
}
