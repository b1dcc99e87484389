//! The order of the modules in `lib.rs` is the architecture: a module imports only from those above it.
//!
//! The sources are read as tokens, so that comments and texts say nothing, and macros and nested imports hide nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::harness::program::files_below;
use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The modules of the library, lowest first: those of a crate below it, then its own.
struct Layers {
    all: Vec<String>,
    below: usize,
}

impl Layers {
    /// Reads `pub use CRATE as NAME;`, `pub use CRATE::NAME;` and `pub mod NAME;` in the order of a `lib.rs`.
    fn of(lib: &str) -> Layers {
        let tokens: Vec<TokenTree> = tokens(lib).into_iter().collect();
        let statements: Vec<&[TokenTree]> =
            tokens.split(|tree| matches!(tree, TokenTree::Punct(mark) if mark.as_char() == ';')).collect();
        let last = |keyword: &'static str| {
            let is_one = move |tree: &TokenTree| matches!(tree, TokenTree::Ident(word) if word == keyword);
            let of_kind = statements.iter().filter(move |statement| statement.iter().any(is_one));
            of_kind.filter_map(|statement| match statement.last() {
                Some(TokenTree::Ident(name)) => Some(name.to_string()),
                _ => None,
            })
        };
        let below: Vec<String> = last("use").collect();
        let count = below.len();
        Layers { all: below.into_iter().chain(last("mod")).collect(), below: count }
    }

    /// The modules that are files below `src/`.
    fn own(&self) -> &[String] {
        &self.all[self.below..]
    }

    fn place(&self, module: &str) -> Option<usize> {
        self.all.iter().position(|name| name == module)
    }

    /// What is wrong with a file, which is given by the names of its modules (`["run", "case"]`).
    fn violations(&self, modules: &[&str], source: &str) -> Vec<String> {
        let own = modules.first().copied().unwrap_or_default();
        let Some(place) = self.place(own) else {
            return vec![format!("`{own}` is not in lib.rs")];
        };
        let mut used = BTreeSet::new();
        imports(&mut used, modules.len(), tokens(source));
        let wrong = |name: &String| match self.place(name) {
            Some(other) if other <= place => None,
            Some(_) => Some(format!("`{own}` is below `{name}` and imports from it")),
            None => Some(format!("`{own}` imports `crate::{name}`, which is no module of lib.rs")),
        };
        used.iter().filter_map(wrong).collect()
    }
}

fn tokens(source: &str) -> TokenStream {
    source.parse().expect("the source is Rust")
}

/// Collects what is named directly below the root of the crate. `depth` counts the modules that the tokens lie in.
fn imports(used: &mut BTreeSet<String>, depth: usize, tokens: TokenStream) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        let from_root = root_path(&tokens[at..], depth);
        match (&tokens[at], from_root) {
            (_, Some(length)) => {
                at += length;
                heads(used, tokens.get(at));
                // A group of names is entered below, for what it may hold beside names.
                continue;
            }
            (TokenTree::Group(group), None) => {
                let in_module = group.delimiter() == Delimiter::Brace && is_module(&tokens[..at]);
                imports(used, depth + usize::from(in_module), group.stream());
            }
            _ => {}
        }
        at += 1;
    }
}

/// The length of a path prefix that leads to the root of the crate: `crate::`, `super::super::`, `self::super::`.
fn root_path(tokens: &[TokenTree], depth: usize) -> Option<usize> {
    let segment = |at: usize| {
        let [TokenTree::Ident(name), TokenTree::Punct(one), TokenTree::Punct(two)] = tokens.get(at..at + 3)? else {
            return None;
        };
        (one.as_char() == ':' && two.as_char() == ':').then(|| name.to_string())
    };
    let mut at = 0;
    if matches!(segment(0).as_deref(), Some("crate" | "wabizspec")) {
        return Some(3);
    }
    if segment(0).as_deref() == Some("self") {
        at += 3;
    }
    let mut up = 0;
    while segment(at).as_deref() == Some("super") {
        up += 1;
        at += 3;
    }
    // A chain that is entered in its middle is shorter than the whole one, which was seen before.
    (up > 0 && up >= depth).then_some(at)
}

/// The first names of what follows a path prefix: one name, or all of a group.
fn heads(used: &mut BTreeSet<String>, tree: Option<&TokenTree>) {
    match tree {
        Some(TokenTree::Group(group)) => {
            let mut first = true;
            for tree in group.stream() {
                if first {
                    heads(used, Some(&tree));
                }
                first = matches!(&tree, TokenTree::Punct(mark) if mark.as_char() == ',');
            }
        }
        Some(TokenTree::Ident(name)) => {
            used.insert(name.to_string());
        }
        Some(other) => {
            used.insert(other.to_string());
        }
        None => {}
    }
}

