//! The chunked transfer coding (RFC 9112 §7.1), decoded as the bytes arrive.

use super::Broken;

/// More digits than a size of 64 bits needs, leading zeros included.
const MAX_DIGITS: usize = 16;

/// An incremental decoder: feed it every piece that arrives.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    /// The size of the chunk as far as it is read, then what is left of the chunk.
    left: u64,
    /// Chunk extensions and trailers together may not be longer than this many bytes, the body than that many.
    max_overhead: usize,
    max_body: usize,
    overhead: usize,
    trailers: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// After that many digits of the size.
    Size(usize),
    /// White space after the size.
    Padding,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// After the last chunk.
    Trailers,
    Done,
}

impl Chunked {
    pub fn new(max_overhead: usize, max_body: usize) -> Self {
        Chunked { state: State::Size(0), left: 0, max_overhead, max_body, overhead: 0, trailers: Vec::new() }
    }

    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Decodes into `body` and returns how many bytes of `input` it took: all of them, unless the coding is at its end.
    pub fn decode(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<usize, Broken> {
        let mut at = 0;
        while at < input.len() && !self.is_done() {
            if self.state == State::Data {
                let rest = &input[at..];
                let count = usize::try_from(self.left).map_or(rest.len(), |left| left.min(rest.len()));
                body.extend_from_slice(&rest[..count]);
                at += count;
                self.left -= count as u64;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
            } else {
                self.state = self.step(input[at], body.len())?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8, body: usize) -> Result<State, Broken> {
        Ok(match (self.state, byte) {
            (State::Size(digits), _) if byte.is_ascii_hexdigit() => {
                if digits == MAX_DIGITS {
                    return Err(Broken::too_large("the size of a chunk"));
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                self.left = self.left << 4 | u64::from(digit);
                State::Size(digits + 1)
            }
            (State::Size(0), _) => return Err(unexpected("the size of a chunk", byte)),
            (State::Size(_) | State::Padding, b' ' | b'\t') => self.count(State::Padding)?,
            (State::Size(_) | State::Padding, b';') => State::Extension,
            (State::Size(_) | State::Padding | State::Extension, b'\r') => {
                if self.left > (self.max_body - body.min(self.max_body)) as u64 {
                    return Err(Broken::too_large("the body"));
                }
                State::SizeLf
            }
            (State::Extension, _) if byte != b'\n' => self.count(State::Extension)?,
            (State::SizeLf, b'\n') if self.left == 0 => State::Trailers,
            (State::SizeLf, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size(0),
            // A line ends with CR and LF, and neither comes alone.
            (State::Trailers, _) if (byte == b'\n') == self.trailers.ends_with(b"\r") => {
                self.trailers.push(byte);
                match byte {
                    b'\r' => State::Trailers,
                    _ if self.trailers == b"\r\n" || self.trailers.ends_with(b"\r\n\r\n") => self.check_trailers()?,
                    _ => self.count(State::Trailers)?,
                }
            }
            (State::Size(_) | State::Padding, _) => return Err(unexpected("the end of a chunk's size", byte)),
            (State::DataCr | State::DataLf, _) => return Err(unexpected("the line break after a chunk", byte)),
            (_, _) => return Err(unexpected("a line break in chunked coding", byte)),
        })
    }

    /// Counts a byte that the coding adds to the body.
    fn count(&mut self, next: State) -> Result<State, Broken> {
        self.overhead += 1;
        let is_within = self.overhead <= self.max_overhead;
        if is_within { Ok(next) } else { Err(Broken::too_large("what chunked coding adds to the body")) }
    }

    /// Trailers are not kept, but they must be header lines: otherwise they may be the head of another answer.
    fn check_trailers(&self) -> Result<State, Broken> {
        let mut slots = [httparse::EMPTY_HEADER; super::head::MAX_HEADERS];
        match httparse::parse_headers(&self.trailers, &mut slots) {
            Ok(httparse::Status::Complete(_)) => Ok(State::Done),
            Ok(httparse::Status::Partial) => Err(Broken::malformed("the trailers are not valid headers")),
            Err(httparse::Error::TooManyHeaders) => Err(Broken::too_large("the number of trailers")),
            Err(error) => Err(Broken::malformed(format!("the trailers are not valid headers: {error}"))),
        }
    }
}

fn unexpected(wanted: &str, byte: u8) -> Broken {
    Broken::malformed(format!("`{}` instead of {wanted}", byte.escape_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::Breakage;
    use crate::vectors::vectors;

    fn decode(input: &[u8], step: usize) -> Result<(Vec<u8>, usize, bool), Broken> {
        let mut decoder = Chunked::new(64, 100);
        let (mut body, mut taken) = (Vec::new(), 0);
        for piece in input.chunks(step) {
            taken += decoder.decode(piece, &mut body)?;
        }
        Ok((body, taken, decoder.is_done()))
    }

    #[test]
    fn every_split_gives_the_same() {
        for (input, expected, surplus) in vectors::<(String, String, usize)>("chunked") {
            for step in 1..=input.len() {
                let whole = (expected.as_bytes().to_vec(), input.len() - surplus, true);
                assert_eq!(decode(input.as_bytes(), step), Ok(whole), "{input:?} by {step}");
            }
            for part in (0..input.len() - surplus).map(|end| &input[..end]) {
                assert!(!decode(part.as_bytes(), 3).unwrap().2, "{part:?} is not all of {input:?}");
            }
        }
    }

    #[test]
    fn broken_coding_is_malformed() {
        for input in vectors::<String>("not_chunked") {
            let broken = decode(input.as_bytes(), 1).expect_err(&input);
            assert_eq!(broken.breakage, Breakage::Malformed, "{input:?} {broken:?}");
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        for input in [
            "65\r\n".to_owned(),
            "64\r\n".to_owned() + &"x".repeat(100) + "\r\n1\r\n",
            "FFFFFFFFFFFFFFFF\r\n".to_owned(),
            "0".repeat(17),
            "1;".to_owned() + &"x".repeat(65),
            "1".to_owned() + &" ".repeat(65),
            "1;xxxx\r\na\r\n".repeat(17),
            "0\r\n".to_owned() + &"A: b\r\n".repeat(20),
        ] {
            let broken = decode(input.as_bytes(), 7).expect_err(&input);
            assert_eq!(broken.breakage, Breakage::TooLarge, "{input:?} {broken:?}");
        }
    }
}
