//! The stream of events as lines of JSON, each written as it happens. A stream without its `ended` line is of a run
//! that died.

use std::io::{self, Write};

use super::Report;
use super::wire::Line;
use crate::run::{Event, Summary};

/// Writes the events themselves.
pub struct Ndjson {
    out: Box<dyn Write + Send>,
}

impl Ndjson {
    /// Onto that writer.
    pub fn new(out: Box<dyn Write + Send>) -> Ndjson {
        Ndjson { out }
    }
}

impl Report for Ndjson {
    fn take(&mut self, event: &Event, _: &Summary) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, &Line::from(event))?;
        self.out.write_all(b"\n")?;
        self.out.flush()
    }

    fn finish(&mut self, _: &Summary) -> io::Result<()> {
        self.out.flush()
    }
}
