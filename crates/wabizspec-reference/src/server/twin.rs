//! The documented client beside another one: it gets the same requests, and shows whether the other's answers differ.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;

use crate::behaviour::Behaviour;
use crate::call::{Answer, Call};
use crate::model::{Entropy, Model, Registration};

pub(super) struct Twin {
    model: Model,
    differs: Arc<AtomicBool>,
}

impl Twin {
    pub(super) fn new(registration: Registration, entropy: Entropy, differs: Arc<AtomicBool>) -> Self {
        Twin { model: Model::with_entropy(registration, Behaviour::default(), entropy), differs }
    }

    pub(super) fn reset(&mut self) {
        self.model.reset();
    }

    /// Sends it the request that the other got, without a body if that was too large.
    pub(super) fn compare(&mut self, call: &Call<'_>, too_large: bool, now: Timestamp, answer: &Answer) {
        let expected = if too_large { self.model.too_large(call.path) } else { self.model.handle(call, now) };
        if expected != *answer {
            self.differs.store(true, Ordering::Relaxed);
        }
    }
}

/// The same randomness twice.
pub(super) fn alike(mut source: Entropy) -> (Entropy, Entropy) {
    let mut fresh = Vec::new();
    let drawn = Arc::new(Mutex::new(move |index: usize| {
        if index == fresh.len() {
            fresh.push(source()?);
        }
        fresh.get(index).copied()
    }));
    let reader = || -> Entropy {
        let (drawn, mut index) = (Arc::clone(&drawn), 0);
        Box::new(move || {
            let bytes = drawn.lock().unwrap_or_else(PoisonError::into_inner)(index);
            index += 1;
            bytes
        })
    };
    (reader(), reader())
}
