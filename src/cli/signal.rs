//! Ctrl-C, SIGTERM and SIGHUP, noticed by their own thread: the first ends the program tidily, the second at once.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};

use super::runtime;
use crate::files;
use crate::fuzz::timetable::within;

/// How long the program may take to write its reports after the second signal.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What the signals ask for.
pub(super) struct Stops {
    /// True with the first signal: end tidily.
    pub tidily: watch::Receiver<bool>,
    /// True with the second: end at once, or be ended shortly after.
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
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let Ok(runtime) = runtime() else { return };
        runtime.block_on(async {
            let signals = listen();
            let _ = ready.send(());
            let Ok(mut signals) = signals else {
                // Without handlers a signal ends the program. The channels must stay open all the same.
                return std::future::pending().await;
            };
            signals.recv().await;
            // If the program has just finished by itself, no one is listening any more.
            let _ = stop.send(true);
            signals.recv().await;
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

/// Does the work; a signal interrupts it where it is.
pub(super) async fn unless_stopped<T>(stop: &watch::Receiver<bool>, work: impl Future<Output = T>) -> Option<T> {
    within(None, stop, work).await.ok()
}

/// Hears of every signal that asks the program to end, from now on.
fn listen() -> io::Result<mpsc::UnboundedReceiver<()>> {
    let (sender, heard) = mpsc::unbounded_channel();
    let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
    if !ignores_hang_up() {
        kinds.push(SignalKind::hangup());
    }
    for kind in kinds {
        let (mut signal, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                let _ = sender.send(());
            }
        });
    }
    Ok(heard)
}

/// Whether the program was started with SIGHUP ignored, as `nohup` does. Only Linux makes this easy to find out.
fn ignores_hang_up() -> bool {
    let status = files::read(Path::new("/proc/self/status"), 64 * 1024).unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    let bit = SignalKind::hangup().as_raw_value() - 1;
    mask.is_some_and(|mask| mask >> bit & 1 == 1)
}
