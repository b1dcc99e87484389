//! Reports read back into the events that they were made of: `ndjson` line by line, `json` as a whole.
//!
//! A run that died leaves a stream that breaks off, which is read as far as it goes. Anything else that does not fit is
//! refused: half a report must not pass for a whole one.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::json::{Document, SCHEMA};
use crate::files;
use crate::run::Event;

#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read the report {}: {error}", path.display())]
    Unreadable { path: PathBuf, error: io::Error },
    #[error(
        "{} is not the report of a run: {why}\n  help: give a file that `wabizspec run --report ndjson=PATH` or `json=PATH` \
         of version {} has written", path.display(), env!("CARGO_PKG_VERSION")
    )]
    Foreign { path: PathBuf, why: String },
    /// It begins as a report and does not go on as one. Lines count from 1.
    #[error("{}:{line}: {why}\n  help: the file was changed or two runs wrote into it; run again", path.display())]
    Damaged { path: PathBuf, line: usize, why: String },
}

/// Reads a report and hands over its events, in their order: `Started` first, `Ended` last unless the run died. Their
/// texts are made harmless, no matter who wrote the file.
pub fn read(path: &Path, each: &mut dyn FnMut(Event)) -> Result<(), ReadError> {
    let unreadable = |error| ReadError::Unreadable { path: path.to_owned(), error };
    let each = &mut |event: Event| each(event.harmless());
    let mut reader = BufReader::new(files::open(path, files::REPORT).map_err(unreadable)?);
    let mut first = Vec::new();
    reader.read_until(b'\n', &mut first).map_err(unreadable)?;
    match serde_json::from_slice(&first) {
        Ok(event @ Event::Started(_)) => {
            each(event);
            stream(path, reader, each)
        }
        Err(error) if first.starts_with(b"{\"started\":") && first.ends_with(b"\n") => {
            let why = format!("this is not the start of a run: {error}");
            Err(ReadError::Damaged { path: path.to_owned(), line: 1, why })
        }
        _ => {
            reader.read_to_end(&mut first).map_err(unreadable)?;
            let document = document(path, &first)?;
            document.into_events().for_each(each);
            Ok(())
        }
    }
}

/// The lines after the first.
fn stream(path: &Path, mut reader: impl BufRead, each: &mut dyn FnMut(Event)) -> Result<(), ReadError> {
    let mut line = Vec::new();
    let mut ended = false;
    for number in 2.. {
        line.clear();
        let read = reader.read_until(b'\n', &mut line);
        if read.map_err(|error| ReadError::Unreadable { path: path.to_owned(), error })? == 0 {
            break;
        }
        let damaged = |why: String| ReadError::Damaged { path: path.to_owned(), line: number, why };
        if ended {
            return Err(damaged("something follows the end of the run".to_owned()));
        }
        match serde_json::from_slice(&line) {
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

fn document(path: &Path, text: &[u8]) -> Result<Document, ReadError> {
    #[derive(Deserialize)]
    struct Head {
        schema: String,
    }
    let foreign = |why: String| ReadError::Foreign { path: path.to_owned(), why };
    if text.iter().all(u8::is_ascii_whitespace) {
        return Err(foreign("it is empty".to_owned()));
    }
    let Head { schema } = serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))?;
    if schema != SCHEMA {
        return Err(foreign(format!("its schema is `{schema}`, not `{SCHEMA}`")));
    }
    serde_json::from_slice(text).map_err(|error| foreign(error.to_string()))
}
