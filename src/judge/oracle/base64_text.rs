//! A search for a text in the base64 of another.

/// Of a long text, so many bytes are searched for: enough to recognise it, and a bound on the work.
const SOUGHT: usize = 64;

/// Whether a text has another in base64, alone or as a part of what was encoded, in either alphabet and with or without
/// padding.
pub(super) fn contains_in_base64(text: &[u8], sought: &[u8]) -> bool {
    let sought = &sought[..sought.len().min(SOUGHT)];
    let length = (sought.len() * 8).div_ceil(6);
    runs(text, length).any(|run| {
        let starts = 0..=run.len() - length;
        // Six bits a character: a byte begins at the first, the third or the fifth of them.
        let mut bits = starts.flat_map(|start| [start * 6, start * 6 + 2, start * 6 + 4]);
        bits.any(|first| are_at(run, first, sought))
    })
}

/// Whether the bits of a run, from the `first` on, are these bytes.
fn are_at(run: &[u8], first: usize, bytes: &[u8]) -> bool {
    first + bytes.len() * 8 <= run.len() * 6
        && bytes.iter().enumerate().all(|(index, byte)| {
            let bit = first + index * 8;
            let sextet = |at: usize| u16::from(SEXTETS[usize::from(run[at])]);
            let two = sextet(bit / 6) << 6 | sextet(bit / 6 + 1);
            two >> (4 - bit % 6) & 0xff == u16::from(*byte)
        })
}

/// The runs of at least so many characters of base64.
fn runs(text: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            // Read backwards: a character that is not base64 leaves no room for a run before it.
            let window = rest.get(..length)?;
            match window.iter().rposition(|byte| is_other(*byte)) {
                Some(other) => rest = &rest[other + 1..],
                None => {
                    let end = rest.iter().position(|byte| is_other(*byte));
                    let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
                    rest = after;
                    return Some(run);
                }
            }
        }
    })
}

/// The six bits of each character of base64.
const SEXTETS: [u8; 256] = sextets();

/// Marks all other characters.
const OTHER: u8 = u8::MAX;

fn is_other(byte: u8) -> bool {
    SEXTETS[usize::from(byte)] == OTHER
}

const fn sextets() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut sextets = [OTHER; 256];
    let mut value = 0;
    while value < alphabet.len() {
        sextets[alphabet[value] as usize] = value as u8;
        value += 1;
    }
    // The URL-safe alphabet.
    sextets[b'-' as usize] = 62;
    sextets[b'_' as usize] = 63;
    sextets
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn other_texts_are_not_found() {
        let coded = STANDARD.encode("admin:Staple1!");
        for other in ["Staple1?", "staple1!", "Staple1!!", "dmin:Staple2!"] {
            assert!(!contains_in_base64(coded.as_bytes(), other.as_bytes()), "{other}");
        }
        // The last bits are cut off.
        let cut = &STANDARD.encode("abStaple1!")[..13];
        assert!(!contains_in_base64(cut.as_bytes(), b"Staple1!"), "{cut}");
        // Cut in half, or with another character in between.
        for text in ["", "U3RhcGxl", "U3RhcGxl MSE=", "U3RhcGxlM"] {
            assert!(!contains_in_base64(text.as_bytes(), b"Staple1!"), "{text}");
        }
    }
}
