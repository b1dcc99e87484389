//! A place where a request waits for another one of its kind.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a request waits. Those that are sent together come within it, and all others are held up by it.
const PATIENCE: Duration = Duration::from_millis(200);

#[derive(Default)]
pub(super) struct Meeting(Mutex<Option<oneshot::Sender<()>>>);

impl Meeting {
    /// Waits until another one comes, or goes on with the one that waits. Whether there were two.
    pub async fn met(&self) -> bool {
        let other = {
            let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // One that has given up does not hear that it is called.
            if place.take().is_some_and(|waiting| waiting.send(()).is_ok()) {
                return true;
            }
            let (here, other) = oneshot::channel();
            *place = Some(here);
            other
        };
        tokio::time::timeout(PATIENCE, other).await.is_ok_and(|called| called.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn two_meet_and_one_goes_on_alone() {
        let meeting = Meeting::default();
        assert_eq!(tokio::join!(meeting.met(), meeting.met()), (true, true));
        assert!(!meeting.met().await);
    }
}
