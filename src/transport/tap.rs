//! Who listens to the exchanges with a target, and what is known of those who ask.

use std::sync::Arc;

use crate::exchange::{Exchange, Redaction};

/// The case and the step that a request is sent for, and the secrets that it may hold.
#[derive(Debug)]
pub struct Asker {
    pub case: String,
    pub step: String,
    pub secrets: Redaction,
}

type See = dyn Fn(&Exchange, Option<&Asker>) + Send + Sync;

/// Is called with each exchange. Without an asker the run sent the request for itself.
#[derive(Clone)]
pub struct Tap(Arc<See>);

impl Tap {
    pub fn new(see: impl Fn(&Exchange, Option<&Asker>) + Send + Sync + 'static) -> Tap {
        Tap(Arc::new(see))
    }

    pub(super) fn see(&self, exchange: &Exchange, asker: Option<&Asker>) {
        (self.0)(exchange, asker);
    }
}
