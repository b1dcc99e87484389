//! The configuration file, and how much of it counts: it is about its own server, and it is its owner's.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{TargetArgs, read};
use crate::cli::Failure;
use crate::custody::config::{Config, FILE_NAME, FuzzConfig};
use crate::located::{self, SourceText};
use crate::transport::origin::Origin;

/// The configuration as far as it counts for the target.
#[derive(Default)]
pub(in crate::cli) struct Configuration {
    pub config: Config,
    /// The file that was read, if one was.
    pub file: Option<PathBuf>,
    /// Whether only the file names the target, and it was not named: it was found in the current folder.
    pub is_found: bool,
    pub left_out: Option<LeftOut>,
}

/// Settings that do not count, and what to do if they should. It is said before anything else.
pub(in crate::cli) struct LeftOut {
    pub what: String,
    pub help: String,
}

impl TargetArgs {
    /// The configuration as far as it counts: the file that was named, or the one in the current folder.
    pub(in crate::cli) fn configuration(&self) -> Result<Configuration, Failure> {
        let target = self.named_target()?;
        let (path, is_found) = match &self.config {
            Some(path) => (path.clone(), false),
            None if Path::new(FILE_NAME).exists() => (PathBuf::from(FILE_NAME), true),
            None => return Ok(Configuration::default()),
        };
        let strange = match is_found {
            true => written_by_others(&path)
                .map_err(|error| Failure::usage(format!("cannot tell whose file {} is: {error}", path.display())))?,
            false => None,
        };
        let file = path.display().to_string();
        let trust = format!("read it; if you trust it, name it with --config {file}");
        if let (Some(why), None) = (&strange, &target) {
            return Err(Failure::usage(format!(
                "{file} was found in the current folder and {why}, so it is not used\n  help: {trust}"
            )));
        }
        let (text, file) = (read(&path)?, file.as_str());
        let mut config: Config = located::parse(SourceText { file, text: &text }).map_err(Failure::usage)?;
        let another = target.as_ref().and_then(|target| another_server(&config, target));
        let is_found = is_found && target.is_none();
        let target = target.map_or(String::new(), |target| target.to_string());
        let (why, help) = match (strange, another) {
            (None, None) => return Ok(Configuration { config, file: Some(path), is_found, left_out: None }),
            (Some(why), _) => {
                config.fuzz = FuzzConfig::default();
                (format!("was found in the current folder and {why}"), trust)
            }
            (None, Some(own)) => (
                format!("is about {own}"),
                format!("name a configuration of {target} with --config, or leave --target out"),
            ),
        };
        let (config, left_out) = config.for_another_target();
        let keys = left_out.join(", ");
        let what = format!("{file} {why}, so some of it does not count for {target}: {keys}");
        let left_out = (!keys.is_empty()).then_some(LeftOut { what, help });
        Ok(Configuration { config, file: Some(path), is_found, left_out })
    }

    /// The target that a flag or the environment names.
    fn named_target(&self) -> Result<Option<Origin>, Failure> {
        match self.target.as_deref() {
            None => Ok(None),
            Some(url) if without_mark(url).is_empty() => Err(Failure::usage(
                "the target is empty\n  help: give --target URL or set WABIZSPEC_TARGET to one; leave both out to judge \
                 the embedded reference client",
            )),
            Some(url) => without_mark(url).parse().map(Some).map_err(Failure::usage),
        }
    }
}

/// A URL without the byte order mark and the blanks that files and shells put around it.
pub(super) fn without_mark(url: &str) -> &str {
    url.trim_matches(|c: char| c == '\u{feff}' || c.is_whitespace())
}

/// The address that the configuration is about, where that is not the target.
fn another_server(config: &Config, target: &Origin) -> Option<String> {
    let own = config.target.url.as_deref()?;
    match without_mark(own).parse::<Origin>() {
        Ok(own) if own.is_the_same_as(target) => None,
        Ok(own) => Some(own.to_string()),
        // It may hold a password, which is why it cannot be read.
        Err(_) => Some("an address that cannot be read".to_owned()),
    }
}

/// Why somebody else may have written a file that was found: it, or the folder that its relative paths and commands start
/// from, belongs to another user or can be written by others. Root can write everything anyway.
fn written_by_others(path: &Path) -> io::Result<Option<String>> {
    let me = crate::files::user();
    let my_group = rustix::process::getegid().as_raw();
    let foreign = |of: &Metadata, what: &str| {
        let (owner, mode) = (of.uid(), of.mode());
        // In a folder with the sticky bit, such as /tmp, nobody replaces the files of others.
        let sticky = of.is_dir() && mode & 0o1000 != 0;
        match of.gid() {
            _ if owner != me && owner != 0 => Some(format!("{what} belongs to another user (uid {owner})")),
            _ if sticky => None,
            _ if mode & 0o002 != 0 => Some(format!("{what} can be written by everybody")),
            group if mode & 0o020 != 0 && group != my_group && group != 0 => {
                Some(format!("{what} can be written by a group (gid {group})"))
            }
            _ => None,
        }
    };
    let folder = std::fs::metadata(".")?;
    let (link, file) = (path.symlink_metadata()?, path.metadata()?);
    // The mode of a link says nothing.
    let link_owner = (link.uid() != me && link.uid() != 0).then(|| format!("it is a link of uid {}", link.uid()));
    Ok(foreign(&file, "it").or(link_owner).or_else(|| foreign(&folder, "the folder")))
}
