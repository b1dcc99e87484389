//! Ctrl-C and SIGTERM: the first asks the run to end tidily, the second ends the program.

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// Waits for Ctrl-C or SIGTERM.
pub(super) async fn signalled() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        // Without a handler the system's own does the work: the process ends.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

/// Turns true with the first signal. The second one ends the program at once.
pub(super) fn stop_on_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        signalled().await;
        // Nobody listens any more where the run has just ended by itself.
        let _ = stop.send(true);
        signalled().await;
        std::process::exit(super::INTERRUPTED.into());
    });
    stopped
}
