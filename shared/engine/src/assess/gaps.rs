//! The gaps of one report as they are found: collected, asked about, and listed once each in a stable order.

use risk_model::{Affects, Gap};

/// Gaps found so far.
#[derive(Debug, Default)]
pub(super) struct Gaps(Vec<Gap>);

impl Gaps {
    pub(super) fn add(&mut self, gap: Gap) {
        self.0.push(gap);
    }

    pub(super) fn extend<'a>(&mut self, gaps: impl IntoIterator<Item = &'a Gap>) {
        self.0.extend(gaps.into_iter().cloned());
    }

    /// Whether any leaves this part open.
    pub(super) fn affect(&self, part: Affects) -> bool {
        self.first(part).is_some()
    }

    /// The first that leaves this part open, by name: why a figure is unknown.
    pub(super) fn first(&self, part: Affects) -> Option<&Gap> {
        self.0
            .iter()
            .filter(|gap| gap.affects == part)
            .min_by(|a, b| a.what.cmp(&b.what).then(a.reason.cmp(&b.reason)))
    }

    /// All of them, once each, sorted by what they leave open, what is missing, and why.
    pub(super) fn into_sorted(self) -> Vec<Gap> {
        let mut gaps = self.0;
        gaps.sort_by(|a, b| {
            (a.affects, &a.what, a.reason, a.source, a.since)
                .cmp(&(b.affects, &b.what, b.reason, b.source, b.since))
        });
        gaps.dedup();
        gaps
    }
}

/// A gap as the reason of an unknown figure.
pub(super) fn reason(gap: &Gap) -> String {
    format!("{}: {}", gap.what, gap.reason)
}
