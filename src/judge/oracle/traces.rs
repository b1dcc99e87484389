//! Stack traces, as the languages print them that such servers are written in.
//!
//! The head of a trace counts, and so does a single frame. A message that names a line, a file or an error does not.

use std::borrow::Cow;

/// The longest path and the longest line that are searched, in bytes.
const LONGEST: usize = 256;

/// Whether a sign is part of a trace, given the text before it and the text after it.
type InTrace = fn(&str, &str) -> bool;

/// The signs of a trace other than the names of source files. They have at most 32 bytes, which is fast to find.
const SIGNS: [(&str, InTrace); 5] = [
    ("Traceback (most recent call last", |_, _| true),
    ("goroutine ", |_, after| after_number(after).is_some_and(|rest| rest.starts_with(" ["))),
    ("Stack trace:", |_, after| after.trim_start().starts_with("#0")),
    ("Caused by: ", |_, after| is_exception(after)),
    ("at ", is_call),
];

/// The text from the first sign of a stack trace on.
pub(super) fn trace(text: &str) -> Option<String> {
    let text = if text.contains('<') { Cow::Owned(without_tags(text)) } else { Cow::Borrowed(text) };
    let by_sign = SIGNS.iter().find_map(|(sign, in_trace)| {
        // Most texts have none of them, and `contains` is faster than a search.
        let mut found = text.contains(sign).then(|| text.match_indices(sign))?;
        let (start, _) = found.find(|(at, _)| in_trace(&text[..*at], &text[at + sign.len()..]))?;
        Some(start)
    });
    let by_source = || {
        let mut dots = may_name_source(&text).then(|| text.match_indices('.'))?;
        let (dot, _) = dots.find(|(dot, _)| is_in_source(&text, *dot))?;
        Some(dot - word_before(&text, dot).len())
    };
    let start = by_sign.or_else(by_source)?;
    Some(text[start..].to_owned())
}

/// Tags that end a line.
const BREAKS: &str = "br p pre div li ul ol tr table h1 h2 h3 h4 body html blockquote textarea hr";

/// Tags within a line.
const INLINE: &str = "a b i em strong span code cite font small tt kbd samp u td th";

/// The text of HTML without the tags that lay it out. Other tags stay, as `<init>` may be the name of a function.
fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest[1..].trim_start_matches('/');
        let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let is_among = |tags: &str| tags.split(' ').any(|tag| tag.eq_ignore_ascii_case(name));
        let breaks = is_among(BREAKS);
        let lays_out = breaks || is_among(INLINE);
        // Another tag ends the search, so that no text is searched twice.
        let end = || rest[1..].find(['<', '>']).filter(|end| rest[1 + end..].starts_with('>'));
        match lays_out.then(end).flatten() {
            Some(end) => {
                if breaks {
                    text.push('\n');
                }
                rest = &rest[end + 2..];
            }
            None => {
                text.push('<');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    text
}

/// The text before a dot, from the last blank, quote or parenthesis on: the start of a path.
fn word_before(text: &str, dot: usize) -> &str {
    let near = &text[text.floor_char_boundary(dot.saturating_sub(LONGEST))..dot];
    near.rsplit(|c: char| c.is_whitespace() || "('\"".contains(c)).next().unwrap_or_default()
}

/// Whether a letter follows a dot, which is not so in versions and numbers. The whole text is read without a branch, which
/// is faster than to stop at the first dot.
fn may_name_source(text: &str) -> bool {
    let bytes = text.as_bytes();
    let pairs = bytes.iter().zip(&bytes[bytes.len().min(1)..]);
    pairs.fold(false, |found, (dot, letter)| found | ((*dot == b'.') & letter.is_ascii_alphabetic()))
}

/// The text after a number at the start.
fn after_number(text: &str) -> Option<&str> {
    let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
    (rest.len() < text.len()).then_some(rest)
}

/// The text before a line and a column at the end, each a number after a colon.
fn before_line_and_column(text: &str) -> Option<&str> {
    let (rest, column) = text.rsplit_once(':')?;
    let (path, line) = rest.rsplit_once(':')?;
    let are_numbers = [line, column].iter().all(|number| after_number(number) == Some(""));
    are_numbers.then_some(path)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && c != '\n' && c != '\r'
}

/// Whether a line, a string or the text begins here, blanks aside.
fn begins_line(before: &str) -> bool {
    let before = before.trim_end_matches(is_blank);
    before.is_empty() || before.ends_with(['\n', '\r', '"'])
}

/// The qualified name at the start: `Object.<anonymous>`, `java.base/a.C$D.lambda$0`, ``A.B`1.<M>d__2.Next``.
fn qualified_name(text: &str) -> &str {
    let is_part = |c: char| c.is_alphanumeric() || "._$<>/`[]#".contains(c);
    &text[..text.find(|c| !is_part(c)).unwrap_or(text.len())]
}

/// Whether the text begins with the full name of an exception: `java.lang.IllegalStateException`.
fn is_exception(text: &str) -> bool {
    let class = qualified_name(text).rsplit_once('.').map_or("", |(_, class)| class);
    class.starts_with(char::is_uppercase)
}

/// Whether the `at ` between these two introduces the call or the place of a frame (Node, JVM, .NET, Rust), or of a panic.
fn is_call(before: &str, after: &str) -> bool {
    if before.ends_with(char::is_alphanumeric) {
        return false;
    }
    let line = &after[..after.floor_char_boundary(LONGEST)];
    let line = line.lines().next().unwrap_or_default();
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = qualified_name(line);
    let begins = begins_line(before);
    before.ends_with("panicked ")
        || is_place(line.split(|c: char| c.is_whitespace() || "\",)".contains(c)).next().unwrap_or_default())
        || begins && name.contains(".<anonymous>")
        // The JVM indents by a tab.
        || before.ends_with('\t') && name.matches('.').count() >= 2
        || line.split_once('(').is_some_and(|(callee, rest)| {
            let place = rest.split(')').next().unwrap_or_default();
            // Without a file, .NET gives the parameters, and the JVM says why.
            let without_file = begins && callee == name && name.contains('.');
            without_file || is_callee(callee) && is_place_of_call(place)
        })
}

/// Whether it may be the name of a called function: `parse`, `new Foo`, `A.b [as c]`.
fn is_callee(text: &str) -> bool {
    let text = text.trim_end();
    let text = text.strip_prefix("new ").unwrap_or(text);
    let text = text.split_once(" [as ").map_or(text, |(name, _)| name);
    !text.is_empty() && qualified_name(text) == text
}

/// Whether it is a place as frames have it in parentheses after the function. A script needs no extension there.
fn is_place_of_call(text: &str) -> bool {
    let path = before_line_and_column(text);
    text == "<anonymous>" || is_place(text) || path.is_some_and(|path| path.starts_with('/'))
}

/// Whether it is a file or module with a line and a column: `/app/x.js:1:2`, `file:///x.mjs:1:2`, `node:internal/x:1:2`.
fn is_place(text: &str) -> bool {
    before_line_and_column(text).is_some_and(|path| {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        path.starts_with("node:") || path.starts_with("file:") || !frames(extension).is_empty()
    })
}

/// How a frame names a source file: the text before it, the text after it, and whether it must have a folder. Before it,
/// `\n` is the start of a line. After it, `#` is a number, `_` is white space and `$` is the end of a word.
type Frame = (&'static str, &'static str, bool);

/// The frames with source files of that extension.
fn frames(extension: &str) -> &'static [Frame] {
    match extension {
        "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" | "jsx" | "tsx" | "dart" | "rs" => &[("(", ":#:#)", false)],
        "java" | "kt" | "scala" | "groovy" | "clj" => &[("(", ":#)", false)],
        "py" => &[("File \"", "\",_line #", false)],
        "go" => &[("", ":# +0x", false), ("", ":# (0x", false), ("\n", ":#$", true), ("\n->", ":#$", true)],
        "php" => &[("", "(#): ", true), ("in ", " on line #", true), ("in ", ":#", true)],
        "rb" | "lua" => &[("", ":#:in ", false), ("", ":#: in ", false)],
        "cs" | "vb" | "fs" => &[("in ", ":line #", false)],
        "ex" | "exs" | "erl" => &[(") ", ":#: ", true), ("\n", ":#: ", true), ("", "\"},{line,#", false)],
        "pl" | "pm" => &[("at ", " line #", false)],
        _ => &[],
    }
}

