//! The chunked transfer coding (RFC 9112 §7.1), undone piece by piece as the bytes come.

use super::Broken;

/// More digits than a size of 64 bits needs, leading zeros included.
const MAX_DIGITS: usize = 16;

/// An incremental decoder: feed it what has come, as often as something comes.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    /// Chunk extensions and trailers together may not be longer than this many bytes, the body than that many.
    max_overhead: usize,
    max_body: usize,
    overhead: usize,
    trailers: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size {
        value: u64,
        digits: usize,
    },
    /// White space after the size.
    Padding(u64),
    Extension(u64),
    SizeLf(u64),
    Data(u64),
    DataCr,
    DataLf,
    /// At the beginning of a line after the last chunk.
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    Done,
}

impl Chunked {
    pub fn new(max_overhead: usize, max_body: usize) -> Self {
        let state = State::Size { value: 0, digits: 0 };
        Chunked { state, max_overhead, max_body, overhead: 0, trailers: Vec::new() }
    }

    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Decodes into `body` and returns how many bytes of `input` it took: all of them, unless the coding is at its end.
    pub fn decode(&mut self, input: &[u8], body: &mut Vec<u8>) -> Result<usize, Broken> {
        let mut at = 0;
        while at < input.len() && !self.is_done() {
            if let State::Data(left) = self.state {
                let rest = &input[at..];
                let count = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                body.extend_from_slice(&rest[..count]);
                at += count;
                let left = left - count as u64;
                self.state = if left == 0 { State::DataCr } else { State::Data(left) };
            } else {
                self.state = self.step(input[at], body.len())?;
                at += 1;
            }
        }
        Ok(at)
    }

    fn step(&mut self, byte: u8, body: usize) -> Result<State, Broken> {
        Ok(match (self.state, byte) {
            (State::Size { value, digits }, _) if byte.is_ascii_hexdigit() => {
                if digits == MAX_DIGITS {
                    return Err(Broken::too_large("the size of a chunk"));
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                State::Size { value: value << 4 | u64::from(digit), digits: digits + 1 }
            }
            (State::Size { digits: 0, .. }, _) => return Err(unexpected("the size of a chunk", byte)),
            (State::Size { value, .. } | State::Padding(value), b' ' | b'\t') => {
                self.count()?;
                State::Padding(value)
            }
            (State::Size { value, .. } | State::Padding(value), b';') => State::Extension(value),
            (State::Size { value, .. } | State::Padding(value) | State::Extension(value), b'\r') => {
                if value > (self.max_body - body.min(self.max_body)) as u64 {
                    return Err(Broken::too_large("the body"));
                }
                State::SizeLf(value)
            }
            (State::Extension(value), byte) if byte != b'\n' => {
                self.count()?;
                State::Extension(value)
            }
            (State::SizeLf(0), b'\n') => State::TrailerStart,
            (State::SizeLf(value), b'\n') => State::Data(value),
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::Size { value: 0, digits: 0 },
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart | State::Trailer, byte) if byte != b'\n' => {
                self.count()?;
                self.trailers.push(byte);
                if byte == b'\r' { State::TrailerLf } else { State::Trailer }
            }
            (State::TrailerLf, b'\n') => {
                self.trailers.push(byte);
                State::TrailerStart
            }
            (State::EndLf, b'\n') => {
                self.check_trailers()?;
                State::Done
            }
            (State::Size { .. } | State::Padding(_), _) => return Err(unexpected("the end of a chunk's size", byte)),
            (State::DataCr | State::DataLf, _) => return Err(unexpected("the line break after a chunk", byte)),
            (_, _) => return Err(unexpected("a line break in chunked coding", byte)),
        })
    }

    fn count(&mut self) -> Result<(), Broken> {
        self.overhead += 1;
        if self.overhead > self.max_overhead {
            return Err(Broken::too_large("what chunked coding adds to the body"));
        }
        Ok(())
    }

    /// Trailers are not kept, but they must be header lines: otherwise they may be the head of another answer.
    fn check_trailers(&mut self) -> Result<(), Broken> {
        if self.trailers.is_empty() {
            return Ok(());
        }
        self.trailers.extend_from_slice(b"\r\n");
        let mut slots = vec![httparse::EMPTY_HEADER; super::head::MAX_HEADERS];
        match httparse::parse_headers(&self.trailers, &mut slots) {
            Ok(httparse::Status::Complete(_)) => Ok(()),
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
        for (input, expected, surplus) in [
            ("0\r\n\r\n", "", 0),
            ("5\r\nhello\r\n0\r\n\r\n", "hello", 0),
            ("005\r\nhello\r\n1\r\n!\r\n000\r\n\r\n", "hello!", 0),
            ("A;x=y;z=\"q\"\r\n0123456789\r\n0;l\r\n\r\n", "0123456789", 0),
            ("1 \t\r\na\r\n0 ; x\r\n\r\n", "a", 0),
            ("2\r\n\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", "\r\n", 0),
            ("1\r\na\r\n0\r\n\r\nHTTP/1.1", "a", 8),
        ] {
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
        for input in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "0x5\r\n",
            ";a\r\n",
            " 5\r\n",
            "5\nhello",
            "5\r\r",
            "5\r\nhelloX",
            "5\r\nhello\n",
            "5\r\nhello\r\r",
            "5 5\r\n",
            "1;a\nb",
            "0\r\nA: b\n",
            "0\r\nno colon\r\n\r\n",
            "0\r\n\rX",
            "0\r\nHTTP/1.1 200 OK\r\n\r\n",
            "0\r\nA: b\r\n\n",
        ] {
            let broken = decode(input.as_bytes(), 1).expect_err(input);
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
