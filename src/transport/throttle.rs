//! Throttling: how fast requests go out, and how long a target that asks for patience is waited for.
//!
//! Being throttled is never a verdict (error codes page: 1015, "Too many requests", with status 429). Here is decided
//! only whether and how long to wait; nothing here sends.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[cfg(feature = "cli")]
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer};
use tokio::time::{Instant, sleep_until};

use crate::documented::errors::ErrorCode;
use crate::exchange::Exchange;

/// The longest single wait that a target may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(15);

/// The shortest: a target that says `Retry-After: 0` and goes on throttling is not to be hammered.
const SHORTEST_WAIT: Duration = Duration::from_millis(250);

/// The first wait where the target does not say how long; each further one is twice as long.
const UNTOLD_WAIT: Duration = Duration::from_secs(1);

/// How often one request is sent at most.
const TRIES: u32 = 4;

/// All waiting of one case together.
const PER_CASE: Duration = Duration::from_secs(30);

/// All waiting of one run together, so that a target which throttles every now and then does not hold it up for ever.
const PER_RUN: Duration = Duration::from_secs(120);

/// The gap between requests after a target has throttled for the first time; each further time doubles it.
const FIRST_GAP: Duration = Duration::from_millis(25);

/// The widest gap that throttling leads to.
const WIDEST_GAP: Duration = Duration::from_secs(1);

/// Requests per second at most, more than 0 (`--rate`, `[target] rate`).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate(f64);

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}

impl Rate {
    fn new(per_second: f64) -> Result<Rate, String> {
        // Slower than one request in a quarter of an hour is a slip of the pen, and so is more than a wire can carry.
        match (0.001..=1_000_000.0).contains(&per_second) {
            true => Ok(Rate(per_second)),
            false => Err(format!("`{per_second}` is not a valid rate; {HOW_TO_WRITE}")),
        }
    }

    /// From the start of one request to the start of the next.
    fn gap(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

const HOW_TO_WRITE: &str = "write requests per second: 10/s, 10 or 0.5/s";

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Rate, String> {
        let number = text.trim();
        let number = number.strip_suffix("/s").unwrap_or(number);
        let per_second = number.parse();
        Rate::new(per_second.map_err(|_| format!("`{text}` is not a valid rate; {HOW_TO_WRITE}"))?)
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("requests per second, as a number or as \"10/s\"")
            }

            fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Rate, E> {
                let number = i32::try_from(number).unwrap_or(i32::MAX);
                Rate::new(number.into()).map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Rate, E> {
                Rate::new(number).map_err(E::custom)
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Rate, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
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

/// How much longer one case may be kept waiting.
#[derive(Debug)]
pub struct Patience {
    left: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Patience { left: PER_CASE }
    }
}

/// Why a throttled request was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Throttled(pub String);

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "throttled: {}", self.0)
    }
}

impl From<Throttled> for String {
    fn from(throttled: Throttled) -> String {
        throttled.to_string()
    }
}

/// That an answer asks for patience, and for how long if it says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked(Option<Duration>);

/// Whether the target throttles: status 429, or code 1015 on any error (error codes page). `Retry-After` is read in
/// both its forms (RFC 9110 §10.2.3); a date counts from the answer's own `Date`, else from our clock.
pub fn throttled(exchange: &Exchange) -> Option<Asked> {
    let response = exchange.response()?;
    if response.status != 429
        && !(response.status >= 400 && response.error_codes().contains(&ErrorCode::TooManyRequests.number()))
    {
        return None;
    }
    let told = response.header_text("Retry-After").map(str::trim);
    let wait = told.and_then(|told| {
        if told.bytes().all(|byte| byte.is_ascii_digit()) && !told.is_empty() {
            // More digits than fit are a long time.
            return Some(Duration::from_secs(told.parse().unwrap_or(u64::MAX)));
        }
        let until = jiff::fmt::rfc2822::parse(told).ok()?.timestamp();
        let now = response.date().unwrap_or(exchange.at);
        // A date in the past asks for nothing more.
        Some(Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO))
    });
    Some(Asked(wait))
}

