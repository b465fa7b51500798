//! CoinGecko, DefiLlama and Etherscan.

use serde_json::{Value, json};

use crate::support::*;

fn series(chart: &Value, name: &str) -> Vec<(u64, f64)> {
    let rows = chart[name].as_array().expect("series").iter();
    rows.map(|row| (row[0].as_u64().expect("ms"), row[1].as_f64().expect("number"))).collect()
}

fn log_returns(points: &[(u64, f64)]) -> Vec<f64> {
    points.windows(2).map(|pair| (pair[1].1 / pair[0].1).ln()).collect()
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |list: &[f64]| list.iter().sum::<f64>() / list.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(x, y)| f(x - ma, y - mb)).sum::<f64>();
    sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt()
}

#[tokio::test]
async fn prices_come_by_id_and_by_contract_and_unknown_tokens_are_absent() {
    let probe = Probe::start(1).await;
    let (_, ids) = probe.get("/coingecko/api/v3/simple/price?ids=ethereum,nope&vs_currencies=usd").await;
    assert_eq!(ids, json!({"ethereum": {"usd": 2000.0}}));
    let path = format!(
        "/coingecko/api/v3/simple/token_price/ethereum?contract_addresses={USDC},0x{}&vs_currencies=usd\
         &include_24hr_vol=true&include_last_updated_at=true",
        "12".repeat(20)
    );
    let (status, body) = probe.get(&path).await;
    assert_eq!((status, body.as_object().expect("object").len()), (200, 1));
    let usdc = &body[USDC.to_lowercase()];
    assert_eq!(usdc["usd"], 1.0);
    assert!(usdc["usd_24h_vol"].as_f64().expect("volume") > 1e9 && usdc["last_updated_at"].is_u64());
    assert!(usdc.get("usd_market_cap").is_none());
}

#[tokio::test]
async fn too_many_addresses_and_wrong_keys_are_refused_with_the_providers_codes() {
    let probe = Probe::start(1).await;
    let many = vec![USDC; 516].join(",");
    let base = "/coingecko/api/v3/simple/token_price/ethereum?vs_currencies=usd&contract_addresses=";
    let (status, body) = probe.get(&format!("{base}{many}")).await;
    assert_eq!((status, body["error_code"].as_u64()), (400, Some(10012)));
    let many = vec![USDC; 515].join(",");
    assert_eq!(probe.get(&format!("{base}{many}")).await.0, 200);
    for (key, wanted) in [("sandbox", 200), ("wrong", 401)] {
        let request = probe.client.get(probe.url("/coingecko/api/v3/ping")).header("x-cg-demo-api-key", key);
        let answer = request.send().await.expect("answer");
        assert_eq!(answer.status().as_u16(), wanted);
        let body: Value = serde_json::from_slice(&answer.bytes().await.expect("body")).expect("json");
        if wanted == 401 {
            assert_eq!(body["status"]["error_code"], 10002);
        }
    }
    let (status, body) =
        probe.get("/coingecko/api/v3/coins/ethereum/market_chart?vs_currency=usd&days=366").await;
    assert_eq!((status, body["error"]["status"]["error_code"].as_u64()), (401, Some(10012)));
    let (status, body) = probe.get("/coingecko/api/v3/coins/nope/market_chart?vs_currency=usd&days=1").await;
    assert_eq!((status, body), (404, json!({"error": "coin not found"})));
}

#[tokio::test]
async fn daily_history_sits_on_midnights_and_ends_with_now() {
    let probe = Probe::start(4).await;
    let (_, eth) = probe
        .get("/coingecko/api/v3/coins/ethereum/market_chart?vs_currency=usd&days=365&interval=daily")
        .await;
    let points = series(&eth, "prices");
    assert!((365..=367).contains(&points.len()), "{}", points.len());
    let (last, days) = points.split_last().expect("points");
    assert!(days.iter().all(|(ms, _)| ms % 86_400_000 == 0));
    assert!(last.0 % 86_400_000 != 0 && (last.1 - 2000.0).abs() < 1e-9);
    assert_eq!(series(&eth, "total_volumes").len(), points.len());
    let path = format!(
        "/coingecko/api/v3/coins/ethereum/contract/{WETH}/market_chart?vs_currency=usd&days=365&interval=daily"
    );
    assert_eq!(series(&probe.get(&path).await.1, "prices")[..300], points[..300], "WETH is ether");
}

#[tokio::test]
async fn returns_have_realistic_volatility_and_correlation() {
    let probe = Probe::start(4).await;
    let mut returns = Vec::new();
    for id in ["ethereum", "wrapped-bitcoin", "wrapped-steth", "usd-coin"] {
        let path =
            format!("/coingecko/api/v3/coins/{id}/market_chart?vs_currency=usd&days=365&interval=daily");
        let points = series(&probe.get(&path).await.1, "prices");
        returns.push(log_returns(&points[..points.len() - 1]));
    }
    let yearly = |list: &[f64]| (list.iter().map(|r| r * r).sum::<f64>() / list.len() as f64 * 365.0).sqrt();
    let (eth, btc, steth, usdc) = (&returns[0], &returns[1], &returns[2], &returns[3]);
    assert!((0.6..0.8).contains(&yearly(eth)), "{}", yearly(eth));
    assert!((0.47..0.63).contains(&yearly(btc)), "{}", yearly(btc));
    assert!(yearly(usdc) < 0.01, "{}", yearly(usdc));
    assert!((0.5..0.75).contains(&correlation(eth, btc)), "{}", correlation(eth, btc));
    assert!(correlation(eth, steth) > 0.99);
    let path = "/coingecko/api/v3/coins/ethereum/market_chart?vs_currency=usd&days=90";
    let hourly = series(&probe.get(path).await.1, "prices");
    assert!(hourly.len() >= 90 * 24, "{}", hourly.len());
}

