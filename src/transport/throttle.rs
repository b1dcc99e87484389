//! Throttling: how fast requests go out, and how long the run waits for a target that asks for patience.
//!
//! Being throttled (error codes page: 1015, status 429) is never a verdict. This module only decides how long to wait.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[cfg(feature = "cli")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use thiserror::Error;
use tokio::time::{Instant, sleep_until};

use super::tap::Asker;
use crate::documented::api::Operation;
use crate::documented::errors::ErrorCode;
use crate::exchange::{Exchange, Response};
use crate::parallel::locked;

/// The longest single wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The shortest: a target that says `Retry-After: 0` and goes on throttling must not be hammered.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

/// The first wait where the target does not say how long; each further one is twice as long.
const DEFAULT_WAIT: Duration = Duration::from_secs(1);

/// How often one request is sent at most.
const TRIES: u32 = 4;

/// All waiting of one case together.
const PER_CASE: Duration = Duration::from_secs(30);

/// All waiting of one run together, so that a target that throttles now and then does not delay it without end.
const PER_RUN: Duration = Duration::from_secs(120);

/// The gap between requests after a target has throttled for the first time; each further time doubles it.
const FIRST_GAP: Duration = Duration::from_millis(25);

/// The widest gap that throttling leads to.
const WIDEST_GAP: Duration = Duration::from_secs(1);

/// After so many requests that went through, the gap is halved again. It is more where the target has throttled more
/// often, up to [`SLOWEST_RECOVERY`] times as many: a steady limit is met less often then.
const RECOVERY: u32 = 20;

const SLOWEST_RECOVERY: u32 = 4;

/// After this many requests in a row for one operation that were given up, none is sent any more.
const GIVEN_UP_IN_A_ROW: usize = 10;

/// Requests per second at most, more than 0 (`--rate`, `[target] rate`).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "cli", derive(serde::Deserialize), serde(try_from = "toml::Value"))]
pub struct Rate(f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

#[derive(Debug, Error)]
#[error("`{0}` is not a valid rate; write requests per second: 10/s, 10 or 0.5/s")]
pub struct RateError(String);

impl Rate {
    /// From the start of one request to the start of the next.
    fn gap(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let number = text.trim();
        let number = number.strip_suffix("/s").unwrap_or(number);
        let per_second: f64 = number.parse().map_err(|_| RateError(text.to_owned()))?;
        // Slower than one request in a quarter of an hour is a typing error, and so is more than a wire can carry.
        let is_sane = (0.001..=1_000_000.0).contains(&per_second);
        if is_sane { Ok(Rate(per_second)) } else { Err(RateError(per_second.to_string())) }
    }
}

#[cfg(feature = "cli")]
impl TryFrom<toml::Value> for Rate {
    type Error = RateError;

    fn try_from(value: toml::Value) -> Result<Rate, RateError> {
        match value {
            toml::Value::String(text) => text.parse(),
            number => number.to_string().parse(),
        }
    }
}

#[cfg(feature = "cli")]
impl JsonSchema for Rate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Requests per second: a number, or a text such as \"10/s\".",
            "type": ["number", "string"],
        })
    }
}

/// How long one case has waited.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    waited: Duration,
    /// Who waits, where a tap wants to know it.
    pub(super) asker: Option<Arc<Asker>>,
    /// A target that says that it is not ready is not waited for: an input may have made it say so.
    is_of_input: bool,
}

impl Patience {
    /// Of a step, where a tap wants to know which.
    pub fn of_step(asker: Option<Arc<Asker>>) -> Patience {
        Patience { asker, ..Patience::default() }
    }

    /// From now on it is that of another step.
    pub fn goes_on_for(&mut self, asker: Option<Arc<Asker>>) {
        self.asker = asker;
    }

    /// For an input of the fuzzer.
    pub fn of_input() -> Patience {
        Patience { is_of_input: true, ..Patience::default() }
    }
}

