//! Rows S1 to S12: sequences of calls.

use super::row::{Aimed, aimed};
use crate::fuzz::Surface;

pub(super) fn inputs() -> Vec<Aimed> {
    // Letters: op, subject, actor, token; see `grammar::session`. The users one to three exist at the start.
    let rows: [(&str, &str); 17] = [
        ("S1", "eaaaaaaapaaa"),
        ("S1", "aaaajaaaaaaapaaa"),
        ("S2", "daaaaaaapaaa"),
        ("S2", "aaaaiaaaaaaapaaa"),
        ("S3", "aaaaaaaamaabmaablaabaaaalaaa"),
        ("S4", "aaaakadalaaaaaaa"),
        ("S4", "aaaakadamaaa"),
        ("S5", "aaaaiadalaaa"),
        ("S6", "aaaagbaakbaanaaaoaaa"),
        ("S7", "kddalada"),
        ("S8", "gadaaaaalaaa"),
        ("S9", "kadahadaaaaalada"),
        ("S10", "daaadaaapaaaaaaa"),
        ("S11", "aaaakadagadalaabaaaa"),
        ("S12", "aaaakadagadaaaaalaab"),
        ("S2", "faaaaaaapaaa"),
        ("S6", "jbaaibaalbaa"),
    ];
    rows.iter().map(|(row, letters)| aimed(row, Surface::Session, letters.as_bytes().to_vec())).collect()
}
