//! Ways around the check of credentials: what a careless front lets pass and the handler behind it reads otherwise.

use serde::{Deserialize, Serialize};

use super::Beside;

/// A way around the check. It is open where each of its members holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Door {
    /// A part of the path, and what the handler reads in its place.
    pub path: Option<(String, String)>,
    /// A header that is there, by its name in lower case.
    pub header: Option<String>,
    /// The header that the handler takes for the method.
    pub method_from: Option<String>,
    /// The header that the handler takes for the path.
    pub path_from: Option<String>,
}

impl Door {
    /// The method and the path that the handler reads, if the way is open.
    pub fn passed(&self, beside: &Beside<'_>) -> Option<(String, String)> {
        let text = |name: &String| std::str::from_utf8((beside.field)(name)?).ok().map(str::to_owned);
        let (mut method, mut path) = (beside.method.to_owned(), beside.path.to_owned());
        if let Some((part, read)) = &self.path {
            path = path.contains(part.as_str()).then(|| path.replace(part.as_str(), read))?;
        }
        if let Some(header) = &self.header {
            text(header)?;
        }
        if let Some(header) = &self.method_from {
            method = text(header)?;
        }
        if let Some(header) = &self.path_from {
            path = text(header)?;
        }
        Some((method, path))
    }
}
