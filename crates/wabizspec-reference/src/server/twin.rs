//! The usual client next to another one: it gets the same requests, and shows whether the other's answers differ.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;

use crate::call::{Answer, Call};
use crate::model::{Entropy, Model};

pub(super) struct Twin {
    pub model: Model,
    pub differs: Arc<AtomicBool>,
}

impl Twin {
    /// Sends it the request that the other got, without a body if that was too large.
    pub(super) fn compare(&mut self, call: &Call<'_>, too_large: bool, now: Timestamp, answer: &Answer) {
        let expected = if too_large { self.model.too_large(call.path) } else { self.model.handle(call, now) };
        if expected != *answer {
            self.differs.store(true, Ordering::Relaxed);
        }
    }
}

/// The same randomness twice.
pub(super) fn alike() -> (Entropy, Entropy) {
    let seed = RandomState::new();
    let stream = || -> Entropy {
        let (seed, mut count) = (seed.clone(), 0_u64);
        Box::new(move || {
            count += 1;
            let parts = [0, 1, 2, 3].map(|part| seed.hash_one((count, part)).to_ne_bytes());
            parts.as_flattened().try_into().ok()
        })
    };
    (stream(), stream())
}
