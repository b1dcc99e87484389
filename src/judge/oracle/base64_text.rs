//! A search for a text in the base64 of another.

/// Of a long text, so many bytes are searched for: enough to recognise it, and a bound on the work.
const SOUGHT: usize = 64;

/// Whether a text has another in base64, alone or within more, in either alphabet, with or without padding.
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

/// Whether the bits of a run of base64, from the `first` on, are these bytes.
fn are_at(run: &[u8], first: usize, bytes: &[u8]) -> bool {
    let bits = |at: usize| run.get(at).copied().and_then(sextet).map(u16::from);
    bytes.iter().zip((first..).step_by(8)).all(|(byte, bit)| {
        let two = bits(bit / 6).zip(bits(bit / 6 + 1));
        two.is_some_and(|(high, low)| (high << 6 | low) >> (4 - bit % 6) & 0xff == u16::from(*byte))
    })
}

/// The runs of at least so many characters of base64.
fn runs(text: &[u8], length: usize) -> impl Iterator<Item = &[u8]> {
    let is_other = |byte: &u8| sextet(*byte).is_none();
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            // Read backwards: a character that is not base64 leaves no room for a run before it.
            let window = rest.get(..length)?;
            match window.iter().rposition(is_other) {
                Some(other) => rest = &rest[other + 1..],
                None => {
                    let end = rest.iter().position(is_other);
                    let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
                    rest = after;
                    return Some(run);
                }
            }
        }
    })
}

/// The six bits of a character of base64, in either alphabet.
fn sextet(character: u8) -> Option<u8> {
    Some(match character {
        b'A'..=b'Z' => character - b'A',
        b'a'..=b'z' => character - b'a' + 26,
        b'0'..=b'9' => character - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
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
