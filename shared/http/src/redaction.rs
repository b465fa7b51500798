//! Taking keys and URLs out of the short reasons that parsers give.

/// Longest reason kept, in characters.
const MAX_REASON_CHARS: usize = 200;
/// Longest reason looked at: a hostile one may be as long as a reply. Far above what is kept, so that a key cut
/// in two at this end cannot move into the part that is shown.
const MAX_READ_CHARS: usize = 16 * 1024;
/// Parts of a path or query shorter than this are words of the API rather than keys.
const MIN_KEY_CHARS: usize = 16;
/// Header values and parameters known to be secret are taken out from this length on; shorter ones
/// would turn ordinary words into holes.
const MIN_SECRET_CHARS: usize = 4;

/// Values that must not be shown: an upstream's and a request's keys.
#[derive(Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Remembers a value known to be secret.
    pub(crate) fn add(&mut self, value: &str) {
        if value.len() >= MIN_SECRET_CHARS {
            self.0.push(value.to_owned());
        }
    }

    /// Remembers the parts of a path and query that are long enough to be keys.
    pub(crate) fn add_keys_of_path(&mut self, path_and_query: &str) {
        let parts = path_and_query.split(['/', '?', '&', '=', ':', '@', ',']);
        self.0.extend(parts.filter(|part| part.len() >= MIN_KEY_CHARS).map(str::to_owned));
    }

    /// The reason without the secrets of `self` and `more`, without URLs and control characters, cut to 200
    /// characters. Providers do echo keys: "Invalid API Key: …".
    pub(crate) fn redact(&self, more: &Secrets, reason: &str) -> String {
        let mut text: String = reason.chars().take(MAX_READ_CHARS).collect();
        for secret in self.0.iter().chain(&more.0) {
            if text.contains(secret.as_str()) {
                text = text.replace(secret.as_str(), "[redacted]");
            }
        }
        let words = text.split(|c: char| c.is_whitespace() || c.is_control());
        let words = words.filter(|word| !word.is_empty());
        let words: Vec<&str> = words.map(|word| if word.contains("://") { "[url]" } else { word }).collect();
        words.join(" ").chars().take(MAX_REASON_CHARS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_a_url_and_a_line_break_are_taken_out_of_a_reason() {
        let mut upstream = Secrets::default();
        upstream.add_keys_of_path("/v2/Zq8sKeyInThePath1234");
        let mut request = Secrets::default();
        request.add("CG-abc");
        let reason =
            "Invalid key CG-abc\r\nfor https://x.test/v2/Zq8sKeyInThePath1234 or Zq8sKeyInThePath1234.";
        let shown = upstream.redact(&request, reason);
        assert_eq!(shown, "Invalid key [redacted] for [url] or [redacted].");
    }

    #[test]
    fn a_reason_of_a_megabyte_is_cut() {
        let shown = Secrets::default().redact(&Secrets::default(), &"word ".repeat(200_000));
        assert!(shown.chars().count() <= MAX_REASON_CHARS);
        assert!(shown.starts_with("word word"));
    }
}
