//! SHA-256, by the library that does TLS: where somebody could gain from a change that is not seen.
//!
//! What only has to be the same in every version has the shorter hash of `fnv`.

use std::fmt::Write as _;
use std::io;

use ring::digest::{Context, SHA256};

/// Takes in bytes, all at once or in parts.
pub(crate) struct Hasher(Context);

impl Hasher {
    pub fn new() -> Hasher {
        Hasher(Context::new(&SHA256))
    }

    pub fn take(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// `sha256:` and 64 hexadecimal digits.
    pub fn digest(self) -> String {
        self.0.finish().as_ref().iter().fold("sha256:".to_owned(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }
}

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.take(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Hasher;

    #[test]
    fn the_published_test_vectors() {
        let digest = |parts: &[&str]| {
            let mut hasher = Hasher::new();
            parts.iter().for_each(|part| hasher.take(part.as_bytes()));
            hasher.digest()
        };
        let (empty, abc) = (
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        );
        assert_eq!(digest(&[]), empty);
        assert_eq!(digest(&["abc"]), abc);
        assert_eq!(digest(&["a", "", "bc"]), abc);
    }
}
