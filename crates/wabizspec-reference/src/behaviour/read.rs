//! Bodies of requests as careless readers take them, as data.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::body::amended;
use super::when::When;
use crate::call::Call;
use crate::documented::bodies::BodyError;

/// Another reading of the bodies that meet a condition. It gives the bytes that a careful reader would read the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Read {
    /// Which bodies; by default all. Conditions on the outcome never hold.
    pub when: When,
    /// The body is refused as malformed.
    pub refuse: bool,
    /// This is read instead.
    pub body: Option<String>,
    /// Parts of the text that are read as others.
    pub replace: BTreeMap<String, String>,
    pub remove: Vec<String>,
    /// All members are read as texts.
    pub as_text: bool,
    /// Members that are not texts are not read.
    pub texts_only: bool,
    /// Lists are taken for their first item.
    pub first_items: bool,
    /// Members that are taken for these texts.
    pub set: BTreeMap<String, String>,
    /// The same for missing ones.
    pub default: BTreeMap<String, String>,
}

impl Read {
    /// The bytes that are read from a body.
    pub(super) fn apply<'b>(&self, call: &Call<'_>, body: Cow<'b, [u8]>) -> Result<Cow<'b, [u8]>, BodyError> {
        if !self.when.is_of(call) {
            return Ok(body);
        }
        if self.refuse {
            return Err(BodyError::Malformed("it is refused".to_owned()));
        }
        let mut body = self.body.as_ref().map_or(body, |other| other.clone().into_bytes().into());
        if !self.replace.is_empty() {
            let mut text = String::from_utf8_lossy(&body).into_owned();
            for (from, to) in &self.replace {
                text = text.replace(from, to);
            }
            body = Cow::Owned(text.into_bytes());
        }
        Ok(if self.changes_members() { amended(&body, |members| self.change(members)).into() } else { body })
    }

    fn changes_members(&self) -> bool {
        let members = self.set.len() + self.default.len() + self.remove.len();
        members > 0 || self.as_text || self.texts_only || self.first_items
    }

    fn change(&self, members: &mut Map<String, Value>) {
        members.retain(|name, value| !self.remove.contains(name) && (value.is_string() || !self.texts_only));
        for value in members.values_mut() {
            if self.as_text && !value.is_string() {
                *value = Value::String(value.to_string());
            }
            if let Value::Array(items) = value
                && let Some(first) = items.first().filter(|_| self.first_items)
            {
                *value = first.clone();
            }
        }
        members.extend(self.set.iter().map(|(name, text)| (name.clone(), text.clone().into())));
        for (name, text) in &self.default {
            members.entry(name.as_str()).or_insert_with(|| text.clone().into());
        }
    }
}
