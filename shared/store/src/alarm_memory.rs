//! The written form of what the alarms remember: JSON of a version that it names, short because there is one a wallet.
//!
//! Reading is total: text of another version, damaged text, numbers that are none and more of anything than is ever
//! remembered are no memory. A sweep goes on without one.

use std::collections::BTreeMap;

use risk_engine::alarm::{
    AccountMemory, AssetTerms, MAX_ACCOUNTS, MAX_RESTS, MAX_TERMS, Memory, NormalGas, Peaks, Rest,
    TermsMemory,
};
use risk_engine::lending::Terms;
use risk_model::{Asset, ChainId, Protocol, Timestamp};
use serde::{Deserialize, Serialize};

/// The version that is written, and the only one that is read.
const VERSION: u8 = 1;
/// Longer text is no memory, bytes: the bounds of what is remembered stay far below it.
const MAX_BYTES: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryText {
    v: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blind: Option<u64>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    accounts: BTreeMap<String, AccountText>,
    /// By chain: gwei and when it moved.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    gas: BTreeMap<String, (Exact, u64)>,
    /// By protocol: as the peaks of an account.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    locked: BTreeMap<String, PeaksText>,
    /// Account, kind, severity and when it resolved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rests: Vec<(String, String, String, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountText {
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    near: bool,
    /// Half window, its highest factor and that of the one before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peaks: Option<PeaksText>,
    #[serde(default, skip_serializing_if = "is_zero")]
    mode: u8,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    terms: BTreeMap<String, TermsText>,
}

/// A number as its shortest text: JSON numbers may come back another in their last bit, and terms are compared.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
struct Exact(f64);

impl From<Exact> for String {
    fn from(number: Exact) -> Self {
        format!("{:e}", number.0)
    }
}

impl TryFrom<String> for Exact {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let number = text.parse().map_err(|_| "no number")?;
        f64::is_finite(number).then_some(Self(number)).ok_or("no finite number")
    }
}

/// Half window, its highest and that of the one before.
type PeaksText = (u64, Exact, Option<Exact>);
/// Liquidation threshold, loan to value, liquidation bonus, frozen, paused.
type AssetText = (Exact, Option<Exact>, Option<Exact>, bool, bool);
/// The accepted terms, and worse ones since when.
type TermsText = (AssetText, Option<(AssetText, u64)>);

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(mode: &u8) -> bool {
    *mode == 0
}

/// The text of a memory.
pub(crate) fn text_of(memory: &Memory) -> String {
    let account = |(key, one): (&String, &AccountMemory)| {
        let terms = one.terms.iter().map(|(asset, terms)| (asset.to_string(), terms_text(terms)));
        let text = AccountText {
            near: one.is_near,
            peaks: one.peaks.map(peaks_text),
            mode: one.e_mode,
            terms: terms.collect(),
        };
        (key.clone(), text)
    };
    let rest =
        |one: &Rest| (one.account.clone(), one.kind.to_string(), one.severity.to_string(), one.at.seconds());
    let gas = memory.gas.iter().map(|(chain, one)| (chain.to_string(), (Exact(one.gwei), one.at.seconds())));
    let text = MemoryText {
        v: VERSION,
        blind: memory.blind_since.map(Timestamp::seconds),
        accounts: memory.accounts.iter().map(account).collect(),
        gas: gas.collect(),
        locked: memory.locked.iter().map(|(one, peaks)| (one.to_string(), peaks_text(*peaks))).collect(),
        rests: memory.rests.iter().map(rest).collect(),
    };
    // Maps by text and plain numbers always have a JSON form; what would have none is no memory when it is read.
    serde_json::to_string(&text).unwrap_or_default()
}

fn peaks_text(peaks: Peaks) -> PeaksText {
    (peaks.half, Exact(peaks.highest), peaks.before.map(Exact))
}

fn terms_text(one: &TermsMemory) -> TermsText {
    let text = |terms: &AssetTerms| {
        let rest = terms.terms;
        let (ltv, bonus) = (rest.loan_to_value, rest.liquidation_bonus);
        let threshold = Exact(terms.liquidation_threshold);
        (threshold, ltv.map(Exact), bonus.map(Exact), rest.is_frozen, rest.is_paused)
    };
    (text(&one.accepted), one.pending.map(|(terms, since)| (text(&terms), since.seconds())))
}

/// The memory of a text; `None` where it is none.
pub(crate) fn memory_of(text: &str) -> Option<Memory> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let text: MemoryText = serde_json::from_str(text).ok()?;
    let fits = text.v == VERSION && text.accounts.len() <= MAX_ACCOUNTS && text.rests.len() <= MAX_RESTS;
    if !fits {
        return None;
    }
    let accounts = text.accounts.into_iter().map(|(key, one)| Some((key, account_of(one)?)));
    let gas = text.gas.into_iter().map(|(chain, (gwei, at))| {
        let chain: ChainId = chain.parse().ok()?;
        Some((chain, NormalGas { gwei: positive(gwei)?, at: Timestamp::new(at) }))
    });
    let locked = text.locked.into_iter().map(|(protocol, peaks)| {
        let protocol: Protocol = protocol.parse().ok()?;
        Some((protocol, peaks_of(peaks)?))
    });
    let rests = text.rests.into_iter().map(|(account, kind, severity, at)| {
        let (kind, severity) = (kind.parse().ok()?, severity.parse().ok()?);
        Some(Rest { account, kind, severity, at: Timestamp::new(at) })
    });
    Some(Memory {
        blind_since: text.blind.map(Timestamp::new),
        accounts: accounts.collect::<Option<_>>()?,
        gas: gas.collect::<Option<_>>()?,
        locked: locked.collect::<Option<_>>()?,
        rests: rests.collect::<Option<_>>()?,
    })
}

fn account_of(text: AccountText) -> Option<AccountMemory> {
    if text.terms.len() > MAX_TERMS {
        return None;
    }
    let peaks = match text.peaks {
        Some(peaks) => Some(peaks_of(peaks)?),
        None => None,
    };
    let terms = text.terms.into_iter().map(|(asset, (accepted, pending))| {
        let asset: Asset = asset.parse().ok()?;
        let pending = pending.map(|(terms, since)| (asset_terms(terms), Timestamp::new(since)));
        Some((asset, TermsMemory { accepted: asset_terms(accepted), pending }))
    });
    Some(AccountMemory { is_near: text.near, peaks, e_mode: text.mode, terms: terms.collect::<Option<_>>()? })
}

fn peaks_of((half, highest, before): PeaksText) -> Option<Peaks> {
    let before = before.map_or(Some(None), |before| positive(before).map(Some))?;
    Some(Peaks { half, highest: positive(highest)?, before })
}

fn asset_terms(text: AssetText) -> AssetTerms {
    let (liquidation_threshold, loan_to_value, liquidation_bonus, is_frozen, is_paused) = text;
    AssetTerms {
        liquidation_threshold: liquidation_threshold.0,
        terms: Terms {
            loan_to_value: loan_to_value.map(|share| share.0),
            liquidation_bonus: liquidation_bonus.map(|share| share.0),
            is_frozen,
            is_paused,
        },
    }
}

fn positive(number: Exact) -> Option<f64> {
    (number.0 > 0.0).then_some(number.0)
}

#[cfg(test)]
mod tests;
