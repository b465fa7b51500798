//! `POST /api/risk/backtest`: what is replayed, over which days, and which rules would have warned.

use super::body::Body;
use super::simulate::DayRange;
use super::{Parsed, Scope};
use crate::asset::Asset;
use crate::rejection::Code;
use crate::wallet::Wallet;

/// Most lines of a portfolio.
pub const MAX_LINES: usize = 50;
/// Most rules in one request.
pub const MAX_RULES: usize = 10;
/// Longest period, days: ten years.
const MAX_DAYS: u64 = 3_660;
/// Largest amount of a line, whole tokens.
const MAX_TOKENS: f64 = 1e15;

/// What is replayed.
#[derive(Clone, Debug, PartialEq)]
pub enum Subject {
    /// A wallet at its present positions.
    Wallet(Wallet),
    /// Amounts that the request names.
    Portfolio(Vec<PortfolioLine>),
}

/// An amount of one asset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PortfolioLine {
    /// Which.
    pub asset: Asset,
    /// Whole tokens; negative for a debt.
    pub amount: f64,
    /// Share of the value that counts as collateral, fraction; 0 where it is none.
    pub liquidation_threshold: f64,
}

/// A rule that warns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RuleRequest {
    /// Where the health factor is under this.
    HealthFactorBelow(f64),
    /// Where the chance of liquidation within 24 hours is at least this, fraction.
    Probability24h(f64),
}

/// `POST /api/risk/backtest`.
#[derive(Clone, Debug, PartialEq)]
pub struct BacktestRequest {
    /// What is replayed.
    pub subject: Subject,
    /// What to look at of a wallet.
    pub scope: Scope,
    /// The days: both ends are replayed.
    pub days: DayRange,
    /// Rules to replay; the service's own alert lines where empty.
    pub rules: Vec<RuleRequest>,
}

impl BacktestRequest {
    /// Parses the JSON body.
    ///
    /// # Errors
    /// Every refused field; `body` where it is no JSON object.
    pub fn parse(body: &[u8]) -> Parsed<Self> {
        let mut body = Body::parse(body)?;
        let portfolio = body.objects("portfolio", MAX_LINES, line);
        let subject = if portfolio.is_empty() {
            body.required("wallet_address", str::parse).map(Subject::Wallet)
        } else {
            Some(Subject::Portfolio(portfolio))
        };
        let scope =
            Scope { protocols: body.list("protocols", str::parse), chains: body.list("chains", str::parse) };
        let days = body.days(MAX_DAYS);
        let rules = body.objects("rules", MAX_RULES, rule);
        body.finish(|| Some(Self { subject: subject?, scope, days: days?, rules }))
    }
}

fn line(mut line: Body) -> Parsed<PortfolioLine> {
    let asset = line.required("asset", str::parse);
    let amount = line.required_number("amount", -MAX_TOKENS, MAX_TOKENS);
    if amount == Some(0.0) {
        line.refuse_with("amount", Code::OutOfRange, "amount must not be zero");
    }
    let liquidation_threshold = line.number("liquidation_threshold", 0.0, 1.0).unwrap_or(0.0);
    line.finish(|| Some(PortfolioLine { asset: asset?, amount: amount?, liquidation_threshold }))
}

fn rule(mut rule: Body) -> Parsed<RuleRequest> {
    let kind = rule.required("type", |text| match text {
        "health_factor_below" => Ok(true),
        "probability_24h" => Ok(false),
        _ => Err(Code::Unsupported),
    });
    let most = if kind == Some(false) { 1.0 } else { 10.0 };
    let value = rule.required_number("value", 0.0, most);
    rule.finish(|| {
        let value = value?;
        Some(if kind? { RuleRequest::HealthFactorBelow(value) } else { RuleRequest::Probability24h(value) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::refused;

    const WALLET: &str = r#""wallet_address":"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed""#;
    const DAYS: &str = r#""from":"2022-05-01","to":"2022-06-30""#;

    fn parse(fields: &str) -> Parsed<BacktestRequest> {
        BacktestRequest::parse(format!("{{{fields}}}").as_bytes())
    }

    #[test]
    fn a_wallet_or_a_portfolio_is_taken_with_its_days_and_rules() {
        let wallet =
            parse(&format!(r#"{WALLET},{DAYS},"rules":[{{"type":"health_factor_below","value":1.2}}]"#));
        let wallet = wallet.unwrap();
        assert!(matches!(wallet.subject, Subject::Wallet(_)));
        assert_eq!(wallet.rules, [RuleRequest::HealthFactorBelow(1.2)]);
        assert_eq!(wallet.days.to - wallet.days.from, 60);
        let portfolio = parse(&format!(
            r#"{DAYS},"portfolio":[{{"asset":"ethereum:native","amount":10,"liquidation_threshold":0.83}},
               {{"asset":"ethereum:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48","amount":-8000}}]"#
        ));
        let Subject::Portfolio(lines) = portfolio.unwrap().subject else { panic!("a portfolio") };
        assert!((lines[0].liquidation_threshold - 0.83).abs() < 1e-12 && lines[1].amount < 0.0);
    }

    #[test]
    fn each_bad_field_is_named_by_its_place() {
        let line =
            |amount: &str| format!(r#"{DAYS},"portfolio":[{{"asset":"ethereum:native","amount":{amount}}}]"#);
        let cases = [
            (DAYS.to_owned(), "wallet_address", Code::Required),
            (WALLET.to_owned(), "from", Code::Required),
            (format!(r#"{WALLET},"from":"1990-01-01","to":"2024-01-01""#), "to", Code::OutOfRange),
            (format!(r#"{WALLET},"from":"2024-01-02","to":"2024-01-01""#), "to", Code::OutOfRange),
            (line("0"), "portfolio[0].amount", Code::OutOfRange),
            (line("\"5\""), "portfolio[0].amount", Code::WrongType),
            (
                format!(r#"{WALLET},{DAYS},"rules":[{{"type":"luck","value":1}}]"#),
                "rules[0].type",
                Code::Unsupported,
            ),
            (
                format!(r#"{WALLET},{DAYS},"rules":[{{"type":"probability_24h","value":2}}]"#),
                "rules[0].value",
                Code::OutOfRange,
            ),
        ];
        for (fields, field, code) in cases {
            let refused = refused(parse(&fields));
            assert!(refused.contains(&(field.to_owned(), code)), "{fields}: {refused:?}");
        }
    }
}
