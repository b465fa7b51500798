//! Generated cases: the same seed gives the same cases for ever. Half of every part is right, so that all checks are
//! reached.

use crate::cases::Case;

const WALLET: &str = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/// A stream of numbers (SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, count: usize) -> usize {
        usize::try_from(self.bits() % u64::try_from(count).expect("a count")).expect("an index")
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// True once in so many times.
    fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A request.
    pub(crate) fn case(&mut self) -> Case {
        let (method, path) = self.endpoint();
        let mut case = Case::new(method, &path);
        let query = self.query(&path);
        if !query.is_empty() || self.once_in(20) {
            case.target = format!("{path}?{query}");
        }
        self.headers(&mut case);
        if method == "POST" || method == "PUT" || self.once_in(8) {
            case.body = self.body(&path);
        }
        case
    }

    fn endpoint(&mut self) -> (&'static str, String) {
        const ROUTES: [(&str, &str); 29] = [
            ("GET", "/"),
            ("POST", "/session"),
            ("POST", "/session/end"),
            ("GET", "/api/info"),
            ("GET", "/api/risk/health/live"),
            ("GET", "/api/risk/summary"),
            ("GET", "/api/risk/summary"),
            ("GET", "/api/risk/positions"),
            ("GET", "/api/risk/alerts"),
            ("GET", "/api/risk/alerts"),
            ("GET", "/api/risk/watches"),
            ("GET", "/api/risk/stream"),
            ("POST", "/api/risk/watches:import"),
            ("POST", "/api/risk/watches:import"),
            ("POST", "/api/risk/analyze"),
            ("POST", "/api/risk/analyze"),
            ("POST", "/api/risk/simulate"),
            ("POST", "/api/risk/simulate"),
            ("POST", "/api/risk/simulate"),
            ("POST", "/api/risk/backtest"),
            ("POST", "/api/risk/backtest"),
            ("POST", "/api/risk/alerts/*/acknowledge"),
            ("POST", "/api/risk/alerts/*/resolve"),
            ("GET", "/api/risk/watches/*"),
            ("PUT", "/api/risk/watches/*"),
            ("PUT", "/api/risk/watches/*"),
            ("DELETE", "/api/risk/watches/*"),
            ("GET", "/api/risk/wallets/*"),
            ("DELETE", "/api/risk/wallets/*"),
        ];
        let (method, path) = ROUTES[self.below(ROUTES.len())];
        let method = if self.once_in(25) {
            self.one(&["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get"])
        } else {
            method
        };
        let segment = self.value(&[WALLET, "7", "18446744073709551615"]);
        let mut path = path.replace('*', &segment);
        if self.once_in(30) {
            let odd =
                ["/", "//", "/..", ";a=1", "%2f", "%00", "%ff", "é", "%C3%A9", ".json", "%", "%4", "%zz"];
            path.push_str(self.one(&odd));
        }
        if self.once_in(60) {
            path = path.to_uppercase();
        }
        (method, path)
    }

    /// One of the right values, whole or spoiled; encoded or not.
    fn value(&mut self, right: &[&str]) -> String {
        let mut text = self.one(right).to_owned();
        match self.below(10) {
            0 => text = text.to_lowercase(),
            1 => text = text.to_uppercase(),
            2 => drop(text.pop()),
            3 => text.push_str(self.one(&[
                "0",
                "-",
                "%20",
                "+",
                "%FF",
                "é",
                "%F0%9F%92%A9",
                "%00",
                "a",
                ".",
                "%",
            ])),
            4 => {
                let junk =
                    ["", "-1", "1e3", "0x", "null", "%22", "true", "99999999999999999999", "+5", "0", "1"];
                text = self.one(&junk).to_owned();
            }
            _ => {}
        }
        if self.once_in(6) && text.is_ascii() && !text.is_empty() && !text.contains('%') {
            let at = self.below(text.len());
            text.replace_range(at..=at, &format!("%{:02X}", text.as_bytes()[at]));
        }
        text
    }

    fn query(&mut self, path: &str) -> String {
        let (names, values): (&[&str], &[&str]) = match path {
            "/" | "/api/risk/summary" | "/api/risk/positions" => (&["wallet", "max_age"], &[WALLET, "30"]),
            "/api/risk/alerts" => (
                &["wallet", "severity", "alert_type", "resolved", "limit", "skip", "cursor"],
                &["high", "liquidation_risk", "true", "10", WALLET],
            ),
            "/api/risk/watches" => (&["limit", "cursor"], &["10", WALLET]),
            "/api/risk/stream" if self.once_in(2) => (&["wallet"], &[WALLET]),
            "/api/risk/watches:import" if self.once_in(2) => (&["partial"], &["true", "false"]),
            _ if self.once_in(15) => (&["a", "wallet", "%ff", "é"], &["1"]),
            _ => return String::new(),
        };
        let mut pairs = Vec::new();
        for (index, name) in names.iter().enumerate() {
            // The first is the one that is required, where one is.
            if (index == 0 && !self.once_in(10)) || self.once_in(3) {
                let right = if names.len() == 2 { values[index] } else { self.one(values) };
                let value = self.value(&[right]);
                pairs.push(format!("{name}={value}"));
            }
        }
        if self.once_in(12) {
            pairs.push(
                self.one(&["", "a", "wallet", "wallet=", "=1", "%77allet=1", "x=%ff", "%ff=1", "limit=1"])
                    .to_owned(),
            );
        }
        pairs.join("&")
    }

    fn headers(&mut self, case: &mut Case) {
        let digits = "5b".repeat(32);
        let key = match self.below(16) {
            0 => None,
            1 => Some("rm_short".to_owned()),
            2 => Some(format!("rm_{}", digits.to_uppercase())),
            3 => Some(format!("rm_{digits}é")),
            _ => Some(format!("rm_{digits}")),
        };
        let name = self.one(&["x-api-key", "X-API-KEY", "X-Api-Key"]);
        for _ in 0..if self.once_in(40) { 2 } else { 1 } {
            if let Some(key) = &key {
                case.headers.push((name.to_owned(), key.clone()));
            }
        }
        let optional: [(&str, &[&str]); 4] = [
            ("x-wallet-address", &[WALLET, "0x12", "", "é"]),
            ("accept", &["text/html", "*/*", "text/html;q=0", "application/json, text/html"]),
            ("cookie", &["rm_key=rm_1", "a=b; c=d", "é"]),
            ("content-length", &["0"]),
        ];
        for (name, values) in optional {
            if self.once_in(12) && name != "content-length" {
                case.headers.push((name.to_owned(), self.one(values).to_owned()));
            }
        }
        let types = [
            "application/json",
            "application/json; charset=utf-8",
            "APPLICATION/JSON",
            "application/x-www-form-urlencoded",
            "text/csv",
        ];
        let odd = ["text/plain", "application/jsonx", "", "application/json, application/json", "é"];
        let right = match case.target.as_str() {
            target if target.starts_with("/session") => types[3],
            target if target.contains(":import") && self.once_in(2) => types[4],
            _ => types[self.below(3)],
        };
        let media_type = if self.once_in(12) { self.one(&odd) } else { right };
        if !self.once_in(20) {
            case.headers.push(("content-type".to_owned(), media_type.to_owned()));
        }
    }

    fn body(&mut self, path: &str) -> Vec<u8> {
        if self.once_in(12) {
            return self.junk();
        }
        if path.starts_with("/session") {
            let forms =
                ["api_key=rm_1", "api_key=", "api_key=a&api_key=b", "b=1", "api_key=%ff", "&&", "api_key"];
            return self.one(&forms).as_bytes().to_vec();
        }
        let fields: &[&str] = match path {
            "/api/risk/analyze" => &["wallet_address", "force_refresh", "protocols", "chains"],
            "/api/risk/simulate" => &[
                "wallet_address",
                "shocks",
                "actions",
                "replay",
                "oracle_frozen",
                "gas_factor",
                "target_health_factor",
                "chains",
            ],
            "/api/risk/backtest" => &["wallet_address", "from", "to", "rules", "portfolio", "protocols"],
            _ if path.starts_with("/api/risk/watches/") => &["label", "health_factor_threshold"],
            _ => &["note"],
        };
        let mut written = Vec::new();
        for (index, field) in fields.iter().enumerate() {
            if (index == 0 && !self.once_in(8)) || self.once_in(2) {
                let value = self.field(field);
                written.push(format!("\"{field}\":{value}"));
            }
        }
        if self.once_in(15) {
            written.push(
                self.one(&["\"wallet_address\":1", "\"x\":1", "\"\\u0000\":0", "\"é\":[]", ""]).to_owned(),
            );
        }
        format!("{{{}}}", written.join(",")).into_bytes()
    }

    /// The JSON of a field: right most of the time.
    fn field(&mut self, name: &str) -> String {
        let junk = [
            "null",
            "true",
            "0",
            "-1",
            "1e400",
            "1.5",
            "\"\"",
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "{\"a\":{\"a\":1}}",
            "\"\\ud800\"",
        ];
        if self.once_in(7) {
            return self.one(&junk).to_owned();
        }
        self.one(right_json(name)).to_owned()
    }

    fn junk(&mut self) -> Vec<u8> {
        let texts = [
            "",
            "{",
            "[]",
            "\"x\"",
            "{}",
            " {} ",
            "{\"a\":1}}",
            "\u{feff}{}",
            "nul",
            "{\"a\" 1}",
            "api_key=1",
        ];
        if self.once_in(2) {
            return self.one(&texts).as_bytes().to_vec();
        }
        let length = self.below(40);
        (0..length).map(|_| self.bits().to_le_bytes()[0]).collect()
    }
}