/// Whether the dot is of a source file as a frame names it, or of an exception of .NET.
fn is_in_source(text: &str, dot: usize) -> bool {
    let (before, after) = (&text[..dot], &text[dot + 1..]);
    let extension = &after[..after.bytes().take(7).take_while(u8::is_ascii_alphanumeric).count()];
    let frames = frames(extension);
    if frames.is_empty() {
        let system = before.ends_with("System") && after.starts_with(char::is_uppercase);
        return system && qualified_name(&after[..after.floor_char_boundary(LONGEST)]).ends_with("Exception");
    }
    let after = &after[extension.len()..];
    let path = word_before(text, dot);
    let before = &before[..dot - path.len()];
    let has_folder = path.contains(['/', '\\']);
    let fits =
        |(start, end, folder): &Frame| (has_folder || !folder) && ends_like(before, start) && begins_like(after, end);
    frames.iter().any(fits) || is_member(before, after)
}

fn ends_like(text: &str, pattern: &str) -> bool {
    match pattern {
        "\n" => begins_line(text),
        "\n->" => text.trim_end_matches(is_blank).strip_suffix("->").is_some_and(begins_line),
        other => text.ends_with(other),
    }
}

fn begins_like(text: &str, pattern: &str) -> bool {
    let rest = pattern.chars().try_fold(text, |rest, c| match c {
        '#' => after_number(rest),
        '_' => Some(rest.trim_start()),
        '$' => (rest.is_empty() || rest.starts_with(['\n', '\r', ' '])).then_some(rest),
        c => rest.strip_prefix(c),
    });
    rest.is_some()
}

/// Whether a source file is a member of a frame in JSON: `"file": "/app/x.php", "line": 12`.
fn is_member(before: &str, after: &str) -> bool {
    let member = || {
        let name = after.strip_prefix('"')?.trim_start().strip_prefix(',')?.trim_start();
        let (name, number) = name.strip_prefix("\"line")?.split_once('"')?;
        let value = number.trim_start().strip_prefix(':')?.trim_start();
        after_number(value).filter(|_| name.len() < 8)
    };
    before.ends_with('"') && member().is_some()
}

#[cfg(test)]
mod tests;
