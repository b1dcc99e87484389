//! The order of the `mod` lines is the architecture: a module imports only from those above it, in `lib.rs` and inside
//! every folder. What the file of a folder itself defines counts as its bottom; what it re-exports belongs to the module
//! that it comes from.
//!
//! The sources are read as tokens, so that comments and texts say nothing, and macros and nested imports hide nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::harness::{files_of, none, repository, rows};

/// What one file says of the modules below it.
#[derive(Default)]
struct Layers {
    /// Of a `lib.rs`: the modules of another crate, which are below all others.
    below: Vec<String>,
    /// Those that it declares, lowest first.
    own: Vec<String>,
    /// Names that it takes over from one of them.
    exports: BTreeMap<String, String>,
}

impl Layers {
    /// Reads `mod NAME;`, `use NAME::…;` and, of another crate, `use CRATE as NAME;` and `use CRATE::NAME;`.
    fn of(source: &str) -> Layers {
        let tokens: Vec<TokenTree> = tokens(source).into_iter().collect();
        let mut layers = Layers::default();
        let mut used = Vec::new();
        for statement in tokens.split(|tree| is_punct(tree, ';')) {
            match statement {
                [.., TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "mod" => {
                    layers.own.push(name.to_string());
                }
                _ => {
                    let Some(at) = statement.iter().position(|tree| is_word(tree, "use")) else { continue };
                    let mut paths = Vec::new();
                    expand(&mut paths, &[], &statement[at + 1..]);
                    match statement {
                        [.., TokenTree::Ident(keyword), TokenTree::Ident(alias)] if keyword == "as" => {
                            paths.iter_mut().for_each(|path| path.push(alias.to_string()));
                        }
                        _ => {}
                    }
                    used.extend(paths);
                }
            }
        }
        for path in used {
            let path: Vec<String> = path.into_iter().filter(|segment| segment != "self").collect();
            if let [first, .., name] = path.as_slice() {
                match layers.own.contains(first) {
                    true => drop(layers.exports.insert(name.clone(), first.clone())),
                    false => layers.below.push(name.clone()),
                }
            }
        }
        layers
    }

    /// The place of what goes by that name, lowest first; `None` for what the file itself defines.
    fn place(&self, name: &str) -> Option<usize> {
        let name = self.exports.get(name).map_or(name, String::as_str);
        self.own.iter().position(|own| own == name)
    }

    /// What is wrong with a file below the module `parent`, whose file this is; the root of the crate if that is empty. The
    /// file is given by the names of its modules (`["run", "case"]`). Below the root, modules named `tests` may use
    /// everything, and unit tests may use them.
    fn violations(&self, parent: &[&str], modules: &[&str], source: &str) -> Vec<String> {
        let own = modules[parent.len()];
        let is_root = parent.is_empty();
        if !is_root && modules.contains(&"tests") {
            return Vec::new();
        }
        let Some(place) = self.place(own) else {
            return vec![format!("`{own}` is not declared in `crate::{}`", parent.join("::"))];
        };
        let paths = imports(modules, source).into_iter();
        let inside =
            |path: &Vec<String>| path.len() > parent.len() && path.iter().zip(parent).all(|(one, other)| one == other);
        let used: BTreeSet<String> = paths.filter(inside).map(|path| path[parent.len()].clone()).collect();
        let wrong = |name: &String| match self.place(name) {
            Some(other) if other <= place || (!is_root && name == "tests") => None,
            Some(_) => Some(format!("`{own}` is below `{name}` and imports from it")),
            None if !is_root || self.below.contains(name) => None,
            None => Some(format!("`{own}` imports `crate::{name}`, which is no module of lib.rs")),
        };
        used.iter().filter_map(wrong).collect()
    }
}

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("the source is Rust")
}

fn is_punct(tree: &TokenTree, mark: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == mark)
}

fn is_word(tree: &TokenTree, word: &str) -> bool {
    matches!(tree, TokenTree::Ident(ident) if ident == word)
}

/// The paths of a file that lead up or to the root of the crate: `super::x` of `run/case.rs` is `["run", "x"]`.
fn imports(modules: &[&str], source: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    let within: Vec<String> = modules.iter().map(|name| (*name).to_owned()).collect();
    collect(&mut paths, &within, tokens(source));
    paths
}

fn collect(paths: &mut Vec<Vec<String>>, within: &[String], tokens: TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        if let Some((root, length)) = root_path(&tokens[at..], within) {
            at += length;
            expand(paths, &root, &tokens[at..]);
            continue;
        }
        if let TokenTree::Group(group) = &tokens[at] {
            let mut within = within.to_vec();
            if let (Delimiter::Brace, [.., TokenTree::Ident(keyword), TokenTree::Ident(name)]) =
                (group.delimiter(), &tokens[..at])
                && keyword == "mod"
            {
                within.push(name.to_string());
            }
            collect(paths, &within, group.stream());
        }
        at += 1;
    }
}

/// Where `crate::`, `super::super::`, `self::super::` and the like lead, and how many tokens they are.
fn root_path(tokens: &[TokenTree], within: &[String]) -> Option<(Vec<String>, usize)> {
    let segment = |at: usize| match tokens.get(at..at + 3)? {
        [TokenTree::Ident(name), one, two] if is_punct(one, ':') && is_punct(two, ':') => Some(name.to_string()),
        _ => None,
    };
    if matches!(segment(0).as_deref(), Some("crate" | "wabizspec")) {
        return Some((Vec::new(), 3));
    }
    let mut at = if segment(0).as_deref() == Some("self") { 3 } else { 0 };
    let mut up = 0;
    while segment(at).as_deref() == Some("super") {
        up += 1;
        at += 3;
    }
    (up > 0).then(|| (within[..within.len().saturating_sub(up)].to_vec(), at))
}

