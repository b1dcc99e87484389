//! The findings of a run: each once, and saved the moment it is first seen.
//!
//! A finding is a few files under `findings/<surface>/`: `ID` the input itself, `ID.json` what it is,
//! `ID.txt` the exchange, `ID.toml` a scenario that shows it, `ID.sh` a script that does the same by hand, `ID.raw` the bytes
//! of the request with the fixed values of [`FIXED`]. No secret of the target is in them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use super::finding::{Found, Signature};
use super::generator::Generated;
use super::grammar::{Bindings, FIXED};
use super::probe::{Probed, secrets_of};
use super::session::FuzzSession;
use super::timetable::Settings;
use super::to_scenario::scenario;
use super::{Check, Surface, grammar, hex};
use crate::exchange::{Redaction, curl, shell_quoted, shell_word, transcript};
use crate::files;
use crate::located::SourceText;
use crate::plan::cases;
use crate::requirement::Level;
use crate::scenario::{Scenario, Suite};
use crate::script::{Destination, script};

const SCHEMA: &str = "wabizspec/finding/1";

/// How often a finding is tried again where it does not show alone.
const TRIES: u32 = 3;

/// The findings of a run, told apart by signature.
pub(super) struct Findings {
    pub settings: Settings,
    pub session: Arc<FuzzSession>,
    /// What the owner configured and no text may show.
    pub secrets: Redaction,
    pub news: UnboundedSender<Found>,
    /// In the order in which they were first seen.
    pub found: Vec<Found>,
    pub trouble: Option<String>,
}

impl Findings {
    pub fn see(&mut self, generated: &Generated, probed: &Probed, bindings: &Bindings) {
        for violation in &probed.violations {
            let signature = Signature::of(generated.surface, probed, violation);
            if let Some(known) = self.found.iter_mut().find(|known| known.signature == signature) {
                known.times += 1;
                known.is_doubted |= !known.confirmed && known.tries < TRIES;
                continue;
            }
            self.add(Found {
                id: signature.id(generated.surface),
                signature,
                violation: violation.clone(),
                surface: generated.surface,
                input: generated.input.clone(),
                times: 1,
                bindings: bindings.clone(),
                tries: 0,
                is_doubted: true,
                confirmed: false,
                file: None,
                reproduce: Vec::new(),
            });
        }
    }

    /// The harness's own login gives no token. It was tried several times, and it is no input, so nothing is kept of it.
    pub fn see_login(&mut self, probed: &Probed, bindings: &Bindings) {
        let out = self.settings.out.take();
        let generated = Generated { index: 0, row: None, surface: Surface::LoginBody, input: Vec::new() };
        self.see(&generated, probed, bindings);
        (0..self.found.len()).for_each(|index| self.confirm(index));
        self.settings.out = out;
    }

    fn add(&mut self, mut found: Found) {
        self.save(&mut found);
        self.found.push(found);
    }

    /// The finding was seen again, alone.
    pub fn confirm(&mut self, index: usize) {
        let cause = self.found[index].signature.cause();
        let is_news = !self.found.iter().any(|known| known.confirmed && known.signature.cause() == cause);
        let found = &mut self.found[index];
        (found.is_doubted, found.confirmed) = (false, true);
        if is_news {
            // A receiver that is gone is no error.
            let _ = self.news.send(found.clone());
        }
    }

    /// The finding was not seen again: its files go, unless it comes again later.
    pub fn doubt(&mut self, index: usize) {
        let found = &mut self.found[index];
        found.is_doubted = false;
        if let Some(file) = found.file.take() {
            for ending in BESIDE {
                // What stays is only of no use.
                let _ = files::remove(&file.with_extension(ending));
            }
            let _ = files::remove(&file);
        }
    }

    /// The target is gone, and nothing in the last batch went wrong before: the last crash gets the blame.
    pub fn blame_the_last(&mut self, what: &str) {
        let crashed = |found: &&Found| matches!(found.signature.check, Check::Crash | Check::Answered);
        let Some(mut found) = self.found.iter().rev().find(crashed).cloned() else { return };
        found.signature.check = Check::Down;
        found.id = found.signature.id(found.surface);
        found.violation.what = what.to_owned();
        found.times = 1;
        self.add(found);
        self.confirm(self.found.len() - 1);
    }

    /// Saves a finding, or replaces what was saved of it.
    pub fn save(&mut self, found: &mut Found) {
        let exchange = &found.violation.exchange;
        let secrets = secrets_of(exchange, &found.bindings, &self.secrets);
        found.reproduce = vec![curl(&exchange.request, &found.bindings.base, &self.settings.tls, &secrets)];
        if let Some(out) = &self.settings.out
            && let Err(error) = self.write(out, found, &secrets)
        {
            self.trouble = Some(format!("a finding could not be saved in {}: {error}", out.display()));
        }
    }

    /// The scenario that shows it, and the script of that.
    fn shown(&self, found: &Found) -> Option<(String, String)> {
        let FuzzSession { target, register, .. } = &*self.session;
        let admin = self.session.admin();
        let text = scenario(found, &admin)?;
        let source = SourceText { file: &found.id, text: &text };
        let scenario = Scenario::parse(&format!("login/{}", found.id), source, register).ok()?;
        let suite = Suite { register: register.clone(), scenarios: vec![Arc::new(scenario)], digest: None };
        let (url, tls, admin) = (Some(&*self.settings.url), &*self.settings.tls, &*admin.account.username);
        let script = script(cases(&suite).first()?, Destination { target, url, tls, admin }, []).ok()?;
        Some((text, script))
    }

