//! A provider's key, which nothing prints.

/// A provider's API key. `Debug` shows that there is one, not which.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Takes the key's text; `None` where it is blank, so that an empty setting counts as not configured.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The key itself, for the request that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_not_shown_and_a_blank_one_is_none() {
        let key = Key::new(" hunter2 ").unwrap();
        assert_eq!(key.reveal(), "hunter2");
        assert!(!format!("{key:?}").contains("hunter2"));
        assert_eq!(Key::new("  "), None);
    }
}
