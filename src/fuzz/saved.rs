//! The folder of findings: what is saved of each, and what is read again for a replay.
//!
//! A finding is a few files beside each other under `findings/<surface>/`: `ID` the input itself, `ID.json` what it is,
//! `ID.txt` the exchange, `ID.sh` a curl line and the raw bytes for nc, `ID.raw` those bytes, `ID.toml` a scenario.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::finding::{Found, Signature};
use super::grammar::bindings::{Bindings, FIXED};
use super::surface::Surface;
use super::to_scenario::scenario;
use super::{grammar, hex, probe};
use crate::exchange::{Exchange, Header, HttpRequest, Redaction, Request};
use crate::exchange::{curl, harmless_line, shell_quoted, shell_word, transcript};
use crate::files;
use crate::requirement::Level;

/// A finding written down for people: no secret of the target is in it.
pub(super) struct Evidence {
    transcript: String,
    pub curl: String,
    /// The request itself, with credentials that are worth nothing.
    raw: Vec<u8>,
    scenario: String,
}

impl Evidence {
    /// `run` are the secrets of the run.
    pub fn of(found: &Found, exchange: &Exchange, bindings: &Bindings, run: &Redaction) -> Evidence {
        let secrets = probe::secrets_of(exchange, bindings, run);
        let plain = grammar::request(found.surface, &found.input, &FIXED);
        // Of a session there is only the request that was sent.
        let plain = plain.unwrap_or_else(|| without(&secrets, &exchange.request));
        Evidence {
            transcript: transcript(exchange, &secrets),
            curl: curl(&exchange.request, &bindings.base, &secrets),
            raw: plain.to_bytes(),
            scenario: scenario(found, &plain),
        }
    }
}

/// The request as it was sent, but for its secrets.
fn without(secrets: &Redaction, request: &Request) -> Request {
    let clean = |bytes: &[u8]| secrets.apply(&String::from_utf8_lossy(bytes)).into_bytes();
    let clean_header = |header: &Header| Header { name: header.name.clone(), value: clean(&header.value) };
    match request {
        Request::Raw(bytes) => Request::Raw(clean(bytes)),
        Request::Http(request) => Request::Http(HttpRequest {
            method: request.method.clone(),
            target: secrets.apply(&request.target),
            headers: request.headers.iter().map(clean_header).collect(),
            body: request.body.as_deref().map(clean),
        }),
    }
}

/// The endings of the files beside an input; `half` is what a killed run leaves.
const BESIDE: [&str; 6] = ["json", "txt", "sh", "raw", "toml", "half"];

/// What is in `ID.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// `wabizspec/finding/1`
    schema: String,
    id: String,
    /// What it is told apart by.
    pub signature: Signature,
    level: Level,
    surface: String,
    seed: u64,
    what: String,
    /// The input in hexadecimal.
    input: String,
}

/// Saves a finding, or saves it again once it is shrunk.
pub(super) fn save(out: &Path, seed: u64, found: &mut Found, evidence: &Evidence, target: &str) -> io::Result<()> {
    let folder = files::folders(out, ["findings", found.surface.name()])?;
    let file = folder.join(&found.id);
    found.reproduce = vec![
        format!("wabizspec replay {} --target {}", shell_quoted(&file.display().to_string()), shell_word(target)),
        evidence.curl.clone(),
    ];
    let saved = Saved {
        schema: "wabizspec/finding/1".to_owned(),
        id: found.id.clone(),
        signature: found.signature.clone(),
        level: found.level,
        surface: found.surface.to_string(),
        seed,
        what: found.what.clone(),
        input: hex(&found.input),
    };
    let beside = |ending: &str| file.with_file_name(format!("{}.{ending}", found.id));
    files::replace(&beside("json"), &serde_json::to_vec_pretty(&saved)?)?;
    files::replace(&beside("txt"), evidence.transcript.as_bytes())?;
    files::replace(&beside("raw"), &evidence.raw)?;
    let (what, id) = (harmless_line(&found.what), &found.id);
    let shell = format!("# {what}\n{}\n# the raw bytes: nc HOST PORT < {id}.raw\n", evidence.curl);
    files::replace(&beside("sh"), shell.as_bytes())?;
    files::replace(&beside("toml"), evidence.scenario.as_bytes())?;
    // The input last: where it is, everything is.
    files::replace(&file, &found.input)?;
    found.file = Some(file);
    Ok(())
}

/// The inputs under a path: the file itself, or every input in the folders below.
pub(crate) fn inputs(path: &Path) -> io::Result<Vec<PathBuf>> {
    let is_beside = |path: &Path| path.extension().is_some_and(|ending| BESIDE.iter().any(|known| ending == *known));
    if !path.is_dir() {
        files::open(path, files::TEXT)?;
        // A file beside the input stands for the input.
        let input = path.with_extension("");
        return Ok(vec![if is_beside(path) && input.is_file() { input } else { path.to_owned() }]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let path = entry.path();
        // A link is no folder of ours, and may lead round in a circle.
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
