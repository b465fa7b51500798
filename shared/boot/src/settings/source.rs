//! Where settings come from: the environment over a file, or a map in tests.

use std::collections::HashMap;
use std::path::Path;

use super::Problems;

/// Gives the text of a variable.
pub trait Source {
    /// The text, if the variable is set to anything.
    fn value(&self, variable: &str) -> Option<String>;
}

impl<S: std::hash::BuildHasher> Source for HashMap<String, String, S> {
    fn value(&self, variable: &str) -> Option<String> {
        self.get(variable).cloned()
    }
}

/// The process's own environment.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Source for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "boot is the one crate that reads the environment")]
    fn value(&self, variable: &str) -> Option<String> {
        std::env::var(variable).ok().filter(|text| !text.trim().is_empty())
    }
}

struct Layered<A, B>(A, B);

impl<A: Source, B: Source> Source for Layered<A, B> {
    fn value(&self, variable: &str) -> Option<String> {
        self.0.value(variable).or_else(|| self.1.value(variable))
    }
}

/// The environment over the file that `CONFIG_FILE` names, if it names one: YAML, one `VARIABLE: value` a line.
///
/// # Errors
/// A file that cannot be read or is no flat map of known forms.
pub fn layered() -> Result<Box<dyn Source>, Problems> {
    match ProcessEnvironment.value("CONFIG_FILE") {
        None => Ok(Box::new(ProcessEnvironment)),
        Some(path) => Ok(Box::new(Layered(ProcessEnvironment, file(Path::new(&path))?))),
    }
}

fn file(path: &Path) -> Result<HashMap<String, String>, Problems> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Problems(vec![format!("CONFIG_FILE: cannot be read ({})", error.kind())]))?;
    parse(&text)
}

pub(super) fn parse(text: &str) -> Result<HashMap<String, String>, Problems> {
    let values: HashMap<String, serde_json::Value> = serde_saphyr::from_str(text)
        .map_err(|_| Problems(vec!["CONFIG_FILE: is not a YAML map of settings".to_owned()]))?;
    let mut settings = HashMap::new();
    let mut problems = Vec::new();
    for (name, value) in values {
        match value {
            serde_json::Value::String(text) => settings.insert(name, text),
            serde_json::Value::Number(number) => settings.insert(name, number.to_string()),
            serde_json::Value::Bool(flag) => settings.insert(name, flag.to_string()),
            _ => {
                problems.push(format!("CONFIG_FILE: {name} must be a text, a number or a boolean"));
                None
            }
        };
    }
    if problems.is_empty() { Ok(settings) } else { Err(Problems(problems)) }
}
