//! `wabizspec init`: the commented sample of `wabizspec.toml`, ready to be filled in.

use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use clap::Args;

use super::{Failure, cannot, print};
use crate::custody::config::FILE_NAME;
use crate::files;

/// Every key with what it means; a test holds it to the configuration that is read.
const SAMPLE: &str = include_str!("sample.toml");

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  wabizspec init && $EDITOR wabizspec.toml && wabizspec doctor")]
pub(super) struct InitArgs {
    /// File to write
    #[arg(value_name = "FILE", default_value = FILE_NAME)]
    path: PathBuf,
}

pub(super) fn init(args: &InitArgs) -> Result<u8, Failure> {
    let path = args.path.display();
    let mut file = files::create_new(&args.path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::usage(format!(
            "{path} already exists, and is not changed\n  help: name another file: wabizspec init FILE"
        )),
        _ => cannot("write", &args.path)(error),
    })?;
    file.write_all(SAMPLE.as_bytes()).map_err(cannot("write", &args.path))?;
    print(&format!(
        "{path} is written: fill in the url, set WABIZSPEC_ADMIN_PASSWORD to the admin's password, then run `wabizspec \
         doctor`\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::custody::config::Config;
    use crate::located::{self, SourceText};

    #[test]
    fn the_sample_allows_nothing_and_names_every_key() {
        // `# key = …` becomes `key = …`.
        let key = |line: &str| {
            let rest = line.strip_prefix("# ")?;
            let (name, _) = rest.split_once(" = ")?;
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            name.chars().all(plain).then(|| rest.to_owned())
        };
        let lines = SAMPLE.lines().map(|line| key(line).unwrap_or_else(|| line.to_owned()) + "\n");
        let in_use: String = lines.collect();
        let read = |text| located::parse::<Config>(SourceText { file: FILE_NAME, text }).expect("a configuration");
        read(&in_use);
        let state = read(SAMPLE).state;
        assert!(state.allow.is_empty() && !state.fresh, "the sample allows nothing");
        let table: toml::Table = in_use.parse().expect("toml");
        let schema = serde_json::to_value(schemars::schema_for!(Config)).expect("schema");
        let sections = schema["properties"].as_object().expect("sections");
        for section in sections.keys() {
            let definition = sections[section]["$ref"].as_str().expect("reference");
            let definition = schema.pointer(definition.trim_start_matches('#')).expect("definition");
            for key in definition["properties"].as_object().expect("keys").keys() {
                assert!(table[section].get(key).is_some(), "[{section}] {key} is not in the sample");
            }
        }
    }
}
