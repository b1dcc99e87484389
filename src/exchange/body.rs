//! The body of an answer: its bytes, which are read as JSON when that is asked for, and then once.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use super::json::{Json, JsonError};

/// Bytes that never change, so that what they are as JSON does not change either.
#[derive(Clone, Default)]
pub struct Body {
    bytes: Vec<u8>,
    json: OnceLock<Result<Json, JsonError>>,
}

impl Body {
    /// The bytes as one JSON document.
    pub fn json(&self) -> Result<&Json, &JsonError> {
        self.json.get_or_init(|| Json::parse(&self.bytes)).as_ref()
    }
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B: Into<Vec<u8>>> From<B> for Body {
    fn from(bytes: B) -> Body {
        Body { bytes: bytes.into(), json: OnceLock::new() }
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Body) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Body {}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes.fmt(f)
    }
}
