//! Builds the suite into the program: lists every scenario file, so that adding one takes no Rust.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=scenarios");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("scenarios");
    let mut files = Vec::new();
    for entry in fs::read_dir(&root)? {
        let area = entry?.path();
        if area.is_dir() {
            files.extend(scenario_files(&area)?);
        }
    }
    files.sort();
    let mut code = format!("const EMBEDDED_REGISTER: &str = include_str!({:?});\n", root.join("requirements.toml"));
    code.push_str("const EMBEDDED_SCENARIOS: &[(&str, &str)] = &[\n");
    for (id, path) in files {
        code.push_str(&format!("    ({id:?}, include_str!({path:?})),\n"));
    }
    code.push_str("];\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("embedded_suite.rs"), code)
}

fn scenario_files(area: &Path) -> io::Result<Vec<(String, PathBuf)>> {
    let area_name = area.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut files = Vec::new();
    for entry in fs::read_dir(area)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            files.push((format!("{area_name}/{stem}"), path));
        }
    }
    Ok(files)
}
