//! Whether the target is still there: the circuit breaker.
//!
//! A target that restarts is waited for, shortly: registering a number over another restarts the core application
//! (account page), and a spell of refused connections is no verdict. One that stays away is given up, for all callers.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

/// So many requests in a row without an answer, and the canary decides.
const UNANSWERED_IN_A_ROW: u32 = 3;

/// How long a target may stay away.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(200);

/// What is known of the target's presence.
#[derive(Debug, Default)]
pub(super) struct Presence {
    unanswered: AtomicU32,
    gone: AtomicBool,
    /// Held by the one caller who looks after the target; the others wait for what that one finds.
    looking: Mutex<()>,
}

impl Presence {
    /// A request was answered.
    pub fn answered(&self) {
        self.unanswered.store(0, Ordering::Relaxed);
    }

    /// A request was not answered; true if it is time to look whether the target is there at all.
    pub fn unanswered(&self, unreachable: bool) -> bool {
        let in_a_row = self.unanswered.fetch_add(1, Ordering::Relaxed) + 1;
        unreachable || in_a_row.is_multiple_of(UNANSWERED_IN_A_ROW)
    }

    /// Whether the target has been given up.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// A target that had been given up has answered after all.
    pub fn found_again(&self) {
        self.answered();
        self.gone.store(false, Ordering::Relaxed);
    }

    /// Waits while somebody looks: whatever was sent meanwhile would only go unanswered as well.
    pub async fn settled(&self) {
        drop(self.looking.lock().await);
    }

    /// Looks until the target answers or patience ends; true if it is there.
    pub async fn look<F: Future<Output = Result<(), String>>>(&self, canary: impl Fn() -> F) -> bool {
        let _only_one = self.looking.lock().await;
        let begun = Instant::now();
        while !self.is_gone() {
            if canary().await.is_ok() {
                self.answered();
                return true;
            }
            if begun.elapsed() > PATIENCE {
                self.gone.store(true, Ordering::Relaxed);
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        false
    }
}
