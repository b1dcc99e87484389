//! `--watch`: runs again when the target was restarted, or when a file that a run reads has changed. It judges nothing.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::cli::report::say;
use crate::cli::signal::{Stops, stops_on_signals, unless_stopped};
use crate::cli::{Failure, runtime};
use crate::custody::Target;
use crate::custody::reading::not_ready;
use crate::transport::Transport;
use crate::transport::wire::Idle;

/// How often the files are looked at, and a target that is down is called.
const PAUSE: Duration = Duration::from_millis(50);

/// How many pauses pass between two requests to a target that answers: its owner reads its log.
const PAUSES_BETWEEN_REQUESTS: u32 = 20;

/// What a new run waits for.
pub(super) struct Watched {
    /// The target, unless it is the embedded one.
    pub target: Option<Arc<Target>>,
    /// Lists the files; there may be new ones.
    pub files: Box<dyn Fn() -> Vec<PathBuf>>,
}

/// Runs, and runs again whenever something changes, until a signal comes. The exit code is that of the last run.
pub(super) fn watch(
    mut run: impl FnMut() -> Result<u8, Failure>,
    watched: impl Fn() -> Result<Watched, Failure>,
    stops: &OnceCell<Stops>,
) -> Result<u8, Failure> {
    // Before the first run, so that one that nothing can start again is refused.
    watched()?;
    let mut code = run()?;
    loop {
        let stop = &stops.get_or_init(stops_on_signals).tidily;
        if *stop.borrow() {
            return Ok(code);
        }
        let watched = watched()?;
        say(match watched.target {
            Some(_) => "\nwaiting until the target is restarted or a file changes; Ctrl-C ends",
            None => "\nwaiting until a file changes; Ctrl-C ends",
        });
        let Some(what) = runtime()?.block_on(unless_stopped(stop, watched.change())) else { return Ok(code) };
        say(&format!("{what}: running again\n"));
        // A file that is being edited may be broken for a while.
        code = run().unwrap_or_else(|failure| failure.tell());
    }
}

impl Watched {
    /// Waits for a change, and says what has changed.
    async fn change(&self) -> &'static str {
        let (before, mut pulse) = (self.stamps(), Pulse::default());
        loop {
            tokio::time::sleep(PAUSE).await;
            if self.stamps() != before {
                self.settled().await;
                return "a file has changed";
            }
            if let Some(target) = &self.target
                && pulse.has_restarted(&target.transport).await
            {
                return "the target was restarted";
            }
        }
    }

    /// Waits until the files stay as they are: some programs write a file in several steps.
    async fn settled(&self) {
        let mut last = self.stamps();
        loop {
            tokio::time::sleep(PAUSE).await;
            let now = self.stamps();
            if now == last {
                return;
            }
            last = now;
        }
    }

    /// When each file was written last, and its length in bytes; without those that are gone.
    fn stamps(&self) -> BTreeMap<PathBuf, (SystemTime, u64)> {
        let stamp = |path: PathBuf| {
            let metadata = path.metadata().ok()?;
            Some((path, (metadata.modified().ok()?, metadata.len())))
        };
        (self.files)().into_iter().filter_map(stamp).collect()
    }
}

/// What is known of a target that is called from time to time.
#[derive(Default)]
struct Pulse {
    /// The status of its last answer; `None` while it is down.
    status: Option<u16>,
    was_down: bool,
    /// How many connections in a row it has closed that it seemed to keep.
    closed: u32,
    /// The last of them was closed before this could wait.
    is_closed: bool,
    pauses: u32,
}

impl Pulse {
    /// Whether it answers again after it was down, with another status, or after it closed an open connection.
    async fn has_restarted(&mut self, target: &Transport) -> bool {
        // A restart can be over before the next request, but no connection survives it. A server that closes them without
        // one closes the next one too.
        let idle = if self.is_closed { Idle::Closed } else { target.idle() };
        if self.closed == 1 && idle == Idle::Open {
            return true;
        }
        let is_closed = idle == Idle::Closed;
        self.pauses += 1;
        let calls_at_once = self.status.is_none() || (is_closed && self.closed < 2);
        if !calls_at_once && self.pauses < PAUSES_BETWEEN_REQUESTS {
            // Without a connection that is kept, a restart shows only while nothing listens.
            if idle == Idle::None && target.is_refused().await {
                (self.status, self.was_down) = (None, true);
            }
            return false;
        }
        self.pauses = 0;
        self.closed = if is_closed { self.closed + 1 } else { 0 };
        let [_, read] = target.harmless();
        let exchange = target.send(read).await;
        self.is_closed = target.idle() == Idle::Closed;
        let Some(response) = exchange.response().filter(|_| not_ready(&exchange).is_none()) else {
            (self.status, self.was_down) = (None, true);
            return false;
        };
        // Too many requests: it will answer as before in a while, and is the same.
        if response.status == 429 {
            return false;
        }
        let last = self.status.replace(response.status);
        exchange.resent || self.was_down || last.is_some_and(|last| last != response.status)
    }
}
