//! `POST /api/risk/simulate`: what is to happen to prices, and what the owner would do.

use super::body::Body;
use super::{Parsed, Scope};
use crate::asset::Asset;
use crate::rejection::Code;
use crate::wallet::Wallet;

/// Most shocks in one request.
pub const MAX_SHOCKS: usize = 50;
/// Most actions in one request.
pub const MAX_ACTIONS: usize = 20;
/// Longest account key, characters.
const MAX_KEY: usize = 200;
/// Longest decimal amount, characters: 78 digits of a 256-bit integer and a point.
const MAX_AMOUNT: usize = 79;

/// What moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShockTarget {
    /// Everything that promises no dollar (`*`).
    Risk,
    /// Every token that promises a dollar (`dollar`).
    Dollar,
    /// Every token that promises ether and is not ether (`staked_ether`).
    StakedEther,
    /// Every token that promises bitcoin and is not bitcoin (`wrapped_bitcoin`).
    WrappedBitcoin,
    /// One asset.
    Asset(Asset),
}

impl ShockTarget {
    fn parse(text: &str) -> Result<Self, Code> {
        match text {
            "*" => Ok(Self::Risk),
            "dollar" => Ok(Self::Dollar),
            "staked_ether" => Ok(Self::StakedEther),
            "wrapped_bitcoin" => Ok(Self::WrappedBitcoin),
            asset => asset.parse().map(Self::Asset),
        }
    }
}

/// One move of prices.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShockRequest {
    /// What moves. One that names an asset goes before one that names a group.
    pub target: ShockTarget,
    /// By how much, fraction of the present price: −0.3 is a fall of 30 %. Above −1, at most 100.
    pub change: f64,
}

impl Body<'_> {
    /// `from` and `to`, days as `YYYY-MM-DD`, the second after the first by at most `most` days.
    pub(super) fn days(&mut self, most: u64) -> Option<DayRange> {
        let from = self.required("from", parse_day);
        let to = self.required("to", |text| {
            let day = parse_day(text)?;
            let is_after = from.is_none_or(|from| day > from && day - from <= most);
            if is_after { Ok(day) } else { Err(Code::OutOfRange) }
        });
        Some(DayRange { from: from?, to: to? })
    }
}

/// Two days whose closes are replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayRange {
    /// Day since the epoch whose close is the start.
    pub from: u64,
    /// Day since the epoch whose close is the end, after `from`.
    pub to: u64,
}

impl DayRange {
    /// Takes `from` and `to`, days as `YYYY-MM-DD`.
    fn of(mut body: Body) -> Parsed<Self> {
        let days = body.days(u64::MAX);
        body.finish(|| days)
    }
}

/// What the owner would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Supply to an account.
    Supply,
    /// Withdraw from an account.
    Withdraw,
    /// Repay a debt of an account.
    Repay,
    /// Borrow more from an account.
    Borrow,
    /// Turn a token of the wallet into another.
    Swap,
    /// Enter an e-mode category of an account; 0 leaves it.
    EMode,
}

impl ActionKind {
    /// Every kind with its name.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Supply, "supply"),
        (Self::Withdraw, "withdraw"),
        (Self::Repay, "repay"),
        (Self::Borrow, "borrow"),
        (Self::Swap, "swap"),
        (Self::EMode, "e_mode"),
    ];

    fn parse(text: &str) -> Result<Self, Code> {
        Self::ALL.into_iter().find(|(_, name)| *name == text).map(|(kind, _)| kind).ok_or(Code::Unsupported)
    }
}

/// One step of the owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionRequest {
    /// What.
    pub kind: ActionKind,
    /// Key of the account, as answers name it; every kind but a swap needs it.
    pub account: Option<String>,
    /// The token moved; every kind but an e-mode needs it.
    pub asset: Option<Asset>,
    /// For a swap: what it is turned into.
    pub into: Option<Asset>,
    /// Whole tokens, decimal text, above zero; every kind but an e-mode needs it.
    pub amount: Option<String>,
    /// For an e-mode: the category.
    pub category: Option<u8>,
}

