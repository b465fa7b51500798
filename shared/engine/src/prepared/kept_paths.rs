//! Simulated paths kept in the process: the same history under the same draws gives the same paths, so pages of a sweep
//! and questions within the hour share them. Nothing but time depends on what is kept.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::probability::filter::Filtered;
use crate::probability::paths::{AssetPaths, Draws};

/// Most histories kept: a megabyte each. The next one empties the rest, which the hour's change does anyway.
const MOST: usize = 40;

/// Everything that paths depend on, to the bit.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    seed: u64,
    window: u32,
    lag: u32,
    residuals: Vec<u64>,
    variances: [u64; 2],
}

static PATHS: LazyLock<Mutex<HashMap<Key, Arc<AssetPaths>>>> = LazyLock::new(Mutex::default);
/// Draws with their seed and window.
type Drawn = ((u64, u32), Arc<Draws>);
static DRAWS: Mutex<Option<Drawn>> = Mutex::new(None);

/// The draws of a seed and a window; the last ones are kept.
pub(super) fn draws(seed: u64, window: u32) -> Arc<Draws> {
    let kept = || DRAWS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, draws)) = kept().as_ref().filter(|(key, _)| *key == (seed, window)) {
        return Arc::clone(draws);
    }
    let made = Arc::new(Draws::new(seed, window));
    *kept() = Some(((seed, window), Arc::clone(&made)));
    made
}

/// The paths of a filtered history.
pub(super) fn paths(
    (seed, window): (u64, u32),
    draws: &Draws,
    filtered: &Filtered,
    lag: u32,
) -> Arc<AssetPaths> {
    let bits = |numbers: &[f64]| numbers.iter().map(|number| number.to_bits()).collect();
    let variances = [filtered.variance().to_bits(), filtered.long_run().to_bits()];
    let key = Key { seed, window, lag, residuals: bits(filtered.residuals()), variances };
    let kept = || PATHS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(paths) = kept().get(&key) {
        return Arc::clone(paths);
    }
    let made = Arc::new(draws.paths(filtered, lag));
    let mut kept = kept();
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert(key, Arc::clone(&made));
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_history_is_drawn_once_and_another_anew() {
        let returns = |scale: f64| -> Vec<f64> {
            (0..200_u32).map(|hour| scale * libm::sin(f64::from(hour) * 1.7)).collect()
        };
        let (one, other) = (Filtered::of(&returns(0.01)).unwrap(), Filtered::of(&returns(0.02)).unwrap());
        let drawn = draws(977, 199);
        let first = paths((977, 199), &drawn, &one, 0);
        assert!(Arc::ptr_eq(&first, &paths((977, 199), &drawn, &one, 0)));
        assert!(!Arc::ptr_eq(&first, &paths((977, 199), &drawn, &other, 0)));
        assert!(!Arc::ptr_eq(&first, &paths((977, 199), &drawn, &one, 1)));
    }
}
