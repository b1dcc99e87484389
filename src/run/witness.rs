//! Who looks on while a run judges: for tests of the suite itself, which need the very exchange and bindings.
//!
//! Reports never come this way; what a witness sees holds secrets.

use std::fmt;
use std::sync::Arc;

use crate::exchange::Exchange;
use crate::plan::Case;
use crate::scenario::Step;
use crate::template::Bindings;

/// One answer and what it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Witnessed<'a> {
    /// The case.
    pub case: &'a Case,
    /// The step whose request was sent.
    pub step: &'a Step,
    /// What was sent and what came back, secrets included.
    pub exchange: &'a Exchange,
    /// What is bound at this step, secrets included.
    pub bindings: &'a Bindings,
}

/// Is shown each exchange of a case just before it is judged, from whichever thread the case runs on.
#[derive(Clone)]
pub struct Witness(Arc<dyn Fn(Witnessed<'_>) + Send + Sync>);

impl Witness {
    /// A witness that does this with what it sees.
    pub fn new(look: impl Fn(Witnessed<'_>) + Send + Sync + 'static) -> Witness {
        Witness(Arc::new(look))
    }

    pub(super) fn look(&self, witnessed: Witnessed<'_>) {
        (self.0)(witnessed);
    }
}

impl fmt::Debug for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Witness")
    }
}
