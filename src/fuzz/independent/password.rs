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

/// What stands in a password.
struct Tally {
    /// How many bytes there are of each class of [`TABLE`].
    counts: [u32; 128],
    bytes: usize,
    characters: usize,
    /// Units of UTF-16.
    units: usize,
}

impl Tally {
    fn of(password: &str) -> Tally {
        let (mut counts, mut characters, mut units) = ([0; 128], 0, 0);
        for byte in password.bytes() {
            counts[usize::from(TABLE[usize::from(byte)])] += 1;
            // Every character begins with a byte that is no continuation (10xxxxxx), every one beyond the basic plane with
            // 11110xxx, and that one has two units in UTF-16.
            let begins = usize::from(byte & 0xc0 != 0x80);
            characters += begins;
            units += begins + usize::from(byte & 0xf8 == 0xf0);
        }
        Tally { counts, bytes: password.len(), characters, units }
    }

    fn count(&self, class: u8) -> usize {
        self.counts[usize::from(class)] as usize
    }

    fn strength(&self) -> Strength {
        let count = |class| self.count(class);
        // Joined to what precedes it, a mark may count for nothing: the shortest reading takes no byte beyond ASCII.
        let shortest = self.bytes - count(b'x');
        let longest = self.bytes.max(self.units);
        let ascii = count(b'x') == 0;

        let certainly_short = longest < 8;
        let certainly_long = shortest > 64 || (ascii && longest > 64);
        let lacks = |class: u8| ascii && count(class) == 0;
        let lacks_special = ascii && count(b's') == 0 && count(b'?') == 0;
        let lacks_ascii = [b'u', b'l', b'd', b's'].iter().any(|class| count(*class) == 0);
        if certainly_short || certainly_long || lacks(b'u') || lacks(b'l') || lacks(b'd') || lacks_special {
            return Strength::Weak;
        }
        let length_is_sure = ascii && (8..=64).contains(&longest);
        match length_is_sure && !lacks_ascii && count(b'c') == 0 {
            true => Strength::Strong,
            false => Strength::Open,
        }
    }

    fn reference_takes(&self) -> bool {
        let has = |class| self.count(class) > 0;
        (8..=64).contains(&self.characters)
            && has(b'u')
            && has(b'l')
            && has(b'd')
            && (has(b's') || has(b'?'))
            && !has(b'c')
    }
}

/// Judges a password by its bytes.
pub fn strength(password: &str) -> Strength {
    Tally::of(password).strength()
}

/// The strength, and whether the reference client takes it: there characters are counted, classes are ASCII, control
/// characters refused.
pub fn judged(password: &str) -> (Strength, bool) {
    let tally = Tally::of(password);
    (tally.strength(), tally.reference_takes())
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