impl ActionRequest {
    fn of(mut body: Body) -> Parsed<Self> {
        let kind = body.required("type", ActionKind::parse);
        let (is_swap, is_e_mode) = (kind == Some(ActionKind::Swap), kind == Some(ActionKind::EMode));
        let key = |text: &str| {
            if text.len() > MAX_KEY { Err(Code::TooLong) } else { Ok(text.to_owned()) }
        };
        let account = if is_swap { None } else { body.required("account", key) };
        let asset = if is_e_mode { None } else { body.required("asset", str::parse) };
        let amount = if is_e_mode { None } else { body.required("amount", parse_amount) };
        let into = if is_swap { body.required("into", str::parse) } else { None };
        let category = if is_e_mode { body.whole("category", u32::from(u8::MAX)) } else { None };
        let category = category.and_then(|category| u8::try_from(category).ok());
        body.finish(|| Some(Self { kind: kind?, account, asset, into, amount, category }))
    }
}

/// `POST /api/risk/simulate`.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulateRequest {
    /// Whose.
    pub wallet: Wallet,
    /// What to look at.
    pub scope: Scope,
    /// Moves of prices, all at once, before the actions.
    pub shocks: Vec<ShockRequest>,
    /// Closes to replay instead of shocks.
    pub replay: Option<DayRange>,
    /// Whether the protocols' oracles stay where they are while the market moves.
    pub is_oracle_frozen: bool,
    /// Times the present gas price, 1 where absent.
    pub gas_factor: f64,
    /// What the owner would do, in order, after the prices moved.
    pub actions: Vec<ActionRequest>,
    /// Health factor that the cure leads to; the service's own where absent.
    pub target_health_factor: Option<f64>,
}

impl SimulateRequest {
    /// Parses the JSON body.
    ///
    /// # Errors
    /// Every refused field; `body` where it is no JSON object.
    pub fn parse(body: &[u8]) -> Parsed<Self> {
        let mut body = Body::parse(body)?;
        let wallet = body.required("wallet_address", str::parse);
        let scope =
            Scope { protocols: body.list("protocols", str::parse), chains: body.list("chains", str::parse) };
        let shocks = body.objects("shocks", MAX_SHOCKS, |mut shock| {
            let target = shock.required("target", ShockTarget::parse);
            let change = shock.required_number("change", -1.0, 100.0);
            shock.finish(|| Some(ShockRequest { target: target?, change: change? }))
        });
        let replay = body.object("replay", DayRange::of);
        if replay.is_some() && !shocks.is_empty() {
            body.refuse_with("replay", Code::Unsupported, "replay and shocks exclude each other");
        }
        let is_oracle_frozen = body.boolean("oracle_frozen").unwrap_or(false);
        let gas_factor = body.number("gas_factor", 0.0, 1_000.0).unwrap_or(1.0);
        let actions = body.objects("actions", MAX_ACTIONS, ActionRequest::of);
        let target_health_factor = body.number("target_health_factor", 1.0, 10.0);
        body.finish(|| {
            Some(Self {
                wallet: wallet?,
                scope,
                shocks,
                replay,
                is_oracle_frozen,
                gas_factor,
                actions,
                target_health_factor,
            })
        })
    }
}

/// A decimal amount above zero: digits, at most one point, no sign and no exponent.
fn parse_amount(text: &str) -> Result<String, Code> {
    if text.len() > MAX_AMOUNT {
        return Err(Code::TooLong);
    }
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_digits(whole) || !is_digits(fraction) {
        return Err(Code::Malformed);
    }
    if text.bytes().all(|byte| byte == b'0' || byte == b'.') {
        return Err(Code::OutOfRange);
    }
    Ok(text.to_owned())
}