/// Where every request to a target passes: it keeps the rate, and is shut while the target asks for patience.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Between two requests: as the owner said, and wider where the target has throttled.
    gap: Duration,
    /// The first instant that is free for a request.
    next: Option<Instant>,
    shut_until: Option<Instant>,
    /// How long it has been shut in all.
    shut_for: Duration,
    /// How many answers asked for patience.
    throttled: u64,
    /// A request was given up, and none has gone through since: there is no point in waiting for the next one.
    persists: bool,
}

impl Gate {
    pub(super) fn new(rate: Option<Rate>) -> Gate {
        let state = State { gap: rate.map_or(Duration::ZERO, Rate::gap), ..State::default() };
        Gate { state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a request may go out.
    pub(super) async fn pass(&self) {
        loop {
            let turn = self.state().turn(Instant::now());
            match turn {
                Turn::Go => return,
                Turn::Slot(slot) => {
                    sleep_until(slot).await;
                    let shut = self.state().shut_until.is_some_and(|until| until > Instant::now());
                    if !shut {
                        return;
                    }
                }
                Turn::Shut(until) => sleep_until(until).await,
            }
        }
    }

    /// An answer that asked for nothing came.
    pub(super) fn went_through(&self) {
        self.state().persists = false;
    }

    /// Shuts for as long as the answer asks, where that is within bounds. `tries` counts how often the request was sent.
    pub(super) fn shut(&self, asked: Asked, tries: u32, patience: &mut Patience) -> Result<(), Throttled> {
        let mut state = self.state();
        state.throttled += 1;
        let given_up = state.shut(asked, tries, patience, Instant::now());
        state.persists |= given_up.is_err();
        given_up
    }

    /// What throttling did to the run, in words; `None` if there was none.
    pub(super) fn told(&self) -> Option<String> {
        let state = self.state();
        let times = match state.throttled {
            0 => return None,
            1 => "once".to_owned(),
            times => format!("{times} times"),
        };
        let waited = state.shut_for.as_secs_f64();
        Some(format!(
            "the target throttled {times}; the run waited {waited:.1} s for it and slowed down to {:.1} requests a \
             second; --rate keeps below its limit from the beginning",
            1.0 / state.gap.max(FIRST_GAP).as_secs_f64()
        ))
    }
}

/// When a request may go out.
enum Turn {
    Go,
    Slot(Instant),
    /// Not to be known before then.
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
        match slot > now {
            true => Turn::Slot(slot),
            false => Turn::Go,
        }
    }

    fn shut(&mut self, asked: Asked, tries: u32, patience: &mut Patience, now: Instant) -> Result<(), Throttled> {
        let untold = UNTOLD_WAIT * 2_u32.saturating_pow(tries.saturating_sub(1));
        let wait = asked.0.unwrap_or(untold).max(SHORTEST_WAIT);
        let give_up = |why: String| Err(Throttled(why));
        if wait > LONGEST_WAIT {
            return give_up(format!(
                "the target asks to wait {} s, and {} s is the longest that is waited",
                wait.as_secs(),
                LONGEST_WAIT.as_secs()
            ));
        }
        if tries >= TRIES {
            return give_up(format!("the target still asks for patience after {tries} tries"));
        }
        if self.persists {
            return give_up("the target throttled the requests before as well, and waiting did not help".to_owned());
        }
        if wait > patience.left {
            return give_up(format!("the case has waited its {} s", PER_CASE.as_secs()));
        }
        // Requests that are throttled at the same time wait at the same time: it counts once.
        let until = now + wait;
        let longer = until.saturating_duration_since(self.shut_until.map_or(now, |shut| shut.max(now)));
        if self.shut_for + longer > PER_RUN {
            return give_up(format!(
                "the run has waited its {} s; --rate keeps below the target's limit",
                PER_RUN.as_secs()
            ));
        }
        if !longer.is_zero() && self.shut_until.is_none_or(|shut| shut <= now) {
            self.gap = (self.gap * 2).clamp(FIRST_GAP, WIDEST_GAP.max(self.gap));
        }
        self.shut_for += longer;
        self.shut_until = self.shut_until.max(Some(until));
        // Slots that were handed out before are void; those who hold them ask again.
        self.next = self.next.max(self.shut_until);
        patience.left -= wait;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
