//! Reports read back into the events they were made of: `ndjson` line by line, `json` as a whole.
//!
//! A stream that breaks off is what a run that died leaves behind, and is read as far as it goes. Anything else that
//! does not fit is refused: half a report must not pass for a whole one.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::json::{Document, SCHEMA};
use super::wire::Line;
use crate::files;
use crate::run::Event;

/// Why a file cannot be read as a report.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not there, or may not be read.
    #[error("cannot read the report {}: {error}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// It is something else.
    #[error(
        "{} is not the report of a run: {why}\n  help: give a file that `wabizspec run --report ndjson=PATH` or `json=PATH` \
         of version {} has written", path.display(), env!("CARGO_PKG_VERSION")
    )]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// It begins as a report and does not go on as one.
    #[error("{}:{line}: {why}\n  help: the file was changed or two runs wrote into it; run again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, 1-based.
        line: usize,
        /// What is wrong there.
        why: String,
    },
}

/// Reads a report and hands over its events, in their order: `Started` first, `Ended` last unless the run died. Whoever
/// wrote the file, their texts are harmless.
///
/// # Errors
/// The file cannot be read, is no report, or is damaged.
pub fn read(path: &Path, each: &mut dyn FnMut(Event)) -> Result<(), ReadError> {
    let unreadable = |error| ReadError::Unreadable { path: path.to_owned(), error };
    let each = &mut |event: Event| each(event.harmless());
    let mut reader = BufReader::new(files::open(path, files::REPORT).map_err(unreadable)?);
    let mut first = Vec::new();
    reader.read_until(b'\n', &mut first).map_err(unreadable)?;
    match event(&first) {
        Ok(event @ Event::Started(_)) => {
            each(event);
            stream(path, reader, each)
        }
        Err(error) if first.starts_with(b"{\"started\":") && first.ends_with(b"\n") => Err(ReadError::Damaged {
            path: path.to_owned(),
            line: 1,
            why: format!("this is not the start of a run: {error}"),
        }),
        _ => {
            reader.read_to_end(&mut first).map_err(unreadable)?;
            let foreign =
                |error: serde_json::Error| ReadError::Foreign { path: path.to_owned(), why: error.to_string() };
            document(path, &first)?.into_events().map_err(foreign)?.into_iter().for_each(each);
            Ok(())
        }
    }
}

fn event(line: &[u8]) -> serde_json::Result<Event> {
    serde_json::from_slice(line).and_then(|line: Line| line.try_into())
}

/// The lines after the first.
fn stream(path: &Path, mut reader: impl BufRead, each: &mut dyn FnMut(Event)) -> Result<(), ReadError> {
    let mut line = Vec::new();
    let mut ended = false;
    for number in 2.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        let read = read.map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })?;
        if read == 0 {
            break;
        }
        let damaged = |why: String| ReadError::Damaged { path: path.to_owned(), line: number, why };
        if ended {
            return Err(damaged("something follows the end of the run".to_owned()));
        }
        match event(&line) {
            Ok(Event::Started(_)) => return Err(damaged("a second run begins here".to_owned())),
            Ok(event) => {
                ended = matches!(event, Event::Ended(_));
                each(event);
            }
            // The writer died in the middle of this line.
            Err(_) if !line.ends_with(b"\n") => break,
            Err(error) => return Err(damaged(format!("this is not an event of a run: {error}"))),
        }
    }
    Ok(())
}

/// All that is asked of a document before it is taken for a report.
#[derive(Deserialize)]
struct Head {
    schema: String,
}

fn document(path: &Path, text: &[u8]) -> Result<Document, ReadError> {
    let foreign = |why: String| ReadError::Foreign { path: path.to_owned(), why };
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(foreign("it is empty".to_owned()));
    }
    let head: Head = serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))?;
    if head.schema != SCHEMA {
        return Err(foreign(format!("its schema is `{}`, not `{SCHEMA}`", head.schema)));
    }
    serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))
}