#[tokio::test]
async fn the_same_seed_gives_the_same_history_and_another_seed_another() {
    let (one, two, other) = (Probe::start(4).await, Probe::start(4).await, Probe::start(5).await);
    let path = "/coingecko/api/v3/coins/chainlink/market_chart?vs_currency=usd&days=200&interval=daily";
    let mut charts = Vec::new();
    for probe in [&one, &two, &other] {
        charts.push(series(&probe.get(path).await.1, "prices"));
    }
    assert_eq!(charts[0][..190], charts[1][..190]);
    assert_ne!(charts[0][..190], charts[2][..190]);
}

#[tokio::test]
async fn lists_map_platforms_to_chains_and_coins_to_contracts() {
    let probe = Probe::start(1).await;
    let (_, platforms) = probe.get("/coingecko/api/v3/asset_platforms").await;
    let rows = platforms.as_array().expect("rows");
    assert!(rows.iter().any(|row| row["id"] == "arbitrum-one" && row["chain_identifier"] == 42161));
    let (_, coins) = probe.get("/coingecko/api/v3/coins/list?include_platform=true").await;
    let usdc = coins.as_array().expect("rows").iter().find(|row| row["id"] == "usd-coin").expect("USDC");
    assert_eq!(usdc["platforms"]["ethereum"], USDC.to_lowercase());
    assert_eq!(usdc["platforms"]["base"], "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913");
    let (_, markets) = probe.get("/coingecko/api/v3/coins/markets?vs_currency=usd&ids=aave,uniswap").await;
    assert_eq!(markets[0]["id"], "aave");
    assert!(markets[1]["total_volume"].as_f64().expect("volume") > 1e6);
}

#[tokio::test]
async fn llama_echoes_keys_and_leaves_out_what_it_does_not_know() {
    let probe = Probe::start(1).await;
    let path = format!("/llama/prices/current/ethereum:{USDC},coingecko:ethereum,base:0x{}", "12".repeat(20));
    let (_, body) = probe.get(&path).await;
    let coins = body["coins"].as_object().expect("coins");
    assert_eq!(coins.len(), 2);
    let usdc = &coins[&format!("ethereum:{USDC}")];
    assert_eq!((usdc["decimals"].as_u64(), usdc["price"].as_f64()), (Some(6), Some(1.0)));
    assert!(coins["coingecko:ethereum"].get("decimals").is_none());
    assert!(usdc["confidence"].as_f64().expect("confidence") > 0.9 && usdc["timestamp"].is_u64());
    let (_, chart) = probe.get("/llama/chart/coingecko:ethereum?span=10&period=1d").await;
    assert_eq!(chart["coins"]["coingecko:ethereum"]["prices"].as_array().expect("prices").len(), 10);
    let (_, tvl) = probe.get("/llama/tvl/aave-v3").await;
    assert!(tvl.as_f64().expect("a bare number") > 1e9);
    let (_, protocols) = probe.get("/llama/protocols").await;
    assert_eq!(protocols[0]["slug"], "aave-v3");
    assert_eq!(probe.get("/llama/prices/current/%00,,:").await.0, 200);
}

#[tokio::test]
async fn etherscan_speaks_in_strings_and_hides_its_errors_in_200() {
    let probe = Probe::start(1).await;
    let (_, gas) = probe.get("/etherscan/v2/api?chainid=1&module=gastracker&action=gasoracle").await;
    assert_eq!(gas["status"], "1");
    let price: f64 = gas["result"]["ProposeGasPrice"].as_str().expect("string").parse().expect("number");
    assert!((0.1..1.0).contains(&price), "below one gwei");
    let path = format!("/etherscan/v2/api?chainid=1&module=account&action=txlist&address={WETH}");
    assert_eq!(
        probe.get(&path).await.1,
        json!({"status": "0", "message": "No transactions found", "result": []})
    );
    for (query, text) in [
        ("module=gastracker&action=gasoracle", "Missing or unsupported chainid"),
        ("chainid=1&module=gastracker&action=nope", "Error! Missing Or invalid Action name"),
        ("chainid=1&module=account&action=txlist&address=zz", "Error! Invalid address format"),
    ] {
        let (status, body) = probe.get(&format!("/etherscan/v2/api?{query}")).await;
        assert_eq!((status, body["message"].as_str()), (200, Some("NOTOK")));
        assert!(body["result"].as_str().expect("text").starts_with(text), "{body}");
    }
    let path = format!("/etherscan/v2/api?chainid=1&module=contract&action=getsourcecode&address={POOL}");
    let (_, pool) = probe.get(&path).await;
    assert_eq!(pool["result"][0]["Proxy"], "1");
}