/// A day `YYYY-MM-DD` of 1970 or later, as days since the epoch (proleptic Gregorian, after Hinnant's
/// `days_from_civil`).
fn parse_day(text: &str) -> Result<u64, Code> {
    let malformed = Code::Malformed;
    let digits = |range: std::ops::Range<usize>| {
        let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u64>().ok()).ok_or(malformed)
    };
    let is_shaped = text.len() == 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    if !is_shaped {
        return Err(malformed);
    }
    let (year, month, day) = (digits(0..4)?, digits(5..7)?, digits(8..10)?);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days_of = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let most = usize::try_from(month).ok().and_then(|month| days_of.get(month.checked_sub(1)?).copied());
    if year < 1970 || day == 0 || most.is_none_or(|most| day > most) {
        return Err(Code::OutOfRange);
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year / 400, (month + 9) % 12);
    let day_of_era = {
        let year = year % 400;
        year * 365 + year / 4 - year / 100 + (153 * month + 2) / 5 + day - 1
    };
    Ok(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::refused;

    const WALLET: &str = r#""wallet_address":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed""#;
    const USDC: &str = "ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48";

    fn parse(rest: &str) -> Parsed<SimulateRequest> {
        SimulateRequest::parse(format!("{{{WALLET}{rest}}}").as_bytes())
    }

    #[test]
    fn shocks_and_actions_are_taken_in_order() {
        let parsed = parse(&format!(
            r#","shocks":[{{"target":"*","change":-0.3}},{{"target":"{USDC}","change":-0.12}}],
               "actions":[{{"type":"repay","account":"aave_v3:ethereum:0x87","asset":"{USDC}","amount":"1500.25"}},
                          {{"type":"e_mode","account":"a","category":1}},
                          {{"type":"swap","asset":"ethereum:native","into":"{USDC}","amount":"2"}}],
               "oracle_frozen":true,"target_health_factor":1.6"#
        ))
        .unwrap();
        assert_eq!(parsed.shocks[0], ShockRequest { target: ShockTarget::Risk, change: -0.3 });
        assert_eq!(parsed.shocks[1].target, ShockTarget::Asset(USDC.parse().unwrap()));
        let kinds: Vec<ActionKind> = parsed.actions.iter().map(|action| action.kind).collect();
        assert_eq!(kinds, [ActionKind::Repay, ActionKind::EMode, ActionKind::Swap]);
        assert_eq!((parsed.is_oracle_frozen, parsed.target_health_factor), (true, Some(1.6)));
        assert_eq!((parsed.actions[1].category, parsed.actions[2].account.clone()), (Some(1), None));
    }

    #[test]
    fn each_bad_field_is_named_by_its_place() {
        let cases = [
            (r#","shocks":[{"target":"*"}]"#, "shocks[0].change", Code::Required),
            (r#","shocks":[{"target":"*","change":-1.0}]"#, "shocks[0].change", Code::OutOfRange),
            (r#","shocks":[{"target":"moon","change":0.1}]"#, "shocks[0].target", Code::Malformed),
            (r#","shocks":[5]"#, "shocks[0]", Code::WrongType),
            (r#","shocks":{}"#, "shocks", Code::WrongType),
            (r#","replay":{"from":"2022-05-09","to":"2022-05-09"}"#, "replay.to", Code::OutOfRange),
            (r#","replay":{"from":"2022-02-30","to":"2022-05-09"}"#, "replay.from", Code::OutOfRange),
            (r#","replay":{"from":"yesterday","to":"2022-05-09"}"#, "replay.from", Code::Malformed),
            (r#","actions":[{"type":"burn"}]"#, "actions[0].type", Code::Unsupported),
            (r#","gas_factor":0"#, "gas_factor", Code::OutOfRange),
            (r#","shocks":[{"target":"*","change":1,"change":2}]"#, "body", Code::Repeated),
        ];
        for (rest, field, code) in cases {
            let refused = refused(parse(rest));
            assert!(refused.contains(&(field.to_owned(), code)), "{rest}: {refused:?}");
        }
    }

    #[test]
    fn amounts_are_plain_decimals_above_zero() {
        for good in ["1", "0.000001", "115792089237316195423570985008687907853269984665640564039457"] {
            assert_eq!(parse_amount(good).as_deref(), Ok(good));
        }
        for (bad, code) in [
            ("-1", Code::Malformed),
            ("1e5", Code::Malformed),
            ("", Code::Malformed),
            (".5", Code::Malformed),
            ("0.0", Code::OutOfRange),
        ] {
            assert_eq!(parse_amount(bad), Err(code), "{bad}");
        }
    }

    #[test]
    fn days_count_from_the_epoch() {
        for (text, day) in
            [("1970-01-01", 0), ("2000-02-29", 11_016), ("2020-03-12", 18_333), ("2024-12-31", 20_088)]
        {
            assert_eq!(parse_day(text), Ok(day), "{text}");
        }
        for bad in ["2023-02-29", "1969-12-31", "2020-13-01", "2020-00-10", "2020-01-00"] {
            assert_eq!(parse_day(bad), Err(Code::OutOfRange), "{bad}");
        }
    }
}
