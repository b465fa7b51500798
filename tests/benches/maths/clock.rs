//! CPU time of this thread, and the least of several rounds.

use std::hint::black_box;
use std::time::Instant;

/// Nanoseconds that this thread has run, by the scheduler's own count, which giving way brings up to date.
fn cpu_nanoseconds() -> u64 {
    std::thread::yield_now();
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0)
}

/// µs of CPU time for each of `count` calls, the least of `rounds` rounds.
pub(crate) fn each<T>(rounds: usize, count: usize, mut call: impl FnMut(usize) -> T) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..rounds {
        let before = cpu_nanoseconds();
        for index in 0..count {
            black_box(call(black_box(index)));
        }
        let took = cpu_nanoseconds().saturating_sub(before);
        least = least.min(took as f64 / 1e3 / count as f64);
    }
    least
}

/// Seconds on the wall.
pub(crate) fn wall<T>(call: impl FnOnce() -> T) -> f64 {
    let start = now();
    black_box(call());
    start.elapsed().as_secs_f64()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn now() -> Instant {
    Instant::now()
}
