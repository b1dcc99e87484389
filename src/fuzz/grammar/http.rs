//! HTTP/1.1 itself: bytes for a connection of their own.

use super::bindings::Bindings;
use super::codec::{choices, grammar};

choices! {
    /// What `${bulk}` in the text stands for.
    Bulk {
        Nothing, FourK, HundredK, Fields,
    }
}

choices! {
    /// How line ends of the text are sent.
    Lines {
        Completed, Exact,
    }
}

grammar! {
    /// Bytes for the wire. The text is what is sent.
    HttpInput {
        bulk: Bulk,
        lines: Lines,
    }
}

impl HttpInput<'_> {
    pub fn bytes(&self, bindings: &Bindings) -> Vec<u8> {
        let mut text = bindings.render(&self.text).into_owned();
        if self.lines == Lines::Completed {
            let mut completed = Vec::with_capacity(text.len() + 16);
            for (index, byte) in text.iter().enumerate() {
                let follows_cr = index > 0 && text[index - 1] == b'\r';
                if *byte == b'\n' && !follows_cr {
                    completed.push(b'\r');
                }
                completed.push(*byte);
            }
            text = completed;
        }
        if let Some(at) = text.windows(7).position(|window| window == b"${bulk}") {
            let bulk = match self.bulk {
                Bulk::Nothing => Vec::new(),
                Bulk::FourK => vec![b'x'; 4 << 10],
                Bulk::HundredK => vec![b'x'; 100 << 10],
                Bulk::Fields => (0..1000).flat_map(|index| format!("X-{index}: y\r\n").into_bytes()).collect(),
            };
            text.splice(at..at + 7, bulk);
        }
        text
    }

    /// Whether right credentials stand in it anywhere, so that a token is no surprise.
    pub fn holds_credentials(&self, bindings: &Bindings) -> bool {
        let code = bindings.render(b"${basic}");
        let bytes = self.bytes(bindings);
        bytes.windows(code.len()).any(|window| window == &*code)
    }
}