    fn write(&self, out: &Path, found: &mut Found, secrets: &Redaction) -> io::Result<()> {
        let folder = files::folders(out, ["findings", found.surface.name()])?;
        let file = folder.join(&found.id);
        let (path, url) = (file.display().to_string(), &self.settings.url);
        found.reproduce.insert(0, format!("wabizspec replay {} --target {}", shell_quoted(&path), shell_word(url)));
        let violation = &found.violation;
        let shown = self.shown(found);
        if shown.is_none() {
            found.reproduce.push(format!("# {NO_SCENARIO}"));
        }
        let saved = Saved {
            schema: SCHEMA.to_owned(),
            id: found.id.clone(),
            signature: found.signature.clone(),
            level: violation.level,
            surface: found.surface,
            seed: self.settings.seed,
            what: violation.what.clone(),
            input: hex(&found.input),
            no_scenario: shown.is_none().then(|| NO_SCENARIO.to_owned()),
        };
        let sibling = |ending: &str| file.with_file_name(format!("{}.{ending}", found.id));
        // A session has no request of its own.
        let raw = grammar::request(found.surface, &found.input, &FIXED).map(|request| request.to_bytes());
        for (ending, whole) in [
            ("json", Some(serde_json::to_vec_pretty(&saved)?)),
            ("txt", Some(transcript(&violation.exchange, secrets).into_bytes())),
            ("raw", raw),
            ("sh", shown.as_ref().map(|(_, script)| script.clone().into_bytes())),
            ("toml", shown.as_ref().map(|(scenario, _)| scenario.clone().into_bytes())),
        ] {
            match whole {
                Some(whole) => files::replace(&sibling(ending), &whole)?,
                // Of the input before it was made smaller.
                None => files::remove(&sibling(ending))?,
            }
        }
        if shown.is_some() {
            found.reproduce[1] = format!(
                "WABIZSPEC_TARGET={} bash {}",
                shell_word(url),
                shell_quoted(&sibling("sh").display().to_string())
            );
        }
        // The input last: where it is, everything is.
        files::replace(&file, &found.input)?;
        found.file = Some(file);
        Ok(())
    }
}

/// Why some findings have no scenario: the target goes down, the order of two passwords is open, or a code of the input hides
/// a name that no filter shows.
const NO_SCENARIO: &str = "no scenario shows it: replay it instead";

/// The endings of the files beside an input; `half` is what a killed run leaves.
const BESIDE: [&str; 6] = ["json", "txt", "sh", "raw", "toml", "half"];

/// A finding of the fuzzer, as it is saved in `ID.json` next to its input.
#[derive(Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Saved {
    #[cfg_attr(feature = "cli", schemars(extend("const" = SCHEMA)))]
    schema: String,
    /// The name of the input's file.
    id: String,
    /// What identifies it.
    pub signature: Signature,
    level: Level,
    surface: Surface,
    /// Of the run.
    seed: u64,
    /// What is wrong, in words.
    what: String,
    /// In hexadecimal.
    #[cfg_attr(feature = "cli", schemars(regex(pattern = "^([0-9a-f]{2})*$")))]
    input: String,
    /// Why no scenario was saved with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no_scenario: Option<String>,
}

/// The inputs under a path: the file itself, or every input in the folders below.
pub(crate) fn inputs(path: &Path) -> io::Result<Vec<PathBuf>> {
    let is_beside = |path: &Path| path.extension().is_some_and(|ending| BESIDE.iter().any(|known| ending == *known));
    if !path.is_dir() {
        files::open(path, files::TEXT)?;
        // A file beside the input means the input.
        let input = path.with_extension("");
        return Ok(vec![if is_beside(path) && input.is_file() { input } else { path.to_owned() }]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let path = entry.path();
        // Links are not followed: they may lead in a circle.
        if entry.file_type()?.is_dir() {
            found.extend(inputs(&path)?);
        } else if !is_beside(&path) {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The surface that an input is for: the folder it lies in says it.
pub fn surface_of(file: &Path) -> Option<Surface> {
    let folders = file.ancestors().skip(1).filter_map(|folder| folder.file_name()?.to_str());
    folders.filter_map(|name| name.parse().ok()).next()
}

/// What is known of a saved finding, if the input is one.
pub fn saved(file: &Path) -> Option<Saved> {
    let name = file.file_name()?.to_str()?;
    let text = files::read_own(&file.with_file_name(format!("{name}.json")), files::TEXT).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::words::{Check, Place};

    #[test]
    fn the_folder_says_the_surface() {
        for (path, surface) in [
            ("out/findings/login-body/x", Some(Surface::LoginBody)),
            ("fuzz/corpus/basic_auth/right", Some(Surface::BasicAuth)),
            ("fuzz/corpus/answer/x", None),
        ] {
            assert_eq!(surface_of(Path::new(path)), surface, "{path}");
        }
    }

    /// The words of these files stay: what an earlier version has saved is still compared and named the same.
    #[test]
    fn what_an_earlier_version_saved_is_read() {
        let text = r#"{
            "schema": "wabizspec/finding/1",
            "id": "basic-auth-crash-43a32e1c",
            "signature": {
                "surface": "basic-auth", "oracle": "crash", "requirement": "envelope.no-crash", "answer": "500/500",
                "place": "no colon"
            },
            "level": "must", "surface": "basic-auth", "seed": 1, "what": "expected; came", "input": "616161"
        }"#;
        let saved: Saved = serde_json::from_str(text).expect("a finding");
        assert_eq!((saved.signature.check, saved.signature.place), (Check::Crash, Place::NoColon));
        assert_eq!(saved.signature.id(Surface::BasicAuth), "basic-auth-crash-43a32e1c");
        for words in [r#""oracle": "crush""#, r#""check": "crash""#] {
            assert!(serde_json::from_str::<Saved>(&text.replace(r#""oracle": "crash""#, words)).is_err(), "{words}");
        }
    }
}
