//! Ctrl-C, SIGTERM and SIGHUP: the first asks the program to end tidily, the second ends it at once.
//!
//! Signals are heard in a thread of their own, so that they are heard whatever the rest of the program is doing.

use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::runtime;
use crate::files;

/// How long the program may take to end by itself after the second signal: to write its reports, and nothing else.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What the signals ask for; each turns true.
pub(super) struct Stops {
    /// With the first signal: end tidily.
    pub tidily: watch::Receiver<bool>,
    /// With the second: end at once, or be ended shortly after.
    pub at_once: watch::Receiver<bool>,
}

/// Turns true with the first signal. The second one ends the program.
pub(super) fn stop_on_signal() -> watch::Receiver<bool> {
    stops_on_signals().tidily
}

/// Listens for both. The handlers are in place when this returns.
pub(super) fn stops_on_signals() -> Stops {
    let (stop, tidily) = watch::channel(false);
    let (end, at_once) = watch::channel(false);
    let (ready, is_ready) = mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = runtime() else { return };
        runtime.block_on(async {
            let signals = Signals::listen();
            // The caller waits for this, so it is there.
            let _ = ready.send(());
            let Ok(mut signals) = signals else {
                // Without handlers a signal ends the program. The channel must stay open all the same.
                return std::future::pending().await;
            };
            signals.next().await;
            // Nobody listens any more if the program has just finished by itself.
            let _ = stop.send(true);
            signals.next().await;
            if end.send(true).is_ok() {
                tokio::time::sleep(AT_ONCE).await;
            }
            std::process::exit(super::INTERRUPTED.into());
        });
    });
    // A thread that could not start leaves the system's own handlers in place.
    let _ = is_ready.recv();
    Stops { tidily, at_once }
}

/// Waits for the first signal.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        // Nobody can send a signal any more.
        std::future::pending::<()>().await;
    }
}

/// Does the work, unless a signal comes first: then the work is dropped where it is.
pub(super) async fn unless_stopped<T>(stop: &watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    let mut stop = stop.clone();
    tokio::select! {
        biased;
        () = stopped(&mut stop) => None,
        done = work => Some(done),
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    /// None where the program was started with SIGHUP ignored, as `nohup` does.
    hang_up: Option<Signal>,
}

impl Signals {
    fn listen() -> std::io::Result<Signals> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: match ignores_hang_up() {
                true => None,
                false => Some(signal(SignalKind::hangup())?),
            },
        })
    }

    async fn next(&mut self) {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hang_up => {}
        }
    }
}

/// Whether SIGHUP was ignored from the start. Only Linux says so without further ado.
fn ignores_hang_up() -> bool {
    let status = files::read(Path::new("/proc/self/status"), 64 * 1024).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = SignalKind::hangup().as_raw_value() - 1;
    mask.is_some_and(|mask| mask >> bit & 1 == 1)
}
