//! The circuit breaker: whether the target is still there.
//!
//! The run waits shortly for a target that restarts: registering a number over another restarts the core application
//! (account page), and a spell of refused connections is no verdict. One that stays away is given up, for all callers.

use std::sync::Mutex as StdMutex;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::parallel::locked;

/// After this many requests in a row without an answer the canary is sent.
const UNANSWERED_IN_A_ROW: u32 = 3;

const PATIENCE: Duration = Duration::from_secs(10);

const PAUSE: Duration = Duration::from_millis(200);

/// How long a run waits in all for requests that hang until their limit.
const HANGING: Duration = Duration::from_secs(120);

#[derive(Debug, Default)]
struct State {
    /// How many requests in a row were not answered.
    unanswered: u32,
    is_gone: bool,
    /// How long the run has waited for requests that hung, and until when.
    waited: Duration,
    hung_until: Option<Instant>,
}

#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    state: StdMutex<State>,
    /// Held by the one caller that checks the target; the others wait for the result.
    looking: Mutex<()>,
}

impl CircuitBreaker {
    pub fn answered(&self) {
        locked(&self.state).unanswered = 0;
    }

    /// A request was not answered; true if it is time to check whether the target is there at all.
    pub fn unanswered(&self, unreachable: bool) -> bool {
        let mut state = locked(&self.state);
        state.unanswered += 1;
        unreachable || state.unanswered.is_multiple_of(UNANSWERED_IN_A_ROW)
    }

    /// A request sent at `since` has timed out `now`. Too much waiting in all ends the run though others are answered.
    pub fn timed_out(&self, since: Instant, now: Instant) {
        let mut state = locked(&self.state);
        // Requests that hang at the same time count once.
        let from = state.hung_until.map_or(since, |until| until.max(since));
        state.waited += now.saturating_duration_since(from);
        state.hung_until = Some(now);
        state.is_gone |= state.waited > HANGING;
    }

    pub fn given_up(&self) -> Option<&'static str> {
        let state = locked(&self.state);
        match (state.is_gone, state.waited > HANGING) {
            (false, _) => None,
            (true, true) => Some("the target hangs: the run has waited two minutes for answers that did not come"),
            (true, false) => Some("the target is gone: it answers no request any more"),
        }
    }

    /// A target that had been given up has answered after all.
    pub fn found_again(&self) {
        *locked(&self.state) = State::default();
    }

    /// Waits while another caller checks the target: a request sent now would also go unanswered.
    pub async fn settled(&self) {
        drop(self.looking.lock().await);
    }

    /// Checks until the target answers or patience ends; true if it is there.
    pub async fn look<E, F: Future<Output = Result<(), E>>>(&self, canary: impl Fn() -> F) -> bool {
        let _only_one = self.looking.lock().await;
        let begun = Instant::now();
        while self.given_up().is_none() {
            if canary().await.is_ok() {
                self.answered();
                return true;
            }
            if begun.elapsed() > PATIENCE {
                locked(&self.state).is_gone = true;
            } else {
                tokio::time::sleep(PAUSE).await;
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_that_keeps_the_run_waiting_is_given_up_although_it_answers_in_between() {
        let (breaker, begin) = (CircuitBreaker::default(), Instant::now());
        let at = |seconds| begin + Duration::from_secs(seconds);
        // Twelve at a time, which count once.
        for round in 0..12 {
            for _ in 0..12 {
                assert_eq!(breaker.given_up(), None, "round {round}");
                breaker.timed_out(at(round * 10), at(round * 10 + 10));
                breaker.answered();
            }
        }
        breaker.timed_out(at(120), at(130));
        assert!(breaker.given_up().is_some_and(|why| why.contains("hangs")));
        breaker.found_again();
        assert_eq!(breaker.given_up(), None);
    }
}
