//! Work on all cores, and what its threads share.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The value behind a lock. A thread that panicked leaves nothing half done there.
pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Does the work for each item and returns the results in the order of the items. Each thread takes the next item,
/// since items differ in cost, and ends at the first `None`.
pub(crate) fn each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    on(1, items, work)
}

/// The same for work that waits for half of its time.
#[cfg(feature = "cli")]
pub(crate) fn each_waiting<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    on(2, items, work)
}

fn on<T: Sync, R: Send>(per_core: usize, items: &[T], work: impl Fn(&T) -> Option<R> + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let worker = || {
        let indices = std::iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed));
        indices.map_while(|index| Some((index, work(items.get(index)?)?))).collect::<Vec<_>>()
    };
    let others = std::thread::available_parallelism().map_or(1, NonZero::get) * per_core - 1;
    let mut results = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..others).map(|_| scope.spawn(worker)).collect();
        let mut results = worker();
        for thread in threads {
            results.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
