//! The password rule as a table of bytes.

/// What the documents say of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strength {
    /// It fulfils the rule however the rule is read.
    Strong,
    /// It breaks the rule however the rule is read.
    Weak,
    /// It depends on the reading: what is a character, which letters are letters, whether a backslash is special.
    Open,
}

/// The class of each byte: `u` upper, `l` lower, `d` digit, `s` special, `?` special by some readings, ` ` printable
/// without a class, `c` control, `x` beyond ASCII.
const TABLE: [u8; 256] = {
    let mut table = [b'x'; 256];
    let mut byte = 0;
    while byte < 128 {
        table[byte] = match byte {
            0x00..=0x1f | 0x7f => b'c',
            0x20 => b' ',
            0x30..=0x39 => b'd',
            0x41..=0x5a => b'u',
            0x61..=0x7a => b'l',
            0x5c => b'?',
            _ => b's',
        };
        byte += 1;
    }
    table
};

/// What a password consists of, counted byte by byte.
pub struct Tally {
    counts: [usize; 128],
    bytes: usize,
    characters: usize,
}

impl Tally {
    pub fn of(password: &str) -> Tally {
        let mut counts = [0; 128];
        for byte in password.bytes() {
            counts[usize::from(TABLE[usize::from(byte)])] += 1;
        }
        // Every character begins with a byte that is no continuation (10xxxxxx).
        let characters = password.bytes().filter(|byte| byte & 0xc0 != 0x80).count();
        Tally { counts, bytes: password.len(), characters }
    }

    fn lacks(&self, class: u8) -> bool {
        self.counts[usize::from(class)] == 0
    }

    pub fn strength(&self) -> Strength {
        let ascii = self.lacks(b'x');
        // Joined to what precedes it, a mark may count for nothing: the shortest reading takes no byte beyond ASCII.
        let shortest = self.bytes - self.counts[usize::from(b'x')];
        // The longest one counts bytes; UTF-16 never has more units than UTF-8 has bytes.
        let wrong_length = self.bytes < 8 || shortest > 64;
        let lacks_special = self.lacks(b's') && self.lacks(b'?');
        let lacks_a_class = self.lacks(b'u') || self.lacks(b'l') || self.lacks(b'd') || lacks_special;
        // Beyond ASCII a letter may be of any class.
        if wrong_length || (ascii && lacks_a_class) {
            return Strength::Weak;
        }
        let surely_special = !self.lacks(b's');
        if ascii && surely_special && self.lacks(b'c') { Strength::Strong } else { Strength::Open }
    }

    /// Whether the reference client takes it: there characters are counted, classes are ASCII, control characters refused.
    pub fn reference_takes(&self) -> bool {
        let special = !self.lacks(b's') || !self.lacks(b'?');
        let classes = !self.lacks(b'u') && !self.lacks(b'l') && !self.lacks(b'd') && special;
        (8..=64).contains(&self.characters) && classes && self.lacks(b'c')
    }
}

pub fn strength(password: &str) -> Strength {
    Tally::of(password).strength()
}

#[cfg(test)]
mod tests {
    use super::Strength::{Open, Strong, Weak};
    use super::strength;

    #[test]
    fn sure_and_open_cases() {
        let long = format!("Aa1!{}", "x".repeat(60));
        let longer = format!("Aa1!{}", "x".repeat(61));
        for (password, expected) in [
            ("Abcdef1!", Strong),
            (long.as_str(), Strong),
            ("Abcdef1 ", Weak),
            ("Abcdef1", Weak),
            (longer.as_str(), Weak),
            ("abcdefg1!", Weak),
            ("", Weak),
            ("Abcdef1\\", Open),
            ("Abcdef1\u{e9}", Open),
            ("Aa1!\u{6771}\u{4eac}\u{6771}", Open),
            ("Abcdef1!\0", Open),
            ("abcdef1!\u{c9}", Open),
            ("\u{e9}", Weak),
        ] {
            assert_eq!(strength(password), expected, "{password:?}");
        }
    }
}
