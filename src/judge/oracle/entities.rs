//! HTML in answers: what its entities say, and its text without the tags.

/// The longest entity that is read, in bytes: `&#x10FFFF;` with a few zeros to spare.
const LONGEST: usize = 14;

/// The names of U+00A0 to U+00FF, in order.
const LATIN: [&str; 96] = [
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];

/// The other names that libraries write in the place of a character.
const NAMED: [(&str, char); 38] = [
    ("amp", '&'),
    ("AMP", '&'),
    ("lt", '<'),
    ("LT", '<'),
    ("gt", '>'),
    ("GT", '>'),
    ("quot", '"'),
    ("QUOT", '"'),
    ("apos", '\''),
    ("Tab", '\t'),
    ("NewLine", '\n'),
    ("excl", '!'),
    ("num", '#'),
    ("dollar", '$'),
    ("percnt", '%'),
    ("lpar", '('),
    ("rpar", ')'),
    ("ast", '*'),
    ("plus", '+'),
    ("comma", ','),
    ("period", '.'),
    ("sol", '/'),
    ("colon", ':'),
    ("semi", ';'),
    ("equals", '='),
    ("quest", '?'),
    ("commat", '@'),
    ("lsqb", '['),
    ("lbrack", '['),
    ("bsol", '\\'),
    ("rsqb", ']'),
    ("rbrack", ']'),
    ("Hat", '^'),
    ("lowbar", '_'),
    ("grave", '`'),
    ("lbrace", '{'),
    ("rbrace", '}'),
    ("euro", '€'),
];

/// Reads the entity at the start of a text: appends what it says and returns the length of the entity.
pub(super) fn entity(text: &str, said: &mut String) -> Option<usize> {
    let end = text.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = text.get(1..end)?;
    said.push(match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(name)?,
    });
    Some(end + 1)
}

fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

fn named(name: &str) -> Option<char> {
    if let Some((_, character)) = NAMED.iter().find(|(known, _)| *known == name) {
        return Some(*character);
    }
    let latin = LATIN.iter().position(|known| *known == name)?;
    char::from_u32(0xA0 + u32::try_from(latin).ok()?)
}

/// Tags that end a line.
const BREAKS: [&str; 18] = [
    "br",
    "p",
    "pre",
    "div",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "body",
    "html",
    "blockquote",
    "textarea",
    "hr",
];

/// Tags within a line.
const INLINE: [&str; 16] =
    ["a", "b", "i", "em", "strong", "span", "code", "cite", "font", "small", "tt", "kbd", "samp", "u", "td", "th"];

/// The text without the tags that lay out text. Others stay, as `<init>` may be the name of a function.
pub(super) fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        let name = rest[1..].trim_start_matches('/');
        let name = &name[..name.bytes().take_while(u8::is_ascii_alphanumeric).count()];
        let is_among = |tags: &[&str]| tags.iter().any(|tag| tag.eq_ignore_ascii_case(name));
        let breaks = is_among(&BREAKS);
        let lays_out = breaks || is_among(&INLINE);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_entity_says() {
        for (written, said) in [
            ("&amp;", "&"),
            ("&#39;", "'"),
            ("&#x27;", "'"),
            ("&#X00e9;", "é"),
            ("&nbsp;", "\u{a0}"),
            ("&eacute;", "é"),
            ("&yuml;", "ÿ"),
            ("&szlig;", "ß"),
            ("&times;", "×"),
            ("&euro;", "€"),
        ] {
            let mut text = String::new();
            assert_eq!(entity(written, &mut text), Some(written.len()), "{written}");
            assert_eq!(text, said);
        }
        for other in ["&", "&;", "&amp", "& amp;", "&unknown;", "&#;", "&#x;", "&#xd800;", "&#99999999;", "&é;"] {
            assert_eq!(entity(other, &mut String::new()), None, "{other}");
        }
    }

    #[test]
    fn tags_that_lay_out_text_are_taken_out_and_others_stay() {
        let html = "<h1 class=\"x\">E</h1>a <b>bold</b> <BR/>Object.<anonymous> 1 < 2 </p>end <br";
        assert_eq!(without_tags(html), "\nE\na bold \nObject.<anonymous> 1 < 2 \nend <br");
    }
}