/// What a field may hold: some of it right, some of it nearly so.
fn right_json(name: &str) -> &'static [&'static str] {
    match name {
        "wallet_address" => &[
            "\"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"",
            "\"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed\"",
            "\"0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"",
            "\"\\u0030x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed\"",
        ],
        "force_refresh" | "oracle_frozen" => &["true", "false"],
        "protocols" => &["[\"aave_v3\"]", "[\"aave_v3\",\"nothing\"]", "[1,\"spark\"]"],
        "chains" => &["[\"base\"]", "[\"ethereum\",\"mars\"]", "[\"BASE\"]"],
        "shocks" => &[
            "[{\"target\":\"*\",\"change\":-0.3}]",
            "[{\"target\":\"moon\",\"change\":-2}]",
            "[{\"target\":\"dollar\",\"change\":1},5,{\"change\":0.1,\"x\":1}]",
            "[{\"target\":\"*\",\"change\":1,\"change\":2}]",
        ],
        "actions" => &[
            "[{\"type\":\"repay\",\"account\":\"a\",\"asset\":\"base:native\",\"amount\":\"1.5\"}]",
            "[{\"type\":\"swap\",\"asset\":\"base:native\",\"into\":\"base:0x1\",\"amount\":\"0\"}]",
            "[{\"type\":\"e_mode\",\"account\":\"a\",\"category\":256}]",
            "[{\"type\":\"burn\"}]",
        ],
        "replay" => &[
            "{\"from\":\"2022-05-01\",\"to\":\"2022-05-09\"}",
            "{\"from\":\"2022-02-30\"}",
            "{\"to\":\"x\"}",
        ],
        "gas_factor" | "target_health_factor" | "health_factor_threshold" => {
            &["1.5", "0", "10", "1000", "1e3", "1", "100000"]
        }
        "from" => &["\"2022-05-01\"", "\"1969-12-31\"", "\"2022-5-1\""],
        "to" => &["\"2022-06-30\"", "\"2022-04-30\"", "\"2099-01-01\""],
        "rules" => &[
            "[{\"type\":\"probability_24h\",\"value\":0.5}]",
            "[{\"type\":\"probability_24h\",\"value\":5}]",
            "[{\"type\":\"luck\"}]",
        ],
        "portfolio" => {
            &["[]", "[{\"asset\":\"base:native\",\"amount\":1}]", "[{\"asset\":\"x\",\"amount\":0}]"]
        }
        "label" => &["\"desk\"", "\"a\\nb\"", "\"😀\""],
        _ => &["1"],
    }
}