/// Why a throttled request was given up.
#[derive(Debug, Clone, Error)]
#[error("throttled: {0}")]
pub struct Throttled(pub String);

/// That an answer asks for patience, and for how long if it says so.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked(Option<Duration>);

/// Whether the target throttles: status 429, code 1015 on any error, or 1011 or 1016 on a 5xx (error codes page).
pub(crate) fn is_throttled(response: &Response) -> bool {
    let says = |code: ErrorCode| response.error_codes().contains(&code.number());
    match response.status {
        429 => true,
        500.. => [ErrorCode::TooManyRequests, ErrorCode::NotReady, ErrorCode::Overloaded].into_iter().any(says),
        400.. => says(ErrorCode::TooManyRequests),
        _ => false,
    }
}

/// `Retry-After` may be a number or a date (RFC 9110 §10.2.3), which counts from the answer's `Date`, else our clock.
pub(super) fn throttled(exchange: &Exchange, patience: &Patience) -> Option<Asked> {
    let response = exchange.response().filter(|response| is_throttled(response))?;
    let not_ready = response.status >= 500 && !response.error_codes().contains(&ErrorCode::TooManyRequests.number());
    if patience.is_of_input && not_ready {
        return None;
    }
    let wait = response.header_text("Retry-After").map(str::trim).and_then(|value| {
        if value.bytes().all(|byte| byte.is_ascii_digit()) && !value.is_empty() {
            // More digits than fit are a long time.
            return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
        }
        let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
        let now = response.date().unwrap_or(exchange.at);
        // A date in the past asks for nothing more.
        Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
    });
    Some(Asked(wait))
}

/// Every request to a target passes it: it keeps the rate, and is shut while the target asks for patience.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Between two requests, as configured.
    usual_gap: Duration,
    /// The same now: wider where the target has throttled.
    gap: Duration,
    widest_gap: Duration,
    next: Option<Instant>,
    shut_until: Option<Instant>,
    shut_for: Duration,
    throttled: u64,
    /// How often the gap was widened.
    slowed: u32,
    /// How many requests went through since the gap changed.
    steady: u32,
    /// A request was given up, and none has gone through since: there is no point in waiting for the next one.
    persists: bool,
    /// Why the last requests of each operation were given up, since one went through.
    given_up: BTreeMap<Option<Operation>, Vec<Throttled>>,
}

impl Gate {
    pub fn new(rate: Option<Rate>) -> Gate {
        let gap = rate.map_or(Duration::ZERO, Rate::gap);
        let state = State { usual_gap: gap, gap, ..State::default() };
        Gate { state: Mutex::new(state) }
    }

    pub async fn pass(&self) {
        loop {
            let turn = locked(&self.state).turn(Instant::now());
            match turn {
                Turn::Go => return,
                Turn::Shut(until) => sleep_until(until).await,
                Turn::Slot(slot) => {
                    sleep_until(slot).await;
                    if locked(&self.state).shut_until.is_none_or(|until| until <= Instant::now()) {
                        return;
                    }
                }
            }
        }
    }

    /// An answer came that does not ask for patience.
    pub fn went_through(&self, operation: Option<Operation>) {
        let mut state = locked(&self.state);
        state.persists = false;
        state.given_up.remove(&operation);
        state.recover();
    }

    /// Fails once the target has throttled that operation for a while: nothing is sent then.
    pub fn check(&self, operation: Option<Operation>) -> Result<(), Throttled> {
        let state = locked(&self.state);
        let given_up = state.given_up.get(&operation).filter(|given_up| given_up.len() >= GIVEN_UP_IN_A_ROW);
        given_up.and_then(|given_up| given_up.first().cloned()).map_or(Ok(()), Err)
    }

    /// The target was restarted.
    pub fn reopen(&self) {
        locked(&self.state).given_up.clear();
    }

