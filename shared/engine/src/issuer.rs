//! Who stands behind a token: the issuer whose failure would take all of its tokens at once.
//!
//! By symbol, as the pegs are: an address list would have to be kept for every chain, and a symbol is only believed of a
//! lending market's reserve or of a holding worth something.

/// Issuers and the symbols of their tokens, upper case.
const ISSUERS: [(&str, &[&str]); 23] = [
    ("circle", &["USDC", "USDC.E", "USDBC", "EURC"]),
    ("tether", &["USDT", "USDT0", "USD₮0", "XAUT"]),
    ("sky", &["DAI", "XDAI", "USDS", "SDAI", "SUSDS"]),
    ("aave", &["GHO", "STKGHO"]),
    ("curve", &["CRVUSD", "SCRVUSD"]),
    ("frax", &["FRAX", "SFRAX", "FRXETH", "SFRXETH", "FRXUSD"]),
    ("liquity", &["LUSD", "BOLD"]),
    ("ethena", &["USDE", "SUSDE"]),
    ("paxos", &["PYUSD", "USDP", "BUSD", "USDG", "PAXG"]),
    ("ripple", &["RLUSD"]),
    ("trueusd", &["TUSD"]),
    ("synthetix", &["SUSD"]),
    ("lido", &["STETH", "WSTETH"]),
    ("rocket_pool", &["RETH"]),
    ("coinbase", &["CBETH", "CBBTC"]),
    ("ether_fi", &["EETH", "WEETH", "EBTC"]),
    ("renzo", &["EZETH"]),
    ("kelp", &["RSETH"]),
    ("stakewise", &["OSETH"]),
    ("stader", &["ETHX"]),
    ("bitgo", &["WBTC"]),
    ("threshold", &["TBTC"]),
    ("lombard", &["LBTC"]),
];

/// The issuer of a token by its symbol, any case; `None` for a coin of a chain, a wrapper without an issuer's promise
/// (WETH), or a token whose issuer this build does not know.
#[must_use]
pub fn issuer_of(symbol: &str) -> Option<&'static str> {
    let symbol = symbol.to_uppercase();
    ISSUERS.iter().find(|(_, tokens)| tokens.contains(&symbol.as_str())).map(|(issuer, _)| *issuer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_one_issuer_are_one_risk_and_ether_is_nobodys() {
        assert_eq!(issuer_of("wstETH"), issuer_of("stETH"));
        assert_eq!(issuer_of("USDC.e"), Some("circle"));
        assert_eq!((issuer_of("WETH"), issuer_of("ETH")), (None, None));
    }

    #[test]
    fn no_symbol_has_two_issuers_and_all_are_upper_case() {
        let all: Vec<&str> = ISSUERS.iter().flat_map(|(_, tokens)| tokens.iter().copied()).collect();
        let distinct: std::collections::BTreeSet<&str> = all.iter().copied().collect();
        assert_eq!(all.len(), distinct.len());
        assert!(all.iter().all(|symbol| *symbol == symbol.to_uppercase()));
    }
}