/// Whether a brace after these tokens opens the body of a module.
fn is_module(before: &[TokenTree]) -> bool {
    matches!(before, [.., TokenTree::Ident(keyword), TokenTree::Ident(_)] if keyword == "mod")
}

/// The modules that a file of `src/` is: `run/case.rs` is `["run", "case"]`, `run/mod.rs` is `["run"]`.
fn modules(path: &Path) -> Vec<String> {
    let names = path.with_extension("");
    let mut names: Vec<String> = names.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// Whoever makes texts that people read; nobody else needs words for facts.
const SPEAKING: [&str; 4] = ["words", "fuzz", "report", "cli"];

#[test]
fn every_module_imports_only_from_those_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let layers = Layers::of(&fs::read_to_string(src.join("lib.rs")).expect("lib.rs"));
    assert!(layers.own().len() > 10, "lib.rs names {:?}", layers.all);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for path in files_below(&src).iter().filter(|path| path.extension().is_some_and(|ending| ending == "rs")) {
        let within = path.strip_prefix(&src).expect("below src");
        if within == Path::new("lib.rs") || within == Path::new("main.rs") {
            continue;
        }
        let modules = modules(within);
        let modules: Vec<&str> = modules.iter().map(String::as_str).collect();
        seen.insert(modules[0].to_owned());
        let source = fs::read_to_string(path).expect("a source");
        let mut violations = layers.violations(&modules, &source);
        let mut used = BTreeSet::new();
        imports(&mut used, modules.len(), tokens(&source));
        if used.contains("words") && !SPEAKING.contains(&modules[0]) {
            violations.push(format!("`{}` works with facts and needs no `crate::words`", modules[0]));
        }
        wrong.extend(violations.into_iter().map(|what| format!("{}: {what}", within.display())));
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let named: BTreeSet<String> = layers.own().iter().cloned().collect();
    assert_eq!(seen, named, "lib.rs and src/ name the same modules");
}

#[test]
fn the_program_only_calls_the_command_line() {
    let main = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/main.rs");
    let mut used = BTreeSet::new();
    imports(&mut used, 0, tokens(&fs::read_to_string(main).expect("main.rs")));
    assert_eq!(used.into_iter().collect::<Vec<_>>(), ["cli"]);
}

#[test]
fn a_violation_is_noticed_wherever_it_hides() {
    let lib = "//! pub mod comment;\npub use lower as bottom;\npub use lower::low;\nmod middle;\npub mod high;";
    let layers = Layers::of(lib);
    assert_eq!(layers.all, ["bottom", "low", "middle", "high"]);
    assert_eq!(layers.own(), ["middle", "high"]);
    let middle = |modules: &[&str], source: &str| layers.violations(modules, source).len();
    for source in [
        "use crate::high::Thing;",
        "use crate::{low::Thing, high};",
        "use crate::{low::{self, Thing}, high::{Other, More}};",
        "use {std::fmt, crate::high};",
        "pub use crate::high as low;",
        "use crate::high::*;",
        "use super::high;",
        "use self::super::high;",
        "fn f() { crate::high::f() }",
        "fn f() -> Vec<crate::high::Thing> { Vec::new() }",
        "fn f() { println!(\"{}\", crate::high::f()) }",
        "macro_rules! m { () => { $crate::high::f() } }",
        "#[derive(Debug)] struct S { field: Option<crate::high::Thing> }",
        "mod tests { use crate::high; }",
        "mod tests { use super::super::high; }",
        "mod tests { mod deep { fn f() { super::super::super::high::f() } } }",
        "impl<T: crate::high::Trait> S<T> {}",
        "use crate::*;",
        "use crate::{*};",
        "use crate::nowhere;",
        "use wabizspec::high;",
    ] {
        assert_eq!(middle(&["middle"], source), 1, "{source}");
    }
    assert_eq!(middle(&["middle", "part"], "use super::super::high;"), 1);
    assert_eq!(middle(&["middle", "part", "tests"], "use super::super::super::high::Thing;"), 1);
    assert_eq!(middle(&["unknown"], ""), 1, "a module that lib.rs does not name");
    for source in [
        "use crate::low::Thing; use crate::middle::Other;",
        "use crate::{low, middle::{Other, high}};",
        "mod tests { use super::*; use super::high; }",
        "//! [`crate::high`]\n/// crate::high\nfn f() -> &'static str { \"crate::high\" }",
        "fn f() { high::f(); super::low::f() }",
        "use std::high; pub(crate) struct S;",
    ] {
        assert_eq!(layers.violations(&["middle"], source), Vec::<String>::new(), "{source}");
    }
    let inside = "use super::high; use super::super::low; use super::super::middle;";
    assert_eq!(layers.violations(&["middle", "part"], inside), Vec::<String>::new());
}
