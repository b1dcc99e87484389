//! Cases as files for Hurl, each by itself.

use std::fmt::Write;
use std::path::PathBuf;

use super::condition::{Condition, Place, Wanted};
use super::{Entry, Exported, Part, written};
use crate::custody::givens::Registrable;
use crate::template::is_name;

/// The name of the file with the variables.
pub(super) const VARIABLES_FILE: &str = "variables.env";

/// A file for each case, and one with the variables that are no secret.
pub(super) fn files(cases: &[Exported<'_>], account: &Registrable) -> Vec<(PathBuf, String)> {
    let mut files: Vec<(PathBuf, String)> = cases.iter().map(|case| (path(case), file(case))).collect();
    let known: String = account.bindings().map(|(name, value)| format!("{name}=\"{value}\"\n")).concat();
    files.push((VARIABLES_FILE.into(), known));
    files
}

fn path(exported: &Exported<'_>) -> PathBuf {
    let name = exported.case.id.replace("::", "/");
    [exported.group.folder(), &format!("{name}.hurl")].iter().collect()
}

// Writing to a String does not fail, so the results of `writeln!` are ignored.
fn file(exported: &Exported<'_>) -> String {
    let Exported { case, entries, .. } = exported;
    let mut text = format!("# {}: {}\n", case.id, case.scenario.title);
    entries.iter().for_each(|entry| write_entry(&mut text, entry));
    text
}

fn write_entry(text: &mut String, entry: &Entry) {
    let _ = writeln!(text, "\n# {}\n{} {}", entry.name, entry.method, line(&entry.url));
    for (name, value) in &entry.headers {
        let _ = writeln!(text, "{}: {}", key(name), line(value));
    }
    if let Some((user, password)) = &entry.credentials {
        let _ = writeln!(text, "[Options]\nuser: {}:{}", line(user), line(password));
    }
    let _ = entry.body.iter().try_for_each(|text_of| writeln!(text, "{}", body(text_of)));
    text.push_str("HTTP *\n");
    if !entry.captures.is_empty() {
        text.push_str("[Captures]\n");
    }
    for (name, at) in &entry.captures {
        let _ = writeln!(text, "{name}: {}", value_at(at));
    }
    if !entry.rules.is_empty() {
        text.push_str("[Asserts]\n");
    }
    for rule in &entry.rules {
        let _ = writeln!(text, "# {}", rule.title);
        rule.conditions.iter().for_each(|condition| write_condition(text, condition));
    }
}

fn write_condition(text: &mut String, condition: &Condition) {
    let _ = match condition {
        Condition::Status(pattern) => writeln!(text, "status toString matches /{pattern}/"),
        Condition::Error(codes) => {
            let codes: Vec<String> = codes.iter().map(i64::to_string).collect();
            writeln!(text, r#"body matches /"code"\s*:\s*({})\b/"#, codes.join("|"))
        }
        // A refusal need not be JSON, so its text is looked at.
        Condition::Absent(pointer) => {
            let member = names(pointer).last().unwrap_or_default();
            writeln!(text, r#"body not matches /"{}"\s*:/"#, literal(&member))
        }
        Condition::Count(pointer, count) => {
            let at = value_at(pointer);
            writeln!(text, "{at} isList\n{at} count == {count}")
        }
        Condition::Value(place, wanted) => {
            let place = match place {
                Place::Body(pointer) => value_at(pointer),
                Place::Header(name) => format!("header \"{name}\""),
            };
            match wanted {
                Wanted::Text(value) => writeln!(text, "{place} == {}", quoted(value)),
                Wanted::OtherThan(value) => writeln!(text, "{place} isString\n{place} != {}", quoted(value)),
                Wanted::Integer(number) => writeln!(text, "{place} == {number}"),
                Wanted::Bool(value) => writeln!(text, "{place} == {value}"),
                Wanted::Like(pattern) => writeln!(text, "{place} matches /{pattern}/"),
                Wanted::AnyInteger => writeln!(text, "{place} isInteger"),
                Wanted::Array => writeln!(text, "{place} isList\n{place} not isEmpty"),
                Wanted::Object => writeln!(text, "{place} isObject"),
            }
        }
    };
}

/// A text up to the end of its line.
fn line(text: &[Part]) -> String {
    let line = written(text, |plain| escaped(plain, "\\#"));
    // Spaces around it would be dropped.
    let end = line.strip_suffix(' ').map(|start| format!("{start}{}", unicode(' '))).unwrap_or(line);
    end.strip_prefix(' ').map(|rest| format!("{}{rest}", unicode(' '))).unwrap_or(end)
}

fn quoted(text: &[Part]) -> String {
    format!("\"{}\"", written(text, |plain| escaped(plain, "\\\"")))
}

fn body(text: &[Part]) -> String {
    format!("`{}`", written(text, |plain| escaped(plain, "\\`")))
}

/// The name of a header.
fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    name.chars().map(|c| if plain(c) { c.to_string() } else { unicode(c) }).collect()
}

/// With a backslash before special characters. Two braces would begin the name of a variable.
fn escaped(plain: &str, special: &str) -> String {
    let mut text = String::with_capacity(plain.len());
    let mut characters = plain.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '{' if matches!(characters.peek(), None | Some('{')) => text.push_str(&unicode(c)),
            _ if special.contains(c) => text.extend(['\\', c]),
            _ if c.is_control() => text.push_str(&unicode(c)),
            _ => text.push(c),
        }
    }
    text
}

fn unicode(c: char) -> String {
    format!("\\u{{{:x}}}", u32::from(c))
}

fn value_at(pointer: &str) -> String {
    format!("jsonpath {}", quoted(&[Part::Plain(json_path(pointer))]))
}

/// The names in a JSON Pointer.
fn names(pointer: &str) -> impl Iterator<Item = String> {
    pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~"))
}

/// A JSON Pointer as a JSONPath.
fn json_path(pointer: &str) -> String {
    let step = |name: String| match name.parse::<usize>() {
        Ok(index) => format!("[{index}]"),
        Err(_) if is_name(&name) => format!(".{name}"),
        Err(_) => format!("['{}']", name.replace('\\', "\\\\").replace('\'', "\\'")),
    };
    format!("${}", names(pointer).map(step).collect::<String>())
}

/// A regular expression for exactly this text.
fn literal(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii();
    text.chars().map(|c| if plain(c) { c.to_string() } else { format!("\\x{{{:x}}}", u32::from(c)) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_for_their_place() {
        let text =
            [Part::Plain(" a#\"`\\{{b{".to_owned()), Part::Variable("c".to_owned()), Part::Plain("}\n ".to_owned())];
        assert_eq!(line(&text), r#"\u{20}a\#"`\\\u{7b}{b\u{7b}{{c}}}\u{a}\u{20}"#);
        assert_eq!(quoted(&text), r#"" a#\"`\\\u{7b}{b\u{7b}{{c}}}\u{a} ""#);
        assert_eq!(body(&text), r#"` a#"\`\\\u{7b}{b\u{7b}{{c}}}\u{a} `"#);
        assert_eq!(key("X-a!"), r"X-a\u{21}");
    }

    #[test]
    fn pointers_become_paths() {
        let paths = [("", "$"), ("/users/0/token", "$.users[0].token"), ("/a~1~0'", r"$['a/~\'']")];
        paths.iter().for_each(|(pointer, path)| assert_eq!(json_path(pointer), *path));
        assert_eq!(literal("a/b"), r"a\x{2f}b");
    }
}
