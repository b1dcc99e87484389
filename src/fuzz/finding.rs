//! Findings: told apart by signature, saved the moment they are seen, ready to be replayed.
//!
//! A finding is a few files beside each other under `findings/<surface>/`: `ID` the input itself, `ID.json` what it is,
//! `ID.txt` the exchange, `ID.sh` a curl line and the raw bytes for nc, `ID.raw` those bytes, `ID.toml` a scenario.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Surface;
use super::grammar::bindings::Bindings;
use super::probe::Broken;
use super::probe::Probed;
use crate::exchange::{Header, HttpRequest, Json, Redaction, Request, curl, transcript};
use crate::requirement::Level;

/// The endings of the files beside an input.
const BESIDE: [&str; 5] = ["json", "txt", "sh", "raw", "toml"];

/// What makes two findings one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// Where it was sent.
    pub surface: String,
    /// Which kind of check saw it.
    pub oracle: String,
    /// The requirement that is broken.
    pub requirement: String,
    /// What came back: status and code, or how the connection ended.
    pub answer: String,
    /// What kind of input it was.
    pub place: String,
}

impl Signature {
    /// That of something broken.
    pub fn of(surface: Surface, probed: &Probed, broken: &Broken) -> Signature {
        // A shape that every answer lacks is one finding, whatever was sent.
        let everywhere = broken.oracle == "envelope";
        Signature {
            surface: if everywhere {
                "any".to_owned()
            } else {
                surface.to_string()
            },
            oracle: broken.oracle.to_owned(),
            requirement: broken.requirement.clone(),
            answer: if everywhere {
                String::new()
            } else {
                probed.kind.to_string()
            },
            place: if everywhere {
                String::new()
            } else {
                probed.place.to_owned()
            },
        }
    }

    /// The signature as a name: the same for the same signature, in every run.
    pub fn id(&self, surface: Surface) -> String {
        let text = format!(
            "{} {} {} {} {}",
            self.surface, self.oracle, self.requirement, self.answer, self.place
        );
        // FNV-1a: short names, no secrets.
        let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("{surface}-{}-{:08x}", self.oracle, hash >> 32)
    }
}

/// A finding, with the least input that shows it.
#[derive(Debug, Clone)]
pub struct Found {
    /// Its name.
    pub id: String,
    /// What it is told apart by.
    pub signature: Signature,
    /// How binding the requirement is.
    pub level: Level,
    /// Where the input is sent.
    pub surface: Surface,
    /// The input.
    pub input: Vec<u8>,
    /// What was expected and what came.
    pub what: String,
    /// How often it was seen.
    pub times: u64,
    /// It was seen again when the input was tried by itself.
    pub confirmed: bool,
    /// The file with the input, once it is saved.
    pub file: Option<PathBuf>,
    /// Shell lines that show it again.
    pub reproduce: Vec<String>,
}

impl Found {
    /// Whether the target was gone after it.
    pub fn is_down(&self) -> bool {
        self.signature.oracle == "down"
    }
}

/// What `ID.json` holds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// `wabizspec/finding/1`
    pub schema: String,
    /// Its name.
    pub id: String,
    /// What it is told apart by.
    pub signature: Signature,
    /// `must` or `should`.
    pub level: Level,
    /// Where the input is sent.
    pub surface: String,
    /// The seed of the run that saw it.
    pub seed: u64,
    /// What was expected and what came.
    pub what: String,
    /// The input in hexadecimal.
    pub input: String,
}

/// How a finding is written down.
#[derive(Debug, Clone)]
pub struct Written {
    /// The exchange, as people read it.
    pub transcript: String,
    /// A curl line.
    pub curl: String,
    /// The request itself, with credentials of no worth.
    pub raw: Vec<u8>,
    /// A scenario.
    pub scenario: String,
}

