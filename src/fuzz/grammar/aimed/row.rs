//! An aimed input and the row that it stands for.

use crate::fuzz::Surface;

/// One aimed input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aimed {
    /// The row it belongs to, such as `A7`.
    pub row: &'static str,
    /// Where it is sent.
    pub surface: Surface,
    /// The input.
    pub input: Vec<u8>,
}

/// One, from its parts.
pub(super) fn aimed(row: &'static str, surface: Surface, input: Vec<u8>) -> Aimed {
    Aimed { row, surface, input }
}
