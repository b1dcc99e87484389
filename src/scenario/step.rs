//! From a step of the file to a [`Step`]: what is sent, what is expected, what is captured.

use std::ops::Range;

use toml::Spanned;

use super::format::{ExpectEntry, OneOrMore, PatternEntry, StepEntry};
use super::{Action, Authorization, Capture, Copies, Draft, Step, is_harness_name};
use crate::documented::api::Operation;
use crate::exchange::Manner;
use crate::judge::{Check, Expectation, Granted, Pattern, Placeholder, StatusSet};
use crate::located::{self, LineCounter, LocatedError, SourceText};
use crate::requirement::Register;
use crate::template::{Pointer, Template, TemplateError, is_name};

pub(super) struct Reader<'r> {
    pub source: SourceText<'r>,
    pub register: &'r Register,
    /// Names, and what stands for them in every text.
    pub texts: Vec<(&'r str, &'r str)>,
}

impl Reader<'_> {
    pub fn step(&self, entry: &Spanned<StepEntry>, lines: &mut LineCounter<'_>) -> Result<Step, LocatedError> {
        let span = entry.span();
        let line = lines.line(span.start);
        let entry = entry.get_ref();
        let advice = "findings name the step: say in a few words what it does";
        self.source.filled(&entry.name, "the name of the step is empty", advice)?;
        let name = self.filled_in(entry.name.get_ref().trim());
        let expectations =
            entry.expect.iter().map(|(key, expect)| self.expectation(key, expect)).collect::<Result<Vec<_>, _>>()?;
        let captures =
            entry.capture.iter().map(|(key, pointer)| self.capture(key, pointer)).collect::<Result<Vec<_>, _>>()?;
        let action = self.action(&span, entry)?;
        match (&action, expectations.is_empty()) {
            (Action::Advance(_), false) => {
                let what = "the step sends nothing, so there is no answer to expect";
                return Err(self.source.error(span, what, "remove [steps.expect]"));
            }
            // What they did shows in a later step.
            (Action::Send(_), true) if entry.copies == Some(Copies::Together) => {}
            (Action::Send(_) | Action::Raw(_) | Action::Hex(_), true) => {
                let advice = "add [steps.expect] with the requirement that the step is about";
                return Err(self.source.error(span, "the step expects nothing, so it checks nothing", advice));
            }
            _ => {}
        }
        let is_of_copies = |check: &Check| matches!(check, Check::Granted(_));
        let of_copies = expectations.iter().flat_map(|expectation| &expectation.checks).any(is_of_copies);
        let what = match entry.copies {
            None => of_copies.then_some("the step expects something of its copies, but has none"),
            Some(_) if !matches!(action, Action::Send(_)) => Some("only a step with `send` can have copies"),
            Some(_) if !captures.is_empty() => Some("each copy has an answer of its own, so nothing can be captured"),
            Some(_) => entry.may_refuse.is_some().then_some("a step with copies cannot have `may_refuse`"),
        };
        if let Some(what) = what {
            return Err(self.source.error(span, what, "see `copies` in the README of the scenarios"));
        }
        if let Some(why) = &entry.may_refuse {
            let advice = "say why a target that conforms may refuse the request";
            self.source.filled(why, "`may_refuse` gives no reason", advice)?;
            // A refusal does not excuse itself.
            if !expectations.iter().flat_map(Expectation::statuses).any(StatusSet::accepts) {
                let what = "`may_refuse` is on a step that does not expect to be accepted";
                return Err(self.source.error(why.span(), what, "expect a status of class 2xx, or remove the key"));
            }
        }
        let may_refuse = entry.may_refuse.as_ref().map(|why| why.get_ref().clone());
        Ok(Step { name, action, copies: entry.copies, may_refuse, expectations, captures, line })
    }

    fn action(&self, span: &Range<usize>, entry: &StepEntry) -> Result<Action, LocatedError> {
        let ways = [entry.send.is_some(), entry.raw.is_some(), entry.hex.is_some(), entry.advance.is_some()];
        let ways = ways.into_iter().filter(|given| *given).count();
        if ways != 1 {
            let what = match ways {
                0 => "the step does nothing".to_owned(),
                ways => format!("the step does {ways} things"),
            };
            let advice = "give exactly one of `send`, `raw`, `hex` and `advance`";
            return Err(self.source.error(span.clone(), what, advice));
        }
        if let Some(send) = &entry.send {
            return self.draft(send, entry);
        }
        let mut parts = [&entry.basic, &entry.bearer, &entry.json, &entry.body].into_iter().flatten();
        let part = parts.next().map(|part| ("one", part.span()));
        let header = entry.headers.iter().next().map(|(name, _)| ("a header", name.span()));
        if let Some((part, span)) = part.or(header) {
            let what = format!("the step is not made of parts, but {part} is given");
            return Err(self.source.error(span, what, "write it into the bytes, or use `send`"));
        }
        match (&entry.raw, &entry.hex, entry.advance) {
            (Some(raw), ..) => self.template(raw).map(Action::Raw),
            (_, Some(hex), _) => self.hex(hex).map(Action::Hex),
            (.., seconds) => Ok(Action::Advance(seconds.unwrap_or_default())),
        }
    }

    fn draft(&self, send: &Spanned<String>, entry: &StepEntry) -> Result<Action, LocatedError> {
        let text = self.filled_in(send.get_ref());
        let (method, path) = text.split_once(' ').unwrap_or((&text, ""));
        let upper = |byte: u8| byte.is_ascii_uppercase();
        if method.is_empty() || !method.bytes().all(upper) || !path.starts_with('/') || path.contains(' ') {
            let what = format!("`{text}` is not a method and a path");
            return Err(self.source.error(send.span(), what, format!("write it as \"{}\"", Operation::LogIn)));
        }
        let authorization = match (&entry.basic, &entry.bearer) {
            (None, None) => Authorization::None,
            (Some(basic), None) => Authorization::Basic(self.template(basic)?),
            (None, Some(bearer)) => Authorization::Bearer(self.template(bearer)?),
            (Some(_), Some(bearer)) => {
                let what = "the step has `basic` and `bearer`";
                let advice = "keep one; several Authorization headers go into `headers` as a list";
                return Err(self.source.error(bearer.span(), what, advice));
            }
        };
        let body = match (&entry.json, &entry.body) {
            (Some(_), Some(body)) => {
                return Err(self.source.error(body.span(), "the step has `json` and `body`", "keep one of them"));
            }
            // An operation may have no body.
            (json, body) => {
                let given = json.as_ref().or(body.as_ref());
                let given = given.filter(|text| text.get_ref() != "${body}" || !self.filled_in("${body}").is_empty());
                given.map(|text| self.template(text)).transpose()?
            }
        };
        let is_json = body.is_some() && entry.json.is_some();
        let mut headers = Vec::new();
        for (name, values) in entry.headers.iter() {
            let token = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.!#$%&'*+^`|~".contains(&byte);
            let text = self.filled_in(name.get_ref());
            if text.is_empty() || !text.bytes().all(token) {
                let what = format!("`{text}` is not a valid header name");
                return Err(self.source.error(name.span(), what, "what is no HTTP goes into `raw` or `hex`"));
            }
            for value in &values.get_ref().0 {
                if value.contains(['\r', '\n']) {
                    let what = format!("the value of `{}` holds a line end", name.get_ref());
                    let advice = "what is no HTTP goes into `raw` or `hex`";
                    return Err(self.source.error(values.span(), what, advice));
                }
                headers.push((text.clone(), self.parsed(value, values.span())?));
            }
        }
        Ok(Action::Send(Draft {
            method: method.to_owned(),
            path: self.parsed(path, send.span())?,
            authorization,
            headers,
            body,
            is_json,
            manner: self.manner(entry)?,
        }))
    }

    fn manner(&self, entry: &StepEntry) -> Result<Manner, LocatedError> {
        let Some(word) = &entry.manner else { return Ok(Manner::Usual) };
        located::named(&self.filled_in(word.get_ref())).map_err(|located::Unknown { advice }| {
            self.source.error(word.span(), format!("`{}` is not a valid manner", word.get_ref()), advice)
        })
    }

    fn hex(&self, text: &Spanned<String>) -> Result<Template, LocatedError> {
        let template = self.template(text)?;
        if template.hex_literals().is_some() {
            return Ok(template);
        }
        let what = "not an even number of hexadecimal digits";
        Err(self.source.error(text.span(), what, "two digits a byte, such as \"47 45 54\""))
    }

    fn expectation(&self, key: &Spanned<String>, entry: &Spanned<ExpectEntry>) -> Result<Expectation, LocatedError> {
        let id = key.get_ref();
        let Some(requirement) = self.register.find(id) else {
            let advice = match self.register.nearest(id) {
                Some(near) => format!("did you mean \"{near}\"? The ids are in requirements.toml"),
                None => "add the requirement to requirements.toml first, with its source".to_owned(),
            };
            return Err(self.source.error(key.span(), format!("there is no requirement \"{id}\""), advice));
        };
        let checks = self.checks(entry.get_ref())?;
        if checks.is_empty() {
            let what = format!("\"{id}\" asks nothing");
            return Err(self.source.error(key.span(), what, "add `status`, `error`, `body` or the like"));
        }
        Ok(Expectation { requirement: id.clone(), level: requirement.level, checks })
    }

    fn checks(&self, entry: &ExpectEntry) -> Result<Vec<Check>, LocatedError> {
        let mut checks = Vec::new();
        if let Some(status) = &entry.status {
            let words = status.get_ref().0.iter().map(|word| self.filled_in(word)).collect::<Vec<_>>().join(" ");
            let set = StatusSet::parse(words.split(' '));
            checks.push(Check::Status(set.ok_or_else(|| {
                let what = format!("`{}` is not a valid status", status.get_ref().0.join(", "));
                self.source.error(status.span(), what, "write 401, \"4xx\", or a list such as [400, 401]")
            })?));
        }
        if let Some(codes) = &entry.error {
            checks.push(Check::Error(self.codes(codes)?));
        }
        for pointer in &entry.absent {
            checks.push(Check::Absent(self.pointer(pointer)?));
        }
        for (pointer, pattern) in entry.body.iter() {
            checks.push(Check::Body(self.pointer(pointer)?, self.pattern(pattern)?));
        }
        for (pointer, count) in entry.count.iter() {
            checks.push(Check::Count(self.pointer(pointer)?, *count.get_ref()));
        }
        for (pointer, other) in entry.differs.iter() {
            checks.push(Check::Differs(self.pointer(pointer)?, self.template(other)?));
        }
        for text in &entry.lacks {
            checks.push(Check::Lacks(self.template(text)?));
        }
        if let Some(granted) = &entry.granted {
            let entry = granted.get_ref();
            let given = [
                entry.most.map(Granted::Most),
                entry.like.clone().map(Granted::As),
                entry.one_of.clone().map(Granted::OneOf),
            ];
            let ([Some(only), None, None] | [None, Some(only), None] | [None, None, Some(only)]) = given else {
                let what = "`granted` asks for nothing, or for several things";
                return Err(self.source.error(granted.span(), what, "give one of `most`, `as` and `one_of`"));
            };
            checks.push(Check::Granted(only));
        }
        for (name, pattern) in entry.headers.iter() {
            checks.push(Check::Header(name.get_ref().clone(), self.pattern(pattern)?));
        }
        if let Some(lifetime) = &entry.lifetime {
            checks.push(Check::Lifetime {
                at: self.pointer(&lifetime.at)?,
                seconds: lifetime.seconds.into(),
                within: lifetime.within.into(),
            });
        }
        Ok(checks)
    }

    fn codes(&self, words: &Spanned<OneOrMore>) -> Result<Vec<i64>, LocatedError> {
        let codes: Option<Vec<i64>> = words.get_ref().0.iter().map(|word| word.parse().ok()).collect();
        codes.filter(|codes| !codes.is_empty()).ok_or_else(|| {
            let what = "an error code is a whole number";
            self.source.error(words.span(), what, "write 1005, or a list such as [1008, 1009]")
        })
    }

    fn pattern(&self, entry: &Spanned<PatternEntry>) -> Result<Pattern, LocatedError> {
        let text = match entry.get_ref() {
            PatternEntry::Integer(number) => return Ok(Pattern::Integer(*number)),
            PatternEntry::Bool(value) => return Ok(Pattern::Bool(*value)),
            PatternEntry::Text(text) => text,
        };
        let inside = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        let Some(name) = inside else { return Ok(Pattern::Text(self.parsed(text, entry.span())?)) };
        let known = Placeholder::names;
        Placeholder::named(name).map(Pattern::Placeholder).ok_or_else(|| {
            let advice = match located::nearest(name, known()) {
                Some(near) => format!("did you mean `<{near}>`?"),
                None => format!("use one of <{}>", known().collect::<Vec<_>>().join(">, <")),
            };
            self.source.error(entry.span(), format!("there is no placeholder `{text}`"), advice)
        })
    }

    fn capture(&self, key: &Spanned<String>, at: &Spanned<String>) -> Result<Capture, LocatedError> {
        let name = bindable(self.source, key)?.to_owned();
        if is_harness_name(&name) {
            let what = format!("`{name}` is bound by the harness");
            return Err(self.source.error(key.span(), what, "give the captured value a name of its own"));
        }
        Ok(Capture { name, at: self.pointer(at)? })
    }

    fn pointer(&self, text: &Spanned<String>) -> Result<Pointer, LocatedError> {
        Pointer::parse(text.get_ref()).ok_or_else(|| {
            let what = format!("`{}` is no JSON Pointer", text.get_ref());
            self.source.error(text.span(), what, "write it as \"/users/0/token\" (RFC 6901)")
        })
    }

    fn template(&self, text: &Spanned<String>) -> Result<Template, LocatedError> {
        self.parsed(text.get_ref(), text.span())
    }

    /// The text with what stands for the names in it. A text may itself have names that come later.
    pub fn filled_in(&self, text: &str) -> String {
        let fill = |text: String, (name, value): &(&str, &str)| text.replace(&format!("${{{name}}}"), value);
        self.texts.iter().fold(text.to_owned(), fill)
    }

    fn parsed(&self, text: &str, span: Range<usize>) -> Result<Template, LocatedError> {
        Template::parse(&self.filled_in(text)).map_err(|error| {
            let advice = match &error {
                TemplateError::Unclosed => "close it, or write `$${` for a literal `${`".to_owned(),
                TemplateError::Name(_) => "write `$${` for a literal `${`".to_owned(),
                TemplateError::Filter { advice, .. } => advice.clone(),
            };
            self.source.error(span, error.to_string(), advice)
        })
    }
}

/// The name, if it can be bound.
pub(super) fn bindable<'k>(source: SourceText<'_>, key: &'k Spanned<String>) -> Result<&'k str, LocatedError> {
    match is_name(key.get_ref()) {
        true => Ok(key.get_ref()),
        false => {
            let what = format!("`{}` cannot be bound", key.get_ref());
            Err(source.error(key.span(), what, "use letters, digits, `_` and `-`, a letter first"))
        }
    }
}