/// Saves a finding, or saves it anew once it is shrunk.
///
/// # Errors
/// A file cannot be written.
pub fn save(out: &Path, seed: u64, found: &mut Found, written: &Written, target: &str) -> io::Result<()> {
    let folder = out.join("findings").join(found.surface.name());
    fs::create_dir_all(&folder)?;
    let file = folder.join(&found.id);
    found.reproduce = vec![
        format!("wabizspec replay '{}' --target {target}", file.display()),
        written.curl.clone(),
    ];
    let saved = Saved {
        schema: "wabizspec/finding/1".to_owned(),
        id: found.id.clone(),
        signature: found.signature.clone(),
        level: found.level,
        surface: found.surface.to_string(),
        seed,
        what: found.what.clone(),
        input: found.input.iter().map(|byte| format!("{byte:02x}")).collect(),
    };
    let beside = |ending: &str| file.with_file_name(format!("{}.{ending}", found.id));
    fs::write(beside("json"), serde_json::to_vec_pretty(&saved)?)?;
    fs::write(beside("txt"), &written.transcript)?;
    fs::write(beside("raw"), &written.raw)?;
    let shell = format!(
        "# {}\n{}\n# the raw bytes: nc HOST PORT < {}.raw\n",
        found.what.escape_debug(),
        written.curl,
        found.id
    );
    fs::write(beside("sh"), shell)?;
    fs::write(beside("toml"), &written.scenario)?;
    // The input last: where it is, everything is.
    fs::write(&file, &found.input)?;
    found.file = Some(file);
    Ok(())
}

/// The inputs under a path: the file itself, or every input in the folders below.
///
/// # Errors
/// It cannot be read.
pub fn inputs(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_file() {
        // Whoever names a file beside the input means the input.
        let beside = path
            .extension()
            .is_some_and(|ending| BESIDE.iter().any(|known| ending == *known));
        let input = path.with_extension("");
        return Ok(vec![if beside && input.is_file() {
            input
        } else {
            path.to_owned()
        }]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(inputs(&path)?);
        } else if !path
            .extension()
            .is_some_and(|ending| BESIDE.iter().any(|known| ending == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The surface that an input is for: the folder it lies in says it.
pub fn surface_of(file: &Path) -> Option<Surface> {
    let folders = file
        .ancestors()
        .skip(1)
        .filter_map(|folder| folder.file_name()?.to_str());
    folders.filter_map(|name| name.parse().ok()).next()
}

/// What is known of a saved finding, if the input is one.
pub fn saved(file: &Path) -> Option<Saved> {
    let name = file.file_name()?.to_str()?;
    let text = fs::read(file.with_file_name(format!("{name}.json"))).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Writes a finding down: the exchange without secrets, those of the target among them, and the request with credentials of
/// no worth.
pub fn written(
    found: &Found,
    broken: &Broken,
    bindings: &Bindings,
    plain: Option<Request>,
    secrets: &Redaction,
) -> Written {
    let mut secrets = secrets.clone();
    secrets.add_credentials(&bindings.user, &bindings.user_password, "$WABIZSPEC_USER_PASSWORD");
    secrets.add_credentials(
        &bindings.colon_user,
        &bindings.colon_password,
        "$WABIZSPEC_COLON_PASSWORD",
    );
    secrets.add(&bindings.user_token, "$WABIZSPEC_USER_TOKEN");
    secrets.add(&bindings.admin_token, "$WABIZSPEC_ADMIN_TOKEN");
    // Tokens that were current when the exchange took place.
    if let Request::Http(request) = &broken.exchange.request
        && let Some(value) = request.header("Authorization")
        && let Some(token) = String::from_utf8_lossy(value).strip_prefix("Bearer ")
        && token.len() >= 8
    {
        secrets.add(token, "$WABIZSPEC_TOKEN");
    }
    let answer = broken
        .exchange
        .response()
        .and_then(|response| Json::parse(&response.body).ok());
    if let Some(token) = answer.as_ref().and_then(|json| json.at("/users/0/token")?.as_str()) {
        secrets.add(token, "$WABIZSPEC_TOKEN_GIVEN");
    }
    // Of a session there is only the request that was sent.
    let plain = plain.unwrap_or_else(|| without(&secrets, &broken.exchange.request));
    Written {
        transcript: transcript(&broken.exchange, &secrets),
        curl: curl(&broken.exchange.request, &bindings.base, &secrets),
        raw: plain.to_bytes(),
        scenario: super::kept::scenario(found, &plain),
    }
}

/// The request as it was sent, but for its secrets.
fn without(secrets: &Redaction, request: &Request) -> Request {
    let clean = |bytes: &[u8]| secrets.apply(&String::from_utf8_lossy(bytes)).into_bytes();
    match request {
        Request::Raw(bytes) => Request::Raw(clean(bytes)),
        Request::Http(request) => Request::Http(HttpRequest {
            method: request.method.clone(),
            target: secrets.apply(&request.target),
            headers: request
                .headers
                .iter()
                .map(|header| Header {
                    name: header.name.clone(),
                    value: clean(&header.value),
                })
                .collect(),
            body: request.body.as_deref().map(clean),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
