//! The folder of findings: saved the moment they are seen, ready to be replayed.
//!
//! A finding is a few files beside each other under `findings/<surface>/`: `ID` the input itself, `ID.json` what it is,
//! `ID.txt` the exchange, `ID.sh` a curl line and the raw bytes for nc, `ID.raw` those bytes, `ID.toml` a scenario.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Surface;
use super::evidence::Evidence;
use super::finding::{Found, Signature};
use crate::exchange::{harmless_line, shell_quoted, shell_word};
use crate::files;
use crate::requirement::Level;

/// The endings of the files beside an input; `half` is what a killed run leaves.
const BESIDE: [&str; 6] = ["json", "txt", "sh", "raw", "toml", "half"];

/// What `ID.json` holds.
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
    /// The seed of the run that saw it.
    seed: u64,
    what: String,
    /// The input in hexadecimal.
    input: String,
}

/// Saves a finding, or saves it anew once it is shrunk.
///
/// # Errors
/// A file cannot be evidence.
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
        input: super::hex(&found.input),
    };
    let beside = |ending: &str| file.with_file_name(format!("{}.{ending}", found.id));
    files::replace(&beside("json"), &serde_json::to_vec_pretty(&saved)?)?;
    files::replace(&beside("txt"), evidence.transcript.as_bytes())?;
    files::replace(&beside("raw"), &evidence.raw)?;
    let shell = format!(
        "# {}\n{}\n# the raw bytes: nc HOST PORT < {}.raw\n",
        harmless_line(&found.what),
        evidence.curl,
        found.id
    );
    files::replace(&beside("sh"), shell.as_bytes())?;
    files::replace(&beside("toml"), evidence.scenario.as_bytes())?;
    // The input last: where it is, everything is.
    files::replace(&file, &found.input)?;
    found.file = Some(file);
    Ok(())
}

/// The inputs under a path: the file itself, or every input in the folders below.
///
/// # Errors
/// It cannot be read.
pub fn inputs(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        files::open(path, files::TEXT)?;
        // A file beside the input stands for the input.
        let beside = path.extension().is_some_and(|ending| BESIDE.iter().any(|known| ending == *known));
        let input = path.with_extension("");
        return Ok(vec![if beside && input.is_file() { input } else { path.to_owned() }]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let path = entry.path();
        // A link is no folder of ours, and may lead round in a circle.
        if entry.file_type()?.is_dir() {
            found.extend(inputs(&path)?);
        } else if !path.extension().is_some_and(|ending| BESIDE.iter().any(|known| ending == *known)) {
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
    use crate::fuzz::{Check, Place};

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