    /// Shuts for as long as the answer asks, where that is within bounds. `tries` counts how often the request was sent.
    pub fn shut(
        &self,
        operation: Option<Operation>,
        asked: Asked,
        tries: u32,
        patience: &mut Patience,
    ) -> Result<(), Throttled> {
        let mut state = locked(&self.state);
        state.throttled += 1;
        let given_up = state.shut(asked, tries, patience, Instant::now());
        if let Err(why) = &given_up {
            state.persists = true;
            state.given_up.entry(operation).or_default().push(why.clone());
        }
        given_up
    }

    /// What throttling did to the run, in words; `None` if there was none.
    pub fn remark(&self) -> Option<String> {
        let state = locked(&self.state);
        let times = match state.throttled {
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let waited = state.shut_for.as_secs_f64();
        Some(format!(
            "the target throttled {times}; the run waited {waited:.1} s for it and slowed down, at most to {:.1} requests \
             a second; --rate keeps below its limit from the beginning",
            1.0 / state.widest_gap.max(FIRST_GAP).as_secs_f64()
        ))
    }
}

enum Turn {
    Go,
    Slot(Instant),
    /// Not known before then.
    Shut(Instant),
}

impl State {
    fn turn(&mut self, now: Instant) -> Turn {
        if let Some(until) = self.shut_until.filter(|until| *until > now) {
            return Turn::Shut(until);
        }
        if self.gap.is_zero() {
            return Turn::Go;
        }
        let slot = self.next.map_or(now, |next| next.max(now));
        self.next = Some(slot + self.gap);
        if slot > now { Turn::Slot(slot) } else { Turn::Go }
    }

    fn shut(&mut self, asked: Asked, tries: u32, patience: &mut Patience, now: Instant) -> Result<(), Throttled> {
        let default = DEFAULT_WAIT * 2_u32.saturating_pow(tries.saturating_sub(1));
        let wait = asked.0.unwrap_or(default).max(SHORTEST_WAIT);
        let give_up = |why: String| Err(Throttled(why));
        if wait > LONGEST_WAIT {
            let (asked, longest) = (wait.as_secs(), LONGEST_WAIT.as_secs());
            let why = format!("the target asks to wait {asked} s, and {longest} s is the longest that is waited");
            return give_up(why);
        }
        if tries >= TRIES {
            return give_up(format!("the target still asks for patience after {tries} tries"));
        }
        if self.persists {
            return give_up("the target throttled the requests before as well, and waiting did not help".to_owned());
        }
        if patience.waited + wait > PER_CASE {
            return give_up(format!("the case has waited its {} s", PER_CASE.as_secs()));
        }
        // Requests that wait at the same time count once.
        let until = now + wait;
        let longer = until.saturating_duration_since(self.shut_until.map_or(now, |shut| shut.max(now)));
        if self.shut_for + longer > PER_RUN {
            let seconds = PER_RUN.as_secs();
            return give_up(format!("the run has waited its {seconds} s; --rate keeps below the target's limit"));
        }
        if !longer.is_zero() && self.shut_until.is_none_or(|shut| shut <= now) {
            self.gap = (self.gap * 2).clamp(FIRST_GAP, WIDEST_GAP.max(self.gap));
            self.widest_gap = self.widest_gap.max(self.gap);
            self.slowed += 1;
            self.steady = 0;
        }
        self.shut_for += longer;
        self.shut_until = self.shut_until.max(Some(until));
        // Slots given out before are void; their holders ask again.
        self.next = self.next.max(self.shut_until);
        patience.waited += wait;
        Ok(())
    }

    /// A request went through: after enough of them the gap is halved.
    fn recover(&mut self) {
        self.steady += 1;
        if self.gap > self.usual_gap && self.steady >= RECOVERY * self.slowed.min(SLOWEST_RECOVERY) {
            self.steady = 0;
            let half = self.gap / 2;
            self.gap = if half < FIRST_GAP / 8 { self.usual_gap } else { half.max(self.usual_gap) };
        }
    }
}

#[cfg(test)]
mod tests;