/// Every path that begins with `prefix` and goes on with these tokens: one, or one for each name of a group.
fn expand(paths: &mut Vec<Vec<String>>, prefix: &[String], tokens: &[TokenTree]) {
    let Some(first) = tokens.first() else { return };
    if let TokenTree::Group(group) = first {
        let group: Vec<TokenTree> = group.stream().into_iter().collect();
        group.split(|tree| is_punct(tree, ',')).for_each(|one| expand(paths, prefix, one));
        return;
    }
    let path = [prefix, &[first.to_string()]].concat();
    match tokens {
        [_, one, two, rest @ ..]
            if is_punct(one, ':')
                && is_punct(two, ':')
                && !matches!(rest.first(), Some(tree) if is_punct(tree, '<')) =>
        {
            expand(paths, &path, rest);
        }
        _ => paths.push(path),
    }
}

/// The modules that make texts for people; no other module needs words for facts.
const SPEAKING: [&str; 4] = ["words", "fuzz", "report", "cli"];

/// The sources of a crate but for its root: names of the modules (`run/mod.rs` is `["run"]`), and text.
fn sources(src: &Path) -> Vec<(Vec<String>, String)> {
    let read = |path: &Path| {
        let within = path.strip_prefix(src).expect("below src").with_extension("");
        let mut names: Vec<String> = within.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        names.pop_if(|name| name == "mod");
        (names, fs::read_to_string(path).expect("a source"))
    };
    let sources = files_of(src, "rs").into_iter().map(|path| read(&path));
    sources.filter(|(names, _)| !["lib", "main"].contains(&&*names[0])).collect()
}

/// What is wrong with the sources of a crate, and the names of its modules in `lib.rs` and in the folder.
fn violations(src: &Path) -> (Vec<String>, [BTreeSet<String>; 2]) {
    let sources = sources(src);
    let root = Layers::of(&fs::read_to_string(src.join("lib.rs")).expect("lib.rs"));
    let named: BTreeSet<String> = root.own.iter().cloned().collect();
    let files = sources.iter().map(|(modules, source)| (modules.clone(), Layers::of(source)));
    let folders: BTreeMap<Vec<String>, Layers> = files.chain([(Vec::new(), root)]).collect();
    let (mut wrong, mut seen) = (Vec::new(), BTreeSet::new());
    for (modules, source) in &sources {
        let names: Vec<&str> = modules.iter().map(String::as_str).collect();
        seen.insert(modules[0].clone());
        let found = (0..names.len()).flat_map(|at| folders[&modules[..at]].violations(&names[..at], &names, source));
        wrong.extend(found.map(|what| format!("{}: {what}", names.join("/"))));
        if imports(&names, source).iter().any(|path| path[0] == "words") && !SPEAKING.contains(&names[0]) {
            wrong.push(format!("`{}` works with facts and needs no `crate::words`", names.join("/")));
        }
    }
    (wrong, [named, seen])
}

#[test]
fn every_module_imports_only_from_those_above_it() {
    for (src, least) in [("src", 100), ("crates/wabizspec-reference/src", 40)] {
        let src = repository(src);
        assert!(sources(&src).len() > least, "{} files below {}", sources(&src).len(), src.display());
        let (wrong, [named, seen]) = violations(&src);
        none(wrong);
        assert_eq!(seen, named, "lib.rs and the folder name the same modules");
    }
    // The program only calls the command line.
    let used = imports(&[], &fs::read_to_string(repository("src/main.rs")).expect("main.rs"));
    let used: BTreeSet<&str> = used.iter().map(|path| path[0].as_str()).collect();
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["cli"]);
}

/// The sources of one table.
fn sources_of(table: &str) -> Vec<String> {
    rows(include_str!("layers/sources.toml"), table)
}

#[test]
fn a_violation_is_noticed_wherever_it_hides() {
    let lib = "//! pub mod comment;\npub use lower as bottom;\npub use lower::low;\nmod middle;\npub mod high;";
    let layers = Layers::of(lib);
    assert_eq!(layers.below, ["bottom", "low"]);
    assert_eq!(layers.own, ["middle", "high"]);
    let middle = |modules: &[&str], source: &str| layers.violations(&[], modules, source).len();
    for source in sources_of("violations") {
        assert_eq!(middle(&["middle"], &source), 1, "{source}");
    }
    assert_eq!(middle(&["middle", "part"], "use super::super::high;"), 1);
    assert_eq!(middle(&["middle", "part", "tests"], "use super::super::super::high::Thing;"), 1);
    assert_eq!(middle(&["unknown"], ""), 1, "a module that lib.rs does not name");
    for source in sources_of("no_violations") {
        assert_eq!(layers.violations(&[], &["middle"], &source), Vec::<String>::new(), "{source}");
    }
    let inside = "use super::high; use super::super::low; use super::super::middle;";
    assert_eq!(layers.violations(&[], &["middle", "part"], inside), Vec::<String>::new());
}

#[test]
fn a_violation_inside_a_folder_is_noticed() {
    let folder =
        Layers::of("mod low; pub mod middle; mod high; pub use high::{Thing, part::Other as Renamed}; pub struct Own;");
    let middle = |modules: &[&str], source: &str| folder.violations(&["area"], modules, source).len();
    for source in sources_of("violations_in_a_folder") {
        assert_eq!(middle(&["area", "middle"], &source), 1, "{source}");
    }
    assert_eq!(middle(&["area", "middle", "deep"], "use super::super::high;"), 1);
    assert_eq!(middle(&["area", "unknown"], ""), 1, "a file that the folder does not declare");
    for source in sources_of("no_violations_in_a_folder") {
        assert_eq!(middle(&["area", "middle"], &source), 0, "{source}");
    }
}
